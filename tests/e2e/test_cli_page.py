# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page of a served town in Chromium: by keyboard, in both languages, with the last minutes playing."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.tools.browser import FLAGS, NAMES, patient
from tests.tools.patience import PATIENCE_S
from torrazzo.cli import main
from torrazzo.testing.town import SmallTown
from torrazzo.town import Home

pytestmark = pytest.mark.browser

PLAYED = """async () => {
  const v = document.querySelector('video'); v.muted = true; await v.play();
  const until = Date.now() + 100000;
  v.currentTime = Math.max(0, v.duration - 5);
  while (Date.now() < until && (v.seeking || v.currentTime < v.duration - 4.5))
    await new Promise((go) => setTimeout(go, 100));
  return [v.duration, v.videoWidth, v.error && v.error.message, v.currentTime > v.duration - 5];
}"""


def wait(condition: Any, seconds: float = PATIENCE_S) -> Any:
    for _ in range(round(seconds / 0.2)):
        if found := condition():
            return found
        time.sleep(0.2)
    raise AssertionError("did not happen in time")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A town with one camera that has been recorded for some seconds."""
    home = Home(tmp_path_factory.mktemp("page") / "town")
    with SmallTown.of_streets(1) as town:
        assert main(["init", "--name", "Cremona", "--home", str(home.path)]) == 0
        text = home.settings_file.read_text()
        home.settings_file.write_text(text.replace('trusted = ["system"]', 'trusted = ["wall"]'))
        words = ["camera", "add", "Piazza <Risorgimento>", town.urls[0], "--synthetic", "--home", str(home.path)]
        assert main(words) == 0
        command = (sys.executable, "-m", "torrazzo", "serve", "--port", "0", "--home", str(home.path))
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                yield wait(lambda: home.page_address.exists() and home.page_address.read_text().strip())
            finally:
                process.terminate()
                assert process.wait(PATIENCE_S) == 0


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser."""
    from playwright.sync_api import sync_playwright

    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("left out: no Chromium on this machine")
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


def opened(chromium: Any, address: str, **wishes: str) -> tuple[Any, list[str]]:
    """A page, and what the browser complains of."""
    page = patient(chromium.new_context(**wishes).new_page())
    complaints: list[str] = []

    def complain(message: Any) -> None:
        is_early = "status of 503" in message.text and "/watch/" in message.location["url"]
        if not is_early:  # asked before the ledger had it: `say_why` asks again
            complaints.append(message.text)

    page.on("console", complain)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(address) else complaints.append(request.url))
    page.goto(address)
    return page, complaints


def say_why(page: Any) -> None:
    """Fill in the form by keyboard, again until there is something to look at."""
    watch = page.url
    for _ in range(40):
        if page.locator("form").count():
            page.locator("#purpose").focus()
            page.keyboard.press("ArrowDown")
            page.keyboard.press("Tab")
            page.keyboard.type("prova di visione")
            with page.expect_navigation():
                page.keyboard.press("Enter")
        if page.locator("video").count():
            return
        page.wait_for_timeout(1_000)
        page.goto(watch)
    raise AssertionError(page.content())


def test_the_page_is_whole_and_keeps_fresh(chromium: Any, address: str) -> None:
    """Italian for an Italian, English for others; it renews itself without losing the keyboard's place."""
    page, complaints = opened(chromium, address, locale="it-IT", color_scheme="dark")
    wait(lambda: "Tutte le telecamere" in page.inner_text("#summary"))  # the page's policy forbids eval in it
    assert page.title() == "Telecamere · Cremona · Torrazzo"
    assert "Piazza <Risorgimento>" in page.inner_text("th[scope=rowgroup]")
    link = page.locator("a[id^=watch-]")
    link.focus()
    place, before = link.get_attribute("id"), page.inner_text("#overview")
    wait(lambda: page.inner_text("#overview") != before)
    assert page.evaluate("document.activeElement.id") == place
    wait(lambda: page.is_hidden("#stale"))
    english, more = opened(chromium, address, locale="en-GB")
    wait(lambda: "recording" in english.inner_text("table"))
    assert complaints + more == []


def test_the_last_minutes_play(chromium: Any, address: str) -> None:
    """By keyboard from the table to the player; the newest pictures play, and nothing is complained of."""
    page, complaints = opened(chromium, address, locale="it-IT")
    page.locator("a[id^=watch-]").press("Enter")
    page.wait_for_url("**/watch/**")
    watch, found = page.url, []
    for _ in range(10):
        say_why(page)
        found = page.evaluate(PLAYED)
        if found[0] == 300:
            break
        page.goto(watch)  # the ledger did not have the last segment yet, which is left out then
    assert found == [300, 640, None, True]
    assert page.is_hidden("#cannot-play")
    page.locator("form[action$=close] button").press("Enter")
    page.wait_for_selector("#summary")
    assert complaints == []


def test_the_player_fits_into_the_window(chromium: Any, address: str) -> None:
    """Picture and controls are seen without scrolling, and the links below it too, on screens as people have them."""
    page, _ = opened(chromium, address, locale="it-IT")
    page.locator("a[id^=watch-]").click()
    say_why(page)
    for width, height in ((1200, 900), (1366, 768), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        for part in ("video", "form[action$=close] button"):
            box = page.locator(part).bounding_box()
            assert box["y"] + box["height"] <= height, (part, width, height, box)
        wait(lambda: page.locator("video").bounding_box()["height"] >= 300)  # its size is known with its first bytes


def test_a_control_room_that_is_gone_is_told(chromium: Any, address: str) -> None:
    """The page says since when it is not up to date, in words, when nothing answers any more."""
    page, _ = opened(chromium, address, locale="en-GB")
    page.route("**/overview*", lambda route: route.abort())
    page.wait_for_selector("#stale:not([hidden])")
    assert "Not up to date since" in page.inner_text("#stale")


def test_every_page_is_usable_without_scripts(chromium: Any, address: str) -> None:
    """With scripts off the table and the player are there all the same."""
    page = patient(chromium.new_context(java_script_enabled=False, locale="it-IT").new_page())
    page.goto(address)
    assert page.locator("tbody tr").count() == 1
    page.locator("a[id^=watch-]").click()
    assert page.locator("h1").inner_text() == "Piazza <Risorgimento> (principale)"
