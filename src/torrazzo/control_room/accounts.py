# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Accounts as the owner of the home sees them on the command line."""

import urllib.parse
from collections.abc import Mapping
from typing import TYPE_CHECKING

from torrazzo.base.times import iso_from_ticks

if TYPE_CHECKING:  # loads what signs people in
    from torrazzo.access.staffing import Staffing


def list_accounts(staffing: "Staffing") -> list[Mapping[str, object]]:
    """All of them, by name."""
    return [
        {
            "name": each.name,
            "full_name": each.full_name,
            "id": each.id,
            "roles": sorted(each.roles),
            "act": each.designation.number,
            "act_date": each.designation.date,
            "ends": iso_from_ticks(each.designation.ends),
            "certified": iso_from_ticks(each.certified),
            "used": iso_from_ticks(each.used),
            "suspended": None if each.suspended is None else iso_from_ticks(each.suspended),
            "why": each.why,
        }
        for each in staffing.accounts.all()
    ]


def link_path(page: str, path: str = "/") -> str:
    """Of the page at that address, by a name that passkeys can belong to."""
    parts = urllib.parse.urlsplit(page)
    return f"{parts.scheme}://localhost:{parts.port}{path}"
