# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why a camera gives no pictures.

TorrazzoError
  + CameraError      `why` is the cause that the gap will carry: net, auth, codec, nosignal
    - StreamSyncLost  the bytes are not the protocol any more: only a new connection helps
    - NotNative       the native client doesn't speak this; another adapter may
"""

from torrazzo.base.errors import TorrazzoError


class CameraError(TorrazzoError):
    """A camera can't be had; its text never holds a password."""

    def __init__(self, message: str, why: str) -> None:
        super().__init__(message)
        self.why = why


class StreamSyncLost(CameraError):
    """What came is neither a packet nor a message."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "net")


class NotNative(CameraError):
    """The camera wants a transport that the native client doesn't have."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "nosignal")
