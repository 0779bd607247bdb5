# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The root of all errors, ordered by what the caller can do.

TorrazzoError
  + Invalid          the input is wrong: tell who gave it
    - TimeTextError  a time that can't be read, or has two readings
  + Unavailable      try again later
  + Refused          not allowed; trying again changes nothing
    - KeyGone        what opens it is destroyed, or may open it no more
  + Damaged          stored bytes are not what was written: report, never repair in place
  + Stopped          we no longer know what is stored: stop, let the next start find out
"""


class TorrazzoError(Exception):
    """Root; its text says where, what was found, what was expected, and what to do next."""


class Invalid(TorrazzoError):
    """Bad input."""


class TimeTextError(Invalid):
    """A time that can't be read."""


class Unavailable(TorrazzoError):
    """Not now."""


class Refused(TorrazzoError):
    """Not allowed."""


class KeyGone(Refused):
    """Recorded, and nobody can open it any more."""

    def __init__(self, text: str, why: str = "gone") -> None:
        """`why` for programs: `erased`, early and by order of two people; `gone`, for any other reason."""
        super().__init__(text)
        self.why = why


class Damaged(TorrazzoError):
    """Stored bytes differ from what was written."""


class Stopped(TorrazzoError):
    """The stored state is unknown."""
