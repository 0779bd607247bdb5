# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Each process of a served town, really killed, in an order drawn by lot, while somebody looks and copies are made."""

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import statistics
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bench import town as bench_town
from bench.outages import absences
from tests.tools import other_user
from tests.tools.lab import check_chain, check_elapsed
from tests.tools.other_user import open_folder
from tests.tools.served import Served, check_ledger
from tests.tools.viewer import Viewer
from torrazzo.archive.fact import Fact
from torrazzo.base import StreamId
from torrazzo.base.errors import TorrazzoError, Unavailable
from torrazzo.base.times import SECOND, iso_from_ticks
from torrazzo.cli.demo import add_witness
from torrazzo.cli.people import ask_people
from torrazzo.durable import OsDisk
from torrazzo.ledger.client import LedgerClient
from torrazzo.ledger.schema import sqlite_database
from torrazzo.ledger.secret import load_identity
from torrazzo.ledger.start import open_ledger
from torrazzo.playback.index import Recorded
from torrazzo.testing.town import SmallTown
from torrazzo.town.ask import ask
from torrazzo.town.home import Home, load_settings, save_settings
from torrazzo_verify.verify import parse_policy, verify

CAMERAS = 3
VICTIMS = ("ledger", "keyring", "worker", "witness", "recorder")
NEEDED = ("ledger", "keyring")  # by who looks
APPROVER = "games"
GONE_S = 15  # at most, that a kill of the recorder costs
BACK_S = 120.0
STARTS_S = 0.25  # in less time no process is back

STEPS = """
    SELECT function_id, function_name, started_at_epoch_ms, completed_at_epoch_ms
    FROM operation_outputs WHERE workflow_uuid = ?
"""

Property = Callable[[str, object], None]


class Done(NamedTuple):
    """One kill, and how long nobody could look."""

    victim: str
    back_s: float | None  # None: it was not waited for


class Copy(NamedTuple):
    """A package that is being made."""

    job: str
    out: Path


@dataclass
class Town:
    """Served, with people in it."""

    served: Served
    viewer: Viewer
    streams: Sequence[StreamId]
    dice: random.Random
    rows: Sequence[Recorded] = ()
    copy: Copy | None = None
    copies: int = 0
    refused: Counter[str] = field(default_factory=Counter)  # looks, while one who is needed was away
    steps: dict[str, dict[int, tuple[object, ...]]] = field(default_factory=lambda: defaultdict(dict))
    kills: list[Done] = field(default_factory=list)

    # -- killing

    def kill(self, victim: str, *, is_waited_for: bool) -> None:
        """One of them; what the others do meanwhile is looked at."""
        before = self.served.until(lambda: (found := self.served.children()).keys() >= {victim, "recorder"} and found)
        was_well = self.looks()
        if victim == "worker":
            self.note_steps()
        is_held = is_waited_for and victim != "recorder"
        with self.no_restart() if is_held else contextlib.nullcontext():
            os.kill(before[victim], signal.SIGKILL)
            killed_s = time.monotonic()
            can_look = self.looks()
            if is_held and was_well and victim not in NEEDED and not can_look:  # a busy machine answers late
                self.served.until(self.looks, BACK_S)
                can_look = True
        if victim in NEEDED and (is_held or time.monotonic() - killed_s < STARTS_S):
            assert not can_look, f"somebody looks without a {victim}"
            self.refused[victim] += 1
        elif victim not in NEEDED and was_well:
            assert can_look, f"nobody can look, since the {victim} died"
        back_s = None
        if is_waited_for or victim == "recorder":
            self.served.until(lambda: self.is_back(victim, before[victim]) and self.looks(), BACK_S)
            back_s = time.monotonic() - killed_s
        if victim != "recorder":
            assert bench_town.status(self.served.home)["pid"] == before["recorder"]
        self.kills.append(Done(victim, back_s))

    @contextlib.contextmanager
    def no_restart(self) -> Iterator[None]:
        """Who died stays away within the block: on a busy machine a look takes longer than a start."""
        assert self.served.process is not None
        self.served.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.served.process.send_signal(signal.SIGCONT)

    def is_back(self, victim: str, before: int) -> bool:
        """Another life of it runs; a recorder records."""
        if victim == "recorder":
            status = bench_town.status(self.served.home)
            states = [each["state"] for each in status.get("streams", {}).values()]
            return states.count("recording") == CAMERAS and status["pid"] != before
        return self.served.children().get(victim, before) != before

    # -- looking

    def looks(self) -> bool:
        """Whether somebody gets a key through a window of their own."""
        try:
            window = self.viewer.open(self.rows)
        except TorrazzoError:
            return False
        try:
            return bool(self.viewer.first_key(window, self.rows))
        except TorrazzoError:
            return False
        finally:
            window.close()

    def has_footage(self, segments: int) -> bool:
        """The catalogue has the first segments of each camera; the ledger, which is late, has them after a look."""
        found = [self.viewer.recorded(stream)[:segments] for stream in self.streams]
        self.rows = found[0]
        return all(len(rows) == segments for rows in found)

    @contextlib.contextmanager
    def crowd(self) -> Iterator[Counter[bool]]:
        """Somebody else looks again and again meanwhile; whether it went well, and how often."""
        over, found = threading.Event(), Counter[bool]()
        errors: list[BaseException] = []

        def look() -> None:
            try:
                while not over.wait(0.1):
                    found[self.looks()] += 1
                    if found.total() % 100 == 0:
                        self.viewer.windows.settle()  # as the control room does every few seconds
            except BaseException as error:
                errors.append(error)
                raise

        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield found
        finally:
            over.set()
            thread.join(BACK_S)
        assert not errors

    # -- copies

    def begin_copy(self) -> None:
        """Asked for, approved by another Unix user, ordered."""
        self.copies += 1
        start, end = (iso_from_ticks(t) for t in (self.rows[0].t0, self.rows[-1].t1))
        wish = {
            "cameras": [f"Via {at}" for at in range(CAMERAS)],
            "stream": "main",
            "from": start,
            "to": end,
            "purpose": "crime",
            "recipient_class": "court",
            "reason": "una prova",
            "case": "1",
            "recipient": None,
        }
        number = self.served.until(lambda: self._asked(wish), BACK_S)
        home = ("--home", str(self.served.home.path))
        words = ("evidence", "approve", str(number), "--reason", "visto", *home)
        self.served.until(lambda: other_user.run(APPROVER, *words).code == 0, BACK_S)
        out = self.served.home.path.with_name(f"{self.copies}.asice")
        order = {"v": 1, "kind": "export", "ask": number, "out": str(out), "recipient": None}
        self.copy = Copy(self.served.until(lambda: self._worker("/jobs", order), BACK_S)["job"], out)

    def _asked(self, wish: Mapping[str, object]) -> Any:
        """As `torrazzo evidence ask` does."""
        with contextlib.suppress(TorrazzoError):
            return ask_people(self.served.home, "POST", "/asks", wish)["number"]
        return None

    def tend_copy(self) -> bool:
        """Whether the copy is made; then it verifies."""
        if self.copy is None:
            return True
        job = self._worker(f"/jobs/{self.copy.job}")
        assert not job or job["state"] in {"waiting", "running", "done"}, job["error"]
        if not job or job["state"] != "done":
            return False
        self.note_steps()
        policy = parse_policy((self.served.home.keyring / "policy").read_bytes())
        assert job["result"]["verdict"] == "verified"
        assert verify(str(self.copy.out), policy, lambda _: None) == 0
        self.copy = None
        return True

    def note_steps(self) -> None:
        """A step that is over is on disk, and is never done again."""
        if self.copy is None:
            return
        path = self.served.home.path / "jobs" / "jobs.db"
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10)) as database:
            found = {row[0]: row for row in database.execute(STEPS, (self.copy.job,))}
        assert self.steps[self.copy.job].items() <= found.items()
        self.steps[self.copy.job] = found

    def _worker(self, path: str, body: object = None) -> Any:
        """What it answers; None while it is away."""
        try:
            status, answer = ask(self.served.home.worker_socket, "GET" if body is None else "POST", path, body)
        except Unavailable:
            return None
        assert status == 200, answer
        return answer


@pytest.mark.needs_root
def test_whoever_is_killed_costs_the_others_nothing(record_property: Property) -> None:
    """Each process once: recording goes on, nobody looks without the ledger and then somebody does, the copy is made.

    No fact of the volumes is missing in the ledger or stands there twice.
    """
    _kill_all(1, 1.0, 1, record_property)


@pytest.mark.long
@pytest.mark.needs_root
@pytest.mark.timeout(5_400)
def test_fifty_kills_of_each_process(record_property: Property) -> None:
    """The same fifty times each, mostly before all is well again; copies one after the other."""
    _kill_all(50, 1.0, 3, record_property)


def _kill_all(times: int, most_s: float, segments: int, record_property: Property) -> None:
    """`segments`: of each camera, in every copy."""
    seed = random.getrandbits(32)
    print(f"order and moments by seed {seed}")
    record_property("seed", seed)
    folder = open_folder()
    try:
        with _town(folder, random.Random(seed), segments) as town, town.crowd() as crowd:
            victims = list(VICTIMS) * times
            town.dice.shuffle(victims)
            for victim in victims:
                if town.tend_copy():
                    town.begin_copy()
                time.sleep(town.dice.uniform(0, most_s))
                town.kill(victim, is_waited_for=times == 1 or town.dice.random() < 0.2)
            town.served.until(town.looks, BACK_S)
            town.served.until(town.tend_copy, BACK_S)
            town.served.until(lambda: _has_all(town.served), BACK_S)
        record_property("looks of others that went well, and not", (crowd[True], crowd[False]))
        assert crowd[True] > times
        _check(town, record_property)
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def _town(folder: Path, dice: random.Random, segments: int) -> Iterator[Town]:
    """Cameras that are recorded, with enough to look at; ended in order."""
    with SmallTown.of_streets(CAMERAS) as cameras, contextlib.ExitStack() as stack:
        served = Served(folder / "town")
        assert served.run("init", "--name", "Cremona").code == 0
        for at, url in enumerate(cameras.urls):
            assert served.run("camera", "add", f"Via {at}", url, "--synthetic").code == 0
        _settle(served)
        served.start()
        stack.callback(_stop, served)
        served.until(lambda: len(bench_town.status(served.home).get("streams", ())) == CAMERAS and served.page())
        served.until(served.home.catalogue_db.exists)
        viewer = stack.enter_context(Viewer(served.home, "test"))
        town = Town(served, viewer, [StreamId.parse(name) for name in bench_town.status(served.home)["streams"]], dice)
        served.until(lambda: town.has_footage(segments))
        served.until(town.looks)
        yield town


def _settle(served: Served) -> None:
    """A witness that is not waited for, somebody who approves, and the machine's clock is believed."""
    add_witness(served.home)
    settings = load_settings(served.home)
    witnesses = tuple(replace(witness, needed=False) for witness in settings.witnesses)
    people = {APPROVER: ("approve",)}
    save_settings(served.home, OsDisk(), replace(settings, witnesses=witnesses, trusted=("wall",), people=people))


def _stop(served: Served) -> None:
    assert served.stop() == 0, served.log.read_text()[-4000:]


def _check(town: Town, record_property: Property) -> None:
    """What they left."""
    home = town.served.home
    entries = check_ledger(home)
    lost_s = _check_time(town, bench_town.facts(home))
    acts = _acts(home)
    opened = Counter(at for at, act in enumerate(acts) if act["kind"] in {"view", "export"})
    closed = Counter(act["of"] for act in acts if act["kind"] == "close")
    assert opened == closed, (opened - closed, closed - opened)
    said = town.served.log.read_text()
    died = [line for line in said.splitlines() if "event=process_died" in line]
    assert len(died) == len(town.kills), "somebody died by himself"
    assert all(" code=-9 " in line for line in died)
    assert "Traceback" not in said
    assert all(town.refused[victim] > 0 for victim in NEEDED)
    by_victim: dict[str, list[float]] = defaultdict(list)
    for kill in town.kills:
        by_victim[kill.victim] += [] if kill.back_s is None else [kill.back_s]
    record_property("kills", Counter(kill.victim for kill in town.kills))
    record_property("looks refused", town.refused)
    record_property("entries, acts, windows, copies", (len(entries), len(acts), len(opened), town.copies))
    record_property("recorder away, s: median, worst", (round(statistics.median(lost_s), 2), round(max(lost_s), 2)))
    for victim, back in by_victim.items():
        median, worst = statistics.median(back or [0]), max(back, default=0)
        record_property(f"{victim}: looking again after, s: median, worst", (round(median, 2), round(worst, 2)))


def _check_time(town: Town, facts: Mapping[StreamId, Sequence[Fact]]) -> list[float]:
    """Recording stopped for nobody's death but its own; returns the seconds that each of those cost a camera."""
    kills = sum(kill.victim == "recorder" for kill in town.kills)
    found = []
    assert sorted(facts) == sorted(town.streams)
    for of_stream in facts.values():
        check_chain(of_stream)
        check_elapsed(of_stream)
        gaps = absences(of_stream)
        assert len(gaps) <= kills
        assert {gap.why for gap in gaps} == {"restart"}
        found += [(gap.t1 - gap.t0) / SECOND for gap in gaps]
    assert max(found) <= GONE_S
    return found


def _acts(home: Home) -> list[dict[str, Any]]:
    """All of `act`."""
    identity = load_identity(home, load_settings(home))
    with (
        contextlib.closing(sqlite_database(home.ledger_db)) as database,
        open_ledger(database, OsDisk(), home.ledger, identity) as store,
    ):
        return [json.loads(line) for line in store.act.entries(0, store.act.head.size)]


def _has_all(served: Served) -> bool:
    """The ledger has read the volumes, and nothing waits; its witness answers."""
    with contextlib.suppress(Unavailable, KeyError):  # the latter: it is starting
        status: Any = LedgerClient(served.home.ledger_socket).status()
        is_witnessed = all(witness["away_s"] is None for witness in status["witnesses"])
        return status.get("caught_up") is True and status["waiting"] == 0 and is_witnessed
    return False
