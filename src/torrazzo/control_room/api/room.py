# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the routes stand on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from torrazzo.access.cameras import Cameras as CamerasOfTown
from torrazzo.access.staff import Done
from torrazzo.access.staffing import Staffing
from torrazzo.base.clock import Clock
from torrazzo.base.errors import TorrazzoError, Unavailable
from torrazzo.base.times import UtcTicks
from torrazzo.control_room.api.problem import LedgerAway
from torrazzo.control_room.api.wall_book import WallBook
from torrazzo.control_room.api.wishes import WishBook
from torrazzo.control_room.camera_jobs import Jobs as CameraJobs
from torrazzo.control_room.demo_door import DemoDoor
from torrazzo.control_room.erasures import Erasures
from torrazzo.control_room.exports import Exports
from torrazzo.control_room.holds_app import HoldDesk
from torrazzo.control_room.live.looks import LiveLooks
from torrazzo.control_room.picture_desk import PictureDesk
from torrazzo.control_room.playback_desk import PlaybackDesk
from torrazzo.control_room.provider_desk import ProviderDesk
from torrazzo.control_room.staff_room import StaffRoom
from torrazzo.control_room.state import TownState
from torrazzo.control_room.turning_desk import TurningDesk
from torrazzo.evidence.act_log import ActLog
from torrazzo.health import Alarms
from torrazzo.ledger.client import LedgerClient
from torrazzo.town.camera import Camera
from torrazzo.town.home import Settings

T = TypeVar("T")

PATIENCE_S = 10.0  # with the ledger, of whoever changes something
ONCE_MORE_S = 1.0  # with one that gave no answer a moment ago


@dataclass(frozen=True, slots=True)
class Room:
    """Each call may block and runs in a thread."""

    people: StaffRoom
    settings: Settings
    state: Callable[[], TownState]
    cameras: Callable[[], Sequence[Camera]]
    ledger: Callable[[float], object]  # raises `Unavailable` where it takes nothing, after so many seconds at most
    wishes: WishBook
    walls: WallBook
    alarms: Alarms
    cameras_of_town: CamerasOfTown
    camera_jobs: CameraJobs
    turning: TurningDesk
    demo_door: DemoDoor | None = None
    exports: Exports | None = None
    holds: HoldDesk | None = None
    erasures: Erasures | None = None
    all_cameras: Callable[[], Sequence[Camera]] = tuple  # with removed ones
    playback: PlaybackDesk | None = None
    provider: ProviderDesk | None = None
    map_file: Path | None = None
    log: ActLog | None = None
    is_secure: bool = False  # people reach us over TLS, be it a proxy's
    is_behind_proxy: bool = False
    live: LiveLooks | None = None  # None: no recorder whose pictures could be shown
    pictures: PictureDesk | None = None
    ledger_away: Callable[[], UtcTicks | None] = lambda: None  # since when it has not answered, as far as is known
    refusals: dict[object, int] = field(default_factory=dict)
    on_curtain: Callable[[str, bool], object] = lambda _station, _is_drawn: None  # pictures stop, or may be asked for

    @property
    def staffing(self) -> Staffing:
        """The stores about people."""
        return self.people.staffing

    @property
    def clock(self) -> Clock:
        """The town's."""
        return self.people.staffing.staff.clock

    @property
    def archive(self) -> PlaybackDesk:
        """What was recorded; raises `Unavailable` where there is none."""
        if self.playback is None:
            raise Unavailable("there is no archive to look at here")
        return self.playback

    @property
    def act_log(self) -> ActLog:
        """What people did; raises `Unavailable` where there is no ledger to read."""
        if self.log is None:
            raise Unavailable("there is no log to read here")
        return self.log

    def expect_ledger(self) -> None:
        """Before something is changed; raises `LedgerAway`."""
        try:
            self.ledger(PATIENCE_S if self.ledger_away() is None else ONCE_MORE_S)
        except TorrazzoError as error:
            raise self.away("nothing was changed") from error

    def expect_ledger_back(self) -> None:
        """Before somebody looks: it is asked again only where it gave no answer; raises `LedgerAway`."""
        if self.ledger_away() is None:
            return
        try:
            self.ledger(ONCE_MORE_S)
        except TorrazzoError as error:
            raise self.away("nobody looks while the ledger takes nothing") from error

    def away(self, text: str) -> LedgerAway:
        """With since when."""
        return LedgerAway(text, self.ledger_away())

    def told(self, done: Done[T]) -> T:
        """The value, once the ledger has the facts of it; raises `LedgerAway`."""
        try:
            return self.people.told(done)
        except Unavailable as error:
            raise self.away("it was done, and is told to the ledger as soon as that is there") from error

    def told_or_owed(self, done: Done[T]) -> tuple[T, bool]:
        """The value, and whether the ledger has the facts of it: for ways in, which are open without it."""
        return self.people.told_or_owed(done)


def expect_running(ledger: LedgerClient, patience_s: float) -> None:
    """Raises `Unavailable` where the ledger takes nothing."""
    if (state := ledger.status(patience_s).get("state")) != "running":
        raise Unavailable(f"the ledger is {state}")
