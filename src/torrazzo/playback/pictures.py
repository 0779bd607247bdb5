# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Coded frames → JPEG, in processes of their own (picture_worker.py): what a frame does to a decoder, it does there."""

import contextlib
import json
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

import structlog

from torrazzo.base.clock import Clock
from torrazzo.base.errors import Damaged, Unavailable
from torrazzo.playback.frames import Coded

WORKERS = 2
WAITING = 16  # more than that are refused
TIMEOUT_S = 15.0  # for one picture
IDLE_NS = 60_000_000_000
LARGEST = 64 << 20  # bytes of a JPEG
STILL_QUALITY, THUMBNAIL_QUALITY = 1, 6  # quantiser scales of JPEG: 1 is the finest

_PROGRAM = Path(__file__).with_name("picture_worker.py")
_START_CODE = b"\x00\x00\x00\x01"

log = structlog.get_logger(__name__)


class Busy(Unavailable):
    """More pictures are asked for than are decoded."""


class Undecodable(Damaged):
    """No decoder makes a picture of it, or not in time."""


class Picture(NamedTuple):
    """A JPEG."""

    data: bytes
    width: int
    height: int


class _Worker:
    """One process. It lives for many pictures, and dies of one."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            (sys.executable, "-I", str(_PROGRAM)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            start_new_session=True,
        )
        self.used_ns = 0

    def ask(self, request: bytes) -> Picture:
        """Raises `Undecodable`; `OSError` or `EOFError` where the process died of it."""
        source, sink = self._process.stdin, self._process.stdout
        assert source is not None
        assert sink is not None
        timer = threading.Timer(TIMEOUT_S, self._process.kill)
        timer.start()
        try:
            source.write(request)
            source.flush()
            said = json.loads(_exactly(sink, struct.unpack(">I", _exactly(sink, 4))[0]))
            if "error" in said:
                raise Undecodable(f"the picture can't be decoded: {said['error']}")
            if not 4 < said["size"] <= LARGEST:
                raise EOFError("no picture")
            return Picture(_exactly(sink, said["size"]), said["width"], said["height"])
        finally:
            timer.cancel()

    def end(self) -> None:
        """It holds nothing."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                assert pipe is not None
                pipe.close()


class Pictures:
    """May be used by several threads. Processes begin with the first picture, and end when none was asked for long."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._places = threading.BoundedSemaphore(WORKERS)
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._waiting = 0

    def still(self, coded: Coded) -> Picture:
        """In its own size."""
        return self._picture(coded, None, STILL_QUALITY)

    def thumbnail(self, coded: Coded, width: int) -> Picture:
        """So wide at most."""
        return self._picture(coded, width, THUMBNAIL_QUALITY)

    def tend(self) -> None:
        """Now and then: end those that are not needed."""
        now = self._clock.boot_ns()
        with self._lock:
            over = [worker for worker in self._idle if now - worker.used_ns > IDLE_NS]
            self._idle = [worker for worker in self._idle if worker not in over]
        for worker in over:
            worker.end()

    def close(self) -> None:
        """With the process."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.end()

    def _picture(self, coded: Coded, width: int | None, quality: int) -> Picture:
        request = _request(coded, width, quality)
        with self._place():
            worker = self._take()
            try:
                picture = worker.ask(request)
            except Undecodable:
                self._give_back(worker)
                raise
            except (OSError, EOFError, ValueError, KeyError, TypeError, struct.error) as error:
                worker.end()
                log.warning("decoder_died", codec=coded.codec, t=coded.t, error=repr(error))
                raise Undecodable("the picture can't be decoded: the decoder died of it, or took too long") from error
            except BaseException:
                worker.end()
                raise
            self._give_back(worker)
            return picture

    @contextlib.contextmanager
    def _place(self) -> Iterator[None]:
        with self._lock:
            if self._waiting >= WAITING:
                raise Busy("too many pictures are being decoded; try again")
            self._waiting += 1
        try:
            with self._places:
                yield
        finally:
            with self._lock:
                self._waiting -= 1

    def _take(self) -> _Worker:
        with self._lock:
            return self._idle.pop() if self._idle else _Worker()

    def _give_back(self, worker: _Worker) -> None:
        worker.used_ns = self._clock.boot_ns()
        with self._lock:
            self._idle.append(worker)


def _request(coded: Coded, width: int | None, quality: int) -> bytes:
    sets = b"".join(_START_CODE + nal for nal in coded.parameter_sets)
    packets = [_annex_b(data) for data in coded.packets]
    packets[0] = sets + packets[0]
    head = {"codec": coded.codec, "width": width, "quality": quality, "sizes": [len(data) for data in packets]}
    text = json.dumps(head).encode()
    return b"".join((struct.pack(">I", len(text)), text, *packets))


def _annex_b(data: bytes) -> bytes:
    """The same NAL units, each behind a start code."""
    parts: list[bytes] = []
    at = 0
    while at + 4 <= len(data):
        size = int.from_bytes(data[at : at + 4])
        parts += (_START_CODE, data[at + 4 : at + 4 + size])
        at += 4 + size
    return b"".join(parts)


def _exactly(sink: IO[bytes], size: int) -> bytes:
    if size > LARGEST:
        raise EOFError("an answer of that size is none")
    data = sink.read(size)
    if len(data) < size:
        raise EOFError("the decoder is gone")
    return data
