# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tar that a backup is: regular files, names of a home, the manifest last."""

import hashlib
import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Self, cast

from torrazzo.backup.contents import is_database, is_ours
from torrazzo.backup.manifest import MAX_BYTES, NAME, Entry, Manifest
from torrazzo.base.errors import Damaged, Invalid

CHUNK = 1 << 20

_MOST_BYTES = 32 << 20  # of a file that is no database: 256 entries are the longest
_MOST_FILES = MAX_BYTES // 80  # more have no room in a manifest
_MOST_HEADER = 64 << 10  # of what stands before a file


class TarWriter:
    """Onto a stream that only grows; `with` it: what failed writes nothing more."""

    def __init__(self, sink: BinaryIO) -> None:
        self.files: dict[str, Entry] = {}
        self._out = _Out(sink)
        self._tar = tarfile.open(  # noqa: SIM115 - `__exit__` closes it
            fileobj=cast("BinaryIO", self._out), mode="w|", format=tarfile.PAX_FORMAT
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._out.is_on = kind is None
        self._tar.close()

    def add(self, name: str, path: Path, told: Callable[[int], None] = lambda _: None) -> None:
        """A file, as long as it is now."""
        with path.open("rb") as file:
            size = path.stat().st_size
            self._add(name, size, _Hashing(file, told))

    def add_bytes(self, name: str, data: bytes) -> None:
        """The same, of these bytes."""
        self._add(name, len(data), _Hashing(io.BytesIO(data), lambda _: None))

    def end(self, manifest: Manifest) -> None:
        """Last of all."""
        data = manifest._replace(files=self.files).pack()
        self._add(NAME, len(data), _Hashing(io.BytesIO(data), lambda _: None))

    def _add(self, name: str, size: int, source: "_Hashing") -> None:
        found = tarfile.TarInfo(name)
        found.size, found.mode = size, 0o600
        self._tar.addfile(found, source)
        self.files[name] = Entry(size, source.digest.hexdigest())


class _Out:
    """The stream, until it is of no use any more."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self.is_on = True

    def write(self, data: bytes) -> int:
        return self._sink.write(data) if self.is_on else len(data)


class _Hashing:
    """A file that is hashed as it is read."""

    def __init__(self, file: BinaryIO | io.BytesIO, told: Callable[[int], None]) -> None:
        self._file, self._told = file, told
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """As a file's."""
        data = self._file.read(size)
        self.digest.update(data)
        self._told(len(data))
        return data


class _Info(tarfile.TarInfo):
    """A header: of a file or, short, of what its own header has no room for. Holes would let a file be any length."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str | None, errors: str) -> Self:
        return cls._checked(super().frombuf(buf, encoding, errors))  # type: ignore[arg-type]

    @classmethod
    def _frombuf(cls, buf: bytes, encoding: str, errors: str, **more: Any) -> Self:
        """What later versions of Python, and Debian's, call instead."""
        return cls._checked(super()._frombuf(buf, encoding, errors, **more))  # type: ignore[misc]

    @classmethod
    def _checked(cls, found: Self) -> Self:
        if found.type in tarfile.REGULAR_TYPES and found.type != tarfile.GNUTYPE_SPARSE:
            return found
        if found.type != tarfile.XHDTYPE or not 0 <= found.size <= _MOST_HEADER:
            raise Damaged(f"the backup has {found.name!r}, which is no file of a backup of ours")
        return found


def read_tar(source: BinaryIO, put: Callable[[str, Callable[[], bytes]], None]) -> Manifest:
    """Give each file to `put`, with a function that gives its bytes piece by piece, then none; returns the manifest.

    1. Each name is one that a backup may hold, none twice, each a regular file. 2. The manifest is the last one. 3.
    Sizes and digests are those that it says, and nothing is missing. Raises `Damaged`. No file is longer than the bytes
    of it that are there, so that all together are no longer than the backup.
    """
    found: dict[str, Entry] = {}
    manifest: Manifest | None = None
    try:
        with tarfile.open(fileobj=source, mode="r|", tarinfo=_Info) as tar:
            for member in tar:
                is_file = member.isreg() and not member.issparse()
                if manifest is not None or not is_file or member.name in found or len(found) >= _MOST_FILES:  # 1, 2
                    raise Damaged(f"the backup has {member.name!r} where it cannot be")
                data = tar.extractfile(member)
                assert data is not None, "regular files have content"
                if member.name == NAME:
                    manifest = Manifest.parse(data.read(MAX_BYTES))
                    continue
                if not is_ours(member.name):
                    raise Damaged(f"the backup has a file {member.name!r} that no backup of ours has")
                if member.size > _MOST_BYTES and not is_database(member.name):
                    raise Damaged(f"the backup's {member.name}: {member.size} bytes, at most {_MOST_BYTES}")
                found[member.name] = _copied(member.name, data, put)
    except (tarfile.TarError, EOFError, Invalid) as error:
        raise Damaged(f"the backup cannot be read: {error}; was it cut off? take another one") from error
    if manifest is None:
        raise Damaged("the backup has no manifest at its end: it was cut off; take another one")
    for name in {*found, *manifest.files}:  # 3
        if found.get(name) != manifest.files.get(name):
            raise Damaged(f"the backup's {name}: not what its manifest says; take another one")
    return manifest


def _copied(name: str, data: object, put: Callable[[str, Callable[[], bytes]], None]) -> Entry:
    hashing = _Hashing(data, lambda _: None)  # type: ignore[arg-type]
    size = 0

    def piece() -> bytes:
        nonlocal size
        part = hashing.read(CHUNK)
        size += len(part)
        return part

    put(name, piece)
    return Entry(size, hashing.digest.hexdigest())
