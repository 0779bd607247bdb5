# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Holds, on the people's socket: what is to be kept past its life (docs/4-decisions/0014-the-vault.md).

GET  /holds                      those that are not over
POST /holds                      {"cameras":[…],"stream":…,"from":…,"to":…,"case":…,"reason":…}; answered when placed
POST /holds/<number>/confirm     {"reason":…}, by another person; else it is over in 72 hours
POST /holds/<number>/release     {"reason":…}
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from torrazzo.access import People
from torrazzo.access.asks import CONTROL_ROOM, open_part
from torrazzo.access.book import Book, book_path
from torrazzo.access.months import Months
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Invalid, TorrazzoError
from torrazzo.base.times import iso_from_ticks
from torrazzo.control_room.index import Index, open_roots
from torrazzo.control_room.looks import Looks, Reason
from torrazzo.control_room.peered import requesting
from torrazzo.control_room.people_app import posting, span_of, streams_of, text_of
from torrazzo.durable import Disk, read_whole
from torrazzo.evidence.hold import Placing
from torrazzo.keyring import KeyClient
from torrazzo.keyring.vault_file import Hold
from torrazzo.ledger.act import Wanted as Named
from torrazzo.ledger.act import parse_act
from torrazzo.ledger.private import Private
from torrazzo.retention.held import LOST, VOLUMES, Held, Wanted
from torrazzo.town.camera import Camera
from torrazzo.town.home import Home, Settings

_LOST_LIMIT = 16 << 20


class HoldParts(NamedTuple):
    """What of the town it needs."""

    home: Home
    settings: Settings
    disk: Disk
    clock: Clock
    catalogue: Index


class HoldDesk:
    """Each method may block, a placing for minutes, and runs in a thread."""

    def __init__(self, parts: HoldParts, looks: Looks, people: People, cameras: Callable[[], Sequence[Camera]]) -> None:
        self._parts, self._looks, self._people, self._cameras = parts, looks, people, cameras
        self._held = Held(parts.home, parts.disk)

    def routes(self) -> list[Route]:
        """For `make_people_app`."""

        async def list_holds(request: Request) -> Response:
            return JSONResponse(await asyncio.to_thread(self.list, request))

        return [
            Route("/holds", list_holds),
            Route("/holds", posting(self.place), methods=["POST"]),
            Route("/holds/{number:int}/confirm", posting(self.confirm), methods=["POST"]),
            Route("/holds/{number:int}/release", posting(self.release), methods=["POST"]),
        ]

    def list(self, request: Request) -> object:
        """For who may place, or confirm."""
        peer = requesting(request)
        if not self._people.may(peer, "approve"):
            self._people.check(peer, "hold")
        names: dict[str, str] = {camera.id: camera.name for camera in self._cameras()}
        private, counts = self._private(), self._counts()
        holds = [hold for number in self._held.placed if (hold := self._held.hold(number)) is not None]
        return {"holds": [self._told(hold, names, private, counts) for hold in holds if hold.ending is None]}

    def place(self, request: Request, said: Mapping[str, object]) -> object:
        """Returns when its keys are in the vault."""
        peer, parts = requesting(request), self._parts
        self._people.check(peer, "hold")
        streams = streams_of(said, self._cameras())
        who = Reason("", text_of(said, "reason"), text_of(said, "case")).private(peer)
        span = span_of(said, parts.settings.zone, parts.clock)
        roots = [*open_roots(parts.disk, parts.settings), *parts.catalogue.held_roots()]
        self._looks.check_case(streams, span, who)
        placing = Placing(parts.home, parts.disk, parts.clock, parts.catalogue.everything, roots)
        placed = placing.place(self._looks.windows, who, streams, span)
        hold = self._held.hold(placed.number)
        return {
            "number": placed.number,
            "from": iso_from_ticks(placed.span.start),
            "to": iso_from_ticks(placed.span.end),
            "segments": placed.segments,
            "volumes": placed.volumes,
            "lost": list(placed.lost),
            "ends": None if hold is None else iso_from_ticks(hold.ends),
        }

    def confirm(self, request: Request, said: Mapping[str, object]) -> object:
        """By another person."""
        peer, number = requesting(request), self._number(request)
        self._people.check(peer, "approve")
        entry = self._looks.windows.confirm(Reason("", text_of(said, "reason")).private(peer), number)
        hold = self._held.hold(number)
        return {"number": number, "confirmed": entry, "ends": None if hold is None else iso_from_ticks(hold.ends)}

    def release(self, request: Request, said: Mapping[str, object]) -> object:
        """Its key is destroyed when this returns."""
        peer, number = requesting(request), self._number(request)
        self._people.check(peer, "hold")
        entry = self._looks.windows.release(Reason("", text_of(said, "reason")).private(peer), number)
        return {"number": number, "released": entry}

    def _number(self, request: Request) -> int:
        number: int = request.path_params["number"]
        if self._held.hold(number) is None:
            raise Invalid(f"there is no hold {number}; `torrazzo hold list` shows those that there are")
        return number

    # -- what is told

    def _told(
        self,
        hold: Hold,
        names: Mapping[str, str],
        private: Mapping[bytes, Private | None],
        counts: Mapping[int, object],
    ) -> dict[str, object]:
        named, who = Named.of(hold.act), private.get(hold.act.line)
        streams = sorted(named.streams, key=str)
        return {
            "number": hold.number,
            "state": "provisional" if hold.confirmed is None else "confirmed",
            "cameras": [names.get(stream.camera, stream.camera) for stream in streams],
            "streams": list(map(str, streams)),
            "from": iso_from_ticks(named.span.start),
            "to": iso_from_ticks(named.span.end),
            "placed": iso_from_ticks(hold.act.t),
            "ends": iso_from_ticks(hold.ends),
            "by": None if who is None else who.person,
            "case": None if who is None else who.case,
            "reason": None if who is None else who.reason,
            "segments": counts.get(hold.number),
            **self._copies(hold.number),
        }

    def _copies(self, number: int) -> dict[str, object]:
        """How far the copying is; `volumes` is null once all are there."""
        folder, disk = self._held.folder(number), self._parts.disk
        try:
            names = disk.list(folder)
            wanted = Wanted.read(disk, folder)
            copied = len(_volumes(disk, self._held, number))
            lost = len(json.loads(read_whole(disk, folder / LOST, _LOST_LIMIT))) if LOST in names else 0
        except (OSError, ValueError, Invalid):
            return {"copied": None, "volumes": None, "lost": None}
        return {"copied": copied, "volumes": None if wanted is None else len(wanted.volumes), "lost": lost}

    def _private(self) -> Mapping[bytes, Private | None]:
        """Who and why, of those that this control room placed, by fact: after a fork numbers are given again."""
        path = book_path(self._parts.home, CONTROL_ROOM)
        if not path.exists():
            return {}
        book, months = Book.read(path), Months(self._parts.home, self._parts.disk, self._parts.clock)
        try:
            deeds = book.of_kind("hold")
        finally:
            book.close()
        return {deed.line: open_part(parse_act(deed.line), deed.private, months) for deed in deeds}

    def _counts(self) -> Mapping[int, object]:
        """Segments of each, as the keyring tells them; nothing while it is away."""
        try:
            holds = KeyClient(self._parts.home.path).status().values.get("holds")
        except TorrazzoError:
            return {}
        return {hold["number"]: hold["segments"] for hold in holds} if isinstance(holds, list) else {}


def _volumes(disk: Disk, held: Held, number: int) -> Sequence[str]:
    try:
        return [name for name in disk.list(held.folder(number) / VOLUMES) if name.endswith(".vol")]
    except FileNotFoundError:
        return []
