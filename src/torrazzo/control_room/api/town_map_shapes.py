# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The map's ground, as web/src/core/api/map.ts has it."""

from torrazzo.control_room.api.shapes import Gives


class Ground(Gives):
    """`tiles`: version of the file at /map/tiles; None: the town has none."""

    tiles: str | None
    note: str
