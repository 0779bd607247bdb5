# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# ruff: noqa: D101 - they are named as in web/src/core/api/demo.ts
"""What is taken and given at the demo's door."""

from torrazzo.control_room.api.shapes import Asks, Gives, Id, Token
from torrazzo.law import Role


class DemoWord(Asks):
    token: Token


class DemoWho(Asks):
    token: Token
    person: Id


class DemoPerson(Gives):
    id: str
    name: str
    roles: list[Role]
