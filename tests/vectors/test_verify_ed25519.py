# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The verifier's own Ed25519 against values that we did not make."""

import json
from pathlib import Path
from typing import Any

import pytest

from torrazzo_verify.verify import ed25519_verify

FILE = Path(__file__).parents[2] / "vectors" / "ed25519-wycheproof.json"
KEYS: Any = json.loads(FILE.read_text("utf-8"))["keys"]
CASES = [(key["public"], *case) for key in KEYS for case in key["cases"]]


def test_all_of_them_are_here() -> None:
    """The file holds all 151 cases, 88 of which are good."""
    assert [case[1] for case in CASES] == list(range(1, 152))
    assert sum(case[4] for case in CASES) == 88


@pytest.mark.parametrize(("public", "number", "message", "signature", "good", "what"), CASES)
def test_signatures_are_accepted_or_refused_as_they_should(
    public: str, number: int, message: str, signature: str, good: bool, what: str
) -> None:
    """A good signature is accepted and each flawed one refused."""
    assert ed25519_verify(bytes.fromhex(public), bytes.fromhex(signature), bytes.fromhex(message)) is good, what
