# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What routes about recorded pictures stand on, put together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torrazzo.access.bookmarks import Bookmark
from torrazzo.access.staffing import Staffing
from torrazzo.control_room.index import Index
from torrazzo.control_room.person_looks import PersonLooks
from torrazzo.ledger.act import Wanted
from torrazzo.playback.pictures import Pictures
from torrazzo.town.camera import Camera

KEYS_AT_ONCE = 16  # segments of which keys are asked for together: a closing fact tells of each as shown


@dataclass(frozen=True, slots=True)
class PlaybackDesk:
    """Each call may block and runs in a thread."""

    index: Index
    looks: PersonLooks
    pictures: Pictures
    cameras: Callable[[], Sequence[Camera]]  # also removed ones, whose footage is there for a while

    def tend(self, staffing: Staffing) -> None:
        """Every few seconds."""
        self.looks.tend()
        self.pictures.tend()
        holds = [Wanted.of(hold.act) for hold in self.index.placed_holds()]

        def is_held(bookmark: Bookmark) -> bool:
            return any(
                each.span.start <= bookmark.at < each.span.end
                and any(stream.camera == bookmark.camera for stream in each.streams)
                for each in holds
            )

        staffing.bookmarks.forget(is_held)
        self.index.stay_near(staffing.staff.clock.utc())

    def close(self) -> None:
        """With the process."""
        self.looks.end_all("stopped")
        self.pictures.close()
