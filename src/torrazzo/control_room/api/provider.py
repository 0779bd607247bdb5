# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signing in by the town's provider (OpenID Connect): there, and back with what it gave to the browser."""

import asyncio
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from torrazzo.access.providers import Identity
from torrazzo.access.sign_in import LOCKED
from torrazzo.access.staff import Done
from torrazzo.base.errors import Damaged, Invalid, Unavailable
from torrazzo.control_room.api import provider_shapes, shapes
from torrazzo.control_room.api.declared import Door, Logged, Routes
from torrazzo.control_room.api.doors import entered
from torrazzo.control_room.api.gate import Asked, Asking, give_way
from torrazzo.control_room.api.own import fresh
from torrazzo.control_room.api.problem import No
from torrazzo.control_room.provider_desk import Brought, NoProvider, ProviderDesk, TooMany, Way
from torrazzo.control_room.provider_token import Distrusted

routes = Routes()

PATH = "/oidc"  # of the page: to where the provider sends the browser back


@routes.add("POST", "/sign-in/provider", Logged.AUTH, "session", Door.ANYONE, provider_shapes.Way)
def go(asked: Asking, response: Response) -> provider_shapes.Way:
    """The way there, for this browser."""
    return _begin(asked, response, "sign-in")


@routes.add("POST", "/sign-in/provider/answer", Logged.AUTH, "session", Door.ANYONE, shapes.SignInStep)
def come_back(body: provider_shapes.CameBack, asked: Asking, response: Response) -> shapes.SignInStep:
    """Whoever it says it is; a second factor of ours is asked for where it saw none."""
    providers = asked.room.staffing.providers
    if providers.is_locked(asked.where):
        return entered(asked, response, Done(LOCKED, ()), "")
    try:
        found = _identity(asked, body, "sign-in")
    except No as error:
        if error.code.startswith("PROVIDER_") and error.code not in {"PROVIDER_AWAY", "PROVIDER_NONE"}:
            asked.room.told_or_owed(providers.refused(asked.where, error.detail))
        raise
    return entered(asked, response, providers.enter(found, asked.where), "")


@routes.add("POST", "/sign-in/provider/logout", Logged.AUTH, "session", Door.ANYONE, None)
async def they_left(request: Request, asked: Asking) -> None:
    """Told by the provider itself (OpenID Connect Back-Channel Logout 1.0): what began by it is over here, too."""
    tokens = [value for name, value in parse_qsl((await request.body()).decode("latin-1")) if name == "logout_token"]
    await asyncio.to_thread(_end, asked, tokens)


def _end(asked: Asked, tokens: Sequence[str]) -> None:
    providers = asked.room.staffing.providers
    if providers.is_locked(asked.where):
        raise No("SIGN_IN_LOCKED")
    try:
        with _plainly():
            found = _desk(asked).logged_out(tokens[0] if len(tokens) == 1 else "")
    except No as error:
        if error.code not in {"PROVIDER_TOKEN", "PROVIDER_CLOCK"}:
            raise
        asked.room.told_or_owed(providers.refused(asked.where, error.detail))
        raise No("PROVIDER_LOGOUT", error.detail) from error
    asked.room.told_or_owed(providers.logged_out(found))


@routes.add("POST", "/me/provider", Logged.AUTH, "provider", Door.SELF, provider_shapes.Way)
def go_to_be_bound(asked: Asking, response: Response) -> provider_shapes.Way:
    """The way there, for who is signed in and wants to come in by it from now on."""
    with fresh(asked, "another way in"):
        asked.room.staffing.providers.expect_fresh(asked.token)
    return _begin(asked, response, f"bind:{asked.session.id}")


@routes.add("POST", "/me/provider/answer", Logged.AUTH, "provider", Door.SELF, None)
def be_bound(body: provider_shapes.CameBack, asked: Asking) -> None:
    """From now on."""
    found = _identity(asked, body, f"bind:{asked.session.id}")
    with fresh(asked, "another way in"):
        asked.room.told(asked.room.staffing.providers.bind_self(asked.token, found))


@routes.add("DELETE", "/me/provider", Logged.AUTH, "provider", Door.SELF, None)
def be_unbound(asked: Asking) -> None:
    """Not by it any more."""
    with fresh(asked, "a way in less"):
        asked.room.told(asked.room.staffing.providers.unbind_self(asked.token))


def _begin(asked: Asked, response: Response, purpose: str) -> provider_shapes.Way:
    browser = asked.way or secrets.token_urlsafe(32)
    with _plainly():
        url = _desk(asked).begin(Way(purpose, browser, _redirect(asked)))
    give_way(response, asked, browser)
    return provider_shapes.Way(url=url)


def _identity(asked: Asked, body: provider_shapes.CameBack, purpose: str) -> Identity:
    with _plainly():
        way = Way(purpose, asked.way, _redirect(asked))
        return _desk(asked).finish(way, Brought(body.state, body.code, body.iss))


def _desk(asked: Asked) -> ProviderDesk:
    if asked.room.provider is None:
        raise NoProvider("people sign in here alone")
    return asked.room.provider


def _redirect(asked: Asked) -> str:
    return asked.site.origins[0] + PATH


@contextmanager
def _plainly() -> Iterator[None]:
    """In our words; what is wrong there is for who administers, and no secret."""
    try:
        yield
    except NoProvider as error:
        raise No("PROVIDER_NONE", str(error)) from error
    except TooMany as error:
        raise No("TOO_BUSY", str(error)) from error
    except Distrusted as error:
        raise No(error.code, str(error)) from error
    except (Unavailable, Damaged, Invalid) as error:
        raise No("PROVIDER_AWAY", str(error)) from error
