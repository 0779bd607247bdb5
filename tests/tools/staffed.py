# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town's people without its processes: the stores over a real `office.db`, a clock that tests move."""

from pathlib import Path

import pyotp

from torrazzo.access.account import Account, Agreement, Designation, NewAccount
from torrazzo.access.passwords import Cost
from torrazzo.access.sessions import Opened, Where
from torrazzo.access.staff import By
from torrazzo.access.staffing import Staffing
from torrazzo.base.closing import Closing
from torrazzo.base.times import DAY, SECOND, UtcTicks
from torrazzo.durable import OsDisk
from torrazzo.law import Role
from torrazzo.testing.clock import FakeClock
from torrazzo.town import Home
from torrazzo.town.home import new_settings
from torrazzo.town.office import Office, found_town

CHEAP = Cost(time=1, memory_kib=8, lanes=1)
PASSWORD = "cavallo corretto batteria"
OWNER = By("unix:root", "set-up of a test")
ROOM = Where("sala-1", "192.0.2.7")
ELSEWHERE = Where("ufficio", "192.0.2.8")


class StaffedTown(Closing):
    def __init__(self, path: Path) -> None:
        self.clock, disk = FakeClock(), OsDisk()
        self.home = Home(path)
        found_town(self.home, disk, self.clock, new_settings(self.home, "Cremona"))
        self.office = Office(self.home, disk, self.clock)
        self.staffing = self.again()

    def again(self) -> Staffing:
        """As another life of the process finds it."""
        return Staffing.of(self.office.registry.engine, self.office.box, self.clock, CHEAP)

    def designation(self, days: int = 365) -> Designation:
        return Designation("12/2026", "2026-11-02", "vigilanza urbana", UtcTicks(self.clock.utc() + days * DAY))

    def person(self, name: str, *roles: Role, days: int = 365, agreement: str | None = None) -> Account:
        """With a password, without a second factor."""
        new = NewAccount(name, name.replace(".", " ").title(), self.designation(days), agreement)
        account = self.staffing.accounts.create(new, OWNER).value
        self.staffing.credentials.set_password(account, PASSWORD, OWNER, must_change=False)
        return self.staffing.accounts.give(account.id, set(roles), set(), OWNER).value

    def agreement(self, kind: str, days: int = 365) -> Agreement:
        ends = UtcTicks(self.clock.utc() + days * DAY)
        return self.staffing.accounts.add_agreement(Agreement("", kind, "Questura", "7/2026", ends), OWNER).value

    def enrolled(self, name: str, *roles: Role, agreement: str | None = None) -> tuple[Account, pyotp.TOTP]:
        """With a device for codes; signed out."""
        account = self.person(name, *roles, agreement=agreement)
        opened = self.opened(self.staffing.sign_in.by_password(name, PASSWORD, ROOM).value)
        device = self.device(opened.token)
        self.staffing.credentials.confirm_device(opened.token, self.code(device))
        self.staffing.sessions.close(opened.token)
        self.clock.advance(30)
        return account, device

    def device(self, token: str) -> pyotp.TOTP:
        return pyotp.TOTP(self.staffing.credentials.begin_device(token).value.secret)

    def sign_in(self, name: str, device: pyotp.TOTP, where: Where = ROOM) -> Opened:
        half = self.opened(self.staffing.sign_in.by_password(name, PASSWORD, where).value)
        return self.opened(self.staffing.sign_in.second(half.token, self.code(device)).value)

    def code(self, device: pyotp.TOTP, later: int = 0) -> str:
        return device.generate_otp(self.clock.utc() // (30 * SECOND) + later)

    @staticmethod
    def opened(value: object) -> Opened:
        assert isinstance(value, Opened), value
        return value

    def told(self) -> list[tuple[str, object, str]]:
        """Kind, `what` and person of the facts since it was asked last."""
        facts = self.staffing.staff.owed()
        self.staffing.staff.told(facts)
        return [(fact.kind, fact.values.get("what"), fact.who.person) for fact in facts]

    def close(self) -> None:
        self.office.close()
