# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A package on its way: beside its place, under another name, until it was checked.

One that is to be encrypted is veiled before: no byte of it lies on a disk in the clear, and what a crash leaves of it
nobody can read, since the key was in memory alone.
"""

import contextlib
import hashlib
import io
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO, cast

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

from torrazzo.base.errors import Damaged
from torrazzo.durable import Disk, ReadFile

STEP = 1 << 20
BLOCK = 16

Told = Callable[[int], None]  # bytes done; what it raises ends the work


def clear_drafts(disk: Disk, out: Path) -> None:
    """Remove what an export that ended without its end has left beside `out`."""
    for path in (_new(out), _sealed(out), report_draft(out)):
        with contextlib.suppress(FileNotFoundError):
            disk.unlink(path)


class Draft:
    """Of one file. `write` may be called again; it begins anew."""

    def __init__(self, disk: Disk, out: Path, recipient: str | None) -> None:
        self._disk, self._out, self._recipient = disk, out, recipient
        self._key = b""
        self._sha256 = ""

    def write(self, chunks: Iterable[bytes], told: Told) -> None:
        """All of it, to the disk."""
        clear_drafts(self._disk, self._out)
        self._key = b"" if self._recipient is None else secrets.token_bytes(32)
        digest, done, veil = hashlib.sha256(), 0, self._veil(0)
        with contextlib.closing(self._disk.create(_new(self._out))) as file:
            for chunk in chunks:
                file.append([veil.update(chunk) if veil else chunk])
                digest.update(chunk)
                done += len(chunk)
                told(done)
            file.sync()
        self._sha256 = digest.hexdigest()

    def open(self) -> BinaryIO:
        """What was written, to be read anywhere."""
        if not self._key:
            return _new(self._out).open("rb")
        return cast("BinaryIO", io.BufferedReader(_Veiled(self._disk.open_read(_new(self._out)), self._veil), STEP))

    def seal(self, told: Told) -> tuple[int, str]:
        """As it is to be handed over, encrypted if it is to be, and beside its place still: size and SHA-256."""
        if self._recipient is None:
            return _new(self._out).stat().st_size, self._sha256
        from torrazzo.durable.age import encrypt

        with contextlib.closing(self._disk.create(_sealed(self._out))) as file:
            sink = _Sink(file.append)
            encrypt(lambda pipe: self._copy(pipe, told), sink, [self._recipient])
            file.sync()
        return sink.size, sink.digest.hexdigest()

    def _copy(self, pipe: BinaryIO, told: Told) -> None:
        digest, done = hashlib.sha256(), 0
        with self.open() as clear:
            while chunk := clear.read(STEP):
                pipe.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                told(done)
        if digest.hexdigest() != self._sha256:
            raise Damaged(f"{self._out}: the draft beside it was changed after it was checked; export again")

    def _veil(self, at: int) -> CipherContext | None:
        """The key stream from byte `at` on; each `write` has a key of its own."""
        if not self._key:
            return None
        veil = Cipher(algorithms.AES(self._key), modes.CTR((at // BLOCK).to_bytes(BLOCK))).encryptor()
        veil.update(bytes(at % BLOCK))
        return veil


class _Veiled(io.RawIOBase):
    """What lies below a veil."""

    def __init__(self, file: ReadFile, veil: Callable[[int], CipherContext | None]) -> None:
        self._file, self._veil, self._at = file, veil, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + (0, self._at, self._file.size())[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # what a BufferedReader gives
        veil = self._veil(self._at)
        assert veil is not None
        data = veil.update(self._file.read(self._at, min(len(buffer), max(0, self._file.size() - self._at))))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


class _Sink:
    """What age writes to."""

    def __init__(self, append: Callable[[list[bytes]], int]) -> None:
        self._append = append
        self.digest, self.size = hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        self._append([data])
        self.digest.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Synced when all is there."""


def sealed_draft(out: Path, recipient: str | None) -> Path:
    """Where it lies when it was sealed, beside its place."""
    return _new(out) if recipient is None else _sealed(out)


def report_draft(out: Path) -> Path:
    """Where its report lies until then."""
    return out.with_name(f".{out.name}.pdf.new")


def _new(out: Path) -> Path:
    return out.with_name(f".{out.name}.new")


def _sealed(out: Path) -> Path:
    return out.with_name(f".{out.name}.age")
