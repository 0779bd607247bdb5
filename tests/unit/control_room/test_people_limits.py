# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What anybody on this machine may send to the people's socket."""

from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from tests.tools.asgi import Client
from tests.tools.look_town import HOST, STRANGER
from torrazzo.control_room.people_app import LARGEST_ORDER, Desk, make_people_app
from torrazzo.testing import FakeClock

NOBODY = cast("Any", None)


@pytest.mark.parametrize("target", ["/asks", "/asks/1/approve", "/asks/1/copy", "/erasures", "/erasures/1/approve"])
def test_no_order_is_longer_than_an_order_needs(target: str) -> None:
    """A body of more than 64 KiB is refused before anything is made of it, whoever sends it."""
    desk = Desk(NOBODY, NOBODY, FakeClock(), ZoneInfo("Europe/Rome"), lambda: (), lambda: ())
    app = make_people_app(desk, NOBODY)
    answer = Client(app, HOST, STRANGER).ask("POST", target, {"reason": "x" * LARGEST_ORDER})
    assert answer.status == 400
    assert f"more than {LARGEST_ORDER} bytes" in answer.text
