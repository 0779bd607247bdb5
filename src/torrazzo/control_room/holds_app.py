# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Holds, on the people's socket: what is to be kept past its life (docs/4-decisions/0014-the-vault.md).

GET  /holds                      those that are not over
POST /holds                      {"cameras":[…],"stream":…,"from":…,"to":…,"cause":…,"case":…,"reason":…}; answered when
                                 placed
POST /holds/<name>/confirm       {"reason":…}, by another person; else it is over in 72 hours
POST /holds/<name>/release       {"reason":…}

A hold's name has its log in it (act-1204): after a fork of the ledger numbers begin anew, and holds go on.
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
from torrazzo.base.errors import Invalid, Refused, TorrazzoError
from torrazzo.base.ids import StreamId
from torrazzo.base.spans import Span
from torrazzo.base.times import iso_from_ticks
from torrazzo.control_room.index import Index, open_roots
from torrazzo.control_room.looks import Looks, Reason
from torrazzo.control_room.peered import requesting
from torrazzo.control_room.people_app import posting, span_of, streams_of, text_of
from torrazzo.durable import Disk, read_whole
from torrazzo.evidence.hold import Kept, Placing
from torrazzo.keyring import KeyClient
from torrazzo.keyring.vault_file import Hold
from torrazzo.keyring.vault_terms import SOON
from torrazzo.ledger.act import Wanted as Named
from torrazzo.ledger.act import parse_act
from torrazzo.ledger.identity import EntryName
from torrazzo.ledger.private import Private
from torrazzo.retention.held import LOST, Held, Wanted
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
            Route("/holds/{name}/confirm", posting(self.confirm), methods=["POST"]),
            Route("/holds/{name}/release", posting(self.release), methods=["POST"]),
        ]

    def list(self, request: Request) -> object:
        """For who may place, or confirm."""
        peer = requesting(request)
        if not self._people.may(peer, "approve"):
            self._people.check(peer, "hold")
        return {"holds": self.placed_now()}

    def placed_now(self) -> Sequence[Mapping[str, object]]:
        """Those that are not over, as they are told."""
        private, counts = self._private(), self._counts()
        return [self._told(hold, private, counts) for hold in self._held.placed if hold.ending is None]

    def place(self, request: Request, said: Mapping[str, object]) -> object:
        """Returns when its keys are in the vault."""
        peer, parts = requesting(request), self._parts
        self._people.check(peer, "hold")
        streams = streams_of(said, self._cameras())
        who = Reason("", text_of(said, "reason"), text_of(said, "case")).private(peer)
        return self.placed(who, streams, span_of(said, parts.settings.zone, parts.clock), text_of(said, "cause"))

    def placed(self, who: Private, streams: Sequence[StreamId], span: Span, cause: str) -> Mapping[str, object]:
        """The same, for who may."""
        parts = self._parts
        roots = [*open_roots(parts.disk, parts.settings), *parts.catalogue.held_roots()]
        self._looks.check_case(streams, span, who)
        placing = Placing(parts.home, parts.disk, parts.clock, parts.catalogue.everything, roots)
        placed = placing.place(self._looks.windows, who, streams, span, cause)
        hold, names = self._hold(placed.name), self._names()
        return {
            "hold": str(placed.name),
            "kept": [_kept(names.get(stream.camera, str(stream)), placed.kept.get(stream)) for stream in streams],
            "segments": placed.segments,
            "volumes": placed.volumes,
            "lost": list(placed.lost),
            "ends": iso_from_ticks(hold.ends),
            "ends_confirmed": iso_from_ticks(hold.ends_confirmed),
        }

    def confirm(self, request: Request, said: Mapping[str, object]) -> object:
        """By another person."""
        peer, hold = requesting(request), self.hold(request.path_params["name"])
        self._people.check(peer, "approve")
        return self.confirmed(Reason("", text_of(said, "reason")).private(peer), hold)

    def confirmed(self, who: Private, hold: Hold) -> Mapping[str, object]:
        """The same, for who may."""
        if hold.confirmed is not None:
            raise Refused(f"hold {hold.name} is confirmed already")
        entry = self._looks.windows.confirm(who, hold)
        return {"hold": str(hold.name), "entry": entry, "ends": iso_from_ticks(hold.ends_confirmed)}

    def release(self, request: Request, said: Mapping[str, object]) -> object:
        """Its key is destroyed when this returns."""
        peer, hold = requesting(request), self.hold(request.path_params["name"])
        self._people.check(peer, "hold")
        return self.released(Reason("", text_of(said, "reason")).private(peer), hold)

    def released(self, who: Private, hold: Hold) -> Mapping[str, object]:
        """The same, for who may."""
        return {"hold": str(hold.name), "entry": self._looks.windows.release(who, hold)}

    def hold(self, name: str) -> Hold:
        """By its name; raises `Invalid`."""
        return self._hold(EntryName.parse(name))

    def _hold(self, name: EntryName) -> Hold:
        hold = self._held.hold(name)
        if hold is None:
            raise Invalid(f"there is no hold {name}; `torrazzo hold list` shows those that there are")
        return hold

    def _names(self) -> Mapping[str, str]:
        return {camera.id: camera.name for camera in self._cameras()}

    # -- what is told

    def _told(
        self,
        hold: Hold,
        private: Mapping[bytes, Private | None],
        counts: Mapping[str, object],
    ) -> dict[str, object]:
        named, who, names = Named.of(hold.act), private.get(hold.act.line), self._names()
        streams = sorted(named.streams, key=str)
        return {
            "hold": str(hold.name),
            "state": "provisional" if hold.confirmed is None else "confirmed",
            "cause": hold.act.values["cause"],
            "cameras": [names.get(stream.camera, stream.camera) for stream in streams],
            "streams": list(map(str, streams)),
            "from": iso_from_ticks(named.span.start),
            "to": iso_from_ticks(named.span.end),
            "placed": iso_from_ticks(hold.act.t),
            "ends": iso_from_ticks(hold.ends),
            "ends_soon": hold.ends < self._parts.clock.utc() + SOON,
            "by": None if who is None else who.person,
            "case": None if who is None else who.case,
            "reason": None if who is None else who.reason,
            "segments": counts.get(str(hold.name)),
            **self._copies(hold.name),
        }

    def _copies(self, name: EntryName) -> dict[str, object]:
        """How far the copying is; `volumes` is null once all are there."""
        folder, disk = self._held.folder(name), self._parts.disk
        try:
            names = disk.list(folder)
            wanted = Wanted.read(disk, folder)
            copied = sum(file.endswith(".vol") for file in self._held.volumes(name))
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

    def _counts(self) -> Mapping[str, object]:
        """Segments of each, as the keyring tells them; nothing while it is away."""
        try:
            holds = KeyClient(self._parts.home.path).status().values.get("holds")
        except TorrazzoError:
            return {}
        return {hold["hold"]: hold["segments"] for hold in holds} if isinstance(holds, list) else {}


def _kept(camera: str, kept: Kept | None) -> Mapping[str, object]:
    """Of one camera what is really held; null where nothing was recorded."""
    if kept is None:
        return {"camera": camera, "from": None, "to": None, "segments": 0}
    edges = {"from": iso_from_ticks(kept.span.start), "to": iso_from_ticks(kept.span.end)}
    return {"camera": camera, **edges, "segments": kept.segments}
