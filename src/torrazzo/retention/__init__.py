# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The only folder that removes footage: keys first, then the whole files that nobody can read any more.

Takes     what the clocks allow, the ring, the volumes on the disks; a chore of the keyring's clockwork.
Gives     `shred` and `free` facts; what the catalogue is to forget; a forecast of each disk; alarms.
Promises  no footage is older than its class says, none goes earlier but for want of room, and never in silence.
Never     has an exception for a case: a hold delays the unlinking of ciphertext, and nothing else.
Read      plan.py, then chore.py. Design: docs/2-design/02-retention.md
"""

from torrazzo.retention.chore import Retention
from torrazzo.retention.forgotten import Forgotten, load_forgotten
from torrazzo.retention.status import read_status

__all__ = ["Forgotten", "Retention", "load_forgotten", "read_status"]
