# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A TPM 2.0 by way of the tpm2-tools: one program per command, secrets only through pipes and memory."""

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from torrazzo.base.errors import Unavailable
from torrazzo.durable.memory_file import MemoryFile

TIMEOUT_SECONDS = 60  # a chip that was just reset tests itself; drawing a primary key takes some a second

_LEAVE_OBJECTS = {"create", "createprimary", "load", "nvcertify", "unseal"}
_RESPONSE = re.compile(r"^ERROR: \w+\(0x([0-9A-Fa-f]{1,8})\) - ", re.MULTILINE)


class TpmError(Unavailable):
    """A command failed; `code` is the TPM's response code (Part 2 of its specification, 6.6), 0 if none was told."""

    def __init__(self, text: str, code: int = 0) -> None:
        super().__init__(text)
        self.code = code


class TpmTools:
    """The TPM at one TCTI (`device:/dev/tpmrm0`, `tabrmd:`, `swtpm:path=…`)."""

    def __init__(self, tcti: str) -> None:
        self.tcti = tcti

    def run(self, name: str, *words: str, files: Sequence[MemoryFile] = (), given: bytes = b"") -> bytes:
        """Run `tpm2_<name>`; `files` are those whose paths stand in `words`. Returns what it prints."""
        try:
            return self._run(name, words, files, given)
        finally:
            if name in _LEAVE_OBJECTS:  # a resource manager does it by itself; a chip has three places
                self._run("flushcontext", ("--transient-object",), (), b"")

    @contextmanager
    def session(self, *kind: str) -> Iterator[MemoryFile]:
        """An authorisation session, by its saved context."""
        with MemoryFile() as file:
            self.run("startauthsession", *kind, "--session", file.path, files=[file])
            try:
                yield file
            finally:
                self.run("flushcontext", file.path, files=[file])

    def _run(self, name: str, words: Sequence[str], files: Sequence[MemoryFile], given: bytes) -> bytes:
        command = (f"tpm2_{name}", "--tcti", self.tcti, *words)
        try:
            done = subprocess.run(
                command,
                input=given,
                capture_output=True,
                pass_fds=[file.fd for file in files],
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TSS2_LOG": "all+NONE"},
                timeout=TIMEOUT_SECONDS,
                check=False,
            )
        except FileNotFoundError as error:
            raise TpmError(f"{command[0]} is not installed; on Debian: apt-get install tpm2-tools") from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise TpmError(f"{command[0]}: no answer from the TPM at {self.tcti}: {type(error).__name__}") from error
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip()
            code = _RESPONSE.search(said)
            raise TpmError(f"TPM at {self.tcti}: {command[0]}: {said[-400:]}", int(code[1], 16) if code else 0)
        return done.stdout
