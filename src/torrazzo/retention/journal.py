# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What retention is about to do, has done, and still has to tell: `keyring/retention.json`, replaced as a whole.

Each step stands here before it is taken, so that after a crash at any moment each key that went has one `shred` fact,
and each volume that went is counted in one `free` fact.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, Self

import structlog

from torrazzo.base.errors import Invalid
from torrazzo.base.times import hour_text
from torrazzo.durable import Disk, read_whole
from torrazzo.keyring.document import (
    Object,
    compact,
    expect_names,
    expect_number,
    expect_object,
    expect_text,
    parse_object,
)
from torrazzo.keyring.public import KeyName

JOURNAL = "retention.json"

_LIMIT = 16 << 20

log = structlog.get_logger(__name__)


class Shredding(NamedTuple):
    """A key that is about to go, or has gone."""

    name: KeyName
    why: str
    left: int  # keys in the ring afterwards
    heads: Mapping[str, object]  # that the keyring has seen: `rec` and `act` of the fact


class Debt(NamedTuple):
    """A fact that the ledger may not have yet."""

    kind: str
    values: Mapping[str, object]
    since: int | None = None  # entries of `act` before the first try to enter it; None: never tried


class Freeing(NamedTuple):
    """Volumes that are about to go, or have gone."""

    name: KeyName
    files: Mapping[str, int]  # path → bytes

    def fact(self) -> Debt:
        """What is told when they are gone."""
        count = {"files": len(self.files), "bytes": sum(self.files.values())}
        return Debt("free", {"hour": hour_text(self.name.hour), "class": self.name.class_, **count})


class State(NamedTuple):
    """All of it."""

    shredding: Shredding | None = None
    freeing: Freeing | None = None
    debts: tuple[Debt, ...] = ()  # in order
    early: frozenset[KeyName] = frozenset()  # went before their time
    born: frozenset[KeyName] = frozenset()  # living keys whose birth was told, or is owed
    log: str = ""  # origin of the `act` in which; empty: not known

    def pack(self) -> bytes:
        """One line of JSON."""
        shredding, freeing = self.shredding, self.freeing
        return compact(
            {
                "v": 1,
                "shredding": None if shredding is None else {**shredding._asdict(), "name": str(shredding.name)},
                "freeing": None if freeing is None else {**freeing._asdict(), "name": str(freeing.name)},
                "debts": [debt._asdict() for debt in self.debts],
                "early": [str(name) for name in sorted(self.early)],
                "born": [str(name) for name in sorted(self.born)],
                "log": self.log,
            }
        )

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The inverse of `pack`; raises `Invalid`."""
        found = {"born": [], "log": "", **parse_object(data, "retention", _LIMIT)}  # before, no births were told
        expect_names(found, {"v", "shredding", "freeing", "debts", "early", "born", "log"}, "retention")
        debts = found["debts"]
        if found["v"] != 1 or not isinstance(debts, list):
            raise Invalid("retention: not of version 1")
        return cls(
            None if found["shredding"] is None else _shredding(expect_object(found["shredding"], "shredding")),
            None if found["freeing"] is None else _freeing(expect_object(found["freeing"], "freeing")),
            tuple(_debt(expect_object(debt, "debt")) for debt in debts),
            _names(found["early"], "early"),
            _names(found["born"], "born"),
            expect_text(found["log"], "log"),
        )

    def owing(self, debts: Iterable[Debt]) -> Self:
        """With these facts to be told as well."""
        return self._replace(debts=(*self.debts, *debts))


class Journal:
    """The file; `state` is what it says."""

    def __init__(self, disk: Disk, folder: Path) -> None:
        """Raises OSError. What is not as we write it is kept beside, and begun anew: keys must go on time."""
        self._disk, self._path = disk, folder / JOURNAL
        self.is_lost = False
        self.state = State()
        try:
            data = read_whole(disk, self._path, _LIMIT)
        except FileNotFoundError:
            return
        try:
            self.state = State.parse(data)
        except Invalid as error:
            log.error("retention_journal_lost", path=str(self._path), error=str(error))  # noqa: TRY400
            self.is_lost = True
            disk.publish(self._path.with_suffix(".lost"), data)

    def save(self, state: State) -> None:
        """Returns when it survives a power cut."""
        if state != self.state:
            self._disk.publish(self._path, state.pack())
            self.state = state


def _names(found: object, what: str) -> frozenset[KeyName]:
    if not isinstance(found, list):
        raise Invalid(f"{what}: not a list")
    return frozenset(KeyName.parse(expect_text(name, what)) for name in found)


def _shredding(found: Object) -> Shredding:
    expect_names(found, {"name", "why", "left", "heads"}, "shredding")
    name, why = (expect_text(found[key], key) for key in ("name", "why"))
    return Shredding(KeyName.parse(name), why, expect_number(found["left"], "left"), expect_object(found["heads"], ""))


def _freeing(found: Object) -> Freeing:
    expect_names(found, {"name", "files"}, "freeing")
    files = expect_object(found["files"], "files").items()
    name = KeyName.parse(expect_text(found["name"], "name"))
    return Freeing(name, {path: expect_number(size, path) for path, size in files})


def _debt(found: Object) -> Debt:
    expect_names(found, {"kind", "values", "since"}, "debt")
    since = None if found["since"] is None else expect_number(found["since"], "since")
    return Debt(expect_text(found["kind"], "kind"), expect_object(found["values"], "values"), since)
