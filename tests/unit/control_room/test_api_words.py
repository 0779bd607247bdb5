# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later

import json
from pathlib import Path

import pytest

from torrazzo.control_room.api.problem import STATUS

WORDS = Path(__file__).parents[3] / "web" / "src" / "i18n"


@pytest.mark.parametrize("language", ["it", "en"])
def test_each_code_of_a_refusal_has_words(language: str) -> None:
    """What the API refuses is told to people in their language, never by its code."""
    words = json.loads((WORDS / f"{language}.json").read_text())["errors"]
    assert [code for code in STATUS if not words.get(code)] == []
