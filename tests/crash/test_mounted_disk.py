# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A real `serve` on real file systems that freeze, die or fill up; what the cameras sent is held against what is left.

`test_disk.py` has the same cases on a moved clock and a faulty disk of ours, at more moments.
"""

import contextlib
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from bench import town as bench_town
from bench.machine import group
from tests.tools.lab import check_chain, check_elapsed
from tests.tools.ledger_process import until
from tests.tools.mounts import Mount, ext4, tmpfs
from tests.tools.patience import PATIENCE_S
from torrazzo.archive.fact import Fact
from torrazzo.archive.record import Kind
from torrazzo.base import StreamId
from torrazzo.base.clock import SystemClock
from torrazzo.base.times import ticks_from_text
from torrazzo.testing import ClipSpec, make_clip
from torrazzo.testing.player import SENT, Sent
from torrazzo.testing.town import SmallTown
from torrazzo.town.home import Home

pytestmark = pytest.mark.needs_root

FPS, GOP = 12.5, 12
GOP_S = GOP / FPS
SPEC = ClipSpec(fps="25/2", frames=600, gop=GOP, width=320, height=192, bitrate=150_000, noise=0.02)  # no picture twice
LONG = replace(SPEC, frames=1_200)
MAY_LOSE_S = 2  # of what was not synced
BACK_WITHIN_S = 2  # after the disk takes records again; with the wait for a key frame, of which there is one a second
NEAR_S = 1  # how near the ends of a gap are to what the camera says
LAG_MS = 200

Property = Callable[[str, object], None]


class Kept(NamedTuple):
    """What became of one camera's pictures."""

    facts: list[Fact]
    sent: list[Sent]
    places: list[int]  # among the sent: those that are recorded

    @property
    def lost(self) -> list[int]:
        """Sent and not recorded, up to the last recorded one."""
        there = set(self.places)
        return [at for at in range(self.places[-1]) if at not in there]

    @property
    def lost_s(self) -> float:
        """The same in seconds."""
        return len(self.lost) / FPS

    @property
    def has_end(self) -> bool:
        """Whether all is recorded but what had not been read when the recorder was stopped."""
        return len(self.sent) - 1 - self.places[-1] <= 1.5 * FPS

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing."""
        return self.has_end and not self.lost and not self.gaps()

    def gaps(self) -> list[Fact]:
        """Closed ones that last."""
        return [fact for fact in self.facts if fact.kind == "gap" and fact.t1 not in (None, fact.t0)]


class Scene:
    """A town of `count` cameras that records on these mounts; `recording`, then `kept`."""

    def __init__(self, folder: Path, roots: Sequence[Mount], count: int, spec: ClipSpec = SPEC) -> None:
        self.clock, self.count = SystemClock(), count
        self.town = SmallTown([make_clip(spec)] * count)
        self.home = Home(folder / "town")
        self.roots = [mount.path / "archive" for mount in roots]
        self.streams: list[StreamId] = []
        self.log = folder / "serve.log"

    @contextlib.contextmanager
    def recording(self) -> Iterator[None]:
        """From when all cameras record until `serve` has ended in order."""
        with self.town:
            self.home, self.streams = bench_town.make(self.home.path, self.town.urls, self.roots)
            with self.serving():
                self.until(self.all_record)
                yield

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        """`torrazzo serve`."""
        command = (sys.executable, "-m", "torrazzo", "serve", "--home", self.home.path, "--port", "0")
        with self.log.open("wb") as out, group("mounted-disk") as processes:
            processes.start(command, stdout=out, stderr=out)
            yield
        assert processes.processes[0].returncode == 0, self.log.read_text()[-4000:]

    def recover(self) -> None:
        """Let the next start write what was cut off."""
        with self.serving():
            self.until(lambda: "event=recovered" in self.log.read_text())

    def status(self) -> dict[str, Any]:
        """What the recorder says."""
        return bench_town.status(self.home)

    def all_record(self) -> bool:
        """Whether frames of all cameras flow."""
        states = [each["state"] for each in self.status().get("streams", {}).values()]
        return states.count("recording") == self.count

    def until(self, condition: Callable[[], Any], seconds: float = PATIENCE_S) -> Any:
        """The condition's first true value."""
        return until(condition, seconds, self.log)

    def late_s(self) -> float:
        """How late the recorder came round at worst: on a busy machine others leave it no time."""
        return float(self.status()["worst_lag_ms"]) / 1000

    def behind_s(self) -> float:
        """How long the oldest batch of any disk has been waiting."""
        return max(float(root["behind_seconds"]) for root in self.status()["roots"])

    def at_ns(self, utc: int) -> float:
        """Boot time of a UTC tick."""
        return self.clock.boot_ns() - (self.clock.utc() - utc) * 100_000 / 9

    def logged_ns(self, event: str) -> float:
        """When it was first logged."""
        line = next(line for line in self.log.read_text().splitlines() if f" event={event} " in line)
        return self.at_ns(ticks_from_text(line.split()[0].removeprefix("timestamp="), ZoneInfo("UTC")))

    def kept(self) -> list[Kept]:
        """Each camera's pictures; its facts are sound, and its connection was never neglected."""
        found = bench_town.facts(self.home)
        kept = []
        for stream, camera in zip(self.streams, self.town.cameras, strict=True):
            check_chain(found[stream])
            check_elapsed(found[stream])
            sent = list(camera.log)
            assert {(each.session, each.fate) for each in sent} == {(1, SENT)}
            numbers = {hashlib.sha256(each.unit.nals[-1]).hexdigest(): at for at, each in enumerate(sent)}
            assert len(numbers) == len(sent), "a picture was sent twice"
            places = [numbers[nals[-1]] for nals in bench_town.frames(self.home, stream)]
            assert len(places) == len(set(places)), "a picture was recorded twice"
            kept.append(Kept(found[stream], sent, sorted(places)))
        return kept

    def homes(self) -> list[list[tuple[int, Path]]]:
        """For each camera: when its fragments begin, and the root on which they lie."""
        found: dict[StreamId, list[tuple[int, Path]]] = {stream: [] for stream in self.streams}
        for reader, record in bench_town.records(self.home):
            if record.kind == Kind.PIECE and record.stream is not None and record.frames:
                found[record.stream].append((record.t0, reader.path.parents[1]))
        return [sorted(found[stream]) for stream in self.streams]

    def findings(self) -> list[Any]:
        """Of `footage check --deep`."""
        command = (sys.executable, "-m", "torrazzo", "footage", "check", "--deep", "--json", "--home", self.home.path)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode in {0, 1}, done.stderr
        return list(json.loads(done.stdout))


class Absence(NamedTuple):
    """The one stretch that a camera lacks."""

    first: Sent  # that is lost
    back: Sent  # the first that is recorded again


def _absence(scene: Scene, kept: Kept, late_s: float = 0) -> Absence:
    """From the first lost picture to when all are recorded again, at a key frame; told as gaps `disk`, ends right."""
    gaps, lost = kept.gaps(), kept.lost
    assert kept.has_end
    assert {fact.why for fact in gaps} == {"disk"}
    found = Absence(kept.sent[lost[0]], kept.sent[lost[-1] + 1])
    assert found.back.unit.is_key
    assert abs(scene.at_ns(gaps[0].t0) - found.first.sent_ns) / 1e9 <= NEAR_S + late_s
    assert abs(scene.at_ns(gaps[-1].t1 or 0) - found.back.sent_ns) / 1e9 <= NEAR_S + late_s
    return found


def test_five_seconds_without_an_answer_lose_nothing(tmp_path: Path, record_property: Property) -> None:
    """A file system frozen for five seconds costs no picture and makes no gap."""
    with ext4(tmp_path / "disk", 64) as disk:
        scene = Scene(tmp_path, [disk], 2)
        with scene.recording():
            time.sleep(1)
            with disk.frozen():
                time.sleep(5)
                behind_s = scene.behind_s()
            scene.until(lambda: scene.behind_s() < 1)
            time.sleep(1)
            lag_ms = scene.status()["worst_lag_ms"]
        kept = scene.kept()
    record_property("behind in seconds, worst lag in ms", (behind_s, lag_ms))
    assert behind_s > 3, "it was not frozen"
    assert lag_ms < 4_000, "the loop waited for the disk"
    for each in kept:
        assert each.is_complete, (each.lost, each.gaps())


@pytest.mark.long
def test_thirty_seconds_without_an_answer_make_one_gap_of_whole_groups(
    tmp_path: Path, record_property: Property
) -> None:
    """What the queue holds is kept, then whole groups of pictures are left out; those of another disk lose nothing."""
    with ext4(tmp_path / "bad", 64) as bad, ext4(tmp_path / "good", 64) as good:
        scene = Scene(tmp_path, [bad, good], 4, LONG)
        with scene.recording():
            time.sleep(12)
            lag_before_ms = scene.status()["worst_lag_ms"]
            frozen_ns = scene.clock.boot_ns()
            with bad.frozen():
                time.sleep(30)
                behind_s = scene.behind_s()
            thawed_ns = scene.clock.boot_ns()
            scene.until(scene.all_record)
            time.sleep(12)
            lag_ms = scene.status()["worst_lag_ms"]
        kept, homes, findings = scene.kept(), scene.homes(), scene.findings()
    record_property("behind in seconds, worst lag in ms before and after", (behind_s, lag_before_ms, lag_ms))
    assert findings == []
    assert all(len({root for _, root in lies}) == 1 for lies in homes), "a camera was moved"
    touched = [name for name, lies in enumerate(homes) if lies[0][1] == scene.roots[0]]
    assert len(touched) == 2
    for name in set(range(4)) - set(touched):
        assert kept[name].is_complete, (kept[name].lost, kept[name].gaps())
    for name in touched:
        absence, lost = _absence(scene, kept[name]), kept[name].lost
        held_s = (absence.first.sent_ns - frozen_ns) / 1e9
        back_s = (absence.back.sent_ns - thawed_ns) / 1e9
        record_property(f"camera {name}: pictures lost, seconds held, seconds until back", (len(lost), held_s, back_s))
        assert len(kept[name].gaps()) == 1
        assert lost == list(range(lost[0], lost[-1] + 1))
        assert absence.first.unit.is_key
        assert held_s >= 5
        assert back_s <= BACK_WITHIN_S
    assert lag_ms <= LAG_MS


def _shut_down(folder: Path, after_s: float, record_property: Property) -> None:
    with ext4(folder / "bad", 64) as bad, ext4(folder / "good", 64) as good:
        scene = Scene(folder, [bad, good], 4)
        with scene.recording():
            time.sleep(after_s)
            bad.shut_down()
            scene.until(lambda: [root["state"] for root in scene.status()["roots"]] == ["failed", "ok"])
            time.sleep(3)
            late_s = scene.late_s()
        bad.repair()
        scene.recover()
        kept, homes, findings = scene.kept(), scene.homes(), scene.findings()
    assert findings == []
    for name, (each, lies) in enumerate(zip(kept, homes, strict=True)):
        roots = [root for _, root in lies]
        counts = [roots.count(root) for root in scene.roots]
        record_property(f"camera {name}: fragments on each root, pictures lost", (*counts, len(each.lost)))
        assert roots[-1] == scene.roots[1]
        if roots[0] == scene.roots[0]:
            assert each.lost_s <= MAY_LOSE_S + late_s
        else:
            assert set(roots) == {scene.roots[1]}
            assert each.is_complete
    assert [lies[0][1] for lies in homes].count(scene.roots[0]) == 2


def test_a_root_that_dies_hands_its_cameras_over(tmp_path: Path, record_property: Property) -> None:
    """One of two roots loses what was not synced: its cameras move and lose two seconds at most, the others nothing."""
    _shut_down(tmp_path, 5, record_property)


@pytest.mark.long
@pytest.mark.parametrize("after_s", [11.2, 13.4, 15.6, 17.8])
def test_a_root_that_dies_at_another_moment_hands_its_cameras_over(
    after_s: float, tmp_path: Path, record_property: Property
) -> None:
    """The same in later segments, at other moments of the second."""
    _shut_down(tmp_path, after_s, record_property)


@pytest.mark.parametrize("kind", [tmpfs, pytest.param(ext4, marks=pytest.mark.long)])
def test_a_full_disk_is_used_again_when_there_is_space(
    kind: Callable[[Path, int], contextlib.AbstractContextManager[Mount]],
    tmp_path: Path,
    record_property: Property,
) -> None:
    """No space: a gap `disk`; two seconds after there is space, it records again by itself, key frame and all."""
    with kind(tmp_path / "disk", 32) as disk:
        scene = Scene(tmp_path, [disk], 2)
        with scene.recording():
            time.sleep(3)
            with disk.full():
                scene.until(lambda: scene.status()["roots"][0]["state"] == "failed")
                time.sleep(2)
                freed_ns = scene.clock.boot_ns()
            time.sleep(BACK_WITHIN_S + 1)
            scene.until(scene.all_record)
            late_s = scene.late_s()
        failed_ns = scene.logged_ns("disk_failed")
        scene.recover()
        kept, findings = scene.kept(), scene.findings()
    for name, each in enumerate(kept):
        absence = _absence(scene, each, late_s)
        lost_s = (failed_ns - absence.first.sent_ns) / 1e9
        back_s = (absence.back.sent_ns - freed_ns) / 1e9
        stray = each.lost[-1] + 1 - each.lost[0] - len(each.lost)
        record_property(f"camera {name}: seconds lost before, seconds until back, strays", (lost_s, back_s, stray))
        assert lost_s <= MAY_LOSE_S + late_s
        assert back_s <= BACK_WITHIN_S + late_s
        assert stray == 0, "pictures stand in the gap"
    assert findings == []
