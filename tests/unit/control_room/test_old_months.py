# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""LG-04: names stay in the log for five years, then nobody can tell whose an entry is; by the time that is believed."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.api_town import ApiTown, api_town
from torrazzo.access.months import month_of
from torrazzo.base.spans import Span
from torrazzo.base.times import DAY, HOUR, SECOND, UtcTicks
from torrazzo.control_room.old_months import erase_old_months
from torrazzo.evidence.accesses import Names
from torrazzo.evidence.act_log import Question
from torrazzo.law import Role
from torrazzo.retention.forgotten import FORGOTTEN, Forgotten


@pytest.fixture
def town(tmp_path: Path) -> Iterator[ApiTown]:
    with api_town(tmp_path / "town") as town:
        town.somebody("olga.verdi", Role.OPERATOR)
        yield town


def believe(town: ApiTown, now: UtcTicks) -> list[str]:
    """The keyring erased by its time, which is that."""
    town.home.keyring.mkdir(exist_ok=True)
    (town.home.keyring / FORGOTTEN).write_bytes(Forgotten({"standard": now // HOUR, "h72": 0}).pack())
    return erase_old_months(town.home, town.disk, town.clock)


def names(town: ApiTown) -> set[Names | None]:
    """Of all entries that somebody made until now."""
    whole = Span(UtcTicks(0), UtcTicks(town.clock.utc() + DAY))
    return {row.names for row in town.room().act_log.ask(Question(whole, frozenset({"auth"}))).rows}


def test_names_go_when_their_month_is_five_years_over(town: ApiTown) -> None:
    """Four years and 364 days after its last day all is read; after five it is destroyed, and the entries stay."""
    month = month_of(town.clock.utc())
    year, number = divmod(int(month), 100)
    end = dt.datetime(year + 5 + number // 12, number % 12 + 1, 1, tzinfo=dt.UTC)  # five years after its end
    over = UtcTicks(int(end.timestamp()) * SECOND)
    entries = len(town.acts("auth"))
    assert believe(town, UtcTicks(over - HOUR)) == []
    assert names(town) == {Names.OPEN}
    assert believe(town, over) == [month]
    assert names(town) == {Names.DESTROYED}
    assert len(town.acts("auth")) == entries
    assert believe(town, over) == []


def test_a_machine_whose_clock_is_wrong_destroys_no_name(town: ApiTown) -> None:
    """Ten years ahead, and no keyring that believed it."""
    town.clock.advance(10 * 366 * 86_400)
    assert erase_old_months(town.home, town.disk, town.clock) == []
    assert names(town) == {Names.OPEN}
