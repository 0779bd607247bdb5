# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names go out of the log after five years (LG-04)."""

from torrazzo.access.months import Months
from torrazzo.base.clock import Clock
from torrazzo.base.times import HOUR, UtcTicks
from torrazzo.durable import Disk
from torrazzo.retention import load_forgotten
from torrazzo.town.home import Home


def erase_old_months(home: Home, disk: Disk, clock: Clock) -> list[str]:
    """Months whose secret is destroyed now.

    Time is what the keyring believes: it erased footage by it, and a machine's clock that was set wrong destroys
    nothing. Raises `Damaged`, OSError.
    """
    before = load_forgotten(disk, home.keyring).before
    if not before:
        return []
    return Months(home, disk, clock).erase_old(UtcTicks(max(before.values()) * HOUR))
