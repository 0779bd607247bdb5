# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cameras of the registry as people change them: each change and the fact that it owes are one transaction.

Page and command line come through here, and what one person may not do alone (law/alone.py) neither of them does.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from torrazzo.access.accounts import Accounts
from torrazzo.access.staff import By, Change, Done, Staff, demand
from torrazzo.base.ids import CameraId, StreamId
from torrazzo.law.alone import alone
from torrazzo.town.camera import Camera, UnknownCamera
from torrazzo.town.office import Office
from torrazzo.town.wire import camera_to_wire

_BY_TWO: Mapping[str, str] = {
    "CAMERA_NOT_LAWFUL": "a real camera is activated with its file: one proposes it, another confirms (the page, "
    "Cameras). Whether it shows a real place is said when it is added: where that was wrong, remove it and add it anew",
    "RETENTION_BY_TWO": "how long its footage lives is changed by two: one proposes it, another confirms (the page, "
    "Cameras)",
    "SECTORS_BY_TWO": "where it may look is widened by two: one proposes it, another confirms (the page, Cameras)",
}


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
        """A new one, as of now; one of a real place waits until two activate it (LB-01)."""
        with self._staff.change() as change:
            camera = replace(camera, added=change.now, enabled=camera.enabled and camera.synthetic)
            self._office.registry.add(camera, change.connection)
            done = self._told(change, None, camera, by)
        self._office.publish()
        return done

    def change(self, id_: str, edit: Callable[[Camera], Camera], by: By) -> Done[Camera]:
        """What `edit` makes of it, by one person: raises `Denial` for what two decide; what is the same is not told."""

        def checked(before: Camera) -> Camera:
            after = edit(before)
            decision = alone(before, after)
            demand(decision, _BY_TWO.get(decision.code, ""))
            return after

        return self.decided(id_, checked, by)

    def decided(self, id_: str, edit: Callable[[Camera], Camera], by: By) -> Done[Camera]:
        """The same, of what one proposed and another confirmed."""
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
