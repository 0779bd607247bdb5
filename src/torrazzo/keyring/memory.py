# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is in this process stays in it: a core file would keep keys on a disk for longer than they live."""

import ctypes
import resource

import structlog

_PR_SET_DUMPABLE = 4

log = structlog.get_logger(__name__)


def keep_to_itself() -> None:
    """From now on no core file is written, of this process or its children, and none of its Unix user's reads it.

    By prctl(2): /proc/<pid>/mem and ptrace(2) are root's alone. Swap is the machine's.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0):
        log.warning("memory_not_private", error=f"errno {ctypes.get_errno()}")
