# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What lies under the cameras on the map, over the API."""

from pathlib import Path

from tests.tools.api_town import api_town
from tests.tools.pmtiles import pmtiles
from torrazzo.law import Role


def test_the_town_s_own_map_is_served_in_ranges(tmp_path: Path) -> None:
    """Where the home has one, by the bytes that are asked for; what is no such file is as none."""
    with api_town(tmp_path / "town") as town:
        town.somebody("rita.neri", Role.AUDITOR)
        browser, file = town.signed_in("rita.neri"), town.home.path / "map.pmtiles"
        assert browser.get("/map").json() == {"tiles": None, "note": ""}
        assert browser.get("/map/tiles").code == "NOT_FOUND"
        file.write_bytes(b"<html>")
        assert browser.get("/map").json()["tiles"] is None
        file.write_bytes(pmtiles())
        (town.home.path / "map.txt").write_text("© chi l’ha\nfatta\n")
        first = browser.get("/map").json()
        assert (first["note"], len(first["tiles"]) > 8) == ("© chi l’ha fatta", True)
        part = browser.ask("GET", "/api/v1/map/tiles", None, {"range": "bytes=0-6"})
        assert (part.status, part.body) == (206, b"PMTiles")
        assert part.headers["content-range"] == f"bytes 0-6/{len(pmtiles())}"
        assert browser.get("/map/tiles").body == pmtiles()
        assert town.browser().get("/map/tiles").code == "SESSION_NONE"
