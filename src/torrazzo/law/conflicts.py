# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which roles one person never has together, whatever anybody approves."""

from collections.abc import Set as AbstractSet

from torrazzo.law.decision import Decision, no, yes
from torrazzo.law.roles import Role, sees_media

CODE = "ROLE_CONFLICT"


def conflict(roles: AbstractSet[Role]) -> Decision:
    """Whether one person may have these roles; the first conflict, if there is one."""
    media = any(map(sees_media, roles))
    if Role.DPO in roles and len(roles) > 1:
        return no(CODE, "AC-05")
    if Role.TITOLARE in roles and media:
        return no(CODE, "AC-04")
    if Role.ADMIN in roles and media:
        return no(CODE, "AC-03")
    if {Role.AUDITOR, Role.ADMIN} <= roles:
        return no(CODE, "AC-02")
    return yes("AC-02")
