# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What our own client doesn't speak (RTP over UDP, multicast, HTTP, SRT, files), read by PyAV in a thread.

The thread demuxes and fills a bounded queue; `sweep` empties it. A live stream that isn't swept loses whole pictures
and says so; a file waits, and is read as fast as it was filmed. Addresses with passwords go to the library and nowhere
else.
"""

import asyncio
import threading
import urllib.parse
from collections import deque
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import av
import av.error
import av.logging
from av.container import InputContainer
from av.video.stream import VideoStream

from torrazzo.base.clock import Clock
from torrazzo.camera import limits
from torrazzo.camera.boxed import parse_extradata, split_boxed
from torrazzo.camera.codec.access_unit import Assembler
from torrazzo.camera.errors import CameraError
from torrazzo.camera.source import StreamAddress
from torrazzo.camera.units import Event

_CODECS = {"h264": "h264", "hevc": "h265"}
_READ_SECONDS = 5
_SECOND_NS = 1_000_000_000
_PROTOCOLS = {  # what a stream of each scheme may open in turn: a playlist must not reach our files
    "rtsp": "rtsp,rtp,udp,tcp",
    "rtsps": "rtsps,rtsp,rtp,udp,tcp,tls",
    "rtp": "rtp,udp",
    "udp": "udp,rtp",
    "http": "http,https,tcp,tls,crypto",
    "https": "http,https,tcp,tls,crypto",
    "srt": "srt",
    "file": "file",
}


class _Picture(NamedTuple):
    data: bytes
    nals: Sequence[tuple[int, int]]
    pts: int
    lost: int
    arrived_ns: int


class _Reader:
    """The thread's side."""

    def __init__(self, config: StreamAddress, clock: Clock, opened: "asyncio.Future[Assembler]") -> None:
        self._config = config
        self._clock = clock
        self._opened = opened
        self._loop = asyncio.get_running_loop()
        self._parts = urllib.parse.urlsplit(config.url)
        self._scheme = self._parts.scheme.lower() or "file"
        self.place = self._parts.hostname or "the file"
        self._queue: deque[_Picture] = deque()
        self._held = 0  # bytes
        self._lost = 0
        self._change = threading.Condition()
        self._is_over = False
        self.failure: Exception | None = None
        self.thread = threading.Thread(target=self._run, name=f"read {self.place}", daemon=True)

    # -- called by the loop ----------------------------------------------------------------------------------------

    def take(self) -> list[_Picture]:
        """All that waits."""
        with self._change:
            found = list(self._queue)
            self._queue.clear()
            self._held = 0
            self._change.notify_all()
        return found

    def stop(self) -> None:
        """Let the thread end; it may take as long as one read."""
        with self._change:
            self._is_over = True
            self._change.notify_all()

    # -- the thread ------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        failure: Exception
        try:
            self._read()
            failure = CameraError(f"{self.place}: the stream is over", "net")
        except CameraError as error:
            failure = error
        except av.error.FFmpegError as error:
            failure = _explain(error, self.place)
        except Exception as error:  # noqa: BLE001 - `sweep` raises it: the stream's fault, not the end of the recorder
            failure = error
        self.failure = failure
        self._tell(failure)

    def _read(self) -> None:
        av.logging.set_level(None)  # its lines would hold addresses
        with av.open(
            self._url(),
            options=self._options(),
            metadata_errors="replace",  # texts in a stream are its sender's
            timeout=(limits.FOREIGN_OPEN_SECONDS, _READ_SECONDS),
        ) as container:
            stream = _choose(container, self.place)
            extradata = stream.codec_context.extradata or b""
            codec = _CODECS[stream.codec_context.name]
            length_size, sets = parse_extradata(codec, extradata)
            self._tell(Assembler(codec, sets))
            base = stream.time_base or Fraction(1, 90_000)
            began: tuple[int, int] | None = None
            for packet in container.demux(stream):
                stamp = packet.dts if packet.pts is None else packet.pts
                if self._is_over:
                    return
                if packet.is_corrupt or packet.size > limits.ACCESS_UNIT:
                    self._lost += 1
                    continue
                if not packet.size:
                    continue
                if stamp is None:
                    raise CameraError(f"{self.place} gives pictures without times; use a format that has them", "codec")
                data, nals = split_boxed(bytes(packet), length_size)
                if self._scheme == "file":
                    ticks = int((packet.dts if packet.dts is not None else stamp) * base * 90_000)
                    began = began or (ticks, self._clock.boot_ns())
                    self._pace(ticks - began[0], began[1])
                self._put(_Picture(data, nals, int(stamp * base * 90_000), self._lost, self._clock.boot_ns()))

    def _pace(self, ticks: int, began_ns: int) -> None:
        """Wait until a file's picture would have come from a camera."""
        with self._change:
            while not self._is_over:
                early = began_ns + ticks * 100_000 // 9 - self._clock.boot_ns()
                if early <= 0:
                    return
                self._change.wait(early / _SECOND_NS)

    def _put(self, picture: _Picture) -> None:
        with self._change:
            while self._is_full() and self._scheme == "file" and not self._is_over:
                self._change.wait()
            if self._is_full():
                self._lost += 1
                return
            self._lost = 0
            self._held += len(picture.data)
            self._queue.append(picture)

    def _is_full(self) -> bool:
        return len(self._queue) >= limits.FOREIGN_PACKETS or self._held > limits.FOREIGN_QUEUE

    def _tell(self, outcome: Assembler | Exception) -> None:
        def settle() -> None:
            if self._opened.done():
                return
            if isinstance(outcome, Exception):
                self._opened.set_exception(outcome)
            else:
                self._opened.set_result(outcome)

        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(settle)

    def _url(self) -> str:
        if self._scheme == "file":
            return urllib.parse.unquote(self._parts.path)
        user, secret = self._config.username, self._config.password
        if user is None:
            return self._config.url
        info = urllib.parse.quote(user, safe="")
        if secret is not None:
            info += ":" + urllib.parse.quote(secret.reveal(), safe="")
        place = self._parts.netloc.rpartition("@")[2]
        return urllib.parse.urlunsplit(self._parts._replace(netloc=f"{info}@{place}"))

    def _options(self) -> dict[str, str]:
        options = {"protocol_whitelist": _PROTOCOLS.get(self._scheme, self._scheme)}
        if self._scheme in {"rtsp", "rtsps"}:
            options |= {"rtsp_transport": "udp+udp_multicast", "allowed_media_types": "video", "buffer_size": "4194304"}
        if self._scheme in {"udp", "rtp"}:
            options |= {"buffer_size": "4194304"}
        return options


class ForeignSource:
    """An open stream (see `Source`)."""

    def __init__(self, reader: _Reader, assembler: Assembler) -> None:
        self._reader: _Reader | None = reader
        self._assembler = assembler
        self._failure: Exception | None = None
        self.fileno: int | None = None
        self.receive_buffer = limits.FOREIGN_QUEUE
        self.last_sweep_bytes = 0
        self.description = f"from {reader.place} by PyAV"

    @property
    def missing(self) -> str | None:
        """Why no picture could be given yet."""
        return self._assembler.missing

    def sweep(self, now_ns: int) -> list[Event]:  # noqa: ARG002 - pictures carry the time of their own reads
        """As `Source.sweep`."""
        if self._failure is not None:
            raise self._failure
        events: list[Event] = []
        size = 0
        if self._reader is not None:
            failure = self._reader.failure  # before the queue: what came first must be given first
            for picture in self._reader.take():
                size += len(picture.data)
                events += self._assembler.push(
                    picture.data, picture.nals, picture.pts, picture.lost, picture.arrived_ns, discontinuity=False
                )
            if failure is not None:
                self._failure = failure
                events += self._assembler.flush()
                if not events:
                    raise failure
        self.last_sweep_bytes = size
        return events

    def request_key_frame(self) -> None:
        """There is no way to ask through PyAV."""

    async def close(self) -> None:
        """As `Source.close`; the thread ends by itself, within one read."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.stop()
            await asyncio.to_thread(reader.thread.join, 1.0)


async def open_foreign(config: StreamAddress, clock: Clock) -> ForeignSource:
    """Open what PyAV can read. Raises `CameraError`."""
    if config.pin_sha256 is not None or config.ca_pem is not None:
        raise CameraError("a certificate can be set only for rtsps:// over TCP; remove it or change the address", "net")
    opened: asyncio.Future[Assembler] = asyncio.get_running_loop().create_future()
    reader = _Reader(config, clock, opened)
    reader.thread.start()
    try:
        return ForeignSource(reader, await opened)
    except BaseException:
        reader.stop()
        raise


def _choose(container: InputContainer, place: str) -> VideoStream:
    """The first video stream that can be stored. Raises `CameraError`."""
    if not container.streams.video:
        raise CameraError(f"{place} holds no video", "nosignal")
    for stream in container.streams.video:
        if stream.codec_context.name in _CODECS:
            return stream
    names = ", ".join(stream.codec_context.name.upper() for stream in container.streams.video)
    raise CameraError(
        f"{place} sends video as {names}, which can't be stored; "
        "set this stream to H.264 or H.265 in the camera's video settings",
        "codec",
    )


def _explain(error: av.error.FFmpegError, place: str) -> CameraError:
    """Without the library's own text about addresses."""
    if isinstance(error, (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError)):
        return CameraError(f"{place} refuses the user or the password", "auth")
    if isinstance(error, av.error.HTTPClientError):
        return CameraError(f"{place} refuses this address ({type(error).__name__})", "nosignal")
    return CameraError(f"{place} can't be read: {error.strerror or type(error).__name__}", "net")
