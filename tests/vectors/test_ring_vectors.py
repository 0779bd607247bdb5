# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The language-neutral vectors of docs/3-formats/ring.md."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from torrazzo.base.errors import Invalid
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.ring import Ring, commitment, parse_ring
from torrazzo.keyring.ring_file import parse_ring_file
from torrazzo.keyring.sealer import Attestation, Level
from torrazzo.keyring.tpm_statement import verify_attestation

RING: Any = json.loads((Path(__file__).parents[2] / "vectors" / "ring.json").read_text("utf-8"))
FILE = RING["ring_file"]
PLAIN = parse_ring(FILE["plain"].encode())


@pytest.mark.parametrize("case", RING["commitments"], ids=lambda case: case["name"])
def test_commitments_are_those_of_the_vectors(case: dict[str, str]) -> None:
    """Name and public key give the vector's commitment."""
    name = KeyName.parse(case["name"])
    public = PLAIN.keys[name].public()
    assert hashlib.sha256(public).hexdigest() == case["public"]
    assert commitment(name, public).hex() == case["commitment"]


@pytest.mark.parametrize("case", RING["ring_roots"], ids=lambda case: len(case["names"]))
def test_ring_roots_are_those_of_the_vectors(case: dict[str, Any]) -> None:
    """Rings of no key, one, two and three have the vector's root."""
    assert (
        Ring({(name := KeyName.parse(text)): PLAIN.keys[name] for text in case["names"]}).root().hex() == case["root"]
    )


def test_the_ring_file_is_that_of_the_vectors() -> None:
    """Its parts, and the keys in it, by our code and by hand."""
    data = base64.b64decode(FILE["file"])
    file = parse_ring_file(data)
    assert (file.counter, file.sealed.hex(), file.header.decode()) == (FILE["counter"], FILE["sealed"], FILE["header"])
    assert file.shred is not None
    assert {
        "names": [str(name) for name in file.shred.names],
        "counter": file.shred.counter,
        "ring": file.shred.ring_root.hex(),
    } == FILE["shred"]
    root = bytes.fromhex(FILE["root"])
    assert file.open(root) == PLAIN
    header, body = FILE["header"].encode(), data[len(FILE["header"]) : -32]
    assert body[:12].hex() == FILE["nonce"]
    plain = AESGCM(root).decrypt(body[:12], body[12:], b"torrazzo.ring.v2\n" + header)
    assert plain.decode() == FILE["plain"]
    assert hashlib.sha256(data[:-32]).digest() == data[-32:]


@pytest.mark.parametrize("case", RING["hostile"], ids=lambda case: case["name"])
def test_hostile_ring_files_are_refused(case: dict[str, str]) -> None:
    """Each is refused when it is read, or when it is opened with its root."""
    with pytest.raises(Invalid):
        parse_ring_file(base64.b64decode(case["file"])).open(bytes.fromhex(FILE["root"]))


def test_the_attestation_is_that_of_the_vectors() -> None:
    """What a TPM signed is verified, and says the vector's counter, name and qualifying data."""
    case = RING["attestation"]
    parts = {name: base64.b64decode(case[name]) for name in ("statement", "signature", "key")}
    said = verify_attestation(Attestation(level=Level.FILE, **parts))
    assert (said.counter, said.name.hex(), said.about.hex()) == (case["counter"], case["name"], case["qualifying"])
