# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signing in: Digest and Basic (RFC 7616, RFC 7617, RFC 2069). Pure.

The strongest offer is taken: Digest with SHA-256, with MD5, then Basic.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from torrazzo.base.secret import Secret
from torrazzo.camera import limits

_TOKEN = re.compile(r"[^\s,=\"]+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"?')
_BARE = re.compile(r"[^\s,]*")
_GAP = re.compile(r"[\s,]+")
_EQUALS = re.compile(r"\s*=\s*")
_ALGORITHMS = {"": "md5", "MD5": "md5", "MD5-SESS": "md5", "SHA-256": "sha256", "SHA-256-SESS": "sha256"}


class Challenge(NamedTuple):
    """One offer of a `WWW-Authenticate` header."""

    scheme: str  # 'digest' or 'basic'
    realm: str
    nonce: str
    algorithm: str  # as sent, upper case; empty if not said
    has_qop: bool  # qop=auth is offered
    opaque: str | None
    is_stale: bool


def parse_challenges(values: Sequence[str]) -> list[Challenge]:
    """All offers that we can answer, in order; text that is none is passed over."""
    challenges: list[Challenge] = []
    for value in values[: limits.CHALLENGES]:
        scheme = ""
        fields: dict[str, str] = {}
        for name, text in _parse_fields(value[: limits.MESSAGE_LINE]):
            if text is not None:
                fields.setdefault(name.lower(), text)
                continue
            challenges += _challenge(scheme, fields)
            scheme, fields = name.lower(), {}
        challenges += _challenge(scheme, fields)
    return challenges[: limits.CHALLENGES]


def _parse_fields(value: str) -> list[tuple[str, str | None]]:
    """(name, value) of each parameter; (scheme, None) where a challenge begins."""
    fields: list[tuple[str, str | None]] = []
    at = 0
    while at < len(value):
        if gap := _GAP.match(value, at):
            at = gap.end()
            continue
        token = _TOKEN.match(value, at)
        if token is None:  # a stray sign
            at += 1
            continue
        at = token.end()
        equals = _EQUALS.match(value, at)
        if equals is None:
            fields.append((token[0], None))
            continue
        at = equals.end()
        if quoted := _QUOTED.match(value, at):
            fields.append((token[0], re.sub(r"\\(.)", r"\1", quoted[1])))
            at = quoted.end()
        elif bare := _BARE.match(value, at):
            fields.append((token[0], bare[0]))
            at = bare.end()
    return fields


def _challenge(scheme: str, fields: dict[str, str]) -> list[Challenge]:
    algorithm = fields.get("algorithm", "").upper()
    if scheme == "basic":
        return [Challenge("basic", fields.get("realm", ""), "", "", False, None, False)]
    if scheme != "digest" or "nonce" not in fields or algorithm not in _ALGORITHMS:
        return []
    if any(len(text) > limits.CHALLENGE_FIELD for text in fields.values()):
        return []
    offers = {offer.strip().lower() for offer in fields.get("qop", "").split(",")}
    if offers == {"auth-int"}:
        return []
    return [
        Challenge(
            "digest",
            fields.get("realm", ""),
            fields["nonce"],
            algorithm,
            "auth" in offers,
            fields.get("opaque"),
            fields.get("stale", "").lower() == "true",
        )
    ]


def _strength(challenge: Challenge) -> int:
    if challenge.scheme == "basic":
        return 0
    return 2 if _ALGORITHMS[challenge.algorithm] == "sha256" else 1


class Credentials:
    """A user's name and password, and the camera's last challenge to them."""

    def __init__(self, username: str | None, password: Secret | None, make_nonce: Callable[[], str]) -> None:
        self._username = username
        self._password = password or Secret("")
        self._make_nonce = make_nonce
        self._challenge: Challenge | None = None
        self._count = 0
        self.allows_basic = True  # False after a redirection to another host

    @property
    def are_known(self) -> bool:
        """Whether there is anything to answer with."""
        return self._username is not None

    @property
    def challenge(self) -> Challenge | None:
        """What the next answer will be to; None while no challenge came."""
        return self._challenge

    def take(self, values: Sequence[str]) -> Challenge | None:
        """Take the strongest offer of these `WWW-Authenticate` headers; None if there is none that we can answer."""
        offers = parse_challenges(values)
        if not self.allows_basic:
            offers = [offer for offer in offers if offer.scheme != "basic"]
        if not offers:
            return None
        best = max(offers, key=_strength)
        if self._challenge is None or best.nonce != self._challenge.nonce:
            self._count = 0
        self._challenge = best
        return best

    def authorize(self, method: str, url: str) -> str | None:
        """The `Authorization` header of a request; None while no challenge came."""
        challenge = self._challenge
        if challenge is None or self._username is None:
            return None
        if challenge.scheme == "basic":
            if not self.allows_basic:
                return None
            pair = f"{self._username}:{self._password.reveal()}".encode()
            return "Basic " + base64.b64encode(pair).decode("ascii")
        return self._digest(challenge, self._username, method, url)

    def _digest(self, challenge: Challenge, username: str, method: str, url: str) -> str:
        def digest(text: str) -> str:
            return hashlib.new(_ALGORITHMS[challenge.algorithm], text.encode(), usedforsecurity=False).hexdigest()

        self._count += 1
        count, own = f"{self._count:08x}", self._make_nonce()
        first = digest(f"{username}:{challenge.realm}:{self._password.reveal()}")
        if challenge.algorithm.endswith("-SESS"):
            first = digest(f"{first}:{challenge.nonce}:{own}")
        second = digest(f"{method}:{url}")
        middle = f"{challenge.nonce}:{count}:{own}:auth" if challenge.has_qop else challenge.nonce
        fields = [
            ("username", _quote(username)),
            ("realm", _quote(challenge.realm)),
            ("nonce", _quote(challenge.nonce)),
            ("uri", _quote(url)),
            ("response", _quote(digest(f"{first}:{middle}:{second}"))),
        ]
        if challenge.algorithm:
            fields.append(("algorithm", challenge.algorithm.replace("-SESS", "-sess")))
        if challenge.opaque is not None:
            fields.append(("opaque", _quote(challenge.opaque)))
        if challenge.has_qop:
            fields += [("qop", "auth"), ("nc", count)]
        if challenge.has_qop or challenge.algorithm.endswith("-SESS"):
            fields.append(("cnonce", _quote(own)))
        return "Digest " + ", ".join(f"{name}={text}" for name, text in fields)


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
