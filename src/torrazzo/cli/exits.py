# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a command ends that cannot go on: exit codes, as docs/1-operate/commands.md lists them, and its last words."""

import contextlib
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from torrazzo.base.errors import Damaged, Invalid, Refused, Stopped, TorrazzoError, Unavailable
from torrazzo.town.camera import UnknownCamera

OK = 0
FOUND = 1  # it worked, and what it looked for is there: damage, a camera that does not record; or it failed otherwise
USAGE = 2  # the words or values given are wrong
NOT_FOUND = 3  # no camera of that name, no footage in that span
UNAVAILABLE = 4  # not now: not running, not readable, no disk
REFUSED = 5  # not allowed: held by another process, would overwrite
DAMAGED = 6  # stored bytes are not what was written


_UTC = re.compile(r"\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)


def error_text(error: BaseException, words: Sequence[str]) -> str:
    """The error as people of the town read it: its times are theirs, if the home's settings can be read."""
    text = str(error)
    if _UTC.search(text) is None:
        return text
    from torrazzo.base.times import with_local_times
    from torrazzo.cli.process_options import find_home
    from torrazzo.town.home import load_settings

    named = [word.partition("=")[2] for word in words if word.startswith("--home=")]
    named += [behind for word, behind in pairwise(words) if word == "--home"]
    with contextlib.suppress(TorrazzoError, OSError):
        return with_local_times(text, load_settings(find_home(Path(named[0]) if named else None)).zone)
    return text


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
