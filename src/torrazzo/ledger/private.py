# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The part of an act fact that names people and reasons: committed to in the ledger, encrypted apart from it.

The keys of one month come from one secret of 32 bytes. When that is destroyed the facts are still provable, and nobody
can tell any more of whom they tell (docs/3-formats/act.md, section The private part).
"""

import hashlib
import hmac
import json
from typing import NamedTuple, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from torrazzo.base.errors import Damaged, Invalid
from torrazzo.ledger.act import Person
from torrazzo.seal.chain import check_key, expand

MAX_PRIVATE = 4_096  # bytes of JSON
SALT_LENGTH = 32
NONCE_LENGTH = 12
VERSION = b"\1"

_KEY = b"torrazzo.private.v1\0"
_WHO = b"torrazzo.who.v1\0"
_CASE = b"torrazzo.case.v1\0"
_TAG_LENGTH = 16


class Private(NamedTuple):
    """Who and why; None where it does not apply."""

    person: str
    reason: str
    case: str | None = None
    station: str | None = None
    recipient: str | None = None

    def text(self) -> bytes:
        """Compact JSON in this order; raises `Invalid` if it is too long, or no text."""
        try:
            data = json.dumps(self._asdict(), separators=(",", ":"), ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise Invalid(f"private part: not text: {error}") from error
        if len(data) > MAX_PRIVATE:
            raise Invalid(f"private part: {len(data)} bytes, at most {MAX_PRIVATE}; write a shorter reason")
        return data

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The inverse of `text`; strict."""
        try:
            found = json.loads(data.decode("utf-8"))
            if not isinstance(found, dict) or not all(isinstance(value, str | None) for value in found.values()):
                raise TypeError("expected an object of texts")
            private = cls(**found)
            if None in {found["person"], found["reason"]} or private.text() != data:
                raise Invalid("not written as we write it")
        except (ValueError, TypeError, RecursionError, Invalid) as error:
            raise Invalid(f"private part: {type(error).__name__} {error}") from error
        return private


class Sealed(NamedTuple):
    """What is kept of a private part: `p` in the fact, `data` beside it."""

    p: bytes
    data: bytes


def pseudonym(secret: bytes, month: str, person: str) -> Person:
    """Who, for a fact of that month: the same for the same person, and nothing to others."""
    return Person(month, _keyed(_WHO, secret, month, person))


def case_hash(secret: bytes, month: str, case: str) -> bytes:
    """Which case, in the same way."""
    return _keyed(_CASE, secret, month, case)


def seal_private(private: Private, secret: bytes, month: str, salt: bytes, nonce: bytes) -> Sealed:
    """Salt (32 bytes) and nonce (12) are random, and never used again."""
    if len(salt) != SALT_LENGTH or len(nonce) != NONCE_LENGTH:
        raise Invalid(f"private part: salt of {len(salt)} and nonce of {len(nonce)} bytes, expected 32 and 12")
    plain = salt + private.text()
    p = hashlib.sha256(plain).digest()
    return Sealed(p, VERSION + nonce + _cipher(secret, month).encrypt(nonce, plain, p))


def open_private(data: bytes, p: bytes, secret: bytes, month: str) -> Private:
    """The private part of the fact that has this `p`; `Damaged` if these bytes are not what was sealed for it."""
    return Private.parse(MonthOpener(secret, month).text(data, p))


class MonthOpener:
    """Opens many private parts of one month."""

    def __init__(self, secret: bytes, month: str) -> None:
        self._cipher, self._month = _cipher(secret, month), month

    def text(self, data: bytes, p: bytes) -> bytes:
        """What `Private.parse` reads; `Damaged` as in `open_private`."""
        if data[:1] != VERSION or len(data) < len(VERSION) + NONCE_LENGTH + SALT_LENGTH + _TAG_LENGTH:
            raise Damaged(f"private part: {len(data)} bytes that begin with {data[:1].hex()}, expected version 01")
        nonce, sealed = data[1 : 1 + NONCE_LENGTH], data[1 + NONCE_LENGTH :]
        try:
            plain = self._cipher.decrypt(nonce, sealed, p)
        except InvalidTag as error:
            raise Damaged(
                f"private part: was altered, or belongs to another fact or month than {self._month}"
            ) from error
        if hashlib.sha256(plain).digest() != p:
            raise Damaged("private part: is not the one that the fact commits to")
        return plain[SALT_LENGTH:]


def _cipher(secret: bytes, month: str) -> AESGCM:
    check_key(secret, f"secret of {month}")
    return AESGCM(expand(secret, _KEY + month.encode(), 32))


def _keyed(label: bytes, secret: bytes, month: str, text: str) -> bytes:
    check_key(secret, f"secret of {month}")
    return hmac.digest(expand(secret, label + month.encode(), 32), text.encode(), "sha256")
