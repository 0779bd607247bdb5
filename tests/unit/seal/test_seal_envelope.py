# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
import pytest

from torrazzo.base import StreamId, TermId
from torrazzo.base.errors import Damaged, Invalid
from torrazzo.base.ids import CameraId, NodeId
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.ring import PrivateKey, Ring
from torrazzo.seal import SEALED_KEY_LENGTH, seal_key, segment_key

STREAM = StreamId(CameraId("3f9a1c0e5b7d2264"), "main")
TERM = TermId(NodeId(7), 1, 2)
K = bytes(range(32))
NAME = KeyName(500_000, "standard")
PRIVATE = PrivateKey.draw()


def test_what_is_sealed_to_the_hour_opens_with_its_private_key() -> None:
    """The recorder seals K with the public half alone; the ring derives the same segment keys from it."""
    sealed = seal_key(K, PRIVATE.public(), STREAM, TERM, *NAME)
    assert len(sealed) == SEALED_KEY_LENGTH == 1168
    keys = Ring({NAME: PRIVATE}).segment_keys(sealed, STREAM, TERM, NAME, [0, 7])
    assert keys == {n: segment_key(K, STREAM, TERM, n) for n in (0, 7)}


def test_sealing_twice_gives_different_bytes() -> None:
    """Sealed forms of the same K have nothing in common that an outsider could compare."""
    public = PRIVATE.public()
    assert seal_key(K, public, STREAM, TERM, *NAME) != seal_key(K, public, STREAM, TERM, *NAME)


def test_another_hours_private_key_does_not_open_it() -> None:
    """K sealed to one key is closed to every other."""
    sealed = seal_key(K, PRIVATE.public(), STREAM, TERM, *NAME)
    with pytest.raises(Damaged):
        Ring({NAME: PrivateKey.draw()}).segment_keys(sealed, STREAM, TERM, NAME, [0])


@pytest.mark.parametrize("class_", ["", "a" * 17])
def test_a_class_that_does_not_fit_is_refused(class_: str) -> None:
    """Class names of no or more than 16 characters have no place in the format."""
    with pytest.raises(Invalid, match="class"):
        seal_key(K, PRIVATE.public(), STREAM, TERM, 1, class_)


def test_a_public_key_that_is_none_is_refused() -> None:
    """A public key that is too short, too long or not one of ML-KEM is an error that says so."""
    public = PRIVATE.public()
    for wrong in (b"", public[:-1], public + b"\0", b"\xff" * 1216):
        with pytest.raises(Invalid, match="public key"):
            seal_key(K, wrong, STREAM, TERM, *NAME)
