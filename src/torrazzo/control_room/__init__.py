# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The control room: HTTP for people, for the command line and for the recorder's facts.

Takes     registry changes and facts, on a Unix socket that nobody else can open; looks, on loopback.
Gives     the town's state in words, the plan renewed, the catalogue fed, one plain page.
Promises  no page beyond loopback but the one with accounts; nothing that the recorder waits for.
Never     decides; touches the archive; is imported by what records.
Read      process.py, then state.py and page_app.py.
"""

from torrazzo.control_room.client import ControlRoom
from torrazzo.control_room.state import CameraState, StreamState, TownState, town_state

__all__ = ["CameraState", "ControlRoom", "StreamState", "TownState", "town_state"]
