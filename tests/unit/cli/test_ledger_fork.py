# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo ledger fork`: only where an older ledger was put back, by a person, with a reason, and told for ever."""

import getpass
import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.tools.facts import a_term
from tests.tools.ledger_process import deliver, running, size, until
from torrazzo.access.book import Book, book_path
from torrazzo.access.months import Months
from torrazzo.base import SystemClock
from torrazzo.base.errors import Refused, Unavailable
from torrazzo.cli import main
from torrazzo.cli.init import make_town
from torrazzo.durable import OsDisk
from torrazzo.keyring.heads import Head, Heads, Seen
from torrazzo.ledger import Policy
from torrazzo.ledger.act import pack_act, parse_act
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.note import Note
from torrazzo.ledger.private import open_private
from torrazzo.ledger.text import parse_hash, to_base64
from torrazzo.town import Home
from torrazzo.town.home import load_settings

FACTS = a_term(4)
BOOT = {"part": "keyring", "boot": "11111111-2222-3333-4444-555555555555", "sw": "0.1.0"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A town with a ledger of a few entries."""
    make_town(tmp_path, "Cremona", "Europe/Rome")
    home = Home(tmp_path)
    with running(home) as client:
        deliver(home, FACTS[:2])
        client.enter(pack_act("boot", SystemClock().utc(), BOOT))
        until(lambda: size(client) == 4)
    return home


def put_back(home: Home) -> tuple[Checkpoint, Checkpoint]:
    """The ledger goes on, then its database is the older one again; returns the heads that are lost."""
    old = home.ledger_db.read_bytes()
    with running(home) as client:
        deliver(home, FACTS[2:])
        client.enter(pack_act("boot", SystemClock().utc(), BOOT))
        until(lambda: size(client) == 8)
    rec, act = (
        Checkpoint.parse(Note.parse((home.ledger / log / "checkpoint").read_bytes()).text) for log in ("rec", "act")
    )
    for side in ("-wal", "-shm"):
        Path(f"{home.ledger_db}{side}").unlink(missing_ok=True)
    home.ledger_db.write_bytes(old)
    return rec, act


def fork(home: Home, *words: str, confirm: str | None = None) -> int:
    name = load_settings(home).ledger_name if confirm is None else confirm
    told = ("--why", "restored", "--reason", "Scheda madre rotta", "--confirm", name)
    return main(["ledger", "fork", "--home", str(home.path), *told, *words])


def check_forked(home: Home, heads: Sequence[Checkpoint], capsys: pytest.CaptureFixture[str]) -> None:
    """The new `act` begins with two facts of these heads, by us, for that reason; both logs go on, signed anew."""
    capsys.readouterr()
    assert main(["ledger", "keys", "--home", str(home.path)]) == 0
    keys = capsys.readouterr().out.split()
    assert ["rec.2+" in keys[0], "act.2+" in keys[1]] == [True, True]
    policy = Policy.parse("".join(f"log {key}\n" for key in keys).encode() + b"quorum none\n")
    book = Book.read(book_path(home, "fork"))
    months = Months(home, OsDisk(), SystemClock())
    with running(home) as client:
        until(lambda: client.status()["state"] == "running")
        for number, (head, deed) in enumerate(zip(heads, book.of_kind("fork"), strict=True)):
            proof = client.prove_whole(number)
            proof.accept(proof.extra, policy)
            act = parse_act(proof.extra)
            assert act.line == deed.line
            assert (act.kind, act.values["log"], act.values["why"]) == ("fork", ("rec", "act")[number], "restored")
            assert (act.values["size"], act.values["root"]) == (head.size, to_base64(head.root))
            month = act.values["month"]
            private = open_private(deed.private, parse_hash(act.values["p"], "p"), months.secret(month), month)
            assert (private.person, private.reason) == (getpass.getuser(), "Scheda madre rotta")
        deliver(home, FACTS)
        client.enter(pack_act("boot", SystemClock().utc(), BOOT))
        until(lambda: size(client) == 8)
        client.prove_whole(FACTS[3].id).accept(FACTS[3].line, policy)
    book.close()


@pytest.mark.parametrize("is_running", [False, True], ids=["stopped", "running"])
def test_a_fork_is_declared_by_a_person(home: Home, is_running: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """After an older database was put back, by the command alone or through the process that refuses; once."""
    heads = put_back(home)
    if is_running:
        with running(home) as client:
            assert client.status()["state"] == "refused"
            with pytest.raises(Unavailable):
                client.enter(pack_act("boot", SystemClock().utc(), BOOT))
            assert fork(home) == 0
    else:
        assert fork(home) == 0
    assert "trust-heads" in capsys.readouterr().out
    check_forked(home, heads, capsys)
    assert fork(home) == 5, "the new logs are whole"


def test_nothing_is_forked_without_need_name_and_reason(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger that opens, another name, no reason, facts of other heads: refused, and the ledger is as it was."""
    monkeypatch.setattr("sys.stdin", io.StringIO())  # nobody is there
    assert fork(home) == 5
    with running(home) as client:
        assert fork(home) == 5
        with pytest.raises(Refused, match="runs"):
            client.fork_heads()
    put_back(home)
    assert fork(home, confirm="another") == 5
    assert main(["ledger", "fork", "--home", str(home.path), "--why", "x", "--reason", "y"]) == 5, "nobody confirmed"
    assert fork(home, "--reason", " ") == 5
    assert main(["ledger", "fork", "--home", str(home.path)]) == 2
    with running(home) as client:
        values = {"month": "202611", "who": to_base64(bytes(32)), "p": to_base64(bytes(32)), "why": "x"}
        lines = [pack_act("fork", 1, {"log": log, "size": 1, "root": values["p"], **values}) for log in ("rec", "act")]
        for wrong in (lines, lines[:1], []):
            with pytest.raises(Refused, match="last heads"):
                client.fork(wrong)
        assert client.status()["state"] == "refused"
    assert not (home.ledger / "rec.2").exists()


def test_heads_that_the_keyring_has_seen_are_remembered(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    """Database and files of an older moment, put back together: what the keyring saw makes the ledger refuse."""
    name = load_settings(home).ledger_name
    lost = Head(1_000, b"r" * 32)
    OsDisk().make_folder(home.keyring)
    OsDisk().publish(home.keyring / "heads.json", Heads(Seen(f"{name}/rec", lost), Seen(f"{name}/act")).pack())
    with running(home) as client:
        status = client.status()
        assert (status["state"], "1000 was remembered" in str(status["why"])) == ("refused", True), status
        assert fork(home) == 0
    with running(home) as client:
        until(lambda: client.status()["state"] == "running")
        told = json.loads(client.prove_whole(0).extra)
        assert (told["log"], told["size"]) == ("rec", 1_000)
