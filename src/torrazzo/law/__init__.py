# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may do what, and why: rules in, decision out.

Takes     the roles of a person, what they want to do, and the circumstances that they say and we know.
Gives     Decision: yes, or no with a stable code, each with the clause that it follows from.
Promises  one table of roles and operations, and no second copy of it anywhere; nothing is granted by default.
Never     asks a clock, a disk or a person; knows how anybody signed in.
Read      roles.py, decide.py, conflicts.py, reason.py. Clauses: docs/4-decisions/0022-people-and-sessions.md
"""

from torrazzo.law.conflicts import conflict
from torrazzo.law.decide import Circumstances, Protocol, decide
from torrazzo.law.decision import Decision
from torrazzo.law.roles import Operation, Role

__all__ = ["Circumstances", "Decision", "Operation", "Protocol", "Role", "conflict", "decide"]
