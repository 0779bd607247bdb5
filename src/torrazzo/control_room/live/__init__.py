# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Live pictures: from the recorder's socket to browsers (docs/3-formats/live.md). Read relay.py, then looks.py."""

from torrazzo.control_room.live.looks import LiveLook, LiveLooks
from torrazzo.control_room.live.relay import LiveRelay
from torrazzo.control_room.live.viewer import Viewer

__all__ = ["LiveLook", "LiveLooks", "LiveRelay", "Viewer"]
