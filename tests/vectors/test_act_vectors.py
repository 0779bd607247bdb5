# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The language-neutral vectors of docs/3-formats/act.md."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from torrazzo.base.errors import Invalid
from torrazzo.base.times import UtcTicks
from torrazzo.keyring.gate import Granted, Rules, State, decide
from torrazzo.keyring.gate_refusal import Refusal
from torrazzo.keyring.gate_request import KeyRequest
from torrazzo.keyring.heads import Heads
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.ring import parse_ring
from torrazzo.keyring.trusted_time import Judgement
from torrazzo.ledger import Policy
from torrazzo.ledger.act import pack_act, parse_act
from torrazzo.ledger.act_forms import KINDS
from torrazzo.ledger.private import case_hash, open_private, pseudonym, seal_private
from torrazzo.retention.chore import birth_values

ACT: Any = json.loads((Path(__file__).parents[2] / "vectors" / "act.json").read_text("utf-8"))
RING: Any = json.loads((Path(__file__).parents[2] / "vectors" / "ring.json").read_text("utf-8"))
PRIVATE = ACT["private"]
RULES = Rules(Policy.parse(ACT["policy"].encode()), ACT["life_hours"])


def _named(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", ACT[name], ids=lambda case: str(case["name"]))


@_named("facts")
def test_a_fact_is_that_of_the_vectors(case: dict[str, Any]) -> None:
    """The line is read, has its hash, and is written the same from its values where the kind is one of ours."""
    line = case["line"].encode()
    act = parse_act(line)
    assert act.kind == case["kind"]
    assert hashlib.sha256(line).hexdigest() == case["hash"]
    values = {key: value for key, value in act.values.items() if key not in {"v", "kind", "t"}}
    if act.kind in KINDS and set(values) == set(KINDS[act.kind]):
        assert pack_act(act.kind, act.t, values) == line


def test_each_kind_is_among_them() -> None:
    """The vectors have a fact of each kind."""
    assert {case["kind"] for case in ACT["facts"]} == {*KINDS, "later"}


def test_a_birth_is_the_leaf_of_the_key_that_the_ring_vectors_have() -> None:
    """What `key` tells and what `shred` counts are made the same way."""
    born = parse_act(next(case["line"] for case in ACT["facts"] if case["name"] == "key").encode()).values
    name = KeyName.parse(f"{born['hour']}/{born['classes'][0]}")
    key = parse_ring(RING["ring_file"]["plain"].encode()).keys[name]
    assert birth_values(name, key) == {key: born[key] for key in ("hour", "classes", "root")}
    (commitment,) = (case["commitment"] for case in RING["commitments"] if case["name"] == str(name))
    assert base64.b64decode(born["root"]) == hashlib.sha256(b"\0" + bytes.fromhex(commitment)).digest()


@_named("hostile")
def test_a_hostile_fact_is_refused(case: dict[str, Any]) -> None:
    """A line with the flaw it is named for is not read."""
    with pytest.raises(Invalid):
        parse_act(case["line"].encode())


def test_the_private_part_is_that_of_the_vectors() -> None:
    """Sealed with these salt and nonce it is these bytes, and it opens; pseudonym and case are these hashes."""
    secret, salt, nonce, p, data = (bytes.fromhex(PRIVATE[name]) for name in ("secret", "salt", "nonce", "p", "data"))
    month = PRIVATE["month"]
    private = open_private(data, p, secret, month)
    assert private.text().decode() == PRIVATE["json"]
    assert seal_private(private, secret, month, salt, nonce) == (p, data)
    assert pseudonym(secret, month, PRIVATE["person"]).who.hex() == PRIVATE["who"]
    assert case_hash(secret, month, PRIVATE["case"]).hex() == PRIVATE["case_hash"]


@_named("requests")
def test_a_request_is_decided_as_in_the_vectors(case: dict[str, Any]) -> None:
    """Keys where the vectors say so, else this reason; the request is written again the same."""
    request = KeyRequest.parse(case["request"].encode())
    assert request.text().decode() == case["request"]
    now = UtcTicks(int(ACT["now"]))
    state = State(Heads.parse(case["seen"].encode()), case["floor"], {})
    outcome = decide(state, request, RULES, Judgement(now, now, now, ())).outcome
    if case["reason"] is None:
        assert isinstance(outcome, Granted)
    else:
        assert isinstance(outcome, Refusal)
        assert outcome.reason == case["reason"]
