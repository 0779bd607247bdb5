# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A few streets with cameras, in one thread: for tests and for the demo."""

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from zoneinfo import ZoneInfo

from torrazzo.base.clock import Clock
from torrazzo.testing.camera import Bursts, FakeCamera, Habits
from torrazzo.testing.clips import Clip, ClipSpec, make_clip
from torrazzo.testing.clock_face import RunningClock
from torrazzo.town.position import Position

T = TypeVar("T")

STREETS = (
    "Via degli Orti Romani",
    "Via Mons. Assi",
    "Parco Rita Levi Montalcini",
    "Piazza Risorgimento",
    "Via della Torre",
    "Ponte Vecchio",
)
POSITIONS = (  # on the plan of web/src/core/map/plan.json, drawn by us; it is of no real town
    Position(45.134647, 10.024322, 10, 70, 90),
    Position(45.136444, 10.026028, 80, 60, 110),
    Position(45.135321, 10.026919, 30, 90, 70),
    Position(45.133569, 10.024016, 130, 90, 80),
    Position(45.133408, 10.021953, 265, 60, 100),
    Position(45.130407, 10.029313, 165, 55, 130),
)
_PATIENCE_S = 10


def street_spec(number: int) -> ClipSpec:
    """The picture of camera `number`, with its number: 640x360, 12.5 pictures and 300 kbit a second, 8 s long."""
    return ClipSpec(fps="25/2", frames=100, gop=25, bitrate=300_000, noise=0.04, tag=number + 1)


def demo_specs(number: int) -> tuple[ClipSpec, ClipSpec]:
    """The pictures of the demo's camera `number`, `main` and `sub`, without the clock that is put into them."""
    main = ClipSpec(
        width=640, height=352, fps="25/2", frames=125, gop=25, bitrate=250_000, tag=number + 1, sei=False, clock=True
    )
    return main, replace(main, width=320, height=176, bitrate=60_000)


def position_of(street: str) -> Position | None:
    """Where the demo's camera of that name stands on the plan."""
    return dict(zip(STREETS, POSITIONS, strict=True)).get(street)


class SmallTown:
    """Cameras that run in real time in a thread of their own, from `start` (or `with`) to `stop`.

    `cameras[i].do(fault)` and their logs may be used from any thread.
    """

    def __init__(
        self,
        clips: Sequence[Clip],
        habits: Habits | None = None,
        clock: Clock | None = None,
        zone: ZoneInfo | None = None,
    ) -> None:
        """`zone`: whose time is put into the pictures of clips that have room for a clock."""
        bursts = Bursts()
        faces = [None if zone is None else RunningClock(clip, zone) for clip in clips]
        self.cameras = tuple(
            FakeCamera(clip, clock, habits, bursts, face) for clip, face in zip(clips, faces, strict=True)
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="small-town", daemon=True)

    @classmethod
    def of_streets(cls, count: int = len(STREETS), folder: Path | None = None) -> Self:
        """Streets with numbers in their pictures. Clips are encoded once (0.3 s each) and kept in `folder`; no logs."""
        with ThreadPoolExecutor(2) as pool:
            clips = list(pool.map(lambda number: make_clip(street_spec(number), folder), range(count)))
        return cls(clips, Habits(keeps_log=False, aggregate=True))

    @classmethod
    def of_demo(cls, count: int, zone: ZoneInfo, folder: Path | None = None) -> Self:
        """The town that visitors see: of each camera `main` and `sub`, one after the other, with a clock in them."""
        specs = [spec for number in range(count) for spec in demo_specs(number)]
        with ThreadPoolExecutor(2) as pool:
            clips = list(pool.map(lambda spec: make_clip(spec, folder), specs))
        return cls(clips, Habits(keeps_log=False, aggregate=True), zone=zone)

    @property
    def urls(self) -> tuple[str, ...]:
        """In order of the cameras; known after `start`."""
        return tuple(camera.url for camera in self.cameras)

    def start(self, ports: Sequence[int] = ()) -> None:
        """Switch all cameras on, on `ports` if given; raises OSError if one of them is taken."""
        self._thread.start()
        try:
            for at, camera in enumerate(self.cameras):
                self._call(camera.start(ports[at] if ports else 0))
        except OSError:
            self.stop()
            raise

    def stop(self) -> None:
        """Switch all off and end the thread."""
        for camera in self.cameras:
            self._call(camera.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_S)
        self._loop.close()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_S)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
