# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What one person may make of a camera, and what takes two."""

from dataclasses import replace

import pytest

from torrazzo.law.alone import alone
from torrazzo.town import Camera
from torrazzo.town.bounds import Bounds, Sector
from torrazzo.town.camera import new_camera_id
from torrazzo.town.office import new_camera

WIDE, NARROW = Bounds((Sector(-0.5, 0.5, -0.5, 0.5),)), Bounds((Sector(-0.5, 0.2, -0.5, 0.5, 0.5),))


def camera(*, enabled: bool = True, synthetic: bool = False, bounds: Bounds | None = None) -> Camera:
    return replace(new_camera(new_camera_id(), "Uno", (), synthetic=synthetic), enabled=enabled, bounds=bounds)


def test_a_real_camera_is_switched_on_by_nobody_alone() -> None:
    """LB-01: not by switching it on, nor by calling its pictures something else; off goes by one, and its name too."""
    waiting, real, synthetic = camera(enabled=False), camera(), camera(synthetic=True)
    for before, after in (
        (waiting, replace(waiting, enabled=True)),
        (waiting, replace(waiting, synthetic=True)),
        (waiting, replace(waiting, synthetic=True, enabled=True)),
        (synthetic, replace(synthetic, synthetic=False)),
        (real, replace(real, synthetic=True)),
    ):
        assert (alone(before, after).code, alone(before, after).clause) == ("CAMERA_NOT_LAWFUL", "LB-01")
    assert alone(real, replace(real, enabled=False, name="Due"))
    assert alone(replace(synthetic, enabled=False), synthetic)


@pytest.mark.parametrize("hours", [24, 168])
def test_how_long_it_keeps_is_nobody_s_alone(hours: int) -> None:
    """RT-01: longer and shorter alike take two, of any camera that is recorded; one that waits is confirmed whole."""
    for like in (camera(), camera(synthetic=True), camera(synthetic=True, enabled=False)):
        before = replace(like, retention_hours=72)
        assert alone(before, replace(before, retention_hours=hours)).code == "RETENTION_BY_TWO"
    waiting = camera(enabled=False)
    assert alone(waiting, replace(waiting, retention_hours=hours))


def test_where_it_may_look_is_widened_by_two() -> None:
    """MN-04: narrower by one; wider, closer, faster, or for the first time by two, where it shows a real place."""
    narrow, wide = camera(bounds=NARROW), camera(bounds=WIDE)
    assert alone(wide, replace(wide, bounds=NARROW))
    assert alone(wide, replace(wide, bounds=Bounds()))
    assert alone(wide, replace(wide, bounds=WIDE._replace(home="1")))
    for before, bounds in (
        (narrow, WIDE),
        (wide, Bounds((Sector(-0.5, 0.6, -0.5, 0.5),))),
        (narrow, Bounds((NARROW.sectors[0]._replace(zoom=0.6),))),
        (wide, WIDE._replace(full_speed=1.0)),
        (wide, WIDE._replace(is_endless=True)),
        (wide, Bounds((*WIDE.sectors, Sector(0.8, 0.9, 0, 0.1)))),
        (camera(), NARROW),
    ):
        assert alone(before, replace(before, bounds=bounds)).code == "SECTORS_BY_TWO"
    assert alone(camera(synthetic=True), camera(synthetic=True, bounds=WIDE))
