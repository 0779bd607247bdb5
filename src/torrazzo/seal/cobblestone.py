# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cobblestone-256: C2SP chunked-encryption with AES-256-GCM and HKDF-Expand-SHA-512.

A message is salt (24) ‖ commitment (32) ‖ chunks of 16,384 bytes each followed by its tag (16), the last one shorter.
https://c2sp.org/chunked-encryption
"""

import hmac
from typing import TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from torrazzo.base.errors import Damaged
from torrazzo.seal.chain import KEY_LENGTH, check_key, expand

Buffer: TypeAlias = bytes | bytearray | memoryview

CHUNK = 16_384
TAG = 16
SALT = 24
HEADER = SALT + 32

_NONCE = 12
_INFO = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0"


def message_length(plain_length: int) -> int:
    """Bytes of the message that seals so many bytes."""
    return HEADER + plain_length + (plain_length // CHUNK + 1) * TAG


def seal_message(key: bytes, plaintext: Buffer, salt: bytes, context: bytes = b"") -> bytearray:
    """Seal all of it under `key`; `salt` is 24 bytes that no other message of this key has."""
    chunk_key, nonce, commitment = _derive(key, salt, context)
    length = len(plaintext)
    message = bytearray(message_length(length))
    message[:HEADER] = salt + commitment
    encrypt_into = AESGCM(chunk_key).encrypt_into  # into the one buffer: a sixth of the time of joining chunks
    source, target, at = memoryview(plaintext), memoryview(message), HEADER
    for number in range(length // CHUNK + 1):
        chunk = source[number * CHUNK : (number + 1) * CHUNK]
        end = at + len(chunk) + TAG
        encrypt_into((nonce ^ number).to_bytes(_NONCE, "big"), chunk, None, target[at:end])
        at = end
    return message


def open_message(key: bytes, message: Buffer, context: bytes = b"") -> bytearray:
    """The plaintext; raises `Damaged` unless every byte of the message is as it was sealed under `key`.

    1. The length is one that a message can have. 2. The commitment is that of key, salt and context. 3. Each chunk
    opens at its place, the last one shorter than the others.
    """
    length = _plain_length(len(message))  # 1
    source = memoryview(message)
    chunk_key, nonce, commitment = _derive(key, bytes(source[:SALT]), context)
    if not hmac.compare_digest(commitment, source[SALT:HEADER]):  # 2
        raise Damaged("message: sealed under another key or context, or its first 56 bytes changed")
    plaintext = bytearray(length)
    decrypt_into = AESGCM(chunk_key).decrypt_into
    target, at = memoryview(plaintext), HEADER
    for number in range(length // CHUNK + 1):  # 3
        into = target[number * CHUNK : (number + 1) * CHUNK]
        end = at + len(into) + TAG
        try:
            decrypt_into((nonce ^ number).to_bytes(_NONCE, "big"), source[at:end], None, into)
        except InvalidTag as error:
            raise Damaged(f"message: bytes {at} to {end - 1} are not as they were sealed") from error
        at = end
    return plaintext


def _plain_length(message_length: int) -> int:
    whole, rest = divmod(message_length - HEADER, CHUNK + TAG)
    if message_length < HEADER or rest < TAG:
        raise Damaged(f"message: cut off, no message has {message_length} bytes")
    return whole * CHUNK + rest - TAG


def _derive(key: bytes, salt: bytes, context: bytes) -> tuple[bytes, int, bytes]:
    """Chunk key, base nonce, commitment."""
    check_key(key, "message key")
    derived = expand(key, _INFO + salt + context, KEY_LENGTH + _NONCE + 32)
    nonce = int.from_bytes(derived[KEY_LENGTH : KEY_LENGTH + _NONCE], "big")
    return derived[:KEY_LENGTH], nonce, derived[KEY_LENGTH + _NONCE :]
