# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The language-neutral vectors of docs/3-formats/vault.md."""

import json
from pathlib import Path
from typing import Any

import pytest

from torrazzo.base.errors import Invalid
from torrazzo.base.ids import SegmentId
from torrazzo.base.times import UtcTicks
from torrazzo.keyring.gate import Rules, State, Wished, confirm, release
from torrazzo.keyring.gate_refusal import Refusal
from torrazzo.keyring.gate_request import HoldRequest
from torrazzo.keyring.heads import Heads
from torrazzo.keyring.ring import PrivateKey
from torrazzo.keyring.trusted_time import Judgement
from torrazzo.keyring.vault_file import HeldKeys, Hold
from torrazzo.keyring.vault_terms import TERMS
from torrazzo.ledger import Policy
from torrazzo.ledger.act import Act
from torrazzo.ledger.identity import EntryName

VAULT: Any = json.loads((Path(__file__).parents[2] / "vectors" / "vault.json").read_text("utf-8"))


class FirstHold:
    """A vault that has the first of the vectors' holds: implements the gate's `Held`."""

    hold = Hold.parse(VAULT["holds"][0]["file"].encode())

    def holds_segment(self, segment: SegmentId, moment: UtcTicks) -> bool:
        raise AssertionError(f"nobody reads: {segment} {moment}")

    def placed(self, name: EntryName) -> Act | None:
        return self.hold.act if name == self.hold.name else None


def _each(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", VAULT[name], ids=lambda case: str(case["what"]))


@_each("holds")
def test_a_hold_is_that_of_the_vectors(case: dict[str, Any]) -> None:
    """It is read, has this name, key and end, and is written the same."""
    hold = Hold.parse(case["file"].encode())
    assert hold.pack().decode() == case["file"]
    assert (str(hold.name), str(hold.key), str(hold.ends)) == (case["name"], case["key"], case["ends"])


@_each("hostile")
def test_a_hostile_hold_is_refused(case: dict[str, Any]) -> None:
    """A file with the flaw it is named for is not read."""
    with pytest.raises(Invalid):
        Hold.parse(case["file"].encode())


def test_keys_open_to_those_of_the_vectors() -> None:
    """The file opens with the hold's private key, and is of the first hold."""
    case = VAULT["keys"]
    file = HeldKeys.parse(bytes.fromhex(case["file"]))
    private = PrivateKey(bytes.fromhex(case["seed"]), bytes.fromhex(case["x25519"]))
    assert file.hold == FirstHold.hold.key
    assert {str(n): key.hex() for n, key in file.open(private).items()} == case["keys"]


def test_terms_are_those_of_the_vectors() -> None:
    """Each cause has this life, and there is no other."""
    assert dict(TERMS) == VAULT["terms"]


@_each("wishes")
def test_a_wish_is_decided_as_in_the_vectors(case: dict[str, Any]) -> None:
    """Done where the vectors say so, else refused for this reason; the request is written again the same."""
    request = HoldRequest.parse(case["request"].encode())
    assert request.text().decode() == case["request"]
    now = UtcTicks(int(VAULT["now"]))
    rules = Rules(Policy.parse(VAULT["policy"].encode()), {}, FirstHold())
    judge = {"release": release, "confirm": confirm}[case["kind"]]
    outcome = judge(
        State.start(Heads.parse(VAULT["seen"].encode())), request, rules, Judgement(now, now, now, ())
    ).outcome
    if case["reason"] is None:
        assert outcome == Wished(request.hold, EntryName("act", request.fact.number))
    else:
        assert isinstance(outcome, Refusal)
        assert outcome.reason == case["reason"]
