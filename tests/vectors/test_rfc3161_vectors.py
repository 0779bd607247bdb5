# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Time stamps of authorities that we do not know, held against ours and against `openssl ts -verify`."""

import base64
import json
import ssl
from pathlib import Path
from typing import Any

import pytest

from tests.tools.tsa import needs_openssl, verify
from torrazzo.base.errors import Invalid
from torrazzo.base.times import SECOND
from torrazzo.ledger.anchor_authority import Authority
from torrazzo.ledger.anchor_der import SEQUENCE, body, elements
from torrazzo.ledger.anchor_token import open_answer, open_token
from torrazzo.ledger.errors import Unproven

VECTORS: Any = json.loads((Path(__file__).parents[2] / "vectors" / "rfc3161.json").read_text("utf-8"))
CASES: list[dict[str, Any]] = VECTORS["cases"]
HOLDING = [case for case in CASES if case["holds"]]


def _named(cases: list[dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=lambda case: f"{case['id']} {case['name']}")


def _pem(names: list[str]) -> str:
    return "".join(ssl.DER_cert_to_PEM_cert(base64.b64decode(VECTORS["certificates"][name])) for name in names)


def _authority(case: dict[str, Any]) -> Authority:
    return Authority(
        name="vector", url="http://tsa.example.it/", certificates=_pem(case["pinned"]), policy=case["policy"]
    )


def _answer(case: dict[str, Any]) -> bytes:
    return base64.b64decode(VECTORS["answers"][case["answer"]])


def _token(case: dict[str, Any]) -> bytes:
    return elements(body(_answer(case), SEQUENCE))[1]


def test_all_of_them_are_here() -> None:
    """The file holds the ten answers of four authorities, and each is in a case; twelve of the cases hold."""
    answers = set(VECTORS["answers"])
    assert {case["answer"] for case in CASES} == answers
    assert len({name.split("/")[0] for name in answers}) == 4
    assert (len(answers), len(CASES), len(HOLDING)) == (10, 28, 12)


@_named(CASES)
def test_answers_hold_or_not_as_they_should(case: dict[str, Any]) -> None:
    """What holds gives an anchor, and again from the token alone; what does not is refused for its reason."""
    authority, data, nonce = _authority(case), base64.b64decode(case["data"]), int(case["nonce"])
    if case["holds"]:
        anchor = open_answer(authority, data, nonce, _answer(case))
        assert anchor == open_token(authority, data, anchor.token)
        assert (anchor.token, anchor.at) == (_token(case), case["at"] * SECOND)
    else:
        with pytest.raises(Unproven, match=case["why"]):
            open_answer(authority, data, nonce, _answer(case))


@needs_openssl
@_named(CASES)
def test_openssl_says_the_same_as_far_as_it_can(case: dict[str, Any]) -> None:
    """Whatever openssl refuses is refused by us; what it takes and we refuse is what it does not look at."""
    pem = _pem(case["pinned"])
    refusal = verify(base64.b64decode(case["data"]), _token(case), pem, sent=pem, at=case["at"])
    assert (not refusal) is case["openssl"], refusal
    assert case["openssl"] or not case["holds"]


@_named(HOLDING)
def test_a_byte_less_is_too_little(case: dict[str, Any]) -> None:
    """No beginning of an answer that holds is taken for one."""
    authority, answer, data = _authority(case), _answer(case), base64.b64decode(case["data"])
    for length in range(0, len(answer), 53):
        with pytest.raises(Invalid):
            open_answer(authority, data, int(case["nonce"]), answer[:length])
