# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How often the town is looked at for many who ask."""

from types import SimpleNamespace
from typing import Any

from torrazzo.base.times import SECOND
from torrazzo.control_room.state import Said
from torrazzo.control_room.watch import Watch
from torrazzo.testing import FakeClock


def test_who_waited_for_a_slow_look_takes_what_it_saw() -> None:
    """With a ledger that hangs a look takes seconds: whoever comes behind it does not begin another one each."""
    clock, looks = FakeClock(), list[int]()
    state: Any = SimpleNamespace(said=Said(None, None))

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


def test_since_when_a_ledger_does_not_answer_is_known() -> None:
    """From the beginning of the first look to which it said nothing, until it answers again."""
    clock, answers = FakeClock(), list[dict[str, object] | None]([{}, None, None, {}])

    def look(_heard_ns: int) -> Any:
        clock.advance(2)
        return SimpleNamespace(said=Said(None, answers.pop(0)))

    unused: Any = None
    watch = Watch(look, lambda: 1, unused, unused, clock, unused, {})
    begun, aways = clock.utc(), list[int | None]()
    for _ in range(4):
        watch.state()
        aways.append(watch.ledger_away)
        clock.advance(2)
    since = begun + 4 * SECOND
    assert aways == [None, since, since, None]
