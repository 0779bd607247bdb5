# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A ring file: all private keys under one root, and beside them what everyone may know (docs/3-formats/ring.md)."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from torrazzo.base.errors import Invalid
from torrazzo.keyring.document import (
    Object,
    base64_text,
    compact,
    expect_any_bytes,
    expect_bytes,
    expect_names,
    expect_number,
    expect_object,
    expect_text,
    parse_object,
)
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.ring import RING_LIMIT, Ring, parse_ring, ring_text

RING_FILE_LIMIT = RING_LIMIT + (1 << 20)

_CONTEXT = b"torrazzo.ring.v2\n"
_NONCE, _TAG, _DIGEST = 12, 16, 32
_HEADER_LIMIT = 1 << 20
_SEALED_LIMIT = 4_096


class ShredNote(NamedTuple):
    """The last shred before or with this ring: what was destroyed, and the root over what was left."""

    names: tuple[KeyName, ...]
    counter: int
    ring_root: bytes


class RingFile(NamedTuple):
    """One as read; the keys are still sealed."""

    counter: int
    sealed: bytes  # its root, as the sealer has it
    shred: ShredNote | None
    header: bytes
    body: bytes  # nonce ‖ ciphertext ‖ tag

    def open(self, root: bytes) -> Ring:
        """Raises `Invalid` if this is not its root."""
        try:
            plain = AESGCM(root).decrypt(self.body[:_NONCE], self.body[_NONCE:], _CONTEXT + self.header)
        except InvalidTag as error:
            raise Invalid("ring file: does not open with its root") from error
        return parse_ring(plain)


def ring_file_bytes(counter: int, sealed: bytes, root: bytes, ring: Ring, shred: ShredNote | None) -> bytes:
    """The content of a ring file."""
    header = _header(counter, sealed, shred)
    nonce = secrets.token_bytes(_NONCE)
    whole = header + nonce + AESGCM(root).encrypt(nonce, ring_text(ring), _CONTEXT + header)
    return whole + hashlib.sha256(whole).digest()


def parse_ring_file(data: bytes) -> RingFile:
    """Raises `Invalid` unless it is one, complete.

    1. The last 32 bytes are the digest of those before. 2. The first line is a header as we write it.
    """
    if len(data) > RING_FILE_LIMIT:
        raise Invalid(f"ring file: {len(data)} bytes, at most {RING_FILE_LIMIT} are read")
    whole, digest = data[:-_DIGEST], data[-_DIGEST:]
    if not hmac.compare_digest(hashlib.sha256(whole).digest(), digest):  # 1
        raise Invalid("ring file: cut off or damaged: its digest is another one")
    line, newline, body = whole.partition(b"\n")
    found = parse_object(line, "ring file", _HEADER_LIMIT)  # 2
    expect_names(found, {"v", "counter", "root", "shred"}, "ring file")
    if found["v"] != 2:
        raise Invalid(f"ring file: version {found['v']!r}, this program reads 2")
    counter = expect_number(found["counter"], "counter")
    sealed = expect_any_bytes(found["root"], _SEALED_LIMIT, "root")
    shred = None if found["shred"] is None else _parse_note(expect_object(found["shred"], "shred"))
    header = line + newline
    if header != _header(counter, sealed, shred) or len(body) < _NONCE + _TAG:
        raise Invalid("ring file: not as we write it")
    return RingFile(counter, sealed, shred, header, body)


def _header(counter: int, sealed: bytes, shred: ShredNote | None) -> bytes:
    note = None if shred is None else _note(shred.names, shred.counter, shred.ring_root)
    return compact({"v": 2, "counter": counter, "root": base64_text(sealed), "shred": note}) + b"\n"


def _note(names: Iterable[KeyName], counter: int, ring_root: bytes) -> Object:
    return {"names": [str(name) for name in names], "counter": counter, "ring": base64_text(ring_root)}


def _parse_note(found: Object) -> ShredNote:
    expect_names(found, {"names", "counter", "ring"}, "shred")
    names = found["names"]
    if not isinstance(names, list) or not names:
        raise Invalid("shred: names: expected a list with at least one")
    return ShredNote(
        tuple(KeyName.parse(expect_text(name, "shred")) for name in names),
        expect_number(found["counter"], "shred"),
        expect_bytes(found["ring"], _DIGEST, "shred"),
    )
