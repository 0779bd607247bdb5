# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The operator's guide, read; and a walk along it, which notes what the page calls its parts and takes the pictures."""

import re
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

from tests.tools.page_seen import LOOKS, ROOT, Seen, until
from tests.tools.room_town import RoomTown

GUIDE = ROOT / "docs" / "1-operate"
_SECTION = re.compile(r"^## (\d+)\. .*$", re.MULTILINE)
_BOLD = re.compile(r"\*\*(.+?)\*\*")
_PICTURE = re.compile(r"\(pictures/([a-z-]+)-(light|dark)-(it|en)\.png\)")
_COLOURS = 96

# What the parts of the page are called, as people read them and as their screen readers say them.
_NAMES = """() => [...document.querySelectorAll(`button, a, label, legend, option, summary, caption, th, dt, h1, h2, h3,
    nav span, label span, [role=tab], [role=menuitem], [aria-label]`)].flatMap((each) =>
    [each.textContent, each.getAttribute('aria-label')]).filter(Boolean).map((text) => text.trim())"""


class Section(NamedTuple):
    """One heading with a number."""

    labels: list[str]  # what it prints bold: names of parts of the page
    pictures: set[tuple[str, str, str]]  # name, theme, language


def read_guide(language: str) -> dict[int, Section]:
    """By number."""
    _, *parts = _SECTION.split((GUIDE / f"guide.{language}.md").read_text("utf-8"))
    texts = zip(parts[::2], parts[1::2], strict=True)
    return {int(number): Section(_BOLD.findall(text), set(_PICTURE.findall(text))) for number, text in texts}


class Walk:
    """Through the sections of the guide in one language; in its theme of LOOKS, or where it takes pictures in both."""

    def __init__(self, town: RoomTown, language: str, shots: Path | None) -> None:
        self.town, self.language = town, language
        self._shots = shots
        self.names: dict[int, set[str]] = defaultdict(set)
        self.pictures: dict[int, set[str]] = defaultdict(set)
        self.at = 0

    def say(self, key: str, **values: object) -> str:
        """The page's words."""
        text = RoomTown.say_in(self.language, key)
        for name, value in values.items():
            text = text.replace("{{" + name + "}}", str(value))
        return text

    def note(self, seen: Seen) -> None:
        """What the page calls its parts now belongs to this section."""
        self.names[self.at].update(seen.page.evaluate(_NAMES))

    def look(self, seen: Seen, name: str) -> None:
        """By axe there is nothing wrong; there is a picture of each theme."""
        self.note(seen)
        self.pictures[self.at].add(name)
        if self._shots is not None:
            until(lambda: seen.page.locator(".notices button").count() == 0, "what is told for a moment stays")
        one = [theme for theme, language in LOOKS if language == self.language]
        for theme in one if self._shots is None else ("dark", "light"):
            seen.page.emulate_media(color_scheme=theme)
            found = seen.axe() and seen.axe()  # at first a colour may be on its way from one theme to the other
            assert not found, f"{name}, {theme}, {self.language}: {found}"
            if self._shots is not None:
                self._shots.mkdir(parents=True, exist_ok=True)
                path = self._shots / f"{name}-{theme}-{self.language}.png"
                seen.page.screenshot(path=str(path))
                shrink(path)

    def button(self, seen: Seen, key: str, **values: object) -> None:
        """Press what is so called, in the topmost dialog where there is one."""
        self.note(seen)
        name = self.say(key, **values)
        seen.click(name)  # waits for it
        self.names[self.at].add(name)

    def fill(self, seen: Seen, key: str, text: str) -> None:
        """Write into the field that is so called."""
        self.within(seen).get_by_label(self.say(key), exact=True).fill(text)

    def go(self, seen: Seen, screen: str) -> None:
        """By the navigation."""
        self.note(seen)
        seen.page.locator(f'nav a[href="/{screen}"]').click()
        until(lambda: seen.path() == f"/{screen}", f"the navigation does not lead to {screen}")
        seen.page.wait_for_load_state("networkidle")

    @staticmethod
    def within(seen: Seen) -> Any:
        dialogs = seen.page.get_by_role("dialog")
        return dialogs.last if dialogs.count() else seen.page

    def leave(self, seen: Seen) -> None:
        """It complained of nothing and asked nobody else; whoever it was is signed out."""
        seen.page.locator(".menu-button").last.click()
        self.note(seen)
        seen.page.get_by_role("menuitem", name=self.say("ui.sign_out")).click()
        seen.wait(self.say("sign_in.name"))
        assert seen.complaints == [], seen.complaints
        assert [url for url in seen.asked if not url.startswith((seen.address, "blob:", "data:"))] == []
        seen.context.close()

    def missing(self, section: int, label: str) -> bool:
        """Nothing on the pages of that section is called so, nor begins so."""
        whole = re.compile(re.escape(label) + r"(?!\w)")
        return not any(whole.match(name) for name in self.names[section])


def shrink(path: Path) -> None:
    """With few colours, so that all pictures together stay small."""
    from PIL import Image

    with Image.open(path) as picture:
        few = picture.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
