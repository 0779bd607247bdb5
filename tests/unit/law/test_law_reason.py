# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""LG-02: what is a reason."""

import pytest

from torrazzo.law.reason import MOST, PURPOSES, check_purpose, check_reason


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "furto",
        "furto in corso",  # fourteen characters
        "a" * 15,
        "aaaaaaaaaaa aaa",
        "furto furto furto furto",
        "abababababababab",
        "abcdefgabcdefgabcdefg",
        "abcdef abcdefabcdef",  # one piece, cut elsewhere
        "12 12 12 12 12 12 12",
        "                    furto",
        "qwertyuiopasdfghjkl",
        "..................",
    ],
)
def test_what_is_no_reason_is_refused(text: str | None) -> None:
    """Too short, one key held down, one word said again and again, blanks, one word alone: `REASON_REQUIRED`."""
    assert check_reason(text) == (False, "REASON_REQUIRED", "LG-02")


@pytest.mark.parametrize(
    "text",
    [
        "Furto di bici in piazza",
        "rissa via Dante",
        "Incidente via Mantova, verbale 12/2026",
        "Servizio di turno, centrale operativa",
        "ДТП на площади Дуомо",
    ],
)
def test_plain_words_are_a_reason(text: str) -> None:
    """What people write in a line is taken, in any script."""
    assert check_reason(text)


def test_a_reason_fits_into_a_fact() -> None:
    """What is longer than a private part could hold is refused, with a code of its own."""
    assert check_reason("Furto di bici " * (MOST // 14 + 1)).code == "REASON_TOO_LONG"
    long = "Furto di bici in piazza " + " ".join(map(str, range(400)))
    assert check_reason(long[:MOST])


@pytest.mark.parametrize("purpose", [None, "marketing", "research", "press", "disciplinary-employee", "traffic-fine"])
def test_the_list_of_purposes_is_closed(purpose: str | None) -> None:
    """LB-03: a purpose that is not in the list is refused, whatever the reason."""
    assert check_purpose(purpose, "Furto di bici in piazza") == (False, "PURPOSE_NOT_ALLOWED", "LB-03")
    assert all(check_purpose(each, "Furto di bici in piazza") for each in PURPOSES)
