# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who people are, how they sign in, who looks at recorded pictures and why: no picture without an entry in the ledger.

Takes     a person, a reason, cameras and a span; the running ledger and keyring; `office.db`.
Gives     Window: segment keys for as long as it is open; the numbers of what was asked for and approved. Staffing:
          accounts, sessions, shifts, second persons, each change with the facts that it owes.
Promises  a window's fact is in the ledger before its first key; it is closed by a fact that tells what was given.
Never     decides what the keyring or the law decides; keeps a password, a token or a reason readable for ever.
Read      windows.py, then window.py, gate.py; staffing.py, staff.py, sign_in.py. Format: docs/3-formats/act.md
"""

from torrazzo.access.asks import Ask, read_asks
from torrazzo.access.peer import Peer, peer_of
from torrazzo.access.people import People
from torrazzo.access.window import Window
from torrazzo.access.windows import Windows

__all__ = ["Ask", "Peer", "People", "Window", "Windows", "peer_of", "read_asks"]
