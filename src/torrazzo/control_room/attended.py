# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Technicians with whom nobody is, or who should have left (AC-07); pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from torrazzo.access.supervisions import Supervision
from torrazzo.base.times import UtcTicks
from torrazzo.health import Finding
from torrazzo.health.finding import AT_ONCE


def unattended(
    found: Iterable[Supervision], is_alone: Callable[[Supervision], bool], names: Mapping[str, str], now: UtcTicks
) -> Iterator[Finding]:
    """Of each that nobody has closed: its time is over, or who supervised it has ended the shift."""
    for each in found:
        name = names.get(each.technician, "")
        if each.is_late(now):
            text = "the time of this technician's session is over, and nobody has closed it"
            yield Finding("supervision-late", str(each.number), name, AT_ONCE, text=text)
        elif is_alone(each):
            text = "who supervised this technician has ended the shift: take it over, or close it"
            yield Finding("supervision-alone", str(each.number), name, AT_ONCE, text=text)
