# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""JSON with one reading: no name twice in an object, and where it is asked for no fraction and no NaN."""

import json
from typing import Any, Never


def parse_strictly(data: bytes) -> object:
    """Whole numbers only; raises ValueError or RecursionError."""
    return json.loads(data.decode("utf-8"), object_pairs_hook=once, parse_float=_refuse, parse_constant=_refuse)


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which no name stands twice: two readers would see two."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _refuse(number: str) -> Never:
    raise ValueError(f"{number} is not a whole number")
