# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keys that sign notes (C2SP signed-note v1.0.0), and the two types of signature that we make and read.

A verifier key's text is `name+id+base64(type ‖ public key)`; name and id are what a signature line names.
"""

import hashlib
import re
from enum import IntEnum
from typing import NamedTuple, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from torrazzo.base.errors import Invalid
from torrazzo.ledger.errors import Unproven
from torrazzo.ledger.text import MAX_NUMBER, parse_base64, shown, to_base64

MAX_NAME = 255  # bytes

_KEY_LENGTH = 32
_SIGNATURE_LENGTH = 64
_TIME_LENGTH = 8
_ID = re.compile(r"[0-9a-f]{8}", re.ASCII)


class Kind(IntEnum):
    """The type byte of signed-note."""

    ED25519 = 0x01  # signs the note's text
    COSIGNATURE = 0x04  # signs a time and the text (C2SP tlog-cosignature v1.0.1): only for checkpoints


class VerifierKey(NamedTuple):
    """Whose signatures one believes."""

    name: str
    kind: Kind
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that stand before each of this key's signatures."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes((self.kind,)) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{to_base64(bytes((self.kind,)) + self.public)}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The inverse of `str`; strict, and the id must be the right one."""
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        material = parse_base64(encoded, f"verifier key {shown(text)}")
        if _ID.fullmatch(key_id) is None or not material:
            raise Invalid(f"verifier key {shown(text)}: expected name+id+base64 of a type and a key")
        if material[0] not in set(Kind):
            raise Invalid(f"verifier key {shown(text)}: signature type {material[0]:#04x} is not one that we verify")
        if len(material) != 1 + _KEY_LENGTH:
            raise Invalid(f"verifier key {shown(text)}: {len(material) - 1} bytes of key, expected {_KEY_LENGTH}")
        key = cls(check_name(name), Kind(material[0]), material[1:])
        if key.id.hex() != key_id:
            raise Invalid(f"verifier key {shown(text)}: its id should be {key.id.hex()}; it was mistyped or cut")
        return key

    def verify(self, text: bytes, signature: bytes) -> None:
        """Raises `Unproven` unless this key made the signature (without its id) over a note of this text."""
        message = text
        if self.kind == Kind.COSIGNATURE:
            message, signature = _cosigned(text, cosigned_at(signature)), signature[_TIME_LENGTH:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature as error:
            raise Unproven(f"signature of {self.name}+{self.id.hex()}: not made by this key over this text") from error


class SigningKey:
    """The private half, from its 32-byte Ed25519 seed (RFC 8032 section 5.1.5)."""

    __slots__ = ("_private", "verifier")

    def __init__(self, name: str, kind: Kind, seed: bytes) -> None:
        if len(seed) != _KEY_LENGTH:
            raise Invalid(f"signing key of {name}: a seed of {len(seed)} bytes, expected {_KEY_LENGTH}")
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = VerifierKey(check_name(name), kind, self._private.public_key().public_bytes_raw())

    def sign(self, text: bytes) -> bytes:
        """The signature (without its id) over a note of this text."""
        self._expect(Kind.ED25519)
        return self._private.sign(text)

    def cosign(self, text: bytes, seconds: int) -> bytes:
        """The signature (without its id) that says: at this POSIX time this was the largest tree of the log I know."""
        self._expect(Kind.COSIGNATURE)
        if not 0 <= seconds <= MAX_NUMBER:
            raise Invalid(f"cosignature of {self.verifier.name}: time {seconds} is not in 0 to {MAX_NUMBER}")
        return seconds.to_bytes(_TIME_LENGTH, "big") + self._private.sign(_cosigned(text, seconds))

    def _expect(self, kind: Kind) -> None:
        if self.verifier.kind != kind:
            raise Invalid(f"key {self.verifier} makes signatures of type {self.verifier.kind:#04x}, not {kind:#04x}")


def cosigned_at(signature: bytes) -> int:
    """The POSIX seconds that a cosignature states; true only once it is verified."""
    if len(signature) != _TIME_LENGTH + _SIGNATURE_LENGTH:
        raise Unproven(f"cosignature: {len(signature)} bytes, expected {_TIME_LENGTH + _SIGNATURE_LENGTH}")
    seconds = int.from_bytes(signature[:_TIME_LENGTH], "big")
    if seconds > MAX_NUMBER:
        raise Unproven(f"cosignature: time {seconds}, expected at most {MAX_NUMBER}")
    return seconds


def check_name(name: str) -> str:
    """The name of a key: not empty, no space, no plus, at most 255 bytes of UTF-8."""
    try:
        length = len(name.encode())
    except UnicodeEncodeError as error:
        raise Invalid(f"key name {shown(name)}: not UTF-8") from error
    if not 0 < length <= MAX_NAME or "+" in name or any(letter <= " " or letter.isspace() for letter in name):
        raise Invalid(f"key name {shown(name)}: expected 1 to {MAX_NAME} bytes without space or plus")
    return name


def _cosigned(text: bytes, seconds: int) -> bytes:
    return b"cosignature/v1\ntime %d\n" % seconds + text
