# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cameras of the registry as people change them: each change and the fact that it owes are one transaction."""

from collections.abc import Callable
from dataclasses import replace

from torrazzo.access.accounts import Accounts
from torrazzo.access.staff import By, Change, Done, Staff
from torrazzo.base.ids import CameraId, StreamId
from torrazzo.town.camera import Camera, UnknownCamera
from torrazzo.town.office import Office
from torrazzo.town.wire import camera_to_wire


class Cameras:
    """Of one town; the recorder's plan follows each change. May be used by several threads."""

    def __init__(self, staff: Staff, accounts: Accounts, office: Office) -> None:
        self._staff, self._accounts, self._office = staff, accounts, office

    def all(self) -> tuple[Camera, ...]:
        """By name, without those that were removed."""
        return self._office.registry.cameras()

    def one(self, id_: str) -> Camera:
        """Raises `UnknownCamera`."""
        found = next((camera for camera in self.all() if camera.id == id_), None)
        if found is None:
            raise UnknownCamera(f"there is no camera {id_[:40]!r} (any more)")
        return found

    def add(self, camera: Camera, by: By) -> Done[Camera]:
        """A new one, as of now."""
        with self._staff.change() as change:
            camera = replace(camera, added=change.now)
            self._office.registry.add(camera, change.connection)
            done = self._told(change, None, camera, by)
        self._office.publish()
        return done

    def change(self, id_: str, edit: Callable[[Camera], Camera], by: By) -> Done[Camera]:
        """What `edit` makes of it; where that is the same, nothing is told."""
        with self._staff.change() as change:
            before = self.one(id_)
            after = edit(before)
            if after == before:
                return change.done(after)
            self._office.registry.change(after, change.now, change.connection)
            done = self._told(change, before, after, by)
        self._office.publish()
        return done

    def remove(self, id_: str, by: By) -> Done[Camera]:
        """Recorded no more, its passwords forgotten; its footage stays until its time is over."""
        with self._staff.change() as change:
            before = self.one(id_)
            self._office.registry.remove(before, change.now, change.connection)
            done = self._told(change, before, replace(before, removed=change.now, enabled=False, streams=()), by)
        self._office.publish()
        return done

    def turned(self, id_: CameraId, what: str, by: By) -> Done[None]:
        """The fact that a person turns it (MN-04); `by.reason` says where to."""
        with self._staff.change() as change:
            change.tell("turn", {"streams": [str(StreamId(id_, "main"))], "what": what}, by)
            return change.done(None)

    def asked(self, what: str, whom: str, by: By) -> Done[None]:
        """The fact that a person has the server ask somebody in the network: a `search`, a `probe`; nothing changes."""
        with self._staff.change() as change:
            about = {"asked": whom}
            self._accounts.tell_change(change, what, about, about, by._replace(reason=f"{by.reason}: {whom}"))
            return change.done(None)

    def _told(self, change: Change, before: Camera | None, after: Camera, by: By) -> Done[Camera]:
        was = None if before is None else camera_to_wire(before)
        about = by._replace(reason=f"{after.name}: {by.reason}")
        self._accounts.tell_change(change, "camera", was, camera_to_wire(after), about)
        return change.done(after)
