# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The way in for visitors of a demo: one address on its terminal, behind which its people stand, each one click away.

It is there only while `torrazzo demo` runs, in a town that a demo founded, whose cameras all are synthetic, on loopback
and without TLS. The word in the address is drawn for each run; whose hand enters is a fact, as every way in.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence

from torrazzo.access.account import Account
from torrazzo.access.accounts import end_sessions, read_account
from torrazzo.access.sessions import Opened, Where
from torrazzo.access.sign_in import entered
from torrazzo.access.staff import Denial, Done
from torrazzo.access.staffing import Staffing
from torrazzo.law import Role
from torrazzo.town.camera import Camera
from torrazzo.town.home import DEMO_TOWN, Home, Settings

SHIFT = "turno della dimostrazione, servizio di sala operativa"
LOOPBACK = frozenset({"127.0.0.1", "::1"})
_ORDER = (Role.OPERATOR, *(role for role in Role if role != Role.OPERATOR))  # most want to see the wall first


class DemoDoor:
    """Closed, unless all of that holds when somebody comes."""

    def __init__(
        self, home: Home, settings: Settings, staffing: Staffing, cameras: Callable[[], Sequence[Camera]]
    ) -> None:
        self._home, self._settings, self._staffing, self._cameras = home, settings, staffing, cameras

    def people(self, word: str, where: Where) -> list[Account]:
        """Who can be chosen, operators first; raises `Denial`."""
        self._expect(word, where)
        now = self._staffing.staff.clock.utc()
        found = [account for account in self._staffing.accounts.all() if account.is_active(now)]
        return sorted(found, key=lambda each: (min(map(_ORDER.index, each.roles), default=0), each.full_name))

    def enter(self, word: str, account: str, where: Where) -> Done[Opened]:
        """As this person, whose other sessions end."""
        found = {each.id: each for each in self.people(word, where)}.get(account)
        if found is None:
            raise Denial("LINK_GONE", "AC-01", "there is nobody of that name in this demo")
        with self._staffing.staff.change() as change:
            end_sessions(change, found.id, "taken")
            person = read_account(change.connection, found.id)
            return change.done(entered(change, person, "demo", where.cleaned()))

    def shift(self, opened: Opened) -> Done[object] | None:
        """Who works in shifts has one: a visitor need not know what that is."""
        account = opened.session.account
        if Role.OPERATOR not in account.roles or self._staffing.shifts.of(account.id) is not None:
            return None
        done = self._staffing.shifts.open(opened.session.by(SHIFT))
        return Done(done.value, done.facts)

    def _expect(self, word: str, where: Where) -> None:
        cameras = self._cameras()
        is_demo = self._settings.name == DEMO_TOWN and cameras and all(camera.synthetic for camera in cameras)
        if not is_demo or where.address not in LOOPBACK or not hmac.compare_digest(self._known(), hash_of(word)):
            raise Denial("LINK_GONE", "AC-01", "this is no link of a demo that runs here; the terminal shows it")

    def _known(self) -> str:
        try:
            return self._home.demo_door.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            return ""


def hash_of(word: str) -> str:
    """What lies in the home instead of the word."""
    return hashlib.sha256(b"torrazzo.demo.v1\0" + word.encode()).hexdigest()
