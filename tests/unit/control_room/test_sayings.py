# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What processes say in English, and the words of both languages for it."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.tools.room_town import WORDS
from torrazzo.control_room.books import unexplained_text
from torrazzo.control_room.sayings import codes, said
from torrazzo.keyring.after_restore import WAITS
from torrazzo.ledger.town_policy import DIFFERS


@pytest.mark.parametrize(("text", "values"), [
    (WAITS, {"said": "restored"}),
    (f"restored: {WAITS}", {"said": "restored"}),
    ("head of rec: it does not continue", {"said": "head", "log": "rec"}),
    ("no look was ended for 12 minutes: nothing is drawn or shredded", {"said": "stands", "n": "12"}),
    ("hold act/7 ends 2026-11-26 15:04:05 CET: what is still needed is to be held anew before",
     {"said": "hold-ends", "hold": "act/7", "at": "2026-11-26 15:04:05 CET"}),
    (f"/srv/town/policy: {DIFFERS}", {"said": "differs"}),
    ("authority freetsa is not asked for anchors: no certificate", {"said": "authority", "name": "freetsa"}),
    (unexplained_text([3, 5]), {"said": "unexplained", "n": "2", "numbers": "3, 5"}),
    (unexplained_text(range(9)), {"said": "unexplained", "n": "9", "numbers": "0, 1, 2, 3, 4, …"}),
    ("/srv/a: [Errno 28] No space left on device", {"said": "no-room"}),
    ("chore retention: no ledger answers (timed out)", {"said": "no-answer"}),
    ("chore retention: something new", {"said": "chore", "chore": "retention"}),
    ("what nobody has thought of", {"said": "other"}),
])  # fmt: skip
def test_what_is_said_is_known(text: str, values: Mapping[str, str]) -> None:
    """As our processes say it, with what the words take."""
    assert said(text) == values


@pytest.mark.parametrize("language", ["it", "en"])
def test_each_has_words(language: str) -> None:
    """In both languages, with its values and no others; no English stands in a sentence of an alarm."""
    words: Any = WORDS[language]["alarms"]
    assert set(words["said"]) == set(codes())
    for code, values in codes().items():
        assert set(re.findall(r"{{(\w+)}}", words["said"][code])) <= set(values), code
    assert [code for code, text in words["codes"].items() if "{{text}}" in text] == []
