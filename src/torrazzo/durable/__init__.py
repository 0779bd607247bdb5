# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The only code that creates, syncs, renames, locks or unlinks a file.

Takes     paths and bytes.
Gives     Disk: files that only grow, files replaced as a whole, locks.
Promises  each syscall in the order that survives a power cut; OSError reaches the caller untouched.
Never     knows what is in a file; retries, hides or repairs a failure.
Read      disk.py (what each step means), then os_disk.py.
"""

from torrazzo.durable.disk import Disk, DiskFile, Lock, ReadFile, read_whole
from torrazzo.durable.os_disk import OsDisk, move_into_place

__all__ = ["Disk", "DiskFile", "Lock", "OsDisk", "ReadFile", "move_into_place", "read_whole"]
