# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a provider signs about somebody (OpenID Connect Core 1.0, section 3.1.3.7): believed, or refused with a word."""

import hmac
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from torrazzo.access.providers import LONGEST_SUBJECT, Identity, has_second
from torrazzo.base.errors import Refused

# Public keys only: with a shared secret whoever asks could sign as well as whoever answers.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
LEEWAY = 60  # seconds by which two clocks may differ
LONGEST = 16 << 10  # characters
LONGEST_WAY = 300  # seconds from a logout there to us: an older token is none, so that it counts once
LOGOUT, EVENT = "logout+jwt", "http://schemas.openid.net/event/backchannel-logout"


class Distrusted(Refused):
    """Not believed; `code` is what a page is told."""

    def __init__(self, text: str, code: str = "PROVIDER_TOKEN") -> None:
        super().__init__(text)
        self.code = code


class UnknownKey(Refused):
    """It names a key that is not among these: they may have been replaced."""


class Expected(NamedTuple):
    """What it has to say."""

    issuer: str
    client: str
    nonce: str
    begun: int  # seconds UTC, when its person was sent there: who sat there before is not asked
    now: int
    acr: tuple[str, ...] = ()


class LoggedOut(NamedTuple):
    """What a provider tells of itself: whose session there has ended."""

    subject: str
    id: str  # of the token, which counts once


def identity(token: object, access_token: object, keys: KeySet, expected: Expected) -> Identity:
    """Whom it is about; raises `Distrusted`, `UnknownKey`."""
    if not isinstance(token, str) or not 0 < len(token) <= LONGEST:
        raise Distrusted("the provider gave no ID token")
    try:
        read = jwt.decode(token, keys, algorithms=list(ALGORITHMS))
        claims = read.claims
        _check_times(claims, expected)
        params = {"client_id": expected.client, "max_age": 1}
        if isinstance(access_token, str):
            params["access_token"] = access_token
        options: Any = {
            "iss": {"essential": True, "value": expected.issuer},
            "aud": {"essential": True, "value": expected.client},
            "sub": {"essential": True},
        }
        CodeIDToken(claims, read.header, options, params).validate(expected.now, LEEWAY)
    except InvalidKeyIdError as error:
        raise UnknownKey("its ID token is signed with a key that it does not show") from error
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Distrusted(f"its ID token is not good: {str(error) or repr(error)}"[:200]) from error
    nonce, subject = claims.get("nonce"), claims.get("sub")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise Distrusted("its ID token was made for another question: the nonce differs")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
        raise Distrusted("its ID token names nobody")
    return Identity(expected.issuer, subject, _has_second(claims, expected))


def logged_out(token: str, keys: KeySet, issuer: str, client: str, now: int) -> LoggedOut:
    """Whom a logout token is about (Back-Channel Logout 1.0, section 2.6); raises `Distrusted`, `UnknownKey`."""
    if not 0 < len(token) <= LONGEST:
        raise Distrusted("no logout token")
    try:
        read = jwt.decode(token, keys, algorithms=list(ALGORITHMS))
    except InvalidKeyIdError as error:
        raise UnknownKey("its logout token is signed with a key that it does not show") from error
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Distrusted(f"its logout token is not good: {str(error) or repr(error)}"[:200]) from error
    claims, audience = read.claims, read.claims.get("aud")
    subject, id_, events = claims.get("sub"), claims.get("jti"), claims.get("events")
    if str(read.header.get("typ", LOGOUT)).lower() != LOGOUT or "nonce" in claims:
        raise Distrusted("this is no logout token, but one for something else")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise Distrusted("its logout token tells of no logout")
    if claims.get("iss") != issuer or client not in (audience if isinstance(audience, list) else [audience]):
        raise Distrusted("its logout token is another one's")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
        raise Distrusted(
            "its logout token names nobody; set the client there to send the subject, not the session alone"
        )
    if not isinstance(id_, str) or not 0 < len(id_) <= LONGEST_SUBJECT:
        raise Distrusted("its logout token has no jti")
    times = _times(claims, ("iat", "exp"))
    if times["iat"] > now + LEEWAY or times["exp"] + LEEWAY <= now or times["iat"] + LONGEST_WAY <= now:
        raise Distrusted("its logout token is over, or of the future: the clocks may differ", "PROVIDER_CLOCK")
    return LoggedOut(subject, id_)


def _times(claims: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, float]:
    times: dict[str, float] = {}
    for name in names:
        value = claims.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not -math.inf < value < math.inf:
            raise Distrusted(f"its token has no {name}; the client there may have to be set to send it")
        times[name] = value
    return times


def _check_times(claims: Mapping[str, Any], expected: Expected) -> None:
    times = _times(claims, ("iat", "exp", "auth_time"))
    if times["iat"] > expected.now + LEEWAY:
        raise Distrusted("its clock is ahead of ours by more than a minute", "PROVIDER_CLOCK")
    if times["exp"] + LEEWAY <= expected.now:
        raise Distrusted("its ID token is over: its clock may be behind ours", "PROVIDER_CLOCK")
    if times["auth_time"] + LEEWAY < expected.begun:
        raise Distrusted("it did not ask anew who sits there", "PROVIDER_NOT_ANEW")


def _has_second(claims: Mapping[str, Any], expected: Expected) -> bool:
    amr, acr = claims.get("amr", []), claims.get("acr")
    methods = [each for each in amr if isinstance(each, str)] if isinstance(amr, list) else []
    return has_second(methods, acr if isinstance(acr, str) else None, expected.acr)
