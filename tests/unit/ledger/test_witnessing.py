# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A ledger that asks its witnesses, both as they run: what is cosigned, who is away, who shows what to whom."""

import contextlib
import shutil
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Self

import pytest

from tests.tools.facts import a_term
from tests.tools.ledger_process import deliver, running, size, until
from tests.tools.witness import SOCKET, SmallLog, make_witness, running_witness
from torrazzo.base import SystemClock
from torrazzo.base.errors import Invalid, Unavailable
from torrazzo.base.times import SECOND
from torrazzo.cli import main
from torrazzo.cli.init import make_town
from torrazzo.durable import OsDisk
from torrazzo.ledger import Policy, Unproven, process, witnessing
from torrazzo.ledger.act import pack_act
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.client import LedgerClient
from torrazzo.ledger.identity import LogName
from torrazzo.ledger.key import Kind, SigningKey
from torrazzo.ledger.note import Note
from torrazzo.ledger.proof import Proof
from torrazzo.ledger.secret import load_identity, make_identity
from torrazzo.ledger.town_policy import town_policy
from torrazzo.ledger.witness_client import call
from torrazzo.town import Home
from torrazzo.town.home import WitnessSettings, load_settings, save_settings
from torrazzo.witness import WitnessHome
from torrazzo.witness.heads import Heads

BOOT = {"part": "keyring", "boot": "11111111-2222-3333-4444-555555555555", "sw": "0.1.0"}
FACTS = a_term(12)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(witnessing, "EVERY_NS", 50_000_000)
    monkeypatch.setattr(witnessing, "LOOK_S", 0.02)
    make_town(tmp_path / "town", "Cremona", "Europe/Rome")
    home = Home(tmp_path / "town")
    make_identity(home, load_settings(home), OsDisk())
    return home


def with_witnesses(home: Home, *names: str, needed: Sequence[str] = ()) -> list[WitnessHome]:
    """Made, each with a key and folder of its own beside the town, and named in the town's settings."""
    identity = load_identity(home, load_settings(home))
    logs = [identity.key(LogName(kind, 1)).verifier for kind in ("rec", "act")]
    made = [make_witness(home.path.parent / name, logs, f"{name}.example.it") for name in names]
    settings = tuple(
        WitnessSettings(name, str(key), f"unix:{place.path / SOCKET}", name in needed)
        for name, (place, key) in zip(names, made, strict=True)
    )
    save_settings(home, OsDisk(), replace(load_settings(home), witnesses=settings))
    assert load_settings(home).witnesses == settings
    return [place for place, _ in made]


def policy_of(home: Home) -> Policy:
    settings = load_settings(home)
    identity = load_identity(home, settings)
    return town_policy([identity.key(LogName(kind, 1)).verifier for kind in ("rec", "act")], settings.witnesses)


def cosigned_size(client: LedgerClient, log: str = "rec") -> int:
    with contextlib.suppress(Invalid):
        return Checkpoint.parse(Note.parse(client.read(f"{log}/cosigned")).text).size
    return -1


def told(client: LedgerClient, number: int = 0) -> dict[str, object]:
    found = client.status()["witnesses"]
    assert isinstance(found, list)
    witness = found[number]
    assert isinstance(witness, dict)
    return witness


def enter(client: LedgerClient) -> None:
    """An act, and with it what waits."""
    client.enter(pack_act("boot", SystemClock().utc(), BOOT))


def test_heads_are_cosigned_and_proofs_fulfil_the_policy(home: Home) -> None:
    """Checkpoint, proof and consistency bear the witness's signature and time; an entry above them waits for theirs."""
    (place,) = with_witnesses(home, "prefettura", needed=["prefettura"])
    policy = policy_of(home)
    with running(home) as client, running_witness(place):
        deliver(home, FACTS[:3])
        enter(client)
        until(lambda: cosigned_size(client) == 6 and cosigned_size(client, "act") == size(client, "act"))
        accepted = policy.accept(Note.parse(client.read("rec/checkpoint")))
        assert abs(accepted.cosigned["prefettura"] - SystemClock().utc() // SECOND) < 10
        Proof.parse(client.prove(FACTS[1].id)).accept(FACTS[1].line, policy)
        first = bytes(client.read("act/tile/entries/000.p/1"))[2:]
        Proof.parse(client.read("act/proof?index=0&head=cosigned")).accept(first, policy)
        _, _, note = client.read("rec/consistency?old=2&head=cosigned").partition(b"\n\n")
        policy.accept(Note.parse(note))
        assert told(client)["why"] is None
        assert told(client)["sizes"] == {"rec": 6, "act": size(client, "act")}
    with running(home) as client:  # the witness is away: what it signed is still there
        until(lambda: told(client)["away_s"] is not None)
        assert cosigned_size(client) == 6
        policy.accept(Note.parse(client.read("rec/checkpoint")))
        deliver(home, FACTS[3:4])
        enter(client)
        until(lambda: size(client) == 8)
        with pytest.raises(Unproven, match="quorum"):
            policy.accept(Note.parse(client.read("rec/checkpoint")))
        policy.accept(Note.parse(client.read("rec/cosigned")))
        with pytest.raises(Invalid, match="has 6 cosigned ones"):
            client.read("rec/proof?index=6&head=cosigned")


def test_a_witness_that_is_away_stops_nothing_and_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Facts and acts enter meanwhile; status says since when and why; when it is back, the next head is cosigned."""
    monkeypatch.setattr(witnessing, "AWAY_NS", 100_000_000)
    (place,) = with_witnesses(home, "prefettura")
    with running(home) as client:
        deliver(home, FACTS[:3])
        enter(client)
        until(lambda: size(client) == 6)
        until(lambda: float(str(told(client)["away_s"] or 0)) > 0.1)
        assert "sock" in str(told(client)["why"])
        assert cosigned_size(client) == -1
        with running_witness(place):
            until(lambda: cosigned_size(client) == 6)
            assert told(client)["away_s"] is None
        enter(client)
        until(lambda: told(client)["away_s"] is not None)


def test_signatures_meet_below_one_head(home: Home) -> None:
    """With two needed, a head counts when both have signed the same one; one of them alone is shown, and not enough."""
    first, second = with_witnesses(home, "prefettura", "vicino", needed=["prefettura", "vicino"])
    with running(home) as client, running_witness(first):
        enter(client)
        until(lambda: told(client)["cosigned"] is not None)
        assert cosigned_size(client, "act") == -1
        with running_witness(second):
            until(lambda: cosigned_size(client, "act") == size(client, "act"))
            policy_of(home).accept(Note.parse(client.read("act/checkpoint")))


def test_a_head_that_stays_is_cosigned_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that who hears the time from cosignatures hears it also when nothing happens."""
    monkeypatch.setattr(witnessing, "AGAIN_NS", 1_000_000_000)
    (place,) = with_witnesses(home, "prefettura")
    policy = policy_of(home)
    with running(home) as client, running_witness(place):
        enter(client)
        until(lambda: cosigned_size(client, "act") == size(client, "act"))
        text = Note.parse(client.read("act/cosigned")).text
        seconds = policy.accept(Note.parse(client.read("act/cosigned"))).cosigned["prefettura"]
        until(lambda: policy.accept(Note.parse(client.read("act/cosigned"))).cosigned["prefettura"] > seconds)
        note = Note.parse(client.read("act/cosigned"))
        assert note.text == text
        assert len(note.signatures) == 2


def _has_cosigned(client: LedgerClient, count: int) -> bool:
    return cosigned_size(client, "act") == count


def _copy(home: Home) -> None:
    shutil.copytree(home.path, home.path.with_name("copy"))


def _put_back(home: Home) -> None:
    shutil.rmtree(home.path)
    home.path.with_name("copy").rename(home.path)


def test_a_whole_machine_put_back_is_noticed_by_its_witness(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Database, files, all of last week: before it signs anything the ledger knows, refuses, and goes on refusing."""
    monkeypatch.setattr(process, "RETRY_S", 0.1)
    (place,) = with_witnesses(home, "prefettura")
    with running_witness(place):
        with running(home) as client:
            deliver(home, FACTS[:3])
            enter(client)
            until(lambda: cosigned_size(client) == 6)
        _copy(home)
        with running(home) as client:
            deliver(home, FACTS[3:5])
            enter(client)
            until(lambda: cosigned_size(client) == 10)
        _put_back(home)
        with running(home) as client:
            assert client.status()["state"] == "refused"
            assert "prefettura shows a head of 10" in str(client.status()["why"])
    with running(home) as client:  # the witness is away by now
        assert client.status()["state"] == "refused"
        assert "was cosigned" in str(client.status()["why"])


def test_another_history_is_not_cosigned_and_stops_its_ledger(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger put back while its witness is away signs on; when both meet, the witness refuses, the ledger stops."""
    monkeypatch.setattr(process, "RETRY_S", 0.1)
    (place,) = with_witnesses(home, "prefettura")
    for number in (1, 2):
        with running(home) as client, running_witness(place):
            enter(client)
            until(partial(_has_cosigned, client, number))
        if number == 1:
            _copy(home)
    _put_back(home)
    with running(home) as client:
        for _ in range(3):
            enter(client)
        assert client.status()["state"] == "running"
        with running_witness(place):
            until(lambda: client.status()["state"] == "refused")
            assert "a head of 2 and another root" in str(client.status()["why"])
    with contextlib.closing(Heads.open(place.database)) as heads:
        assert heads.last(f"{load_settings(home).ledger_name}/act").size == 2


def test_a_witness_that_forgot_is_told(home: Home) -> None:
    """Its older database put back: the ledger proves on from there, and says that it had cosigned more."""
    (place,) = with_witnesses(home, "prefettura")
    with running(home) as client:
        with running_witness(place):
            enter(client)
            until(lambda: cosigned_size(client, "act") == 1)
        old = place.database.read_bytes()
        with running_witness(place):
            enter(client)
            until(lambda: cosigned_size(client, "act") == 2)
            assert told(client)["forgot"] is False
        place.database.write_bytes(old)
        with running_witness(place):
            enter(client)
            until(lambda: cosigned_size(client, "act") == 3)
            assert told(client)["forgot"] is True


class Liar:
    """A witness that answers what it is told to."""

    def __init__(self, path: Path, reply: Callable[[bytes], bytes]) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        path.parent.mkdir()
        self._listener.bind(str(path))
        self._listener.listen()
        self._reply = reply
        self.asked = 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(60)

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                with contextlib.closing(self._listener.accept()[0]) as connection, contextlib.suppress(OSError):
                    self.asked += 1
                    connection.settimeout(60)
                    connection.sendall(self._reply(connection.recv(1 << 16)))


def reply(status: int, body: bytes, kind: str = "text/plain") -> bytes:
    return (
        b"HTTP/1.1 %d x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (status, kind.encode(), len(body)) + body
    )


def _slowly(_asked: bytes) -> bytes:
    time.sleep(0.5)
    return b""


@pytest.mark.parametrize(
    "lie",
    [
        lambda _: b"",
        lambda _: b"\x00" * 5000,
        lambda _: reply(200, b""),
        lambda _: reply(200, b"x" * 3_000_000),
        lambda _: reply(200, b"\xe2\x80\x94 liar AAAAAAAAAAAA\n"),
        lambda _: reply(409, b"999999\n", "text/x.tlog.size"),
        lambda _: reply(409, b"one\n", "text/x.tlog.size"),
        lambda asked: reply(404 if asked.startswith(b"GET") else 422, b"no\n"),
        lambda _: reply(500, b"broken"),
        lambda _: reply(200, SmallLog("other.example.it/act").note(5).pack()),
        lambda _: b"HTTP/1.1 200 x\r\n" + b"X: y\r\n" * 100_000,
        _slowly,
    ],
    ids=["nothing", "zeros", "empty", "long", "no signature", "larger", "no size", "refusal", "broken", "other head",
         "headers", "slow"],
)  # fmt: skip
def test_no_witness_stops_a_ledger_by_what_it_says(home: Home, lie: Callable[[bytes], bytes]) -> None:
    """Whatever it answers, acts enter at once, no signature is believed, and its answer is told in the status."""
    identity = load_identity(home, load_settings(home))
    key = SigningKey("liar.example.it", Kind.COSIGNATURE, b"\1" * 32).verifier
    path = home.path.parent / "w" / SOCKET
    save_settings(
        home,
        OsDisk(),
        replace(load_settings(home), witnesses=(WitnessSettings("liar", str(key), f"unix:{path}"),)),
    )
    with Liar(path, lie) as liar, running(home) as client:
        enter(client)
        until(lambda: told(client)["why"] and liar.asked > 3)
        enter(client)
        assert client.status()["state"] == "running"
        assert cosigned_size(client, "act") == -1
        note = Note.parse(client.read("act/checkpoint"))
        assert set(note.signed_by([key, identity.key(LogName("act", 1)).verifier])) == {
            identity.key(LogName("act", 1)).verifier
        }


def test_a_witness_that_drips_is_given_so_long_and_no_longer(tmp_path: Path) -> None:
    """A byte now and then keeps nobody waiting beyond the whole time that it has."""
    path, ending = tmp_path / SOCKET, threading.Event()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def drip() -> None:
            with contextlib.closing(listener.accept()[0]) as connection, contextlib.suppress(OSError):
                connection.sendall(b"HTTP/1.1 200 x\r\nX: ")
                while not ending.wait(0.1):
                    connection.sendall(b"y")

        thread = threading.Thread(target=drip)
        thread.start()
        begun = time.monotonic()
        with pytest.raises(Unavailable, match=r"in time|timed out"):
            call(f"unix:{path}", "add-checkpoint", SystemClock(), b"x", seconds=0.5)
        assert time.monotonic() - begun < 60
        ending.set()
        thread.join(60)


def test_a_key_that_is_none_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger says which witness's key is wrong, and does not run as if there were none."""
    monkeypatch.setattr(process, "RETRY_S", 0.1)
    wrong = WitnessSettings("prefettura", str(SmallLog().key.verifier), "unix:/nowhere")
    save_settings(home, OsDisk(), replace(load_settings(home), witnesses=(wrong,)))
    with running(home) as client:
        assert client.status()["state"] == "refused"
        assert "prefettura" in str(client.status()["why"])


def test_the_policy_is_printed_as_verifiers_take_it(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    """With both logs' keys, all witnesses, and a quorum of the needed ones."""
    with_witnesses(home, "prefettura", "vicino", needed=["vicino"])
    assert main(["ledger", "policy", "--home", str(home.path)]) == 0
    policy = Policy.parse(capsys.readouterr().out.encode())
    assert policy == policy_of(home)
    assert [group.members for group in policy.groups] == [("vicino",)]
