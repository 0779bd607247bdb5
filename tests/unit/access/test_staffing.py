# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the law says of a person, with what is known of the moment."""

import dataclasses

import pytest

from tests.tools.staffed import OWNER, PASSWORD, ROOM, StaffedTown
from torrazzo.access.account import Agreement
from torrazzo.access.camera_groups import CameraGroup
from torrazzo.access.staff import By
from torrazzo.base.errors import Unavailable
from torrazzo.law import Circumstances, Operation, Role
from torrazzo.law.decision import no
from torrazzo.town.camera import new_camera_id
from torrazzo.town.office import new_camera

DAY_S = 24 * 3600
SAID = Circumstances("crime", "Furto di bici in piazza", event="alarm 12")


def test_an_operator_sees_the_groups_cameras_in_a_shift(town: StaffedTown) -> None:
    """Shift and scope are looked up, and not what a page says they are."""
    inside, outside = new_camera_id(), new_camera_id()
    for id_ in (inside, outside):
        town.office.add(new_camera(id_, f"Via {id_}", (), synthetic=True))
    group = town.staffing.groups.save(CameraGroup("", "Nord", False, frozenset({inside})), OWNER).value
    anna = town.person("anna.rossi", Role.OPERATOR)
    anna = town.staffing.accounts.give(anna.id, anna.roles, {group.id}, OWNER).value
    decide = town.staffing.decide
    lie = SAID._replace(has_shift=True, is_in_scope=True)
    assert decide(anna, Operation.LIVE, [inside], lie) == no("SHIFT_REQUIRED", "LG-02")
    town.staffing.shifts.open(By(anna.name, "Servizio di centrale, mattino", None, anna.id))
    assert decide(anna, Operation.LIVE, [inside])
    assert decide(anna, Operation.LIVE, [inside, outside], lie) == no("OUT_OF_SCOPE", "AC-02")
    assert decide(anna, Operation.PLAYBACK, [inside], SAID)
    assert decide(anna, Operation.COPY_APPROVE) == no("FORBIDDEN", "AC-02")


def test_police_see_while_the_protocol_is_in_force(town: StaffedTown) -> None:
    """AC-06: live alone by itself, more where the protocol says so; nothing from its last second on."""
    protocol = town.agreement("protocol", days=10)
    paolo = town.person("paolo.neri", Role.POLICE, agreement=protocol.id)
    decide = town.staffing.decide
    assert decide(paolo, Operation.LIVE)
    assert decide(paolo, Operation.PTZ).code == "PROTOCOL_FORBIDS"
    both = frozenset({Operation.LIVE, Operation.PTZ})
    town.staffing.accounts.add_agreement(protocol._replace(operations=both), OWNER)
    paolo = town.staffing.accounts.account(paolo.id)
    assert decide(paolo, Operation.PTZ)
    town.clock.advance(10 * DAY_S)
    assert decide(paolo, Operation.LIVE) == no("PROTOCOL_EXPIRED", "AC-06")


def test_a_technician_comes_in_while_the_contract_lasts(town: StaffedTown) -> None:
    """AC-07: past the contract's end sign-in is refused, whatever the designation says."""
    contract = town.agreement("contract", days=10)
    assert isinstance(contract, Agreement)
    town.person("carlo.ferri", Role.TECHNICIAN, agreement=contract.id)
    town.clock.advance(10 * DAY_S - 1)
    assert town.staffing.sign_in.by_password("carlo.ferri", PASSWORD, ROOM).value
    town.clock.advance(1)
    assert town.staffing.sign_in.by_password("carlo.ferri", PASSWORD, ROOM).value == no("ACCOUNT_SUSPENDED", "AC-09")


def test_a_refusal_is_told(town: StaffedTown) -> None:
    """With the operation and the code, in the form of a fact."""
    anna = town.person("anna.rossi", Role.ADMIN)
    decision = town.staffing.decide(anna, Operation.LIVE)
    (fact,) = town.staffing.deny(By(anna.name, "wall", ROOM.text(), anna.id), Operation.LIVE, decision).facts
    assert (fact.kind, fact.values) == ("deny", {"what": "live", "why": "forbidden"})


def test_housekeeping_has_its_hand_on_everything_that_ends(town: StaffedTown) -> None:
    """Each store that has something to tend is tended; bookmarks by who knows what footage is left (playback)."""
    tended: list[str] = []

    class Tended:
        def __init__(self, name: str) -> None:
            self.name = name

        def tend(self) -> None:
            tended.append(self.name)

    fields = [field.name for field in dataclasses.fields(town.staffing) if field.name != "bookmarks"]
    stores = {name: Tended(name) for name in fields if hasattr(getattr(town.staffing, name), "tend")}
    dataclasses.replace(town.staffing, **stores).tend()  # type: ignore[arg-type]
    assert sorted(tended) == sorted(stores)
    assert len(tended) >= 7


def test_a_database_that_takes_nothing_is_told_plainly(town: StaffedTown) -> None:
    """Somebody else holds the file, or the disk is full: `Unavailable`, which every caller knows; nothing is done."""
    anna = town.person("anna.rossi")
    town.told()
    with town.staffing.staff.change() as change:
        change.connection.exec_driver_sql("PRAGMA query_only = ON")
    with pytest.raises(Unavailable, match=r"office\.db"):
        town.staffing.accounts.suspend(anna.id, OWNER)
    with town.staffing.staff.look() as connection:
        connection.exec_driver_sql("PRAGMA query_only = OFF")
    assert town.staffing.accounts.account(anna.id).suspended is None
    assert town.told() == []
