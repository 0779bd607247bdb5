# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The HPKE that K is sealed with, against values that neither we nor our library's authors made."""

import hashlib
import hmac
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey, Suite

FILE: Any = json.loads((Path(__file__).parents[2] / "vectors" / "hpke.json").read_text("utf-8"))
KDFS = {0x0001: KDF.HKDF_SHA256, 0x0003: KDF.HKDF_SHA512, 0x0011: KDF.SHAKE256}
HASHES = {0x0001: "sha256", 0x0003: "sha512"}
AEADS = {0x0001: AEAD.AES_128_GCM, 0x0002: AEAD.AES_256_GCM, 0x0003: AEAD.CHACHA20_POLY1305}
KEY_LENGTHS = {0x0001: 16, 0x0002: 32, 0x0003: 32}
PLAIN = b"what only the private key opens"


def _cipher(aead: int, key: bytes) -> AESGCM | ChaCha20Poly1305:
    return ChaCha20Poly1305(key) if aead == 0x0003 else AESGCM(key)


def _named(case: dict[str, Any]) -> str:
    return f"kdf {case['kdf']}, aead {case['aead']}"


def _hybrid(case: dict[str, Any]) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    """The draft's private key is a seed of 32 bytes, from which both are drawn."""
    seeds = hashlib.shake_256(bytes.fromhex(case["private"])).digest(96)
    return MLKEM768PrivateKey.from_seed_bytes(seeds[:64]), X25519PrivateKey.from_private_bytes(seeds[64:])


def test_all_of_them_are_here() -> None:
    """Both cases of the hybrid with a KDF of the library's, and six of RFC 9180."""
    assert [(case["kdf"], case["aead"]) for case in FILE["hybrid"]] == [(1, 3), (17, 3)]
    assert [(case["kdf"], case["aead"]) for case in FILE["rfc9180"]] == [(1, 1), (1, 2), (1, 3), (3, 1), (3, 2), (3, 3)]


@pytest.mark.parametrize("case", FILE["hybrid"], ids=_named)
def test_the_hybrid_decapsulates_and_opens(case: dict[str, Any]) -> None:
    """The keys are the vector's, the steps of keys.md give its shared secret; its key and nonce open what it sealed."""
    mlkem, x25519 = _hybrid(case)
    public = x25519.public_key().public_bytes_raw()
    assert (mlkem.public_key().public_bytes_raw() + public).hex() == case["public"]
    enc = bytes.fromhex(case["enc"])
    one, share = mlkem.decapsulate(enc[:1088]), enc[1088:]
    two = x25519.exchange(X25519PublicKey.from_public_bytes(share))
    shared = hashlib.sha3_256(one + two + share + public + bytes.fromhex("5c2e2f2f5e5c")).digest()
    assert shared.hex() == case["shared_secret"]
    cipher, base = _cipher(case["aead"], bytes.fromhex(case["key"])), int(case["base_nonce"], 16)
    assert case["encryptions"]
    for number, each in enumerate(case["encryptions"]):
        assert int(each["nonce"], 16) == base ^ number
        opened = cipher.decrypt(*(bytes.fromhex(each[name]) for name in ("nonce", "sealed", "aad")))
        assert opened.hex() == each["plain"]


@pytest.mark.parametrize("case", FILE["hybrid"], ids=_named)
def test_the_library_opens_and_seals_with_the_hybrid(case: dict[str, Any]) -> None:
    """What is sealed by the vector's key and nonce the library opens; what it seals to the vector's key opens, too."""
    suite = Suite(KEM.MLKEM768_X25519, KDFS[case["kdf"]], AEADS[case["aead"]])
    mlkem, x25519 = _hybrid(case)
    private, info = MLKEM768X25519PrivateKey(mlkem, x25519), bytes.fromhex(case["info"])
    sealed = _cipher(case["aead"], bytes.fromhex(case["key"])).encrypt(bytes.fromhex(case["base_nonce"]), PLAIN, None)
    assert suite.decrypt(bytes.fromhex(case["enc"]) + sealed, private, info) == PLAIN
    public = MLKEM768X25519PublicKey(mlkem.public_key(), x25519.public_key())
    assert suite.decrypt(suite.encrypt(PLAIN, public, info), private, info) == PLAIN


class _Labelled:
    """RFC 9180's labelled extract and expand."""

    def __init__(self, suite: bytes, hash_: str) -> None:
        self._suite, self._hash = suite, hash_

    def extract(self, salt: bytes, label: bytes, secret: bytes) -> bytes:
        return hmac.digest(salt, b"HPKE-v1" + self._suite + label + secret, self._hash)

    def expand(self, secret: bytes, label: bytes, info: bytes, length: int) -> bytes:
        labelled = struct.pack(">H", length) + b"HPKE-v1" + self._suite + label + info
        return hmac.digest(secret, labelled + b"\1", self._hash)[:length]


def _schedule(case: dict[str, Any], private: X25519PrivateKey) -> tuple[bytes, bytes]:
    """Key and nonce, by the steps of RFC 9180 in base mode."""
    enc = bytes.fromhex(case["enc"])
    kem = _Labelled(b"KEM\x00\x20", "sha256")
    secret = kem.extract(b"", b"eae_prk", private.exchange(X25519PublicKey.from_public_bytes(enc)))
    shared = kem.expand(secret, b"shared_secret", enc + bytes.fromhex(case["public"]), 32)
    hpke = _Labelled(b"HPKE" + struct.pack(">HHH", 0x0020, case["kdf"], case["aead"]), HASHES[case["kdf"]])
    info = bytes.fromhex(case["info"])
    context = b"\0" + hpke.extract(b"", b"psk_id_hash", b"") + hpke.extract(b"", b"info_hash", info)
    secret = hpke.extract(shared, b"secret", b"")
    length = KEY_LENGTHS[case["aead"]]
    return hpke.expand(secret, b"key", context, length), hpke.expand(secret, b"base_nonce", context, 12)


def _drawn() -> list[tuple[bytes, bytes]]:
    """A thousand pairs of additional data and plaintext, each a length and so many bytes."""
    stream, at, found = hashlib.shake_128(b"").digest(2 * 1000 * 256), 0, []
    for _ in range(2000):
        length = stream[at]
        found.append(stream[at + 1 : at + 1 + length])
        at += 1 + length
    return list(zip(found[::2], found[1::2], strict=True))


@pytest.mark.parametrize("case", FILE["rfc9180"], ids=_named)
def test_rfc_9180_by_its_steps_and_by_the_library(case: dict[str, Any]) -> None:
    """A thousand ciphertexts are the vector's; what is sealed with that key and nonce the library opens."""
    private = X25519PrivateKey.from_private_bytes(bytes.fromhex(case["private"]))
    assert private.public_key().public_bytes_raw().hex() == case["public"]
    key, nonce = _schedule(case, private)
    cipher, base, sink = _cipher(case["aead"], key), int.from_bytes(nonce), hashlib.shake_128()
    for number, (aad, plain) in enumerate(_drawn()):
        sink.update(cipher.encrypt((base ^ number).to_bytes(12), plain, aad))
    assert sink.hexdigest(16) == case["accumulated"]
    suite = Suite(KEM.X25519, KDFS[case["kdf"]], AEADS[case["aead"]])
    sealed = bytes.fromhex(case["enc"]) + cipher.encrypt(nonce, PLAIN, None)
    assert suite.decrypt(sealed, private, bytes.fromhex(case["info"])) == PLAIN
