# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Real programs over a real SQLite and real files, really killed while they append and prune."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.ledger import check_log, fact, facts, lines, opened
from torrazzo.durable import OsDisk
from torrazzo.ledger.errors import Pruned

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize("lives", [25, pytest.param(500, marks=[pytest.mark.long, pytest.mark.timeout(1_800)])])
def test_no_kill_loses_or_doubles_a_fact(
    tmp_path: Path, lives: int, record_property: Callable[[str, object], None]
) -> None:
    """After each kill the next life goes on; at the end every fact is there once, in order, and proven."""
    command = [sys.executable, "-m", "tests.tools.ledger_victim", str(tmp_path), str(lives), "7"]
    said = json.loads(subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, check=True).stdout)
    record_property("facts", said["known"])
    assert said["failed"] == 0
    assert said["useful"] > lives // 2
    with opened(tmp_path / "l.db", OsDisk(), folder=tmp_path / "ledger") as store:
        size = store.rec.head.size
        assert said["known"] <= size
        check_log(store.rec, lines(facts(size)))
        kept = facts(size - store.rec.minimum, first=store.rec.minimum)
        assert {each.state for each in store.append(kept).rec} == {"known"}
        if store.rec.minimum:
            first = fact(0).id
            assert first is not None
            with pytest.raises(Pruned):
                store.index_of(first)
