# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What somebody does with their own session, and their own ways in."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from starlette.responses import Response

from torrazzo.access.sessions import AGAIN, BY_PROVIDER, IDLE, Opened, csrf_of
from torrazzo.access.staff import Denial, Done
from torrazzo.base.times import SECOND, iso_from_ticks
from torrazzo.control_room.api import shapes
from torrazzo.control_room.api.declared import Door, Logged, Routes
from torrazzo.control_room.api.doors import town_of
from torrazzo.control_room.api.gate import Asked, Asking, expect_name, give_session, take_session, tell_refused
from torrazzo.control_room.api.problem import No
from torrazzo.control_room.api.shifts import own_shift
from torrazzo.control_room.api.wishes import Wish
from torrazzo.law import Decision
from torrazzo.law.roles import TABLE

routes = Routes()


@routes.add("GET", "/me", Logged.CONSULT, "session", Door.SELF, shapes.Me)
def me(asked: Asking) -> shapes.Me:
    """Who is signed in, and what they may ever do."""
    return _me(asked)


@routes.add("PATCH", "/me", Logged.ALTER, "wishes", Door.SELF, shapes.Me, is_told=False)
def wish(body: shapes.SomeWishes, asked: Asking) -> shapes.Me:
    """Language and theme."""
    asked.room.wishes.change(asked.account.id, Wish(body.language, body.theme))
    return _me(asked)


@routes.add("POST", "/active", Logged.AUTH, "session", Door.SELF, None, is_told=False)
def active(asked: Asking) -> None:
    """Its person does something."""


@routes.add("POST", "/lock", Logged.AUTH, "session", Door.LOCKED, None)
def lock(asked: Asking) -> None:
    """By its person's own wish."""
    if not asked.session.is_locked:
        asked.room.told_or_owed(asked.room.staffing.sessions.lock(asked.token))


@routes.add("POST", "/unlock", Logged.AUTH, "session", Door.LOCKED, shapes.Me, is_activity=False)
def unlock(body: shapes.NewPassword, asked: Asking, response: Response) -> shapes.Me:
    """By the password of the session's own person; it goes on by another token."""
    return _me(_shown(asked, response, asked.room.staffing.sign_in.again(asked.token, body.password)))


@routes.add("POST", "/unlock/passkey", Logged.AUTH, "session", Door.LOCKED, shapes.Me, is_activity=False)
def unlock_by_passkey(body: shapes.Credential, asked: Asking, response: Response) -> shapes.Me:
    """By a passkey of theirs; its options are those of a sign-in."""
    done = asked.room.staffing.passkeys.again(asked.token, body.credential, expect_name(asked.site))
    return _me(_shown(asked, response, done))


@routes.add("DELETE", "/session", Logged.AUTH, "session", Door.HALF, None, is_activity=False)
def sign_out(asked: Asking, response: Response) -> None:
    """It ends here."""
    take_session(response, asked)
    asked.room.told_or_owed(asked.room.staffing.sessions.close(asked.token))


# -- ways in of one's own: before they are changed, their person shows again who it is


@routes.add("POST", "/me/again", Logged.AUTH, "session", Door.OWED, shapes.ShownAgain, is_told=False)
def again(body: shapes.NewPassword, asked: Asking, response: Response) -> shapes.ShownAgain:
    """By the password: ways in may be changed for some minutes."""
    done = asked.room.staffing.sign_in.again(asked.token, body.password)
    return shapes.ShownAgain(csrf=csrf_of(_shown(asked, response, done).token))


@routes.add("POST", "/me/again/passkey", Logged.AUTH, "session", Door.OWED, shapes.ShownAgain, is_told=False)
def again_by_passkey(body: shapes.Credential, asked: Asking, response: Response) -> shapes.ShownAgain:
    """The same by a passkey; its options are those of a sign-in."""
    done = asked.room.staffing.passkeys.again(asked.token, body.credential, expect_name(asked.site))
    return shapes.ShownAgain(csrf=csrf_of(_shown(asked, response, done).token))


@routes.add("GET", "/me/ways", Logged.CONSULT, "credentials", Door.OWED, shapes.MyWays)
def ways(asked: Asking) -> shapes.MyWays:
    """What one signs in with."""
    id_ = asked.account.id
    has, keys = asked.room.staffing.credentials.ways(id_), asked.room.staffing.passkeys.all(id_)
    return shapes.MyWays(
        password=has.password,
        totp=has.device,
        passkeys=[shapes.Passkey(id=key.id, name=key.name, created=iso_from_ticks(key.created)) for key in keys],
        recovery_codes=has.recovery_codes,
        provider=_provider(asked),
        again=asked.room.staffing.sessions.left(asked.session) <= 0,
    )


@routes.add("GET", "/me/sessions", Logged.CONSULT, "session", Door.SELF, shapes.Items[shapes.MySession])
def sessions(asked: Asking) -> shapes.Items[shapes.MySession]:
    """From where one signed in, newest first: what is not one's own doing is to be told to who administers."""
    items = [
        shapes.MySession(
            method=each.method,
            station=each.where.station,
            address=each.where.address,
            opened=iso_from_ticks(each.opened),
            seen=iso_from_ticks(each.seen),
            ended=None if each.ended is None else iso_from_ticks(each.ended),
            why=each.why,
            is_this=each.is_this,
        )
        for each in asked.room.staffing.sessions.past(asked.account.id, asked.token)
    ]
    return shapes.Items(items=items)


@routes.add("POST", "/me/password", Logged.AUTH, "password", Door.SELF, None)
def change_password(body: shapes.ChangedPassword, asked: Asking) -> None:
    """By the old one; other sessions of this person end."""
    with fresh(asked, "another password"):
        done = asked.room.staffing.credentials.change_password(asked.token, body.old, body.new)
    _expect(asked.room.told(done))


@routes.add("POST", "/me/recovery", Logged.AUTH, "recovery codes", Door.SELF, shapes.RecoveryCodes)
def renew_recovery(asked: Asking) -> shapes.RecoveryCodes:
    """Ten new ones; the old ones are void."""
    with fresh(asked, "new recovery codes"):
        codes = asked.room.told(asked.room.staffing.credentials.renew_recovery(asked.token))
    return shapes.RecoveryCodes(codes=list(codes))


@routes.add("POST", "/enrol/totp", Logged.AUTH, "device", Door.OWED, shapes.Enrolment)
def enrol_totp(asked: Asking) -> shapes.Enrolment:
    """A device for codes; it counts once a code of it was given."""
    with fresh(asked, "a device for codes"):
        device = asked.room.told(asked.room.staffing.credentials.begin_device(asked.token))
    return shapes.Enrolment(totp=shapes.Totp(secret=device.secret, uri=device.address))


@routes.add("POST", "/enrol/totp/code", Logged.AUTH, "device", Door.OWED, shapes.RecoveryCodes)
def confirm_totp(body: shapes.GivenCode, asked: Asking) -> shapes.RecoveryCodes:
    """Shows that the secret arrived."""
    with fresh(asked, "a device for codes"):
        codes = asked.room.told(asked.room.staffing.credentials.confirm_device(asked.token, body.code))
    return shapes.RecoveryCodes(codes=list(codes))


@routes.add("POST", "/me/totp/remove", Logged.AUTH, "device", Door.SELF, None)
def remove_totp(asked: Asking) -> None:
    """A lost one; where it was the only second factor, another is owed now."""
    with fresh(asked, "no device for codes"):
        asked.room.told(asked.room.staffing.credentials.remove_device(asked.token))


@routes.add("POST", "/enrol/passkey/options", Logged.AUTH, "passkey", Door.OWED, shapes.Options)
def ask_new_passkey(asked: Asking) -> shapes.Options:
    """For `navigator.credentials.create`."""
    with fresh(asked, "a passkey"):
        text = asked.room.staffing.passkeys.begin(asked.token, expect_name(asked.site))
    return shapes.Options(options=json.loads(text))


@routes.add("POST", "/enrol/passkey", Logged.AUTH, "passkey", Door.OWED, shapes.RecoveryCodes)
def enrol_passkey(body: shapes.NewPasskey, asked: Asking) -> shapes.RecoveryCodes:
    """The new one counts."""
    site, passkeys = expect_name(asked.site), asked.room.staffing.passkeys
    with fresh(asked, "a passkey"):
        codes: Sequence[str] = asked.room.told(passkeys.add(asked.token, body.credential, body.name, site))
    return shapes.RecoveryCodes(codes=list(codes))


@routes.add("DELETE", "/me/passkeys/{id}", Logged.AUTH, "passkey", Door.SELF, None)
def remove_passkey(id: shapes.Line, asked: Asking) -> None:  # noqa: A002 - the path's word
    """Not the last second factor."""
    known = {key.id for key in asked.room.staffing.passkeys.all(asked.account.id)}
    if id not in known:
        raise No("NOT_FOUND")
    with fresh(asked, "a passkey less"):
        asked.room.told(asked.room.staffing.passkeys.remove(asked.token, id))


def _provider(asked: Asked) -> shapes.MyProvider | None:
    name = None if asked.room.provider is None else asked.room.provider.name()
    if name is None:
        return None
    return shapes.MyProvider(name=name, bound=asked.room.staffing.providers.subject(asked.account.id) is not None)


def _leave(asked: Asked) -> str | None:
    """Who came in by the provider leaves it, too: the station is not theirs alone."""
    if asked.room.provider is None or not asked.session.method.startswith(BY_PROVIDER):
        return None
    return asked.room.provider.leave(f"{asked.site.origins[0]}/")


@contextmanager
def fresh(asked: Asked, what: str) -> Iterator[None]:
    """The stores ask for it; that it was refused is a fact."""
    try:
        yield
    except Denial as error:
        if error.code == AGAIN:
            tell_refused(asked, what, error.code)
        raise


def _shown(asked: Asked, response: Response, done: Done[Opened | Decision]) -> Asked:
    """The same request with the session's new token, which the browser is given."""
    found, _ = asked.room.told_or_owed(done)
    if not isinstance(found, Opened):
        raise No(found.code)
    give_session(response, asked, found.token)
    return asked._replace(token=found.token, known=found.session)


def _expect(decision: Decision) -> None:
    if not decision:
        raise No(decision.code)


def _me(asked: Asked) -> shapes.Me:
    account, session, room = asked.account, asked.session, asked.room
    wish = room.wishes.of(account.id)
    return shapes.Me(
        town=town_of(room),
        person=shapes.Person(id=account.id, name=account.full_name),
        roles=sorted(account.roles),
        permissions=[operation for operation, row in TABLE.items() if account.roles & row.keys()],
        shift=own_shift(room, account),
        csrf=csrf_of(asked.token),
        idle_s=IDLE // SECOND,
        until=iso_from_ticks(session.until),
        leave=_leave(asked),
        wishes=shapes.Wishes.model_validate(wish._asdict()),
    )
