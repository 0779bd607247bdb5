# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is a reason (LG-02), and for which purposes pictures and logs are looked at (LB-03, LG-05)."""

import re
from collections.abc import Iterable

from torrazzo.law.decision import Decision, no, yes

LEAST = 15  # characters
MOST = 1_000  # they have to fit into a fact's private part
LEAST_LETTERS = 6  # that differ
LEAST_WORDS = 2  # that differ

# A closed list. What is not here is no purpose: discipline of employees, marketing, research, press.
PURPOSES = (
    "crime",
    "urban-security",
    "road-accident",
    "traffic",
    "environment",
    "property",
    "civil-protection",
    "data-subject",
    "request",
    "check",  # of the system itself: is it sharp, is the mask where it should be
)
# Of these, whatever the camera is for: a crime is followed on whatever was recorded, rights and requests are others'.
ANY_CAMERA = frozenset({"crime", "data-subject", "request", "check"})
LOG_PURPOSES = ("lawfulness", "self-control", "security", "proceedings")  # D.Lgs. 51/2018 art. 21 c. 3

_WORD = re.compile(r"\w+")


def check_reason(text: str | None) -> Decision:
    """Whether these are words that say why: of some length, and not one key held down."""
    said = " ".join((text or "").casefold().split())
    if len(said) > MOST:
        return no("REASON_TOO_LONG", "LG-02")
    words = _WORD.findall(said)
    letters = {character for word in words for character in word}
    if len(said) < LEAST or len(letters) < LEAST_LETTERS or len(set(words)) < LEAST_WORDS or _repeats("".join(words)):
        return no("REASON_REQUIRED", "LG-02")
    return yes("LG-02")


def check_purpose(purpose: str | None, reason: str | None) -> Decision:
    """Purpose and reason, as playback and copies need them."""
    said = check_reason(reason)
    if not said:
        return said
    return yes("LG-02") if purpose in PURPOSES else no("PURPOSE_NOT_ALLOWED", "LB-03")


def check_declared(purpose: str | None, declared: Iterable[str]) -> Decision:
    """Whether cameras whose files declare these purposes may be looked at for that one; empty: none is declared."""
    others = {each for each in declared if each} - {purpose}
    return yes("LB-03") if purpose in ANY_CAMERA or not others else no("PURPOSE_NOT_ALLOWED", "LB-03")


def _repeats(text: str) -> bool:
    """Whether it is one piece, said twice or more: the smallest period is at most half of it."""
    return any(text == (text[:size] * (len(text) // size + 1))[: len(text)] for size in range(1, len(text) // 2 + 1))
