# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""People of a town whose processes run: made in its `office.db` before these begin, each with a device for codes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import pyotp

from tests.tools.staffed import CHEAP, OWNER, PASSWORD, ROOM, StaffedTown
from torrazzo.access.account import Agreement, Designation, NewAccount
from torrazzo.access.camera_groups import CameraGroup
from torrazzo.access.links import ALL_CAMERAS
from torrazzo.access.staffing import Staffing
from torrazzo.base import SystemClock
from torrazzo.base.times import DAY, SECOND, UtcTicks
from torrazzo.durable import OsDisk
from torrazzo.law import Operation, Role
from torrazzo.testing.clock import FakeClock
from torrazzo.town import Home
from torrazzo.town.office import Office

STEP_S = 30

CAST: Mapping[str, tuple[Role, ...]] = MappingProxyType({
    "oriana": (Role.OPERATOR,), "osvaldo": (Role.OPERATOR,), "carla": (Role.DESIGNATO,), "paolo": (Role.PG_OFFICER,),
    "elena": (Role.EXTRACTOR,), "aldo": (Role.ADMIN,), "diana": (Role.DPO,), "rita": (Role.AUDITOR,),
    "sara": (Role.DESK,), "pino": (Role.POLICE,), "tina": (Role.TECHNICIAN,), "tito": (Role.TITOLARE,),
})  # fmt: skip


@dataclass
class Person:
    """Who can sign in: by PASSWORD, a code of the device, or one of the recovery codes."""

    name: str
    roles: tuple[Role, ...]
    device: pyotp.TOTP
    recovery: Sequence[str]
    id: str
    _last: int = field(default=0)

    @property
    def full_name(self) -> str:
        return self.name.title()

    def code(self) -> str | None:
        """One that was not used yet; None where this minute's are: three sign-ins in half a minute."""
        seconds = SystemClock().utc() / SECOND
        now, is_young = int(seconds // STEP_S), seconds % STEP_S < STEP_S / 6
        steps = [step for step in (*((now - 1,) if is_young else ()), now, now + 1) if step > self._last]
        if not steps:
            return None
        self._last = steps[0]
        return self.device.generate_otp(steps[0])

    def recovery_code(self) -> str:
        """Used now."""
        code, *self.recovery = self.recovery
        return code


def people_of(home: Home, cast: Mapping[str, Sequence[Role]], few: Mapping[str, Sequence[str]]) -> dict[str, Person]:
    """Made ten minutes ago, with all cameras but for those of whom `few` names the only ones (by id).

    Nobody may have the office.
    """
    clock = FakeClock(UtcTicks(SystemClock().utc() - 600 * SECOND))
    with Office(home, OsDisk(), clock) as office:
        staffing = Staffing.of(office.registry.engine, office.box, clock, CHEAP)
        everything = staffing.groups.save(CameraGroup("", ALL_CAMERAS, True, frozenset()), OWNER).value
        ends = UtcTicks(clock.utc() + 365 * DAY)
        allowed = frozenset({Operation.LIVE})
        police = Agreement("", "protocol", "Questura", "7/2026", ends, allowed)
        firm = Agreement("", "contract", "Impianti srl", "9/2026", ends)
        with_whom = {
            role: staffing.accounts.add_agreement(each, OWNER).value.id
            for role, each in ((Role.POLICE, police), (Role.TECHNICIAN, firm))
        }
        found = {}
        for name, roles in cast.items():
            agreement = next((with_whom[role] for role in roles if role in with_whom), None)
            act = Designation("12/2026", "2026-11-02", "vigilanza urbana", ends)
            account = staffing.accounts.create(NewAccount(name, name.title(), act, agreement), OWNER).value
            group = everything
            if name in few:
                cameras = frozenset(few[name])
                group = staffing.groups.save(CameraGroup("", f"Di {name.title()}", False, cameras), OWNER).value
            staffing.accounts.give(account.id, set(roles), {group.id}, OWNER)
            staffing.credentials.set_password(account, PASSWORD, OWNER, must_change=False)
            token = StaffedTown.opened(staffing.sign_in.by_password(name, PASSWORD, ROOM).value).token
            device = pyotp.TOTP(staffing.credentials.begin_device(token).value.secret)
            code = device.generate_otp(clock.utc() // (STEP_S * SECOND))
            recovery = staffing.credentials.confirm_device(token, code).value
            staffing.sessions.close(token)
            found[name] = Person(name, tuple(roles), device, list(recovery), account.id)
        return found
