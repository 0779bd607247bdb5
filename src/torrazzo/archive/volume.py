# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The volume being written: records go in at its end, synced once a second (docs/3-formats/volume.md)."""

import contextlib
import hashlib
from typing import NamedTuple, Self

import google_crc32c

from torrazzo.archive.header import END_SIZE, SIZE, End, VolumeHeader
from torrazzo.archive.record import (
    BODY,
    CRC,
    HEADER_SIZE,
    INIT,
    MAGIC,
    NO_HASH,
    NOBODY,
    Kind,
    parse_header,
    split_headers,
)
from torrazzo.archive.root import Root
from torrazzo.archive.summary import Summary
from torrazzo.base import SegmentId, StreamId, TermId
from torrazzo.base.errors import Stopped
from torrazzo.base.ids import NodeId
from torrazzo.base.times import SECOND, BootNs, UtcTicks
from torrazzo.durable import Disk, DiskFile

MAX_BYTES = 4 << 30
MAX_AGE = 600 * SECOND


class Mark(NamedTuple):
    """How much a volume holds at a moment."""

    pending: int  # parts not yet given to the kernel
    end: int
    headers: int  # bytes


class VolumeWriter:
    """One volume, from creation to its end; for one thread.

    OSError from the disk reaches the caller as it came. After it nobody knows what is stored: the volume takes nothing
    more, the caller abandons it and the next start's recovery finds out.
    """

    def __init__(self, disk: Disk, root: Root, header: VolumeHeader) -> None:
        """Not for callers: `create` makes the file too."""
        self.header = header
        self.name = header.name
        self.is_abandoned = False
        self._path = root.volumes / header.name
        self._file: DiskFile = disk.create(self._path)
        self._volume_crc = google_crc32c.value(header.volume_id)
        self._end = SIZE
        self._pending: list[bytes | bytearray | memoryview] = []
        self._unsynced = False
        self._takes_records = True
        self._headers = bytearray()
        self._count = 0
        self._summary = Summary()
        self._owners: dict[tuple[StreamId, TermId], bytes] = {}
        self._keys: set[tuple[StreamId, TermId]] = set()
        self._open: set[SegmentId] = set()  # segments that have pieces here and no fact yet

    @classmethod
    def create(
        cls,
        disk: Disk,
        root: Root,
        *,
        hour: int,
        retention_class: str,
        fence: int,
        serial: int,
        utc: UtcTicks,
        boot_ns: BootNs,
        node: NodeId | None = None,
    ) -> Self:
        """A new file with its header and name synced; where that fails, the file is removed again if it can be.

        `node` is the writing machine, where that is not the one that made the root. A serial is used once, also
        if creation fails: the removal may fail too.
        """
        header = VolumeHeader(
            root.node if node is None else node, root.id, fence, serial, hour, retention_class, utc, boot_ns
        )
        first = header.pack()
        self = cls(disk, root, header)
        try:
            self._file.append([first])
            self._file.sync()
            disk.sync_folder(root.volumes)
        except OSError:
            self.abandon()
            with contextlib.suppress(
                OSError
            ):  # else at most 64 bytes stay behind, which readers know for what they are
                disk.unlink(self._path)
            raise
        return self

    @property
    def path(self) -> str:
        """Of its file."""
        return str(self._path)

    @property
    def takes_records(self) -> bool:
        """False once finished, abandoned, or after a failed write."""
        return self._takes_records

    @property
    def size(self) -> int:
        """Bytes, with those that are pending."""
        return self._end

    @property
    def pending_bytes(self) -> int:
        """Bytes placed and not yet given to the kernel."""
        return self._end - self._file.size

    def has_key(self, stream: StreamId, term: TermId) -> bool:
        """Whether the key record that pieces of this term need has been placed."""
        return (stream, term) in self._keys

    def is_full(self, now: UtcTicks) -> bool:
        """4 GiB, ten minutes, or a clock set back to before its creation: new segments belong in another volume."""
        return self._end >= MAX_BYTES or not 0 <= now - self.header.utc < MAX_AGE

    def mark(self) -> Mark:
        """What stands here now, for `take_back`."""
        return Mark(len(self._pending), self._end, len(self._headers))

    def take_back(self, mark: Mark | None) -> None:
        """Forget what was placed since `mark` (None: since its creation), of which nothing may have been written."""
        pending, end, headers = mark or Mark(0, SIZE, 0)
        if end == self._end:
            return
        del self._pending[pending:], self._headers[headers:]
        self._end, self._count = end, headers // HEADER_SIZE
        self._summary = Summary()
        self._keys.clear()
        self._open.clear()
        for data in split_headers(bytes(self._headers)):
            known = parse_header(data, self.header.volume_id)
            self._note(known.kind, known.flags, known.stream, known.term, known.n, known.t0, known.t1, known.offset)

    def place(
        self,
        kind: int,
        flags: int,
        *,
        payload: bytes | bytearray | memoryview,
        stream: StreamId | None = None,
        term: TermId | None = None,
        n: int = 0,
        index: int = 0,
        frames: int = 0,
        t0: int = 0,
        t1: int = 0,
        m0: int = 0,
        m1: int = 0,
        media: int = 0,
        lost: int = 0,
        h: bytes = NO_HASH,
        c: bytes | None = None,
        plain_length: int = 0,
    ) -> int:
        """Put a record behind the others and return its offset; it is on disk after the next `flush`.

        `c` is computed where it is not given. The payload must not change until then.
        """
        if not self._takes_records:
            raise Stopped(f"{self.name} takes no more records: it was closed, or a write failed")
        offset = self._end
        body = BODY.pack(
            MAGIC,
            kind,
            flags,
            HEADER_SIZE,
            len(payload),
            offset,
            self._pack_owner(stream, term),
            n,
            index,
            frames,
            t0,
            t1,
            m0,
            m1,
            media,
            lost,
            h,
            hashlib.sha256(payload).digest() if c is None else c,
            plain_length,
        )
        self._note(kind, flags, stream, term, n, t0, t1, offset)
        header = body + CRC.pack(google_crc32c.extend(self._volume_crc, body))
        self._headers += header
        self._count += 1
        self._pending += (header, payload)
        self._end = offset + HEADER_SIZE + len(payload)
        return offset

    def write(self) -> None:
        """Give the kernel what is pending, in one gathered write, and free the memory; synced by the next `flush`."""
        if not self._pending:
            return
        pending, self._pending = self._pending, []
        self._takes_records, took = False, self._takes_records
        self._file.append(pending)
        self._takes_records, self._unsynced = took, True

    def flush(self) -> None:
        """Return when all that was placed survives a power cut."""
        self.write()
        if self._unsynced:
            self._takes_records, took = False, self._takes_records
            self._file.sync()
            self._takes_records, self._unsynced = took, False

    def finish(self) -> bool:
        """Flush, write summary, index and end, sync, close.

        False, and no end, if a segment in it still has no fact: then it is left to recovery, like an abandoned one.
        """
        if not self._takes_records:
            raise Stopped(f"{self.name} cannot be finished: it was closed, or a write failed")
        self.flush()
        is_complete = not self._open
        if is_complete:
            start = self._end
            self.place(Kind.SUMMARY, 0, payload=self._summary.pack())
            end = End(self._end, self._count, self._end - start)
            self.place(Kind.INDEX, 0, payload=bytes(self._headers))
            self._pending.append(end.pack(self.header.volume_id))
            self._end += END_SIZE
            self.flush()
        self._close()
        return is_complete

    def abandon(self) -> None:
        """Close it as it is; what was pending is dropped. Never fails."""
        self.is_abandoned = True
        self._close()

    def _close(self) -> None:
        self._takes_records = False
        self._pending, self._headers = [], bytearray()
        with contextlib.suppress(OSError):  # says nothing new after a sync; without one, nothing is claimed
            self._file.close()

    def _note(
        self,
        kind: int,
        flags: int,
        stream: StreamId | None,
        term: TermId | None,
        n: int,
        t0: int,
        t1: int,
        offset: int,
    ) -> None:
        """Remember what index, summary and end need to know."""
        if stream is None or term is None:
            return
        owner = (stream, term)
        if kind == Kind.PIECE:
            assert owner in self._keys, "the key record comes before the pieces that need it"
            if flags & INIT:
                self._open.add(SegmentId(stream, term, n))
        elif kind == Kind.FACT:
            self._open.discard(SegmentId(stream, term, n))
        elif kind == Kind.KEY:
            self._keys.add(owner)
        self._summary.add(kind, stream, term, n, t0, t1, offset)

    def _pack_owner(self, stream: StreamId | None, term: TermId | None) -> bytes:
        """Stream ‖ term."""
        if stream is None or term is None:
            return NOBODY
        packed = self._owners.get((stream, term))
        if packed is None:
            packed = self._owners[stream, term] = stream.pack() + term.pack()
        return packed
