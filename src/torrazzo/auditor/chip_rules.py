# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""R7, where a chip counts: what it said after each shred is about this shred, and its counter grows."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from torrazzo.base.errors import Damaged, Invalid
from torrazzo.ledger.chip_statement import ChipStatement
from torrazzo.ledger.text import parse_hash, to_base64

Statement: TypeAlias = Callable[[bytes], ChipStatement | None]  # by its hash, as the ledger shows it

TPM = "tpm"


@dataclass(slots=True)
class ChipRules:
    """Shreds in order."""

    level: str | None = None  # of the last one
    key: str | None = None  # that signed the first statement
    name: str | None = None  # of its counter
    counter: int = -1  # where it stood last
    ring: str | None = None  # that the last statement was about

    def check(self, shred: Mapping[str, Any], statement: Statement, *, is_new: bool) -> Iterator[str]:
        """What does not hold. Statements of before the auditor looked may be lost: those of `is_new` ones are there."""
        level, state = shred["level"], shred["state"]
        if self.level == TPM and level != TPM:
            yield f"a TPM counted before, and {level} now: that the key is gone is the town's word alone"
        self.level = level
        if state is None:
            if level == TPM:
                yield "it names no statement of the TPM"
            return
        said = statement(parse_hash(state, "state"))
        if said is not None:
            yield from self._said(said, shred["ring"])
        elif is_new and level == TPM:
            yield f"the statement of the TPM that it names, {state}, is not shown"

    def _said(self, said: ChipStatement, ring: str) -> Iterator[str]:
        try:
            found = said.verify()
        except (Damaged, Invalid) as error:
            yield f"the statement that it names: {error}"
            return
        key, name = to_base64(said.key), to_base64(found.name)
        if self.key is None:
            self.key, self.name = key, name
        if (key, name) != (self.key, self.name):
            yield "the statement that it names is by another chip, or of another counter, than the first one"
            return
        if to_base64(found.about) != ring:
            yield "the statement that it names is about another ring than it says is left"
        if found.counter < self.counter or (found.counter == self.counter and ring != self.ring):
            yield f"the TPM's counter stood at {found.counter}, and at {self.counter} before: it did not grow"
        self.counter, self.ring = max(found.counter, self.counter), ring
