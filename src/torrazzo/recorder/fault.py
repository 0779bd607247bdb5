# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A mistake of ours that one camera's bytes brought to light: it costs that stream, and it must be seen."""

import traceback

import structlog

from torrazzo.base import StreamId

_log = structlog.get_logger()


def log_fault(stream: StreamId, error: Exception) -> None:
    """Where it happened and of which kind it is; not its text, which may hold what a camera sent, or a password."""
    where = "".join(traceback.format_tb(error.__traceback__))
    _log.error("stream_fault", stream=str(stream), error=type(error).__name__, traceback=where)
