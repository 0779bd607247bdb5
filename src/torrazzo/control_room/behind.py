# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is done for somebody who does not have to see its end: closing facts, for which a ledger may take long."""

import threading
from collections.abc import Callable

from torrazzo.control_room.staff_room import try_to

MOMENT_S = 2.0  # so long whoever asks for it waits; a ledger that answers has taken it by then
AT_MOST_S = 5.0  # with the process: what is not closed then is closed by the next one


class Behind:
    """May be used by several threads."""

    def __init__(self, what: str) -> None:
        """`what` is told in the log where the work fails."""
        self._what = what
        self._lock = threading.Lock()
        self._running: set[threading.Thread] = set()

    def do(self, work: Callable[[], object]) -> None:
        """It is begun at once and mostly done on return, but not where it, or something before it, takes long."""
        thread = threading.Thread(target=try_to, args=(self._what, work), name="behind", daemon=True)
        with self._lock:
            self._running = {each for each in self._running if each.is_alive()}
            hangs = bool(self._running)
            thread.start()
            self._running.add(thread)
        if not hangs:
            thread.join(MOMENT_S)

    def end(self) -> None:
        """With the process."""
        with self._lock:
            running = list(self._running)
        for thread in running:
            thread.join(AT_MOST_S / len(running))
