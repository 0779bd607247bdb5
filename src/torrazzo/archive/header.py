# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a volume says about itself: its first 64 bytes, its last 32, and its name (docs/3-formats/volume.md)."""

import re
import struct
from typing import NamedTuple, Self

import google_crc32c

from torrazzo.archive.record import CRC, crc_of
from torrazzo.base.errors import Invalid
from torrazzo.base.ids import NodeId, RootId
from torrazzo.base.times import BootNs, UtcTicks, hour_from_text, hour_text

MAGIC = b"TZVOL001"
SIZE = 64
END_MAGIC = b"TZEND001"
END_SIZE = 32

_BODY = struct.Struct(">8sIIIII16sQQ")
_END = struct.Struct(">8sQQI")
_CLASS = re.compile(r"[a-z0-9_]{1,16}", re.ASCII)
_NAME = re.compile(r"(\d{10})-([a-z0-9_]{1,16})((?:-[0-9a-f]{8}){4})\.(vol|idx)", re.ASCII)


class VolumeHeader(NamedTuple):
    """Which volume this is: (node, root, fence, serial) is unique for ever."""

    node: NodeId
    root: RootId
    fence: int
    serial: int
    hour: int  # UTC hours since 1970
    retention_class: str
    utc: UtcTicks  # created
    boot_ns: BootNs  # created

    @property
    def volume_id(self) -> bytes:
        """16 bytes that enter every CRC in the volume."""
        return struct.pack(">IIII", *self[:4])

    @property
    def name(self) -> str:
        """The file name that repeats the header."""
        return f"{hour_text(self.hour)}-{self.retention_class}-{self.volume_id.hex('-', 4)}.vol"

    def pack(self) -> bytes:
        """64 bytes; raises `Invalid` for a class that doesn't fit."""
        if not _CLASS.fullmatch(self.retention_class):
            raise Invalid(f"retention class {self.retention_class!r}: expected 1 to 16 of a-z 0-9 _")
        body = _BODY.pack(MAGIC, *self[:5], self.retention_class.encode(), self.utc, self.boot_ns)
        return body + CRC.pack(google_crc32c.value(body))

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """The inverse of `pack`; raises `Invalid` for anything but an intact header."""
        if len(data) < SIZE or data[:8] != MAGIC or CRC.unpack_from(data, 60)[0] != google_crc32c.value(data[:60]):
            raise Invalid("not a volume header: magic or CRC differ")
        _, node, root, fence, serial, hour, retention_class, utc, boot_ns = _BODY.unpack_from(data)
        text = retention_class.rstrip(b"\0").decode("ascii", "replace")
        if not _CLASS.fullmatch(text):
            raise Invalid(f"retention class {text!r}: expected 1 to 16 of a-z 0-9 _")
        return cls(NodeId(node), RootId(root), fence, serial, hour, text, UtcTicks(utc), BootNs(boot_ns))

    @classmethod
    def from_name(cls, name: str) -> Self:
        """What a file's name claims, with unknown creation (0); raises `Invalid` for other names."""
        found = _NAME.fullmatch(name)
        if found is None:
            raise Invalid(f"not a volume's name: {name}")
        try:
            hour = hour_from_text(found[1])
        except Invalid as error:
            raise Invalid(f"not a volume's name: {name}: {error}") from error
        node, root, fence, serial = (int(part, 16) for part in found[3][1:].split("-"))
        return cls(NodeId(node), RootId(root), fence, serial, hour, found[2], UtcTicks(0), BootNs(0))


class End(NamedTuple):
    """Where a closed volume's index stands."""

    index_offset: int
    headers: int  # in the index
    summary_length: int  # of the summary record that ends where the index begins; 0 if there is none

    def pack(self, volume_id: bytes) -> bytes:
        """32 bytes."""
        body = _END.pack(END_MAGIC, *self)
        return body + CRC.pack(crc_of(volume_id, body))

    @classmethod
    def unpack(cls, data: bytes, volume_id: bytes) -> Self:
        """The inverse of `pack`; raises `Invalid` for anything but this volume's intact end."""
        if len(data) != END_SIZE or data[:8] != END_MAGIC:
            raise Invalid("no end: the volume was not closed, or was cut off")
        if CRC.unpack_from(data, _END.size)[0] != crc_of(volume_id, data[: _END.size]):
            raise Invalid("bad end: its CRC differs")
        return cls(*_END.unpack_from(data)[1:])
