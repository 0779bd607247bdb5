# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town as `look_town` has it, whose keyring erases by its own clockwork, and in which footage can be held."""

import contextlib
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tests.tools.asgi import Answer, Client
from tests.tools.look_town import HOST, OTHER, OWNER, LookTown, opened
from tests.tools.recording import NODE, STREAM
from torrazzo.access import Peer, read_asks
from torrazzo.archive import open_root
from torrazzo.base import Span
from torrazzo.base.errors import Unavailable
from torrazzo.base.times import iso_from_ticks
from torrazzo.control_room.holds_app import HoldDesk, HoldParts
from torrazzo.control_room.index import IndexWriter
from torrazzo.control_room.people_app import Desk, make_people_app
from torrazzo.durable import Disk, OsDisk
from torrazzo.evidence.hold_copy import HoldCopy
from torrazzo.evidence.jobs import Progress, Values, Work
from torrazzo.keyring import KeyClient
from torrazzo.keyring.chore import Chore
from torrazzo.ledger.identity import EntryName
from torrazzo.retention import Retention
from torrazzo.retention.held import Held
from torrazzo.testing.clock import START
from torrazzo.town.camera import Camera, StreamConfig

CASE = "2026/118"


class HeldTown(LookTown):
    """Open it with `held_town`."""

    room_disk: Disk = OsDisk()  # of whoever places holds

    def _chores(self) -> Sequence[Chore]:
        return (Retention(OsDisk(), self.settings.roots, 72, self.awaited), self.held)

    def awaited(self) -> Collection[str]:
        """What retention is told."""
        return self.held.awaited()

    @property
    def held(self) -> Held:
        return Held(self.home, OsDisk())

    def folder(self, hold: str) -> Path:
        """Of its copies."""
        return self.held.folder(EntryName.parse(hold))

    def socket(self, peer: Peer = OWNER) -> Client:
        """The people's, as this person reaches it."""
        stream = StreamConfig(STREAM, "rtsp://10.0.0.1/")
        camera = Camera(STREAM.camera, "Piazza", "", True, None, True, (stream,), START)
        parts = HoldParts(self.home, self.settings, self.room_disk, self.clock, self.index)
        holds = HoldDesk(parts, self.looks, self.people, lambda: (camera,))
        asks = partial(read_asks, self.home, OsDisk(), self.clock)
        desk = Desk(self.looks, self.people, self.clock, self.settings.zone, lambda: (camera,), asks, lambda: ())
        return Client(make_people_app(desk, self.looks, holds.routes()), HOST, peer)

    def place(self, case: str = CASE, **changes: str) -> Any:
        """All of it; what is answered."""
        said = {
            "cameras": ["Piazza"], "stream": "main", "cause": "police", "case": case, "reason": "furto",
            "from": iso_from_ticks(self.span.start), "to": iso_from_ticks(self.span.end), **changes,
        }  # fmt: skip
        return self.said(self.socket().ask("POST", "/holds", said))

    def said(self, answer: Answer) -> Any:
        assert answer.status == 200, answer.text
        return answer.json()

    def follow(self, hold: str, what: str, peer: Peer = OWNER) -> Any:
        """Confirm or release."""
        return self.said(self.socket(peer).ask("POST", f"/holds/{hold}/{what}", {"reason": "procura"}))

    def listed(self) -> Any:
        return self.said(self.socket().get("/holds"))["holds"]

    def forget(self) -> None:
        """The catalogue, as the control room's does once a minute."""
        with IndexWriter(self.home, OsDisk(), self.settings) as writer:
            writer.forget()

    def volumes(self) -> list[str]:
        """In the archive."""
        return sorted(path.name for path in self.made.root.volumes.iterdir())

    def pictures(self, span: Span | None = None) -> bytes:
        """An MP4 of all of it, looked at for the case; its bytes."""
        look = self.look(span=span)
        try:
            file = look.file()
            return b"".join(file.read(0, file.clip.size))
        finally:
            look.end("done")

    def copy(self, hold: str, disk: Disk | None = None) -> Values:
        """As the worker does."""
        copying = HoldCopy(
            self.home, disk or OsDisk(), NODE, lambda: [open_root(OsDisk(), path) for path in self.settings.roots]
        )
        return copying.run({"hold": hold}, Steps())

    def pass_time(self, seconds: float) -> None:
        """And let the keyring look, so often that its clocks agree."""
        self.clock.advance(seconds)
        for _ in range(3):
            self.look_now()
            self.clock.advance(40)

    def look_now(self) -> None:
        with contextlib.suppress(Unavailable):
            KeyClient(self.home.path).look()


class Steps:
    """Runs each, once."""

    def step(self, name: str, part: tuple[float, float], work: Work) -> Values:
        tell: Progress = lambda _: None  # noqa: E731
        return work(tell)


__all__ = ["CASE", "OTHER", "OWNER", "HeldTown", "Steps", "held_town"]


@contextlib.contextmanager
def held_town(folder: Path) -> Iterator[HeldTown]:
    """With everything running, and all facts in the ledger."""
    town = HeldTown(folder)
    with opened(town):
        yield town
