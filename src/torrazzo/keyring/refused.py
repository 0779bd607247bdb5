# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why a keyring did not come up: in a file, for whoever asks while none answers."""

import contextlib

from torrazzo.base.errors import TorrazzoError
from torrazzo.durable import Disk
from torrazzo.town.home import Home

FILE = "keyring-refused"  # among the sockets

_MOST = 4_000


def tell_refusal(disk: Disk, home: Home, text: str) -> None:
    """Leave it there, as far as the disk lets us."""
    with contextlib.suppress(OSError, TorrazzoError):
        disk.publish(home.run / FILE, text.encode()[:_MOST])


def forget_refusal(disk: Disk, home: Home) -> None:
    """One has come up."""
    with contextlib.suppress(OSError, TorrazzoError):
        disk.unlink(home.run / FILE)


def read_refusal(home: Home) -> str | None:
    """What the last one said that did not come up; None where the last one did."""
    try:
        return (home.run / FILE).read_bytes()[:_MOST].decode("utf-8", "replace")
    except OSError:
        return None
