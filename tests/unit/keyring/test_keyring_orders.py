# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Orders of people: what each one ends, that it is told each time, and what it may not destroy."""

import hashlib
from pathlib import Path

import pytest

from tests.tools.gate_town import NOW, STREAM, view_values
from tests.tools.gated import Gated, serving
from torrazzo.base.errors import Refused
from torrazzo.base.times import HOUR, SECOND, hour_of
from torrazzo.keyring.client import KeyClient
from torrazzo.keyring.gate import Erased
from torrazzo.keyring.pace import Pace

YEAR_S = 365 * 86_400


def trust_heads(gated: Gated) -> None:
    """With the seeds of the logs' keys where the ledger has them; and what the keyring sees next."""
    gated.home.ledger_key("rec").parent.mkdir(exist_ok=True)
    for name in ("rec", "act"):
        path = gated.home.ledger_key(name)
        path.write_bytes(hashlib.sha256(name.encode()).digest())
        path.chmod(0o600)
    with serving(gated):
        KeyClient(gated.home.path).trust_heads()
    gated.parts.follower.look()


def test_each_order_to_trust_is_told(tmp_path: Path) -> None:
    """Also a second one, after which the ledger shows the very head that was trusted first: it may go another way."""
    gated = Gated(tmp_path)
    told = [(fact["log"], fact["size"]) for fact in gated.told("trust")]
    assert told == [("act", 2), ("rec", 1)]
    gated.town.book("view", view_values())
    gated.parts.follower.look()
    for log, size in ((gated.town.act, 2), (gated.town.rec, 1)):
        del log.entries[size:]  # an older database, put back
    trust_heads(gated)
    assert [(fact["log"], fact["size"]) for fact in gated.told("trust")] == told


def test_an_order_ends_what_a_witness_said_of_the_far_future(tmp_path: Path) -> None:
    """After it the same witness is heard again, once it says what time it is."""
    gated = Gated(tmp_path, trusted=("witness",))
    gated.ledger.cosigned_at = NOW // SECOND + YEAR_S
    gated.town.book("view", view_values())
    gated.turn()
    latest = gated.parts.times.judge().latest
    assert latest is not None
    assert latest > NOW + YEAR_S * SECOND - HOUR
    with serving(gated):
        KeyClient(gated.home.path).trust_clock()
    for _ in range(3):
        gated.clock.advance(30)
        gated.ledger.cosigned_at = gated.clock.utc() // SECOND
        gated.town.book("view", view_values())
        gated.turn()
    judged = gated.parts.times.judge()
    assert judged.agreed is not None
    assert judged.latest is not None
    assert judged.latest < gated.clock.utc() + SECOND


def test_an_hour_is_over_when_no_clock_says_otherwise(tmp_path: Path) -> None:
    """With a wall clock that is ahead the running hour, to whose key recorders still seal, is not erased."""
    gated = Gated(tmp_path)
    gated.clock.advance(60)
    gated.turn()
    gated.clock.step(5 * 3_600)
    orders = gated.parts.orders

    class Now(Pace):
        def ask(self) -> None:
            orders.look()

    with pytest.raises(Refused, match="not over"):
        orders.erase(Erased(frozenset({STREAM}), hour_of(NOW), 1), Now())
