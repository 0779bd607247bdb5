# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Roots that a TPM opens while its counter has one value: counting up is the shredding, and the TPM signs that it did.

The counter is an NV index of type counter: defined again after its removal it begins above every value that any counter
of that TPM ever had. A root is a sealed object whose policy is PolicyNV(counter equals n). Storage and attestation key
are drawn from the TPM's seeds each time, so that nothing of them has to be kept.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from torrazzo.base.errors import Damaged, Refused
from torrazzo.durable.memory_file import MemoryFile
from torrazzo.keyring.sealer import ROOT_LENGTH, Attestation, Level
from torrazzo.keyring.tpm_maker import why_not_physical
from torrazzo.keyring.tpm_statement import verify_attestation
from torrazzo.keyring.tpm_tools import TpmError, TpmTools

COUNTER_ATTRIBUTES = "ownerread|ownerwrite|authread|authwrite|no_da|nt=counter"

_STORAGE = ("--hierarchy", "o", "--hash-algorithm", "sha256", "--key-algorithm", "ecc")
_ATTESTING = ("--hierarchy", "e", "--hash-algorithm", "sha256", "--key-algorithm", "ecc256:ecdsa-sha256:null",
              "--attributes", "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|sign")  # fmt: skip
_SEALED = ("--hash-algorithm", "sha256", "--attributes", "fixedtpm|fixedparent|adminwithpolicy|noda")

# Response codes (TPM 2.0 Part 2, 6.6.3), those of format one without the number of the handle, parameter or session.
_POLICY, _NV_UNINITIALIZED, _HANDLE, _POLICY_FAIL, _INTEGRITY = 0x126, 0x14A, 0x8B, 0x9D, 0x9F


class TpmSealer:
    """The counter at `handle` of one TPM: implements `Sealer`. Needs the owner's authorisation, which is empty."""

    def __init__(self, tools: TpmTools, handle: int, first: int) -> None:
        self.first = first
        self._tools = tools
        self._handle = f"0x{handle:08x}"
        self._why_not: str | None = None

    @property
    def level(self) -> Level:
        """`tpm` only for what looks like a chip."""
        return Level.FILE if self._doubt() else Level.TPM

    @property
    def why(self) -> str:
        """The reason for the level."""
        return self._doubt() or "a TPM counts, and what is sealed to a lower value opens no more"

    def counter(self) -> int:
        """TPM2_NV_Read."""
        try:
            data = self._tools.run("nvread", "--hierarchy", self._handle, "--size", "8", self._handle)
        except TpmError as error:
            if _reason(error) not in {_HANDLE, _NV_UNINITIALIZED}:
                raise
            raise Damaged(
                f"TPM at {self._tools.tcti}: no counter at {self._handle}: it was removed, or this is another TPM; "
                "no ring sealed to it will ever open"
            ) from error
        if len(data) != 8:
            raise TpmError(f"TPM at {self._tools.tcti}: read {len(data)} bytes at {self._handle}, expected 8")
        return int.from_bytes(data)

    def seal(self, root: bytes, at: int) -> bytes:
        """TPM2_Create under the storage key: TPM2B_PUBLIC ‖ TPM2B_PRIVATE."""
        assert len(root) == ROOT_LENGTH, "roots have one length"
        with (
            self._primary(*_STORAGE) as parent,
            MemoryFile() as policy,
            MemoryFile() as public,
            MemoryFile() as private,
        ):
            with self._tools.session() as trial:
                self._policy(trial, at, "--policy", policy.path, files=[policy])
            self._tools.run(
                "create", "--quiet", *_SEALED, "--parent-context", parent.path, "--policy", policy.path,
                "--sealing-input", "-", "--public", public.path, "--private", private.path,
                files=[parent, policy, public, private], given=root,
            )  # fmt: skip
            return public.read() + private.read()

    def open(self, sealed: bytes) -> bytes:
        """TPM2_Load, TPM2_PolicyNV with the value the counter has now, TPM2_Unseal."""
        counter = self.counter()
        split = 2 + int.from_bytes(sealed[:2])
        with self._primary(*_STORAGE) as parent, MemoryFile() as loaded:
            try:
                with MemoryFile(sealed[:split]) as public, MemoryFile(sealed[split:]) as private:
                    self._tools.run(
                        "load", "--quiet", "--parent-context", parent.path, "--key-context", loaded.path,
                        "--public", public.path, "--private", private.path, files=[parent, loaded, public, private],
                    )  # fmt: skip
                with self._tools.session("--policy-session") as session:
                    self._policy(session, counter)
                    root = self._tools.run(
                        "unseal", "--object-context", loaded.path, "--auth", f"session:{session.path}",
                        files=[loaded, session],
                    )  # fmt: skip
            except TpmError as error:
                if _reason(error) not in {_POLICY, _POLICY_FAIL, _INTEGRITY}:
                    raise
                raise Refused(
                    f"TPM at {self._tools.tcti}: sealed to another value than {counter}, where the counter at "
                    f"{self._handle} stands, or by another TPM"
                ) from error
        if len(root) != ROOT_LENGTH:
            raise Damaged(f"TPM at {self._tools.tcti}: unsealed {len(root)} bytes, expected {ROOT_LENGTH}")
        return root

    def advance(self, to: int) -> None:
        """TPM2_NV_Increment, until it is there; what it counted is read back, whatever the command said."""
        while (before := self.counter()) < to:
            self._tools.run("nvincrement", "--quiet", "--hierarchy", self._handle, self._handle)
            if self.counter() == before:
                raise TpmError(f"TPM at {self._tools.tcti}: the counter at {self._handle} did not grow")

    def settle(self) -> None:
        """Nothing: the TPM answers when its counter is safe, and leaves nothing behind."""

    def attest(self, about: bytes) -> Attestation:
        """TPM2_NV_Certify by a restricted key of the endorsement hierarchy; read back before it is given."""
        with (
            MemoryFile() as key,
            self._primary(*_ATTESTING, "--format", "der", "--output", key.path, files=(key,)) as signer,
            MemoryFile() as statement,
            MemoryFile() as signature,
        ):
            self._tools.run(
                "nvcertify", "--quiet", "--signingkey-context", signer.path, "--nvauthobj-context", self._handle,
                "--hash-algorithm", "sha256", "--scheme", "ecdsa", "--format", "plain", "--signature", signature.path,
                "--attestation", statement.path, "--qualification", about.hex(), "--size", "8", self._handle,
                files=[signer, statement, signature],
            )  # fmt: skip
            found = Attestation(
                level=self.level, statement=statement.read(), signature=signature.read(), key=key.read()
            )
        if verify_attestation(found).about != about:
            raise Damaged(f"TPM at {self._tools.tcti}: it attested something else than was asked")
        return found

    def _policy(self, session: MemoryFile, at: int, *words: str, files: Sequence[MemoryFile] = ()) -> None:
        self._tools.run(
            "policynv", "--quiet", "--session", session.path, "--hierarchy", self._handle, "--input", "-", *words,
            self._handle, "eq", files=[session, *files], given=at.to_bytes(8),
        )  # fmt: skip

    @contextmanager
    def _primary(self, *words: str, files: Sequence[MemoryFile] = ()) -> Iterator[MemoryFile]:
        """A key that the TPM draws from its seed: the same each time."""
        with MemoryFile() as file:
            self._tools.run("createprimary", "--quiet", *words, "--key-context", file.path, files=[file, *files])
            yield file

    def _doubt(self) -> str:
        if self._why_not is None:
            self._why_not = why_not_physical(self._tools)
        return self._why_not


def _reason(error: TpmError) -> int:
    return error.code & 0xBF if error.code & 0x80 else error.code
