# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ring on disk, and beside it what everyone may read."""

from pathlib import Path

import structlog

from torrazzo.base.errors import Damaged, Invalid, Unavailable
from torrazzo.durable import Disk
from torrazzo.keyring.public import PublicKeys, public_keys_text, read_whole
from torrazzo.keyring.ring import RING_LIMIT, Ring, parse_ring, ring_text

log = structlog.get_logger(__name__)


class RingStore:
    """`ring.json` (0600) and `public-keys.json` (0644) of one home; one writing process, which holds the lock."""

    def __init__(self, disk: Disk, ring: Path, public_keys: Path) -> None:
        self._disk = disk
        self._ring = ring
        self._public_keys = public_keys
        self._published = b""

    def load(self) -> Ring:
        """The ring as stored; an empty one where none was ever made.

        Raises `Damaged` for a file that can't be understood: it is never replaced, since it may be all that opens a
        week of footage. `Unavailable` if it can't be read.
        """
        try:
            return parse_ring(read_whole(self._disk, self._ring, RING_LIMIT))
        except FileNotFoundError:
            if self._has_published():
                log.warning("ring_missing", path=str(self._ring), effect="footage sealed to it stays unreadable")
            return Ring({})
        except OSError as error:
            raise Unavailable(f"{self._ring}: {error.strerror}; check the disk and the owner of the file") from error
        except Invalid as error:
            raise Damaged(f"{self._ring}: {error}; put its last copy back, nothing was changed") from error

    def save(self, ring: Ring) -> None:
        """Returns when the ring survives a power cut; OSError if that is not certain."""
        self._disk.publish(self._ring, ring_text(ring), 0o600)

    def publish(self, keys: PublicKeys) -> None:
        """Let recorders seal to these keys; call after `save`. Does nothing if they are published already."""
        text = public_keys_text(keys)
        if text != self._published:
            self._disk.publish(self._public_keys, text, 0o644)
            self._published = text

    def _has_published(self) -> bool:
        try:
            self._disk.open_read(self._public_keys).close()
        except OSError:
            return False  # as good as never published: nothing can be said about what was sealed
        return True
