# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The catalogue as it is now: fed by the control room while one runs, brought up to date here while none does."""

import sys

import structlog

from torrazzo.base.clock import SystemClock
from torrazzo.base.errors import Refused
from torrazzo.control_room.index import Index, IndexWriter, open_index
from torrazzo.durable import OsDisk
from torrazzo.town.home import Home, load_settings
from torrazzo.town.office import Office


def log_to_stderr() -> None:
    """What the archive's parts log stays out of a command's result."""
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))


def fresh_index(home: Home) -> Index:
    """For reading; raises `Unavailable` where there is no town or nothing can be read."""
    log_to_stderr()
    settings, disk = load_settings(home), OsDisk()
    try:
        with Office(home, disk, SystemClock()), IndexWriter(home, disk, settings) as writer:
            writer.catch_up()
    except Refused:
        pass  # the control room, or another command, has it and keeps it fresh
    return open_index(home)
