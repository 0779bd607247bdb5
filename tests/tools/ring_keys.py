# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Segment keys out of a ring that the test itself owns: its files are opened here, past the keyring and its gate.

Only tests and measurements do so. What the product gives goes through a window (`torrazzo.access`).
"""

from collections.abc import Sequence
from pathlib import Path

from tests.tools.exported import export_mp4
from torrazzo.base import Span, StreamId, TermId
from torrazzo.base.errors import Damaged, Invalid, Refused, Unavailable
from torrazzo.control_room.index import open_index, open_roots
from torrazzo.durable import Disk, OsDisk, read_whole
from torrazzo.keyring import KeyName
from torrazzo.keyring.ring import Ring
from torrazzo.keyring.ring_file import RING_FILE_LIMIT, parse_ring_file
from torrazzo.keyring.sealer_setup import SEALER, set_up_sealer
from torrazzo.playback import Footage
from torrazzo.playback.clip import Clip
from torrazzo.town import Home, load_settings


def read_ring(disk: Disk, folder: Path) -> Ring | None:
    """The living ring of a folder whose lock another process may have; None if there is none."""
    if SEALER not in disk.list(folder):
        return None
    sealer = set_up_sealer(disk, folder)
    while True:
        counter = sealer.counter()
        try:
            file = parse_ring_file(read_whole(disk, folder / f"ring-{counter}", RING_FILE_LIMIT))
            return file.open(sealer.open(file.sealed))
        except FileNotFoundError:
            if sealer.counter() == counter:
                return None
        except (Damaged, Invalid, Refused):
            if sealer.counter() == counter:
                raise  # else the ring was replaced meanwhile


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


def take_out(home: Home, stream: StreamId, span: Span, out: Path) -> Clip:
    """One MP4 of what is in the archive of a home that the test owns."""
    with open_index(home) as index:
        footage = Footage(index, open_roots(OsDisk(), load_settings(home)), OsDisk(), RingKeys(home.path))
        try:
            return export_mp4(footage, stream, span, out)
        finally:
            footage.close()
