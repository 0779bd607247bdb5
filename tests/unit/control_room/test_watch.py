# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How often the town is looked at for many who ask."""

from typing import Any

from torrazzo.control_room.watch import Watch
from torrazzo.testing import FakeClock


def test_who_waited_for_a_slow_look_takes_what_it_saw() -> None:
    """With a ledger that hangs a look takes seconds: whoever comes behind it does not begin another one each."""
    clock, looks = FakeClock(), list[int]()
    state: Any = object()

    def look(heard_ns: int) -> Any:
        looks.append(heard_ns)
        clock.advance(4)
        return state

    unused: Any = None
    watch = Watch(look, lambda: 1, unused, unused, clock, unused, {})
    assert [watch.state() for _ in range(5)] == [state] * 5
    assert len(looks) == 1
    clock.advance(1.1)
    watch.state()
    assert len(looks) == 2
