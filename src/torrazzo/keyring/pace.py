# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""When the keyring's clockwork looks: once a minute, and when somebody asks."""

import threading

from torrazzo.base.errors import Unavailable

SLICE_S = 0.25  # by which a look that is asked for may wait
ANSWER_S = 8.0


class Pace:
    """`rest` and `over` are the clockwork's own; `ask` is for any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._asked = self._taken = self._done = 0

    def rest(self, stop: threading.Event, seconds: float) -> bool:
        """Until the next look; whether it is to stop instead."""
        for _ in range(max(1, round(seconds / SLICE_S))):
            if stop.wait(min(SLICE_S, seconds)):
                return True
            if self._asked > self._taken:
                break
        self._taken = self._asked
        return False

    def over(self) -> None:
        """A look has ended."""
        with self._changed:
            self._done = self._taken
            self._changed.notify_all()

    def ask(self) -> None:
        """Return when a look that begins from now on has ended; `Unavailable` if that takes long."""
        with self._changed:
            self._asked += 1
            mine = self._asked
            if not self._changed.wait_for(lambda: self._done >= mine, ANSWER_S):
                raise Unavailable("the look is not over yet; see `torrazzo keyring status` in a moment")
