# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cameras of H.265 before a browser that plays none: their other stream is shown, live and recorded, and it says so."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.tools.api_town import Browser
from tests.tools.page_seen import Seen, until
from tests.tools.played import TileSeen, clock, press_button, say
from tests.tools.played import tiles as played
from tests.tools.room_town import MAIN, SUB, RoomTown, room_town
from tests.tools.wall_seen import tiles, wait_live
from torrazzo.base import SystemClock
from torrazzo.base.times import SECOND, UtcTicks, iso_from_ticks
from torrazzo.ledger.act import Act, parse_act
from torrazzo.ledger.client import LedgerClient
from torrazzo.ledger.tail import act_head, acts_since

pytestmark = pytest.mark.browser

REASON = "furto di una bicicletta in piazza"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoomTown]:
    """The first camera's main stream is H.265, the second's sub stream, both of the third."""
    main, small = replace(MAIN, codec="h265"), replace(SUB, codec="h265")
    folder = tmp_path_factory.mktemp("codec") / "town"
    with room_town(folder, 3, sub=True, main=(main, MAIN, main), small=(SUB, small, small)) as town:
        yield town


@pytest.fixture
def seen(browser: Any, town: RoomTown) -> Iterator[Seen]:
    """An operator, in a browser without H.265."""
    found = town.sign_in(browser, "oriana", "/wall")
    if found.page.evaluate("MediaSource.isTypeSupported('video/mp4; codecs=\"hvc1.1.6.L93.B0\"')"):
        pytest.skip("left out: this Chromium plays H.265")
    yield found
    assert found.complaints == []
    found.context.close()


def word(seen: Seen, key: str) -> str:
    return say(seen, key).replace("{{codec}}", "H.265")


def test_what_can_be_played_is_shown_live(seen: Seen, town: RoomTown) -> None:
    """Small and large, by whichever stream can be; where none can, the tile names codec and remedy."""
    wait_live(seen.page, 2)

    def is_so() -> bool:
        there = {each.camera: each for each in tiles(seen.page)}
        first, second, third = (there[str(camera.id)] for camera in town.cameras)
        fell_back, none = word(seen, "wall.fell_back_sub"), word(seen, "wall.unplayable")
        return (
            (first.stream, second.stream, third.phase) == ("sub", "main", "unplayable")
            and fell_back in second.words
            and none in third.words
        )

    until(is_so, lambda: f"it is not so: {[each[:4] for each in tiles(seen.page)]}")
    seen.open(f"/wall?camera={town.cameras[0].id}")
    note = word(seen, "wall.fell_back")
    seen.wait(note)
    until(
        lambda: any(note in each.words and each.phase == "live" and each.stream == "sub" for each in tiles(seen.page)),
        "not live",
    )


def test_what_can_be_played_is_played_back(seen: Seen, town: RoomTown) -> None:
    """In the same look, by the other stream, of which the ledger hears; where there is none, stills are left."""
    cameras = [str(camera.id) for camera in (town.cameras[0], town.cameras[2])]
    at = iso_from_ticks(recorded(seen, town, cameras))
    seen.open(f"/playback?cameras={','.join(cameras)}&at={at}")
    press_button(seen, "playback.look")
    seen.page.get_by_label(say(seen, "playback.reason"), exact=True).fill(REASON)
    seen.page.get_by_label(say(seen, "playback.event"), exact=True).fill("chiamata 114")
    press_button(seen, "playback.look")
    note, none = word(seen, "wall.fell_back"), word(seen, "playback.unplayable")
    found: list[TileSeen] = []

    def is_so() -> bool:
        found[:] = played(seen)
        return len(found) == 2 and found[0].tag == 1 and note in found[0].text and none in found[1].text

    try:
        until(is_so, "it is not so")
    except AssertionError as error:
        raise AssertionError(f"{found}") from error
    seen.press("k")
    began = clock(seen)
    until(lambda: clock(seen) > began + 2 * SECOND and played(seen)[0].number is not None, "it does not play")
    seen.press("k")
    streams = [stream for act in views(town) for stream in act.values["streams"]]
    assert set(streams[:2]) == {f"{camera}/main" for camera in cameras}
    assert {f"{camera}/sub" for camera in cameras} <= set(streams[2:])
    seen.page.locator(".play-tile").nth(1).focus()
    press_button(seen, "playback.still")
    seen.wait(say(seen, "playback.still_told"))


def recorded(seen: Seen, town: RoomTown, cameras: list[str]) -> UtcTicks:
    """A moment that can be looked at, of both streams: a whole segment, which the ledger has."""
    browser = Browser(town.port, cookies={each["name"]: each["value"] for each in seen.context.cookies()})
    assert browser.get("/me").status == 200
    start = SystemClock().utc() - 600 * SECOND
    asked = f"cameras={','.join(cameras)}&from={start}&to={start + 1200 * SECOND}"

    def is_there() -> UtcTicks | None:
        told = [browser.get(f"/timeline?{asked}&stream={stream}").json()["cameras"] for stream in ("main", "sub")]
        pieces = [each["recorded"][:1] for each in (*told[0], *told[1])]
        if not all(pieces):
            return None
        at = max(piece[0] for ((piece),) in pieces) + 2_000
        return UtcTicks(start + at * 90) if min(piece[1] for ((piece),) in pieces) > at + 25_000 else None

    until(is_there, "nothing is recorded")
    found = is_there()
    assert found is not None
    return found


def views(town: RoomTown) -> list[Act]:
    ledger = LedgerClient(town.home.ledger_socket)
    acts = (parse_act(line) for _, line in acts_since(ledger, act_head(ledger), 0))
    return [act for act in acts if act.kind == "view"]
