# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Walls that people keep, and what each one's monitors show. A file of the home: to lose it is no harm.

What an arrangement is, the page knows; here it is a JSON object.
"""

import json
import secrets
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from torrazzo.base.errors import Invalid
from torrazzo.durable import Disk

WALLS = "walls.json"  # in the home
MOST = 50  # of one person

Arrangement = Mapping[str, Any]


class KeptWall(NamedTuple):
    """With the account that made it; a shared one is seen by all."""

    id: str
    owner: str
    name: str
    is_shared: bool
    arrangement: Arrangement


class _Kept(NamedTuple):
    walls: Mapping[str, KeptWall]
    now: Mapping[str, Mapping[str, Arrangement]]  # by account, by monitor


class WallBook:
    """Of all people."""

    def __init__(self, path: Path, disk: Disk) -> None:
        self._path, self._disk, self._lock = path, disk, threading.Lock()

    def of(self, account: str) -> Sequence[KeptWall]:
        """Their own and shared ones, by name."""
        with self._lock:
            found = self._read().walls.values()
        seen = [wall for wall in found if wall.is_shared or wall.owner == account]
        return sorted(seen, key=lambda wall: (wall.name.casefold(), wall.id))

    def get(self, account: str, id_: str) -> KeptWall | None:
        """None where there is none that they see."""
        return next((wall for wall in self.of(account) if wall.id == id_), None)

    def now(self, account: str) -> Mapping[str, Arrangement]:
        """What their monitors showed last, by number."""
        with self._lock:
            return self._read().now.get(account, {})

    def show(self, account: str, monitor: int, arrangement: Arrangement) -> None:
        """From now on."""
        with self._lock:
            kept = self._read()
            shown = {**kept.now.get(account, {}), str(monitor): arrangement}
            self._write(kept._replace(now={**kept.now, account: shown}))

    def add(self, account: str, name: str, arrangement: Arrangement, *, is_shared: bool) -> KeptWall:
        """A new one; raises `Invalid` where they have too many."""
        wall = KeptWall(secrets.token_hex(8), account, name, is_shared, arrangement)
        with self._lock:
            kept = self._read()
            if sum(each.owner == account for each in kept.walls.values()) >= MOST:
                raise Invalid(f"{MOST} walls are kept for one person: remove one first")
            self._write(kept._replace(walls={**kept.walls, wall.id: wall}))
        return wall

    def change(self, wall: KeptWall) -> None:
        """Instead of the one of the same id, if that is still there."""
        with self._lock:
            kept = self._read()
            if wall.id in kept.walls:
                self._write(kept._replace(walls={**kept.walls, wall.id: wall}))

    def remove(self, id_: str) -> None:
        """It may be gone already."""
        with self._lock:
            kept = self._read()
            self._write(kept._replace(walls={key: wall for key, wall in kept.walls.items() if key != id_}))

    def _read(self) -> _Kept:
        try:
            found = json.loads(self._path.read_bytes())
            walls = {str(each[0]): KeptWall(*each) for each in found["walls"]}
            return _Kept(walls, {str(account): dict(shown) for account, shown in found["now"].items()})
        except (OSError, ValueError, TypeError, KeyError, AttributeError, IndexError):
            return _Kept({}, {})

    def _write(self, kept: _Kept) -> None:
        text = json.dumps({"walls": list(kept.walls.values()), "now": kept.now}, indent=1)
        self._disk.publish(self._path, text.encode())
