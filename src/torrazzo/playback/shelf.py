# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The volumes that are being read: opened once, closed when nobody has used them for long."""

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence

from torrazzo.archive import VolumeReader
from torrazzo.archive.header import VolumeHeader
from torrazzo.archive.record import HEADER_SIZE, Kind
from torrazzo.archive.root import Root
from torrazzo.base import StreamId, TermId
from torrazzo.base.errors import Damaged, Unavailable
from torrazzo.durable import Disk
from torrazzo.seal import SEALED_KEY_LENGTH

KEPT = 16  # open files

_KEY_RECORD = HEADER_SIZE + SEALED_KEY_LENGTH


class Shelf:
    """May be used by several threads."""

    def __init__(self, roots: Sequence[Root], disk: Disk, kept: int = KEPT) -> None:
        self._roots = roots
        self._disk = disk
        self._kept = kept
        self._lock = threading.Lock()
        self._readers: OrderedDict[str, VolumeReader] = OrderedDict()
        self._uses: dict[str, int] = {}

    @contextlib.contextmanager
    def volume(self, name: str) -> Iterator[VolumeReader]:
        """The volume, which stays open meanwhile; raises `Unavailable` if it can't be opened, `Damaged`."""
        reader = self._take(name)
        try:
            yield reader
        except OSError as error:
            raise Unavailable(f"{reader.path}: {error.strerror}; is the disk well?") from error
        finally:
            with self._lock:
                self._uses[name] -= 1
                self._tidy(self._kept)

    def sealed_key(self, name: str, stream: StreamId, term: TermId, first_piece: int) -> bytes:
        """The sealed K of a term in a volume; `first_piece` is where its first piece there may be."""
        with self.volume(name) as reader:
            found = _before(reader, stream, term, first_piece)
        if found is None:
            with self._open(name) as anew:  # it may have grown since it was listed
                found = _listed(anew, stream, term)
        return found

    def close(self) -> None:
        """Release the files: each at once, or when who reads it now has done. What is opened later is not kept."""
        with self._lock:
            self._kept = 0
            self._tidy(0)

    def _take(self, name: str) -> VolumeReader:
        with self._lock:
            reader = self._readers.get(name)
            if reader is None:
                reader = self._readers[name] = self._open(name)
                self._uses[name] = 0
            self._readers.move_to_end(name)
            self._uses[name] += 1
            return reader

    def _open(self, name: str) -> VolumeReader:
        """From the root that its name tells, or from another one that it was moved to."""
        home = VolumeHeader.from_name(name).root
        for root in sorted(self._roots, key=lambda root: root.id != home):
            path = root.volumes / name
            try:
                return VolumeReader.open(self._disk, path)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise Unavailable(f"{path}: {error.strerror}; run as the user that records") from error
        if all(root.id != home for root in self._roots):
            raise Unavailable(f"{name}: root {home:08x} is not in use; mount its disk, or add it to torrazzo.toml")
        raise Damaged(f"{name}: the volume is gone; put a copy back, or report the loss")

    def _tidy(self, kept: int) -> None:
        for name in list(self._readers):
            if len(self._readers) <= kept:
                return
            if not self._uses[name]:
                self._readers.pop(name).close()
                del self._uses[name]


def _before(reader: VolumeReader, stream: StreamId, term: TermId, first_piece: int) -> bytes | None:
    """The recorder writes a key record straight before the first piece that needs it."""
    if first_piece <= _KEY_RECORD:
        return None
    try:
        header = reader.header_at(first_piece - _KEY_RECORD)
        if header.kind == Kind.KEY and (header.stream, header.term) == (stream, term):
            return reader.payload(header)
    except Damaged:
        pass  # something else stands there
    return None


def _listed(reader: VolumeReader, stream: StreamId, term: TermId) -> bytes:
    for header in reader.headers():
        if header.kind == Kind.KEY and (header.stream, header.term) == (stream, term):
            return reader.payload(header)
    raise Damaged(f"{reader.name}: no key record of {stream}, term {term}: its segments here can't be opened")
