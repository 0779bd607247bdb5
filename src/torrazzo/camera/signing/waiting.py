# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hashes of NAL units that wait for the camera's statement on them, oldest first."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Literal, NamedTuple

from torrazzo.camera import limits
from torrazzo.camera.signing.statement import Gop

Hash = Callable[[bytes], bytes]

_ORDERS: tuple[Literal["big", "little"], ...] = ("big", "little")


class Start(NamedTuple):
    """Where a GOP begins."""

    place: int
    lead: bytes  # hash of its first NAL unit
    at_ns: int


class Waiting:
    """What waits. A statement is on a run of these: from a GOP's beginning, or from where the one before ended."""

    def __init__(self) -> None:
        self.hashes: list[bytes] = []
        self.starts: list[Start] = []
        self._unsigned = 0  # statements at the end: they belong to the GOP that follows

    def copy(self) -> "Waiting":
        """Another, of the same."""
        new = Waiting()
        new.hashes, new.starts = self.hashes.copy(), self.starts.copy()
        vars(new)["_unsigned"] = self._unsigned
        return new

    def add_picture(self, digest: bytes, at_ns: int, *, is_first: bool) -> None:
        """A NAL unit of a picture; the first of a GOP leads it."""
        if is_first:
            self.starts.append(Start(len(self.hashes) - self._unsigned, digest, at_ns))
        self._unsigned = 0
        self.hashes.append(digest)

    def add_message(self, digest: bytes, *, is_statement: bool) -> None:
        """An unsigned SEI of the standard."""
        self._unsigned = self._unsigned + 1 if is_statement else 0
        self.hashes.append(digest)

    @property
    def first_end(self) -> int:
        """Where the oldest GOP ends, or all of it if it runs."""
        return next(self._later_starts(0), len(self.hashes))

    def find(self, gop: Gop, told: Sequence[bytes], hash_of: Hash) -> tuple[int, int] | None:
        """Where the run lies that a statement is on; `told` are its NAL units' hashes, if it has them."""
        places = [0, *(start.place for start in self.starts[: limits.SIGNING_STARTS])]
        if told and told[0] in self.hashes:
            places.append(self.hashes.index(told[0]))
        for place in dict.fromkeys(places):
            for end in self.ends(gop, place):
                if place < end and hash_of(b"".join(self.hashes[place:end])) == gop.hash:
                    return place, end
        return None

    def ends(self, gop: Gop, place: int) -> list[int]:
        """Where a run that begins there may end: before the next GOP, or earlier if the statement says so."""
        last = next(self._later_starts(place), len(self.hashes))
        if not gop.is_partial:
            return [last]
        return sorted(min(last, place + int.from_bytes(gop.nal_count, order)) for order in _ORDERS)

    def place_after(self, gops: int) -> int:
        """Where so many GOPs, or as many as are over, end."""
        return max(islice(self._later_starts(0), gops), default=0)

    def lead_at(self, place: int) -> bytes:
        """Hash of the first picture's NAL unit of the run that begins there."""
        return next((start.lead for start in self.starts if start.place == place), self.hashes[place])

    def drop(self, end: int) -> frozenset[bytes]:
        """The first wait no longer; which they were."""
        dropped = frozenset(self.hashes[:end])
        del self.hashes[:end]
        self.starts = [start._replace(place=start.place - end) for start in self.starts if start.place >= end]
        self._unsigned = min(self._unsigned, len(self.hashes))
        return dropped

    def _later_starts(self, place: int) -> Iterator[int]:
        return (start.place for start in self.starts if start.place > place)
