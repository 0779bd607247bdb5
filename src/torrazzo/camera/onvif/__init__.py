# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a device says about itself, and what it can be told: ONVIF.

Takes     a device's address, a user, a Clock; bytes from the network.
Gives     what messages mean, as values; or CameraError with its cause.
Promises  no answer makes it hang, grow past limits.py or raise anything else; no error holds a password.
Never     sends a password in the clear; asks for a picture; sends what it knows to another host than the one named.
Read      xml.py.
"""

__all__: list[str] = []
