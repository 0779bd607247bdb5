# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What our processes say in English, as a code with values: the page has words for each, below `alarms.said`.

What is said stays as it is in the text of an alarm, for whoever mends it; people read it in their language.
"""

import re
from collections.abc import Mapping

from torrazzo.health.finding import Value
from torrazzo.ledger.town_policy import DIFFERS

OTHER = "other"

# The first that is found; what stands further down is the cause of many things.
_SAYINGS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (code, re.compile(pattern))
    for code, pattern in (
        ("restored", r"a backup was restored here"),
        ("head", r"head of (?P<log>\w+): "),
        ("policy", r"^the policy or the heads cannot be read"),
        ("stands", r"^no look was ended for (?P<n>[0-9]+) minutes"),
        ("hold-ends", r"^hold (?P<hold>\S+) ends (?P<at>.+): what is still needed"),
        ("vault", r"^the vault cannot be read"),
        ("differs", re.escape(DIFFERS)),
        ("authority", r"^authority (?P<name>.+?) is not asked for anchors"),
        ("authorities", r"^no authority is asked for anchors"),
        ("unexplained", r"^who looked and why is missing for (?P<n>[0-9]+) facts? of act \((?P<numbers>[^)]*)\)"),
        ("no-room", r"No space left on device"),
        ("read-only", r"Read-only file system"),
        ("denied", r"Permission denied"),
        ("disk", r"Input/output error"),
        ("absent", r"No such file or directory"),
        ("no-answer", r"no (?:ledger|keyring|recorder|control room) answers|timed out|Connection refused"),
        ("rekeys", r"^rekeys: "),
        ("chore", r"^chore (?P<chore>\w+): "),
    )
)


def said(text: str) -> dict[str, Value]:
    """`said`, and what the words of that take."""
    for code, pattern in _SAYINGS:
        if (found := pattern.search(text)) is not None:
            return {"said": code, **found.groupdict()}
    return {"said": OTHER}


def codes() -> Mapping[str, tuple[str, ...]]:
    """All, with the values that each gives."""
    return {OTHER: (), **{code: tuple(pattern.groupindex) for code, pattern in _SAYINGS}}
