# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The only module that asks the machine what time it is."""

import time
from typing import Protocol

from torrazzo.base.times import BootNs, UtcTicks, ticks_from_ns


class Clock(Protocol):
    """Two clocks: one that people set, one that only runs."""

    def utc(self) -> UtcTicks:
        """Now in UTC; may step when someone sets the machine's clock."""
        ...

    def boot_ns(self) -> BootNs:
        """Now since boot; never steps, counts time asleep."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def utc(self) -> UtcTicks:
        """CLOCK_REALTIME."""
        return ticks_from_ns(time.time_ns())

    def boot_ns(self) -> BootNs:
        """CLOCK_BOOTTIME."""
        return BootNs(time.clock_gettime_ns(time.CLOCK_BOOTTIME))
