# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The demo's door: it stands open for its word in a running demo on this machine, and nowhere else."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tools.staffed import StaffedTown
from torrazzo.access.sessions import FULL, Where
from torrazzo.access.staff import Denial
from torrazzo.base.ids import CameraId, StreamId
from torrazzo.control_room.demo_door import DemoDoor, hash_of
from torrazzo.law import Role
from torrazzo.town.camera import Camera, StreamConfig
from torrazzo.town.home import DEMO_TOWN, load_settings
from torrazzo.town.office import new_camera

WORD = "una-parola-di-prova"
HERE = Where("sala-1", "127.0.0.1")


def camera(*, synthetic: bool) -> Camera:
    id_ = CameraId("00c0ffee00c0ffee")
    stream = StreamConfig(StreamId(id_, "main"), "rtsp://127.0.0.1:9/1")
    return new_camera(id_, "Uno", [stream], synthetic=synthetic)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[StaffedTown]:
    with StaffedTown(tmp_path / "town") as town:
        town.person("olga.neri", Role.OPERATOR)
        town.home.demo_door.write_text(hash_of(WORD))
        yield town


def door(town: StaffedTown, name: str = DEMO_TOWN, *cameras: Camera) -> DemoDoor:
    settings = replace(load_settings(town.home), name=name)
    return DemoDoor(town.home, settings, town.staffing, lambda: cameras or (camera(synthetic=True),))


def test_a_visitor_comes_in_with_an_open_shift(town: StaffedTown) -> None:
    """By the word alone, once more too: the session before is over; each entrance and the shift are facts."""
    open_door = door(town)
    (olga,) = open_door.people(WORD, HERE)
    first = open_door.enter(WORD, olga.id, HERE).value
    assert open_door.shift(first) is not None
    second = open_door.enter(WORD, olga.id, HERE).value
    assert open_door.shift(second) is None
    assert town.staffing.sessions.session(second.token).stage == FULL
    with pytest.raises(Denial, match="ended this one"):
        town.staffing.sessions.session(first.token)
    told = [each for each in town.told() if each[0] in {"auth", "shift"} and each[1] in {"sign-in", "open"}]
    assert told == [("auth", "sign-in", "olga.neri"), ("shift", "open", "olga.neri"), ("auth", "sign-in", "olga.neri")]


@pytest.mark.parametrize("why", ["word", "file", "name", "real", "none", "elsewhere", "nobody"])
def test_it_is_closed_everywhere_else(town: StaffedTown, why: str) -> None:
    """Another word, no demo that runs, another town, a real camera or none, another machine, somebody unknown."""
    found = door(town)
    (olga,) = found.people(WORD, HERE)
    word, where, person = WORD, HERE, olga.id
    match why:
        case "word":
            word = WORD + "x"
        case "file":
            town.home.demo_door.unlink()
        case "name":
            found = door(town, "Cremona")
        case "real":
            found = door(town, DEMO_TOWN, camera(synthetic=True), camera(synthetic=False))
        case "none":
            found = DemoDoor(town.home, replace(load_settings(town.home), name=DEMO_TOWN), town.staffing, tuple)
        case "elsewhere":
            where = Where("sala-1", "192.0.2.7")
        case "nobody":
            person = "0" * 16
    with pytest.raises(Denial) as denied:
        found.enter(word, person, where)
    assert denied.value.code == "LINK_GONE"
