# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""docs/3-formats/keys.md says enough to open a sealed K without an HPKE library; nothing of ours is used here."""

import base64
import hashlib
import hmac
import json
import struct
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SEALED = json.loads((Path(__file__).parents[2] / "vectors" / "keys.json").read_text("utf-8"))["sealed_keys"]
SUITE = b"HPKE" + struct.pack(">HHH", 0x647A, 0x0001, 0x0002)


def _extract(salt: bytes, label: bytes, secret: bytes) -> bytes:
    return hmac.digest(salt, b"HPKE-v1" + SUITE + label + secret, "sha256")


def _expand(secret: bytes, label: bytes, info: bytes, length: int) -> bytes:
    return hmac.digest(secret, struct.pack(">H", length) + b"HPKE-v1" + SUITE + label + info + b"\1", "sha256")[:length]


def test_a_sealed_key_opens_by_the_steps_of_the_document() -> None:
    """Each step of section 'K, sealed' gives the vector's value, and the last one K."""
    mlkem = MLKEM768PrivateKey.from_seed_bytes(bytes.fromhex(SEALED["seed"]))
    x25519 = X25519PrivateKey.from_private_bytes(bytes.fromhex(SEALED["x25519"]))
    case = SEALED["valid"][0]
    sealed, steps = base64.b64decode(case["sealed"]), case["steps"]
    assert len(sealed) == 1168
    first, share, ciphertext = sealed[:1088], sealed[1088:1120], sealed[1120:]
    one = mlkem.decapsulate(first)
    two = x25519.exchange(X25519PublicKey.from_public_bytes(share))
    assert (one.hex(), two.hex()) == (steps["mlkem_shared_secret"], steps["x25519_shared_secret"])
    public = x25519.public_key().public_bytes_raw()
    assert base64.b64decode(SEALED["public_key"])[1184:] == public
    shared = hashlib.sha3_256(one + two + share + public + bytes.fromhex("5c2e2f2f5e5c")).digest()
    assert shared.hex() == steps["kem_shared_secret"]
    context = b"\0" + _extract(b"", b"psk_id_hash", b"") + _extract(b"", b"info_hash", bytes.fromhex(case["info"]))
    assert context.hex() == steps["key_schedule_context"]
    secret = _extract(shared, b"secret", b"")
    key, nonce = _expand(secret, b"key", context, 32), _expand(secret, b"base_nonce", context, 12)
    assert (secret.hex(), key.hex(), nonce.hex()) == (steps["secret"], steps["key"], steps["base_nonce"])
    assert AESGCM(key).decrypt(nonce, ciphertext, None).hex() == case["k"]
