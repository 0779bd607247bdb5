# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a device says.

Takes     an address, a user, a Clock; bytes from the network.
Gives     AccessUnit and SenderReport, in coding order, on the camera's own time line; or CameraError with its cause.
Promises  no input makes it hang, grow past limits.py or raise anything else; no error holds a password.
Never     sets up sound; waits inside a sweep; corrects a camera's time.
Read      native.py, then rtp.py and session.py.
"""

from torrazzo.camera.errors import CameraError
from torrazzo.camera.opening import open_source
from torrazzo.camera.probe import probe
from torrazzo.camera.source import Source
from torrazzo.camera.units import AccessUnit, SenderReport, VideoFormat

__all__ = ["AccessUnit", "CameraError", "SenderReport", "Source", "VideoFormat", "open_source", "probe"]
