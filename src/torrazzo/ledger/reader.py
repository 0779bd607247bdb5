# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reading a log: entries, proofs and files, out of a snapshot and the files below it. For any thread."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator

from torrazzo.base.errors import Damaged, Invalid
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.errors import Pruned
from torrazzo.ledger.files import LogFiles
from torrazzo.ledger.merkle import consistency_proof, inclusion_proof, tree_root
from torrazzo.ledger.note import Note
from torrazzo.ledger.proof import Proof
from torrazzo.ledger.snapshot import Snapshot
from torrazzo.ledger.text import HASH_LENGTH
from torrazzo.ledger.tiles import WIDTH, Tile, pack_entries, read_subtree, split_entries, tile_width

_CACHED_TILES = 256  # 2 MiB


class LogReader:
    """One log; each call reads one snapshot, that of its beginning. Entries below the minimum raise `Pruned`."""

    def __init__(self, files: LogFiles, current: Callable[[], Snapshot]) -> None:
        self._files, self._current = files, current
        self.cosigned: Callable[[Note], Note] = lambda note: note  # a head with what witnesses signed below it
        self._cache: OrderedDict[Tile, bytes] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def head(self) -> Checkpoint:
        """Origin, size, root."""
        return self._current().head

    @property
    def note(self) -> Note:
        """The head, signed by the log, and by the witnesses that cosigned just this one."""
        return self.cosigned(self._current().note)

    @property
    def minimum(self) -> int:
        """The index below which entries are pruned."""
        return self._current().minimum

    def root(self, size: int | None = None) -> bytes:
        """Of the first `size` entries; raises `Pruned` for a size below the minimum whose tiles are gone."""
        snapshot = self._current()
        size = snapshot.size if size is None else size
        self._check_size(snapshot, size)
        return tree_root(size, self.subtrees(snapshot))

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """The inclusion proof of an entry in the first `size`."""
        snapshot = self._current()
        size = snapshot.size if size is None else size
        self._check_size(snapshot, size)
        _check_minimum(snapshot, index)
        return inclusion_proof(index, size, self.subtrees(snapshot))

    def consistency(self, old: int, new: int | None = None) -> list[bytes]:
        """The proof that the first `new` entries begin with the first `old`; `Pruned` as in `root`."""
        snapshot = self._current()
        new = snapshot.size if new is None else new
        self._check_size(snapshot, new)
        return consistency_proof(old, new, self.subtrees(snapshot))

    def proof(self, index: int, note: Note | None = None, extra: bytes = b"") -> Proof:
        """A file that shows an entry to be in the tree of a head of ours: the present one, or `note` with cosignatures.

        Raises `Invalid` for a note whose head is not this log's.
        """
        snapshot = self._current()
        _check_minimum(snapshot, index)
        shown = self.cosigned(snapshot.note) if note is None else note
        size = snapshot.size
        if note is not None:
            head = Checkpoint.parse(note.text)
            size = head.size
            if head.origin != snapshot.head.origin or head.root != self.root(size):
                raise Invalid(f"head of {head.origin} with {size} entries: not one of {snapshot.head.origin}")
        return Proof(index, tuple(inclusion_proof(index, size, self.subtrees(snapshot))), shown, extra)

    def entries(self, start: int, end: int) -> Iterator[bytes]:
        """Entries from `start` to below `end`, read a bundle at a time."""
        snapshot = self._current()
        if not 0 <= start <= end <= snapshot.size:
            raise Invalid(f"entries {start} to {end}: {snapshot.head.origin} has {snapshot.size}")
        if start < end:
            _check_minimum(snapshot, start)
        return self._entries(snapshot, start, end)

    def resource(self, path: str) -> bytes:
        """What stands at a C2SP path: `checkpoint`, a tile or a bundle, as wide as the path says.

        Raises `Invalid` for what is not a path or not there (yet), `Pruned` for what is not there any more.
        """
        snapshot = self._current()
        if path == "checkpoint":
            return self.cosigned(snapshot.note).pack()
        tile = Tile.parse(path)
        width = tile_width(tile.level or 0, tile.number, snapshot.size)
        if tile.width > width:
            raise Invalid(f"{path}: not in a tree of {snapshot.size} entries")
        whole = Tile(tile.level, tile.number)
        if not tile.level and (tile.number + 1) * WIDTH <= snapshot.minimum:
            raise Pruned(f"{path}: pruned; {snapshot.head.origin} begins at entry {snapshot.minimum}")
        if tile.level is not None:
            return self.tile(snapshot, tile.level, tile.number)[: tile.width * HASH_LENGTH]
        if tile.width == WIDTH:
            return self._full(snapshot, whole)
        return pack_entries(self._bundle(snapshot, tile.number)[: tile.width])

    def subtrees(self, snapshot: Snapshot) -> Callable[[int, int], bytes]:
        """For `merkle`: the hashes of complete subtrees of that tree."""
        return lambda level, index: read_subtree(level, index, lambda level, number: self.tile(snapshot, level, number))

    def tile(self, snapshot: Snapshot, level: int, number: int) -> bytes:
        """The hashes that there are of a tile."""
        if tile_width(level, number, snapshot.size) < WIDTH:
            return snapshot.edge[level] if number == snapshot.size >> 8 * (level + 1) else b""
        if level == 0 and (number + 1) * WIDTH <= snapshot.minimum:
            raise Pruned(
                f"{snapshot.head.origin} begins at entry {snapshot.minimum}:"
                f" what needs entries {number * WIDTH} to {number * WIDTH + WIDTH - 1} cannot be shown any more"
            )
        tile = Tile(level, number)
        with self._lock:
            if tile in self._cache:
                self._cache.move_to_end(tile)
                return self._cache[tile]
        data = self._full(snapshot, tile)
        if len(data) != WIDTH * HASH_LENGTH:
            raise Damaged(f"{tile} of {snapshot.head.origin}: {len(data)} bytes, expected {WIDTH * HASH_LENGTH}")
        with self._lock:
            self._cache[tile] = data
            while len(self._cache) > _CACHED_TILES:
                self._cache.popitem(last=False)
        return data

    def _full(self, snapshot: Snapshot, tile: Tile) -> bytes:
        if tile in snapshot.pending:
            return snapshot.pending[tile]
        try:
            return self._files.read(tile)
        except FileNotFoundError as error:
            minimum = self._current().minimum
            if not tile.level and (tile.number + 1) * WIDTH <= minimum:  # while we read
                raise Pruned(f"{tile}: pruned; {snapshot.head.origin} begins at entry {minimum}") from error
            raise Damaged(
                f"{tile} of {snapshot.head.origin}: the file is gone; put it back from a backup or a mirror"
            ) from error

    def _entries(self, snapshot: Snapshot, start: int, end: int) -> Iterator[bytes]:
        for number in range(start // WIDTH, (end + WIDTH - 1) // WIDTH):
            first = number * WIDTH
            yield from self._bundle(snapshot, number)[max(0, start - first) : end - first]

    def _bundle(self, snapshot: Snapshot, number: int) -> list[bytes]:
        if number == snapshot.size // WIDTH:
            return list(snapshot.tail)
        return split_entries(self._full(snapshot, Tile(None, number)), WIDTH)

    def _check_size(self, snapshot: Snapshot, size: int) -> None:
        if not 0 <= size <= snapshot.size:
            raise Invalid(f"tree of {size} entries: {snapshot.head.origin} has {snapshot.size}")


def _check_minimum(snapshot: Snapshot, index: int) -> None:
    if index < snapshot.minimum:
        raise Pruned(f"entry {index}: pruned; {snapshot.head.origin} begins at entry {snapshot.minimum}")
