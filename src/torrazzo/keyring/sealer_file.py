# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Roots in files: for machines without a TPM. What is shredded is overwritten, and nobody can prove that it is gone."""

import contextlib
import re
from pathlib import Path

from torrazzo.base.errors import Damaged, Refused
from torrazzo.durable import Disk, read_whole
from torrazzo.keyring.number_file import read_number, write_number
from torrazzo.keyring.sealer import ROOT_LENGTH, Attestation, Level

COUNTER = "counter"

_ROOT = re.compile(r"\.?root-(0|[1-9][0-9]{0,18})(?:\.new)?", re.ASCII)


class FileSealer:
    """`counter`, and `root-<n>` for the value n: implements `Sealer`.

    The sealed form of a root is n alone, since the root lies in its own file; replacing `counter` is the commit.
    """

    level = Level.FILE
    first = 0

    def __init__(self, disk: Disk, folder: Path, why: str) -> None:
        self.why = why
        self._disk = disk
        self._folder = folder

    def counter(self) -> int:
        """What the file says; 0 where there is none."""
        return read_number(self._disk, self._folder / COUNTER)

    def seal(self, root: bytes, at: int) -> bytes:
        """The root into its file."""
        assert len(root) == ROOT_LENGTH, "roots have one length"
        with contextlib.suppress(FileNotFoundError):
            self._disk.erase(self._root(at))  # of an attempt whose ring was never written
        self._disk.publish(self._root(at), root)
        return at.to_bytes(8)

    def open(self, sealed: bytes) -> bytes:
        """Compares, reads."""
        at, counter = int.from_bytes(sealed), self.counter()
        if len(sealed) != 8 or at != counter:
            raise Refused(f"{self._folder}: sealed to counter {at}, which stands at {counter}")
        root = read_whole(self._disk, self._root(at), ROOT_LENGTH)
        if len(root) != ROOT_LENGTH:
            raise Damaged(f"{self._root(at)}: not a root of {ROOT_LENGTH} bytes")
        return root

    def advance(self, to: int) -> None:
        """One file replaced as a whole."""
        assert to > self.counter(), "a counter only grows"
        write_number(self._disk, self._folder / COUNTER, to)

    def settle(self) -> None:
        """Overwrite the roots of lower values."""
        counter = self.counter()
        for name in self._disk.list(self._folder):
            if (found := _ROOT.fullmatch(name)) and int(found[1]) < counter:
                self._disk.erase(self._folder / name)

    def attest(self, about: bytes) -> Attestation:  # noqa: ARG002 - there is nobody who could say it
        """Nothing."""
        return Attestation(level=Level.FILE)

    def _root(self, at: int) -> Path:
        return self._folder / f"root-{at}"
