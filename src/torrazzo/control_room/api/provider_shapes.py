# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# ruff: noqa: D101 - they are named as in web/src/core/api/provider.ts
"""What is taken and given on the way to the town's provider and back."""

from typing import Annotated

from pydantic import StringConstraints

from torrazzo.control_room.api.shapes import Asks, Gives

Brought = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]


class Way(Gives):
    url: str  # where the browser goes


class CameBack(Asks):
    state: Brought
    code: Brought
    iss: Brought | None = None
