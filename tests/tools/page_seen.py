# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The built page in Chromium: what it complains of, whom it asks, what axe finds, what it looks like."""

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.tools.browser import FLAGS, NAMES
from tests.tools.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = (("light", "it"), ("dark", "en"))  # each theme and each language once: what is wrong hangs on one of them
INSIDE = (  # Chromium itself asks the world otherwise
    "--gaia-url=http://127.0.0.1:9",
    "--component-updater=url-source=http://127.0.0.1:9",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
# Two frames on, transitions have begun; what moves without end (a wheel that turns) is at rest as it is.
_AT_REST = """() => {
  const frame = () => new Promise(requestAnimationFrame);
  const moving = () => document.getAnimations().filter((each) => each.effect.getComputedTiming().endTime < Infinity);
  const ended = frame().then(frame).then(() => Promise.allSettled(moving().map((each) => each.finished)));
  return Promise.race([ended, new Promise((late) => setTimeout(late, 1000))]).then(() => null);
}"""

_STANDS = """() => { const root = document.getElementById('root');
    return root === null || location.pathname === '/ui' && root.innerText !== '' // which shows what loads without end
        || root.innerText.trim() !== '' && root.querySelector('.spinner--large') === null; }"""

# What surrounds parts has all their names, and is none.
_IS_PART = "!['BODY', 'MAIN', 'DIALOG'].includes(document.activeElement.tagName)"

_REMEMBER = """(texts) => {
  const shown = window.shownTexts = new Set();
  const look = () => texts.filter((text) => document.body.innerText.includes(text)).forEach((text) => shown.add(text));
  const watch = new MutationObserver(() => {
    look();
    if (shown.size === texts.length) watch.disconnect(); // it costs
  });
  watch.observe(document.body, {childList: true, subtree: true, characterData: true});
  look();
}"""


@contextmanager
def open_chromium() -> Iterator[Any]:
    """Playwright's browser, which reaches nobody but this machine."""
    import shutil

    from playwright.sync_api import sync_playwright  # slow to import

    executable = next(path for path in map(shutil.which, NAMES) if path is not None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=[*FLAGS, *INSIDE])
        try:
            yield browser
        finally:
            browser.close()


class Seen:
    """A page of its own, with what it complained of and whom it asked."""

    def __init__(
        self,
        browser: Any,
        address: str,
        language: str = "it",
        theme: str = "light",
        size: tuple[int, int] = (1280, 800),
    ) -> None:
        wishes = {"locale": f"{language}-{language.upper() if language == 'it' else 'GB'}", "color_scheme": theme}
        viewport = {"width": size[0], "height": size[1]}
        own = address.startswith("https:")  # a certificate that nobody else knows
        self.context = browser.new_context(
            **wishes, viewport=viewport, timezone_id="America/New_York", ignore_https_errors=own
        )
        self.context.set_default_timeout(PATIENCE_S * 1000)
        self.page = self.context.new_page()
        self.address, self.language, self.theme = address, language, theme
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def _note(self, message: Any) -> None:
        is_answer = "Failed to load resource" in message.text and "/api/v1/" in message.location["url"]
        is_slow = "GL Driver Message" in message.text  # Chromium's, where software draws the map
        if message.type in {"error", "warning"} and not is_answer | is_slow:  # an answer that says no is no complaint
            self.complaints.append(f"{message.text} ({message.location['url']})")

    def open(self, path: str = "/") -> None:
        """Until a screen stands.

        A busy machine may ask for nothing in half a second, and yet show nothing; or, where answers are slow, whatever
        looks again and again may leave no such half a second.
        """
        from playwright.sync_api import TimeoutError as PlaywrightTimeout  # slow to import

        self.page.goto(self.address + path)
        with contextlib.suppress(PlaywrightTimeout):
            self.page.wait_for_load_state("networkidle", timeout=15_000)
        with contextlib.suppress(AssertionError):  # what loads without end is for the test to see
            until(lambda: self.page.evaluate(_STANDS), "no screen", 20)

    def path(self) -> str:
        """Asked of the page: Playwright's own `url` is old while nobody listens to it."""
        return str(self.page.evaluate("location.pathname"))

    def axe(self) -> list[str]:
        """What axe finds, each with where, once nothing is on its way from one colour or place to another."""
        self.page.wait_for_timeout(100)  # what was just pressed shows
        self.page.evaluate(_AT_REST)
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text("utf-8"))
        found = self.page.evaluate("(tags) => axe.run({runOnly: {type: 'tag', values: tags}})", RULES)
        return [
            f"{each['id']}: {node['target']} {node['failureSummary']}"
            for each in found["violations"]
            for node in each["nodes"]
        ]

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def enter(self, field: Any, text: str) -> None:
        """Written there, and Enter pressed there: where the page moves the focus meanwhile, too."""
        field.fill(text)
        field.press("Enter")

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def tab_to(self, name: str, *, begins: bool = False) -> None:
        """By Tab alone, to a part whose name has that, or begins so; round again where it comes late."""
        end = time.monotonic() + PATIENCE_S

        def is_it(focused: str) -> bool:
            return focused.startswith(name) if begins else name in focused

        while not (self.page.evaluate(_IS_PART) and is_it(self.focused())):
            assert time.monotonic() < end, f"Tab does not reach {name!r}; it is at {self.focused()!r}: {self.text()}"
            self.press("Tab")

    def click(self, name: str) -> None:
        """The first button that is so called: in the topmost dialog where there is one, which may just come or go."""
        from playwright.sync_api import Error  # slow to import

        def is_done() -> bool:
            dialogs = self.page.get_by_role("dialog")
            within = dialogs.last if dialogs.count() else self.page
            found = within.get_by_role("button", name=name, exact=True).element_handles()
            if not found:
                return False
            try:
                found[0].click()  # of a handle: where its dialog is gone it says so, and does not wait for the next
            except Error as error:
                if "not attached" not in error.message:
                    raise
                return False
            return True

        until(is_done, lambda: f"no button {name!r}: {self.text()}")

    def at_beginning(self) -> None:
        """The focus comes to a new screen's beginning with its text, or a moment after."""
        until(lambda: self.page.evaluate("document.activeElement.id") == "main", lambda: f"it is at {self.focused()!r}")

    def remember(self, *texts: str) -> None:
        """From now on, on this page: whether each was ever shown, be it for a moment (`was_shown`)."""
        self.page.evaluate(_REMEMBER, list(texts))

    def was_shown(self, text: str) -> bool:
        return bool(self.page.evaluate("(text) => window.shownTexts.has(text)", text))

    def focused(self) -> str:
        """The name of what has the focus."""
        script = """() => { const at = document.activeElement;
            const label = at.labels && at.labels[0];
            return (at.getAttribute('aria-label') || (label && label.textContent) || at.textContent || '').trim(); }"""
        return str(self.page.evaluate(script))

    def wait(self, text: str, seconds: float = PATIENCE_S) -> None:
        """Until that is on the page."""
        until(lambda: text in self.text(), lambda: f"{text!r} is not shown, but: {self.text()}", seconds)

    def text(self) -> str:
        """What is shown; nothing while one page follows another."""
        from playwright.sync_api import Error  # slow to import

        try:
            return str(self.page.evaluate("document.body?.innerText ?? ''"))
        except Error as error:
            if "context was destroyed" not in error.message:
                raise
            return ""

    def shot(self, folder: Path | None, name: str) -> None:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{name}-{self.theme}-{self.language}.png"
            self.page.screenshot(path=str(path), full_page=True)


def until(condition: Callable[[], Any], why: str | Callable[[], str], seconds: float = PATIENCE_S) -> None:
    """The strict CSP forbids Playwright's own waiting, which evaluates text in the page.

    `why` it is an error if it never comes: a function is asked then, and sees what there is instead.
    """
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, why if isinstance(why, str) else why()
        time.sleep(0.05)
