# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Exit codes, as docs/1-operate/commands.md lists them."""

from torrazzo.base.errors import Damaged, Invalid, Refused, Stopped, Unavailable
from torrazzo.town.camera import UnknownCamera

OK = 0
FOUND = 1  # it worked, and what it looked for is there: damage, a camera that does not record; or it failed otherwise
USAGE = 2  # the words or values given are wrong
NOT_FOUND = 3  # no camera of that name, no footage in that span
UNAVAILABLE = 4  # not now: not running, not readable, no disk
REFUSED = 5  # not allowed: held by another process, would overwrite
DAMAGED = 6  # stored bytes are not what was written


def exit_code(error: BaseException) -> int:
    """The code for an error that ended a command."""
    match error:
        case UnknownCamera():
            return NOT_FOUND
        case Invalid():
            return USAGE
        case Unavailable() | OSError():
            return UNAVAILABLE
        case Refused():
            return REFUSED
        case Damaged():
            return DAMAGED
        case Stopped():
            return FOUND
    return FOUND
