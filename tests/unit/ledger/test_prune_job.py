# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Entries of `rec` that go after thirty days, and the sums in `act` that are left of them."""

import contextlib
import itertools
import json
import shutil
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.tools.gated import Gated, serving
from tests.tools.ledger import TODAY, check_log, fail_at, lines, opened, over, stream
from torrazzo.archive.fact import Fact, gap_fact, parse_fact, segment_fact, step_fact, term_fact
from torrazzo.base import TermId
from torrazzo.base.errors import Damaged, Stopped, TorrazzoError, Unavailable
from torrazzo.base.ids import NodeId
from torrazzo.base.times import DAY, HOUR, SECOND, UtcTicks, hour_text
from torrazzo.durable.unix_socket import listen_unix
from torrazzo.ledger.act import parse_act
from torrazzo.ledger.fact_index import RecEntry
from torrazzo.ledger.intake import entry_of, silent_entry
from torrazzo.ledger.prune_job import KEEP_DAYS, PruneJob, keyring_held, keyring_time
from torrazzo.ledger.prune_sums import PruneSums
from torrazzo.ledger.schema import sqlite_database
from torrazzo.ledger.store import LedgerStore
from torrazzo.testing import FakeClock, FaultyDisk
from torrazzo.testing.disk import PowerOff
from torrazzo.town.unix_server import Body, UnixServer

MINUTE = 60 * SECOND
NEVER = threading.Event()
FIRST = TODAY * DAY  # midnight, UTC


class Stream:
    """A stream's facts in one term, from midnight on."""

    def __init__(self, camera: int, day: int = TODAY) -> None:
        self.now = day * DAY
        self.term = TermId(NodeId(7), 1, self.now)
        self.id, self.n = stream(camera), 0
        self._times = {"m0": 0, "m1": 1, "prev": ""}
        line = term_fact(self.id, self.term, t0=self.now, m0=0, boot="b", software="t", prior=None)
        self.facts: list[Fact] = [parse_fact(line.replace(b'"prev":""', b'"prev":null'))]

    def _next(self, make: Any, seconds: int, **values: Any) -> None:
        self.n += 1
        t1 = self.now + seconds * SECOND
        values = {"t0": self.now, "t1": t1, **self._times, "prev": "A" * 43 + "=", **values}
        self.facts.append(parse_fact(make(self.id, self.term, self.n, **values)))
        self.now = self.now if values["t1"] is None else t1

    def shoot(self, seconds: int = 10, length: int = 1_000) -> None:
        rest: dict[str, Any] = {"media": 0, "frames": 1, "lost": 0, "count": 1, "continues": False}
        key = f"{hour_text(self.now // HOUR)}/standard"
        self._next(segment_fact, seconds, length=length, h=bytes(32), c=bytes(32), key=key, **rest)

    def gap(self, seconds: int, *, is_opened: bool = False) -> None:
        """Whole, or first open, then closed."""
        of = None
        if is_opened:
            self._next(gap_fact, 0, why="net", of=None, t1=None, m1=None)
            of = self.n
        self._next(gap_fact, seconds, why="net", of=of)

    def step(self, seconds: int) -> None:
        self._next(step_fact, seconds)


def a_month(days: int) -> list[RecEntry]:
    """Two streams: some segments each day, a gap across midnight, a step back, a late entry and a silence."""
    found: list[RecEntry] = []
    for day in range(days):
        for camera in (1, 2):
            made = Stream(camera, TODAY + day)
            for _ in range(24):  # four minutes: gaps begin with a minute
                made.shoot()
            made.gap(7_200, is_opened=camera == 2)
            made.step(-5)
            made.shoot(8, 4_000)
            found += map(entry_of, made.facts)
        found.append(silent_entry(stream(1), TermId(NodeId(7), 1, 5), FIRST + day * DAY, FIRST + day * DAY))
    return found


def job_of(store: LedgerStore, day: int) -> PruneJob:
    """As if it were that day, at noon."""
    return PruneJob(store, lambda: UtcTicks(day * DAY + DAY // 2), FakeClock(), 0)


def told(store: LedgerStore) -> list[dict[str, Any]]:
    acts = map(parse_act, store.act.entries(0, store.act.head.size))
    return [dict(act.values) for act in acts if act.kind == "prune"]


def sums(found: Sequence[dict[str, Any]]) -> dict[str, Counter[str]]:
    """By hour."""
    by_hour: dict[str, Counter[str]] = {}
    for each in found:
        counted = {key: each[key] for key in ("facts", "recorded", "gaps", "steps", "len")}
        by_hour.setdefault(each["hour"], Counter()).update(counted)
    return by_hour


def sums_of(entries: Sequence[RecEntry]) -> dict[str, Counter[str]]:
    """The same, counted by hand."""
    by_hour: dict[str, Counter[str]] = {}
    for line in map(json.loads, lines(entries)):
        if "n" in line:
            hour = by_hour.setdefault(hour_text(line["t0"] // HOUR), Counter())
            hour["facts"] += 1
            if line["kind"] == "seg":
                hour.update({"recorded": line["t1"] - line["t0"], "len": line["len"]})
            if line["kind"] == "step":
                hour["steps"] += line["t1"] - line["t0"]
            for minute in range(line["t0"], line["t1"] or 0, MINUTE) if line["kind"] == "gap" else ():
                by_hour.setdefault(hour_text(minute // HOUR), Counter())["gaps"] += MINUTE
    return by_hour


def nonzero(found: dict[str, Counter[str]]) -> dict[str, dict[str, int]]:
    return {hour: {key: value for key, value in each.items() if value} for hour, each in found.items()}


def test_what_is_thirty_days_old_goes_and_its_sums_stay(tmp_path: Path) -> None:
    """Not a day earlier; what goes is told hour by hour, as it was; what stays is proven as before."""
    entries = a_month(4)
    with opened(tmp_path / "l.db", FaultyDisk()) as store:
        for at in range(0, len(entries), 50):
            store.append(entries[at : at + 50])
        assert not job_of(store, TODAY + KEEP_DAYS).turn(NEVER), "the first day is thirty days old in part only"
        assert store.rec.minimum == 0
        job = job_of(store, TODAY + KEEP_DAYS + 2)
        assert job.turn(NEVER)
        assert not job.turn(NEVER)
        old = [entry for entry in entries if entry.t0 < FIRST + 2 * DAY]
        assert store.rec.minimum == len(old)
        check_log(store.rec, lines(entries))
        found = told(store)
        assert {each["min"] for each in found} == {len(old)}
        assert [each["hour"] for each in found] == sorted({each["hour"] for each in found})
        assert nonzero(sums(found)) == nonzero(sums_of(old))
        assert found[0]["streams"] == 2
        assert job_of(store, TODAY + 100).turn(NEVER)
        assert nonzero(sums(told(store))) == nonzero(sums_of(entries))
        store.append(entries)
        assert store.rec.head.size == store.rec.minimum + 4, "the silences alone, which have no number"


def test_a_gap_counts_in_each_hour_and_an_open_one_in_none() -> None:
    """A gap of three hours from half past ten, told when it was opened and again when it ended."""
    made = Stream(1)
    made.now += 10 * HOUR + HOUR // 2
    made.gap(3 * 3_600, is_opened=True)
    found = PruneSums()
    for fact in made.facts:
        found.add(fact.line)
    values = [(each["hour"], each["gaps"]) for each in found.values(9)]
    day = hour_text(FIRST // HOUR)[:8]
    half = HOUR // 2
    assert values == [(f"{day}00", 0), (f"{day}10", half), (f"{day}11", HOUR), (f"{day}12", HOUR), (f"{day}13", half)]
    with pytest.raises(Damaged):
        found.add(b"{")


def test_without_an_agreed_time_nothing_goes(tmp_path: Path) -> None:
    """No keyring, or one whose clocks disagree; and a year's jump of the wall clock alone changes nothing."""
    with opened(tmp_path / "l.db", FaultyDisk()) as store:
        store.append(a_month(1))
        assert not PruneJob(store, lambda: None, FakeClock(UtcTicks(FIRST + 400 * DAY))).turn(NEVER)
        assert store.rec.minimum == 0
    assert keyring_time(tmp_path / "none.sock") is None


def test_the_time_is_the_one_on_which_the_keyrings_clocks_agree(tmp_path: Path) -> None:
    """It is asked of the running keyring; while its clocks do not agree there is none."""
    gated = Gated(tmp_path)
    gated.say_synchronised = False
    with serving(gated) as socket:
        gated.clock.advance(3_600)
        gated.turn()
        assert keyring_time(socket) is None
        gated.say_synchronised = True
        for _ in range(3):
            gated.clock.advance(61)
            gated.turn()
        assert keyring_time(socket) == gated.clock.utc()


def test_an_entry_that_cannot_be_read_stops_the_pruning_alone(tmp_path: Path) -> None:
    """Nothing is thrown away that was not summed up."""
    with opened(tmp_path / "l.db", FaultyDisk()) as store:
        store.append([*a_month(1), RecEntry(b"no fact", None, FIRST, None, "x")])
        with pytest.raises(Damaged):
            job_of(store, TODAY + 100).turn(NEVER)
        assert store.rec.minimum == 0
        assert told(store) == []


ENTRIES = a_month(10)
CUT = 512


@pytest.fixture
def begun(tmp_path: Path) -> tuple[Path, FaultyDisk]:
    """A ledger with more than two bundles to prune: database and disk, both to be copied."""
    disk = FaultyDisk()
    with opened(tmp_path / "begun.db", disk) as store:
        for at in range(0, len(ENTRIES), 100):
            store.append(ENTRIES[at : at + 100])
    return tmp_path / "begun.db", disk


def copy(begun: tuple[Path, FaultyDisk], name: str) -> tuple[Path, FaultyDisk]:
    path = begun[0].with_name(f"{name}.db")
    shutil.copy(begun[0], path)
    return path, begun[1]._successor(begun[1]._platter.after_kill())


def prune(store: LedgerStore) -> None:
    while job_of(store, TODAY + KEEP_DAYS + 10).turn(NEVER):
        pass


def check(path: Path, disk: FaultyDisk) -> None:
    """All that went is told once, and nothing else; a next life ends what was begun."""
    with opened(path, disk) as store:
        assert nonzero(sums(told(store))) == nonzero(sums_of(ENTRIES[: store.rec.minimum]))
        prune(store)
        assert store.rec.minimum > CUT
        assert nonzero(sums(told(store))) == nonzero(sums_of(ENTRIES))
        check_log(store.rec, lines(ENTRIES))
    names = {str(path) for path in disk.files()}
    assert not any(f"/ledger/rec/tile/{level}/000" in names for level in ("0", "entries"))


@pytest.mark.parametrize("is_cut", [False, True], ids=["kill", "cut"])
def test_each_step_on_disk_may_be_the_last(begun: tuple[Path, FaultyDisk], is_cut: bool) -> None:
    """Sums and minimum come together: whichever act on disk is the last, nothing is told twice, nothing goes untold."""
    for step in itertools.count(1):
        path, disk = copy(begun, f"{step}")
        disk.cut_power_at(step)
        with contextlib.suppress(PowerOff, Stopped), opened(path, disk) as store:
            prune(store)
        is_through = not disk.is_off
        check(path, disk.power_cut(step) if is_cut else disk.kill())
        if is_through:
            assert step > 10
            return


def test_each_statement_and_commit_may_fail(begun: tuple[Path, FaultyDisk]) -> None:
    """The same, for each step in the database."""
    for step in itertools.count(1):
        path, disk = copy(begun, f"{step}")
        with contextlib.closing(sqlite_database(path)) as database, over(database, disk) as store:
            seen = fail_at(database, step)
            with contextlib.suppress(Stopped):
                prune(store)
        check(path, disk)
        if step > len(seen):
            assert seen.count("COMMIT") >= 3
            return


def test_nothing_goes_that_proves_what_is_held(tmp_path: Path) -> None:
    """From the day on in which held footage begins all entries stay, however old; when it is released they go."""
    entries = a_month(4)
    with opened(tmp_path / "l.db", FaultyDisk()) as store:
        store.append(entries)
        held: list[UtcTicks] = [UtcTicks(FIRST + DAY + HOUR)]

        def job() -> PruneJob:
            late = UtcTicks((TODAY + 200) * DAY)
            return PruneJob(store, lambda: late, FakeClock(), 0, held=lambda: min(held, default=None))

        while job().turn(NEVER):
            pass
        assert store.rec.minimum == len([entry for entry in entries if entry.t0 < FIRST + DAY])
        held.clear()
        while job().turn(NEVER):
            pass
        assert store.rec.minimum > len([entry for entry in entries if entry.t0 < FIRST + 3 * DAY])


def test_what_is_held_is_asked_of_the_keyring(tmp_path: Path) -> None:
    """One that does not answer is no word that nothing is held: then nothing goes."""
    with pytest.raises(Unavailable):
        keyring_held(tmp_path / "none.sock")
    with serving(Gated(tmp_path)) as socket:
        assert keyring_held(socket) is None


class Odd:
    """A desk that says one thing, whatever it is asked."""

    def __init__(self, said: bytes) -> None:
        self._said = said

    def answer(self, _method: str, _target: str, _body: bytes) -> Body:
        return Body(self._said)

    def explain(self, error: TorrazzoError) -> Body:
        raise error


@pytest.mark.parametrize(
    "said", [b'{"holds":[{}]}', b'{"holds":[7]}', b'{"holds":[{"from":"x"}]}', b'{"holds":7}', b"[]"]
)
def test_a_keyring_that_does_not_say_what_is_held_lets_nothing_go(tmp_path: Path, said: bytes) -> None:
    """An answer in another form is no answer: the job tries again, and its thread lives."""
    path = tmp_path / "odd.sock"
    server = UnixServer("keyring", listen_unix(path), Odd(said), most_connections=1, most_bytes=1 << 10)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        with pytest.raises(Unavailable, match="does not say"):
            keyring_held(path)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(60)


@pytest.mark.parametrize(("t0", "t1"), [(10**17, 10**17 + 1), (0, 10**15), (-1, 5), (0, 2**63 - 1)])
def test_times_that_no_calendar_has_are_not_summed_up(t0: int, t1: int) -> None:
    """Nor spans that would be gone through hour by hour for days: such an entry is damage."""
    line = json.dumps({"v": 1, "kind": "gap", "stream": "x", "n": 1, "t0": t0, "t1": t1}).encode()
    with pytest.raises(Damaged):
        PruneSums().add(line)
