# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one writer of the registry: each change reaches the database, then the plan that the recorder follows."""

import threading
from collections.abc import Iterable
from dataclasses import replace

from torrazzo.base.clock import Clock
from torrazzo.base.closing import Closing
from torrazzo.base.errors import Damaged, Unavailable
from torrazzo.base.ids import CameraId
from torrazzo.base.times import UtcTicks
from torrazzo.durable import Disk
from torrazzo.town.box import Box, load_box, make_box
from torrazzo.town.camera import Camera, StreamConfig, find_camera
from torrazzo.town.home import Home, Settings, save_settings
from torrazzo.town.plan import REISSUE_AFTER, load_plan, make_plan, peek_version, save_plan
from torrazzo.town.registry import open_registry


class Office(Closing):
    """Holds `run/office.lock` from opening to closing; raises `Refused` when another process has it."""

    def __init__(self, home: Home, disk: Disk, clock: Clock) -> None:
        self.home = home
        self._disk = disk
        self._clock = clock
        self._publishing = threading.Lock()
        disk.make_folder(home.run)
        self._lock = disk.lock(home.office_lock)
        try:
            self._box = load_box(home.box_key)
            self.registry = open_registry(home.office_db, self._box, may_write=True)
        except BaseException:
            self._lock.release()
            raise

    @property
    def box(self) -> Box:
        """What hides passwords."""
        return self._box

    def add(self, camera: Camera) -> Camera:
        """Add a camera, now."""
        camera = replace(camera, added=self._clock.utc())
        self.registry.add(camera)
        self.publish()
        return camera

    def change(self, camera: Camera) -> Camera:
        """Replace a camera's data; the plan follows even if nothing the recorder reads has changed."""
        self.registry.change(camera, self._clock.utc())
        self.publish()
        return camera

    def remove(self, id_: CameraId) -> Camera:
        """Stop recording a camera for good; its footage stays until its time is over."""
        camera = self.camera(id_)
        self.registry.remove(camera, self._clock.utc())
        self.publish()
        return camera

    def camera(self, id_: CameraId) -> Camera:
        """A camera that is not removed; raises `UnknownCamera` for another id."""
        return find_camera(self.registry.cameras(), id_)

    def publish(self) -> None:
        """Write the plan anew, as of now; whoever writes last has read last."""
        with self._publishing:
            plan = make_plan(self.registry.version(), self._clock.utc(), self.registry.cameras())
            save_plan(self._disk, self.home.plan, plan, self._box)

    def publish_if_due(self) -> bool:
        """Write the plan if the registry has moved on, the plan is half a day old, or it cannot be read."""
        if peek_version(self.home.plan) == self.registry.version():
            try:
                issued = load_plan(self.home.plan, self._box).issued
                if 0 <= self._clock.utc() - issued < REISSUE_AFTER:
                    return False
            except (Damaged, Unavailable):
                pass  # written anew below
        self.publish()
        return True

    def close(self) -> None:
        """Release the database, then the lock."""
        self.registry.close()
        self._lock.release()


def found_town(home: Home, disk: Disk, clock: Clock, settings: Settings) -> None:
    """Make a new home: folders, the box's key, an empty registry, its plan, and last the settings that make it one."""
    disk.make_folder(home.run)
    if not home.box_key.exists():
        make_box(disk, home.box_key)
    with Office(home, disk, clock) as office:
        office.publish()
    save_settings(home, disk, settings)


def new_camera(
    id_: CameraId, name: str, streams: Iterable[StreamConfig], *, place: str = "", synthetic: bool = False
) -> Camera:
    """A camera as it is first declared: enabled, without an end of permission."""
    return Camera(id_, name, place, synthetic, None, True, tuple(streams), UtcTicks(0))
