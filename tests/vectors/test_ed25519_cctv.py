# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The edges of Ed25519: ours in the verifier, and the library's, against C2SP's values."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from torrazzo_verify.verify import ed25519_verify

FILE: Any = json.loads((Path(__file__).parents[2] / "vectors" / "ed25519-cctv.json").read_text("utf-8"))
CASES = [
    (key["public"], number, message, signature, {FILE["flags"][flag] for flag in flags})
    for key in FILE["keys"]
    for number, message, signature, flags in key["cases"]
]
# RFC 8032 with the equation that has no cofactor. Encodings that are not canonical are no points for us (RFC 8032,
# 5.1.3): that is wanted, so that a key or signature has one form. OpenSSL takes such keys, all of low order.
NO_POINT = {"non_canonical_A", "non_canonical_R"}
NOT_EQUAL = {"low_order_residue"}


def _library(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def test_all_of_them_are_here() -> None:
    """All 914 cases, each once."""
    assert sorted(case[1] for case in CASES) == list(range(914))


@pytest.mark.parametrize("chunk", range(8))
def test_ours_takes_what_rfc_8032_says_and_the_library_no_more_but_keys_of_another_form(chunk: int) -> None:
    """Ours refuses each encoding that is not canonical; the library differs in 36 cases, all by such keys."""
    differing = 0
    for public, number, message, signature, flags in CASES[chunk::8]:
        told = bytes.fromhex(public), bytes.fromhex(signature), message.encode()
        ours, theirs = ed25519_verify(*told), _library(*told)
        assert ours is not bool(flags & (NO_POINT | NOT_EQUAL)), number
        if ours is not theirs:
            differing += 1
            assert theirs, number
            assert {"non_canonical_A", "low_order_A"} <= flags, number
    assert differing <= 36


def test_the_cases_in_which_the_library_takes_more_are_36() -> None:
    """As many as docs/3-formats/ledger.md says."""
    more = [
        case
        for case in CASES
        if case[4] & NO_POINT and _library(bytes.fromhex(case[0]), bytes.fromhex(case[3]), case[2].encode())
    ]
    assert len(more) == 36
