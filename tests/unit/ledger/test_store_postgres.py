# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The same tables on a real PostgreSQL."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.tools.ledger import FOLDER, IDENTITY, TODAY, check_log, deeds, fact, facts, lines, opened, over
from tests.tools.postgres import postgres, postgres_database
from torrazzo.base.errors import Stopped
from torrazzo.ledger.errors import Pruned, RolledBack
from torrazzo.ledger.fact_index import Placed
from torrazzo.ledger.fork import fork_ledger
from torrazzo.ledger.schema import Database
from torrazzo.testing import FaultyDisk

NAMES = iter(range(1_000))


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture
def database(server: str) -> Iterator[Database]:
    """A schema of its own."""
    with contextlib.closing(postgres_database(server, f"ledger_{next(NAMES)}")) as made:
        yield made


def test_a_ledger_lives_in_postgresql_as_in_sqlite(database: Database, tmp_path: Path) -> None:
    """Batches, repetitions, restarts and pruning give the same heads, files and answers on both."""
    disks = FaultyDisk(), FaultyDisk()
    batches = [facts(300), facts(5, first=298), [fact(1, text="forged")], facts(700, camera=2, day=TODAY + 1)]
    for batch in batches:
        with over(database, disks[0]) as one, opened(tmp_path / "l.db", disks[1]) as two:
            assert one.append(batch, deeds(2)) == two.append(batch, deeds(2))
            assert (one.rec.note, one.act.note) == (two.rec.note, two.act.note)
    with over(database, disks[0]) as store, opened(tmp_path / "l.db", disks[1]) as two:
        entered = [*facts(303), *facts(700, camera=2, day=TODAY + 1)]
        check_log(store.rec, lines(entered))
        store.prune("rec", 400)
        two.prune("rec", 400)
        check_log(store.rec, lines(entered))
        assert store.first_index(TODAY) == 400
        assert store.append([fact(1), entered[500]]).rec == (Placed("pruned", None), Placed("known", 500))
        assert entered[0].id is not None
        with pytest.raises(Pruned):
            store.index_of(entered[0].id)
        assert entered[402].id is not None
        assert store.find(entered[402].id) == two.find(entered[402].id)
    assert {path: disks[0].content(path) for path in disks[0].files()} == {
        path: disks[1].content(path) for path in disks[1].files()
    }


def test_each_statement_in_postgresql_may_fail(server: str) -> None:
    """A transaction is whole or not at all, and the next start goes on."""
    for step in range(1, 100):
        disk, seen = FaultyDisk(), [0]
        with contextlib.closing(postgres_database(server, f"step_{step}")) as database:
            with over(database, disk) as store:
                store.append(facts(250))

                def count(*_: object, seen: list[int] = seen, step: int = step) -> None:
                    seen[0] += 1
                    if seen[0] == step:
                        raise sa.exc.OperationalError("x", {}, OSError("the database fails"))

                for event in ("before_cursor_execute", "commit"):
                    sa.event.listen(database._writer, event, count)
                with contextlib.suppress(Stopped):
                    store.append(facts(300, first=250))
                    store.append(facts(1, first=550))
                for event in ("before_cursor_execute", "commit"):
                    sa.event.remove(database._writer, event, count)
            with over(database, disk) as store:
                assert store.rec.head.size in (250, 550, 551)
                store.append(facts(301, first=250))
                check_log(store.rec, lines(facts(551)))
        if seen[0] < step:
            assert step > 15
            return


def test_two_writers_do_not_meet_in_one_database(database: Database, server: str) -> None:
    """A second program with a folder of its own, over the same schema, stops the one of the two that comes later."""
    disk = FaultyDisk()
    with over(database, disk) as store:
        store.append(facts(10))
        with contextlib.closing(postgres_database(server, f"ledger_{next(NAMES) - 1}")) as again:
            with over(again, disk.after_power_cut(0)) as other:
                other.append(facts(1, first=10))
            with pytest.raises(Stopped, match="another program"):
                store.append(facts(1, first=11))


def test_an_empty_postgresql_is_noticed_and_a_fork_declared(database: Database, server: str) -> None:
    """A database that was made anew beside the files of a log is refused, until a fork says so."""
    disk = FaultyDisk()
    with over(database, disk) as store:
        store.append(facts(10))
    with contextlib.closing(postgres_database(server, f"ledger_{next(NAMES)}")) as empty:
        with pytest.raises(RolledBack), over(empty, disk):
            pass
        fork_ledger(empty, disk, FOLDER, IDENTITY, lambda heads: [b"lost after %d" % heads["rec"].size])
        with over(empty, disk) as store:
            check_log(store.act, [b"lost after 10"])
