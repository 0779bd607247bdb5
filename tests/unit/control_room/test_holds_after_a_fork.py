# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ledger is forked while footage is held: holds go on under their names, and what they keep is lost to nobody."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.tools.forked import fork, trust
from tests.tools.held_town import OTHER, HeldTown, held_town
from tests.tools.ledger_process import size, until

WEEK = 168 * 3_600


class Forked(NamedTuple):
    """Two holds of the same in the log before, the first of them confirmed; the archive itself has nothing more."""

    town: HeldTown
    first: str
    second: str
    pictures: bytes


@pytest.fixture
def forked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Forked]:
    monkeypatch.setattr("torrazzo.ledger.process.SEARCH_S", 0.2)
    with held_town(tmp_path) as town:
        town.pass_time(WEEK - 3_600)
        pictures = town.pictures()
        first, second = (town.place()["hold"] for _ in range(2))
        town.follow(first, "confirm", OTHER)
        for hold in (first, second):
            town.copy(hold)
        town.pass_time(2 * 3_600)
        town.forget()
        assert town.volumes() == []
        fork(town)
        until(lambda: _is_given_up(town))
        trust(town)
        yield Forked(town, first, second, pictures)


def _is_given_up(town: HeldTown) -> bool:
    """What stood before the held facts: it is looked for, for a while that begins when the ledger comes to it."""
    town.clock.advance(5)
    return size(town.ledger) >= 7


def test_what_is_held_is_read_on(forked: Forked) -> None:
    """Its facts enter the new log out of the copies, where alone they stand; a second person confirms, and it lasts."""
    town, first, second, pictures = forked
    assert [(each["hold"], each["lost"]) for each in town.listed()] == [(first, 0), (second, 0)]
    assert town.pictures() == pictures
    town.follow(second, "confirm", OTHER)
    ((_, act),) = town.acts("confirm")
    assert act.values["hold"] == second
    town.pass_time(4 * 24 * 3_600)
    assert [(each["hold"], each["state"]) for each in town.listed()] == [(first, "confirmed"), (second, "confirmed")]


def test_a_hold_of_the_log_before_ends(forked: Forked) -> None:
    """Released, its key is gone and a fact of the new log says whose it was; what it kept a new hold keeps on."""
    town, first, second, pictures = forked
    placed = town.place()
    assert placed["hold"].startswith("act.2-")
    assert (placed["segments"], placed["lost"]) == (6, [])
    for hold in (first, second):
        town.follow(hold, "release")
    assert town.copy(placed["hold"])["lost"] == 0
    town.look_now()
    until(lambda: len(town.acts("end")) == 2)
    assert [act.values["hold"] for _, act in town.acts("end")] == [first, second]
    assert [path for hold in (first, second) for path in town.folder(hold).rglob("*") if path.is_file()] == []
    assert [each["hold"] for each in town.listed()] == [placed["hold"]]
    assert town.pictures() == pictures
