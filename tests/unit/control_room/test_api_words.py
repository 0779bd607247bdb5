# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later

import json
from pathlib import Path

import pytest

from torrazzo.control_room.api.problem import STATUS
from torrazzo.law import Operation, Role
from torrazzo.law.decide import decide

WORDS = Path(__file__).parents[3] / "web" / "src" / "i18n"


@pytest.mark.parametrize("language", ["it", "en"])
def test_each_code_of_a_refusal_has_words(language: str) -> None:
    """What the API refuses is told to people in their language, never by its code."""
    words = json.loads((WORDS / f"{language}.json").read_text())["errors"]
    assert [code for code in STATUS if not words.get(code)] == []


@pytest.mark.parametrize("language", ["it", "en"])
def test_each_refusal_of_the_law_has_words(language: str) -> None:
    """Also what the law asks of one role alone: whoever says nothing, and has nothing, is told what is missing."""
    words = json.loads((WORDS / f"{language}.json").read_text())["errors"]
    decisions = [decide({role}, operation) for role in Role for operation in Operation]
    codes = {decision.code for decision in decisions if not decision}
    assert {"REQUEST_REQUIRED", "PROTOCOL_REQUIRED", "SUPERVISION_REQUIRED"} <= codes
    assert [code for code in sorted(codes) if not words.get(code)] == []
