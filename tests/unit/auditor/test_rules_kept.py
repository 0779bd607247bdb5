# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rules that need more than the line at hand: heads kept as proof, a chip's statements, entries that went."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.tools.audited import (
    Audited,
    Line,
    MemoryLedger,
    audited,
    commitment_of,
    erasure,
    late,
    life_end,
    only,
    shred,
    started,
    tie,
)
from torrazzo.auditor import Finding
from torrazzo.auditor.act_rules import ActRules
from torrazzo.base.times import HOUR, SECOND, hour_of, hour_text
from torrazzo.ledger.act import pack_act
from torrazzo.ledger.merkle import leaf_hash, root_of
from torrazzo.ledger.note import Note
from torrazzo.ledger.prune_sums import PruneSums
from torrazzo.ledger.text import to_base64
from torrazzo.testing.clock import START

STREAM = "0000000000000001/main"
HASH = to_base64(bytes(range(32)))


# -- heads kept as proof


def test_r1_both_heads_are_kept_as_proof(town: Audited) -> None:
    """Of a log that shrank, and of one that grew again into another history: as the log's key signed them."""
    line = started(town)
    first = town.ledger._read("rec/checkpoint")
    del town.ledger.entries["rec"][-2:]
    shorter = town.ledger._read("rec/checkpoint")
    only(town.look(10), "R1", "has shrunk", "a head of 2 entries, after 4")
    town.enter("rec", *(line.gap() for _ in range(3)))
    longer = town.ledger._read("rec/checkpoint")
    assert len(town.look(10)) == 1
    (found,) = town.store.findings(is_open=True)
    assert sorted(town.store.proofs(found.number)) == sorted([(first, shorter), (first, longer)])
    for note in (first, shorter, longer):
        assert Note.parse(note).signed_by([town.ledger.keys["rec"].verifier])


def test_r1_what_was_pruned_hides_no_other_history(tmp_path: Path) -> None:
    """An auditor that began behind pruned entries keeps a notice of that open; a fork is found all the same."""
    ledger = MemoryLedger()
    line = Line()
    ledger.entries["rec"] = [line.facts[0].line, *(line.gap(1) for _ in range(700))]
    ledger.minimum_of["rec"] = 300
    with audited(tmp_path / "late", ledger) as town:
        town.clock.advance(700)
        assert town.look() == []
        ledger.entries["rec"][600] = b"{}"
        town.enter("rec", line.gap(1))
        only(town.look(1), "R1", "consistency proof")


# -- R7, a chip's statements


class Chip:
    """A TPM's counter, as it signs; what the ledger shows of it."""

    def __init__(self, town: Audited, name: bytes = b"\0\x0bcounter") -> None:
        self._key, self._name, self._town = generate_private_key(SECP256R1()), name, town

    def says(self, counter: int, about: str) -> str:
        """Hash of its statement, for a fact."""
        parts = (_sized(b"signer"), _sized(base64.b64decode(about)), bytes(25), _sized(self._name), b"\0\0")
        statement = b"\xffTCG\x80\x14" + b"".join(parts) + _sized(counter.to_bytes(8))
        kept = {
            "statement": statement,
            "signature": self._key.sign(statement, ECDSA(SHA256())),
            "key": self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        }
        hash_ = hashlib.sha256(statement).digest()
        texts = {name: to_base64(data) for name, data in kept.items()}
        self._town.ledger.statements[hash_] = json.dumps({"v": 1, **texts}).encode()
        return to_base64(hash_)


def _sized(data: bytes) -> bytes:
    return len(data).to_bytes(2) + data


EMPTY = to_base64(root_of([]))


def shredded_by_chip(town: Audited, hours: int, **changes: Any) -> list[str]:
    """What is found of the next hour's shred."""
    at = life_end(hour_of(START) + hours) - 60 * SECOND
    town.clock.advance((at - town.clock.utc()) / SECOND)
    values = {"level": "tpm", "ring": EMPTY, **changes}
    town.enter("act", shred(hour_of(START) + hours, at, **values))
    return town.look()


def test_r7_a_chip_that_counts(town: Audited) -> None:
    """Each shred has a statement by the first one's key, about its ring; told again it need not have grown."""
    chip = Chip(town)
    for hours, counter in enumerate((7, 9, 10, 10)):
        assert shredded_by_chip(town, hours, state=chip.says(counter, EMPTY)) == []


@pytest.mark.parametrize(
    ("forge", "told"),
    [
        (lambda *_: {"state": None}, "names no statement"),
        (lambda *_: {"state": HASH}, "is not shown"),
        (lambda chip, _: {"state": chip.says(6, EMPTY)}, "did not grow"),
        (lambda chip, _: {"state": chip.says(7, HASH), "ring": HASH}, "did not grow"),
        (lambda chip, _: {"state": chip.says(8, HASH)}, "about another ring"),
        (lambda _, town: {"state": Chip(town).says(8, EMPTY)}, "by another chip"),
        (lambda chip, _: {"state": chip.says(8, EMPTY), "level": "file"}, "the town's word alone"),
        (lambda chip, town: {"state": _forged(chip, town)}, "signature is not that of its key"),
        (lambda chip, town: {"state": _of_no_curve(chip, town)}, "key cannot be read"),
    ],
)
def test_r7_a_chip_that_does_not_count(
    town: Audited, forge: Callable[[Chip, Audited], dict[str, Any]], told: str
) -> None:
    """A statement that is missing, old, of another ring or chip, or forged; a level that falls."""
    chip = Chip(town)
    assert shredded_by_chip(town, 0, state=chip.says(7, EMPTY)) == []
    only(shredded_by_chip(town, 1, **forge(chip, town)), "R7", told)


def _forged(chip: Chip, town: Audited) -> str:
    """One with the signature of another."""
    first, second = (town.ledger.statements[base64.b64decode(chip.says(at, EMPTY))] for at in (8, 9))
    mixed = json.loads(first) | {"signature": json.loads(second)["signature"]}
    hash_ = hashlib.sha256(base64.b64decode(mixed["statement"])).digest()
    town.ledger.statements[hash_] = json.dumps(mixed).encode()
    return to_base64(hash_)


def _of_no_curve(chip: Chip, town: Audited) -> str:
    """One by a key on a curve that nobody knows."""
    hash_ = base64.b64decode(chip.says(8, EMPTY))
    said = json.loads(town.ledger.statements[hash_])
    key = base64.b64decode(said["key"])
    known = bytes.fromhex("2a8648ce3d030107")
    assert known in key
    said["key"] = to_base64(key.replace(known, bytes.fromhex("2a8648ce3d030177")))
    town.ledger.statements[hash_] = json.dumps(said).encode()
    return to_base64(hash_)


# -- R7, why a key goes early


def test_r7_no_word_makes_an_early_end_right(town: Audited) -> None:
    """An hour that is destroyed long before its time for a reason that no program of ours has."""
    started(town)
    town.enter("act", shred(hour_of(START), town.clock.utc(), why="order"))
    only(town.look(10), "R7", "early, for 'order'", "0000000000000001/main")


def test_r7_keys_that_go_for_want_of_room_are_told(town: Audited) -> None:
    """Nobody can prove that disks were full: the second office is told when it begins, once, and cosigns on."""
    started(town)
    for hour in range(3):
        town.enter("act", shred(hour_of(START) + hour, town.clock.utc(), why="disk"))
        assert town.look(10) == []
    (told,) = town.store.findings(is_open=True)
    assert told.finding.is_notice
    assert "for want of room, as the town says" in told.finding.text
    assert told.finding.stream == "0000000000000001/main"
    town.clock.advance(7 * 3_600)
    town.enter("act", shred(hour_of(START) + 3, town.clock.utc(), why="disk"))
    town.look()
    assert (
        sum(found.finding.rule == "R7" and found.finding.is_notice for found in town.store.findings(is_open=True)) == 2
    )


# -- R8, early erasure


@pytest.mark.parametrize(
    ("wanted", "changes"),
    [
        ({}, {"hour": hour_text(hour_of(START) + 1)}),
        ({}, {"streams": [STREAM, "0000000000000002/main"]}),
        ({"purpose": "crime"}, {}),
    ],
)
def test_r11_an_approval_of_something_else(town: Audited, wanted: dict[str, Any], changes: dict[str, Any]) -> None:
    """Two people wanted one camera-hour erased: no other hour is by that, nor another camera; nor by a copy."""
    started(town)
    of = erasure(town, hour_of(START), **wanted)
    rekey = {"hour": hour_text(hour_of(START)), "class": "standard", "of": of, "streams": [STREAM], "kept": 1}
    town.enter("act", pack_act("rekey", town.clock.utc(), {**rekey, **changes}))
    only(town.look(10), "R11", "approves something else")


@pytest.mark.parametrize("order", ["rekey first", "shred first", "birth last"])
def test_r8_a_rekey_that_is_told_behind_a_shred(town: Audited, order: str) -> None:
    """While the ledger was away a key was exchanged, by two people's order, and another shredded: in any order."""
    started(town)
    hour = hour_of(START)
    leaves = {at: leaf_hash(commitment_of(at)) for at in (hour, hour + 1, hour + 2)}
    births = [
        pack_act("key", town.clock.utc(), {"hour": hour_text(at), "classes": ["standard"], "root": to_base64(leaf)})
        for at, leaf in leaves.items()
    ]
    town.enter("act", *births[: 2 if order == "birth last" else 3])
    at = life_end(hour) - 60 * SECOND
    town.clock.advance((at - town.clock.utc()) / SECOND)
    of = erasure(town, hour + 2)
    named = {"hour": hour_text(hour + 2), "class": "standard", "of": of, "streams": [STREAM], "kept": 1}
    rekey = pack_act("rekey", at, named)
    fresh = to_base64(root_of([leaves[hour + 1], leaf_hash(b"fresh")]))
    told = [rekey, shred(hour, at, left=2, ring=fresh)]
    if order == "birth last":
        told = [rekey, births[2], told[1]]
    town.enter("act", *(reversed(told) if order == "shred first" else told))
    assert town.look() == []
    town.enter("act", shred(hour + 1, at + HOUR, left=2, ring=HASH))
    only(town.look(3600), "R8", "2 keys are left, it says; 1 are")


# -- R12


def test_what_an_auditor_of_a_version_before_kept_is_read(town: Audited) -> None:
    """What had been pruned by then it does not know: the first sums are held against nothing, the next ones are."""
    started(town)
    old = {key: value for key, value in ActRules().pack().items() if key not in {"chip", "prune", "erased"}}
    rules = ActRules.parse(old)
    facts = [pack_act("prune", 1, values) for values in _sums(town, 0, 2)]
    facts += [pack_act("prune", 1, values | {"facts": 9}) for values in _sums(town, 2, 4)]
    found = [str(each) for at, line in enumerate(facts) for each in _checked(rules, at, line, town)]
    assert len(facts) == 2
    only(found, "R12", "facts 9, not 2")
    assert ActRules.parse(json.loads(json.dumps(rules.pack()))) == rules


def _sums(town: Audited, start: int, end: int) -> list[dict[str, object]]:
    found = town.auditor.sums(start, end)
    assert found is not None
    return found


def _checked(rules: ActRules, at: int, line: bytes, town: Audited) -> Iterator[Finding]:
    return rules.check(at, line, None, town.clock.utc(), lambda *_: b"", town.auditor)


def test_r12_what_goes_is_summed_up(town: Audited) -> None:
    """The sums are those of the auditor's own copy, in pieces as they come; hours of which nothing went have none."""
    line = started(town)
    pruned(town, 2)
    assert town.look() == []
    town.enter("rec", line.segment(), line.gap(7200), late(line.last, town.clock.utc() + 7200 * SECOND))
    town.look(7200)
    settle_all(town)
    pruned(town, 6)
    town.enter("act", tie(town.ledger, town.clock.utc()))
    assert town.look() == []


@pytest.mark.parametrize(
    ("forge", "told"),
    [
        (lambda facts: [facts[0] | {"recorded": facts[0]["recorded"] - 1}, *facts[1:]], "recorded"),
        (lambda facts: [facts[0] | {"gaps": 5}, *facts[1:]], "gaps 5, not 0"),
        (lambda facts: [*facts, facts[0]], "a second time"),
        (lambda facts: [facts[0] | {"hour": "2020010100"}], "2020010100"),
        (lambda facts: [*facts, facts[0] | {"min": 0}], "began at entry 4 before"),
    ],
)
def test_r12_sums_that_are_false(
    town: Audited, forge: Callable[[list[dict[str, Any]]], list[dict[str, Any]]], told: str
) -> None:
    """Another number, an hour twice, one of which nothing was told, one that is left out."""
    started(town)
    pruned(town, 4, forge)
    town.enter("act", tie(town.ledger, town.clock.utc()))
    found = town.look()
    assert found[0].startswith("R12 ")
    assert told in found[0]


def pruned(town: Audited, minimum: int, forge: Callable[[list[dict[str, Any]]], Any] = lambda facts: facts) -> None:
    """The facts that a ledger enters when these entries go."""
    sums = PruneSums()
    before = [json.loads(line)["min"] for line in town.ledger.entries["act"] if b'"kind":"prune"' in line]
    for line in town.ledger.entries["rec"][max(before, default=0) : minimum]:
        sums.add(line)
    for values in forge(sums.values(minimum)):
        town.enter("act", pack_act("prune", town.clock.utc(), values))


def settle_all(town: Audited) -> None:
    for each in town.store.findings(is_open=True):
        town.store.settle(each.number, "a test")
