# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The built page in Chromium: what it complains of, whom it asks, what axe finds, what it looks like."""

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.tools.browser import FLAGS, NAMES
from tests.tools.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}  # in which alone one theme differs
LOOKS = (("light", "it"), ("dark", "en"))  # each theme and each language once
SHOWN = LOOKS if "TORRAZZO_SHOTS" in os.environ else LOOKS[:1]  # where axe_in_all() looks, and pictures are taken
ROUND = {
    ("light", "it"): ("dark", "it"),
    ("dark", "it"): ("dark", "en"),
    ("dark", "en"): ("light", "en"),
    ("light", "en"): ("light", "it"),
}  # every look, by one choice each
INSIDE = (  # Chromium itself asks the world otherwise
    "--gaia-url=http://127.0.0.1:9",
    "--component-updater=url-source=http://127.0.0.1:9",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
# Two frames on, transitions have begun, and others after them; what moves without end is at rest as it is.
_AT_REST = """async () => {
  const frame = () => new Promise(requestAnimationFrame), late = performance.now() + 3000;
  const moving = () => document.getAnimations().filter((each) => each.effect.getComputedTiming().endTime < Infinity);
  for (let rests = 0; rests < 2 && performance.now() < late; rests = moving().length > 0 ? 0 : rests + 1) await frame();
}"""
# Which theme and language hold now.
_LOOK = """() => [[...document.querySelectorAll('link[data-theme]')].find((each) => matchMedia(each.media).matches)
    ?.dataset.theme, document.documentElement.lang]"""
# As another window of this station keeps what was chosen there; null: nothing was chosen.
_KEEP = """(kept) => { for (const [name, value] of Object.entries(kept))
    value === null ? localStorage.removeItem(name) : localStorage.setItem(name, value); }"""
_KEPT = """() => Object.fromEntries(['torrazzo-theme', 'torrazzo-language'].map((name) =>
    [name, localStorage.getItem(name)]))"""
# What the page's head, or a dialog's, covers hangs on how far it was scrolled: all is looked at from its beginning.
_TO_TOP = """() => { window.scrolled = [...document.querySelectorAll('*')].filter((each) => each.scrollTop > 0)
    .map((each) => [each, each.scrollTop]); for (const [each] of window.scrolled) each.scrollTop = 0; }"""
_BACK = "() => { for (const [each, at] of window.scrolled) each.scrollTop = at; }"
# What lies over the page for some seconds may cover a part of anything.
_AXE = """async (only) => { const {violations} = await axe.run({runOnly: only, resultTypes: ['violations']});
    const isOver = ({target}) => document.querySelector(target[0])?.closest('.notices');
    const over = ({any}) => any.some(({relatedNodes: by}) => by.length > 0 && by.every(isOver));
    return violations.flatMap(({id, nodes}) => nodes.filter((node) => id !== 'target-size' || !over(node))
        .map(({target, failureSummary}) => `${id}: ${target} ${failureSummary}`)); }"""

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
    from playwright.sync_api import sync_playwright  # slow to import

    with sync_playwright() as playwright, launched(playwright.chromium) as browser:
        yield browser


@contextmanager
def launched(kind: Any, *flags: str) -> Iterator[Any]:
    """Another one of that kind, with more flags."""
    executable = next(path for path in map(shutil.which, NAMES) if path is not None)
    browser = kind.launch(executable_path=executable, args=[*FLAGS, *INSIDE, *flags])
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
        self._other: Any = None
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

    def axe_in_all(self) -> list[str]:
        """What axe finds in each theme and each language, each with where; afterwards the page is as it was."""
        with self._looked_at():
            return self._axe_of_each_look()

    def axe(self) -> list[str]:
        """What axe finds in the present theme and language, each with where."""
        with self._looked_at():
            self.rest()
            found: list[str] = self.page.evaluate(_AXE, RULES)
            return found

    @contextmanager
    def _looked_at(self) -> Iterator[None]:
        """From its beginning, and without motion."""
        self.page.wait_for_timeout(100)  # what was just pressed shows
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text("utf-8"))
        self.page.emulate_media(reduced_motion="reduce")  # colours change at once
        self.page.evaluate(_TO_TOP)
        yield
        self.page.evaluate(_BACK)
        self.page.emulate_media(reduced_motion="no-preference")

    def _axe_of_each_look(self) -> list[str]:
        other = self._other_window()
        kept, (theme, language) = other.evaluate(_KEPT), self.page.evaluate(_LOOK)
        found = []
        for only in (RULES, COLOURS, RULES, COLOURS):
            self.rest()
            found += [f"{theme}, {language}: {each}" for each in self.page.evaluate(_AXE, only)]
            theme, language = ROUND[theme, language]
            self._choose({"torrazzo-theme": theme, "torrazzo-language": language}, theme, language)
        self._choose(kept, theme, language)
        return found

    def rest(self) -> None:
        """Until nothing is on its way from one colour or place to another."""
        self.page.evaluate(_AT_REST)

    def _other_window(self) -> Any:
        """Of the same station: what is chosen there holds here too."""
        if self._other is None:
            with self.context.expect_page() as opened:
                self.page.evaluate("() => { window.open('about:blank'); }")  # of the same origin, and without a network
            self._other = opened.value
            self.page.bring_to_front()
        return self._other

    def _choose(self, kept: dict[str, str | None], *look: str) -> None:
        self._other_window().evaluate(_KEEP, kept)
        until(lambda: self.page.evaluate(_LOOK) == [*look], f"{look} does not hold")

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
