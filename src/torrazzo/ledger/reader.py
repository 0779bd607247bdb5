# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reading a log: entries, proofs and files, out of a snapshot and the files below it. For any thread.

Each file is held against the head before anything is made of it: a tile has the hash that stands in the one above it,
a bundle the leaves that its tile has. What does not fit is `Touched`: its entries are not given out and nothing is
proven with it, and all else goes on. Only `resource` gives files as they lie there: who reads those compares himself.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

from torrazzo.base.errors import Damaged, Invalid
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.errors import Pruned
from torrazzo.ledger.files import LogFiles
from torrazzo.ledger.merkle import consistency_proof, inclusion_proof, leaf_hash, root_of, tree_root
from torrazzo.ledger.note import Note
from torrazzo.ledger.proof import Proof
from torrazzo.ledger.snapshot import Snapshot
from torrazzo.ledger.text import HASH_LENGTH
from torrazzo.ledger.tiles import (
    WIDTH,
    Tile,
    leading_entries,
    pack_entries,
    read_subtree,
    split_entries,
    split_tile,
    tile_width,
)
from torrazzo.ledger.touched import Touched

_CACHED_TILES = 256  # 2 MiB
_SHARED = 8_192  # hashes of subtrees, while several entries are proven
_AGAIN = "put it back from a backup or a mirror"


class LogReader:
    """One log; each call reads one snapshot, that of its beginning. Entries below the minimum raise `Pruned`."""

    def __init__(self, files: LogFiles, current: Callable[[], Snapshot]) -> None:
        self._files, self._current = files, current
        self.cosigned: Callable[[Note], Note] = lambda note: note  # a head with what witnesses signed below it
        self.named: Callable[[Touched], Touched] = lambda found: found  # with camera and time
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
        return self.inclusions([index], size)[0]

    def inclusions(self, indexes: Iterable[int], size: int | None = None) -> list[list[bytes]]:
        """Those of several entries: what they have in common is hashed once."""
        snapshot = self._current()
        size = snapshot.size if size is None else size
        self._check_size(snapshot, size)
        subtree = lru_cache(_SHARED)(self.subtrees(snapshot))
        found = []
        for index in indexes:
            _check_minimum(snapshot, index)
            found.append(inclusion_proof(index, size, subtree))
        return found

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
        if width < WIDTH:
            if tile.level is None:
                return pack_entries(snapshot.tail[: tile.width])
            return self.tile(snapshot, tile.level, tile.number)[: tile.width * HASH_LENGTH]
        data = self._full(snapshot, whole)
        if tile.level is not None:
            return data[: tile.width * HASH_LENGTH]
        return data if tile.width == WIDTH else pack_entries(leading_entries(data)[: tile.width])

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
        data = self._sound_tile(snapshot, tile)
        with self._lock:
            self._cache[tile] = data
            while len(self._cache) > _CACHED_TILES:
                self._cache.popitem(last=False)
        return data

    def check(self, snapshot: Snapshot, tile: Tile) -> None:
        """Read a full tile or bundle as it lies there now; raises `Touched` where it is not what the head has."""
        if tile.level is None:
            self._bundle(snapshot, tile.number)
        else:
            self._sound_tile(snapshot, tile)

    def snapshot(self) -> Snapshot:
        """The log as it is now, for `check`."""
        return self._current()

    def _sound_tile(self, snapshot: Snapshot, tile: Tile) -> bytes:
        """A full one that has the hash above it; raises `Touched`."""
        assert tile.level is not None, "a bundle has no hashes"
        data = self._full(snapshot, tile)
        if len(data) != WIDTH * HASH_LENGTH:
            raise self.touched(snapshot, tile, f"{len(data)} bytes, expected {WIDTH * HASH_LENGTH}")
        if root_of(split_tile(data, WIDTH)) != self._above(snapshot, tile):
            raise self.touched(snapshot, tile, "not the one that the head has")
        return data

    def _above(self, snapshot: Snapshot, tile: Tile) -> bytes:
        """The hash of a full tile, or of a bundle's leaves, as it stands one level higher."""
        number, at = divmod(tile.number, WIDTH)
        start = at * HASH_LENGTH
        return self.tile(snapshot, (tile.level or 0) + 1, number)[start : start + HASH_LENGTH]

    def touched(self, snapshot: Snapshot, tile: Tile, what: str, odd: Sequence[int] = (), data: bytes = b"") -> Touched:
        """This file, with all its entries, or with those that are `odd`; named."""
        start = tile.entries.start
        lines = dict(enumerate(leading_entries(data), start)) if tile.level is None else {}
        entries = odd or range(max(start, snapshot.minimum), tile.entries.stop)
        text = f"{tile} of {snapshot.head.origin}: {what}; {_AGAIN}"
        return self.named(Touched(text, snapshot.name, entries, lines, file=str(tile)))

    def _full(self, snapshot: Snapshot, tile: Tile) -> bytes:
        if tile in snapshot.pending:
            return snapshot.pending[tile]
        try:
            return self._files.read(tile)
        except FileNotFoundError as error:
            minimum = self._current().minimum
            if not tile.level and (tile.number + 1) * WIDTH <= minimum:  # while we read
                raise Pruned(f"{tile}: pruned; {snapshot.head.origin} begins at entry {minimum}") from error
            raise self.touched(snapshot, tile, "the file is gone") from error
        except OSError as error:
            raise self.touched(snapshot, tile, f"the file cannot be read: {error.strerror}") from error

    def _entries(self, snapshot: Snapshot, start: int, end: int) -> Iterator[bytes]:
        for number in range(start // WIDTH, (end + WIDTH - 1) // WIDTH):
            first = number * WIDTH
            yield from self._bundle(snapshot, number)[max(0, start - first) : end - first]

    def _bundle(self, snapshot: Snapshot, number: int) -> list[bytes]:
        """Those that the head has; raises `Touched`."""
        if number == snapshot.size // WIDTH:
            return list(snapshot.tail)
        bundle = Tile(None, number)
        data = self._full(snapshot, bundle)
        try:
            lines = split_entries(data, WIDTH)
        except Damaged as error:
            raise self.touched(snapshot, bundle, str(error), data=data) from error
        leaves = list(map(leaf_hash, lines))
        if root_of(leaves) != self._above(snapshot, bundle):
            hashes = split_tile(self.tile(snapshot, 0, number), WIDTH)
            odd = [number * WIDTH + at for at in range(WIDTH) if leaves[at] != hashes[at]]
            raise self.touched(snapshot, bundle, f"{len(odd)} of its entries are not those logged", odd, data)
        return lines

    def _check_size(self, snapshot: Snapshot, size: int) -> None:
        if not 0 <= size <= snapshot.size:
            raise Invalid(f"tree of {size} entries: {snapshot.head.origin} has {snapshot.size}")


def _check_minimum(snapshot: Snapshot, index: int) -> None:
    if index < snapshot.minimum:
        raise Pruned(f"entry {index}: pruned; {snapshot.head.origin} begins at entry {snapshot.minimum}")
