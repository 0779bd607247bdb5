# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Live pictures: a look is begun, and its facts entered; then sockets show its cameras (docs/3-formats/live.md)."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping

from starlette.websockets import WebSocket, WebSocketDisconnect

from torrazzo.base.errors import Refused, TorrazzoError, Unavailable
from torrazzo.base.ids import StreamId
from torrazzo.base.times import iso_from_ticks
from torrazzo.control_room.api import live_shapes as shapes
from torrazzo.control_room.api.declared import Logged, Routes
from torrazzo.control_room.api.gate import Asked, Asking, expect_law
from torrazzo.control_room.api.problem import No
from torrazzo.control_room.api.shapes import Id
from torrazzo.control_room.live import LiveLook, LiveLooks, Viewer
from torrazzo.control_room.live.looks import Curtain, LookOver, TooMany, Whose
from torrazzo.control_room.live.viewer import CODECS, End
from torrazzo.law import Circumstances, Operation
from torrazzo.law.reason import PURPOSES
from torrazzo.ledger.private import Private
from torrazzo.town.camera import Camera

routes = Routes()

STREAMS = ("sub", "main")  # the first that a camera has is what a small tile shows
MOST_WORDS, WORDS_S = 100, 10.0  # messages of a page, in so many seconds
REST_S = 0.25  # between two changes of stream
NOT_ALLOWED, NO_CAMERA, TOO_MANY, AWAY = 4403, 4404, 4429, 4503


@routes.add("POST", "/live", Logged.CONSULT, "live", Operation.LIVE, shapes.LiveLook, is_activity=False, asks_law=True)
def begin(body: shapes.LookLive, asked: Asking) -> shapes.LiveLook:
    """Of these cameras; the facts of it are entered before it is answered."""
    cameras = _cameras(asked, body.cameras)
    said = Circumstances(purpose=body.purpose, reason=body.reason, case=body.case)
    expect_law(asked, Operation.LIVE, cameras, said)
    who, purpose = _reason(asked, body)
    streams = {id_: {stream.id.name: stream.id for stream in camera.streams} for id_, camera in cameras.items()}
    if not any(streams.values()):
        raise No("CAMERA_AWAY", "they have no stream")
    whose = Whose(asked.account, asked.session.id, asked.where.station, asked.certificate)
    asked.room.expect_ledger_back()
    try:
        look = _looks(asked).begin(whose, streams, who, purpose, said)
    except Curtain as error:
        raise No("CURTAIN_DRAWN", str(error)) from error
    except TooMany as error:
        raise No("LOOKS_MANY", str(error)) from error
    except Unavailable as error:
        raise asked.room.away("nobody looks while the ledger takes nothing") from error
    found = [
        shapes.LiveCamera(
            camera=id_, name=camera.name, streams=[name for name in (*STREAMS, *streams[id_]) if name in streams[id_]]
        )
        for id_, camera in cameras.items()
    ]
    for each in found:
        each.streams[:] = list(dict.fromkeys(each.streams))
    return shapes.LiveLook(key=look.key, until=iso_from_ticks(look.until), cameras=found)


@routes.add(
    "POST", "/live/{key}/stay", Logged.CONSULT, "live", Operation.LIVE, shapes.Staying,
    is_activity=False, is_told=False, asks_law=True, goes_on=True,
)  # fmt: skip
def stay(key: Id, asked: Asking) -> shapes.Staying:
    """Now and then, while it is looked at."""
    try:
        return shapes.Staying(until=iso_from_ticks(_looks(asked).stay(key, asked.session.id).until))
    except LookOver as error:
        raise No("LOOK_OVER", str(error)) from error


@routes.add(
    "DELETE", "/live/{key}", Logged.CONSULT, "live", Operation.LIVE, None,
    is_activity=False, is_told=False, asks_law=True, goes_on=True,
)  # fmt: skip
def end(key: Id, asked: Asking) -> None:
    """Its pictures end, and the fact that closes it is entered."""
    looks = _looks(asked)
    try:
        looks.end(looks.find(key, asked.session.id), "done")
    except LookOver as error:
        raise No("LOOK_OVER", str(error)) from error


@routes.socket("/live/{key}/{camera}", Logged.CONSULT, "live", Operation.LIVE, goes_on=True)
async def show(socket: WebSocket, asked: Asked) -> None:
    """One camera of a look."""
    looks = _looks(asked)
    await socket.accept()
    try:
        look = looks.find(socket.path_params["key"], asked.session.id)
        streams = look.cameras.get(socket.path_params["camera"])
        if streams is None:
            await socket.close(NO_CAMERA, "NOT_FOUND")
            return
        plays = frozenset(socket.query_params.get("codecs", "avc1").split(",")) & frozenset(CODECS.values())
        viewer = Viewer(plays)
        looks.join(look, viewer)
    except LookOver:
        await socket.close(NOT_ALLOWED, "LOOK_OVER")
        return
    except TooMany:
        await socket.close(TOO_MANY, "LOOKS_MANY")
        return
    tile = _Tile(looks, look, viewer, streams)
    try:
        await tile.run(socket, socket.query_params.get("stream", "sub"))
    finally:
        await tile.stop()
        looks.leave(look, viewer)


class _Tile:
    """One socket: what its viewer gets goes out, which stream it wants comes in."""

    def __init__(self, looks: LiveLooks, look: LiveLook, viewer: Viewer, streams: Mapping[str, StreamId]) -> None:
        self._looks, self._look, self._viewer, self._streams = looks, look, viewer, streams
        self._stream: StreamId | None = None
        self._wish = ""
        self._wished = asyncio.Event()
        self._hide: Callable[[], None] | None = None

    async def run(self, socket: WebSocket, name: str) -> None:
        """Until one of both sides has enough."""
        await self._choose(name)
        tasks = [asyncio.create_task(each) for each in (self._send(socket), self._listen(socket), self._follow())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
                    await task

    async def stop(self) -> None:
        """It is shown no more."""
        if self._stream is not None:
            self._looks.relay.leave(self._stream, self._viewer)
            self._stream = None
        hide, self._hide = self._hide, None
        if hide is not None:
            await asyncio.to_thread(hide)

    async def _choose(self, name: str) -> None:
        """Another stream of the same camera, or the one it has; noted before its first picture."""
        wanted = next((self._streams[each] for each in (name, "main", *self._streams) if each in self._streams), None)
        if wanted is None or wanted == self._stream:
            return
        try:
            hide = await asyncio.to_thread(self._look.show, wanted)
        except Refused:
            self._viewer.end(NOT_ALLOWED, "LOOK_OVER")
            return
        except TorrazzoError:
            self._viewer.end(AWAY, "AWAY")
            return
        await self.stop()
        self._stream, self._hide = wanted, hide
        self._viewer.begin(wanted.name)
        self._looks.relay.join(wanted, self._viewer)

    async def _send(self, socket: WebSocket) -> None:
        while True:
            item = await self._viewer.next()
            if isinstance(item, End):
                await socket.close(item.code, item.why)
                return
            await (socket.send_text(item) if isinstance(item, str) else socket.send_bytes(item))

    async def _listen(self, socket: WebSocket) -> None:
        """What nobody knows is passed over; who says more than a page does is not listened to."""
        loop = asyncio.get_running_loop()
        since, words = loop.time(), 0
        while (message := await socket.receive())["type"] == "websocket.receive":
            if loop.time() - since > WORDS_S:
                since, words = loop.time(), 0
            words += 1
            if words > MOST_WORDS:
                self._viewer.end(TOO_MANY, "TOO_MANY")
                await asyncio.Event().wait()
            match _said(message.get("text")):
                case {"type": "stream", "stream": str(wish)}:
                    self._wish = wish
                    self._wished.set()
                case {"type": "motion", "motion": "moving" | "stills" as motion}:
                    self._viewer.show_all(motion == "moving")

    async def _follow(self) -> None:
        """The newest wish, now and then: each change is noted, and asks the recorder."""
        while True:
            await self._wished.wait()
            self._wished.clear()
            await self._choose(self._wish)
            await asyncio.sleep(REST_S)


def _said(text: str | None) -> object:
    """What a message says, whatever that is."""
    try:
        return json.loads(text or "")
    except (ValueError, RecursionError):
        return None


def _looks(asked: Asked) -> LiveLooks:
    if asked.room.live is None:
        raise Unavailable("no live pictures here")
    return asked.room.live


def _cameras(asked: Asked, ids: list[str]) -> dict[str, Camera]:
    """Those that are there, in the order in which they were said."""
    known = {str(camera.id): camera for camera in asked.room.cameras() if camera.removed is None}
    for id_ in ids:
        if id_ not in known:
            raise No("NOT_FOUND", "there is no such camera")
    return {id_: known[id_] for id_ in ids}


def _reason(asked: Asked, body: shapes.LookLive) -> tuple[Private, str]:
    """What the facts say: of whom in private, and the purpose in a word."""
    if body.purpose is not None and body.purpose not in PURPOSES:
        raise No("PURPOSE_NOT_ALLOWED", "choose one of the purposes", fields={"purpose": "choose one of the purposes"})
    shift = asked.room.staffing.shifts.of(asked.account.id)
    case, reason = " ".join((body.case or "").split()) or None, " ".join((body.reason or "").split())
    purpose = body.purpose
    if not reason and shift is not None:
        reason, purpose = shift.reason, purpose or f"shift/{shift.number}"
    reason = reason or (f"case {case}" if case is not None else "protocol")
    by = asked.by(reason)
    agreement = asked.account.agreement  # of who is not the town's: the pictures go to their force (AC-06)
    to = None if agreement is None else f"{agreement.organisation}, {agreement.number}"
    return Private(by.name, reason, case, by.station, to), purpose or ("case" if case is not None else "protocol")
