# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the law says of one thing that somebody wants to do."""

from typing import NamedTuple


class Decision(NamedTuple):
    """Yes, or no. `code` is stable: pages and programs tell by it what to say; `clause` is what it follows from."""

    allowed: bool
    code: str
    clause: str

    def __bool__(self) -> bool:
        return self.allowed


def yes(clause: str) -> Decision:
    """Allowed, by that clause."""
    return Decision(allowed=True, code="OK", clause=clause)


def no(code: str, clause: str) -> Decision:
    """Refused."""
    return Decision(allowed=False, code=code, clause=clause)
