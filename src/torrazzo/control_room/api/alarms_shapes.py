# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# ruff: noqa: D101 - they are named as in alarms.ts, which tells what is not seen
"""What the queue of alarms takes and gives, as web/src/core/api/alarms.ts has it."""

from typing import Annotated

from pydantic import StringConstraints

from torrazzo.control_room.api.shapes import Alarm, Asks, Gives

Noted = Annotated[str, StringConstraints(max_length=1_000)]


class SomeNote(Asks):
    note: Noted = ""


class AlarmQueue(Gives):
    now: str
    items: list[Alarm]
