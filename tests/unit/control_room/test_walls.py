# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Walls that people keep, over the real API: whose they are, who shares, what comes back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tools.api_town import ApiTown, Browser, api_town
from torrazzo.control_room.api.app import ROOT
from torrazzo.control_room.api.wall_book import MOST, WALLS, WallBook
from torrazzo.durable import OsDisk
from torrazzo.law import Role

FOUR = {"layout": "4", "cells": [{"cameras": ["c1"], "every_s": 10}], "every_s": None}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiTown]:
    with api_town(tmp_path_factory.mktemp("walls") / "town") as town:
        town.somebody("dino.rossi", Role.DESIGNATO)
        town.somebody("olga.neri", Role.OPERATOR)
        town.somebody("gina.verdi", Role.OPERATOR)
        yield town


def _put(browser: Browser, path: str, body: object) -> Any:
    return browser.ask("PUT", ROOT + path, body)


def _new(name: str, *, shared: bool = False) -> dict[str, Any]:
    return {"name": name, "shared": shared, "arrangement": FOUR}


def test_what_a_monitor_showed_comes_back_to_its_person_alone(town: ApiTown) -> None:
    """Each monitor's own, at any station, in the same words; others see nothing of it."""
    olga = town.signed_in("olga.neri")
    assert _put(olga, "/walls/now/1", FOUR).status == 204
    assert _put(olga, "/walls/now/2", {**FOUR, "layout": "9", "every_s": 20}).status == 204
    again = town.signed_in("olga.neri").get("/walls").json()
    assert again["now"] == {"1": FOUR, "2": {**FOUR, "layout": "9", "every_s": 20}}
    assert again["may_share"] is False
    assert town.signed_in("gina.verdi").get("/walls").json()["now"] == {}


def test_a_wall_is_its_maker_s_and_a_shared_one_everybody_s(town: ApiTown) -> None:
    """An operator keeps, changes and removes their own; who commands shares; nobody touches another's."""
    olga, dino = town.signed_in("olga.neri"), town.signed_in("dino.rossi")
    mine = olga.post("/walls", _new("Notte")).json()
    assert (mine["own"], mine["shared"], mine["owner"]["name"]) == (True, False, "Olga Neri")
    assert olga.post("/walls", _new("Tutti", shared=True)).code == "FORBIDDEN"
    assert _put(olga, f"/walls/{mine['id']}", _new("Notte", shared=True)).code == "FORBIDDEN"
    shared = dino.post("/walls", _new("Mercato", shared=True)).json()
    seen = town.signed_in("gina.verdi").get("/walls").json()["items"]
    assert [(wall["name"], wall["own"]) for wall in seen] == [("Mercato", False)]
    assert _put(olga, f"/walls/{shared['id']}", _new("Altro")).code == "FORBIDDEN"
    assert olga.ask("DELETE", f"{ROOT}/walls/{shared['id']}").code == "FORBIDDEN"
    assert dino.ask("DELETE", f"{ROOT}/walls/{mine['id']}").code == "NOT_FOUND"
    assert _put(olga, f"/walls/{mine['id']}", _new("Sera")).json()["name"] == "Sera"
    assert olga.ask("DELETE", f"{ROOT}/walls/{mine['id']}").status == 204
    assert [wall["name"] for wall in olga.get("/walls").json()["items"]] == ["Mercato"]


def test_a_station_is_told_its_name_and_the_time_also_while_it_is_locked(town: ApiTown) -> None:
    """What shows live pictures already goes on, and has to know how old they are."""
    gina = town.signed_in("gina.verdi")
    assert gina.post("/lock").status == 204
    found = gina.get("/station").json()
    assert found["name"] == gina.cookies["torrazzo-station"]
    assert found["now"].endswith("Z")
    assert gina.get("/walls").code == "SESSION_LOCKED"


def test_a_book_that_cannot_be_read_is_an_empty_one(tmp_path: Path) -> None:
    """Whatever is in the file; the next change makes it whole. One person fills it to a bound."""
    for text in (b"", b"{", b"[]", b'{"walls": [[1]], "now": {}}', b'{"walls": 3, "now": 4}'):
        (tmp_path / WALLS).write_bytes(text)
        book = WallBook(tmp_path / WALLS, OsDisk())
        assert (book.of("a"), book.now("a")) == ([], {})
        wall = book.add("a", "x", FOUR, is_shared=False)
        assert WallBook(tmp_path / WALLS, OsDisk()).get("a", wall.id) == wall
    book = WallBook(tmp_path / WALLS, OsDisk())
    for at in range(MOST - 1):
        book.add("a", str(at), FOUR, is_shared=False)
    with pytest.raises(Exception, match="remove one first"):
        book.add("a", "one more", FOUR, is_shared=False)
    book.add("b", "another's", FOUR, is_shared=False)
