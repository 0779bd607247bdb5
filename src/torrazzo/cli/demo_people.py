# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""People of the demo's town, one of each role that works there: made in a home that the demo has founded, nowhere else.

Their one password is drawn for each home, and so are their devices for codes; both are shown on the terminal, and kept
in `demo.json`, for the owner of the home alone.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pyotp

from torrazzo.access.account import Designation, NewAccount
from torrazzo.access.camera_groups import CameraGroup
from torrazzo.access.factors import STEP
from torrazzo.access.links import ALL_CAMERAS
from torrazzo.access.sessions import Opened, Where
from torrazzo.access.staff import By
from torrazzo.access.staffing import Staffing
from torrazzo.base.times import DAY, HOUR, SECOND, UtcTicks, iso_from_ticks
from torrazzo.durable import OsDisk
from torrazzo.law import Role
from torrazzo.testing.clock import FakeClock
from torrazzo.town.home import Home
from torrazzo.town.office import Office

FILE = "demo.json"
_BY = By("torrazzo demo", "persone della dimostrazione")
_AT = Where("demo", "127.0.0.1")
_SYLLABLES = ("ba", "ce", "do", "fa", "gi", "lu", "ma", "ne", "po", "ra", "si", "to", "ve", "zu")


class Somebody(NamedTuple):
    """Of the town."""

    account: str
    name: str
    role: Role


CAST = (
    Somebody("operatore.uno", "Operatore 1", Role.OPERATOR),
    Somebody("operatore.due", "Operatore 2", Role.OPERATOR),
    Somebody("comandante", "Comandante", Role.DESIGNATO),
    Somebody("ufficiale.pg", "Ufficiale di P.G.", Role.PG_OFFICER),
    Somebody("addetto.copie", "Addetto alle copie", Role.EXTRACTOR),
    Somebody("amministra.demo", "Amministratore", Role.ADMIN),
    Somebody("rpd", "RPD (DPO)", Role.DPO),
    Somebody("revisore", "Revisore", Role.AUDITOR),
    Somebody("sportello", "Sportello", Role.DESK),
)


class Known(NamedTuple):
    """What the terminal tells."""

    password: str
    devices: Mapping[str, str]  # account → secret of its device for codes


def make_people(home: Home, now: UtcTicks) -> Known:
    """All that are missing; nobody may have the office. The town may be of the demo alone (demo.check_is_demo)."""
    known = read_people(home)
    if known is not None:
        return known
    disk, clock = OsDisk(), FakeClock(UtcTicks(now - HOUR))  # a code of then has been used up
    known = Known(_password(), {})
    devices: dict[str, str] = {}
    with Office(home, disk, clock) as office:
        staffing = Staffing.of(office.registry.engine, office.box, clock)
        groups = {group.name: group for group in staffing.groups.all()}
        everything = (
            groups.get(ALL_CAMERAS) or staffing.groups.save(CameraGroup("", ALL_CAMERAS, True, frozenset()), _BY).value
        )
        there = {account.name: account for account in staffing.accounts.all()}
        for somebody in CAST:
            account = there.get(somebody.account) or staffing.accounts.create(_new(somebody, clock.utc()), _BY).value
            staffing.accounts.give(account.id, {somebody.role}, {everything.id}, _BY)
            staffing.credentials.set_password(account, known.password, _BY, must_change=False)
            devices[somebody.account] = _device(staffing, somebody.account, known.password, clock)
    known = known._replace(devices=devices)
    disk.publish(home.path / FILE, json.dumps({"v": 1, **known._asdict()}, indent=1).encode() + b"\n", 0o600)
    return known


def read_people(home: Home) -> Known | None:
    """As they were made; None where they were not."""
    path: Path = home.path / FILE
    if not path.exists():
        return None
    found = json.loads(path.read_text("utf-8"))
    return Known(found["password"], found["devices"])


def _new(somebody: Somebody, now: UtcTicks) -> NewAccount:
    ends = UtcTicks(now + 365 * DAY)
    return NewAccount(somebody.account, somebody.name, Designation("DEMO", iso_from_ticks(now)[:10], "prova", ends))


def _device(staffing: Staffing, account: str, password: str, clock: FakeClock) -> str:
    opened = staffing.sign_in.by_password(account, password, _AT).value
    assert isinstance(opened, Opened), opened
    if "second" not in opened.session.needs:  # a life before died before it wrote down what it had made
        person = staffing.accounts.named(account)
        token = staffing.links.make(person.id, _BY, is_all=True).value
        again = staffing.links.use(token, password, _AT).value
        opened = again
    secret = staffing.credentials.begin_device(opened.token).value.secret
    code = pyotp.TOTP(secret, interval=STEP).generate_otp(clock.utc() // (STEP * SECOND))
    staffing.credentials.confirm_device(opened.token, code)
    staffing.sessions.close(opened.token)
    return secret


def _password() -> str:
    """Four words that nobody has used before."""
    import secrets

    return "-".join("".join(secrets.choice(_SYLLABLES) for _ in range(3)) for _ in range(4))
