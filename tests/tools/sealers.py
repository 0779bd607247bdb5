# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A chip in memory that counts as a TPM does, and a real software TPM (swtpm) with a folder of its own."""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from torrazzo.base.errors import Refused, Unavailable
from torrazzo.keyring.sealer import Attestation, Level

PROGRAMS = ("swtpm", "tpm2_nvdefine")


class Chip:
    """Implements `keyring.sealer.Sealer`. What it sealed it opens while its counter has that value, for whoever asks.

    `fails` are the outcomes of the next steps of the counter: "before" it counted, "after", or "" for none.
    """

    level = Level.TPM
    why = "a fake"
    first = 41

    def __init__(self) -> None:
        self.value = self.first
        self.fails: list[str] = []
        self._roots: dict[bytes, tuple[bytes, int]] = {}

    def counter(self) -> int:
        return self.value

    def seal(self, root: bytes, at: int) -> bytes:
        sealed = secrets.token_bytes(8)
        self._roots[sealed] = root, at
        return sealed

    def open(self, sealed: bytes) -> bytes:
        root, at = self._roots.get(sealed, (b"", -1))
        if at != self.value:
            raise Refused(f"sealed to {at}, and the counter stands at {self.value}")
        return root

    def advance(self, to: int) -> None:
        while self.value < to:
            fails = self.fails.pop(0) if self.fails else ""
            if fails == "before":
                raise Unavailable("the chip did not count")
            self.value += 1
            if fails == "after":
                raise Unavailable("the chip counted, and does not go on")

    def settle(self) -> None:
        pass

    def attest(self, about: bytes) -> Attestation:
        return Attestation(level=self.level, statement=self.value.to_bytes(8) + about)


def why_no_software_tpm() -> str:
    """What is missing for `software_tpm`; empty if nothing is."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    return f"needs {', '.join(missing)} (requirements/debian-test.txt)" if missing else ""


needs_software_tpm = pytest.mark.skipif(bool(why_no_software_tpm()), reason=f"left out: {why_no_software_tpm()}")


@contextlib.contextmanager
def software_tpm(folder: Path) -> Iterator[str]:
    """A new TPM whose state lies in this folder; gives its TCTI."""
    state, socket = folder / "state", folder / "tpm"
    state.mkdir(parents=True)
    process = subprocess.Popen(
        [
            "swtpm", "socket", "--tpm2", "--tpmstate", f"dir={state}", "--flags", "not-need-init,startup-clear",
            "--server", f"type=unixio,path={socket}", "--ctrl", f"type=unixio,path={socket}.ctrl",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # a line for each command that ends
    )  # fmt: skip
    try:
        _wait_for(socket, process)
        yield f"swtpm:path={socket}"
    finally:
        os.kill(process.pid, signal.SIGTERM)
        process.wait(60)


def _wait_for(socket: Path, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(3_000):
        if socket.exists():
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
    raise AssertionError(f"swtpm did not begin: {process.returncode}")
