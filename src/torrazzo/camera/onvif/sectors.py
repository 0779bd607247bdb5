# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether a camera may turn (control MN-04): geometry over what town/bounds.py declares, before anything is sent. Pure.

Poses are those of ONVIF's generic spaces: pan and tilt from -1 to 1, zoom from 0 to 1. A camera's axes move at their
own speeds: on its way from one pose to another it may pass anything within the rectangle between the two. So a way is
allowed when sectors that allow its largest zoom cover the whole rectangle.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from torrazzo.base.errors import Refused
from torrazzo.town.bounds import Bounds, Sector

_HALF_TURN = 1.0  # of an endless camera, in units of pan
_EVEN = 0.1  # half turns so near that the camera may go either way round
_EDGE = 1e-9


class Pose(NamedTuple):
    """Where a camera looks, or how far it is to turn."""

    pan: float
    tilt: float
    zoom: float


class _Way(NamedTuple):
    left: float
    right: float
    bottom: float
    top: float
    zoom: float


def check_absolute(bounds: Bounds, now: Pose | None, aim: Pose) -> None:
    """Whether it may turn from where it looks to there. Raises `Refused`."""
    if not (-1 <= aim.pan <= 1 and -1 <= aim.tilt <= 1 and 0 <= aim.zoom <= 1):
        raise Refused("the pose is outside what a camera can look at: pan and tilt from -1 to 1, zoom from 0 to 1")
    start = _known(bounds, now)
    step = aim.pan - start.pan
    steps = [step]
    if bounds.is_endless:
        other = step - 2 * _HALF_TURN if step > 0 else step + 2 * _HALF_TURN
        is_even = abs(abs(step) - abs(other)) <= 2 * _EVEN
        steps = [step, other] if is_even else [min(step, other, key=abs)]
    for way in steps:
        _check(bounds, start, Pose(start.pan + way, aim.tilt, aim.zoom))


def check_relative(bounds: Bounds, now: Pose | None, step: Pose) -> None:
    """Whether it may turn by so much; beyond its end it stops there. Raises `Refused`."""
    start = _known(bounds, now)
    _check(bounds, start, Pose(*(part + more for part, more in zip(start, step, strict=True))))


def check_continuous(bounds: Bounds, now: Pose | None, velocity: Pose, seconds: float) -> None:
    """Whether it may turn with that speed for so long. Raises `Refused`."""
    reach = seconds * bounds.full_speed
    check_relative(bounds, now, Pose(*(part * reach for part in velocity)))


def _known(bounds: Bounds, now: Pose | None) -> Pose:
    if not bounds.sectors:
        raise Refused("MN-04: nobody has said yet where this camera may look")
    if now is None:
        raise Refused("MN-04: the camera does not say where it looks, so no way to an allowed sector is known")
    return now


def _check(bounds: Bounds, start: Pose, stop: Pose) -> None:
    for way in _ways(bounds, start, stop):
        if not _is_allowed(bounds.sectors, way):
            raise Refused(
                f"MN-04: this would turn the camera to where it may not look (pan {_span(way.left, way.right)}, tilt "
                f"{_span(way.bottom, way.top)}, zoom up to {way.zoom:.2f}); nothing was sent"
            )


def _span(low: float, high: float) -> str:
    return f"{low:.2f}" if high - low < 0.005 else f"{low:.2f} to {high:.2f}"


def _ways(bounds: Bounds, start: Pose, stop: Pose) -> list[_Way]:
    """The rectangle between two poses; two where it crosses the seam of an endless camera."""
    bottom, top = sorted((_clamp(start.tilt), _clamp(stop.tilt)))
    zoom = max(_clamp(start.zoom, 0), _clamp(stop.zoom, 0))
    left, right = sorted((start.pan, stop.pan))
    if not bounds.is_endless:
        return [_Way(_clamp(left), _clamp(right), bottom, top, zoom)]
    if right - left >= 2 * _HALF_TURN:
        return [_Way(-1, 1, bottom, top, zoom)]
    ways = [_Way(max(left, -1), min(right, 1), bottom, top, zoom)]
    if left < -1:
        ways.append(_Way(left + 2, 1, bottom, top, zoom))
    if right > 1:
        ways.append(_Way(-1, right - 2, bottom, top, zoom))
    return ways


def _clamp(value: float, low: float = -1) -> float:
    return min(1.0, max(low, value))


def _is_allowed(sectors: Sequence[Sector], way: _Way) -> bool:
    """Whether sectors that allow its zoom cover all of it: each cell between the edges lies in one of them."""
    close = [sector for sector in sectors if sector.zoom + _EDGE >= way.zoom]
    pans = _edges(way.left, way.right, [edge for sector in close for edge in sector[:2]])
    tilts = _edges(way.bottom, way.top, [edge for sector in close for edge in sector[2:4]])
    return all(
        any(_holds(sector, pan, tilt) for sector in close)
        for pan, tilt in itertools.product(_cells(pans), _cells(tilts))
    )


def _edges(low: float, high: float, edges: Sequence[float]) -> list[float]:
    return [low, *sorted({edge for edge in edges if low < edge < high}), high]


def _cells(edges: Sequence[float]) -> list[tuple[float, float]]:
    return list(itertools.pairwise(edges))


def _holds(sector: Sector, pan: tuple[float, float], tilt: tuple[float, float]) -> bool:
    return (
        sector.left <= pan[0] + _EDGE
        and pan[1] <= sector.right + _EDGE
        and sector.bottom <= tilt[0] + _EDGE
        and tilt[1] <= sector.top + _EDGE
    )
