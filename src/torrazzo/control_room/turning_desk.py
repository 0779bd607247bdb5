# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cameras that people turn (MN-04): within their sectors, one command at a time, each told first; then back home."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import structlog

from torrazzo.access.staff import PROGRAM, By
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Refused, TorrazzoError, Unavailable
from torrazzo.base.ids import CameraId
from torrazzo.camera.errors import CameraError
from torrazzo.camera.onvif import Client, Turning
from torrazzo.camera.onvif.describe import turning_profile
from torrazzo.camera.onvif.http import Trust
from torrazzo.town.bounds import Bounds
from torrazzo.town.camera import Camera

log = structlog.get_logger(__name__)

T = TypeVar("T")

HOME_S = 120.0  # after which it goes back, if nobody turned it
PATIENCE_S = 30.0

Tell = Callable[[CameraId, str, By], object]  # enters the fact; blocks
Work = Callable[[Turning], Coroutine[Any, Any, T]]


class NoBounds(Refused):
    """Nobody has said where it may look, or it has no device that turns."""


class TurningDesk:
    """Of one process; its loop has a thread of its own. A connection to each camera is kept while it is turned."""

    def __init__(self, clock: Clock, tell: Tell, home_s: float = HOME_S) -> None:
        self._clock, self._tell, self._home_s = clock, tell, home_s
        self._running: asyncio.AbstractEventLoop | None = None
        self._starting = threading.Lock()
        self._open: dict[CameraId, tuple[object, Client, str]] = {}
        self._locks: dict[CameraId, asyncio.Lock] = {}
        self._returns: dict[CameraId, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def do(self, camera: Camera, by: By, work: Work[T], *, is_move: bool = False) -> T:
        """Raises `NoBounds`, `Refused` for what lies outside, `CameraError`; in any thread but the loop's."""
        if camera.bounds is None or not camera.bounds.sectors:
            raise NoBounds("MN-04: nobody has said yet where this camera may look")
        return self.ask(camera, by, work, is_move=is_move)

    def ask(self, camera: Camera, by: By, work: Work[T], *, is_move: bool = False) -> T:
        """The same, for whoever is about to say where it may look: without sectors whatever turns it is refused."""
        if camera.device is None or not camera.streams:
            raise NoBounds("this camera has no address over ONVIF, by which it could be turned")
        loop = self._begun()
        future = asyncio.run_coroutine_threadsafe(self._do(camera, by, work, is_move=is_move), loop)
        try:
            return future.result(PATIENCE_S)
        except TimeoutError as error:
            future.cancel()
            raise Unavailable(f"the camera did not answer within {PATIENCE_S:.0f} s") from error

    def _begun(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._running is None:
                loop = self._running = asyncio.new_event_loop()

                def run() -> None:
                    loop.run_forever()
                    loop.run_until_complete(loop.shutdown_default_executor())
                    loop.close()

                self._thread = threading.Thread(target=run, name="turning", daemon=True)
                self._thread.start()
            return self._running

    def close(self) -> None:
        """Nothing turns any more; a camera that is to go back home stays."""
        with self._starting:
            if self._running is not None:
                self._running.call_soon_threadsafe(self._running.stop)
                self._thread.join(PATIENCE_S)
                self._running = None

    async def _do(self, camera: Camera, by: By, work: Work[T], *, is_move: bool) -> T:
        async with self._locks.setdefault(camera.id, asyncio.Lock()):
            try:
                found = await work(await self._turning(camera, by))
            except CameraError:
                self._open.pop(camera.id, None)  # its password, its addresses may be other ones now
                raise
        if is_move:
            self._return_later(camera)
        return found

    async def _turning(self, camera: Camera, by: By) -> Turning:
        main = camera.streams[0]
        like = (camera.device, camera.sensor, main.username, main.password, main.ca_pem, main.pin_sha256)
        before = self._open.get(camera.id)
        if before is None or before[0] != like:
            assert camera.device is not None
            trust = Trust(main.ca_pem, main.pin_sha256)
            client = Client(camera.device, main.username, main.password, self._clock, trust)
            await client.open()
            before = self._open[camera.id] = (like, client, await turning_profile(client, camera.sensor))

        async def told(what: str) -> None:
            await asyncio.to_thread(self._tell, camera.id, what, by)

        return Turning(before[1], before[2], camera.bounds or Bounds(), told)

    def _return_later(self, camera: Camera) -> None:
        if (before := self._returns.pop(camera.id, None)) is not None:
            before.cancel()
        if camera.bounds is not None and camera.bounds.home is not None:
            self._returns[camera.id] = asyncio.get_running_loop().call_later(self._home_s, self._begin_home, camera)

    def _begin_home(self, camera: Camera) -> None:
        assert camera.bounds is not None
        assert camera.bounds.home is not None
        task = asyncio.get_running_loop().create_task(self._go_home(camera, camera.bounds.home))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _go_home(self, camera: Camera, preset: str) -> None:
        by = By(PROGRAM, f"back to preset {preset[:40]}: nobody turned it for {self._home_s:.0f} s")
        try:
            await self._do(camera, by, lambda turning: turning.to_preset(preset), is_move=False)
        except TorrazzoError as error:
            log.warning("camera_not_back", camera=camera.id, error=str(error))
