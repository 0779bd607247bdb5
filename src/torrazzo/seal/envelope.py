# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""K, sealed to the public key of its hour: the recorder can write the past and never read it.

HPKE (RFC 9180), base mode, single shot, with the KEM of draft-ietf-hpke-pq (ML-KEM-768 and X25519, X-Wing's combiner).
"""

import struct

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PublicKey, Suite

from torrazzo.base.errors import Invalid
from torrazzo.base.ids import StreamId, TermId
from torrazzo.seal.chain import KEY_LENGTH, check_key

MLKEM_PUBLIC = 1_184
X25519_PUBLIC = 32
PUBLIC_KEY_LENGTH = MLKEM_PUBLIC + X25519_PUBLIC
SEALED_KEY_LENGTH = 1_088 + 32 + KEY_LENGTH + 16  # ML-KEM ciphertext, X25519 share, K, tag

SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)

_LABEL = b"torrazzo.key.v1\0"
_CLASS_LENGTH = 16


def seal_key(k: bytes, public_key: bytes, stream: StreamId, term: TermId, hour: int, class_: str) -> bytes:
    """K for the payload of a key record: 1,168 bytes that only the private key of (hour, class) opens."""
    check_key(k, "K")
    return SUITE.encrypt(k, _parse(public_key), seal_info(stream, term, hour, class_))


def seal_bytes(plain: bytes, public_key: bytes, info: bytes) -> bytes:
    """The same for anything else: it opens under the same info only."""
    return SUITE.encrypt(plain, _parse(public_key), info)


def seal_info(stream: StreamId, term: TermId, hour: int, class_: str) -> bytes:
    """What a sealed K is bound to: it opens for no other stream, term, hour or class."""
    name = class_.encode("ascii")
    if not 0 < len(name) <= _CLASS_LENGTH:
        raise Invalid(f"retention class {class_!r}: expected 1 to {_CLASS_LENGTH} characters of a-z 0-9 _")
    return _LABEL + stream.pack() + term.pack() + struct.pack(">I", hour) + name.ljust(_CLASS_LENGTH, b"\0")


def _parse(public_key: bytes) -> MLKEM768X25519PublicKey:
    if len(public_key) != PUBLIC_KEY_LENGTH:
        raise Invalid(
            f"public key: {len(public_key)} bytes, expected {PUBLIC_KEY_LENGTH}; ask the keyring for it again"
        )
    try:
        return MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(public_key[:MLKEM_PUBLIC]),
            X25519PublicKey.from_public_bytes(public_key[MLKEM_PUBLIC:]),
        )
    except ValueError as error:
        raise Invalid(f"public key: not one of ML-KEM-768 and X25519: {error}") from error
