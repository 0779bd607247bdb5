# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
import hashlib
import json

import pytest

from torrazzo.base.errors import Invalid
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.ring import Ring
from torrazzo.keyring.ring_file import ShredNote, parse_ring_file, ring_file_bytes

ROOT = bytes(range(32))
NAME = KeyName(498_000, "standard")
RING = Ring({}).with_drawn([NAME])
NOTE = ShredNote((KeyName(497_000, "standard"),), 6, bytes(32))
WHOLE = ring_file_bytes(7, b"sealed", ROOT, RING, NOTE)
GOOD = {
    "v": 2,
    "counter": 7,
    "root": "c2VhbGVk",
    "shred": {"names": ["2026091408/standard"], "counter": 6, "ring": "A" * 43 + "="},
}


def file_of(header: object, body: bytes = bytes(28)) -> bytes:
    """With a digest that is right."""
    line = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    whole = line + b"\n" + body
    return whole + hashlib.sha256(whole).digest()


def test_a_ring_file_comes_back_as_it_was() -> None:
    """Counter, sealed root, note and keys; the same ring is never encrypted the same way twice."""
    file = parse_ring_file(WHOLE)
    assert (file.counter, file.sealed, file.shred, file.open(ROOT)) == (7, b"sealed", NOTE, RING)
    assert parse_ring_file(ring_file_bytes(7, b"", ROOT, RING, None)).shred is None
    again = parse_ring_file(ring_file_bytes(7, b"sealed", ROOT, RING, NOTE))
    assert again.header == file.header
    assert again.body[:12] != file.body[:12]
    assert again.body[12:44] != file.body[12:44]


def test_keys_open_with_their_root_and_their_header_only() -> None:
    """Another root, or a header that was changed, opens nothing."""
    file = parse_ring_file(WHOLE)
    with pytest.raises(Invalid, match="root"):
        file.open(bytes(32))
    with pytest.raises(Invalid, match="root"):
        file._replace(header=file.header.replace(b'"counter":7', b'"counter":8')).open(ROOT)


def test_each_bit_counts() -> None:
    """A file with one byte changed, missing or too many is no ring file."""
    for at in range(0, len(WHOLE), 5):
        broken = bytearray(WHOLE)
        broken[at] ^= 1
        with pytest.raises(Invalid):
            parse_ring_file(bytes(broken))
    for cut in (WHOLE[:-1], WHOLE[1:], WHOLE + b"\0", b""):
        with pytest.raises(Invalid):
            parse_ring_file(cut)


def test_the_header_built_here_is_right() -> None:
    """The one from which the wrong ones below are made is read."""
    assert parse_ring_file(file_of(GOOD)).shred == ShredNote((KeyName.parse("2026091408/standard"),), 6, bytes(32))


@pytest.mark.parametrize(
    "header",
    [
        GOOD | {"v": 1},
        GOOD | {"v": 3},
        GOOD | {"more": 1},
        {name: value for name, value in GOOD.items() if name != "shred"},
        GOOD | {"counter": -1},
        GOOD | {"counter": "7"},
        GOOD | {"counter": True},
        GOOD | {"counter": 1 << 63},
        GOOD | {"root": "c2VhbGVk="},
        GOOD | {"root": "A" * 8_000},
        GOOD | {"shred": {}},
        GOOD | {"shred": {"names": [], "counter": 6, "ring": "A" * 43 + "="}},
        GOOD | {"shred": {"names": ["x"], "counter": 6, "ring": "A" * 43 + "="}},
        GOOD | {"shred": {"names": ["2026091408/standard"], "counter": 6, "ring": "AA=="}},
        dict(reversed(GOOD.items())),
        json.dumps(GOOD).encode(),
        b"",
    ],
    ids=range(17),
)
def test_a_header_that_is_none_is_refused(header: object) -> None:
    """Anything but what we write, even with the right digest."""
    with pytest.raises(Invalid):
        parse_ring_file(file_of(header))


def test_keys_need_room() -> None:
    """Fewer bytes than a nonce and a tag hold no keys."""
    with pytest.raises(Invalid):
        parse_ring_file(file_of(GOOD, bytes(27)))
