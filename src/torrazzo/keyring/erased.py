# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which hours of which streams were erased early, for whoever tells what there is: out of the files of `rekey`."""

from collections.abc import Mapping
from pathlib import Path

import structlog

from torrazzo.base.errors import Invalid
from torrazzo.base.ids import StreamId, TermId
from torrazzo.durable import Disk, read_whole
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.rekey import Owner, Rekeyed, is_rekey_file

_LIMIT = 64 << 20

log = structlog.get_logger(__name__)


class ErasedHours:
    """Of one keyring's folder, as it is now; a file is read once. For one thread, or several that ask the same."""

    def __init__(self, disk: Disk, folder: Path) -> None:
        self._disk, self._folder = disk, folder
        self._known: Mapping[str, tuple[KeyName, frozenset[Owner]]] = {}

    def hours(self) -> frozenset[KeyName]:
        """In which something was erased."""
        self._look()
        return frozenset(name for name, _ in self._known.values())

    def has(self, stream: StreamId, term: TermId, name: KeyName) -> bool:
        """Whether what that stream recorded under this key was erased; call `hours` before."""
        kept = [owners for each, owners in self._known.values() if each == name]
        return any((stream, term) not in owners for owners in kept)

    def _look(self) -> None:
        """Files that are not booked yet may be about to be taken back: they say nothing."""
        try:
            names = [name for name in self._disk.list(self._folder) if is_rekey_file(name)]
        except OSError:
            names = []  # another person's home, or none that ever had a keyring
        known = {name: found for name, found in self._known.items() if name in names}
        for name in (name for name in names if name not in known):
            try:
                file = Rekeyed.parse(read_whole(self._disk, self._folder / name, _LIMIT))
            except FileNotFoundError:
                continue  # its time is over
            except (OSError, Invalid) as error:
                log.warning("rekey_not_read", path=str(self._folder / name), error=str(error))
                continue
            if file.is_booked:
                known[name] = file.name, frozenset(file.keys)
        self._known = known
