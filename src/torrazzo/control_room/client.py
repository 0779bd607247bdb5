# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The running control room, as the command line sees it: the office at the other end of the socket."""

import urllib.parse
from collections.abc import Mapping
from typing import Any

from torrazzo.base.errors import Damaged, Unavailable
from torrazzo.base.ids import CameraId
from torrazzo.control_room.answers import parse_error
from torrazzo.town.ask import ask
from torrazzo.town.camera import Camera
from torrazzo.town.home import Home
from torrazzo.town.wire import camera_from_wire, camera_to_wire

_CHANGE_S = 30.0


class ControlRoom:
    """Each method raises what the office at the other end raised, or `Unavailable` when nobody answers."""

    def __init__(self, home: Home) -> None:
        self._socket = home.control_room_socket

    def is_there(self) -> bool:
        """Whether it answers."""
        try:
            self._ask("GET", "/ping")
        except (Unavailable, Damaged):
            return False
        return True

    def add(self, camera: Camera) -> Camera:
        """As `Office.add`."""
        return camera_from_wire(self._ask("POST", "/cameras", camera_to_wire(camera)))

    def change(self, camera: Camera) -> Camera:
        """As `Office.change`."""
        return camera_from_wire(self._ask("PUT", f"/cameras/{camera.id}", camera_to_wire(camera)))

    def remove(self, id_: CameraId) -> Camera:
        """As `Office.remove`."""
        return camera_from_wire(self._ask("DELETE", f"/cameras/{id_}"))

    def state(self) -> Mapping[str, object]:
        """The town's state, as `TownState.to_json` gives it."""
        found = self._ask("GET", "/state")
        if not isinstance(found, dict):
            raise Damaged(f"{self._socket}: the state is not an object; restart `torrazzo serve`")
        return found

    def accounts(self, what: str, name: str, reason: str) -> Mapping[str, Any]:
        """`list`, `link` or `suspend`, for the owner of the home."""
        if what == "list":
            found = self._ask("GET", "/accounts")
        else:
            target = f"/accounts/{urllib.parse.quote(name, safe='')}/{what}"
            found = self._ask("POST", target, {"reason": reason})
        return found if isinstance(found, dict) else {}

    def provider(self, what: str, said: Mapping[str, object]) -> Mapping[str, Any]:
        """`show`, or `set`, `remove`, `bind`, `unbind`, for the owner of the home."""
        found = self._ask("GET", "/provider") if what == "show" else self._ask("POST", f"/provider/{what}", dict(said))
        return found if isinstance(found, dict) else {}

    def rebuild_catalogue(self) -> Mapping[str, object]:
        """Have the catalogue made anew from the volumes; may take long."""
        found = self._ask("POST", "/catalogue/rebuild", timeout=24 * 3600.0)
        return found if isinstance(found, dict) else {}

    def _ask(self, method: str, target: str, body: object = None, timeout: float = _CHANGE_S) -> object:
        status, answer = ask(self._socket, method, target, body, timeout)
        if status != 200:
            raise parse_error(answer, status)
        return answer
