# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Registry and catalogue, wherever they are written now: here, or by the running control room."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING

from torrazzo.base.clock import SystemClock
from torrazzo.base.errors import Refused, Unavailable
from torrazzo.control_room.client import ControlRoom
from torrazzo.durable import OsDisk
from torrazzo.town.box import load_box
from torrazzo.town.camera import Camera, find_camera
from torrazzo.town.home import Home, load_settings

if TYPE_CHECKING:  # loads the database's machinery, which half of the commands do without
    from torrazzo.access.camera_hand import CameraHand
    from torrazzo.town.office import Office

_PATIENCE_S = 10.0
_LOOK_S = 0.1


@contextmanager
def changing(home: Home) -> "Iterator[Office | ControlRoom]":
    """Who may change the registry now: this process, under the lock, or the control room that holds it."""
    from torrazzo.town.office import Office

    load_settings(home)
    room = ControlRoom(home)
    for _ in range(round(_PATIENCE_S / _LOOK_S)):
        try:
            office = Office(home, OsDisk(), SystemClock())
        except Refused:
            if room.is_there():
                yield room
                return
            Event().wait(_LOOK_S)  # it is just starting, or another command is at work
            continue
        with office:
            yield office
        return
    raise Unavailable(
        f"{home.office_lock} is held and the control room does not answer; see what `torrazzo serve` says"
    )


@contextmanager
def changing_cameras(home: Home) -> "Iterator[CameraHand | ControlRoom]":
    """The same for cameras: each change is a fact of who runs the command, and what two decide is refused."""
    from torrazzo.access import Peer
    from torrazzo.access.camera_hand import CameraHand
    from torrazzo.access.cameras import Cameras
    from torrazzo.access.staffing import Staffing
    from torrazzo.town.office import Office

    with changing(home) as office:
        if not isinstance(office, Office):
            yield office
            return
        staffing = Staffing.of(office.registry.engine, office.box, SystemClock())
        cameras = Cameras(staffing.staff, staffing.accounts, office)
        yield CameraHand(cameras, Peer.of(os.getuid()).name)


def read_cameras(home: Home, *, has_removed: bool = False) -> tuple[Camera, ...]:
    """All cameras, by name. A registry of an older version is brought up to date where nobody else has it."""
    from torrazzo.town.registry import OlderRegistry, open_registry

    load_settings(home)
    try:
        registry = open_registry(home.office_db, load_box(home.box_key))
    except OlderRegistry:
        with changing(home):
            registry = open_registry(home.office_db, load_box(home.box_key))
    with registry:
        return registry.cameras(has_removed=has_removed)


def read_camera(home: Home, name: str, *, has_removed: bool = False) -> Camera:
    """One camera by name or id; raises `UnknownCamera` with those that come close."""
    return find_camera(read_cameras(home, has_removed=has_removed), name)
