# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cobblestone-256 and HKDF-Expand against values that we did not make."""

import base64
import hashlib
import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from torrazzo.base import TorrazzoError
from torrazzo.seal.chain import expand
from torrazzo.seal.cobblestone import open_message, seal_message

VECTORS = Path(__file__).parents[2] / "vectors"
MESSAGES: Any = json.loads((VECTORS / "cobblestone-256.json").read_text("utf-8"))["cases"]
EXPANSIONS: Any = json.loads((VECTORS / "hkdf-expand-sha512.json").read_text("utf-8"))["cases"]


def test_all_of_them_are_here() -> None:
    """The file holds Wycheproof's 35 cases, ten of which open."""
    assert (len(MESSAGES), sum(case["opens"] for case in MESSAGES)) == (35, 10)


@pytest.mark.parametrize("case", MESSAGES, ids=lambda case: str(case["name"]))
def test_messages_open_or_not_as_they_should(case: dict[str, Any]) -> None:
    """A valid message opens and is sealed again to the same bytes; every other one is refused with an error of ours."""
    key, context = bytes.fromhex(case["key"]), bytes.fromhex(case["context"])
    message = zlib.decompress(base64.b64decode(case["message_zlib"]))
    if not case["opens"]:
        with pytest.raises(TorrazzoError):
            open_message(key, message, context)
        return
    plaintext = open_message(key, message, context)
    assert (len(plaintext), hashlib.sha512(plaintext).hexdigest()) == (case["plain_length"], case["plain_sha512"])
    assert seal_message(key, plaintext, message[:24], context) == message


@pytest.mark.parametrize("case", EXPANSIONS, ids=lambda case: str(case["name"]))
def test_expansion_is_that_of_the_vectors(case: dict[str, Any]) -> None:
    """Key, info and length give the vector's output, and the library's own HKDFExpand agrees."""
    key, info, length = bytes.fromhex(case["prk"]), bytes.fromhex(case["info"]), case["length"]
    assert expand(key, info, length).hex() == case["okm"]
    assert HKDFExpand(hashes.SHA512(), length, info).derive(key).hex() == case["okm"]
