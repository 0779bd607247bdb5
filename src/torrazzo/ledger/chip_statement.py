# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a TPM says of its counter after a shred, whose fact names it by hash (docs/3-formats/ring.md); pure.

TPM2_NV_Certify signs it: TPMS_ATTEST with TPMS_NV_CERTIFY_INFO (TPM 2.0 Part 2, 10.12).
"""

import json
import re
import struct
from typing import NamedTuple, Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from torrazzo.base.errors import Damaged, Invalid
from torrazzo.ledger.text import parse_base64

STATEMENTS = "statements"  # the folder they are kept in, in the keyring's
FILE = re.compile(r"[0-9a-f]{64}\.json", re.ASCII)  # SHA-256 of the statement
MOST_BYTES = 16 << 10

_MAGIC = b"\xffTCG"  # TPM_GENERATED_VALUE: no restricted key signs foreign data that begins so
_ATTEST_NV = b"\x80\x14"
_CLOCK_AND_FIRMWARE = 17 + 8


class CounterStatement(NamedTuple):
    """The counter with this name, whatever its handle, stood at `counter`; `about` came from who asked."""

    name: bytes  # of the NV index: its handle, its attributes, its policy, hashed
    counter: int
    about: bytes


class ChipStatement(NamedTuple):
    """As it is kept; nothing in it has been verified."""

    statement: bytes  # TPMS_ATTEST
    signature: bytes  # ECDSA with SHA-256, DER
    key: bytes  # SubjectPublicKeyInfo, DER

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The file; raises `Invalid`."""
        try:
            found = json.loads(data) if len(data) <= MOST_BYTES else {}
            if set(found) != {"v", *cls._fields} or found["v"] != 1:
                raise ValueError("not of version 1")
            return cls(*(parse_base64(found[name], name) for name in cls._fields))
        except (ValueError, TypeError, RecursionError) as error:
            raise Invalid(f"a chip's statement: {error!r}") from error

    def verify(self) -> CounterStatement:
        """What `key` signed: compare that with the one published when it was installed.

        Raises `Damaged` if the signature is not of that key, `Invalid` if it signed something else.
        """
        try:
            key = load_der_public_key(self.key)
        except (ValueError, UnsupportedAlgorithm) as error:  # such as a curve that nobody knows
            raise Invalid(f"attestation: its key cannot be read: {error}") from error
        if not isinstance(key, EllipticCurvePublicKey):
            raise Invalid("attestation: its key is not an elliptic curve's")
        try:
            key.verify(self.signature, self.statement, ECDSA(SHA256()))
        except InvalidSignature as error:
            raise Damaged("attestation: the signature is not that of its key") from error
        return parse_statement(self.statement)


def parse_statement(data: bytes) -> CounterStatement:
    """Strict: every byte is accounted for."""
    if data[:6] != _MAGIC + _ATTEST_NV:
        raise Invalid("attestation: not what TPM2_NV_Certify signs")
    _signer, at = _sized(data, 6)
    about, at = _sized(data, at)
    name, at = _sized(data, at + _CLOCK_AND_FIRMWARE)
    offset, at = data[at : at + 2], at + 2
    value, at = _sized(data, at)
    if offset != b"\0\0" or len(value) != 8 or at != len(data):
        raise Invalid("attestation: not a counter of eight bytes")
    return CounterStatement(name, int.from_bytes(value), about)


def _sized(data: bytes, at: int) -> tuple[bytes, int]:
    """A TPM2B: two bytes of length, then so many."""
    if at + 2 > len(data):
        raise Invalid("attestation: cut off")
    (length,) = struct.unpack_from(">H", data, at)
    end = at + 2 + length
    if end > len(data):
        raise Invalid("attestation: cut off")
    return data[at + 2 : end], end
