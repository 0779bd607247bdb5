# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the page asks and is answered: /api/v1.

Takes     one request of a browser, with its cookie; the people's side (access/), the town's state.
Gives     JSON as web/src/core/api/types.ts has it; refusals as problems (RFC 9457) with stable codes.
Promises  no route without a declared operation, resource and permission; the facts that a change owes are in the ledger
          before it is answered; nothing of an error's inside leaves.
Never     decides who may do what: law/ does; shows a picture.
Read      declared.py, gate.py, then one file of routes. Why so: docs/4-decisions/0024-http-api.md
"""

from torrazzo.control_room.api.app import make_api
from torrazzo.control_room.api.room import Room

__all__ = ["Room", "make_api"]
