# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is noted beside the ledger, and the months' secrets."""

import contextlib
import sqlite3
import threading
from pathlib import Path

import pytest

from tests.tools.look_town import look_town
from torrazzo.access.book import Book, Given, book_path
from torrazzo.access.months import Months, month_of
from torrazzo.base import SegmentId, Span, StreamId, TermId
from torrazzo.base.errors import Damaged, Invalid, Unavailable
from torrazzo.base.times import DAY, SECOND, UtcTicks
from torrazzo.durable import OsDisk
from torrazzo.testing.clock import START, FakeClock
from torrazzo.town import Home

STREAM = StreamId.parse("3f9a1c0e5b7d2264/main")
TERM = TermId.parse("7f3a91c2-17-160938")


def given(n: int) -> Given:
    start = START + n * 10 * SECOND
    return Given(SegmentId(STREAM, TERM, n), Span(UtcTicks(start), UtcTicks(start + 10 * SECOND)))


def test_what_was_noted_outlives_the_process(tmp_path: Path) -> None:
    """Windows that are not closed, deeds that may not be entered, and what was given, each segment once."""
    book = Book.write(Home(tmp_path), OsDisk(), "x")
    window, lost, ask = (book.note(kind, kind.encode(), b"p") for kind in ("view", "view", "ask"))
    book.entered(window, 7, "act")
    book.entered(ask, 8, "act.2")
    book.give(window, [given(1), given(2)])
    book.give(window, [given(2), given(3)])
    book.close()
    book = Book.write(Home(tmp_path), OsDisk(), "x")
    assert [deed.id for deed in book.owed()] == [window, lost]
    assert {stream: len(spans) for stream, spans in book.given(window).items()} == {STREAM: 3}
    book.forget(window)  # is in the ledger: nobody takes it for never entered
    book.forget(lost)
    book.closed(window, 9)
    assert book.owed() == []
    assert book.given(window) == {}
    assert [(deed.entry, deed.log) for deed in book.of_kind("ask", "view")] == [(7, "act"), (8, "act.2")]
    book.close()
    assert book_path(Home(tmp_path), "x").stat().st_mode & 0o777 == 0o600


def test_a_book_from_before_any_fork_is_read_on(tmp_path: Path) -> None:
    """What stands in it was entered in the first log, which is all that it can have known."""
    path = book_path(Home(tmp_path), "x")
    path.parent.mkdir()
    with contextlib.closing(sqlite3.connect(path)) as older:
        older.executescript(
            "CREATE TABLE deed (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, line BLOB NOT NULL, private BLOB NOT NULL,"
            " entry INTEGER, close INTEGER -- NULL if open\n); PRAGMA user_version = 1;"
            "INSERT INTO deed VALUES (1, 'ask', 'line', 'p', 7, NULL);"
        )
    book = Book.write(Home(tmp_path), OsDisk(), "x")
    assert [(deed.entry, deed.log) for deed in book.of_kind("ask")] == [(7, "act")]
    book.close()


def test_what_is_owed_is_found_without_looking_at_each_deed(tmp_path: Path) -> None:
    """However many there were in years: also in a book that is older than its index."""
    path = book_path(Home(tmp_path), "x")
    book = Book.write(Home(tmp_path), OsDisk(), "x")
    with contextlib.closing(sqlite3.connect(path)) as older:
        older.executescript("DROP INDEX deed_owed; PRAGMA user_version = 3;")
    book.close()
    book = Book.write(Home(tmp_path), OsDisk(), "x")
    window, closed = (book.note("view", b"line", b"p") for _ in range(2))
    for number, deed in enumerate((window, closed)):
        book.entered(deed, number, "act")
    book.closed(closed, 9)
    with contextlib.closing(sqlite3.connect(path)) as more:
        values = [(b"line", b"p", number, number + 1) for number in range(10_000)]
        more.executemany("INSERT INTO deed (kind, line, private, entry, close) VALUES ('view', ?, ?, ?, ?)", values)
        more.executemany(
            "INSERT INTO deed (kind, line, private, entry) VALUES ('ask', ?, ?, ?)", [v[:3] for v in values]
        )
        more.commit()
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    book._connection.set_progress_handler(step, 1)
    assert [deed.id for deed in book.owed()] == [window]
    assert (book.owed_one(window), book.owed_one(closed)) == (book.owed()[0], None)
    assert steps < 1_000  # of SQLite's machine; 60,000 with a look at each
    book.close()


def test_a_book_that_is_none_is_told(tmp_path: Path) -> None:
    """Garbage is `Damaged`, and is left as it is; what was never written is `Unavailable` to who reads."""
    path = book_path(Home(tmp_path), "x")
    with pytest.raises(Unavailable):
        Book.read(path)
    path.parent.mkdir()
    path.write_bytes(b"garbage" * 1_000)
    with pytest.raises(Damaged):
        Book.write(Home(tmp_path), OsDisk(), "x")
    assert path.read_bytes() == b"garbage" * 1_000


def test_a_month_has_one_secret(tmp_path: Path) -> None:
    """Drawn once, whoever comes first; never again for a month that is over, be it known before; a cut one is told."""
    home, clock = Home(tmp_path), FakeClock(START)
    found: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: found.append(Months(home, OsDisk(), clock).secret("202611"))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    months = Months(home, OsDisk(), clock)
    assert (months.present(), months.secret("202611")) == ("202611", found[0])
    path = tmp_path / "secrets" / "month-202611.key"
    path.unlink()
    clock.advance(30 * DAY / SECOND)
    with pytest.raises(Unavailable, match="destroyed"):
        months.secret("202611")
    path.write_bytes(b"short")
    with pytest.raises(Invalid):
        months.secret("202611")
    assert month_of(START + 7 * DAY) == "202612"


def test_where_a_witness_is_demanded_looking_waits_for_it(tmp_path: Path) -> None:
    """Keys come for heads that the witness cosigned, which the ledger has within some seconds; all else is the same."""
    with look_town(tmp_path, with_witness=True) as town:
        look = town.look()
        assert look.file().size > 100_000
        look.end("done")
        (_, close) = town.acts("close")[-1]
        assert close.values["shown"][0]["count"] == 6
