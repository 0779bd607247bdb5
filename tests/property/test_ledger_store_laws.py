# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The store, whatever is done with it in whatever order, held against a list of lines."""

import contextlib
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.tools.ledger import TODAY, check_log, deeds, fact, opened
from torrazzo.ledger.errors import Pruned
from torrazzo.ledger.fact_index import Placed, RecEntry
from torrazzo.testing import FaultyDisk

IDS = st.tuples(st.integers(0, 700), st.integers(1, 3), st.integers(TODAY, TODAY + 2))


class Machine(RuleBasedStateMachine):
    """Batches with repetitions and forgeries, pruning, kills and restarts."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="ledger-"))
        self.disk = FaultyDisk()
        self.entered: list[RecEntry] = []
        self.deeds = 0
        self.minimum = 0
        self.stack = contextlib.ExitStack()
        self.start()

    def start(self) -> None:
        self.store = self.stack.enter_context(opened(self.folder / "l.db", self.disk))

    def deliver(self, batch: list[RecEntry]) -> None:
        """Each becomes what the list says: new, known, or a conflict; of what was pruned nobody can say."""
        index = {each.id: at for at, each in enumerate(self.entered)}
        floors: dict[object, int] = {}
        for at, each in enumerate(self.entered):
            assert each.id is not None
            if at < self.minimum:
                floors[each.id[:2]] = max(floors.get(each.id[:2], -1), each.id.n)
        wanted = []
        for each in batch:
            assert each.id is not None
            found = index.get(each.id)
            if found is not None and found >= self.minimum:
                wanted.append(Placed("known" if self.entered[found].line == each.line else "conflict", found))
            elif found is not None or each.id.n <= floors.get(each.id[:2], -1):
                wanted.append(Placed("pruned", None))
            else:
                index[each.id] = len(self.entered)
                wanted.append(Placed("new", len(self.entered)))
                self.entered.append(each)
        assert self.store.append(batch, deeds(1, self.deeds)).rec == tuple(wanted)
        self.deeds += 1

    @rule(ids=st.lists(IDS, max_size=8), text=st.sampled_from(["", "", "forged"]))
    def some(self, ids: list[tuple[int, int, int]], text: str) -> None:
        self.deliver([fact(n, camera=camera, day=day, text=text) for n, camera, day in ids])

    @rule(first=st.integers(0, 700), count=st.sampled_from([1, 200, 256, 700]), day=st.integers(TODAY, TODAY + 2))
    def many(self, first: int, count: int, day: int) -> None:
        self.deliver([fact(n, day=day) for n in range(first, first + count)])

    @rule(share=st.floats(0, 1))
    def prune(self, share: float) -> None:
        self.minimum = max(self.minimum, int(share * len(self.entered)))
        self.store.prune("rec", self.minimum)

    @rule(seed=st.none() | st.integers(0, 9))
    def restart(self, seed: int | None) -> None:
        if seed is not None:
            self.disk = self.disk.power_cut(seed)
        self.stack.close()
        self.start()

    @invariant()
    def holds(self) -> None:
        check_log(self.store.rec, [each.line for each in self.entered])
        assert self.store.act.head.size == self.deeds
        for at in {self.minimum, len(self.entered) - 1} & set(range(self.minimum, len(self.entered))):
            fact_id = self.entered[at].id
            assert fact_id is not None
            assert self.store.index_of(fact_id) == at
        if self.minimum:
            fact_id = self.entered[self.minimum - 1].id
            assert fact_id is not None
            try:
                assert self.store.index_of(fact_id) is None
            except Pruned:
                return
            raise AssertionError("a pruned fact is neither found nor missing")

    def teardown(self) -> None:
        self.stack.close()
        shutil.rmtree(self.folder)


Machine.TestCase.settings = settings(max_examples=12, stateful_step_count=10, deadline=None)
TestLedgerStore = Machine.TestCase
