# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a judge finds wrong at one moment, and what it could not see then; pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

Value: TypeAlias = str | int | float | None
Key: TypeAlias = tuple[str, str]  # code and place

ANYWHERE = "*"  # of what is not known: at no place

AT_ONCE, TODAY, TO_KNOW = 1, 2, 3  # priorities

_NOTHING: Mapping[str, Value] = MappingProxyType({})


class Finding(NamedTuple):
    """Something is wrong now."""

    code: str  # the page has words for it
    place: str = ""  # a camera's id, a disk's path, a witness's name; empty: the town
    name: str = ""  # of the place, as people call it
    priority: int = TODAY
    kind: str = ""  # of the same thing: another one is news, also to who has taken notice
    values: Mapping[str, Value] = _NOTHING  # for the words
    text: str = ""  # in English, for the log, and for codes without words

    @property
    def key(self) -> Key:
        """The same thing, whatever is said of it."""
        return self.code, self.place


class Judged(NamedTuple):
    """All that is wrong now. Of what is `unknown` nothing is over, for as long as it is."""

    findings: tuple[Finding, ...] = ()
    unknown: frozenset[Key] = frozenset()

    def is_unknown(self, code: str, place: str) -> bool:
        """Whether nobody can say if that is still so."""
        return (code, place) in self.unknown or (code, ANYWHERE) in self.unknown
