# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether the kernel says that this machine's clock is kept by a time service (adjtimex(2)): chrony or any other.

Whoever sets the clock by hand clears that state until the service has taken hold again.
"""

import ctypes
import functools

_TIME_ERROR = 5
_STA_UNSYNC = 0x40
_MOST_ERROR_US = 1_000_000  # by which the service says the clock may be off; grows while no server answers


class _Timex(ctypes.Structure):
    """struct timex, as far as it is read."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 512),
    )


def is_synchronised() -> bool:
    """By the kernel's word, and within a second; false where it cannot be asked."""
    found = _Timex()  # modes 0: it is read, nothing is set
    try:
        state = _library().adjtimex(ctypes.byref(found))
    except (OSError, AttributeError):
        return False
    if state < 0 or state == _TIME_ERROR or found.status & _STA_UNSYNC:
        return False
    return bool(found.maxerror <= _MOST_ERROR_US)


@functools.cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
