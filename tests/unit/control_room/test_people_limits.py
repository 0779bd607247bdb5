# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What anybody on this machine may send to the people's socket."""

from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from tests.tools.asgi import Client
from tests.tools.look_town import HOST, STRANGER
from torrazzo.access import Ask, People
from torrazzo.control_room.people_app import LARGEST_ORDER, Desk, make_people_app
from torrazzo.testing import FakeClock

NOBODY = cast("Any", None)
EVERYBODY = People({STRANGER.name: ("ask",)}, 0)


@pytest.mark.parametrize("target", ["/asks", "/asks/1/approve", "/asks/1/copy", "/erasures", "/erasures/1/approve"])
def test_no_order_is_longer_than_an_order_needs(target: str) -> None:
    """A body of more than 64 KiB is refused before anything is made of it, whoever sends it."""
    desk = Desk(NOBODY, NOBODY, FakeClock(), ZoneInfo("Europe/Rome"), lambda: (), lambda: (), lambda: ())
    app = make_people_app(desk, NOBODY)
    answer = Client(app, HOST, STRANGER).ask("POST", target, {"reason": "x" * LARGEST_ORDER})
    assert answer.status == 400
    assert f"more than {LARGEST_ORDER} bytes" in answer.text


def test_what_an_error_says_stays_in_the_log() -> None:
    """Nobody thought of it, so nobody knows what stands in it; anybody on this machine may ask."""

    def asks() -> tuple[Ask, ...]:
        raise RuntimeError("for case 2026/118, of Anna Rossi")

    desk = Desk(NOBODY, EVERYBODY, FakeClock(), ZoneInfo("Europe/Rome"), lambda: (), asks, lambda: ())
    with capture_logs() as told:
        answer = Client(make_people_app(desk, NOBODY), HOST, STRANGER).get("/asks")
    assert (answer.status, answer.json()["error"]["kind"]) == (500, "TorrazzoError")
    assert "2026/118" not in answer.text
    assert [(each["event"], "2026/118" in each["error"]) for each in told] == [("people_failed", True)]
