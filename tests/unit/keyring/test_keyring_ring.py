# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
import json

import pytest

from torrazzo.base import StreamId, TermId
from torrazzo.base.errors import Damaged, Invalid, Refused
from torrazzo.base.ids import CameraId, NodeId
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.ring import PrivateKey, Ring, parse_ring, ring_text
from torrazzo.seal import seal_key

STREAM = StreamId(CameraId("3f9a1c0e5b7d2264"), "main")
TERM = TermId(NodeId(7), 1, 2)
EMPTY = Ring({})


def test_a_ring_grows_by_what_is_missing_and_replaces_nothing() -> None:
    """Drawing again for the same hours adds nothing and leaves every key as it was."""
    names = [KeyName(hour, class_) for hour in (10, 11, 12) for class_ in ("standard", "short")]
    ring = EMPTY.with_drawn(names)
    assert ring.keys.keys() == set(names)
    again = ring.with_drawn([*names, KeyName(13, "short")])
    assert [again.keys[name] for name in names] == [ring.keys[name] for name in names]
    assert set(again.keys) - set(ring.keys) == {KeyName(13, "short")}
    assert not EMPTY.keys


def test_public_halves_are_those_of_the_hours_asked_for() -> None:
    """Only the hours in the range are given, each 1,216 bytes and each different."""
    ring = EMPTY.with_drawn(KeyName(hour, "standard") for hour in range(5))
    found = ring.public_keys(range(2, 4))
    assert set(found) == {KeyName(2, "standard"), KeyName(3, "standard")}
    assert {len(key) for key in found.values()} == {1216}
    assert len(set(found.values())) == 2


def test_the_ring_file_comes_back_as_it_was() -> None:
    """Text and ring are each other's inverse, byte for byte."""
    ring = EMPTY.with_drawn(KeyName(hour, class_) for hour in range(3) for class_ in ("standard", "short"))
    again = parse_ring(ring_text(ring))
    assert ring_text(again) == ring_text(ring)
    assert again.public_keys(range(3)) == ring.public_keys(range(3))


def test_a_missing_hour_is_refused_and_a_wrong_seal_is_damage() -> None:
    """The reader learns whether the key is gone or the sealed K is bad."""
    name = KeyName(4, "standard")
    ring = EMPTY.with_drawn([name])
    sealed = seal_key(bytes(32), ring.keys[name].public(), STREAM, TERM, *name)
    with pytest.raises(Refused, match="1970010105/standard"):
        ring.segment_keys(sealed, STREAM, TERM, KeyName(5, "standard"), [0])
    for wrong in (sealed[:-1], sealed[:-1] + bytes([sealed[-1] ^ 1]), b""):
        with pytest.raises(Damaged, match="3f9a1c0e5b7d2264/main"):
            ring.segment_keys(wrong, STREAM, TERM, name, [0])


def test_no_key_shows_itself() -> None:
    """Neither the repr of a private key nor that of a ring, nor an error about one, holds key bytes."""
    ring = EMPTY.with_drawn([KeyName(4, "standard")])
    key = ring.keys[KeyName(4, "standard")]
    text = repr(ring) + str(ring) + repr(key)
    assert key.seed.hex() not in text
    assert repr(key.seed)[2:10] not in text
    assert "PrivateKey(…)" in text
    document = json.loads(ring_text(ring))
    pair = document["keys"]["1970010104/standard"]
    pair["seed"] = "secret" + pair["seed"]
    with pytest.raises(Invalid) as caught:
        parse_ring(json.dumps(document).encode())
    assert "secret" not in str(caught.value)
    assert pair["x25519"] not in str(caught.value)


PAIR = {"seed": "A" * 86 + "==", "x25519": "A" * 43 + "="}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"v":1}',
        '{"v":2,"keys":{}}',
        '{"v":1,"keys":[]}',
        '{"v":1,"keys":{},"more":0}',
        '{"v":1,"keys":{"2026112422/standard":0}}',
        '{"v":1,"keys":{"2026112422/standard":{}}}',
        '{"v":1,"keys":{"2026112422/standard":{"seed":"AA==","x25519":"AA=="}}}',
        json.dumps({"v": 1, "keys": {"2026112424/standard": PAIR}}),
        json.dumps({"v": 1, "keys": {"2026112422/Standard": PAIR}}),
        json.dumps({"v": 1, "keys": {"2026112422": PAIR}}),
        json.dumps({"v": 1, "keys": {"2026112422/standard": {**PAIR, "x25519": "A" * 42 + "B="}}}),
        json.dumps({"v": 1, "keys": {"2026112422/standard": PAIR}}) + "x",
        '{"v":1.0,"keys":{}}',
        '{"v":NaN,"keys":{}}',
        '{"v":1,"v":1,"keys":{}}',
        "[" * 100_000,
    ],
    ids=range(19),
)
def test_a_file_that_is_no_ring_is_refused(text: str) -> None:
    """Anything but what we write is an error: names, lengths, versions and base64 have one form."""
    with pytest.raises(Invalid):
        parse_ring(text.encode())


def test_a_well_formed_ring_is_read() -> None:
    """The pair used above to build wrong files is right itself."""
    ring = parse_ring(json.dumps({"v": 1, "keys": {"2026112422/standard": PAIR}}).encode())
    assert str(next(iter(ring.keys))) == "2026112422/standard"


def test_private_keys_have_their_length() -> None:
    """A seed or scalar of another length is refused at once."""
    with pytest.raises(Invalid):
        PrivateKey(bytes(63), bytes(32))
    with pytest.raises(Invalid):
        PrivateKey(bytes(64), bytes(33))
