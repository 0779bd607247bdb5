# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""MN-04: a camera that turns looks only where it may, and what would take it elsewhere is refused before it is sent."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrazzo.base.clock import SystemClock
from torrazzo.base.errors import Invalid, Refused
from torrazzo.camera.onvif import Client, Turning
from torrazzo.camera.onvif.sectors import Pose, check_absolute, check_continuous, check_relative
from torrazzo.testing.onvif import FakeOnvif, Traits
from torrazzo.town.bounds import Bounds, Sector

SQUARE = Sector(-0.5, 0.5, -0.5, 0.5, 0.5)
MIDDLE = Pose(0, 0, 0)
BOUNDS = Bounds((SQUARE,))
MOVES = {"AbsoluteMove", "RelativeMove", "ContinuousMove", "GotoPreset"}


@pytest.mark.parametrize("aim", [Pose(0.5, -0.5, 0.5), Pose(0, 0, 0)])
def test_within_a_sector(aim: Pose) -> None:
    """Its edges belong to a sector."""
    check_absolute(BOUNDS, MIDDLE, aim)


@pytest.mark.parametrize("aim", [Pose(0.51, 0, 0), Pose(0, -0.6, 0), Pose(0, 0, 0.51), Pose(1, 1, 1)])
def test_outside_of_a_sector(aim: Pose) -> None:
    """Beyond an edge, or closer than the sector allows, is refused with the clause."""
    with pytest.raises(Refused, match="MN-04"):
        check_absolute(BOUNDS, MIDDLE, aim)


def test_the_way_counts_too() -> None:
    """From one allowed pose to another there is a way only through what is allowed, the rectangle's corners too."""
    apart = Bounds((Sector(-1, -0.5, -1, 1), Sector(0.5, 1, -1, 1)))
    with pytest.raises(Refused):
        check_absolute(apart, Pose(-0.7, 0, 0), Pose(0.7, 0, 0))
    joined = Bounds((*apart.sectors, Sector(-0.5, 0.5, -0.1, 0.1)))
    check_absolute(joined, Pose(-0.7, 0, 0), Pose(0.7, 0.1, 0))
    with pytest.raises(Refused):
        check_absolute(joined, Pose(-0.7, 0, 0), Pose(0.7, 0.2, 0))
    corner = Bounds((Sector(-1, 0, -1, 1), Sector(-1, 1, -1, 0)))
    with pytest.raises(Refused):  # both ends are allowed; the axes may be at different speeds
        check_absolute(corner, Pose(-0.5, 0.5, 0), Pose(0.5, -0.5, 0))


def test_zoom_on_the_way() -> None:
    """A way is as close as the closer of its ends: who looks closely turns back before turning away."""
    bounds = Bounds((Sector(-1, 0, -1, 1, 1.0), Sector(0, 1, -1, 1, 0.2)))
    check_absolute(bounds, Pose(-0.5, 0, 0.2), Pose(0.5, 0, 0.2))
    with pytest.raises(Refused):
        check_absolute(bounds, Pose(-0.5, 0, 0.9), Pose(0.5, 0, 0.1))


def test_an_endless_camera() -> None:
    """Where a camera turns round and round it goes the shorter way, and across the seam; half a turn may be either."""
    seam = Bounds((Sector(-1, -0.8, -1, 1), Sector(0.8, 1, -1, 1)), is_endless=True)
    check_absolute(seam, Pose(0.9, 0, 0), Pose(-0.9, 0, 0))
    check_relative(seam, Pose(0.9, 0, 0), Pose(0.2, 0, 0))
    with pytest.raises(Refused):
        check_relative(seam, Pose(0.9, 0, 0), Pose(0.4, 0, 0))
    with pytest.raises(Refused):
        check_absolute(seam._replace(is_endless=False), Pose(0.9, 0, 0), Pose(-0.9, 0, 0))
    half = Bounds((Sector(0, 1, -1, 1), Sector(-1, -0.9, -1, 1)), is_endless=True)
    for pan in (0.98, -0.98):  # one way round is allowed for the first, but nobody knows which one it takes
        with pytest.raises(Refused):
            check_absolute(half, Pose(0, 0, 0), Pose(pan, 0, 0))
    check_absolute(half, Pose(0, 0, 0), Pose(0.8, 0, 0))
    with pytest.raises(Refused):
        check_relative(half, Pose(0.5, 0, 0), Pose(2, 0, 0))


def test_turning_with_a_speed() -> None:
    """A speed is held for its time: as far as the camera may get in it must be allowed; stopping at its end counts."""
    bounds = BOUNDS._replace(full_speed=1.0)
    check_continuous(bounds, MIDDLE, Pose(0.5, 0, 0), 1)
    with pytest.raises(Refused):
        check_continuous(bounds, MIDDLE, Pose(0.6, 0, 0), 1)
    check_continuous(Bounds((Sector(0, 1, -1, 1),)), Pose(0.5, 0, 0), Pose(1, 1, -1), 10)
    with pytest.raises(Refused, match="does not say where it looks"):
        check_continuous(bounds, None, Pose(0.1, 0, 0), 1)


def test_without_sectors_nothing_is_allowed() -> None:
    """Nobody has said where it may look: it stands still, whether or not it says where it looks."""
    for now in (None, MIDDLE):
        with pytest.raises(Refused, match="nobody has said"):
            check_absolute(Bounds(), now, MIDDLE)
        with pytest.raises(Refused, match="nobody has said"):
            check_continuous(Bounds(), now, Pose(0.1, 0, 0), 1)


@pytest.mark.parametrize(
    "bounds",
    [
        Bounds((Sector(0.5, 0.5, 0, 1),)),
        Bounds((Sector(-2, 0, 0, 1),)),
        Bounds((Sector(0, 1, 0, 1, 2),)),
        Bounds((), full_speed=0),
        Bounds((Sector(float("nan"), 1, 0, 1),)),
    ],
)
def test_bounds_that_mean_nothing(bounds: Bounds) -> None:
    """Bounds that cannot be meant are refused when they are set, not when somebody turns."""
    with pytest.raises(Invalid):
        bounds.checked()


UNIT = st.floats(-1, 1)
POSES = st.builds(Pose, UNIT, UNIT, st.floats(0, 1))
SIDES = st.tuples(UNIT, UNIT).map(sorted)
SECTORS = st.builds(
    lambda pan, tilt, zoom: Sector(pan[0], pan[1], tilt[0], tilt[1], zoom), SIDES, SIDES, st.floats(0, 1)
)


@given(st.lists(SECTORS, min_size=1, max_size=4), POSES, POSES, st.floats(0, 1), st.floats(0, 1))
def test_nothing_forbidden_lies_on_an_allowed_way(
    sectors: list[Sector], start: Pose, stop: Pose, pan: float, tilt: float
) -> None:
    """Whatever lies between the ends of an allowed way lies in a sector that allows the zoom of both."""
    try:
        check_absolute(Bounds(tuple(sectors)), start, stop)
    except Refused:
        return
    x, y = start.pan + pan * (stop.pan - start.pan), start.tilt + tilt * (stop.tilt - start.tilt)
    zoom = max(start.zoom, stop.zoom)
    edge = 1e-6
    assert any(
        s.left - edge <= x <= s.right + edge and s.bottom - edge <= y <= s.top + edge and zoom <= s.zoom + edge
        for s in sectors
    )


def turning(fake: FakeOnvif, bounds: Bounds) -> Turning:
    """A camera with bounds, its services known."""
    client = Client(fake.where, None, None, SystemClock())
    asyncio.run(client.open())
    return Turning(client, "s0p0", bounds)


def test_a_forbidden_move_is_not_sent() -> None:
    """The device never hears of a move towards where it may not look; of an allowed one, and of a stop, it does."""
    with FakeOnvif(Traits()).running() as fake:
        camera = turning(fake, BOUNDS)
        for move in (camera.to(Pose(0.9, 0, 0)), camera.by(Pose(0, 0.9, 0)), camera.turn(Pose(1, 0, 0), 1)):
            with pytest.raises(Refused, match="MN-04"):
                asyncio.run(move)
        assert not MOVES & set(fake.operations)
        asyncio.run(camera.to_preset("1"))
        assert fake.pose == (0.5, 0.0, 0.2)
        fake.presets["3"] = ("Window", (0.9, 0.0, 0.0))
        with pytest.raises(Refused, match="MN-04"):
            asyncio.run(camera.to_preset("3"))
        with pytest.raises(Refused, match="does not say where this preset is"):
            asyncio.run(camera.to_preset("7"))
        asyncio.run(camera.turn(Pose(-0.1, 0, 0), 1))
        asyncio.run(camera.by(Pose(-0.1, 0, 0)))
        asyncio.run(camera.to(Pose(-0.5, 0, 0)))
        asyncio.run(camera.stop())
        sent = [name for name in fake.operations if name in MOVES | {"Stop"}]
        assert sent == ["GotoPreset", "ContinuousMove", "RelativeMove", "AbsoluteMove", "Stop"]
        assert fake.pose == (-0.5, 0.0, 0.0)


def test_a_camera_that_does_not_say_where_it_looks() -> None:
    """With sectors it stands still, since no way is known to be allowed; it can be stopped."""
    with FakeOnvif(Traits(says_pose=False)).running() as fake:
        camera = turning(fake, BOUNDS)
        with pytest.raises(Refused, match="MN-04"):
            asyncio.run(camera.to(MIDDLE))
        asyncio.run(camera.stop())
        assert not MOVES & set(fake.operations)
    assert fake.pose == MIDDLE


def test_a_pose_is_kept_as_a_preset() -> None:
    """Where it looks now gets a name; the same name again takes the place of the first, and forgets no other."""
    with FakeOnvif(Traits()).running() as fake:
        camera, fake.pose = turning(fake, BOUNDS), (0.25, 0.1, 0.0)
        token = asyncio.run(camera.keep("Torrazzo"))
        assert fake.presets[token] == ("Torrazzo", (0.25, 0.1, 0.0))
        fake.pose = (-0.25, 0.1, 0.0)
        assert asyncio.run(camera.keep("Torrazzo")) == token
        assert [name for name, _ in fake.presets.values()] == ["Piazza", "Via Roma", "Torrazzo"]
        assert fake.presets[token][1] == fake.pose
