# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many proofs in one answer."""

import contextlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.tools.ledger import deeds, facts, opened, over
from torrazzo.base import SegmentId
from torrazzo.base.errors import Damaged, Invalid
from torrazzo.durable import OsDisk
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.errors import Pruned
from torrazzo.ledger.identity import LogKind
from torrazzo.ledger.merkle import leaf_hash, verify_consistency, verify_inclusion
from torrazzo.ledger.prove_many import MOST_ENTRIES, ProvenMany, ask_for, prove_many
from torrazzo.ledger.schema import sqlite_database
from torrazzo.ledger.store import LedgerStore
from torrazzo.testing import FaultyDisk


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LedgerStore]:
    with opened(tmp_path / "ledger.db", OsDisk(), folder=tmp_path / "ledger") as store:
        store.append(facts(700), deeds(20))
        yield store


def identity(n: int) -> SegmentId:
    (entry,) = facts(1, first=n)
    assert entry.id is not None
    return entry.id


def answer(store: LedgerStore, log: LogKind, since: int, wanted: Sequence[SegmentId] | Sequence[int]) -> ProvenMany:
    return ProvenMany.parse(json.loads(prove_many(store, log, json.dumps(ask_for(since, wanted)).encode())))


def test_all_proofs_of_an_answer_hold_under_its_one_head(store: LedgerStore) -> None:
    """Facts by identity, across bundles, out of order and twice: each line is proven, the head continues `since`."""
    old = store.rec.head
    store.append(facts(100, first=700))
    wanted = [identity(n) for n in (799, 3, 255, 256, 3)]
    found = answer(store, "rec", old.size, wanted)
    head = Checkpoint.parse(found.note.text)
    assert found.size == head.size == 800
    verify_consistency(old.size, old.root, head.size, head.root, found.path)
    lines = [entry.line for entry in facts(800)]
    for one, n in zip(found.entries, (799, 3, 255, 256, 3), strict=True):
        assert one is not None
        assert one.line == lines[n]
        verify_inclusion(leaf_hash(one.line), one.number, head.size, one.path, head.root)


def test_facts_are_looked_up_together(tmp_path: Path) -> None:
    """However many are asked for: a question for each of their terms, and one for each 400 of them."""
    with contextlib.closing(sqlite_database(tmp_path / "l.db")) as database, over(database, FaultyDisk()) as store:
        store.append([*facts(500), *facts(300, camera=2)])
        asked: list[str] = []
        sa.event.listen(database._reader, "before_cursor_execute", lambda *args: asked.append(args[2]))
        wanted = [each.id for each in (*facts(450), *facts(62, camera=2)) if each.id is not None]
        found = answer(store, "rec", 0, wanted)
        assert [one and one.line for one in found.entries] == [
            each.line for each in (*facts(450), *facts(62, camera=2))
        ]
        assert len(asked) == 5


def test_a_fact_that_was_pruned_is_said_to_be(tmp_path: Path) -> None:
    """It was there; that is another answer than that it never was."""
    with opened(tmp_path / "l.db", FaultyDisk()) as store:
        store.append(facts(300))
        store.prune("rec", 260)
        with pytest.raises(Pruned):
            answer(store, "rec", 300, [identity(3), identity(299)])


def test_what_is_not_there_is_told_in_its_place(store: LedgerStore) -> None:
    """A fact that has not come, and a number that is not given yet, are null; the others are proven."""
    found = answer(store, "rec", 0, [identity(900), identity(1)])
    assert found.entries[0] is None
    assert found.entries[1] is not None
    found = answer(store, "act", 0, [5, 20])
    assert [one and one.number for one in found.entries] == [5, None]
    assert found.path == ()


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b'{"v":2,"since":0,"entries":[]}', b'{"v":1,"since":-1,"entries":[]}',
        b'{"v":1,"since":9999,"entries":[]}', b'{"v":1,"since":0,"entries":[true]}',
        b'{"v":1,"since":0,"entries":[["x","y",1]]}', b'{"v":1,"since":0,"entries":[[1]]}', b'{"v":1,"since":0}',
        json.dumps(ask_for(0, range(MOST_ENTRIES + 1))).encode(),
    ],
)  # fmt: skip
def test_another_form_is_refused(store: LedgerStore, body: bytes) -> None:
    """Whatever is not a request, or asks for more than one may."""
    with pytest.raises(Invalid):
        prove_many(store, "rec", body)


def test_acts_have_no_identity(store: LedgerStore) -> None:
    """Entries of `act` are asked for by number only."""
    with pytest.raises(Invalid, match="by number"):
        prove_many(store, "act", json.dumps(ask_for(0, [identity(1)])).encode())


@pytest.mark.parametrize("broken", [None, [], {}, {"head": "x", "path": [], "entries": []}])
def test_a_broken_answer_is_told(broken: object) -> None:
    """What is no answer of ours is `Damaged`, not a crash."""
    with pytest.raises(Damaged):
        ProvenMany.parse(broken)
