# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Look at a stream for a few seconds: does it come, and as what?"""

import asyncio
from typing import NamedTuple

from torrazzo.base.clock import Clock
from torrazzo.camera.errors import CameraError
from torrazzo.camera.native import NativeSource
from torrazzo.camera.opening import open_source
from torrazzo.camera.source import Source, StreamAddress
from torrazzo.camera.units import AccessUnit

_WATCH_NS = 10_000_000_000
_ENOUGH = 50  # pictures
_PAUSE_SECONDS = 0.1


class Probe(NamedTuple):
    """What a camera gave."""

    why: str | None  # None: pictures came; else the cause: net, auth, codec, nosignal
    message: str  # one sentence for people
    tracks: tuple[str, ...]  # all that it offers, as far as known
    server: str | None
    codec: str | None
    size: tuple[int, int] | None
    frames_per_second: float | None
    bits_per_second: int | None


async def probe(config: StreamAddress, clock: Clock) -> Probe:
    """Open, watch some pictures, close. Never raises for what a camera does."""
    try:
        source = await open_source(config, clock)
    except CameraError as error:
        return Probe(error.why, str(error), (), None, None, None, None, None)
    units: list[AccessUnit] = []
    failure: CameraError | None = None
    try:
        await _watch(source, clock, units)
    except CameraError as error:
        failure = error
    finally:
        await source.close()
    return _judge(source, units, failure)


async def _watch(source: Source, clock: Clock, units: list[AccessUnit]) -> None:
    until = clock.boot_ns() + _WATCH_NS
    while clock.boot_ns() < until and len(units) < _ENOUGH:
        units += [event for event in source.sweep(clock.boot_ns()) if isinstance(event, AccessUnit)]
        await asyncio.sleep(_PAUSE_SECONDS)


def _judge(source: Source, units: list[AccessUnit], failure: CameraError | None) -> Probe:
    tracks = source.tracks if isinstance(source, NativeSource) else ()
    server = source.server if isinstance(source, NativeSource) else None
    if not units:
        missing = source.missing if isinstance(source, NativeSource) else None
        why = failure.why if failure is not None else "nosignal"
        text = str(failure) if failure is not None else f"no picture within {_WATCH_NS // 10**9} s"
        return Probe(why, f"{text} ({missing})" if missing else text, tracks, server, None, None, None, None)
    form = units[-1].format
    order = sorted(unit.pts for unit in units)
    ticks = order[-1] - order[0]
    speed = (len(units) - 1) * 90_000 / ticks if ticks > 0 else None
    bits = sum(len(unit.data) for unit in units[:-1]) * 8 * 90_000 // ticks if ticks > 0 else None
    message = f"{source.description}: {form.width}x{form.height}" + (f", {speed:.1f} frames/s" if speed else "")
    return Probe(None, message, tracks, server, form.codec, (form.width, form.height), speed, bits)
