# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cameras as a command on this machine changes them: by the same door as the page's, each change a fact of its user."""

from collections.abc import Callable
from dataclasses import replace

from torrazzo.access.cameras import Cameras
from torrazzo.access.staff import By, Done
from torrazzo.base.ids import CameraId
from torrazzo.town.camera import Camera


def owed(done: Done[Camera]) -> Camera:
    """Nobody is there to tell the ledger: the control room does it when it runs again."""
    return done.value


class CameraHand:
    """Of one Unix user. Changes wait for no ledger: what owes a fact is told as soon as that takes it."""

    def __init__(self, cameras: Cameras, user: str, tell: Callable[[Done[Camera]], Camera] = owed) -> None:
        self._cameras, self._user, self._tell = cameras, user, tell

    def add(self, camera: Camera) -> Camera:
        """One of a real place waits until two activate it (LB-01)."""
        return self._tell(self._cameras.add(camera, self._by("adds the camera")))

    def change(self, camera: Camera) -> Camera:
        """All that a command may say of it: masks and file are decided on the page."""

        def edit(before: Camera) -> Camera:
            return replace(camera, masks=before.masks, file=before.file)

        return self._tell(self._cameras.change(camera.id, edit, self._by("changes the camera")))

    def remove(self, id_: CameraId) -> Camera:
        """For good."""
        return self._tell(self._cameras.remove(id_, self._by("removes the camera")))

    def _by(self, reason: str) -> By:
        return By(f"unix:{self._user}", f"{reason}, by command")
