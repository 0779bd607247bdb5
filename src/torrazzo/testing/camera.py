# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A camera that isn't there: an RTSP 1.0 server over TCP that behaves like one, and as badly as asked."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from torrazzo.base.clock import Clock, SystemClock
from torrazzo.base.errors import Invalid
from torrazzo.base.times import ns_from_ticks
from torrazzo.testing import faults
from torrazzo.testing.clips import Clip, ClipUnit
from torrazzo.testing.clock_face import RunningClock
from torrazzo.testing.faults import Fault
from torrazzo.testing.packets import Burst, make_burst
from torrazzo.testing.player import Mood, Outlet, Player, Sent, media_ns, until_ns
from torrazzo.testing.reel import Reel, Shot
from torrazzo.testing.wire import Binary, Gate, Request, describe, read_message, response

_BILLION = 1_000_000_000
_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER, SET_PARAMETER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How a healthy camera of this make behaves."""

    path: str = "/live"
    username: str = ""  # empty: anyone may come in
    password: str = ""
    auth: tuple[str, ...] = ("md5",)  # of basic, md5, sha-256
    qop: bool = False
    nonce_uses: int | None = None
    tls: ssl.SSLContext | None = None  # then it speaks rtsps
    session_timeout: int = 60  # seconds; told to the client, and enforced
    keep_alive: tuple[str, ...] = ("OPTIONS", "GET_PARAMETER", "SET_PARAMETER")  # requests that count
    rtcp_keeps_alive: bool = False  # whether receiver reports count too
    control: str = "relative"  # or absolute
    content_base: str | None = ""  # empty: right; None: absent; else as given
    sdp_parameter_sets: bool = True
    band_parameter_sets: bool = True
    aggregate: bool = False  # STAP-A / AP for what precedes the picture
    marker: bool = True  # off: a known flaw, no packet carries the marker bit
    rtp_info: bool = True
    audio: bool = False  # announced, never sent
    mtu: int = 1400
    report_seconds: float | None = 1.0  # sender reports
    ppm: float = 0.0  # its clock runs that much too fast
    utc_offset_ns: int = 0  # its UTC is wrong by so much
    join: str = "key"  # or: any (the first picture may be no key frame), forced (a key frame at once)
    answers_pli: bool = False
    slow_bytes: int = 512 * 1024  # what it holds for a slow reader before it leaves pictures out
    keeps_log: bool = True
    seed: int = 1


class Bursts:
    """Pictures in packets, made once; cameras of the same habits may share it."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[ClipUnit, Burst]] = {}  # the unit is kept so that its id stays its own

    def of(self, shot: Shot, habits: Habits) -> Burst:
        """The packets of a picture."""
        if (made := self._made.get(id(shot.unit))) is None:
            made = self._made[id(shot.unit)] = (shot.unit, burst_of(shot, habits))
        return made[1]


def burst_of(shot: Shot, habits: Habits) -> Burst:
    """The packets of a picture, as a camera of these habits makes them."""
    return make_burst(
        shot.clip.codec, shot.unit, habits.mtu,
        aggregate=habits.aggregate, parameter_sets=habits.band_parameter_sets, marker=habits.marker,
    )  # fmt: skip


class FakeCamera:
    """Its pictures are made on its own time line from `start` on, whether someone watches or not.

    All methods but `do` and `at` belong to the loop in which it was started; these two may be called from any thread.
    `log` tells what became of each picture made while someone was watching, `requests` what clients asked.
    """

    def __init__(
        self,
        clip: Clip,
        clock: Clock | None = None,
        habits: Habits | None = None,
        bursts: "Bursts | None" = None,
        face: RunningClock | None = None,
    ) -> None:
        self.habits = habits or Habits()
        self.log: list[Sent] = []
        self.requests: list[Request] = []
        self.receiver_reports = self.picture_losses = 0
        self.port = 0
        self.epoch_ns = 0
        self._clock = clock or SystemClock()
        self._reel = Reel(clip)
        self._mood = Mood()
        self._bursts = bursts or Bursts()
        self._face = face
        self._connections: list[_Connection] = []
        self._serving: set[asyncio.Task[None]] = set()
        self._sessions = 0
        self._server: asyncio.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._feeding: asyncio.Task[None] | None = None
        self._planned: list[tuple[float, Fault]] = []
        self._by_serial: dict[int, list[Fault]] = {}
        self.unauthorized_until = self.mute_until = 0.0
        self.slow_replies: dict[str, float] = {}
        self.answers: dict[str, faults.Answer] = {}

    @property
    def url(self) -> str:
        """Without user and password."""
        scheme = "rtsps" if self.habits.tls else "rtsp"
        return f"{scheme}://127.0.0.1:{self.port}{self.habits.path}"

    @property
    def connections(self) -> int:
        """Open now."""
        return len(self._connections)

    @property
    def made(self) -> int:
        """Serial number of the picture that is due next: how many were made until now."""
        if not self._is_feeding():
            self._reel.forward(self._elapsed())
        return self._reel.next_serial

    async def start(self, port: int = 0) -> None:
        """Switch it on; 0: on a free port."""
        self._loop = asyncio.get_running_loop()
        self.epoch_ns = self._clock.boot_ns()
        self.port = port
        await self._listen()
        for seconds, fault in self._planned:
            self._loop.call_later(seconds, self._apply, fault)
        self._planned.clear()

    async def stop(self) -> None:
        """Switch it off."""
        self._hang_up(reset=True)
        if self._server is not None:
            self._server.close()
        if self._feeding is not None:
            self._feeding.cancel()
            await asyncio.wait([self._feeding])
        if self._serving:
            await asyncio.wait(self._serving)

    def do(self, fault: Fault) -> None:
        """Now, or as soon as the loop comes to it."""
        if self._loop is None:
            self._planned.append((0, fault))
        else:
            self._loop.call_soon_threadsafe(self._apply, fault)

    def at(self, seconds: float, fault: Fault) -> None:
        """So long after `start` (or from now, if it runs)."""
        if self._loop is None:
            self._planned.append((seconds, fault))
        else:
            self._loop.call_soon_threadsafe(self._loop.call_later, seconds, self._apply, fault)

    def at_picture(self, serial: int, fault: Fault) -> None:
        """Just before the picture of that serial number is sent; only while someone watches."""
        self._by_serial.setdefault(serial, []).append(fault)

    # --- what goes wrong

    def _apply(self, fault: Fault) -> None:
        now = self._clock.boot_ns()
        if self._mood.take_on(fault, now, self._reel.due if self._is_feeding() else self._elapsed()):
            if isinstance(fault, faults.Freeze) and not fault.answers:
                self.mute_until = until_ns(now, fault.seconds)
            return
        players = [player for connection in self._connections for player in connection.players()]
        match fault:
            case faults.ChangeClip(clip):
                self._reel.forward(0 if self._is_feeding() else self._elapsed())
                self._reel.load(clip)
            case faults.Garbage(size):
                for player in players:
                    player.garbage(size)
            case faults.NewSource():
                for player in players:
                    player.new_source()
            case faults.Bye():
                for player in players:
                    player.bye()
            case _:
                self._apply_to_server(fault, now)

    def _apply_to_server(self, fault: Fault, now: int) -> None:
        match fault:
            case faults.Drip(rate, seconds):
                for connection in self._connections:
                    connection.outlet.drip(rate, seconds)
            case faults.Unauthorized(seconds):
                self.unauthorized_until = until_ns(now, seconds)
                if fault.closes:
                    self._hang_up(reset=False)
            case faults.Close(reset):
                self._hang_up(reset=reset)
            case faults.Refuse(seconds):
                self._refuse(seconds)
            case faults.SlowReply(method, seconds):
                self.slow_replies[method] = seconds
            case faults.Answer(method):
                self.answers[method] = fault
            case faults.Recover():
                self._recover()
            case _:
                raise Invalid(f"no camera can do this: {fault}")

    def _recover(self) -> None:
        self._mood = Mood(jump_ticks=self._mood.jump_ticks, jump_utc_ns=self._mood.jump_utc_ns)
        self.unauthorized_until = self.mute_until = 0.0
        self.slow_replies.clear()
        self.answers.clear()
        for connection in self._connections:
            connection.outlet.undrip()
        if self._server is None:
            asyncio.ensure_future(self._listen())  # noqa: RUF006 - ends by itself, the loop is the camera's

    def _refuse(self, seconds: float | None) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self._hang_up(reset=True)
        if seconds is not None and self._loop is not None:
            self._loop.call_later(seconds, lambda: asyncio.ensure_future(self._listen()))

    def _hang_up(self, *, reset: bool) -> None:
        for connection in list(self._connections):
            connection.close(reset=reset)

    # --- the server

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self.habits.tls)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(self, Outlet(writer), self._clock)
        self._connections.append(connection)
        task = asyncio.current_task()
        assert task is not None, "asyncio runs this in a task"
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        try:
            await connection.run(reader)
        finally:
            connection.close(reset=False)
            self._connections.remove(connection)

    def describe(self) -> str:
        """The SDP of what it shows now."""
        is_absolute = self.habits.control == "absolute"
        return describe(
            self._reel.clip,
            control=f"{self.url}/trackID=1" if is_absolute else "trackID=1",
            aggregate_control=self.url if is_absolute else "*",
            parameter_sets=self.habits.sdp_parameter_sets,
            audio=self.habits.audio,
        )

    def admit(self, outlet: Outlet, channel: int) -> Player:
        """A new session for a connection; pictures come when `play` is called."""
        self._sessions += 1
        seed = self.habits.seed * 1000 + self._sessions
        log = self.log if self.habits.keeps_log else None
        return Player(outlet, channel, self._sessions, self._clock, seed, log, self.habits.slow_bytes)

    def play(self, player: Player) -> int:
        """Let the pictures flow; returns the RTP time stamp of the first one that will be sent."""
        if not self._is_feeding():
            self._reel.forward(self._elapsed())
            self._feeding = asyncio.create_task(self._feed())
        player.wants_key = self.habits.join != "any"
        if self.habits.join == "forced":
            self._reel.load(self._reel.clip)
        return player.base + self._reel.next_key().pts + self._mood.jump_ticks & 0xFFFF_FFFF

    def picture_lost(self) -> None:
        """A client sent PLI or FIR."""
        self.picture_losses += 1
        if self.habits.answers_pli:
            self._reel.load(self._reel.clip)

    # --- the pictures

    def _is_feeding(self) -> bool:
        return self._feeding is not None and not self._feeding.done()

    def _elapsed(self) -> int:
        """Ticks of the camera's clock since it was switched on."""
        ns = (self._clock.boot_ns() - self.epoch_ns) * (1 + self.habits.ppm / 1_000_000)
        return round(ns * 9 / 100_000)

    async def _feed(self) -> None:
        while any(connection.is_playing for connection in self._connections):
            due = self.epoch_ns + media_ns(self._reel.due, self.habits.ppm)
            await asyncio.sleep(max(0, (due - self._clock.boot_ns()) / _BILLION))
            for fault in self._by_serial.pop(self._reel.next_serial, ()):
                self._apply(fault)
            self._show(self._reel.take())

    def _show(self, shot: Shot) -> None:
        now = self._clock.boot_ns()
        if self._face is not None:
            shot = shot._replace(unit=self._face.show(shot.unit, self._made_utc_ns(shot, now) * 9 // 100_000))
            burst = burst_of(shot, self.habits)
        else:
            burst = self._bursts.of(shot, self.habits)
        withheld = self._mood.withholds(shot, now)
        for connection in self._connections:
            if connection.is_expired(now):
                connection.close(reset=False)
            for player in connection.playing():
                player.offer(shot, burst, self._mood, withheld=withheld)
                self._report(player, shot, now)

    def _report(self, player: Player, shot: Shot, now: int) -> None:
        seconds = self.habits.report_seconds
        if seconds is None or now < player.next_report_ns or now < self._mood.frozen_until or player.wants_key:
            return
        player.next_report_ns = now + round(seconds * _BILLION)
        utc_ns = self._made_utc_ns(shot, now) + self.habits.utc_offset_ns + self._mood.jump_utc_ns
        player.report(shot.pts + self._mood.jump_ticks, utc_ns)

    def _made_utc_ns(self, shot: Shot, now: int) -> int:
        return ns_from_ticks(self._clock.utc()) + self.epoch_ns + media_ns(shot.pts, self.habits.ppm) - now


class _Connection:
    """One client's connection: requests in, replies and pictures out."""

    def __init__(self, camera: FakeCamera, outlet: Outlet, clock: Clock) -> None:
        self.outlet = outlet
        self.is_playing = False
        self._camera, self._clock, self._habits = camera, clock, camera.habits
        self._gate = Gate(
            self._habits.username, self._habits.password, self._habits.auth, self._habits.qop, self._habits.nonce_uses
        )
        self._player: Player | None = None
        self._alive_ns = clock.boot_ns()
        self._has_session = False

    def players(self) -> Sequence[Player]:
        """The session set up here, if any."""
        return [self._player] if self._player is not None else []

    def playing(self) -> Sequence[Player]:
        """The session, if pictures flow."""
        return self.players() if self.is_playing else ()

    def is_expired(self, now_ns: int) -> bool:
        """Whether the client has kept silent for longer than the session lasts."""
        return self.is_playing and now_ns > self._alive_ns + self._habits.session_timeout * _BILLION

    def close(self, *, reset: bool) -> None:
        """End it."""
        self.is_playing = False
        if self._player is not None:
            self._player.settle(over=True)
        self.outlet.close(reset=reset)

    async def run(self, reader: asyncio.StreamReader) -> None:
        """Serve until the client leaves."""
        self.outlet.writer.transport.set_write_buffer_limits(high=1)
        while True:
            try:
                message = await read_message(reader)
            except Invalid:
                return
            if message is None:
                return
            if isinstance(message, Binary):
                self._hear(message)
            elif not await self._reply(replace(message, arrived_ns=self._clock.boot_ns())):
                return

    def _hear(self, packet: Binary) -> None:
        """RTCP of the client: receiver reports and wishes for a key frame (RFC 4585 section 6.3.1, RFC 5104 4.3.1)."""
        if self._habits.rtcp_keeps_alive:
            self._alive_ns = self._clock.boot_ns()
        at = 0
        while at + 4 <= len(packet.data):
            kind, form = packet.data[at + 1], packet.data[at] & 31
            if kind == 201:
                self._camera.receiver_reports += 1
            elif kind == 206 and form in (1, 4):
                self._camera.picture_lost()
            at += 4 + 4 * int.from_bytes(packet.data[at + 2 : at + 4], "big")

    async def _reply(self, request: Request) -> bool:
        camera, now = self._camera, self._clock.boot_ns()
        camera.requests.append(request)
        if now < camera.mute_until:
            return True
        if seconds := camera.slow_replies.get(request.method):
            await asyncio.sleep(seconds)
        status, headers, body, after = self._answer(request)
        if status == 200 and (request.method in self._habits.keep_alive or request.method == "PLAY"):
            self._alive_ns = self._clock.boot_ns()
        self.outlet.write(response(request, status, headers, body))
        if after is not None:
            after()
        if request.method == "TEARDOWN" and status == 200:
            with contextlib.suppress(ConnectionError):
                await self.outlet.writer.drain()
            return False
        return True

    def _answer(self, request: Request) -> "_Reply":
        camera = self._camera
        if (forced := camera.answers.get(request.method)) is not None:
            if forced.count is not None:
                left = replace(forced, count=forced.count - 1)
                camera.answers[request.method] = left
                if left.count == 0:
                    del camera.answers[request.method]
            return forced.status, [("Location", forced.location)] if forced.location else [], "", None
        if self._clock.boot_ns() < camera.unauthorized_until or (
            self._habits.username and request.method != "OPTIONS" and not self._gate.admits(request)
        ):
            return 401, self._gate.challenges(), "", None
        handler = {
            "OPTIONS": self._options,
            "DESCRIBE": self._describe,
            "SETUP": self._setup,
            "PLAY": self._play,
            "TEARDOWN": self._teardown,
            "GET_PARAMETER": self._options,
            "SET_PARAMETER": self._options,
        }.get(request.method)
        if handler is None or (request.method.endswith("PARAMETER") and request.method not in self._habits.keep_alive):
            return 501, [("Public", _METHODS)], "", None
        return handler(request)

    def _options(self, _: Request) -> "_Reply":
        return 200, [("Public", _METHODS), *self._session()], "", None

    def _session(self) -> list[tuple[str, str]]:
        if self._player is None:
            return []
        return [("Session", f"{self._player.number:08d};timeout={self._habits.session_timeout}")]

    def _describe(self, request: Request) -> "_Reply":
        if not self._is_ours(request.url):
            return 404, [], "", None
        base = self._habits.content_base
        headers = [("Content-Type", "application/sdp")]
        if base is not None:
            headers.append(("Content-Base", base or f"{self._camera.url}/"))
        return 200, headers, self._camera.describe(), None

    def _setup(self, request: Request) -> "_Reply":
        if not self._is_ours(request.url):
            return 404, [], "", None
        transport = request.headers.get("transport", "")
        if "TCP" not in transport:
            return 461, [], "", None
        if request.url.endswith("-audio"):
            return 200, [("Transport", transport), *self._session()], "", None
        channel = int(transport.partition("interleaved=")[2].partition("-")[0] or 0)
        self._player = self._camera.admit(self.outlet, channel)
        reply = f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1};ssrc={self._player.ssrc:08X}"
        return 200, [("Transport", reply), *self._session()], "", None

    def _play(self, request: Request) -> "_Reply":
        player = self._player
        if player is None:
            return 455, [], "", None
        if request.headers.get("session", "").partition(";")[0] != f"{player.number:08d}":
            return 454, [], "", None
        self.is_playing = True
        first = self._camera.play(player)
        headers = [("Range", "npt=now-"), *self._session()]
        if self._habits.rtp_info:
            headers.append(("RTP-Info", f"url={self._camera.url}/trackID=1;seq={player.seq};rtptime={first}"))
        return 200, headers, "", None

    def _teardown(self, _: Request) -> "_Reply":
        return 200, self._session(), "", partial(setattr, self, "is_playing", False)

    def _is_ours(self, url: str) -> bool:
        return url.partition("://")[2].partition("/")[2].startswith(self._habits.path.lstrip("/"))


_Reply = tuple[int, list[tuple[str, str]], str, Callable[[], None] | None]
