# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The way to the town's provider and back (OpenID Connect, code flow with PKCE), of which nothing is kept meanwhile.

State, nonce and verifier are made from one challenge that this process signs for one browser and one purpose, so that
nobody fills a store with ways that were begun. Who comes back has to have been asked anew there: a station is shared.
"""

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import quote_plus, urlencode, urlsplit

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from torrazzo.access.passkeys import Challenges
from torrazzo.access.providers import Identity, Provider, Providers
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Damaged, Invalid, Refused, Unavailable
from torrazzo.base.times import SECOND
from torrazzo.control_room.provider_http import Answer, ask, check_url
from torrazzo.control_room.provider_token import (
    LEEWAY,
    LONGEST_WAY,
    Distrusted,
    Expected,
    UnknownKey,
    identity,
    logged_out,
)

KEPT_NS = 3_600_000_000_000  # what the provider says of itself and its keys
AGAIN_NS = 30_000_000_000  # not oftener is it asked for keys that it did not show
AT_A_TIME = 4  # questions to it
MOST_KEYS = 32
MOST_ENDED = 10_000
CLAIMS = json.dumps({"id_token": {"amr": None, "acr": None, "auth_time": {"essential": True}}})
WELL_KNOWN = "/.well-known/openid-configuration"


class NoProvider(Refused):
    """None is set up."""


class TooMany(Refused):
    """So many are asking it already."""


class Way(NamedTuple):
    """Back to us: who came, for what, and with what in the address."""

    purpose: str  # sign-in; bind:SESSION
    browser: str  # a secret of the browser's cookie
    redirect: str


class Brought(NamedTuple):
    """In the address by which somebody comes back."""

    state: str
    code: str
    issuer: str | None = None


class Known(NamedTuple):
    """A provider that was asked."""

    provider: Provider
    said: Mapping[str, Any]  # its metadata
    keys: KeySet
    at_ns: int


class ProviderDesk:
    """Each call may block and runs in a thread."""

    def __init__(self, providers: Providers, clock: Clock) -> None:
        self.providers = providers
        self._clock = clock
        self._challenges = Challenges(clock)
        self._known: Known | None = None
        self._ended: dict[str, int] = {}  # logout tokens that came, each until it is over
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(AT_A_TIME)

    def name(self) -> str | None:
        """For a button; None where there is no provider."""
        found = self.providers.one()
        return None if found is None else found.name

    def begin(self, way: Way) -> str:
        """An address at the provider. Raises `NoProvider`, `Unavailable`, `Damaged`, `Invalid`."""
        with self._asking():
            known = self._now()
        challenge = self._challenges.draw(_for(way))
        modes = known.said.get("response_modes_supported")
        more = {
            "nonce": self._nonce(challenge),
            "code_challenge": create_s256_code_challenge(self._verifier(challenge)),
            "code_challenge_method": "S256",
            "prompt": "login",
            "max_age": "300",  # so that it has to say when it asked
            "response_mode": "fragment" if isinstance(modes, list) and "fragment" in modes else None,
            "claims": CLAIMS if known.said.get("claims_parameter_supported") is True else None,
            "acr_values": " ".join(known.provider.acr) or None,
        }
        endpoint, client = known.said["authorization_endpoint"], known.provider.client
        found = prepare_grant_uri(endpoint, client, "code", way.redirect, "openid", _text(challenge), **more)
        return str(found)

    def finish(self, way: Way, brought: Brought) -> Identity:
        """Whom it says that it has before it. Raises `Distrusted`, and as `begin`."""
        challenge = self._answered(way, brought)
        with self._asking():
            known = self._now()
            issuer = known.provider.issuer
            must_say = known.said.get("authorization_response_iss_parameter_supported") is True
            if brought.issuer != issuer and (must_say or brought.issuer is not None):
                raise Distrusted("this answer came from another provider", "PROVIDER_ANSWER")
            said = self._token(known, way, brought.code, self._verifier(challenge))
            begun, now = self._challenges.begun(challenge) // SECOND, self._clock.utc() // SECOND
            expected = Expected(issuer, known.provider.client, self._nonce(challenge), begun, now, known.provider.acr)
            token, access = said.get("id_token"), said.get("access_token")
            try:
                return identity(token, access, known.keys, expected)
            except UnknownKey as error:
                if self._clock.boot_ns() - known.at_ns < AGAIN_NS:
                    raise Distrusted(str(error)) from error
            try:
                return identity(token, access, self._now(is_anew=True).keys, expected)
            except UnknownKey as error:
                raise Distrusted(str(error)) from error

    def logged_out(self, token: str) -> Identity:
        """Who has no session there any more, as it tells us itself. Raises `Distrusted`, and as `begin`."""
        now = self._clock.utc() // SECOND
        with self._asking():
            known = self._now()
            of = known.provider.issuer, known.provider.client, now
            try:
                found = logged_out(token, known.keys, *of)
            except UnknownKey as error:
                if self._clock.boot_ns() - known.at_ns < AGAIN_NS:
                    raise Distrusted(str(error)) from error
                try:
                    found = logged_out(token, self._now(is_anew=True).keys, *of)
                except UnknownKey as still:
                    raise Distrusted(str(still)) from still
        with self._lock:
            self._ended = {id_: until for id_, until in self._ended.items() if until > now}
            if found.id in self._ended or len(self._ended) >= MOST_ENDED:
                raise Distrusted("this logout token came before")
            self._ended[found.id] = now + LONGEST_WAY + 2 * LEEWAY
        return Identity(known.provider.issuer, found.subject, has_second=False)

    def leave(self, redirect: str) -> str | None:
        """Where a browser ends its session there; None where that is not known without asking."""
        known, provider = self._known, self.providers.one()
        if known is None or known.provider != provider or "end_session_endpoint" not in known.said:
            return None
        params = [("client_id", known.provider.client), ("post_logout_redirect_uri", redirect)]
        return str(add_params_to_uri(known.said["end_session_endpoint"], params))

    # -- the provider, as it is known

    @contextmanager
    def _asking(self) -> Iterator[None]:
        if not self._room.acquire(blocking=False):
            raise TooMany("many are asking the provider at this moment; try again")
        try:
            yield
        finally:
            self._room.release()

    def _now(self, *, is_anew: bool = False) -> Known:
        provider = self.providers.one()
        if provider is None:
            raise NoProvider("people sign in here alone")
        with self._lock:
            known = self._known
            is_old = known is not None and self._clock.boot_ns() - known.at_ns > KEPT_NS
            if known is None or is_old or is_anew or known.provider != provider:
                known = self._known = ask_provider(provider, self._clock)
            return known

    def _token(self, known: Known, way: Way, code: str, verifier: str) -> Mapping[str, Any]:
        provider, url = known.provider, known.said["token_endpoint"]
        form = prepare_token_request(
            "authorization_code", "", way.redirect, code=code, code_verifier=verifier, client_id=provider.client
        )
        headers = {"content-type": "application/x-www-form-urlencoded"}
        if provider.secret is not None:
            form = self._signed(known, form, headers)
        found: Answer = ask("POST", check_url(url, _hosts(provider)), self._clock, provider.ca, form, headers)
        if found.status != 200:
            raise Distrusted(f"the provider takes this answer for none of its own: {str(found.said.get('error'))[:80]}")
        return found.said

    @staticmethod
    def _signed(known: Known, form: str, headers: dict[str, str]) -> str:
        """With our secret, in the way that it takes (RFC 6749 section 2.3.1)."""
        provider = known.provider
        assert provider.secret is not None
        ways = known.said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        client, secret = provider.client, provider.secret.reveal()
        if isinstance(ways, list) and "client_secret_basic" not in ways and "client_secret_post" in ways:
            return f"{form}&{urlencode({'client_secret': secret})}"
        ClientAuth(quote_plus(client), quote_plus(secret), "client_secret_basic").prepare("POST", "", headers, form)
        return form

    # -- what belongs to a challenge

    def _answered(self, way: Way, brought: Brought) -> bytes:
        try:
            challenge = base64.urlsafe_b64decode(brought.state + "=" * (-len(brought.state) % 4))
            self._challenges.answer(challenge, _for(way))
        except ValueError as error:
            raise Distrusted("this way was not begun in this browser, or too long ago", "PROVIDER_ANSWER") from error
        return challenge

    def _nonce(self, challenge: bytes) -> str:
        return _text(self._challenges.derived(challenge, "nonce"))

    def _verifier(self, challenge: bytes) -> str:
        return _text(self._challenges.derived(challenge, "verifier"))


def check_provider(provider: Provider) -> None:
    """What can be seen of it without asking; raises `Invalid`."""
    address = check_url(provider.issuer, {_host(provider.issuer)})
    if address.query:
        raise Invalid("--issuer: an address without a question mark")
    if not 0 < len(provider.name) <= 40 or not provider.name.isprintable():
        raise Invalid("--name: call it something, in at most 40 characters, as the button will say")
    if not 0 < len(provider.client) <= 200 or not provider.client.isprintable():
        raise Invalid("--client-id: write the id that it gave us")


def ask_provider(provider: Provider, clock: Clock) -> Known:
    """What it says of itself, and its keys. Raises `Unavailable`, `Damaged`, `Invalid`."""
    hosts = _hosts(provider)
    said = _get(provider, clock, provider.issuer.rstrip("/") + WELL_KNOWN)
    if said.get("issuer") != provider.issuer:
        raise Damaged(f"it calls itself {str(said.get('issuer'))[:200]!r}; set that as --issuer, to the letter")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        check_url(said.get(name), hosts)
    if "end_session_endpoint" in said:
        check_url(said["end_session_endpoint"], hosts)
    keys = _get(provider, clock, said["jwks_uri"]).get("keys")
    if not isinstance(keys, list) or not 0 < len(keys) <= MOST_KEYS:
        raise Damaged(f"it shows no keys, or more than {MOST_KEYS}")
    try:
        found = KeySet.import_key_set({"keys": [key for key in keys if key.get("use", "sig") == "sig"]})
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Damaged(f"its keys are not in order: {error}"[:200]) from error
    return Known(provider, said, found, clock.boot_ns())


def _get(provider: Provider, clock: Clock, url: str) -> Mapping[str, Any]:
    found = ask("GET", check_url(url, _hosts(provider)), clock, provider.ca)
    if found.status != 200:
        raise Unavailable(f"{url[:200]}: HTTP status {found.status}")
    return found.said


def _hosts(provider: Provider) -> frozenset[str]:
    return frozenset({_host(provider.issuer), *provider.hosts})


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _for(way: Way) -> str:
    return f"provider\0{way.purpose}\0{way.browser}\0{way.redirect}"


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
