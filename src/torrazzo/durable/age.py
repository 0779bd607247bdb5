# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""age (age-encryption.org/v1) around what flows by: no byte of it lies on a disk in the clear."""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO, Protocol

import pyrage

from torrazzo.base.errors import Invalid, Refused, TorrazzoError, Unavailable

MAGIC = b"age-encryption.org/v1\n"


class Sink(Protocol):
    """Where bytes go."""

    def write(self, data: bytes) -> int:
        """All of them."""
        ...

    def flush(self) -> None:
        """Nothing is held back."""
        ...


def parse_recipient(text: str) -> object:
    """A public key: `age1…`, or of SSH, `ssh-ed25519 …`; raises `Invalid`."""
    kind = pyrage.ssh.Recipient if text.startswith("ssh-") else pyrage.x25519.Recipient
    try:
        return kind.from_str(text.strip())
    except (pyrage.RecipientError, ValueError) as error:  # also a text that is none in UTF-8
        raise Invalid(f"recipient {text[:80]!r}: expected a public key of age, age1… or ssh-…: {error}") from error


def parse_identities(text: str) -> list[object]:
    """The private keys in a file that `age-keygen` or `ssh-keygen` wrote; raises `Invalid`."""
    try:
        if "PRIVATE KEY" in text:
            return [pyrage.ssh.Identity.from_buffer(text.encode())]
        lines = [line.strip() for line in text.splitlines()]
        found: list[object] = [pyrage.x25519.Identity.from_str(line) for line in lines if line and line[0] != "#"]
    except (pyrage.IdentityError, ValueError) as error:
        raise Invalid(f"private key of age: {error}") from error
    if not found:
        raise Invalid("private key of age: none in this file; it begins with AGE-SECRET-KEY-1")
    return found


def encrypt(write: Callable[[BinaryIO], None], sink: Sink, recipients: Sequence[str]) -> None:
    """Whatever `write` writes, to these; what it or the sink raises is raised here."""
    keys = [parse_recipient(text) for text in recipients]
    reading, writing = os.pipe()
    noting = _Noting(sink)

    def produce() -> None:
        with contextlib.suppress(BrokenPipeError), os.fdopen(writing, "wb", 1 << 16) as pipe:
            write(pipe)  # a broken pipe: who reads has failed, and says why

    with ThreadPoolExecutor(1, "age") as pool:
        produced = pool.submit(produce)
        try:
            with os.fdopen(reading, "rb") as pipe:
                pyrage.encrypt_io(pipe, noting, keys)
        except pyrage.EncryptError as error:
            raise noting.error or Unavailable(f"age: {error}; try again") from error
    produced.result()  # what was cut short looks whole


class _Noting:
    """A sink whose failure is kept: age gives it in a form of its own."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.error: Exception | None = None

    def write(self, data: bytes) -> int:
        try:
            return self._sink.write(data)
        except Exception as error:
            self.error = error
            raise

    def flush(self) -> None:
        self._sink.flush()


@contextlib.contextmanager
def decrypted(source: BinaryIO, identities: str) -> Iterator[BinaryIO]:
    """What is inside, for the block; raises `Refused` when none of the keys opens it, or it was altered."""
    keys = parse_identities(identities)
    reading, writing = os.pipe()
    failed: list[BaseException] = []

    def produce() -> None:
        with os.fdopen(writing, "wb", 1 << 16) as pipe:
            try:
                pyrage.decrypt_io(source, pipe, keys)
            except (pyrage.DecryptError, OSError) as error:
                failed.append(error)

    thread = threading.Thread(target=produce, name="age", daemon=True)
    thread.start()
    try:
        with os.fdopen(reading, "rb") as pipe:
            yield pipe
            while pipe.read(1 << 16):
                pass  # the last piece says that nothing was cut off
    except TorrazzoError as error:
        thread.join()
        if failed:
            raise Refused(f"the backup does not open: {failed[0]}; is it for this key, and whole?") from error
        raise
    finally:
        thread.join()
    if failed:
        raise Refused(f"the backup does not open: {failed[0]}; is it for this key, and whole?")
