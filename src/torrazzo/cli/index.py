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


def log_to_stderr(*, told: str = "") -> None:
    """What the archive's parts log stays out of a command's result; the event that the command tells itself is left."""
    from torrazzo.app import log_level, log_lines

    def leave(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        if event["event"] == told:
            raise structlog.DropEvent
        return event

    structlog.configure(
        processors=[leave, *log_lines("command")],
        wrapper_class=structlog.make_filtering_bound_logger(log_level()),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


def fresh_index(home: Home, *, told: str = "") -> Index:
    """For reading; raises `Unavailable` where there is no town or nothing can be read. `told`: see `log_to_stderr`."""
    log_to_stderr(told=told)
    settings, disk = load_settings(home), OsDisk()
    try:
        with Office(home, disk, SystemClock()), IndexWriter(home, disk, settings) as writer:
            writer.catch_up()
    except Refused:
        pass  # the control room, or another command, has it and keeps it fresh
    return open_index(home)
