# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cameras come and go at a running recorder, in good order and in the middle of trouble; the others must not notice."""

import contextlib
import hashlib
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from bench import town as bench_town
from bench.machine import median
from tests.tools.lab import check_chain, check_elapsed
from tests.tools.ledger_process import until
from tests.tools.patience import PATIENCE_S
from torrazzo.archive.fact import Fact
from torrazzo.base import StreamId
from torrazzo.base.clock import SystemClock
from torrazzo.base.ids import CameraId
from torrazzo.base.times import SECOND
from torrazzo.cli import main
from torrazzo.testing import ClipSpec, FakeCamera, faults, make_clip
from torrazzo.testing.faults import Fault
from torrazzo.testing.player import SENT
from torrazzo.testing.town import SmallTown
from torrazzo.town import Home

STEADY = 6
MANY = 100  # additions; with fewer, nothing is said about the usual speed
FPS, GOP = 12.5, 12
STAYS = ClipSpec(fps="25/2", frames=96, gop=GOP, width=1280, height=720, bitrate=2_000_000, noise=0.3, tag=1)
COMES = ClipSpec(fps="25/2", frames=48, gop=GOP, width=1280, height=720, bitrate=6_000_000, noise=1, tag=2)
SOON_S = 2.0  # from a command's return to what the recorder does about it, in the median
WORST_S = 8.0
SLOW_S = 4.0
KEPT_OPEN = 2  # descriptors that SQLite could not close while another connection had a lock: the next one gets them
POOL = min(32, (os.cpu_count() or 1) + 4)  # threads that asyncio starts for look-ups, when it happens to, and keeps
PROCESSES = ("recorder", "keyring", "ledger", "control-room", "worker")
MAY_GROW_KB = 20  # by each camera that came and went: the volume's index has its lines until the volume ends

# Every Python that `serve` starts reads this first: upon SIGUSR1 the recorder counts what it holds. Our objects that
# are no tuples live as long as a stream; tuples are frames, facts and names on their way.
CENSUS = """
import collections, gc, json, os, signal, sys

VOLUMES = {"VolumeWriter", "DirectFile", "Summary"}  # one more of each when an hour ends

def is_lasting(kind):
    if kind.__module__.startswith("torrazzo."):
        return not issubclass(kind, tuple) and kind.__name__ not in VOLUMES
    return kind.__name__ in {"Task", "socket", "SSLSocket"}

def tell(number, frame):
    gc.collect()
    counted = collections.Counter(type(each).__name__ for each in gc.get_objects() if is_lasting(type(each)))
    with open(os.environ["CENSUS"] + ".new", "w") as out:
        json.dump(counted, out)
    os.rename(os.environ["CENSUS"] + ".new", os.environ["CENSUS"])

if "recorder" in sys.orig_argv:
    signal.signal(signal.SIGUSR1, tell)
"""


class Comer(NamedTuple):
    """A camera that is added and removed, and what it is up to; `midway` begins when those that record do so."""

    name: str
    before: Fault | None = None
    midway: Fault | None = None
    records: bool = False
    is_gone_at_once: bool = False  # removed before the others come
    is_asked: bool = True  # its own log tells when the recorder came
    hangs_up: bool = True  # … and its connection ends as soon as the recorder leaves


COMERS = (
    Comer("healthy", records=True),
    Comer("also healthy", records=True),
    Comer("goes off", midway=faults.Refuse(), records=True, hangs_up=False),
    Comer("freezes", midway=faults.Freeze(answers=False), records=True),
    Comer("is off", faults.Refuse(), is_asked=False, hangs_up=False),
    Comer("never answers", faults.Freeze(answers=False)),
    Comer("is slow to play", faults.SlowReply("PLAY", SLOW_S), hangs_up=False),
    Comer("is gone at once", is_gone_at_once=True, is_asked=False, hangs_up=False),
    # no cameras: see `Deaf`
    Comer("takes no connection", is_asked=False, hangs_up=False),
    Comer("speaks no TLS", is_asked=False, hangs_up=False),
)


@dataclass
class Visit:
    """One camera's time in the registry; moments are boot ns."""

    comer: Comer
    stream: StreamId
    adding_ns: int
    added_ns: int  # when the command had returned
    removed_ns: int = 0  # the same
    asked_ns: int = 0  # when the recorder sent its first request
    closed_ns: int = 0  # when no connection was left


class Deaf:
    """Two addresses at which nobody listens: one leaves TCP's handshake unfinished, the other TLS's."""

    def __init__(self) -> None:
        self._full, self._silent = (socket.create_server(("127.0.0.1", 0), backlog=size) for size in (0, 500))
        self._filling = socket.create_connection(self._full.getsockname())
        self._silent.setblocking(False)

    @property
    def urls(self) -> tuple[str, str]:
        """In the order of COMERS."""
        full, silent = (each.getsockname()[1] for each in (self._full, self._silent))
        return f"rtsp://127.0.0.1:{full}/", f"rtsps://127.0.0.1:{silent}/"

    def ended(self) -> list[bool]:
        """Of each connection for TLS, whether its other side has left."""
        found = []
        with contextlib.suppress(BlockingIOError):
            while True:
                connection, _ = self._silent.accept()
                connection.settimeout(20)
                with connection:
                    found.append(_has_ended(connection))
        return found

    def close(self) -> None:
        """Give the ports back."""
        for each in (self._filling, self._full, self._silent):
            each.close()


def _has_ended(connection: socket.socket) -> bool:
    try:
        while connection.recv(65_536):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        pass
    return True


class Usage(NamedTuple):
    """What a process holds. The volumes it has open are not among `files`: one more is when an hour ends."""

    files: int
    sockets: int
    threads: int
    kb: int  # anonymous part of Pss: the rest is shared with whatever else runs Python here

    def least(self, other: "Usage") -> "Usage":
        """Without what comes and goes: a request under way, a batch being written."""
        return Usage(*map(min, self, other))


def _usage(pid: int) -> Usage:
    proc = Path("/proc") / str(pid)
    links = []
    for each in (proc / "fd").iterdir():
        with contextlib.suppress(OSError):
            links.append(str(each.readlink()))
    files = [link for link in links if not link.endswith(".vol")]
    rolled = dict(line.split()[:2] for line in (proc / "smaps_rollup").read_text().splitlines()[1:])
    threads = len(list((proc / "task").iterdir()))
    return Usage(len(files), sum(link.startswith("socket:") for link in links), threads, int(rolled["Pss_Anon:"]))


class Served:
    """A town, its `serve`, and the cameras that come and go there."""

    def __init__(self, home: Home, cameras: Sequence[FakeCamera], deaf: Deaf) -> None:
        self.home, self.visits = home, list[Visit]()
        self._clock = SystemClock()
        self._log = home.path / "serve.log"
        self._cameras = dict(zip(COMERS, cameras, strict=False))
        self._urls = dict(zip(COMERS, (*(camera.url for camera in cameras), *deaf.urls), strict=True))
        self._census = home.path.with_name("census.json")
        home.path.with_name("sitecustomize.py").write_text(CENSUS)
        paths = [str(home.path.parent), os.environ.get("PYTHONPATH", "")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "CENSUS": str(self._census)}
        command = (sys.executable, "-m", "torrazzo", "serve", "--home", str(home.path), "--port", "0")
        with self._log.open("wb") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)

    def run(self, *words: str) -> str:
        """A command's output."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = main([*words, "--home", str(self.home.path)])
        assert code == 0, out.getvalue()
        return out.getvalue()

    def until(self, condition: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
        """Wait for it; the log is shown when it never comes."""
        until(condition, seconds, self._log)

    def all_record(self, count: int) -> bool:
        """Whether frames of so many cameras flow."""
        time.sleep(0.1)
        streams = bench_town.status(self.home).get("streams", {})
        return [each["state"] for each in streams.values()].count("recording") >= count

    def usage(self) -> dict[str, Usage]:
        """Of each process, at rest."""
        found: dict[str, Usage] = {}
        for _ in range(12):
            for name, pid in self._pids().items():
                now = _usage(pid)
                found[name] = found.get(name, now).least(now)
            time.sleep(0.1)
        return found

    def census(self, wanted: Mapping[str, int] | None = None) -> dict[str, int]:
        """How many objects the recorder holds at rest, by the name of their class: as many as wanted, or as before."""
        found = dict[str, int]()
        for _ in range(40):
            before, found = wanted or found, self._count()
            if found == before:
                break
            time.sleep(0.25)
        return found

    def _count(self) -> dict[str, int]:
        self._census.unlink(missing_ok=True)
        os.kill(self._pids()["recorder"], signal.SIGUSR1)
        self.until(self._census.exists)
        found: dict[str, int] = json.loads(self._census.read_text())
        return found

    def connected(self) -> list[int]:
        """Connections of each camera that comes and goes; one that had not answered yet sees late that it is alone."""
        end = time.monotonic() + PATIENCE_S
        while any(camera.connections for camera in self._cameras.values()) and time.monotonic() < end:
            time.sleep(0.1)
        return [camera.connections for camera in self._cameras.values()]

    def warm_up(self) -> None:
        """All at once and healthy: more memory than any round will take."""
        added = [self._add(comer) for comer in self._cameras]
        self.until(lambda: self.all_record(STEADY + len(added)))
        self._remove(added)
        self.until(self._are_gone)

    def round(self) -> None:
        """Each of COMERS comes, does what it does, and goes."""
        for comer, camera in self._cameras.items():
            if comer.before is not None:
                camera.do(comer.before)
        added = []
        for comer in COMERS:
            added.append(self._add(comer))
            if comer.is_gone_at_once:
                self._remove([added.pop()])
        self.until(lambda: self.all_record(STEADY + sum(comer.records for comer in COMERS)))
        for comer, camera in self._cameras.items():
            if comer.midway is not None:
                camera.do(comer.midway)
        time.sleep(0.7)
        self._remove(added)
        for camera in self._cameras.values():
            camera.do(faults.Recover())
        self.until(self._are_gone)

    def stop(self) -> str:
        """In order; returns what was printed."""
        self._process.terminate()
        assert self._process.wait(PATIENCE_S) == 0, self._log.read_text()[-4000:]
        return self._log.read_text()

    def _pids(self) -> dict[str, int]:
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        found = {Path(f"/proc/{pid}/cmdline").read_text().split("\0")[3]: int(pid) for pid in children}
        assert sorted(found) == sorted(PROCESSES)
        return found

    def _add(self, comer: Comer) -> Visit:
        adding_ns = self._clock.boot_ns()
        told = self.run("camera", "add", comer.name, self._urls[comer], "--synthetic", "--json")
        stream = StreamId(CameraId(json.loads(told)["id"]), "main")
        visit = Visit(comer, stream, adding_ns, self._clock.boot_ns())
        self.visits.append(visit)
        return visit

    def _remove(self, visits: Sequence[Visit]) -> None:
        for visit in visits:
            self.run("camera", "remove", visit.comer.name, "--yes")
            visit.removed_ns = self._clock.boot_ns()
        self.until(lambda: self._are_closed(visits))
        for visit in visits:
            camera = self._cameras.get(visit.comer)
            if camera is not None and visit.comer.is_asked:
                visit.asked_ns = min(r.arrived_ns for r in camera.requests if r.arrived_ns > visit.adding_ns)

    def _are_closed(self, visits: Sequence[Visit]) -> bool:
        waiting = [visit for visit in visits if visit.comer.hangs_up and not visit.closed_ns]
        for visit in waiting:
            if not self._cameras[visit.comer].connections:
                visit.closed_ns = self._clock.boot_ns()
        return all(visit.closed_ns for visit in waiting)

    def _are_gone(self) -> bool:
        return len(bench_town.status(self.home).get("streams", {})) == STEADY


class Churned(NamedTuple):
    """What is left when they have all gone."""

    usages: list[dict[str, Usage]]  # by process: before the first round, and after each
    counts: list[dict[str, int]]  # of the recorder's objects, at the same moments
    connected: tuple[list[int], list[int]]  # connections of each camera that stays, and of each that went
    deaf_ended: list[bool]
    visits: list[Visit]
    steady: list[tuple[list[Fact], list[str], list[str]]]  # facts; digest of each picture recorded, and sent
    facts: dict[StreamId, list[Fact]]
    sizes: list[dict[str, int]]  # of the files in the home: before, after, and after the end
    log: str
    utc_offset: int  # UTC minus boot time, in ticks


@pytest.fixture(scope="module", params=[2, pytest.param(10, marks=pytest.mark.long)], ids=["20", "100"])
def churned(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Churned:
    stays, comes = make_clip(STAYS), make_clip(COMES)
    with contextlib.closing(Deaf()) as deaf, SmallTown([stays] * STEADY + [comes] * (len(COMERS) - 2)) as town:
        home, streams = bench_town.make(tmp_path_factory.mktemp("churn") / "town", town.urls[:STEADY])
        steady, comers = town.cameras[:STEADY], town.cameras[STEADY:]
        served = Served(home, comers, deaf)
        try:
            served.until(lambda: served.all_record(STEADY))
            served.warm_up()
            served.warm_up()
            usages, counts, sizes = [served.usage()], [served.census()], [_sizes(home)]
            served.visits.clear()
            for _ in range(request.param):
                served.round()
                usages.append(served.usage())
                counts.append(served.census(counts[0]))
            sizes.append(_sizes(home))
            connected = [camera.connections for camera in steady], served.connected()
            deaf_ended = deaf.ended()
        finally:
            log = served.stop()
        sizes.append(_sizes(home))
        clock = SystemClock()
        offset = clock.utc() - clock.boot_ns() * 9 // 100_000
        facts = bench_town.facts(home)
        sent = [[_digest(each.unit.nals[-1]) for each in camera.log if each.fate == SENT] for camera in steady]
        recorded = [[nals[-1] for nals in bench_town.frames(home, stream)] for stream in streams]
        shutil.rmtree(home.path)
    stayed = list(zip((facts[stream] for stream in streams), recorded, sent, strict=True))
    return Churned(usages, counts, connected, deaf_ended, served.visits, stayed, facts, sizes, log, offset)


def _sizes(home: Home) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in home.path.iterdir() if path.suffix.startswith((".db", ".json"))}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


Note = Callable[[str, object], None]


def test_nothing_leaks(churned: Churned, record_property: Note) -> None:
    """Files, sockets, objects and tasks are those of before, memory hardly grew; no connection is left at a camera."""
    first, last = churned.usages[0], churned.usages[-1]
    for name in PROCESSES:
        kb = [usage[name].kb for usage in churned.usages]
        record_property(f"{name}: before, after", (first[name]._asdict(), last[name]._asdict()))
        record_property(f"{name}: kB after each round", kb)
        assert {usage[name].sockets for usage in churned.usages} == {first[name].sockets}, name
        files = [usage[name].files for usage in churned.usages]
        assert max(files) - min(files) <= KEPT_OPEN, (name, files)
        assert last[name].threads <= first[name].threads + POOL, name
        growth = sorted(after - before for before, after in pairwise(kb))
        # what the heap keeps comes in leaps, a leak in every round
        warms_up = 1 if len(growth) > 2 else 4  # two rounds say little: processes that are new still grow
        assert growth[(len(growth) - 1) // 2] <= warms_up * MAY_GROW_KB * len(COMERS), (name, growth)
    record_property("objects", churned.counts[-1])
    for count in churned.counts:
        assert count == churned.counts[0]
    assert churned.connected == ([1] * STEADY, [0] * (len(COMERS) - 2))
    assert churned.deaf_ended
    assert all(churned.deaf_ended)
    assert "Traceback" not in churned.log
    assert "level=error" not in churned.log


@pytest.mark.parametrize("index", range(STEADY))
def test_no_other_camera_is_touched(churned: Churned, index: int, record_property: Note) -> None:
    """A camera that stays is asked once, has no gap, and every picture that it sent is recorded, in its order."""
    facts, recorded, sent = churned.steady[index]
    record_property("sent, recorded", (len(sent), len(recorded)))
    check_chain(facts)
    check_elapsed(facts)
    assert {fact.kind for fact in facts} == {"term", "seg"}
    assert recorded == sent[: len(recorded)]
    assert len(sent) - len(recorded) <= 1.5 * FPS, "the end is missing"


def test_a_change_reaches_the_recorder_soon(churned: Churned, record_property: Note) -> None:
    """A camera is asked, recorded and left alone again within two seconds of the command, and a GOP, in the median."""
    moments = {
        "asked": [(v.asked_ns - v.added_ns) / 1e9 for v in churned.visits if v.comer.is_asked],
        "recorded": [_first_ns(churned, v) / 1e9 for v in churned.visits if v.comer.records],
        "closed": [(v.closed_ns - v.removed_ns) / 1e9 for v in churned.visits if v.comer.hangs_up],
    }
    usual_s = {"asked": SOON_S, "recorded": SOON_S + GOP / FPS, "closed": SOON_S}
    for name, seconds in moments.items():
        record_property(f"{name}: median and worst, seconds", (round(median(seconds), 3), round(max(seconds), 3)))
        assert max(seconds) <= _worst_s(churned), name
        assert median(seconds) <= usual_s[name] or len(churned.visits) < MANY, name


def test_what_a_passing_camera_left_adds_up(churned: Churned) -> None:
    """Its facts are one chain that accounts for its time and ends with its removal; a healthy one has no gap."""
    for visit in churned.visits:
        facts = churned.facts.get(visit.stream, [])
        check_chain(facts)
        if len(facts) > 1:
            check_elapsed(facts)
        if visit.comer.records:
            ended = max(fact.t1 or 0 for fact in facts) - churned.utc_offset
            assert ended / SECOND <= visit.removed_ns / 1e9 + _worst_s(churned)
        if "healthy" in visit.comer.name:
            assert {fact.kind for fact in facts} == {"term", "seg"}


def test_the_files_do_not_grow(churned: Churned, record_property: Note) -> None:
    """The plan is as long as before; registry and catalogue keep a line or two of each camera that was."""
    before, after, ended = churned.sizes
    record_property("bytes before, after, and after the end", churned.sizes)
    cameras, facts = len(churned.visits), sum(map(len, churned.facts.values()))
    record_property("cameras that were, facts", (cameras, facts))
    assert abs(after["plan.json"] - before["plan.json"]) <= 2
    assert ended["office.db"] <= before["office.db"] + 64 * 1024 + 1024 * cameras
    assert ended["catalogue.db"] <= 128 * 1024 + 1024 * facts
    assert max(size for name, size in after.items() if name.endswith("-wal")) <= 5 << 20


def _worst_s(churned: Churned) -> float:
    """The long test runs alone; beside others a command's effect may be late."""
    return WORST_S if len(churned.visits) >= MANY else 5 * WORST_S


def _first_ns(churned: Churned, visit: Visit) -> int:
    """From the command's return to the first recorded picture."""
    first = next(fact for fact in churned.facts[visit.stream] if fact.kind == "seg")
    return (first.t0 - churned.utc_offset) * 100_000 // 9 - visit.added_ns
