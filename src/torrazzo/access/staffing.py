# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""All that has to do with people in one town, put together.

Every change gives `Done`: a value and facts. Enter them (`Windows.tell`), say so (`staff.told`), then answer. What a
life before left, and what a look at a session owes, is `staff.owed`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import sqlalchemy as sa

from torrazzo.access.account import Account
from torrazzo.access.accounts import Accounts, Scope
from torrazzo.access.bookmarks import Bookmarks
from torrazzo.access.camera_groups import CameraGroups
from torrazzo.access.credentials import Credentials
from torrazzo.access.curtains import Curtains
from torrazzo.access.four_eyes import FourEyes
from torrazzo.access.links import Links
from torrazzo.access.log_reviews import LogReviews
from torrazzo.access.passkeys import Passkeys
from torrazzo.access.passwords import Cost, Hasher
from torrazzo.access.person_changes import PersonChanges
from torrazzo.access.providers import Providers
from torrazzo.access.sessions import Sessions
from torrazzo.access.shifts import Shifts
from torrazzo.access.sign_in import SignIn
from torrazzo.access.staff import By, Done, Staff
from torrazzo.access.supervisions import Supervisions
from torrazzo.access.visitors import Visitors
from torrazzo.base.clock import Clock
from torrazzo.law import Circumstances, Decision, Operation, Protocol, Role, decide
from torrazzo.town.box import Box


@dataclass(frozen=True, slots=True)
class Staffing:
    """The stores, each of one concern, over the same rows."""

    staff: Staff
    accounts: Accounts
    sessions: Sessions
    sign_in: SignIn
    credentials: Credentials
    passkeys: Passkeys
    providers: Providers
    links: Links
    shifts: Shifts
    four_eyes: FourEyes
    groups: CameraGroups
    curtains: Curtains
    visitors: Visitors
    bookmarks: Bookmarks
    changes: PersonChanges
    reviews: LogReviews
    supervisions: Supervisions

    @classmethod
    def of(
        cls,
        engine: sa.Engine,
        box: Box,
        clock: Clock,
        cost: Cost = Cost(),  # noqa: B008 - a value
        town: str = "",
    ) -> Self:
        """Over `office.db`, as its one writer."""
        staff, hasher = Staff(engine, box, clock, town), Hasher(cost)
        accounts, sessions, shifts = Accounts(staff), Sessions(staff), Shifts(staff)
        return cls(
            staff,
            accounts,
            sessions,
            SignIn(staff, sessions, hasher),
            Credentials(staff, sessions, hasher),
            Passkeys(staff, sessions),
            Providers(staff, sessions, accounts),
            Links(staff, accounts, hasher),
            shifts,
            FourEyes(staff),
            CameraGroups(staff, accounts),
            Curtains(staff),
            Visitors(staff),
            Bookmarks(staff, accounts),
            PersonChanges(staff),
            LogReviews(staff),
            Supervisions(staff, shifts),
        )

    def decide(
        self,
        account: Account,
        operation: Operation,
        cameras: Iterable[str] = (),
        said: Circumstances = Circumstances(),  # noqa: B008 - a value
    ) -> Decision:
        """What the law says of what the person says (`said`), and of what is known here: shift, protocol, scope."""
        agreement, now, cameras = account.agreement, self.staff.clock.utc(), tuple(cameras)
        protocol = None
        if agreement is not None and agreement.kind == "protocol":
            protocol = Protocol(now < agreement.ends, agreement.operations or frozenset({Operation.LIVE}))
        known = said._replace(
            has_shift=self.shifts.of(account.id) is not None,
            protocol=protocol,
            is_supervised=Role.TECHNICIAN in account.roles and self.supervisions.has(account.id, cameras),
            is_in_scope=self.accounts.scope(account).has(cameras),
        )
        return decide(account.roles, operation, known)

    def scope(self, account: Account) -> Scope:
        """Cameras that somebody is told of: of who is a technician and nothing else, those of the open session."""
        scope = self.accounts.scope(account)
        if account.roles != {Role.TECHNICIAN}:
            return scope
        found = self.supervisions.of(account.id)
        mine = frozenset[str]() if found is None else found.cameras
        return Scope(is_all=False, cameras=mine if scope.is_all else mine & scope.cameras)

    def deny(self, by: By, operation: Operation, decision: Decision) -> Done[None]:
        """The fact of a refusal; sum up what a page repeats by itself."""
        with self.staff.change() as change:
            change.tell("deny", {"what": str(operation), "why": decision.code.lower()}, by)
            return change.done(None)

    def tend(self) -> None:
        """Now and then: what has lapsed is suspended, what is over is forgotten. Facts of it are `staff.owed`."""
        self.accounts.tend()
        self.sessions.tend()
        self.links.tend()
        self.shifts.tend()
        self.four_eyes.tend()
        self.curtains.tend()
        self.visitors.tend()
        self.supervisions.tend()
        self.changes.tend()
