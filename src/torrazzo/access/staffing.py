# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""All that has to do with people in one town, put together.

Every change gives `Done`: a value and facts. Enter them (`Windows.tell`), say so (`staff.told`), then answer. What a
life before left, and what a look at a session owes, is `staff.owed`.
"""

from dataclasses import dataclass
from typing import Self

import sqlalchemy as sa

from torrazzo.access.accounts import Accounts
from torrazzo.access.credentials import Credentials
from torrazzo.access.links import Links
from torrazzo.access.passkeys import Passkeys
from torrazzo.access.passwords import Cost, Hasher
from torrazzo.access.sessions import Sessions
from torrazzo.access.sign_in import SignIn
from torrazzo.access.staff import Staff
from torrazzo.base.clock import Clock
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
    links: Links

    @classmethod
    def of(cls, engine: sa.Engine, box: Box, clock: Clock, cost: Cost = Cost()) -> Self:  # noqa: B008 - a value
        """Over `office.db`, as its one writer."""
        staff, hasher = Staff(engine, box, clock), Hasher(cost)
        accounts, sessions = Accounts(staff), Sessions(staff)
        return cls(
            staff,
            accounts,
            sessions,
            SignIn(staff, sessions, hasher),
            Credentials(staff, sessions, hasher),
            Passkeys(staff, sessions),
            Links(staff, accounts, hasher),
        )

    def tend(self) -> None:
        """Now and then: what has lapsed is suspended, what is over is forgotten. Facts of it are `staff.owed`."""
        self.accounts.tend()
        self.sessions.tend()
        self.links.tend()
