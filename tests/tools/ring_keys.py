# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Segment keys out of a ring that the test itself owns: its files are opened here, past the keyring and its gate.

Only tests and measurements do so. What the product gives goes through a window (`torrazzo.access`).
"""

from collections.abc import Sequence
from pathlib import Path

from torrazzo.base import StreamId, TermId
from torrazzo.base.errors import Unavailable
from torrazzo.durable import OsDisk
from torrazzo.keyring import KeyName
from torrazzo.keyring.store import read_ring
from torrazzo.town import Home


class RingKeys:
    """Fulfils the Keys of playback and of the archive's check; the ring is read anew each time."""

    def __init__(self, home: Path) -> None:
        self._folder = Home(home).keyring

    def segment_keys(
        self, stream: StreamId, term: TermId, hour: int, class_: str, sealed: bytes, ns: Sequence[int]
    ) -> dict[int, bytes]:
        """As the keyring would give them to whoever may have them."""
        ring = read_ring(OsDisk(), self._folder)
        if ring is None:
            raise Unavailable(f"{self._folder}: no ring")
        return dict(ring.segment_keys(sealed, stream, term, KeyName(hour, class_), sorted(set(ns))))
