# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The container: a ZIP whose entries are stored one behind the other (ASiC-E, ETSI EN 319 162-1)."""

import base64
import hashlib
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

MIMETYPE = b"application/vnd.etsi.asic-e+zip"

_32 = 0xFFFFFFFF
_VERSION = 45  # 4.5: zip64
_UTF8 = 0x800


class Content(NamedTuple):
    """What an entry holds. Its check sum comes before its bytes in a ZIP, so it is read once beforehand."""

    size: int
    crc32: int
    sha256: bytes
    chunks: Callable[[], Iterable[bytes]]  # the bytes, the same each time


def content_of(data: bytes) -> Content:
    """Of bytes at hand."""
    return Content(len(data), zlib.crc32(data), hashlib.sha256(data).digest(), lambda: (data,))


def measure(chunks: Callable[[], Iterable[bytes]]) -> Content:
    """Of what is too large for memory: read once now."""
    size, crc, digest = 0, 0, hashlib.sha256()
    for chunk in chunks():
        size, crc = size + len(chunk), zlib.crc32(chunk, crc)
        digest.update(chunk)
    return Content(size, crc, digest.digest(), chunks)


def write_zip(entries: Mapping[str, Content]) -> Iterator[bytes]:
    """The file (PKWARE APPNOTE 6.3); names are ASCII."""
    at = 0
    directory: list[bytes] = []
    for name, content in entries.items():
        local = _local(name, content)
        directory.append(_central(name, content, at))
        yield local
        size = 0
        for chunk in content.chunks():
            size += len(chunk)
            yield chunk
        assert size == content.size, f"{name}: {size} bytes, measured {content.size}"
        at += len(local) + size
    central = b"".join(directory)
    yield central + _end(len(directory), len(central), at)


def _local(name: str, content: Content) -> bytes:
    long = content.size >= _32
    extra = struct.pack("<HHQQ", 1, 16, content.size, content.size) if long else b""
    size = _32 if long else content.size
    fields = (_VERSION, _UTF8, 0, 0, 0x21, content.crc32, size, size, len(name), len(extra))
    return struct.pack("<4s5H3L2H", b"PK\3\4", *fields) + name.encode("ascii") + extra


def _central(name: str, content: Content, at: int) -> bytes:
    size = min(content.size, _32)
    wide = [value for value in (content.size, content.size, at) if value >= _32]
    extra = struct.pack(f"<HH{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    fields = (_VERSION, _VERSION, _UTF8, 0, 0, 0x21, content.crc32, size, size, len(name), len(extra))
    head = struct.pack("<4s6H3L5H2L", b"PK\1\2", *fields, 0, 0, 0, 0, min(at, _32))
    return head + name.encode("ascii") + extra


def _end(count: int, size: int, at: int) -> bytes:
    wide = b""
    if count >= 0xFFFF or size >= _32 or at >= _32:
        wide = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, _VERSION, _VERSION, 0, 0, count, count, size, at)
        wide += struct.pack("<4sLQL", b"PK\6\7", 0, at + size, 1)
    short = (min(count, 0xFFFF), min(count, 0xFFFF), min(size, _32), min(at, _32))
    return wide + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, *short, 0)


def digest_list(entries: Mapping[str, Content]) -> bytes:
    """For `sha256sum -c`."""
    return "".join(f"{content.sha256.hex()}  {name}\n" for name, content in sorted(entries.items())).encode()


def asic_manifest(entries: Mapping[str, Content]) -> bytes:
    """META-INF/ASiCManifest.xml (ETSI EN 319 162-1 clause 4.4)."""
    rows = "".join(
        f'<asic:DataObjectReference URI="{name}">'
        '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
        f"<ds:DigestValue>{base64.b64encode(content.sha256).decode()}</ds:DigestValue>"
        "</asic:DataObjectReference>\n"
        for name, content in sorted(entries.items())
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<asic:ASiCManifest xmlns:asic="http://uri.etsi.org/02918/v1.2.1#"'
        ' xmlns:ds="http://www.w3.org/2000/09/xmldsig#">\n'
        '<asic:SigReference URI="META-INF/timestamp.tst" MimeType="application/vnd.etsi.timestamp-token"/>\n'
        f"{rows}</asic:ASiCManifest>\n"
    ).encode()
