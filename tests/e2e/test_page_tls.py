# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page for other machines in Chromium over https: by a certificate of ours, and behind a proxy that has one."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.tools.certificates import make_certificate
from tests.tools.page_seen import Seen, until
from tests.tools.played import clock, press_button, say, tiles
from tests.tools.ports import free_port
from tests.tools.room_town import RoomTown, room_town
from tests.tools.tls_proxy import TlsProxy, tls_proxy
from tests.tools.wall_seen import wait_live
from torrazzo.base.times import SECOND
from torrazzo.control_room.api.guard import HSTS
from torrazzo.durable import OsDisk
from torrazzo.town.home import PublicSettings, load_settings, save_settings

pytestmark = pytest.mark.browser

CLIENT = "203.0.113.7"


def serve(town: RoomTown, public: PublicSettings) -> None:
    """By this, besides."""
    save_settings(town.home, OsDisk(), replace(load_settings(town.home), public=public))
    town.other_address = public.address


def looked_at(browser: Any, town: RoomTown) -> Seen:
    """Signed in, with live pictures by wss; nobody else was asked, and nothing complained."""
    sockets: list[str] = []
    seen = town.sign_in(browser, "oriana")
    seen.page.on("websocket", lambda found: sockets.append(found.url))
    seen.open("/wall")
    wait_live(seen.page, 1)
    host = town.address.removeprefix("https://")
    assert sockets
    assert all(url.startswith(f"wss://{host}/api/v1/live/") for url in sockets)
    cookies = {each["name"]: each for each in seen.context.cookies()}
    session = cookies["__Host-torrazzo"]
    assert (session["secure"], session["httpOnly"], session["sameSite"], session["path"]) == (True, True, "Strict", "/")
    assert all(each["secure"] for each in cookies.values())
    assert seen.page.evaluate("isSecureContext")
    expect_quiet(seen, town)
    return seen


def expect_quiet(seen: Seen, town: RoomTown) -> None:
    assert seen.complaints == []
    assert [url for url in seen.asked if not url.startswith(("blob:", town.address))] == []


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    return make_certificate(tmp_path / "tls")


@pytest.fixture
def proxy(certificate: tuple[Path, Path]) -> Iterator[TlsProxy]:
    with tls_proxy(*certificate, CLIENT) as found:
        yield found


def test_behind_a_proxy(browser: Any, tmp_path: Path, proxy: TlsProxy) -> None:
    """One address for page and WebSockets; it is believed whom it names as the client."""
    proxy.to = free_port()
    public = PublicSettings(f"https://localhost:{proxy.port}", f"127.0.0.1:{proxy.to}")
    with room_town(tmp_path / "town", 1, sub=True, prepare=lambda town: serve(town, public)) as town:
        seen = looked_at(browser, town)
        found = seen.page.evaluate("fetch('/api/v1/me/sessions').then((answer) => answer.text())")
        assert CLIENT in found
        seen.context.close()


def test_by_our_own_certificate(browser: Any, tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    """Live and recorded pictures move, each answer asks for https from now on, and cookies go nowhere else."""
    port = free_port()
    public = PublicSettings(f"https://localhost:{port}", f"127.0.0.1:{port}", *certificate)
    with room_town(tmp_path / "town", 1, sub=True, prepare=lambda town: serve(town, public)) as town:
        seen = looked_at(browser, town)
        first = wait_live(seen.page, 1)[0].label
        until(lambda: wait_live(seen.page, 1)[0].label != first, "the live picture stands still")
        answers: list[tuple[str, str | None]] = []
        seen.page.on("response", lambda each: answers.append((each.url, each.headers.get("strict-transport-security"))))
        look_at_what_was_recorded(seen, town)
        asked = [(url, said) for url, said in answers if not url.startswith("blob:")]
        assert any("/parts/" in url for url, _ in asked)
        assert {said for _, said in asked} == {HSTS}
        expect_quiet(seen, town)
        seen.context.close()


def look_at_what_was_recorded(seen: Seen, town: RoomTown) -> None:
    """Its picture moves."""
    begun = town.recorded(0, seconds=8)
    seen.open(f"/playback?cameras={town.cameras[0].id}&at={quote(begun.isoformat())}")
    press_button(seen, "playback.look")
    seen.page.get_by_label(say(seen, "playback.reason"), exact=True).fill("furto di una bicicletta in piazza")
    seen.page.get_by_label(say(seen, "playback.event"), exact=True).fill("chiamata 114")
    press_button(seen, "playback.look")
    until(lambda: len(tiles(seen)) == 1 and tiles(seen)[0].number is not None, lambda: f"no picture: {tiles(seen)}")
    at, number = clock(seen), tiles(seen)[0].number
    seen.press("k")
    until(lambda: clock(seen) > at + 2 * SECOND, "the clock stands still")
    until(lambda: tiles(seen)[0].number not in {None, number}, lambda: f"the picture stands still: {tiles(seen)}")
