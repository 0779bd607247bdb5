# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How long footage lives: hours, which its retention class says by its name.

`standard` lives as long as the law allows, 168 hours; `h72` lives 72. So no setting that is changed later makes what
was recorded live longer, and a stranger who reads a volume's name knows when its key had to be gone.
"""

import re

from torrazzo.base.errors import Invalid, Refused

LEGAL_HOURS = 168
LEAST_HOURS = 2  # a key must not go while its hour is being recorded
STANDARD = "standard"

_NAME = re.compile(r"h([1-9]\d{0,2})", re.ASCII)


def check_hours(hours: int) -> int:
    """The same hours; raises `Refused` above what the law allows, for whoever asks, and `Invalid` below 2."""
    if hours > LEGAL_HOURS:
        raise Refused(f"ABOVE_LEGAL_MAX: {hours} hours; nothing is kept longer than {LEGAL_HOURS}, only a hold can")
    if hours < LEAST_HOURS:
        raise Invalid(f"{hours} hours: footage is kept from {LEAST_HOURS} to {LEGAL_HOURS} hours")
    return hours


def class_of(hours: int) -> str:
    """The retention class of footage that lives so long."""
    return STANDARD if check_hours(hours) == LEGAL_HOURS else f"h{hours}"


def life_of(retention_class: str) -> int:
    """Hours that footage of this class lives; the inverse of `class_of`."""
    if retention_class == STANDARD:
        return LEGAL_HOURS
    found = _NAME.fullmatch(retention_class)
    if found is None:
        raise Invalid(f"retention class {retention_class!r}: expected {STANDARD}, or such as h72")
    return check_hours(int(found[1]))
