# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Facts that are owed to `act`, each entered once, whenever the ledger takes them."""

from collections.abc import Mapping

from torrazzo.base.clock import Clock
from torrazzo.ledger.act import pack_act, parse_act
from torrazzo.ledger.client import LedgerClient
from torrazzo.ledger.tail import act_head, acts_since
from torrazzo.retention.journal import Journal


def pay(journal: Journal, ledger: LedgerClient, clock: Clock) -> None:
    """Enter all that is owed, in order; raises what the ledger raises.

    1. How long `act` is goes into the journal before the first try. 2. At a second one it is looked up whether the
    first had entered it: an answer that was lost, or a crash, doubles nothing.
    """
    while journal.state.debts:
        debt, *rest = journal.state.debts
        head = act_head(ledger)
        if debt.since is None:
            debt = debt._replace(since=head.size)
            journal.save(journal.state._replace(debts=(debt, *rest)))  # 1
            is_in = False
        else:
            is_in = any(_is_fact(line, debt.kind, debt.values) for _, line in acts_since(ledger, head, debt.since))  # 2
        if not is_in:
            ledger.enter(pack_act(debt.kind, clock.utc(), debt.values))
        journal.save(journal.state._replace(debts=tuple(rest)))


def has_all(ledger: LedgerClient) -> bool:
    """Whether the ledger has every fact that is only in volumes yet; raises what it raises."""
    return ledger.status().get("caught_up") is True


def _is_fact(line: bytes, kind: str, values: Mapping[str, object]) -> bool:
    """Whether it says that; its time is that of its entry."""
    act = parse_act(line)
    return act.kind == kind and {key: act.values[key] for key in act.values if key not in {"v", "kind", "t"}} == values
