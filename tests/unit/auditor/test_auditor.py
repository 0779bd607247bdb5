# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The auditor as a whole: its mirror, its memory, its signature; over a log in memory, and over a ledger that runs."""

import contextlib
import hashlib
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tools.audited import KEYS, Audited, Line, MemoryLedger, audited, changed, late, tie
from tests.tools.ledger_process import deliver, running, size, until
from tests.tools.witness import SOCKET, answers
from torrazzo.archive.fact import parse_fact
from torrazzo.auditor import audit, process
from torrazzo.auditor.process import open_auditor, run_auditor
from torrazzo.auditor.settings import auditor_home, load_settings
from torrazzo.auditor.source import Source
from torrazzo.auditor.store import AuditStore
from torrazzo.base import SystemClock
from torrazzo.base.errors import Invalid, TorrazzoError, Unavailable
from torrazzo.base.times import SECOND
from torrazzo.cli import main
from torrazzo.cli.init import make_town
from torrazzo.durable import OsDisk
from torrazzo.keyring.sealer import Attestation, Level
from torrazzo.keyring.statement import keep_statement
from torrazzo.ledger import Policy, sequencer, witnessing
from torrazzo.ledger.act import pack_act
from torrazzo.ledger.checkpoint import Checkpoint, sign_checkpoint
from torrazzo.ledger.chip_statement import STATEMENTS, ChipStatement
from torrazzo.ledger.client import LedgerClient
from torrazzo.ledger.identity import LogName
from torrazzo.ledger.merkle import leaf_hash, root_of
from torrazzo.ledger.note import Note
from torrazzo.ledger.secret import make_identity
from torrazzo.ledger.town_policy import town_policy
from torrazzo.testing import FakeClock
from torrazzo.town import Home
from torrazzo.town.home import WitnessSettings, save_settings
from torrazzo.town.home import load_settings as load_town
from torrazzo.witness import Refusal, WitnessHome
from torrazzo.witness.settings import load_key

NAME = "auditor.prefettura.example.it"


def check_mirror(town: Audited, folder: Path) -> None:
    """Full bundles and tiles lie there as in the ledger's own folder."""
    for kind, entries in town.ledger.entries.items():
        for number in range(len(entries) // 256):
            for tile in (f"tile/entries/{number:03}", f"tile/0/{number:03}"):
                assert (folder / "mirror" / kind / tile).read_bytes() == town.ledger._read(f"{kind}/{tile}")


def head(town: Audited, size: int) -> Checkpoint:
    return Checkpoint(KEYS["rec"].verifier.name, size, town.ledger.root("rec", size))


def asks(town: Audited, head: Checkpoint) -> None:
    """To have it cosigned; raises `Refusal`."""
    town.auditor.is_good(head, sign_checkpoint(head, KEYS["rec"]))


def long_line(town: Audited, count: int) -> Line:
    """So many facts at once, of a past in which nobody looked."""
    line = Line()
    town.enter("rec", line.facts[0].line)
    for _ in range(count):
        town.enter("rec", line.gap(1))
    town.clock.advance(count)
    return line


def test_a_long_log_is_mirrored_in_steps_and_a_crash_loses_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Broken off at each request in turn, each life goes on where the one before had come to; entries are all there."""
    monkeypatch.setattr(audit, "STEP", 512)
    ledger, clock, folder = MemoryLedger(), FakeClock(), tmp_path / "a"

    class Dying(MemoryLedger):
        left = 0

        def _read(self, target: str) -> bytes:
            Dying.left -= 1
            if Dying.left < 0:
                raise KeyboardInterrupt
            return super()._read(target)

    with audited(folder, ledger, clock) as town:
        long_line(town, 2_000)
    dying = Dying()
    dying.entries = ledger.entries
    lives, size = 0, 0
    while size < 2_001:
        lives += 1
        Dying.left = lives
        with audited(folder, dying, clock) as town:
            with contextlib.suppress(KeyboardInterrupt):
                assert town.look() == []
            followed = town.store.load("rec")
            now = 0 if followed is None else followed.copied.size
            assert now >= size
            size = now
    assert lives > 5
    with audited(folder, ledger, clock) as town:
        assert town.look() == []
        town.enter("act", tie(ledger, clock.utc()))
        assert town.look() == []
        check_mirror(town, folder)
        for count in (1, 255, 256, 1_000, 2_001):
            asks(town, head(town, count))


def test_what_it_remembers_outlives_it(tmp_path: Path) -> None:
    """A number that is missing is found also when the auditor began anew in between; what it found is still open."""
    ledger, clock, folder = MemoryLedger(), FakeClock(), tmp_path / "a"
    line = Line()
    with audited(folder, ledger, clock) as town:
        town.enter("rec", line.facts[0].line)
        town.go_on(line)
    for _ in range(2):
        with audited(folder, ledger, clock) as town:
            town.go_on(line)
    line.segment()
    with audited(folder, ledger, clock) as town:
        town.enter("rec", line.segment())
        assert len(town.look(10)) == 1
    with audited(folder, ledger, clock) as town:
        assert len(town.look(10)) == 1


def test_it_signs_only_what_it_has_followed_and_while_nothing_is_open(tmp_path: Path) -> None:
    """Looks first if it must; refuses another root, and all while a finding is open; goes on when it is settled."""
    with audited(tmp_path / "a") as town:
        line = Line()
        town.enter("rec", line.facts[0].line, line.segment())
        town.clock.advance(10)
        asks(town, head(town, 2))
        with pytest.raises(Refusal, match="only 2 entries"):
            asks(town, Checkpoint(head(town, 2).origin, 3, bytes(32)))
        town.enter("rec", changed(line.segment(), n=1))
        town.clock.advance(10)
        with pytest.raises(Refusal, match="1 finding is open"):
            asks(town, head(town, 3))
        with pytest.raises(Refusal, match="1 finding is open"):
            asks(town, head(town, 2))
        (found,) = town.store.findings(is_open=True)
        town.store.settle(found.number, "a test")
        asks(town, head(town, 3))
        with pytest.raises(Invalid):
            town.store.settle(found.number, "again")
        with pytest.raises(Refusal, match="another history"):
            asks(town, Checkpoint(head(town, 3).origin, 2, bytes(32)))
        assert town.store.violations() == 1


def test_a_history_that_is_shown_to_have_it_cosigned_is_kept(tmp_path: Path) -> None:
    """Shown one history, asked for its signature below the other one: the finding has both heads."""
    with audited(tmp_path / "a") as town:
        line = Line()
        town.enter("rec", line.facts[0].line, line.segment())
        assert town.look(10) == []
        shown = town.ledger._read("rec/checkpoint")
        town.ledger.entries["rec"][1] = changed(town.ledger.entries["rec"][1], lost=7)
        other = head(town, 2)
        with pytest.raises(Refusal, match="another history"):
            asks(town, other)
        (found,) = town.store.findings(is_open=True)
        assert found.finding.rule == "R1"
        assert town.store.proofs(found.number) == [(shown, sign_checkpoint(other, KEYS["rec"]).pack())]


def test_a_log_that_was_pruned_is_followed_from_where_it_begins(tmp_path: Path) -> None:
    """A new auditor begins there, says so, and finds what comes after; one that was there before is not disturbed."""
    ledger, clock = MemoryLedger(), FakeClock()
    with audited(tmp_path / "old", ledger, clock) as old, audited(tmp_path / "new", ledger, clock) as new:
        line = long_line(old, 1_100)
        old.enter("act", tie(ledger, clock.utc()))
        assert old.look() == []
        ledger.minimum_of["rec"] = 700
        old.enter("rec", line.segment())
        assert old.look(10) == []
        assert new.look() == []
        (notice,) = new.store.findings(is_open=True)
        assert "entries below 768 were pruned" in str(notice.finding)
        line.segment()
        new.enter("rec", line.segment())
        for town in (old, new):
            assert any("are missing" in each for each in town.look(10))
            root = root_of(map(leaf_hash, ledger.entries["rec"]))
            assert town.auditor._logs["rec"].mirror.root(len(ledger.entries["rec"])) == root


def test_facts_that_waited_for_a_late_one_are_not_blamed(tmp_path: Path) -> None:
    """They came in time, and were entered behind it."""
    with audited(tmp_path / "a") as town:
        line = Line()
        town.enter("rec", line.facts[0].line)
        town.go_on(line)
        first, first_fact = line.segment(), line.last
        rest = [line.segment() for _ in range(3)]
        town.look(200)
        town.enter("act", tie(town.ledger, town.clock.utc()))
        town.enter("rec", first, late(first_fact, town.clock.utc()), *rest)
        assert town.look(1) == []


def test_that_it_was_not_running_is_written_down(tmp_path: Path) -> None:
    """From its last look of the life before to its next one: nobody can say what was signed meanwhile."""
    ledger, clock, folder = MemoryLedger(), FakeClock(), tmp_path / "a"
    with audited(folder, ledger, clock) as town:
        town.enter("rec", Line().facts[0].line)
        assert town.look() == []
    start = clock.utc()
    clock.advance(50)
    with audited(folder, ledger, clock) as town:
        assert town.store.silences() == []
    clock.advance(50)
    with audited(folder, ledger, clock) as town:
        assert town.store.silences() == [(start, clock.utc(), "the auditor was not running")]


def _looks(town: Audited, seconds: int) -> None:
    for _ in range(seconds // 10):
        assert town.look(10) == []


def test_a_silence_of_the_ledger_stays_its_own_when_the_auditor_starts_again(tmp_path: Path) -> None:
    """An outage that the auditor saw ends with its life, and only what comes after is its own absence."""
    ledger, clock, folder = MemoryLedger(), FakeClock(), tmp_path / "a"
    with audited(folder, ledger, clock) as town:
        town.enter("rec", Line().facts[0].line)
        assert town.look() == []
        start = clock.utc()
        ledger.is_away = True
        _looks(town, 600)
    stopped = clock.utc()
    clock.advance(3600)
    back = clock.utc()
    with audited(folder, ledger, clock) as town:
        own, outage = town.store.silences()
        assert own == (stopped, back, "the auditor was not running")
        assert outage[:2] == (start, stopped)
        assert outage[2].startswith("the ledger does not answer")
        _looks(town, 120)
        again, *_ = town.store.silences()
        assert again[:2] == (back, None)


def test_an_outage_goes_on_over_a_quick_restart(tmp_path: Path) -> None:
    """Half a minute before a restart and half a minute after make one silence of the ledger's, with one end."""
    ledger, clock, folder = MemoryLedger(), FakeClock(), tmp_path / "a"
    line = Line()
    with audited(folder, ledger, clock) as town:
        town.enter("rec", line.facts[0].line)
        assert town.look() == []
        start = clock.utc()
        ledger.is_away = True
        _looks(town, 40)
    clock.advance(5)
    with audited(folder, ledger, clock) as town:
        _looks(town, 40)
    clock.advance(5)
    with audited(folder, ledger, clock) as town:
        ledger.is_away = False
        town.enter("rec", line.gap(90))
        assert town.look() == []
        ((begun, end, why),) = town.store.silences()
        assert (begun, end) == (start, clock.utc())
        assert why.startswith("the ledger does not answer")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(witnessing, "EVERY_NS", 50_000_000)
    monkeypatch.setattr(witnessing, "LOOK_S", 0.02)
    monkeypatch.setattr(process, "LOOK_S", 0.1)
    make_town(tmp_path / "town", "Cremona", "Europe/Rome")
    return Home(tmp_path / "town")


def make_auditor(home: Home) -> tuple[WitnessHome, Policy]:
    """By its command; the town names it as one that is needed."""
    settings = load_town(home)
    identity = make_identity(home, settings, OsDisk())
    keys = [identity.key(LogName(kind, 1)).verifier for kind in ("rec", "act")]
    place = auditor_home(home.path.parent / "auditor")
    words = ["auditor", "init", "--home", str(place.path), "--name", NAME, "--listen", f"unix:{SOCKET}"]
    words += [word for key in keys for word in ("--log", str(key))]
    assert main([*words, "--ledger", f"unix:{home.ledger_socket}"]) == 0
    key = load_key(place, NAME).verifier
    told = WitnessSettings("auditor", str(key), f"unix:{place.path / SOCKET}", needed=True)
    save_settings(home, OsDisk(), replace(settings, witnesses=(told,)))
    return place, town_policy(keys, (told,))


@contextlib.contextmanager
def running_auditor(place: WitnessHome) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=run_auditor, args=(place, SystemClock(), OsDisk(), stop))
    thread.start()
    try:
        while thread.is_alive() and not answers(f"unix:{place.path / SOCKET}"):
            stop.wait(0.02)
        yield
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()


def test_the_status_of_one_that_is_stopped_says_what_to_do(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody answers: the command says so in words, with the command that starts it, and ends with 4."""
    place, _ = make_auditor(home)
    assert main(["auditor", "status", "--home", str(place.path)]) == 4
    said = capsys.readouterr().err
    assert f"no auditor answers at unix:{place.path / SOCKET}" in said
    assert f"torrazzo auditor --home {place.path}" in said
    assert "Errno" not in said


def fulfils(client: LedgerClient, log: str, policy: Policy) -> bool:
    with contextlib.suppress(TorrazzoError):
        return bool(policy.accept(Note.parse(client.read(f"{log}/checkpoint"))).cosigned)
    return False


BOOT = {"part": "keyring", "boot": "11111111-2222-3333-4444-555555555555", "sw": "0.1.0"}


def test_it_cosigns_for_a_ledger_that_runs_and_stops_when_something_is_wrong(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    """Asked as a witness is; a fact that says nothing sane ends it, is told by status, and is settled by people."""
    place, policy = make_auditor(home)
    line = Line(start=SystemClock().utc() - 45 * SECOND)
    for _ in range(4):
        line.gap()
    with running(home) as client:
        deliver(home, line.facts)
        client.enter(pack_act("boot", SystemClock().utc(), BOOT))
        with running_auditor(place):
            until(lambda: fulfils(client, "rec", policy) and fulfils(client, "act", policy))
            assert main(["auditor", "status", "--home", str(place.path)]) == 0
            old = pack_act("boot", 1, BOOT)
            client.enter(old)
            until(lambda: main(["auditor", "status", "--home", str(place.path)]) == 1)
            assert "the time that it bears" in capsys.readouterr().out
            assert not fulfils(client, "act", policy)
            assert main(["auditor", "settle", "1", "--why", "a test", "--home", str(place.path)]) == 5
        assert main(["auditor", "settle", "1", "--why", "a test", "--home", str(place.path)]) == 0
        with running_auditor(place):
            until(lambda: fulfils(client, "act", policy))
            assert main(["auditor", "status", "--home", str(place.path)]) == 0
    with contextlib.closing(AuditStore.open(process.audit_database(place))) as store:
        assert [found.settled for found in store.findings(is_open=False)] == ["a test"]


def test_a_ledger_that_was_put_back_whole_and_shorter_is_no_silence(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked how it goes on from more than it has, a ledger says 400: its head is R1 then, and both are kept."""
    monkeypatch.setattr(sequencer, "FACTS_NS", 10_000_000)
    place, _ = make_auditor(home)
    settings, line = load_settings(place), Line(start=SystemClock().utc() - 45 * SECOND)
    with contextlib.closing(AuditStore.open(process.audit_database(place))) as store:
        auditor = open_auditor(place, settings, store, SystemClock(), OsDisk())
        with running(home) as client:
            deliver(home, [line.facts[0], parse_fact(line.gap())])
            until(lambda: size(client) == 2)
            auditor.look()
            assert (auditor.trouble, store.findings(is_open=True)) == (None, [])
        for path in home.path.glob("ledger.db*"):
            path.unlink()
        shutil.rmtree(home.ledger)
        with running(home) as client:
            client.enter(pack_act("boot", SystemClock().utc(), BOOT))
            auditor.look()
        (found,) = store.findings(is_open=True)
        assert str(found.finding).startswith(f"R1 rec, entry 0, {line.stream}, "), str(found.finding)
        assert "has shrunk" in str(found.finding)
        ((before, shown),) = store.proofs(found.number)
        assert [Checkpoint.parse(Note.parse(note).text).size for note in (before, shown)] == [2, 0]
        assert store.silences() == []


def test_what_a_chip_said_is_shown_with_the_log(home: Home) -> None:
    """By the hash that a shred names it with, as the keyring keeps it; nothing else of the keyring is."""
    said = Attestation(level=Level.TPM, statement=b"counted", signature=b"signed", key=b"key")
    keep_statement(OsDisk(), home.keyring, said)
    (home.keyring / STATEMENTS / "other").write_bytes(b"secret")
    hash_ = hashlib.sha256(b"counted").digest()
    with running(home) as client:
        source = Source(f"unix:{home.ledger_socket}", SystemClock())
        assert source.statement(hash_) == ChipStatement(b"counted", b"signed", b"key")
        assert source.statement(bytes(32)) is None
        for name in ("other", "../heads.json", f"{hash_.hex()}.json/", f"{bytes(32).hex()}.json"):
            with pytest.raises(Invalid):
                client.read(f"act/statements/{name}")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("ledger = 'unix:", "ledger = 'ftp:", "http://"),
        ("ledger = ", "leger = ", "unknown setting leger"),
        ("/act+", "/rec+", "id should be"),
    ],
)
def test_wrong_settings_are_told(home: Home, old: str, new: str, told: str) -> None:
    """Each mistake is named together with the file."""
    place, _ = make_auditor(home)
    text = place.settings_file.read_text()
    assert old in text
    place.settings_file.write_text(text.replace(old, new))
    with pytest.raises(TorrazzoError, match=told) as error:
        load_settings(place)
    assert "auditor.toml" in str(error.value)


def test_a_disk_that_fails_forbids_to_sign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be kept was not followed."""
    with audited(tmp_path / "a") as town:
        line = Line()
        town.enter("rec", line.facts[0].line)
        assert town.look(10) == []
        town.enter("rec", line.segment())

        def full(*_: object) -> list[object]:
            raise Unavailable("no room")

        with monkeypatch.context() as patch:
            patch.setattr(town.store, "save", full)
            with pytest.raises(Refusal, match="only 1 entries"):
                asks(town, head(town, 2))
        asks(town, head(town, 2))
