# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town in which browsers are tested (tests/tools/room_town.py): it runs, people come in, cameras fall out."""

from pathlib import Path

import pytest

from tests.tools.page_seen import open_chromium
from tests.tools.room_town import room_town

pytestmark = pytest.mark.browser


def test_people_come_in_and_cameras_fall_out(tmp_path: Path) -> None:
    """An operator with an open shift, the same one again elsewhere, an administrator; a killed camera comes back."""
    with room_town(tmp_path / "town", 2, sub=True, few={"osvaldo": [1]}) as town, open_chromium() as browser:
        seen = town.sign_in(browser, "oriana", "/system")
        seen.wait(town.cameras[0].name)
        assert town.browser("oriana").get("/shift").json()["current"]["person"]["name"] == "Oriana"
        again = town.sign_in(browser, "oriana", "/system", language="en", theme="dark")
        again.wait(town.cameras[1].name)
        admin = town.sign_in(browser, "aldo", "/system")
        admin.wait(town.cameras[0].name)
        assert [seen.complaints, again.complaints, admin.complaints] == [[], [], []]
        assert [camera["name"] for camera in town.browser("osvaldo").get("/cameras").json()["items"]] == [
            town.cameras[1].name
        ]
        town.kill(0)
        town.served.until(lambda: not town.served.all_record(4))
        town.back(0)
        town.served.until(lambda: town.served.all_record(4))
    assert town.served.process is None
