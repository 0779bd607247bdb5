# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a camera's signatures cost the writer's thread, at 1080p25 and 4 Mbit/s."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import pytest

from tests.tools.recording import STREAM, Recording
from tests.tools.signed import How, long_clip, sign_clip
from torrazzo.base import TermId
from torrazzo.camera import AccessUnit, VideoFormat
from torrazzo.camera.signing import Signing, shows_signing
from torrazzo.ingest import Frame
from torrazzo.recorder.journal import Event, Journal, Tenure
from torrazzo.recorder.keys import PublicKey
from torrazzo.segment import Fragment, Segmenter
from torrazzo.testing import ClipSpec, make_clip
from torrazzo.testing.clips import Clip

SECONDS = 40
ROUNDS = 9
SPEC = ClipSpec(width=1920, height=1080, frames=100, gop=50, bitrate=4_000_000, noise=0.05, sei=False)


def events(clip: Clip, begin: int) -> list[Event]:
    """What a segmenter gives the journal, a fragment a second."""
    shown = VideoFormat(clip.codec, clip.width, clip.height, clip.parameter_sets, 0, clip.interval)
    segmenter, found = Segmenter(), list[Event]()
    for at, unit in enumerate(clip.units):
        data = b"".join(len(nal).to_bytes(4) + nal for nal in unit.nals)
        picture = AccessUnit(unit.pts, unit.dts, data, unit.is_key, shown, 0, unit.dts * 100_000 // 9, False)
        if at and at % 25 == 0:
            found += segmenter.close_fragment()
        found += segmenter.push(
            Frame(picture, begin + unit.dts, begin + unit.dts + clip.interval, unit.dts + clip.interval, not at)
        )
    return found + segmenter.finish()


def cost(work: Callable[[], object]) -> float:
    """Microseconds of this thread's CPU for a second of one camera."""
    begun = time.thread_time_ns()
    work()
    return (time.thread_time_ns() - begun) / 1_000 / SECONDS


def write(made: Recording, all_events: Sequence[Event]) -> Callable[[], None]:
    """A new journal that takes them all."""
    tenure = Tenure(STREAM, TermId(made.term.node, made.term.fence, made.start), "boot", "0.1.0", 0)
    key: PublicKey = made._journal._keys._public_key
    journal = Journal(tenure, "standard", key, may_have_prior=False)
    journal.begin(None, made._volumes)

    def work() -> None:
        for event in all_events:
            journal.write(event, made._volumes)

    return work


def take(fragments: Sequence[Fragment]) -> None:
    """As the journal does it."""
    signing = Signing("h264")
    for each in fragments:
        signing = signing.copy()
        signing.take(each.parts[1:], each.m1, each.t1)


@pytest.mark.long
def test_signing_costs_little_and_none_costs_nothing(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Checking signatures adds at most half to a stream's journal; looking for them adds less than a hundredth."""
    made = Recording(tmp_path)
    plain = long_clip(make_clip(SPEC), SECONDS)
    streams = {"plain": events(plain, made.start), "signed": events(sign_clip(plain, How(delay=1)), made.start)}
    fragments = {name: [e for e in each if isinstance(e, Fragment)] for name, each in streams.items()}
    found: dict[str, list[float]] = {name: [] for name in ("look", "take", "journal_plain", "journal_signed")}
    for _ in range(ROUNDS):
        found["look"].append(cost(lambda: [shows_signing("h264", e.parts[1:]) for e in fragments["plain"]]))
        found["take"].append(cost(lambda: take(fragments["signed"])))
        for name in ("plain", "signed"):
            found[f"journal_{name}"].append(cost(write(made, streams[name])))
            made._volumes.flush()
    figures = {name: round(median(each), 1) for name, each in found.items()}
    size = sum(len(part) for e in fragments["plain"] for part in e.parts) * 8 / SECONDS / 1e6
    record_property("mbit_a_second", round(size, 2))
    record_property("microseconds_a_second_of_a_camera", figures)
    record_property("seconds", SECONDS)
    assert figures["look"] < figures["journal_plain"] / 100
    assert figures["take"] < figures["journal_plain"] / 2
