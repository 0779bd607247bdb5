# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""An account: one natural person, designated by an act for some time (AC-01, AC-09)."""

import datetime as dt
import re
from typing import NamedTuple

from torrazzo.base.errors import Invalid
from torrazzo.base.times import DAY, UtcTicks
from torrazzo.law import Operation, Role

CERTIFIED_FOR = 90 * DAY
UNUSED_FOR = 60 * DAY

# Nobody's name: an account is one person, never a room, an office or a program.
SHARED_NAMES = frozenset({
    "admin", "administrator", "amministratore", "centrale", "comando", "guest", "operator", "operatore", "ospite",
    "polizia", "root", "sala", "sala.operativa", "salaoperativa", "system", "test", "torrazzo", "turno", "user",
    "utente", "vigile", "vigili",
})  # fmt: skip

_NAME = re.compile(r"[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*", re.ASCII)
_FINGERPRINT = re.compile(r"[0-9a-f]{64}", re.ASCII)
_LONGEST = {"full_name": 120, "act_number": 64, "tasks": 2_000, "organisation": 120, "number": 64}


class Designation(NamedTuple):
    """The act by which the town designates somebody."""

    number: str
    date: str  # ISO 8601
    tasks: str
    ends: UtcTicks

    def checked(self, now: UtcTicks) -> "Designation":
        """The same; raises `Invalid` where something is missing, or it has ended."""
        for field, text in (("act_number", self.number), ("tasks", self.tasks)):
            _check_text(field, text)
        try:
            if dt.date.fromisoformat(self.date).isoformat() != self.date:
                raise ValueError(self.date)
        except ValueError as error:
            raise Invalid(f"act_date {self.date!r}: write the day of the act, such as 2026-11-02") from error
        if self.ends <= now:
            raise Invalid("ends: it is over already; a designation has an end, and that is still to come")
        return self


class Agreement(NamedTuple):
    """With whom an account hangs together that is not of the town's own: a police force, a firm that maintains."""

    id: str
    kind: str  # protocol, contract
    organisation: str
    number: str
    ends: UtcTicks
    operations: frozenset[Operation] = frozenset()  # that a protocol allows
    cameras: frozenset[str] = frozenset()  # of a protocol, by id; none: those of each person's groups
    stations: frozenset[str] = frozenset()  # their certificates, SHA-256 in hex; none: any station

    def has_station(self, certificate: str) -> bool:
        """Whether its people may work at a station that shows this one (AC-06); empty: it shows none."""
        return not self.stations or certificate in self.stations


def checked_agreement(found: Agreement, now: UtcTicks) -> Agreement:
    """The same; raises `Invalid` where something is missing, or it has ended."""
    if found.kind not in {"protocol", "contract"}:
        raise Invalid(f"agreement {found.kind!r}: write protocol or contract")
    for field, text in (("organisation", found.organisation), ("number", found.number)):
        _check_text(field, text)
    if found.kind != "protocol" and (found.cameras or found.stations):
        raise Invalid("cameras and stations are a protocol's")
    if wrong := [each for each in found.stations if _FINGERPRINT.fullmatch(each) is None]:
        raise Invalid(f"station {wrong[0][:70]!r}: write its certificate's SHA-256, 64 digits of 0-9a-f")
    if found.ends <= now:
        raise Invalid("ends: it is over already; an agreement has an end, and that is still to come")
    return found


class NewAccount(NamedTuple):
    """What has to be known of a person."""

    name: str
    full_name: str
    designation: Designation
    agreement: str | None = None

    def checked(self, now: UtcTicks) -> "NewAccount":
        """The same; raises `Invalid` for what is missing, and for a name that is nobody's."""
        if not 3 <= len(self.name) <= 32 or _NAME.fullmatch(self.name) is None:
            raise Invalid(f"name {self.name[:40]!r}: write 3 to 32 letters and digits, such as anna.rossi")
        if self.name in SHARED_NAMES:
            raise Invalid(f"name {self.name!r}: an account is one person's, and has that person's name")
        _check_text("full_name", self.full_name)
        self.designation.checked(now)
        return self


class Account(NamedTuple):
    """As it is now."""

    id: str
    name: str
    full_name: str
    designation: Designation
    roles: frozenset[Role]
    groups: frozenset[str]  # of cameras, by id
    agreement: Agreement | None
    created: UtcTicks
    certified: UtcTicks
    used: UtcTicks
    suspended: UtcTicks | None
    why: str | None  # it is suspended

    def lapses(self, now: UtcTicks) -> str | None:
        """Why it is to be suspended by now, if it is."""
        contract = self.agreement is not None and self.agreement.kind == "contract" and now >= self.agreement.ends
        if now >= self.designation.ends or contract:  # AC-07
            return "ended"
        if now - self.certified > CERTIFIED_FOR:
            return "uncertified"
        if now - self.used > UNUSED_FOR:
            return "unused"
        return None

    def is_active(self, now: UtcTicks) -> bool:
        """Whether its person may sign in; also where nobody has looked yet."""
        return self.suspended is None and self.lapses(now) is None


def _check_text(field: str, text: str) -> None:
    if not text.strip() or len(text) > _LONGEST[field] or not text.replace("\n", " ").isprintable():
        raise Invalid(f"{field}: write a text of at most {_LONGEST[field]} characters")
