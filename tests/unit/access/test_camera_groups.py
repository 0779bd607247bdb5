# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Groups of cameras, and the scope they give."""

import pytest

from tests.tools.staffed import OWNER, StaffedTown
from torrazzo.access.camera_groups import CameraGroup
from torrazzo.access.staff import Denial
from torrazzo.base.errors import Invalid, Refused
from torrazzo.base.ids import CameraId
from torrazzo.law import Role
from torrazzo.town.camera import new_camera_id
from torrazzo.town.office import new_camera


def _cameras(town: StaffedTown, count: int = 3) -> list[CameraId]:
    ids = [new_camera_id() for _ in range(count)]
    for id_ in ids:
        town.office.add(new_camera(id_, f"Via {id_}", (), synthetic=True))
    return ids


def test_a_person_has_to_do_with_the_cameras_of_the_groups(town: StaffedTown) -> None:
    """With those of all groups together and no others; a change of a group is a change for everybody who has it."""
    one, two, three = _cameras(town)
    groups = town.staffing.groups
    north = groups.save(CameraGroup("", "Nord", False, frozenset({one})), OWNER).value
    south = groups.save(CameraGroup("", "Sud", False, frozenset({two})), OWNER).value
    anna = town.person("anna.rossi", Role.OPERATOR)
    scope = town.staffing.accounts.scope
    anna = town.staffing.accounts.give(anna.id, anna.roles, {north.id, south.id}, OWNER).value
    assert scope(anna).has([one, two])
    assert not scope(anna).has([one, three])
    groups.save(south._replace(cameras=frozenset({three})), OWNER)
    assert scope(anna).has([one, three])
    assert not scope(anna).has([two])
    anna = town.staffing.accounts.give(anna.id, anna.roles, set(), OWNER).value
    assert not scope(anna).has([one])


def test_all_cameras_are_also_those_to_come(town: StaffedTown) -> None:
    """Such a group lists none."""
    anna = town.person("anna.rossi", Role.OPERATOR)
    all_ = town.staffing.groups.save(CameraGroup("", "Tutte", True, frozenset()), OWNER).value
    anna = town.staffing.accounts.give(anna.id, anna.roles, {all_.id}, OWNER).value
    assert town.staffing.accounts.scope(anna).has(_cameras(town))
    with pytest.raises(Invalid):
        town.staffing.groups.save(all_._replace(cameras=frozenset(_cameras(town, 1))), OWNER)


def test_what_is_not_there_is_in_no_group(town: StaffedTown) -> None:
    """Unknown cameras and groups, and a name that another one has, are refused; nothing has changed then."""
    (one,) = _cameras(town, 1)
    group = town.staffing.groups.save(CameraGroup("", "Nord", False, frozenset({one})), OWNER).value
    town.told()
    anna = town.person("anna.rossi")
    town.told()
    for wrong in (
        CameraGroup("", "Sud", False, frozenset({"0" * 16})),
        CameraGroup("f" * 16, "Sud", False, frozenset()),
        CameraGroup("", "", False, frozenset()),
    ):
        with pytest.raises(Invalid):
            town.staffing.groups.save(wrong, OWNER)
    with pytest.raises(Refused):
        town.staffing.groups.save(CameraGroup("", "Nord", False, frozenset()), OWNER)
    with pytest.raises(Invalid):
        town.staffing.accounts.give(anna.id, set(), {"f" * 16}, OWNER)
    assert town.staffing.groups.all() == [group]
    assert town.told() == []


def test_a_group_that_somebody_has_stays(town: StaffedTown) -> None:
    """It goes when nobody has it; both are told."""
    group = town.staffing.groups.save(CameraGroup("", "Nord", False, frozenset()), OWNER).value
    anna = town.person("anna.rossi")
    town.staffing.accounts.give(anna.id, set(), {group.id}, OWNER)
    with pytest.raises(Denial) as refused:
        town.staffing.groups.remove(group.id, OWNER)
    assert refused.value.code == "GROUP_USED"
    town.staffing.accounts.give(anna.id, set(), set(), OWNER)
    town.told()
    town.staffing.groups.remove(group.id, OWNER)
    assert town.staffing.groups.all() == []
    assert town.told() == [("cfg", "camera-group", "unix:root")]
