# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Passwords: argon2id, a length and nothing else, but for what anybody would try first (NIST SP 800-63B 3.1.1.2)."""

import threading
import unicodedata
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from torrazzo.access.staff import clean
from torrazzo.access.tried_first import is_tried_first
from torrazzo.base.errors import Invalid

LEAST, MOST = 12, 128  # characters
LEAST_LETTERS = 5  # that differ
_AT_A_TIME = 2  # hashings: each takes the memory below


class Cost(NamedTuple):
    """Of one hashing; RFC 9106 section 4, the second recommended choice."""

    time: int = 3
    memory_kib: int = 64 * 1024
    lanes: int = 4


class Hasher:
    """May be used by several threads; few of them at a time."""

    def __init__(self, cost: Cost = Cost()) -> None:  # noqa: B008 - a value
        self._argon = PasswordHasher(time_cost=cost.time, memory_cost=cost.memory_kib, parallelism=cost.lanes)
        self._room = threading.BoundedSemaphore(_AT_A_TIME)
        self._nobody = self.hash("of no account at all")  # is compared with where there is none

    def hash(self, password: str) -> str:
        """With a salt of its own."""
        with self._room:
            return self._argon.hash(_form(password))

    def is_it(self, known: str | None, password: str) -> bool:
        """Whether this is the password; where none is known, no, after as long a time."""
        with self._room:
            try:
                self._argon.verify(self._nobody if known is None else known, _form(password))
            except (VerificationError, InvalidHashError):
                return False
        return known is not None

    def is_weak(self, known: str) -> bool:
        """Whether it was made at another cost."""
        return self._argon.check_needs_rehash(known)


def check_password(password: str, name: str, full_name: str, town: str = "") -> None:
    """Raises `Invalid` for one too short, too long, tried first by anybody, or made of the person's own name."""
    found = _form(password)
    if not LEAST <= len(found) <= MOST:
        raise Invalid(f"password: write {LEAST} to {MOST} characters; a sentence is one")
    if len(set(found.casefold())) < LEAST_LETTERS:
        raise Invalid(f"password: write at least {LEAST_LETTERS} different characters")
    if is_tried_first(found, town):
        raise Invalid("password: anybody would try this one first; a sentence of your own is better")
    words = {name, *(word for word in (*name.replace("-", ".").replace("_", ".").split("."), *full_name.split()))}
    if any(len(word) > 3 and word.casefold() in found.casefold() for word in words):
        raise Invalid("password: leave your name out of it")


def _form(password: str) -> str:
    """One spelling, whatever keyboard it comes from."""
    return unicodedata.normalize("NFKC", clean(password[: 4 * MOST]))
