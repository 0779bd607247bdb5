# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Copies of what is held (docs/3-formats/vault.md, section Copies): what they wait for, and when they go.

`awaited` is what retention asks before it unlinks; the chore removes copies whose hold is over. A hold's key is gone
then: the keyring's vault has seen to it.
"""

import contextlib
from collections.abc import Collection
from pathlib import Path

import structlog

from torrazzo.base.errors import Invalid
from torrazzo.base.times import HOUR
from torrazzo.durable import Disk, read_whole
from torrazzo.keyring.chore import Keyring
from torrazzo.keyring.document import compact, expect_names, expect_number, expect_text, parse_object
from torrazzo.keyring.vault import HOLD
from torrazzo.keyring.vault_file import HOLD_LIMIT, Hold
from torrazzo.ledger.identity import EntryName
from torrazzo.town.home import Home

WANTED = "wanted.json"
VOLUMES = "volumes"
LOST = "lost.json"

_LIMIT = 16 << 20

log = structlog.get_logger(__name__)


class Wanted:
    """Of one hold: volumes that are being copied, in the order of their copies' serials."""

    def __init__(self, made: int, volumes: Collection[str]) -> None:
        self.made, self.volumes = made, tuple(volumes)

    def pack(self) -> bytes:
        """The file."""
        return compact({"v": 1, "made": self.made, "volumes": list(self.volumes)})

    @classmethod
    def read(cls, disk: Disk, folder: Path) -> "Wanted | None":
        """None where all is copied, or nothing was wanted; raises `Invalid`."""
        try:
            data = read_whole(disk, folder / WANTED, _LIMIT)
        except FileNotFoundError:
            return None
        found = parse_object(data, WANTED, _LIMIT)
        expect_names(found, {"v", "made", "volumes"}, WANTED)
        volumes = found["volumes"]
        if found["v"] != 1 or not isinstance(volumes, list):
            raise Invalid(f"{WANTED}: not of version 1")
        return cls(expect_number(found["made"], "made"), [expect_text(name, "volumes") for name in volumes])


class Held:
    """The copies of one home."""

    def __init__(self, home: Home, disk: Disk) -> None:
        self._holds, self._copies, self._disk = home.vault / "holds", home.held_copies, disk
        self._known: dict[EntryName, Wanted] = {}  # what was read last: a disk that fails for a moment frees nothing

    @property
    def copied(self) -> list[EntryName]:
        """Holds that have copies, or are to have them."""
        return self._names(self._copies)

    @property
    def placed(self) -> list[Hold]:
        """Those that the vault has, oldest first; without what cannot be read, of which the keyring has an alarm."""
        found = list[Hold]()
        for name in self._names(self._holds):
            with contextlib.suppress(Invalid):
                if (hold := self.hold(name)) is not None:
                    found.append(hold)
        return sorted(found, key=lambda hold: hold.act.t)

    def folder(self, name: EntryName) -> Path:
        """Of one hold's copies."""
        return self._copies / str(name)

    def is_held(self, name: EntryName) -> bool:
        """Whether the keyring's vault has this hold."""
        try:
            return HOLD in self._disk.list(self._holds / str(name))
        except FileNotFoundError:
            return False

    def hold(self, name: EntryName) -> Hold | None:
        """As the keyring keeps it; None if it is over. Raises `Invalid`."""
        try:
            return Hold.parse(read_whole(self._disk, self._holds / str(name) / HOLD, HOLD_LIMIT))
        except FileNotFoundError:
            return None

    def awaited(self) -> frozenset[str]:
        """Names of volumes that are not to be unlinked yet; never raises: shredding must go on."""
        known: dict[EntryName, Wanted] = {}
        seen: set[EntryName] = set()
        try:
            while unseen := [name for name in self.copied if name not in seen]:  # one may take over from another
                for name in unseen:
                    wanted = Wanted.read(self._disk, self.folder(name))
                    if wanted is not None:
                        known[name] = wanted
                seen.update(unseen)
            self._known = known
        except (OSError, Invalid) as error:
            log.error("wanted_not_read", error=str(error), effect="what was wanted before still is")  # noqa: TRY400
            self._known |= known
        return frozenset(name for wanted in self._known.values() for name in wanted.volumes)

    def __call__(self, keyring: Keyring) -> None:
        """Remove copies whose hold is over, or, an hour after they were begun, has never come to be.

        Those that another hold is copying wait until that is done: which these are is asked once this one is over.
        """
        now = keyring.judge().earliest
        for name in self.copied:
            if self.is_held(name) or not self.awaited().isdisjoint(self.volumes(name)):
                continue
            try:
                wanted = Wanted.read(self._disk, self.folder(name))
            except Invalid:
                wanted = None
            if wanted is None or wanted.made + HOUR < now:
                self._remove(self.folder(name), may_be_new=wanted is None)

    def volumes(self, name: EntryName) -> Collection[str]:
        """Names of its copies, whole or not."""
        try:
            return self._disk.list(self.folder(name) / VOLUMES)
        except FileNotFoundError:
            return ()

    def _names(self, folder: Path) -> list[EntryName]:
        found = list[EntryName]()
        with contextlib.suppress(FileNotFoundError):
            for name in self._disk.list(folder):
                with contextlib.suppress(Invalid):  # none of ours
                    found.append(EntryName.parse(name))
        return sorted(found)

    def _remove(self, folder: Path, *, may_be_new: bool) -> None:
        """The list of what is wanted last: cut off, it is gone on with. Where one is just being made, nothing goes."""
        if may_be_new and WANTED in self._disk.list(folder):
            return
        with contextlib.suppress(FileNotFoundError):
            for name in self._disk.list(folder / VOLUMES):
                self._disk.unlink(folder / VOLUMES / name)
            self._disk.sync_folder(folder / VOLUMES)
        names = [name for name in self._disk.list(folder) if name not in {VOLUMES, f".{WANTED}.new"}]
        for name in sorted(names, key=lambda name: name == WANTED):
            self._disk.unlink(folder / name)
        if names:
            self._disk.sync_folder(folder)
            log.warning("copies_unlinked", folder=str(folder))
