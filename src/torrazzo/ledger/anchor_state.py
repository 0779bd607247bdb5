# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the anchors' clockwork must not forget, as one small JSON document; pure."""

import json
from typing import Any, NamedTuple, Self

from torrazzo.base.errors import Invalid
from torrazzo.base.times import UtcTicks
from torrazzo.ledger.anchor import Head
from torrazzo.ledger.anchor_queue import AnchorQueue, Silence, Want


class Booking(NamedTuple):
    """A token that is on disk and whose receipt may not be in `act` yet."""

    line: bytes  # the receipt
    since: int  # entries that `act` had before: if the receipt is there, it is behind them


class AnchorState(NamedTuple):
    """A value; who holds it writes it down before it acts on it."""

    queue: AnchorQueue = AnchorQueue()
    bookings: tuple[Booking, ...] = ()
    asked: UtcTicks = UtcTicks(0)  # when a head was last wanted by the clock
    size: int = 0  # its entries

    def pack(self) -> bytes:
        """The document."""
        wants = [
            {"text": w.head.text, "authority": w.authority, "since": w.since, "shown": w.is_shown, "tries": w.tries}
            for w in self.queue.wants
        ]
        bookings = [{"line": booking.line.decode(), "since": booking.since} for booking in self.bookings]
        silences = [silence._asdict() for silence in self.queue.silences]
        found = {"v": 1, "asked": self.asked, "size": self.size, "wants": wants, "silences": silences}
        return json.dumps({**found, "bookings": bookings}, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The inverse of `pack`; raises `Invalid`."""
        try:
            found: dict[str, Any] = json.loads(data)
            wants = tuple(
                Want(Head.of(w["text"]), w["authority"], UtcTicks(w["since"]), w["shown"], w["tries"])
                for w in found["wants"]
            )
            silences = tuple(Silence(**silence) for silence in found["silences"])
            bookings = tuple(Booking(booking["line"].encode(), booking["since"]) for booking in found["bookings"])
            state = cls(AnchorQueue(wants, silences), bookings, UtcTicks(found["asked"]), found["size"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Invalid(f"state of the anchors: {error!r}") from error
        if state.pack() != data:
            raise Invalid("state of the anchors: not as we write it")
        return state
