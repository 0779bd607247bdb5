# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The witness by its protocol: each status of C2SP tlog-witness, over a socket, and what it remembers."""

import contextlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tools.ports import free_port
from tests.tools.witness import NAME, SOCKET, SmallLog, add, make_witness, running_witness
from torrazzo.base import SystemClock
from torrazzo.base.errors import Refused, TorrazzoError, Unavailable
from torrazzo.base.times import SECOND
from torrazzo.cli import main
from torrazzo.durable import OsDisk
from torrazzo.durable.unix_socket import connect_unix
from torrazzo.ledger.checkpoint import Checkpoint, sign_checkpoint
from torrazzo.ledger.key import Kind, SigningKey, VerifierKey, cosigned_at
from torrazzo.ledger.note import Note, sign
from torrazzo.ledger.witness_client import call
from torrazzo.ledger.witness_request import AddCheckpoint, head_address, parse_signatures
from torrazzo.testing import FakeClock
from torrazzo.town.ask import UnixHttp
from torrazzo.witness import Witness, WitnessHome, run_witness
from torrazzo.witness.heads import Heads
from torrazzo.witness.settings import load_key, load_settings, make_home

VECTORS = Path(__file__).parents[3] / "vectors"
LOG, FORK = SmallLog(), SmallLog(tag="other")
OTHER = SmallLog("torrazzo.example.it/act", seed=b"\2" * 32)


@pytest.fixture
def home(tmp_path: Path) -> WitnessHome:
    return make_witness(tmp_path / "w", [LOG.key.verifier, OTHER.key.verifier])[0]


@contextlib.contextmanager
def opened(home: WitnessHome, clock: FakeClock | None = None) -> Iterator[Witness]:
    """The witness without its socket."""
    with contextlib.closing(Heads.open(home.database)) as heads:
        settings = load_settings(home)
        yield Witness(load_key(home, settings.name), settings.logs, heads, clock or FakeClock())


def status_of(witness: Witness, body: bytes) -> int:
    try:
        witness.add_checkpoint(body)
    except TorrazzoError as error:
        return int(getattr(error, "status", 503))
    return 200


def test_a_cosignature_is_for_this_head_and_has_the_witness_s_time(home: WitnessHome) -> None:
    """The line verifies below the head as the log signed it; the time is the witness's own; the head is shown again."""
    with running_witness(home) as address:
        answer = add(address, LOG.request(0, 7))
        assert answer.status == 200
        key = load_key(home, NAME).verifier
        note = Note(LOG.note(7).text, parse_signatures(answer.body, LOG.note(7).text))
        seconds = cosigned_at(note.signed_by([key])[key].data)
        assert abs(seconds - SystemClock().utc() // SECOND) <= 2
        shown = Note.parse(call(address, head_address(LOG.key.verifier.name), SystemClock()).body)
        assert set(shown.signed_by([key, LOG.key.verifier])) == {key, LOG.key.verifier}
        assert shown.text == note.text
        assert call(address, head_address(OTHER.key.verifier.name), SystemClock()).status == 404
        assert call(address, "status", SystemClock()).status == 200


def _hostile() -> dict[str, tuple[int, bytes]]:
    """What may be sent to a witness that cosigned 5 entries, by what is wrong with it, and the status."""
    good = LOG.request(5, 8)
    stranger = SigningKey(LOG.key.verifier.name, Kind.ED25519, b"\7" * 32)
    line = str(LOG.note(8).signatures[0])
    bad = line[:-3] + ("B" if line[-3] != "B" else "C") + line[-2:]
    loose = line[:-2] + chr(ord(line[-2]) + 1) + "="  # the same bytes in another spelling
    unknown = SmallLog("torrazzo.other.it/rec")
    empty = sign_checkpoint(Checkpoint(LOG.key.verifier.name, 0, bytes(32)), LOG.key)
    return {
        "no old": (400, good.replace(b"old 5\n", b"")),
        "no size": (400, good.replace(b"old 5\n", b"old \n")),
        "leading zero": (400, good.replace(b"old 5\n", b"old 05\n")),
        "sign": (400, good.replace(b"old 5\n", b"old +5\n")),
        "large": (400, good.replace(b"old 5\n", b"old 18446744073709551616\n")),
        "broken hash": (400, good.replace(b"old 5\n", b"old 5\nAAAA\n")),
        "64 hashes": (400, LOG.request(5, 8, [bytes(32)] * 64)),
        "no head": (400, good.partition(b"\n\n")[0] + b"\n\n"),
        "no signature": (400, b"old 5\n\n" + LOG.note(8).text.encode()),
        "no text": (400, b""),
        "not UTF-8": (400, b"old 5\n\n\xff" + LOG.note(8).pack()),
        "carriage return": (400, good.replace(b"old 5\n", b"old 5\r\n")),
        "head without root": (400, good.replace(str(LOG.head(8)).encode(), b"torrazzo.example.it/rec\n8\n")),
        "another log": (404, unknown.request(5, 8)),
        "another key": (403, LOG.request(5, 8, note=sign_checkpoint(LOG.head(8), stranger))),
        "bad signature": (403, good.replace(line.encode(), bad.encode())),
        "bad one behind a good one": (403, good + bad.encode() + b"\n"),
        "another spelling": (403, good.replace(line.encode(), loose.encode())),
        "broken signature line": (403, good.replace(line.encode(), b"nothing")),
        "another size is signed": (403, LOG.request(5, 9, note=Note(str(LOG.head(9)), LOG.note(8).signatures))),
        "old is larger": (400, LOG.request(9, 8)),
        "old is smaller": (409, LOG.request(4, 8)),
        "old is zero": (409, LOG.request(0, 8)),
        "old is larger than cosigned": (409, LOG.request(6, 8)),
        "smaller head": (409, LOG.request(3, 4)),
        "no hashes": (422, LOG.request(5, 8, [])),
        "one too many": (422, LOG.request(5, 8, [*LOG.path(5, 8), bytes(32)])),
        "another hash": (422, LOG.request(5, 8, [bytes(32), *LOG.path(5, 8)[1:]])),
        "another history": (422, FORK.request(5, 8)),
        "another root of this size": (422, FORK.request(5, 5)),
        "hashes between equal sizes": (422, LOG.request(5, 5, [bytes(32)])),
        "empty tree after entries": (409, b"old 0\n\n" + empty.pack()),
    }


@pytest.mark.parametrize("wrong", _hostile())
def test_each_wrong_request_has_its_status_and_changes_nothing(home: WitnessHome, wrong: str) -> None:
    """The status that tlog-witness gives it; afterwards the right request is answered as before."""
    status, body = _hostile()[wrong]
    with opened(home) as witness:
        assert status_of(witness, LOG.request(0, 5)) == 200
        before = witness.heads.last(LOG.key.verifier.name)
        assert status_of(witness, body) == status
        assert witness.heads.last(LOG.key.verifier.name) == before
        assert status_of(witness, LOG.request(5, 8)) == 200


def test_a_conflict_tells_the_size(home: WitnessHome) -> None:
    """409 has the size cosigned last, a newline, and its own type; another log's size is not touched."""
    with running_witness(home):
        connection = UnixHttp(home.path / SOCKET, 10)
        for size, body in ((0, LOG.request(3, 5)), (5, LOG.request(0, 5)), (5, LOG.request(4, 6))):
            connection.request("POST", "/add-checkpoint", body)  # all over one connection
            answer = connection.getresponse()
            if answer.status == 200:
                answer.read()
                connection.request("POST", "/add-checkpoint", body)
                answer = connection.getresponse()
            assert (answer.status, answer.read()) == (409, b"%d\n" % size)
            assert answer.headers["Content-Type"] == "text/x.tlog.size"
        connection.close()


def test_the_first_head_of_a_log(home: WitnessHome) -> None:
    """An empty tree has one root; no hashes lead on from it; the same head may be cosigned again."""
    empty = sign_checkpoint(Checkpoint(LOG.key.verifier.name, 0, bytes(32)), LOG.key)
    with opened(home) as witness:
        assert status_of(witness, b"old 0\n\n" + empty.pack()) == 422
        assert status_of(witness, LOG.request(0, 0)) == 200
        assert status_of(witness, LOG.request(0, 0)) == 200
        assert status_of(witness, LOG.request(0, 4, [bytes(32)])) == 422
        assert status_of(witness, LOG.request(0, 4)) == 200
        assert status_of(witness, LOG.request(4, 4)) == 200


def test_an_extension_line_is_signed_and_not_understood(home: WitnessHome) -> None:
    """The cosignature covers it."""
    with opened(home) as witness:
        note = sign(str(LOG.head(3)) + "more\n", LOG.key)
        lines = witness.add_checkpoint(LOG.request(0, 3, note=note))
        assert witness.key.verifier in Note(note.text, parse_signatures(lines, note.text)).signed_by(
            [witness.key.verifier]
        )


def test_two_histories_of_one_size_are_kept_as_evidence(home: WitnessHome, capsys: pytest.CaptureFixture[str]) -> None:
    """Both heads, each with the log's own signature, whatever old size was named; they can only come from the log."""
    with running_witness(home) as address:
        assert add(address, LOG.request(0, 5)).status == 200
        assert main(["witness", "status", "--home", str(home.path)]) == 0
        assert add(address, FORK.request(0, 5)).status == 409
        assert add(address, FORK.request(5, 5)).status == 422
        capsys.readouterr()
        assert main(["witness", "status", "--home", str(home.path)]) == 1
        assert "ANOTHER HISTORY: 1 heads" in capsys.readouterr().out
    with opened(home) as witness:
        (kept,) = witness.heads.evidence(LOG.key.verifier.name)
        assert Note.parse(kept).signed_by([LOG.key.verifier])
        assert Checkpoint.parse(Note.parse(kept).text).root == FORK.head(5).root


def test_it_is_stored_before_it_leaves(home: WitnessHome) -> None:
    """A disk that fails costs the answer, never the memory: nothing is signed that is not stored."""

    class Full(Heads):
        @contextlib.contextmanager
        def changing(self) -> Any:
            with super().changing() as change:
                yield change
                raise Unavailable("no room")

    with opened(home) as witness:
        witness.add_checkpoint(LOG.request(0, 5))
    with contextlib.closing(Full.open(home.database)) as heads:
        full = Witness(load_key(home, NAME), load_settings(home).logs, heads, FakeClock())
        assert status_of(full, LOG.request(5, 8)) == 503
        assert heads.last(LOG.key.verifier.name).size == 5
    with opened(home) as witness:
        assert witness.heads.last(LOG.key.verifier.name).size == 5
        assert status_of(witness, LOG.request(5, 8)) == 200


def test_of_two_at_once_one_is_first(home: WitnessHome) -> None:
    """Heads that follow one and the same are cosigned one after the other, never the smaller behind the larger."""
    entered, go_on = threading.Event(), threading.Event()

    def wait(head: Checkpoint, _note: Note) -> None:
        if head.size == 6:
            entered.set()
            go_on.wait(60)

    with opened(home) as witness:
        assert status_of(witness, LOG.request(0, 5)) == 200
        slow = Witness(witness.key, witness.logs.values(), witness.heads, FakeClock(), wait)
        found: list[int] = []
        thread = threading.Thread(target=lambda: found.append(status_of(slow, LOG.request(5, 6))))
        thread.start()
        assert entered.wait(60)
        assert status_of(witness, LOG.request(5, 8)) == 200
        go_on.set()
        thread.join(60)
        assert found == [409]
        assert witness.heads.last(LOG.key.verifier.name).size == 8


def test_a_session_of_another_implementation_is_answered_as_that_one_does(tmp_path: Path) -> None:
    """Torchwood's requests have Torchwood's statuses, but for a log that is not known: 403 there, 404 in the format."""
    found = json.loads((VECTORS / "ledger-torchwood.json").read_text("utf-8"))
    home, _ = make_witness(tmp_path, [VerifierKey.parse(found["verifier"])])
    statuses = set()
    with opened(home) as witness:
        for request in found["requests"]:
            lines = [f"old {request['old']}", *request["path"], ""]
            body = "".join(f"{line}\n" for line in lines).encode() + request["note"].encode()
            expected = 404 if "unknown log" in request["says"] else request["status"]
            assert status_of(witness, body) == expected, request
            statuses.add(expected)
    assert statuses == {200, 403, 404, 409, 422}


def test_what_is_no_request_costs_itself_only(home: WitnessHome) -> None:
    """Other addresses, no length, too much, a connection that says nothing: told or closed; the next one is served."""
    with running_witness(home) as address:
        silent = connect_unix(home.path / SOCKET, 5)
        for raw, status in (
            (b"POST /add-checkpoint HTTP/1.1\r\n\r\n", b"400"),
            (b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"400"),
            (b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 999999999999\r\n\r\n", b"400"),
            (b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 000000000999999999999\r\n\r\n", b"400"),
            (b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: " + b"0" * 9_000 + b"\r\n\r\n", b"400"),
            (b"POST /other HTTP/1.1\r\nContent-Length: 0\r\n\r\n", b"404"),
            (b"DELETE / HTTP/1.1\r\n\r\n", b"501"),
            (b"\x00\xff\r\n\r\n", b"400"),
            (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", b"414"),
        ):
            with contextlib.closing(connect_unix(home.path / SOCKET, 5)) as connection:
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    connection.sendall(raw)
                assert status in connection.recv(200).partition(b"\r\n")[0], raw[:60]
        assert call(address, "../x", SystemClock()).status == 404
        assert add(address, LOG.request(0, 5)).status == 200
        silent.close()


def test_it_listens_on_tcp_too(tmp_path: Path) -> None:
    """At host and port, for a second office on another machine."""
    port = free_port()
    words = ["witness", "init", "--home", str(tmp_path / "w"), "--name", NAME, "--log", str(LOG.key.verifier)]
    assert main([*words, "--listen", f"127.0.0.1:{port}"]) == 0
    assert main(words) == 5
    stop, home = threading.Event(), WitnessHome(tmp_path / "w")
    thread = threading.Thread(target=run_witness, args=(home, SystemClock(), OsDisk(), stop))
    thread.start()
    try:
        for _ in range(200):
            with contextlib.suppress(Unavailable):
                if add(f"http://127.0.0.1:{port}/", LOG.request(0, 5)).status == 200:
                    break
            stop.wait(0.05)
        else:
            pytest.fail("it never answered")
        with pytest.raises(Refused):
            run_witness(home, SystemClock(), OsDisk(), threading.Event())
    finally:
        stop.set()
        thread.join(60)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("logs = [", "logs = ['x',", "base64"),
        ("listen = 'unix:witness.sock'", "listen = 'nowhere'", "host:port"),
        ("name =", "nome =", "unknown setting nome"),
        ("logs = [", "# [", "TOML"),
        ("rec+", "act+", "id should be"),
    ],
)
def test_wrong_settings_are_told(home: WitnessHome, old: str, new: str, told: str) -> None:
    """Each mistake is named together with the file."""
    text = home.settings_file.read_text()
    assert old in text
    home.settings_file.write_text(text.replace(old, new))
    with pytest.raises(TorrazzoError, match=told) as error:
        load_settings(home)
    assert "witness.toml" in str(error.value)


def test_a_key_that_others_may_read_is_not_used(home: WitnessHome, capsys: pytest.CaptureFixture[str]) -> None:
    """It was made for us alone; `witness key` shows the public half."""
    assert home.key.stat().st_mode & 0o777 == 0o600
    assert main(["witness", "key", "--home", str(home.path)]) == 0
    assert VerifierKey.parse(capsys.readouterr().out.strip()).kind == Kind.COSIGNATURE
    home.key.chmod(0o640)
    with pytest.raises(Refused, match="chmod 600"):
        run_witness(home, SystemClock(), OsDisk(), threading.Event())


def test_a_witness_that_lost_its_database_cosigns_nothing(home: WitnessHome) -> None:
    """It cannot know which heads it cosigned: another history would be cosigned as the first one."""
    with opened(home) as witness:
        assert status_of(witness, LOG.request(0, 5)) == 200
    for file in home.path.glob("witness.db*"):
        file.unlink()
    with pytest.raises(Unavailable, match="new key"):
        run_witness(home, SystemClock(), OsDisk(), threading.Event())
    assert not home.database.exists()


def test_a_witness_whose_making_was_cut_short_is_made_again(home: WitnessHome) -> None:
    """Without settings and without a head it never was one; with a head its key is not replaced."""
    settings = home.settings_file.read_text()
    home.settings_file.unlink()
    make_home(home, OsDisk(), NAME, settings)
    key = home.key.read_bytes()
    with opened(home) as witness:
        assert status_of(witness, LOG.request(0, 5)) == 200
    home.settings_file.unlink()
    with pytest.raises(Refused, match="already"):
        make_home(home, OsDisk(), NAME, settings)
    assert home.key.read_bytes() == key


def test_requests_come_back_as_packed() -> None:
    """What is written is read as the same, and written the same again."""
    body = LOG.request(5, 8)
    assert AddCheckpoint.parse(body).pack() == body
    assert AddCheckpoint.parse(body).opened() == LOG.note(8)


def test_an_auditor_is_asked_only_about_what_follows(home: WitnessHome) -> None:
    """A head that does not go on from the last one is refused before anybody looks at what it is over."""

    def look(_head: Checkpoint, _note: Note) -> None:
        raise AssertionError("it looked")

    with opened(home) as witness:
        assert status_of(witness, LOG.request(0, 5)) == 200
        careful = Witness(witness.key, witness.logs.values(), witness.heads, FakeClock(), look)
        assert [status_of(careful, body) for body in (LOG.request(0, 6), FORK.request(5, 6))] == [409, 422]
        with pytest.raises(AssertionError):
            careful.add_checkpoint(LOG.request(5, 6))


def test_an_answer_that_was_lost_is_asked_for_again(home: WitnessHome) -> None:
    """Stored, and then it died before it answered: the log learns the size, and has the same head cosigned."""
    with opened(home) as witness:
        witness.add_checkpoint(LOG.request(0, 5))
    with opened(home) as witness:
        assert status_of(witness, LOG.request(0, 5)) == 409
        assert status_of(witness, FORK.request(5, 5)) == 422
        assert status_of(witness, LOG.request(5, 5)) == 200
