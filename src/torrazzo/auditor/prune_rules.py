# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""R12: what `prune` facts say of entries that go is what those entries told, by the auditor's own copy of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from torrazzo.ledger.act import Act

Sums: TypeAlias = Callable[[int, int], Sequence[dict[str, object]] | None]
"""Values of the facts that are due when the entries of `rec` from the first to below the second go; None: not known."""


@dataclass(slots=True)
class PruneRules:
    """Facts in order; those of one minimum stand together, one for each hour."""

    minimum: int | None = 0  # where `rec` begins, as `act` told last; None: not known
    owed: dict[str, dict[str, object]] = field(default_factory=dict)  # hour → what is to be told of it yet
    is_known: bool = True  # what the entries of this minimum told

    def check(self, act: Act, sums: Sums) -> Iterator[tuple[str, str]]:
        """One `prune` fact."""
        told = {key: act.values[key] for key in act.values if key not in {"v", "kind", "t"}}
        if told["log"] != "rec":
            return
        minimum = told["min"]
        if minimum != self.minimum:
            yield from self.over()
            if self.minimum is not None and minimum < self.minimum:
                yield "R12", f"rec began at entry {self.minimum} before, and begins at {minimum} now"
            due = None if self.minimum is None else sums(self.minimum, minimum)
            self.is_known = due is not None
            self.owed = {str(each["hour"]): each for each in due or ()}
            self.minimum = minimum
        if not self.is_known:
            return
        hour = str(told["hour"])
        due_now = self.owed.pop(hour, None)
        if due_now is None:
            yield "R12", f"it sums up hour {hour}, of which none of the entries told that went, or a second time"
        elif wrong := [f"{key} {told[key]}, not {due_now[key]}" for key in due_now if told[key] != due_now[key]]:
            yield "R12", f"hour {hour}: the entries that went told something else: {', '.join(wrong)}"

    def over(self) -> Iterator[tuple[str, str]]:
        """Another fact stands behind them."""
        owed, self.owed = self.owed, {}
        for hour in owed:
            yield "R12", f"hour {hour}: entries that told of it went, and no fact sums them up"
