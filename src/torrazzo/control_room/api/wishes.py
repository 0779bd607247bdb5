# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Language and theme, which follow a person from station to station. A file of the home: to lose it is no harm."""

import json
import threading
from pathlib import Path
from typing import NamedTuple

from torrazzo.durable import Disk

WISHES = "wishes.json"  # in the home


class Wish(NamedTuple):
    """None: never chosen."""

    language: str | None = None
    theme: str | None = None


class WishBook:
    """By account."""

    def __init__(self, path: Path, disk: Disk) -> None:
        self._path, self._disk, self._lock = path, disk, threading.Lock()

    def of(self, account: str) -> Wish:
        """What this person wished last."""
        with self._lock:
            return self._read().get(account, Wish())

    def change(self, account: str, wish: Wish) -> Wish:
        """What is None stays as it is."""
        with self._lock:
            found = self._read()
            before = found.get(account, Wish())
            found[account] = Wish(wish.language or before.language, wish.theme or before.theme)
            text = json.dumps({name: each._asdict() for name, each in sorted(found.items())}, indent=1)
            self._disk.publish(self._path, text.encode())
            return found[account]

    def _read(self) -> dict[str, Wish]:
        try:
            found = json.loads(self._path.read_bytes())
            return {str(name): Wish(each["language"], each["theme"]) for name, each in found.items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return {}
