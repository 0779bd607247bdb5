# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ledger's process in a thread, asked over its socket: what it takes, proves, refuses, and reads from volumes."""

import json
import threading
import time
from pathlib import Path

import pytest

from tests.tools.facts import a_term
from tests.tools.ledger_process import deliver, running, size, until
from tests.tools.recording import Recording
from torrazzo.base import SystemClock
from torrazzo.base.errors import Invalid, Refused, TorrazzoError
from torrazzo.cli import main
from torrazzo.cli.init import make_town
from torrazzo.durable import OsDisk
from torrazzo.ledger import Policy, process
from torrazzo.ledger.act import pack_act
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.client import LedgerClient
from torrazzo.ledger.merkle import root_of, verify_consistency
from torrazzo.ledger.note import Note
from torrazzo.ledger.proof import Proof
from torrazzo.ledger.secret import load_identity, log_names
from torrazzo.ledger.text import parse_hash
from torrazzo.ledger.tiles import split_entries
from torrazzo.testing import ClipSpec, make_clip
from torrazzo.town import Home
from torrazzo.town.ask import ask
from torrazzo.town.home import load_settings, save_settings

BOOT = {"part": "keyring", "boot": "11111111-2222-3333-4444-555555555555", "sw": "0.1.0"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    make_town(tmp_path, "Cremona", "Europe/Rome")
    return Home(tmp_path)


def test_what_comes_in_comes_out_proven(home: Home) -> None:
    """Facts and an act, each with a proof by the published keys; heads, tiles and consistency over their addresses."""
    facts = a_term(4)
    identity_name = load_settings(home).ledger_name
    with running(home) as client:
        assert deliver(home, [facts[0], *facts[2:]]) == {"taken": 3, "waiting": 2, "conflicts": 0}
        assert deliver(home, facts[1:2])["waiting"] == 0
        entered = client.enter(pack_act("boot", SystemClock().utc(), BOOT))
        until(lambda: size(client) == 8)  # all are late: they are of a day long past
        keys = load_identity(home, load_settings(home))
        logs = "".join(f"log {keys.key(name).verifier}\n" for name in log_names(home))
        policy = Policy.parse(f"{logs}quorum none\n".encode())
        for fact in facts:
            Proof.parse(client.prove(fact.id)).accept(fact.line, policy)
        line = bytes(client.read("act/tile/entries/000.p/1"))[2:]
        entered.proof.accept(line, policy)
        assert json.loads(line)["kind"] == "boot"
        note = Note.parse(client.read("rec/checkpoint"))
        head = Checkpoint.parse(note.text)
        assert head.origin == f"{identity_name}/rec"
        old = Proof.parse(client.read("rec/proof?index=0"))
        assert old.entry_index == 0
        text, _, rest = client.read("rec/consistency?old=5").decode().partition("\n\n")
        first, *path = text.split("\n")
        assert (first, Note.parse(rest.encode())) == ("old 5", note)
        assert len(client.read(f"rec/tile/0/000.p/{head.size}")) == 32 * head.size
        verify_path(client, head, [parse_hash(each, "hash") for each in path])
    assert not home.ledger_socket.exists()


def verify_path(client: LedgerClient, head: Checkpoint, path: list[bytes]) -> None:
    """From 5 entries to this head."""
    leaves = client.read(f"rec/tile/0/000.p/{head.size}")
    old = root_of([leaves[at : at + 32] for at in range(0, 5 * 32, 32)])
    verify_consistency(5, old, head.size, head.root, path)


def test_what_is_wrong_is_refused_and_changes_nothing(home: Home) -> None:
    """Bodies, addresses, acts of people: an error that says what, and the next one is served."""
    fact = a_term(1)[0]
    with running(home) as client:
        wrong: tuple[object, ...] = (
            None,
            [],
            {"v": 1},
            {"v": 1, "facts": ["{}"]},
            {"v": 1, "facts": [], "streams": {"x": ""}},
            {"v": 1, "facts": [], "node": "x" * 1_000},
            {"v": 1, "facts": [], "node": "\ud800"},
        )
        for body in wrong:
            assert ask(home.ledger_socket, "POST", "/rec", body)[0] == 400, body
        for address in ("rec/tile/0/001", "rec/../act", "dance", "rec/proof?index=0", "rec/tile/0/x"):
            with pytest.raises(TorrazzoError):
                client.read(address)
        with pytest.raises(Invalid):
            client.prove(fact.id)
        with pytest.raises(Invalid):
            client.enter(b"{}")
        with pytest.raises(Refused):
            client.enter(pack_act("rec", 1, {"size": 1, "root": "A" * 43 + "="}))
        assert (size(client), size(client, "act")) == (0, 0)
        client.enter(pack_act("boot", 1, BOOT))


def test_there_is_one_ledger_for_a_home(home: Home) -> None:
    """A second one is refused and disturbs nothing."""
    with running(home) as client:
        with pytest.raises(Refused):
            process.run_ledger(home, SystemClock(), OsDisk(), threading.Event())
        client.enter(pack_act("boot", 1, BOOT))


def test_keys_are_drawn_once_for_us_alone(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    """Mode 0600; shown by the command as verifier keys; a key that is gone is not replaced while there is a ledger."""
    with running(home):
        pass
    path = home.ledger_key("act")
    capsys.readouterr()
    assert path.stat().st_mode & 0o777 == 0o600
    assert main(["ledger", "keys", "--home", str(home.path)]) == 0
    shown = capsys.readouterr().out.split()
    name = load_settings(home).ledger_name
    assert [key.partition("+")[0] for key in shown] == [f"{name}/rec", f"{name}/act"]
    path.unlink()
    with running(home) as client:
        assert client.status()["state"] == "refused"
        assert "restore it" in str(client.status()["why"])
    assert not path.exists()


def test_a_ledger_that_was_put_back_refuses_and_opens_when_it_is_right(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It answers why, takes nothing, and does not end; with the newest database back it goes on by itself."""
    monkeypatch.setattr(process, "RETRY_S", 0.1)
    with running(home):
        pass
    old = home.ledger_db.read_bytes()
    with running(home):
        deliver(home, a_term(2))
    new = home.ledger_db.read_bytes()
    home.ledger_db.write_bytes(old)
    with running(home) as client:
        assert client.status()["state"] == "refused"
        assert "nothing is signed" in str(client.status()["why"])
        assert ask(home.ledger_socket, "POST", "/rec", {"v": 1, "facts": []})[0] == 503
        assert main(["ledger", "status", "--home", str(home.path)]) == 1
        scratch = home.path / "new.db"
        scratch.write_bytes(new)
        scratch.replace(home.ledger_db)
        until(lambda: client.status()["state"] == "running")
        assert size(client) == 4


def test_what_was_recorded_before_is_read_from_the_volumes(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """All facts of an archive that never had a ledger, in order, each late; delivered again, none is doubled."""
    monkeypatch.setattr(process, "HOLE_S", 0.0)
    recording = Recording(home.path / "recorded")
    clip = make_clip(ClipSpec(frames=20, gop=10, width=160, height=96, bitrate=20_000))
    recording.shoot(clip, 25)
    recording.gap(5)
    recording.shoot(clip, 12)
    recording.finish()
    settings = home.settings_file.read_text().replace('"archive"', '"recorded/archive"')
    home.settings_file.write_text(settings)
    lines = [told.fact for told in recording.deliveries]
    assert len(lines) > 4
    with running(home) as client:
        until(lambda: client.status()["caught_up"])
        status, _ = ask(
            home.ledger_socket, "POST", "/rec", {"v": 1, "facts": [line.decode() for line in reversed(lines)]}
        )
        assert status == 200
    with running(home) as client:
        entries = entries_of(client)
    facts = [line for line in entries if json.loads(line)["kind"] != "late"]
    late = [json.loads(line)["n"] for line in entries if json.loads(line)["kind"] == "late"]
    assert facts == lines
    assert late == [json.loads(line)["n"] for line in lines]


def entries_of(client: LedgerClient) -> list[bytes]:
    count = size(client)
    return list(split_entries(client.read(f"rec/tile/entries/000.p/{count}"), count))


def test_a_hole_waits_as_long_as_a_disk_is_away(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a disk that is away may have is not passed over; with all disks there, what nobody has is, and is told."""
    for name, seconds in (("HOLE_S", 0.0), ("LOST_S", 0.0), ("SEARCH_S", 0.05), ("REST_S", 0.05)):
        monkeypatch.setattr(process, name, seconds)
    facts, archive = a_term(4), home.path / "archive"
    archive.rename(home.path / "away")
    with running(home) as client:
        deliver(home, [facts[0], *facts[2:]])
        until(lambda: client.status()["caught_up"])
        time.sleep(1.5)
        assert (client.status()["waiting"], client.status()["passed_over"]) == (2, 0)
        (home.path / "away").rename(archive)
        until(lambda: client.status()["passed_over"] == 1)
        assert client.status()["waiting"] == 0
        assert deliver(home, facts[1:2])["conflicts"] == 0
    with running(home) as client:
        numbers = [json.loads(line)["n"] for line in entries_of(client) if b'"late"' not in line]
    assert numbers == [0, 2, 3, 1]


def test_the_town_names_its_logs(home: Home) -> None:
    """`[ledger] name` stands in the origins, and survives a rewriting of the settings; what is no name is refused."""
    text = home.settings_file.read_text()
    home.settings_file.write_text(f'{text}\n[ledger]\nname = "torrazzo.comune.example.it"\n')
    settings = load_settings(home)
    save_settings(home, OsDisk(), settings)
    assert load_settings(home) == settings
    with running(home) as client:
        assert client.read("rec/checkpoint").startswith(b"torrazzo.comune.example.it/rec\n0\n")
    for wrong in ("Torrazzo", "a b", "a/", "/a", "a+b", ""):
        home.settings_file.write_text(f'{text}\n[ledger]\nname = "{wrong}"\n')
        with pytest.raises(Invalid):
            load_settings(home)
