# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a device says about itself, and what it can be told: ONVIF.

Takes     a device's address, a user, a Clock; bytes from the network.
Gives     who is there, what a camera is, its masks, its events; or CameraError with its cause.
Promises  no answer makes it hang, grow past limits.py or raise anything else; no error holds a password.
Never     shows a password; asks for a picture; sends what it knows to another host than the one named; turns a camera
          to where it may not look.
Read      client.py, then describe.py; each service has a module of messages, which are pure.
"""

from torrazzo.camera.onvif.client import Client
from torrazzo.camera.onvif.describe import Description, describe
from torrazzo.camera.onvif.discovery import Found
from torrazzo.camera.onvif.multicast import discover
from torrazzo.camera.onvif.turning import Turning

__all__ = ["Client", "Description", "Found", "Turning", "describe", "discover"]
