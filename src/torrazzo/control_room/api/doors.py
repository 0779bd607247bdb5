# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ways in: passwords, second factors, one-time links. They are open while the ledger is away, and say so."""

import json
from collections.abc import Sequence
from typing import Literal

from starlette.responses import Response

from torrazzo.access.account import Designation as Act
from torrazzo.access.account import NewAccount
from torrazzo.access.failures import Keys, locked_until
from torrazzo.access.links import FIRST
from torrazzo.access.passwords import check_password
from torrazzo.access.sessions import ELSEWHERE, FRESH_TO_END, FULL, HALF, Opened, Session, begin, csrf_of
from torrazzo.access.staff import Denial, Done
from torrazzo.base.times import iso_from_ticks
from torrazzo.control_room.api import shapes
from torrazzo.control_room.api.days import end_of_day
from torrazzo.control_room.api.declared import Door, Logged, Routes
from torrazzo.control_room.api.gate import Asked, Asking, expect_name, give_session
from torrazzo.control_room.api.problem import No
from torrazzo.control_room.api.room import Room
from torrazzo.law import Decision

routes = Routes()

AS_THE_ACT_SAYS = "come da atto di designazione"

Way = Literal["totp", "passkey", "recovery"]
Step = Literal["totp", "passkey", "elsewhere", "change-password", "enrol", "done"]


@routes.add("GET", "/town", Logged.CONSULT, "town", Door.ANYONE, shapes.Town)
def town(asked: Asking) -> shapes.Town:
    """Before anybody signs in."""
    return town_of(asked.room)


@routes.add("POST", "/sign-in", Logged.AUTH, "session", Door.ANYONE, shapes.SignInStep)
def sign_in(body: shapes.SignIn, asked: Asking, response: Response) -> shapes.SignInStep:
    """First step."""
    done = asked.room.staffing.sign_in.by_password(body.name, body.password, asked.where)
    return entered(asked, response, done, body.name)


@routes.add("POST", "/sign-in/totp", Logged.AUTH, "session", Door.HALF, shapes.SignInStep)
def by_code(body: shapes.GivenCode, asked: Asking, response: Response) -> shapes.SignInStep:
    """Second step."""
    return _second(body, asked, response)


@routes.add("POST", "/sign-in/recovery", Logged.AUTH, "session", Door.HALF, shapes.SignInStep)
def by_recovery(body: shapes.GivenCode, asked: Asking, response: Response) -> shapes.SignInStep:
    """Second step, for the day on which the device is lost."""
    return _second(body, asked, response)


def _second(body: shapes.GivenCode, asked: Asked, response: Response) -> shapes.SignInStep:
    done = asked.room.staffing.sign_in.second(asked.token, body.code)
    return entered(asked, response, done, asked.account.name)


@routes.add("POST", "/sign-in/passkey/options", Logged.AUTH, "session", Door.ANYONE, shapes.Options)
def ask_passkey(asked: Asking) -> shapes.Options:
    """For whoever comes; also to unlock."""
    return shapes.Options(options=json.loads(asked.room.staffing.passkeys.ask(expect_name(asked.site))))


@routes.add("POST", "/sign-in/passkey", Logged.AUTH, "session", Door.ANYONE, shapes.SignInStep)
def by_passkey(body: shapes.Credential, asked: Asking, response: Response) -> shapes.SignInStep:
    """The second step, or all of it."""
    done = asked.room.staffing.passkeys.sign_in(body.credential, asked.where, expect_name(asked.site))
    return entered(asked, response, done, "")


@routes.add("POST", "/sign-in/take-over", Logged.AUTH, "session", Door.HALF, shapes.SignInStep)
def take_over(asked: Asking, response: Response) -> shapes.SignInStep:
    """The session at the other station ends."""
    session, is_told = asked.room.told_or_owed(asked.room.staffing.sessions.take_over(asked.token))
    needs = asked.room.staffing.sessions.session(asked.token).needs
    return step_of(asked, response, Opened(asked.token, session._replace(needs=needs)), is_told=is_told)


@routes.add("POST", "/sign-in/password", Logged.AUTH, "password", Door.OWED, shapes.SignInStep)
def owed_password(body: shapes.NewPassword, asked: Asking, response: Response) -> shapes.SignInStep:
    """After "change-password": in place of one that somebody else knows. The session is another one then."""
    staffing, session = asked.room.staffing, asked.session
    if "password" not in session.needs:
        raise Denial("NOT_NOW", "AC-01", "this password is nobody else's; change it with the old one")
    staffing.sessions.signed_in(asked.token, FRESH_TO_END)
    by = session.by("changes the password")
    asked.room.told(staffing.credentials.set_password(asked.account, body.password, by, must_change=False))
    with staffing.staff.change() as change:
        opened = begin(change, asked.account, FULL, session.method, session.where)
        done = change.done(opened)
    return step_of(asked, response, asked.room.told(done), is_told=True)


# -- one-time links


@routes.add("POST", "/first-run", Logged.AUTH, "link", Door.ANYONE, shapes.FirstRun)
def first_run(body: shapes.GivenToken, asked: Asking) -> shapes.FirstRun:
    """Whose turn it is."""
    left = asked.room.staffing.links.first_left(body.token)
    return shapes.FirstRun(next=left[0] if left else None)


@routes.add("POST", "/first-run/person", Logged.AUTH, "person", Door.ANYONE, shapes.SignInStep)
def first_person(body: shapes.FirstPerson, asked: Asking, response: Response) -> shapes.SignInStep:
    """One of the first two; signs in."""
    staffing = asked.room.staffing
    staffing.links.first_left(body.token)  # before a hash is made of anything
    if body.role not in FIRST:
        raise Denial("FORBIDDEN", "AC-01", "the first two people are an administrator and who commands")
    new = new_account(asked.room, body)
    opened, is_told = asked.room.told_or_owed(
        staffing.links.use_first(body.token, body.role, new, body.password, asked.where)
    )
    return step_of(asked, response, opened, is_told=is_told)


@routes.add("POST", "/link", Logged.AUTH, "link", Door.ANYONE, shapes.LinkFor)
def link(body: shapes.GivenToken, asked: Asking) -> shapes.LinkFor:
    """Whose it is."""
    return shapes.LinkFor(name=asked.room.staffing.links.account(body.token).full_name)


@routes.add("POST", "/link/password", Logged.AUTH, "password", Door.ANYONE, shapes.SignInStep)
def link_password(body: shapes.TokenAndPassword, asked: Asking, response: Response) -> shapes.SignInStep:
    """Its person chooses a password, and signs in by that."""
    links = asked.room.staffing.links
    account = links.account(body.token)
    check_password(body.password, account.name, account.full_name, asked.room.settings.name)
    opened, is_told = asked.room.told_or_owed(links.use(body.token, body.password, asked.where))
    return step_of(asked, response, opened, is_told=is_told)


# -- parts


def town_of(room: Room) -> shapes.Town:
    """As it is now."""
    settings, cameras = room.settings, room.cameras()
    return shapes.Town(
        name=settings.name,
        zone=settings.zone.key,
        provider=None if room.provider is None else room.provider.name(),
        first_run=len(room.staffing.accounts.all()) < len(FIRST),
        demo=bool(cameras) and all(camera.synthetic for camera in cameras),
    )


def new_account(room: Room, said: shapes.NewPerson) -> NewAccount:
    """As access/ has it: a designation ends with its last day, here."""
    act = said.designation
    return NewAccount(said.account, said.name, act_of(room, act))


def act_of(room: Room, said: shapes.DesignationSaid) -> Act:
    """The act of a designation."""
    return Act(said.number, said.date, said.tasks or AS_THE_ACT_SAYS, end_of_day(said.until, room.settings.zone))


def entered(asked: Asked, response: Response, done: Done[Opened | Decision], name: str) -> shapes.SignInStep:
    """The next step, or the refusal."""
    found, is_told = asked.room.told_or_owed(done)
    if isinstance(found, Opened):
        return step_of(asked, response, found, is_told=is_told)
    raise No(found.code, until=_until(asked, name) if found.code == "SIGN_IN_LOCKED" else None)


def _until(asked: Asked, name: str) -> str:
    where = asked.where.cleaned()
    with asked.room.staffing.staff.change() as change:
        return iso_from_ticks(locked_until(change, Keys.of(name, where.address)))


def step_of(asked: Asked, response: Response, opened: Opened, *, is_told: bool) -> shapes.SignInStep:
    """What the browser is told of a session that has begun, or gone a step further."""
    give_session(response, asked, opened.token)
    session = opened.session
    step, also = _next(asked.room, session)
    other = session.other.text() if step == "elsewhere" and session.other is not None else None
    return shapes.SignInStep(step=step, also=list(also), other=other, csrf=csrf_of(opened.token), is_told=is_told)


def _next(room: Room, session: Session) -> tuple[Step, Sequence[Way]]:
    """What is asked next, and what would do as well."""
    if session.stage == ELSEWHERE:
        return "elsewhere", ()
    if session.stage == HALF:
        has = room.staffing.credentials.ways(session.account.id)
        recovery: Sequence[Way] = ("recovery",) if has.recovery_codes else ()
        passkey: Sequence[Way] = ("passkey",) if has.device and has.passkey else ()
        return "totp" if has.device else "passkey", (*passkey, *recovery)
    if "password" in session.needs:
        return "change-password", ()
    return ("enrol", ()) if session.needs else ("done", ())
