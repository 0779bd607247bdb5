# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The language-neutral vectors of docs/3-formats/keys.md."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from torrazzo.base import StreamId, TermId, TorrazzoError
from torrazzo.base.errors import Damaged
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.ring import PrivateKey, Ring
from torrazzo.seal import open_piece, piece_salt, segment_key
from torrazzo.seal.chain import piece_keys
from torrazzo.seal.cobblestone import seal_message
from torrazzo.seal.envelope import seal_info

ROOT = Path(__file__).parents[2]
KEYS: Any = json.loads((ROOT / "vectors" / "keys.json").read_text("utf-8"))
PIECES = KEYS["pieces"]
SEALED = KEYS["sealed_keys"]
SEGMENT = bytes.fromhex(PIECES["segment_key"])


def _named(cases: list[dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=lambda case: str(case["name"]))


def _plain(length: int) -> bytes:
    return bytes(i % 251 for i in range(length))


@_named(KEYS["chain"])
def test_the_chain_is_that_of_the_vectors(case: dict[str, Any]) -> None:
    """K, stream, term, n and index give the vector's segment key, fragment key and salt."""
    stream, term = StreamId.parse(case["stream"]), TermId.parse(case["term"])
    assert stream.pack().hex() == case["packed_stream"]
    assert term.pack().hex() == case["packed_term"]
    key = segment_key(bytes.fromhex(case["k"]), stream, term, int(case["n"]))
    assert key.hex() == case["segment_key"]
    assert piece_keys(key, case["index"]) == (bytes.fromhex(case["fragment_key"]), bytes.fromhex(case["salt"]))


@_named(PIECES["valid"])
def test_pieces_are_those_of_the_vectors(case: dict[str, Any]) -> None:
    """Plaintext, index and message salt give the vector's message, h and c, and the message opens again."""
    plaintext, index = _plain(case["plain_length"]), case["index"]
    message = seal_message(piece_keys(SEGMENT, index).key, plaintext, bytes.fromhex(case["message_salt"]))
    assert len(message) == case["message_length"]
    assert message[24:56].hex() == case["commitment"]
    assert hashlib.sha256(message).hexdigest() == case["c"]
    assert hashlib.sha256(piece_salt(SEGMENT, index) + plaintext).hexdigest() == case["h"]
    assert "message" not in case or base64.b64decode(case["message"]) == message
    assert open_piece(SEGMENT, index, message) == plaintext


@_named(PIECES["hostile"])
def test_hostile_pieces_are_refused(case: dict[str, Any]) -> None:
    """A piece that is not exactly as it was sealed, at its own index, does not open."""
    if "of" in case:
        whole = next(piece for piece in PIECES["valid"] if piece["index"] == case["of"])
        message = base64.b64decode(whole["message"])[: case["keep"]]
    else:
        message = base64.b64decode(case["message"])
    with pytest.raises(Damaged):
        open_piece(SEGMENT, case["index"], message)


def _open(case: dict[str, Any]) -> dict[int, bytes]:
    key = PrivateKey(bytes.fromhex(SEALED["seed"]), bytes.fromhex(SEALED["x25519"]))
    name = KeyName.parse(f"{case['hour']}/{case['class']}")
    stream, term = StreamId.parse(case["stream"]), TermId.parse(case["term"])
    return Ring({name: key}).segment_keys(base64.b64decode(case["sealed"]), stream, term, name, [0])


def test_the_public_half_is_that_of_the_vectors() -> None:
    """The fixed seed and scalar give the vector's public key of 1,216 bytes."""
    key = PrivateKey(bytes.fromhex(SEALED["seed"]), bytes.fromhex(SEALED["x25519"]))
    assert key.public() == base64.b64decode(SEALED["public_key"])


@_named(SEALED["valid"])
def test_sealed_keys_open_to_the_vectors_k(case: dict[str, Any]) -> None:
    """The vector's sealed K opens with the fixed private key under its stream, term, hour and class."""
    stream, term = StreamId.parse(case["stream"]), TermId.parse(case["term"])
    name = KeyName.parse(f"{case['hour']}/{case['class']}")
    assert name.hour == case["hour_number"]
    assert seal_info(stream, term, *name).hex() == case["info"]
    assert _open(case) == {0: segment_key(bytes.fromhex(case["k"]), stream, term, 0)}


@_named(SEALED["hostile"])
def test_hostile_sealed_keys_are_refused(case: dict[str, Any]) -> None:
    """A sealed K opens for no other stream, term, hour or class, and not when a bit or byte of it changed."""
    with pytest.raises(TorrazzoError):
        _open(case)
