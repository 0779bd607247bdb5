# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
import hashlib

import pytest

from torrazzo.base import StreamId, TermId
from torrazzo.base.errors import Damaged, Invalid
from torrazzo.base.ids import CameraId, NodeId
from torrazzo.seal import open_piece, piece_salt, seal_piece, segment_key
from torrazzo.seal.cobblestone import message_length, seal_message
from torrazzo.seal.piece import SealedPiece

KEY = bytes(range(32))
STREAM = StreamId(CameraId("3f9a1c0e5b7d2264"), "main")
TERM = TermId(NodeId(7), 1, 2)


def test_a_piece_comes_back_whatever_it_was_cut_into() -> None:
    """Parts of any kind and size are sealed as if they had been one."""
    plaintext = bytes(i % 256 for i in range(70_000))
    parts: list[bytes | bytearray | memoryview] = [
        plaintext[:1],
        b"",
        bytearray(plaintext[1:40_000]),
        memoryview(plaintext)[40_000:],
    ]
    whole: list[bytes | bytearray | memoryview] = [plaintext]
    for given in (parts, whole):
        sealed = seal_piece(KEY, 5, given)
        assert open_piece(KEY, 5, sealed.ciphertext) == plaintext
        assert sealed.h == hashlib.sha256(piece_salt(KEY, 5) + plaintext).digest()
        assert sealed.c == hashlib.sha256(sealed.ciphertext).digest()
        assert sealed.plain_length == len(plaintext)
        assert len(sealed.ciphertext) == message_length(len(plaintext))


def test_an_empty_piece_is_a_piece() -> None:
    """No parts at all are sealed and opened like any others."""
    sealed = seal_piece(KEY, 0, [])
    assert (sealed.plain_length, open_piece(KEY, 0, sealed.ciphertext)) == (0, b"")


def test_the_same_plaintext_looks_different_each_time() -> None:
    """Sealing twice gives the same h and nothing else in common: the message salt is drawn anew."""
    one, two = (seal_piece(KEY, 1, [b"same"]) for _ in range(2))
    assert one.h == two.h
    assert one.c != two.c
    assert one.ciphertext[:24] != two.ciphertext[:24]
    assert one.ciphertext[24:] != two.ciphertext[24:]


def test_h_tells_nothing_without_the_key() -> None:
    """The same plaintext under another segment or index has another h."""
    other = segment_key(KEY, STREAM, TERM, 1)
    found = {seal_piece(key, index, [b"guessable"]).h for key in (KEY, other) for index in (0, 1)}
    assert len(found) == 4
    assert hashlib.sha256(b"guessable").digest() not in found


@pytest.mark.parametrize("at", [0, 23, 24, 55, 56, 16_440, 16_455, 16_456, 20_000, -1])
def test_a_flipped_bit_anywhere_is_found(at: int) -> None:
    """A change in salt, commitment, a chunk or a tag is damage, and the error names the piece."""
    sealed = bytearray(seal_piece(KEY, 9, [bytes(30_000)]).ciphertext)
    sealed[at] ^= 4
    with pytest.raises(Damaged, match="piece 9"):
        open_piece(KEY, 9, sealed)


def test_a_piece_opens_only_in_its_place() -> None:
    """Under another index or another segment's key a piece does not open."""
    sealed: SealedPiece = seal_piece(KEY, 2, [b"here"])
    for key, index in ((KEY, 3), (segment_key(KEY, STREAM, TERM, 0), 2)):
        with pytest.raises(Damaged):
            open_piece(key, index, sealed.ciphertext)


def test_the_error_says_where_in_the_message() -> None:
    """Damage in the second chunk is reported with the bytes of that chunk."""
    sealed = bytearray(seal_piece(KEY, 0, [bytes(20_000)]).ciphertext)
    sealed[17_000] ^= 1
    with pytest.raises(Damaged, match="bytes 16456 to 20087"):
        open_piece(KEY, 0, sealed)


def test_a_key_of_another_length_is_refused() -> None:
    """Keys are 32 bytes: a shorter or longer one is an error of the caller, not silently used."""
    for wrong in (b"", KEY[:31], KEY + b"\0"):
        with pytest.raises(Invalid):
            seal_piece(wrong, 0, [b""])
        with pytest.raises(Invalid):
            segment_key(wrong, STREAM, TERM, 0)
        with pytest.raises(Invalid):
            seal_message(wrong, b"", bytes(24))


def test_sealing_leaves_the_parts_alone() -> None:
    """The caller's buffers are the same afterwards, and the result does not change with them."""
    part = bytearray(b"abc" * 10_000)
    sealed = seal_piece(KEY, 0, [part])
    assert part == b"abc" * 10_000
    part[:] = bytes(len(part))
    assert open_piece(KEY, 0, sealed.ciphertext) == b"abc" * 10_000
