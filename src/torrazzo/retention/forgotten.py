# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Of which hours nothing can be read any more, for whoever keeps an index of them.

`keyring/forgotten.json`, which says nothing that a `shred` fact does not:

    {"v":1,"before":{"standard":"2026111722"},"also":["2026111801/standard"]}

All hours of a class before the one named, and those that went earlier, for want of room.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Self

from torrazzo.base.errors import Damaged, Invalid
from torrazzo.durable import Disk, read_whole
from torrazzo.keyring.document import compact, expect_names, expect_object, expect_text, parse_object
from torrazzo.keyring.public import KeyName

FORGOTTEN = "forgotten.json"

_LIMIT = 1 << 20


class Forgotten(NamedTuple):
    """Hours whose footage is gone."""

    before: Mapping[str, int] = {}  # class → first hour that lives
    also: frozenset[KeyName] = frozenset()

    def has(self, name: KeyName) -> bool:
        """Whether nothing of this hour can be read any more; its volumes may go at any moment."""
        return name.hour < self.before.get(name.class_, 0) or name in self.also

    def pack(self) -> bytes:
        """One line of JSON."""
        before = {class_: str(KeyName(hour, class_)).partition("/")[0] for class_, hour in sorted(self.before.items())}
        return compact({"v": 1, "before": before, "also": [str(name) for name in sorted(self.also)]})

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The inverse of `pack`; raises `Invalid`."""
        found = parse_object(data, "forgotten hours", _LIMIT)
        expect_names(found, {"v", "before", "also"}, "forgotten hours")
        also = found["also"]
        if found["v"] != 1 or not isinstance(also, list):
            raise Invalid("forgotten hours: not of version 1")
        firsts = expect_object(found["before"], "before").items()
        names = [KeyName.parse(f"{expect_text(hour, class_)}/{class_}") for class_, hour in firsts]
        return cls(
            {name.class_: name.hour for name in names},
            frozenset(KeyName.parse(expect_text(name, "also")) for name in also),
        )


def load_forgotten(disk: Disk, folder: Path) -> Forgotten:
    """What the keyring's folder says; nothing where there is no such file yet. Raises `Damaged`, OSError."""
    path = folder / FORGOTTEN
    try:
        return Forgotten.parse(read_whole(disk, path, _LIMIT))
    except FileNotFoundError:
        return Forgotten()
    except Invalid as error:
        raise Damaged(f"{path}: {error}; remove it, the keyring writes it anew") from error
