# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a restored home may not do: show what is over, go on as if nothing newer had been signed."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tools.facts import a_term
from tests.tools.gate_town import NOW, STREAM, TERM, segment_line, view_values
from tests.tools.gated import SEGMENT_KEY, FakeLedger, Gated, K, serving
from tests.tools.ledger_process import deliver, running, size, until
from tests.tools.recording import Recording
from tests.tools.witness import make_witness, running_witness
from torrazzo.archive.root import volume_names
from torrazzo.backup import create_backup, restore_backup
from torrazzo.base import Span, SystemClock
from torrazzo.base.errors import Unavailable
from torrazzo.base.times import HOUR, SECOND, UtcTicks, hour_of
from torrazzo.cli import main
from torrazzo.cli.init import make_town
from torrazzo.control_room.index import IndexWriter, open_index
from torrazzo.durable import OsDisk
from torrazzo.keyring.client import KeyClient
from torrazzo.keyring.heads import Head, Heads, Seen
from torrazzo.keyring.process import Look, Manner
from torrazzo.keyring.public import KeyName
from torrazzo.ledger import process
from torrazzo.ledger.act import WINDOW, pack_act
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.note import Note
from torrazzo.ledger.secret import load_identity, log_names
from torrazzo.retention import Retention
from torrazzo.seal import seal_key
from torrazzo.testing import ClipSpec, FakeClock, make_clip
from torrazzo.town import Home
from torrazzo.town.home import WitnessSettings, load_settings, save_settings

DISK = OsDisk()
DAY_S = 86_400
FACTS = a_term(4)
BOOT = {"part": "keyring", "boot": "11111111-2222-3333-4444-555555555555", "sw": "0.1.0"}


# ------------------------------------------------------------------------------------------------- nothing expired


class CaughtUp(FakeLedger):
    """It has all facts that volumes hold."""

    def status(self, patience_s: float = 0.0) -> dict[str, object]:
        return {**super().status(patience_s), "caught_up": True}


def test_no_key_is_given_before_retention_has_run(tmp_path: Path) -> None:
    """Also of fresh footage, and over restarts; while the clocks disagree it stays so; then the home is open."""
    gated = Gated(tmp_path)
    retention = Retention(gated.disk, (), 24)
    expired = [name for name in gated.parts.store.ring.keys if name.hour <= NOW // HOUR]
    gated.clock.advance(10 * DAY_S)
    gated.home.restored.write_text("{}")
    gated.say_synchronised = False

    def keys() -> dict[int, bytes]:
        now = gated.clock.utc()
        values = view_values(t0=now - 300 * SECOND, t1=now, until=now + WINDOW)
        window = gated.town.book("view", values, t=now)
        fresh = KeyName(hour_of(now - 60 * SECOND), "standard")
        sealed = seal_key(K, gated.parts.store.ring.keys[fresh].public(), STREAM, TERM, *fresh)
        gated._see()
        segment = gated.town.rec.append(segment_line(t0=now - 60 * SECOND))
        with serving(gated):
            return KeyClient(gated.home.path).window_keys(gated.town.request(window, [segment])._replace(sealed=sealed))

    def look(seconds: int) -> None:
        gated.clock.advance(seconds)
        Look(gated.parts, Manner().lives, (retention,)).turn()
        gated.parts.follower.look()

    for _ in range(2):
        gated.live()
        look(120)
        with pytest.raises(Unavailable, match="a backup was restored"):
            keys()
        assert "a backup was restored" in gated.desk.status().decode()
        assert set(expired) <= gated.parts.store.ring.keys.keys()
    gated.say_synchronised = True
    look(60)
    look(70)
    assert not gated.home.restored.exists()
    assert not set(expired) & gated.parts.store.ring.keys.keys()
    assert "restored" not in gated.desk.status().decode()
    assert keys() == {1: SEGMENT_KEY}


def test_a_restore_on_day_ten_of_a_day_0_backup_shows_no_expired_second(tmp_path: Path) -> None:
    """The machine stood still for ten days, with its ring and its footage: both are over before anything is read."""
    recording = Recording(tmp_path / "town", start=UtcTicks(NOW - NOW % HOUR))
    recording.shoot(make_clip(ClipSpec(width=320, height=180, frames=25, gop=25)), 30)
    recording.finish()
    home = recording.home
    make_town(home.path, "Cremona", "Europe/Rome")
    settings, clock = load_settings(home), FakeClock(recording.clock.utc())
    span = Span(recording.start, UtcTicks(recording.start + HOUR))
    assert recorded(home, span)
    assert volume_names(DISK, recording.root)
    key = next(name for name in recording.ring.ring.keys if name.hour == recording.start // HOUR)
    create_backup(home, DISK, clock, tmp_path / "day-0.tar")

    clock.advance(10 * DAY_S)
    restore_backup(home, DISK, clock, tmp_path / "day-0.tar", is_replacing=True)
    assert home.restored.exists()
    assert not home.catalogue_db.exists()
    gated = Gated(home.path, now=clock.utc())
    gated.ledger = CaughtUp(gated.town)
    gated.live()
    assert key in gated.parts.store.ring.keys, "nothing was shredded while the machine stood still"
    with serving(gated), pytest.raises(Unavailable, match="a backup was restored"):
        KeyClient(home.path).window_keys(gated.town.request(gated.town.book("view", view_values()), []))
    retention = Retention(DISK, settings.roots, settings.floor_hours)
    for _ in range(3):
        gated.clock.advance(61)
        Look(gated.parts, Manner().lives, (retention,)).turn()
    assert not home.restored.exists()
    assert key not in gated.parts.store.ring.keys
    assert volume_names(DISK, recording.root) == []
    assert recorded(home, span) == []


def recorded(home: Home, span: Span) -> list[Span]:
    """What the index shows, made anew from the volumes if it is not there."""
    with IndexWriter(home, DISK, load_settings(home)) as writer:
        writer.catch_up()
    with open_index(home) as index:
        return list(index.spans(STREAM, span))


# ------------------------------------------------------------------------------------- an older ledger is noticed


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A town with a backup beside it, and a ledger that went on after it."""
    monkeypatch.setattr(process, "RETRY_S", 0.1)
    home = Home(tmp_path / "town")
    make_town(home.path, "Cremona", "Europe/Rome")
    with running(home) as client:
        deliver(home, FACTS[:2])
        client.enter(pack_act("boot", SystemClock().utc(), BOOT))
        until(lambda: size(client) == 4)
    return home


def back_up(home: Home) -> Path:
    out = home.path.with_name("backup.tar")
    create_backup(home, DISK, SystemClock(), out)
    return out


def go_on(home: Home) -> None:
    with running(home) as client:
        deliver(home, FACTS[2:])
        client.enter(pack_act("boot", SystemClock().utc(), BOOT))
        until(lambda: size(client) == 8)


def head(home: Home, log: str) -> Checkpoint:
    return Checkpoint.parse(Note.parse((home.ledger / log / "checkpoint").read_bytes()).text)


def restore(home: Home, backup: Path, secrets: Path) -> Home:
    """Onto a new machine: nothing of the old one but the backup and the copy of its secrets."""
    shutil.copytree(secrets, home.path / "secrets")
    restore_backup(home, DISK, SystemClock(), backup)
    return home


def check_refuses_until_forked(home: Home, size_told: int) -> None:
    """It signs nothing; after the fork, which names the lost head, it does."""
    with running(home) as client:
        until(lambda: client.status()["state"] == "refused")
        assert str(size_told) in str(client.status()["why"])
        with pytest.raises(Unavailable):
            client.enter(pack_act("boot", SystemClock().utc(), BOOT))
        name = load_settings(home).ledger_name
        words = ("--why", "disk-lost", "--reason", "Il disco era rotto", "--confirm", name)
        assert main(["ledger", "fork", "--home", str(home.path), *words]) == 0
        until(lambda: client.status()["state"] == "running")
        proof = client.prove_whole(0)
        assert b'"size":%d,' % size_told in proof.extra
        assert proof.note.text.startswith(f"{name}/act.2\n")
        client.enter(pack_act("boot", SystemClock().utc(), BOOT))


def test_what_the_keyring_saw_makes_it_refuse(town: Home) -> None:
    """The ring stayed on the machine, with the heads that the keyring has seen; all else came from the backup."""
    backup = back_up(town)
    go_on(town)
    lost = head(town, "rec"), head(town, "act")
    new = restore(Home(town.path.with_name("new")), backup, town.path / "secrets")
    DISK.make_folder(new.keyring)
    seen = Heads(*(Seen(each.origin, Head(each.size, each.root)) for each in lost))
    DISK.publish(new.keyring / "heads.json", seen.pack())
    check_refuses_until_forked(new, lost[0].size)


def test_the_ledger_that_was_replaced_makes_it_refuse(town: Home) -> None:
    """A restore over a town remembers the heads that it had published."""
    backup = back_up(town)
    go_on(town)
    lost = head(town, "rec")
    restore_backup(town, DISK, SystemClock(), backup, is_replacing=True)
    check_refuses_until_forked(town, lost.size)


def test_a_witness_makes_it_refuse(town: Home) -> None:
    """On a new machine, with nothing but the backup and the secrets: the second office has seen more."""
    identity = load_identity(town, load_settings(town))
    keys = [identity.key(name).verifier for name in log_names(town)]
    place, key = make_witness(town.path.with_name("witness"), keys)
    with running_witness(place) as address:
        witness = WitnessSettings("prefettura", str(key), address, needed=False)
        save_settings(town, DISK, replace(load_settings(town), witnesses=(witness,)))
        backup = back_up(town)
        with running(town) as client:
            deliver(town, FACTS[2:])
            client.enter(pack_act("boot", SystemClock().utc(), BOOT))
            until(lambda: size(client) == 8)
            until(lambda: (town.ledger / "rec/cosigned").exists() and cosigned(town) == 8)
        new = restore(Home(town.path.with_name("new")), backup, town.path / "secrets")
        check_refuses_until_forked(new, 8)


def cosigned(home: Home) -> int:
    return Checkpoint.parse(Note.parse((home.ledger / "rec/cosigned").read_bytes()).text).size


def test_a_restored_ledger_that_nobody_knows_more_of_goes_on(town: Home) -> None:
    """Right after the backup, on a new machine: no fork, and the next facts enter behind the old ones."""
    backup = back_up(town)
    new = restore(Home(town.path.with_name("new")), backup, town.path / "secrets")
    go_on(new)
    assert head(new, "rec").origin == head(town, "rec").origin
