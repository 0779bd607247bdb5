# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who asks, and whether they may: before the body of a request is read."""

import hmac
import secrets
from collections.abc import Iterable
from typing import Annotated, NamedTuple, NoReturn

from fastapi import Depends
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from torrazzo.access.account import Account
from torrazzo.access.declared_use import declared_use
from torrazzo.access.passkeys import Site
from torrazzo.access.sessions import FULL, Session, Where, csrf_of
from torrazzo.access.staff import By, Denial
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.control_room.api.declared import Declared, Door
from torrazzo.control_room.api.problem import No
from torrazzo.control_room.api.room import Room
from torrazzo.control_room.stationed import certificate_of
from torrazzo.law import Circumstances, Decision, Operation, decide
from torrazzo.law.decision import no
from torrazzo.law.roles import sees_media

CSRF = "x-torrazzo-csrf"
STATION_S = 400 * 24 * 3600
WAY_S = 15 * 60
REFUSED_AGAIN = 10 * 60 * SECOND  # what a page asks again and again is told once in so long
MOST_REFUSALS = 10_000
NEVER = frozenset({"FORBIDDEN", "ROLE_CONFLICT"})  # whatever is said

OF_ONE = frozenset({Operation.CAMERAS_SEE, Operation.CAMERAS_APPLY})

_DIGITS = frozenset("0123456789.:[]abcdefABCDEF")


class Asked(NamedTuple):
    """A request, and whose it is."""

    room: Room
    where: Where
    site: Site
    token: str = ""
    known: Session | None = None
    way: str = ""  # a secret of the browser, by which it comes back from the provider
    certificate: str = ""  # of the station, SHA-256; empty: it showed none

    @property
    def session(self) -> Session:
        """Of whoever is signed in, or half so."""
        assert self.known is not None
        return self.known

    @property
    def account(self) -> Account:
        """Of the same."""
        return self.session.account

    def by(self, reason: str) -> By:
        """Its person's hand."""
        return self.session.by(reason)


def enter(request: HTTPConnection, declared: Declared) -> Asked:
    """Whoever asks for this route; raises where they may not. In a thread."""
    room: Room = request.app.state.room
    way = request.cookies.get(cookie_name(room, "torrazzo-way"), "")[:64]
    asked = Asked(room, where_of(request, room), site_of(request, room), way=way, certificate=certificate_of(request))
    permission = declared.permission
    if permission is Door.ANYONE:
        return asked
    token = request.cookies.get(cookie_name(room), "")
    if not token:
        raise Denial("SESSION_NONE", "AC-01", "nobody is signed in here")
    session = room.staffing.sessions.session(token, is_active=declared.is_activity)
    if declared.changes and not hmac.compare_digest(request.headers.get(CSRF, "").encode(), csrf_of(token).encode()):
        raise No("CSRF", f"the header {CSRF} has to say what the session has")
    here = asked.where._replace(station=session.where.station)  # a curtain is not lifted by losing a cookie
    asked = asked._replace(token=token, known=session, where=here)
    _expect_stage(session, permission, token, goes_on=declared.goes_on)
    _expect_station(asked, permission)
    if isinstance(permission, Operation):
        _expect_right(asked, permission, _cameras_of(asked, declared, request), asks_law=declared.asks_law)
    if declared.is_told:
        room.expect_ledger()
    return asked


def asked_still(asked: Asked) -> Asked:
    """Whoever waited for what is made slowly, as they are now; raises where they could not ask for it any more."""
    session = asked.room.staffing.sessions.by_id(asked.session.id)
    _expect_stage(session, Door.SELF, asked.token, goes_on=False)
    return asked._replace(known=session)


def _expect_stage(session: Session, permission: Operation | Door, token: str, *, goes_on: bool) -> None:
    if permission is Door.HALF:
        return
    if session.stage != FULL:
        raise Denial("SIGN_IN_UNFINISHED", "AC-01", "sign in to the end first")
    if permission is Door.LOCKED:
        return
    if session.is_locked and not goes_on:
        raise No("SESSION_LOCKED", "this session is locked", csrf=csrf_of(token))  # a page loaded anew can unlock
    if session.needs and permission is not Door.OWED:
        raise Denial("SIGN_IN_UNFINISHED", "AC-01", "a second factor or another password is owed first")


def _expect_station(asked: Asked, permission: Operation | Door) -> None:
    """Whose protocol names stations comes from one of these (AC-06); the way in and out stays open."""
    agreement = asked.account.agreement
    if permission is Door.HALF or agreement is None or agreement.has_station(asked.certificate):
        return
    tell_refused(asked, "another station", "STATION_UNKNOWN")
    raise Denial("STATION_UNKNOWN", "AC-06", "the protocol names the stations from where its people work")


def _cameras_of(asked: Asked, declared: Declared, request: HTTPConnection) -> tuple[str, ...]:
    """Who is supervised at a camera sees and sets that one, and no other (AC-07); who administers has all."""
    is_of_one = declared.permission in OF_ONE and declared.path.startswith("/cameras/{id}")
    return (request.path_params["id"],) if is_of_one and not sees_all(asked) else ()


def _expect_right(asked: Asked, operation: Operation, cameras: Iterable[str], *, asks_law: bool) -> None:
    """Raises `Denial`; where the route asks the law itself, only for those whose role could never do it."""
    if asks_law:  # nothing is looked up for it: the route does
        decision = decide(asked.account.roles, operation)
        if decision.code not in NEVER:
            return
    else:
        decision = asked.room.staffing.decide(asked.account, operation, cameras)
    if not decision:
        _refuse(asked, operation, decision)


def expect_law(asked: Asked, operation: Operation, cameras: Iterable[str], said: Circumstances) -> None:
    """For a route that `asks_law`: whether this person may do it with these cameras, saying that; raises `Denial`."""
    decision = asked.room.staffing.decide(asked.account, operation, cameras, said)
    if not decision:
        _refuse(asked, operation, decision)


def expect_purpose(asked: Asked, operation: Operation, cameras: Iterable[str], purpose: str | None) -> None:
    """LB-03, before anything is shown; raises `Denial`."""
    wanted = set(cameras)
    decision = declared_use([camera for camera in asked.room.all_cameras() if camera.id in wanted], purpose)
    if not decision:
        _refuse(asked, operation, decision)


def expect_scope(asked: Asked, operation: Operation, cameras: Iterable[str]) -> None:
    """For a route that shows no picture: whether they are this person's cameras, whatever else has to hold."""
    decision = asked.room.staffing.decide(asked.account, operation, cameras)
    if decision.code == "OUT_OF_SCOPE":
        _refuse(asked, operation, decision)


def expect_all_cameras(asked: Asked, operation: Operation) -> None:
    """For what is of no one camera, or more than setting one: only for who has to do with all; raises `Denial`."""
    if not sees_all(asked):
        _refuse(asked, operation, no("OUT_OF_SCOPE", "AC-07"))


def _refuse(asked: Asked, operation: Operation, decision: Decision) -> NoReturn:
    """A refusal is a fact."""
    if _is_news(asked, operation, decision.code):
        done = asked.room.staffing.deny(asked.by(f"asked for {operation} on the page"), operation, decision)
        asked.room.told_or_owed(done)
    raise Denial(decision.code, decision.clause, f"{operation}: your role does not allow that, or not now")


def tell_refused(asked: Asked, what: str, code: str) -> None:
    """Of one's own things, which are no operation of the matrix: who has to show first who it is."""
    if _is_news(asked, what, code):
        with asked.room.staffing.staff.change() as change:
            change.tell("auth", {"what": "refused"}, asked.by(f"{what}: {code}"))
            done = change.done(None)
        asked.room.told_or_owed(done)


def _is_news(asked: Asked, what: str, code: str) -> bool:
    return is_news(asked.room.refusals, (asked.account.id, what, code), asked.room.staffing.staff.clock.utc())


def is_news(told: dict[object, int], key: object, now: UtcTicks) -> bool:
    """Whether this refusal is to be told: it was not within the last minutes."""
    if now - told.get(key, -REFUSED_AGAIN) < REFUSED_AGAIN:
        return False
    if len(told) >= MOST_REFUSALS:
        told.clear()
    told[key] = now
    return True


def asked_of(request: Request) -> Asked:
    """As the gate found it."""
    found = request.state.asked
    assert isinstance(found, Asked)
    return found


Asking = Annotated[Asked, Depends(asked_of)]


def names_of(room: Room) -> dict[str, str]:
    """Of all accounts, by id."""
    return {account.id: account.full_name for account in room.staffing.accounts.all()}


def sees_all(asked: Asked) -> bool:
    """Who sees no picture of any camera has to do with all: who administers, supervises, answers at the desk."""
    return not any(map(sees_media, asked.account.roles))


# -- cookies, and where somebody is


def cookie_name(room: Room, name: str = "torrazzo") -> str:
    """`__Host-` is for what came over TLS."""
    return f"__Host-{name}" if room.is_secure else name


def give_session(response: Response, asked: Asked, token: str) -> None:
    """To the browser, and nobody else in it; the station's name with it, so that the browser is known again."""
    _set(response, asked.room, "torrazzo", token, None)
    _set(response, asked.room, "torrazzo-station", asked.where.station, STATION_S)


def give_way(response: Response, asked: Asked, browser: str) -> None:
    """A secret for the way to the provider and back."""
    _set(response, asked.room, "torrazzo-way", browser, WAY_S)


def take_session(response: Response, asked: Asked) -> None:
    """Away."""
    _set(response, asked.room, "torrazzo", "", 0)


def _set(response: Response, room: Room, name: str, value: str, age_s: int | None) -> None:
    response.set_cookie(
        cookie_name(room, name), value, age_s, path="/", secure=room.is_secure, httponly=True, samesite="strict"
    )


def where_of(request: HTTPConnection, room: Room) -> Where:
    """The browser by the name that it was given, and the address that it has."""
    station = request.cookies.get(cookie_name(room, "torrazzo-station"), "")
    if not (len(station) == 8 and station.isalnum() and station.isascii()):
        station = new_station()
    address = "" if request.client is None else request.client.host
    if room.is_behind_proxy:  # which writes behind what it got, in the same line or in one of its own
        address = ",".join(request.headers.getlist("x-forwarded-for") or [address]).rpartition(",")[2].strip()
    return Where(station, address)


def new_station() -> str:
    """A name for a browser that has none."""
    return secrets.token_hex(4)


def site_of(request: HTTPConnection, room: Room) -> Site:
    """Where the page is, by the name by which the browser called it: the guard lets only ours in."""
    host = request.headers.get("host", "")
    name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
    return Site(name, (f"{'https' if room.is_secure else 'http'}://{host}",))


def expect_name(site: Site) -> Site:
    """Passkeys belong to a name; raises where the page was called by an address in digits."""
    if set(site.rp_id) <= _DIGITS:
        raise No("PASSKEYS_NEED_A_NAME", "passkeys need the page by its name, such as localhost, not by its address")
    return site
