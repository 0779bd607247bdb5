# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Retention on a disk that fails, with a ledger in memory: what goes, what is told, what is left."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from tests.tools.ledger import IDENTITY
from torrazzo.archive.root import Root, make_root, volume_names
from torrazzo.archive.volume import VolumeWriter
from torrazzo.auditor.act_rules import ActRules
from torrazzo.base.errors import Unavailable
from torrazzo.base.ids import NodeId
from torrazzo.base.times import HOUR, SECOND, UtcTicks
from torrazzo.keyring.chore import Keyring
from torrazzo.keyring.heads import Heads
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.sealer import Sealer
from torrazzo.keyring.sealer_setup import set_up_sealer
from torrazzo.keyring.store import RingStore
from torrazzo.keyring.trusted_time import Judgement
from torrazzo.ledger.act import Act, parse_act
from torrazzo.ledger.checkpoint import Checkpoint, sign_checkpoint
from torrazzo.ledger.client import Entered, LedgerClient
from torrazzo.ledger.identity import LogName
from torrazzo.ledger.tiles import Tile, pack_entries
from torrazzo.retention import Retention
from torrazzo.testing import FakeClock, FaultyDisk
from torrazzo.town.home import Home

NODE = NodeId(0x7F3A91C2)
HOME = Home(Path("/town"))
NOW = 494_000  # hours since 1970

_KEY = IDENTITY.key(LogName("act", 1))


class SmallLedger:
    """Implements what retention asks of `LedgerClient`. `loses` answers are lost: the entry is in, nobody is told."""

    def __init__(self) -> None:
        self.entries: list[bytes] = []
        self.is_away = False
        self.caught_up = True
        self.loses = 0

    def status(self) -> dict[str, object]:
        self._answer()
        return {"caught_up": self.caught_up}

    def enter(self, line: bytes, patience_s: float = 0.0) -> Entered:
        self._answer()
        parse_act(line)
        self.entries.append(line)
        if self.loses:
            self.loses -= 1
            raise Unavailable("the answer was lost")
        return cast("Entered", None)

    def read(self, path: str, patience_s: float = 0.0) -> bytes:
        self._answer()
        if path == "act/checkpoint":
            head = Checkpoint(_KEY.verifier.name, len(self.entries), bytes(32))
            return sign_checkpoint(head, _KEY).pack()
        tile = Tile.parse(path.removeprefix("act/"))
        return pack_entries(self.entries[tile.number * 256 : tile.number * 256 + tile.width])

    def facts(self, kind: str) -> list[Act]:
        return [act for line in self.entries if (act := parse_act(line)).kind == kind]

    def named(self, kind: str) -> list[str]:
        """Names of the keys that facts of a kind tell of, in order."""
        return [f"{act.values['hour']}/{act.values['class']}" for act in self.facts(kind)]

    def findings(self, now: UtcTicks, without: bytes | None = None) -> list[tuple[str, str]]:
        """Rule and text of what the auditor finds in all that was told, but for one entry; births must be among it."""
        rules = ActRules()
        lines = [line for line in self.entries if line != without]
        told = [each for at, line in enumerate(lines) for each in rules.check(at, line, None, now, lambda _, __: b"")]
        assert rules.has_keys
        return [(finding.rule, finding.text) for finding in told]

    def _answer(self) -> None:
        if self.is_away:
            raise Unavailable("no ledger answers")


class Judge:
    """What the clocks say."""

    def __init__(self, now: int) -> None:
        self.now = agreeing(now)

    def judge(self) -> Judgement:
        return self.now


class NoHeads:
    """Of a keyring that was never told of a ledger, until a test tells it."""

    heads: Heads | None = None


def agreeing(now: int) -> Judgement:
    """All clocks say so."""
    return Judgement(UtcTicks(now), UtcTicks(now), UtcTicks(now), ())


class Town:
    """A ring, volumes, and retention over them; `restart` gives the next life of all that dies with the process."""

    def __init__(
        self, roots: int = 1, floor: int = 72, disk: FaultyDisk | None = None, chip: Sealer | None = None
    ) -> None:
        self.chip = chip
        self.ledger = SmallLedger()
        self.judge = Judge(NOW * HOUR)
        self.clock = FakeClock(UtcTicks(NOW * HOUR))
        self.floor = floor
        self.awaited: set[str] = set()
        self.disk = disk or FaultyDisk()
        self.disk.make_folder(HOME.keyring)
        self.disk.make_folder(HOME.run)
        self.roots: list[Root] = [make_root(self.disk, Path(f"/disk{at}"), NODE) for at in range(roots)]
        self.serial = 0
        self.guard = NoHeads()
        self.restart()

    def restart(self, disk: FaultyDisk | None = None) -> None:
        self.disk = disk or self.disk
        store = RingStore(self.disk, HOME.keyring, self.chip or set_up_sealer(self.disk, HOME.keyring))
        store.load()
        ledger = cast("LedgerClient", self.ledger)
        nobody = cast("Any", None)
        judge, guard = cast("Any", self.judge), cast("Any", self.guard)
        self.keyring = Keyring(HOME, self.disk, self.clock, store, ledger, judge, guard, nobody)
        self.retention = Retention(self.disk, [root.path for root in self.roots], self.floor, lambda: self.awaited)

    def at(self, hour: float) -> None:
        """It is so late: hours from NOW on."""
        self.judge.now = agreeing(round((NOW + hour) * HOUR))
        self.clock.step((NOW + hour) * 3_600 - self.clock.utc() / SECOND)

    def look(self) -> None:
        self.retention(self.keyring)

    def draw(self, names: Iterable[KeyName]) -> None:
        self.keyring.store.draw(names)

    def living(self) -> list[KeyName]:
        return sorted(self.keyring.store.ring.keys)

    def record(self, name: KeyName, count: int = 1, root: int = 0, size: int = 100) -> None:
        """So many finished volumes."""
        for _ in range(count):
            self.serial += 1
            writer = VolumeWriter.create(
                self.disk,
                self.roots[root],
                hour=name.hour,
                retention_class=name.class_,
                fence=1,
                serial=self.serial,
                utc=UtcTicks(name.hour * HOUR),
                boot_ns=self.clock.boot_ns(),
            )
            writer.place(4, 0, t0=name.hour * HOUR, t1=name.hour * HOUR, payload=bytes(size))
            writer.finish()

    def volumes(self, root: int = 0) -> list[str]:
        """Names of keys whose volumes lie there."""
        names = volume_names(self.disk, self.roots[root])
        return sorted({"/".join(name.split("-")[:2]) for name in names})

    def findings(self, rule: str = "R8", without: bytes | None = None) -> list[str]:
        """What the auditor finds by that rule in all that was told, but for one entry."""
        return [text for found, text in self.ledger.findings(self.clock.utc(), without) if found == rule]

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.disk.content(HOME.run / "retention.json"))
        return found


def standard(*hours: int) -> list[KeyName]:
    """Keys of hours from NOW on."""
    return [KeyName(NOW + hour, "standard") for hour in hours]


def texts(names: Iterable[KeyName]) -> list[str]:
    return [str(name) for name in names]
