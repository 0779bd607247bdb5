# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which adapter for which address."""

from functools import cache

from torrazzo.base.clock import Clock
from torrazzo.camera.address import is_rtsp
from torrazzo.camera.errors import CameraError, NotNative
from torrazzo.camera.native import make_scratch, open_native
from torrazzo.camera.source import Scratch, Source, StreamAddress

_shared_scratch = cache(make_scratch)


async def open_source(config: StreamAddress, clock: Clock, scratch: Scratch | None = None) -> Source:
    """Open one stream, by whatever speaks its transport. Raises `CameraError`.

    Sources that read into one `scratch` must be swept by one thread; without one, those of the process share one.
    """
    wants_native = is_rtsp(config.url) and config.transport != "udp"
    if wants_native:
        try:
            return await open_native(config, clock, scratch or _shared_scratch())
        except NotNative as error:
            if config.transport == "tcp":
                raise CameraError(f"{error}; allow UDP for this camera (transport: auto)", "nosignal") from error
    from torrazzo.camera.foreign import open_foreign  # late: it costs megabytes that a native town never needs

    return await open_foreign(config, clock)
