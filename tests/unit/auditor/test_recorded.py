# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the product's own recorder writes, hour after hour, held against all of the auditor's rules."""

from pathlib import Path

from tests.tools.audited import Audited, audited, tie
from tests.tools.lab import Lab, LabCamera
from torrazzo.archive.fact import parse_fact
from torrazzo.base.ids import CameraId, StreamId
from torrazzo.base.times import HOUR, SECOND, UtcTicks, hour_of
from torrazzo.keyring.ring import commitment
from torrazzo.ledger.act import pack_act
from torrazzo.ledger.merkle import leaf_hash, root_of
from torrazzo.ledger.text import to_base64
from torrazzo.testing import ClipSpec, FakeClock, FaultyDisk, make_clip
from torrazzo.testing.clock import START, run_virtual

ODD = (
    ClipSpec(fps="25/2", frames=25, gop=25, width=160, height=96, bitrate=20_000),
    ClipSpec(fps="15/4", frames=20, gop=10, b_frames=2, width=160, height=96, bitrate=20_000),
    ClipSpec(fps="3/7", frames=12, gop=4, width=160, height=96, bitrate=20_000),
)


class Books:
    """What a ledger would have of a lab: all that was delivered, the keys that were born, the minutes' heads."""

    def __init__(self, lab: Lab, town: Audited) -> None:
        self._lab, self._town = lab, town
        self._delivered = self._born = 0

    def enter(self) -> None:
        new = self._lab.deliveries[self._delivered :]
        self._delivered += len(new)
        self._town.enter("rec", *(each.fact for each in new))
        for name, key in list(self._lab.public.items())[self._born :]:
            self._born += 1
            root = to_base64(root_of([leaf_hash(commitment(name, key))]))
            values = {"hour": str(name).partition("/")[0], "classes": [name.class_], "root": root}
            self._town.enter("act", pack_act("key", self._town.clock.utc(), values))
        self._town.enter("act", tie(self._town.ledger, self._town.clock.utc()))


def test_hours_of_a_healthy_town_give_no_finding(tmp_path: Path) -> None:
    """Frames at odd rates end beyond the hour in which they begin: that is what a segment's last frame may do."""
    clock = FakeClock(UtcTicks(START - START % HOUR + HOUR - 61 * SECOND))
    lab = Lab(FaultyDisk(), clock, make_clip(ODD[0]), 0)
    for number, spec in enumerate(ODD, 1):
        stream = StreamId(CameraId(f"{number:016x}"), "main")
        lab.cameras[stream] = LabCamera(make_clip(spec), clock, ppm=100 * (number - 2))
    with audited(tmp_path / "office", clock=clock) as town:
        books = Books(lab, town)

        async def hours() -> None:
            lab.start()
            for _ in range(122):
                await lab.run(60, 0.5)
                books.enter()
                assert town.look() == []
            await lab.stop()
            books.enter()
            assert town.look() == []

        run_virtual(clock, hours())
    facts = [parse_fact(each.fact) for each in lab.deliveries]
    beyond = {f.stream for f in facts if f.kind == "seg" and f.t1 and hour_of(f.t1 - 1) != hour_of(f.t0)}
    assert beyond == lab.cameras.keys(), "no frame lies across the end of an hour: this shows nothing"
