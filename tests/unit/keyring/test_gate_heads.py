# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
import pytest

from tests.tools.gate_town import NOW, TOWN, GateTown, b64
from torrazzo.base.errors import Invalid
from torrazzo.base.times import SECOND
from torrazzo.keyring.gate_refusal import Reason, Refusal
from torrazzo.keyring.heads import MOST_EARLIER, Head, Heads, Seen, Taken, accept, fact_values
from torrazzo.ledger.merkle import leaf_hash


def _taken(found: Taken | Refusal) -> Taken:
    assert isinstance(found, Taken), found
    return found


def test_the_first_head_is_trusted_only_on_order_and_told() -> None:
    """A keyring that has seen no head takes one at set-up only, and says that it did."""
    town = GateTown()
    seen = Heads.of_town(f"{TOWN}/rec", f"{TOWN}/act").act
    refused = accept(seen, town.act.shown(0), town.rules.policy)
    assert isinstance(refused, Refusal)
    assert refused.reason == Reason.HEAD_UNKNOWN
    first = _taken(accept(seen, town.act.shown(0), town.rules.policy, trust_first=True))
    assert first.is_first
    assert not _taken(accept(first.seen, town.act.shown(1), town.rules.policy, trust_first=True)).is_first


def test_the_order_to_trust_counts_for_the_first_head_only() -> None:
    """Once a head is known, no order makes a fork of it pass."""
    town = GateTown()
    town.act.entries = [b"another beginning", b"more"]
    refused = accept(town.state.heads.act, town.act.shown(1), town.rules.policy, trust_first=True)
    assert isinstance(refused, Refusal)
    assert refused.reason == Reason.HEAD_FORK


def test_an_empty_log_is_no_beginning() -> None:
    """From an empty tree nothing follows: it is not trusted even on order."""
    town = GateTown()
    seen = Heads.of_town(f"{TOWN}/rec", f"{TOWN}/act").act
    refused = accept(seen, town.act.shown(0, 0), town.rules.policy, trust_first=True)
    assert isinstance(refused, Refusal)
    assert refused.reason == Reason.HEAD_UNKNOWN


def test_a_head_brings_its_witnesses_times() -> None:
    """When a witness had seen no larger tree is told with a head that holds."""
    town = GateTown()
    town.act.append(b"more")
    shown = town.act.shown(1)._replace(note=town.act.note(seconds=NOW // SECOND))
    taken = _taken(accept(town.state.heads.act, shown, town.rules.policy))
    assert taken.accepted.cosigned == {"w": NOW // SECOND}
    assert taken.is_new
    assert not _taken(accept(taken.seen, shown, town.rules.policy)).is_new


def test_so_many_earlier_heads_are_known() -> None:
    """The sixteenth head before the largest is still taken, the one before it is not."""
    town = GateTown()
    seen = town.state.heads.act
    for size in range(2, MOST_EARLIER + 3):
        town.act.append(b"%d" % size)
        seen = _taken(accept(seen, town.act.shown(size - 1), town.rules.policy)).seen
    assert seen.head is not None
    assert seen.head.size - MOST_EARLIER == 2
    _taken(accept(seen, town.act.shown(0, 2), town.rules.policy))
    refused = accept(seen, town.act.shown(0, 1), town.rules.policy)
    assert isinstance(refused, Refusal)
    assert refused.reason == Reason.HEAD_STALE


def test_heads_are_kept_in_a_line() -> None:
    """What is written is read again, without the earlier heads; a town without heads has none."""
    heads = GateTown().state.heads
    assert Heads.parse(heads.pack()) == heads
    assert Heads.parse(heads._replace(act=heads.act.after(Head(9, bytes(32)))).pack()).act.earlier == ()
    huge = heads._replace(act=Seen("a", Head(2**63 - 1, bytes(32))))
    assert Heads.parse(huge.pack()) == huge
    empty = Heads.of_town("a", "b")
    assert Heads.parse(empty.pack()) == empty
    assert fact_values(empty.rec) is None
    assert fact_values(heads.act) == {"size": 1, "root": b64(leaf_hash(b"the first"))}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"v":1', '"v":2'),
        ('"v":1', '"v":true'),
        ('"size":1', '"size":0'),
        ('"size":1', '"size":-1'),
        ('"size":1', '"size":true'),
        ('"size":1', '"size":9223372036854775808'),
        ('"size":1', '"size": 1'),
        ('"origin":"town.example/act"', '"origin":7'),
        ('"head":{', '"tail":{'),
        ('"act":{', '"act":7,"x":{'),
    ],
)
def test_heads_are_read_strictly(old: str, new: str) -> None:
    """A file that was written by something else is not guessed at."""
    text = GateTown().state.heads.pack().decode()
    assert old in text
    with pytest.raises(Invalid):
        Heads.parse(text.replace(old, new).encode())
