# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The rolling scrub: reads all that is closed, names what is damaged, and keeps its pace."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.tools.recording import STREAM, Recording
from torrazzo.archive import VolumeReader
from torrazzo.archive.record import HEADER_SIZE, Kind
from torrazzo.base.times import HOUR, SECOND, iso_from_ticks
from torrazzo.durable import OsDisk
from torrazzo.evidence.jobs import Values, Work
from torrazzo.evidence.scrub import Pace, ScrubJob, Town, scrub_volume
from torrazzo.testing import ClipSpec, FakeClock, make_clip
from torrazzo.testing.clock import START


class Steps:
    """All in one life."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def step(self, name: str, part: tuple[float, float], work: Work) -> Values:
        self.names.append(name)
        found: Values = json.loads(json.dumps(work(lambda _: None)))
        return found


class Scrubbed:
    """A recording over an hour's edge, and what its scrub books."""

    def __init__(self, made: Recording) -> None:
        self.made, self.clock = made, FakeClock(START)
        self.booked: list[tuple[str, Any]] = []
        town = Town(lambda: [made.root], lambda *fact: self.booked.append(fact), lambda: {STREAM.camera: "Duomo"})
        self.job = ScrubJob(town, OsDisk(), self.clock)

    def volumes(self) -> list[Path]:
        return sorted(self.made.root.volumes.glob("*.vol"))

    def pieces(self, volume: Path) -> list[int]:
        """Offsets of the records of its pieces."""
        with VolumeReader.open(OsDisk(), volume) as reader:
            return [header.offset for header in reader.headers() if header.kind == Kind.PIECE]


@pytest.fixture
def scrubbed(tmp_path: Path) -> Scrubbed:
    made = Recording(tmp_path, start=START - 20 * SECOND)  # type: ignore[arg-type]
    made.shoot(make_clip(ClipSpec(width=160, height=120, frames=100)), 45)
    made.finish()
    return Scrubbed(made)


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_an_untouched_archive_is_read_whole_hour_by_hour(scrubbed: Scrubbed) -> None:
    """Each hour is a step and a fact, which counts every piece; nothing is bad."""
    steps = Steps()
    result = scrubbed.job.run({}, steps)
    counts = [len(scrubbed.pieces(volume)) for volume in scrubbed.volumes()]
    assert steps.names == ["list", "2026112421", "2026112422"]
    assert result == {"hours": 2, "ok": sum(counts), "bad": 0, "damages": []}
    first = START // HOUR * HOUR - HOUR
    assert scrubbed.booked == [
        ("scrub", {"t0": first + at * HOUR, "t1": first + (at + 1) * HOUR, "ok": count, "bad": 0})
        for at, count in enumerate(counts)
    ]


@pytest.mark.parametrize("where", ["payload", "header"])
def test_damage_is_named_with_camera_and_time(where: str, scrubbed: Scrubbed) -> None:
    """One bit in a piece or in its record: found without a key, told with camera and moment, counted in the fact."""
    volume = scrubbed.volumes()[1]
    offset = scrubbed.pieces(volume)[3]
    with VolumeReader.open(OsDisk(), volume) as reader:
        header = reader.header_at(offset)
    flip(volume, offset + (HEADER_SIZE + 100 if where == "payload" else 70))
    with capture_logs() as logs:
        result = scrubbed.job.run({}, Steps())
    assert result["bad"] == 1
    assert [fact["bad"] for _, fact in scrubbed.booked] == [0, 1]
    (told,) = (line for line in logs if line["event"] == "footage_damaged")
    assert (told["camera"], told["start"]) == ("Duomo", iso_from_ticks(header.t0))
    assert [(each["stream"], each["start"]) for each in result["damages"]] == [(str(STREAM), header.t0)]


def test_a_spoiled_footer_is_damage(scrubbed: Scrubbed) -> None:
    """The index of a closed volume is held against its hash, too."""
    volume = scrubbed.volumes()[0]
    flip(volume, volume.stat().st_size - 300)
    assert scrubbed.job.run({}, Steps())["bad"] >= 1


def test_what_is_being_written_or_gone_is_passed_over(scrubbed: Scrubbed, tmp_path: Path) -> None:
    """A volume without an end is its recorder's; one that was unlinked meanwhile is retention's."""
    volume = scrubbed.volumes()[0]
    growing = tmp_path / volume.name
    growing.write_bytes(volume.read_bytes()[:-40])
    assert scrub_volume(OsDisk(), growing, lambda _: None) == (0, [])
    assert scrub_volume(OsDisk(), tmp_path / "gone.vol", lambda _: None) == (0, [])


def test_a_pass_is_due_in_time(scrubbed: Scrubbed) -> None:
    """The first when the oldest footage has lived three tenths of its life, the next after six tenths of it."""
    assert not scrubbed.job.is_due(None)
    scrubbed.clock.advance(51 * 3600)
    assert scrubbed.job.is_due(None)
    begun = scrubbed.clock.utc() // 90
    assert not scrubbed.job.is_due(begun)
    scrubbed.clock.advance(100 * 3600)
    assert not scrubbed.job.is_due(begun)
    scrubbed.clock.advance(3600)
    assert scrubbed.job.is_due(begun)


def test_it_keeps_its_pace() -> None:
    """What was read faster than the rate allows is waited for."""
    pace = Pace(1_000_000, FakeClock())
    began = time.monotonic()
    pace.spend(50_000)
    assert time.monotonic() - began >= 0.045
