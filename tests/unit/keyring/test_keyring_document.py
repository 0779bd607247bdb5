# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
from pathlib import Path

import pytest

from torrazzo.base.errors import Damaged, Invalid
from torrazzo.durable import OsDisk
from torrazzo.keyring.document import expect_bytes, parse_object
from torrazzo.keyring.public import parse_public_keys
from torrazzo.keyring.sealer_setup import set_up_sealer
from torrazzo.keyring.store import RingStore


def test_a_document_has_a_size_limit() -> None:
    """One byte more than the limit is refused before it is parsed."""
    assert parse_object(b'{"a":1}', "here", 7) == {"a": 1}
    with pytest.raises(Invalid, match="at most 6"):
        parse_object(b'{"a":1}', "here", 6)


@pytest.mark.parametrize("text", ["A", "AA=", "AA==\n", "A\u00e4==", "AB==", "QUI", "-_==", "QUFB"])
def test_base64_has_one_form(text: str) -> None:
    """Foreign characters, missing padding, loose bits and other lengths are refused."""
    assert expect_bytes("AA==", 1, "here") == b"\0"
    with pytest.raises(Invalid, match="here"):
        expect_bytes(text, 1, "here")


def test_a_later_version_is_not_guessed_at() -> None:
    """Public keys of another version are an error that says which one is read."""
    with pytest.raises(Invalid, match="reads 1"):
        parse_public_keys(b'{"v":2,"keys":{}}')


def test_a_ring_that_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    """Where the disk gives an error instead of the ring, nothing is drawn in its place."""
    (tmp_path / "ring.json").mkdir()
    with pytest.raises(Damaged, match=r"not a regular file"):
        RingStore(OsDisk(), tmp_path, set_up_sealer(OsDisk(), tmp_path)).load()
