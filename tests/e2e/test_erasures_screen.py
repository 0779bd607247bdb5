# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""RT-06 in Chromium over the real API, ledger, keyring and archive: an hour of one camera goes before its time."""

import datetime as dt
import os
from pathlib import Path
from typing import Any

import pytest

from tests.tools.page_seen import Seen
from tests.tools.page_signed import WORDS, by_name, close, opened
from tests.tools.playback_town import COMMANDER, OFFICER, OPERATOR, SQUARE, PlaybackTown, playback_town
from torrazzo.testing.clock import START

pytestmark = pytest.mark.browser

SHOTS = Path(os.environ["TORRAZZO_SHOTS"]) if "TORRAZZO_SHOTS" in os.environ else None
DPO = "dora.sala"
WHY = "la telecamera ha ripreso l’interno di una casa"


def word(seen: Seen, key: str) -> str:
    screen, name = key.split(".")
    return str(WORDS[seen.language][screen][name])


def page(browser: Any, town: PlaybackTown, name: str, **look: str) -> Seen:
    """The camera's, with what is there about early erasure."""
    seen = opened(browser, town, name, f"/cameras?camera={SQUARE.camera}", **look)
    seen.wait(word(seen, "erasures.text"))
    return seen


def look(seen: Seen, name: str) -> None:
    assert seen.axe_in_all() == [], name
    seen.shot(SHOTS, name)


def test_asked_advised_decided(browser: Any, tmp_path: Path) -> None:
    """Who commands asks, nobody confirms before the officer's opinion, another official erases; then it is gone."""
    with playback_town(tmp_path / "town") as town:
        town.clock.advance(3 * 3600)
        commander = page(browser, town, COMMANDER)
        by_name(commander, "button", word(commander, "erasures.ask")).click()
        commander.wait(word(commander, "cameras.needed"))
        hour = commander.page.get_by_label(word(commander, "erasures.hour"), exact=True)
        hour.select_option(value=_browser_time(START // 90))
        ground = commander.page.get_by_label(word(commander, "erasures.ground"), exact=True)
        ground.select_option(label=word(commander, "erasures.ground_unlawful-capture"))
        for key, text in (("reference", "verbale 12/2026"), ("reason", WHY)):
            commander.page.get_by_label(word(commander, f"erasures.{key}"), exact=True).fill(text)
        look(commander, "erasure-ask")
        by_name(commander, "button", word(commander, "erasures.ask")).click()
        commander.wait(word(commander, "erasures.no_opinion"))
        close(commander)

        early = page(browser, town, OFFICER)
        early.wait(word(early, "erasures.no_opinion"))
        assert by_name(early, "button", word(early, "erasures.approve")).count() == 0
        close(early)

        officer = page(browser, town, DPO, language="en", theme="dark")
        officer.page.get_by_role("radio", name=word(officer, "erasures.against")).check()
        text = "the hour is wider than what was captured"
        officer.page.get_by_label(word(officer, "erasures.opinion_text"), exact=True).fill(text)
        look(officer, "erasure-opinion")
        by_name(officer, "button", word(officer, "erasures.advise")).click()
        officer.wait(word(officer, "erasures.advised"))
        assert by_name(officer, "button", word(officer, "erasures.approve")).count() == 0
        close(officer)

        second = page(browser, town, OFFICER)
        second.wait(text)
        second.page.get_by_label(word(second, "masks.answer"), exact=True).fill(
            "letto il parere, va cancellata lo stesso"
        )
        look(second, "erasure-decide")
        by_name(second, "button", word(second, "erasures.approve")).click()
        second.wait(word(second, "erasures.state_done"))
        close(second)
        found = town.look(town.signed_in(OPERATOR), 5, 25)["cameras"][0]
        assert found["code"] == "FOOTAGE_ERASED"


def _browser_time(ms: int) -> str:
    """As JavaScript writes it."""
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
