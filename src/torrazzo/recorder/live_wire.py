# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What recorder and relay say to each other on `run/live.sock` (docs/3-formats/live.md, *Between the processes*)."""

import base64
import binascii
import json
import os
import struct
from collections import deque
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from torrazzo.base import StreamId
from torrazzo.base.errors import Invalid
from torrazzo.camera import VideoFormat, limits

KEY, CATCHING_UP, DISCONTINUITY = 1, 2, 4  # flags of a frame

MOST_STREAMS = 1_000  # that one relay watches
MOST_LINE = 128 << 10
MOST_STAND = 1 << 20  # where a parser stands: most of it is the picture that it has in hand
MOST_MESSAGE = limits.ACCESS_UNIT + 64

_LENGTH = struct.Struct(">I")
_HEAD = struct.Struct(">IBI")  # length of what follows it, kind, number
_FRAME = struct.Struct(">IBIBqqQI")  # … flags, pts, dts, UTC milliseconds of arrival, usual duration
_SOURCE = struct.Struct(">IBIQqI")  # … bytes taken so far, dts of the last frame, usual duration
_BYTES = struct.Struct(">IBIQ")  # … bytes taken before these
_FRAME_SIZE = _FRAME.size - _LENGTH.size


class Kind(IntEnum):
    """Of a message to the relay."""

    BEAT = 0  # once a second: we live
    FORMAT = 1
    FRAME = 2
    STATE = 3
    SOURCE = 4  # with a descriptor: from here on the relay looks at the camera's connection itself
    BYTES = 5  # that the recorder has read from it
    OVER = 6  # the connection: frames come as before


class Format(NamedTuple):
    """From here on frames have this one."""

    number: int
    format: VideoFormat


class LiveFrame(NamedTuple):
    """One access unit, with times in 90 kHz ticks of its stream."""

    number: int
    flags: int
    pts: int
    dts: int
    utc_ms: int  # when it reached the recorder
    lasts: int  # as frames of this stream usually do
    data: bytes

    @property
    def is_key(self) -> bool:
        """Decoding may begin here."""
        return bool(self.flags & KEY)


class State(NamedTuple):
    """How a stream is from now on."""

    number: int
    state: str  # recording, unrecorded, connecting, late, lost, off
    why: str | None
    at_ms: int  # UTC


class Source(NamedTuple):
    """A camera's connection, to be looked at and never to be read."""

    number: int
    taken: int  # bytes that the recorder has read of it
    dts: int  # of the last frame that was sent
    interval: int  # usual, in ticks
    stand: bytes  # where the recorder's parser stands behind these bytes
    descriptor: int  # the taker closes it; -1: it did not arrive


class Passed(NamedTuple):
    """Bytes that the recorder has read from it."""

    number: int
    taken: int  # before them
    data: bytes


class Over(NamedTuple):
    """That connection is nothing to look at any more."""

    number: int


class Beat(NamedTuple):
    """The recorder lives."""


Message = Format | LiveFrame | State | Source | Passed | Over | Beat


def pack_beat() -> bytes:
    """See `Kind.BEAT`."""
    return _HEAD.pack(5, Kind.BEAT, 0)


def pack_format(number: int, found: VideoFormat) -> bytes:
    """What an init segment is made from."""
    sets = [base64.b64encode(each).decode() for each in found.parameter_sets]
    body = {"codec": found.codec, "width": found.width, "height": found.height, "sets": sets}
    return _json(Kind.FORMAT, number, body)


def pack_state(state: State) -> bytes:
    """How a stream is."""
    return _json(Kind.STATE, state.number, {"state": state.state, "why": state.why, "at": state.at_ms})


def frame_head(frame: LiveFrame) -> bytes:
    """What precedes its data."""
    size = _FRAME_SIZE + len(frame.data)
    return _FRAME.pack(size, Kind.FRAME, *frame[:-1])


def pack_source(source: Source) -> tuple[bytes, bytes]:
    """The head, with which the descriptor goes, and what follows it."""
    _, *fields, stand, _ = source
    whole = _SOURCE.pack(_SOURCE.size - _LENGTH.size + len(stand), Kind.SOURCE, source.number, *fields)
    return whole[: _HEAD.size], whole[_HEAD.size :] + stand


def passed_head(number: int, taken: int, size: int) -> bytes:
    """What precedes bytes."""
    return _BYTES.pack(_BYTES.size - _LENGTH.size + size, Kind.BYTES, number, taken)


def pack_over(number: int) -> bytes:
    """See `Kind.OVER`."""
    return _HEAD.pack(5, Kind.OVER, number)


def _json(kind: Kind, number: int, body: Mapping[str, object]) -> bytes:
    data = json.dumps(body, separators=(",", ":")).encode()
    return _HEAD.pack(5 + len(data), kind, number) + data


class Incoming:
    """The relay's side: bytes in, messages out. Raises `Invalid` for what no recorder says."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._descriptors: deque[int] = deque()  # that came, in the order of their messages

    def close(self) -> None:
        """Descriptors that nobody has taken."""
        while self._descriptors:
            os.close(self._descriptors.popleft())

    def feed(self, data: bytes, descriptors: Sequence[int] = ()) -> list[Message]:
        """What is complete now. `descriptors` came with the data."""
        self._descriptors += descriptors
        buffer = self._data
        buffer += data
        found: list[Message] = []
        at = 0
        while len(buffer) - at >= _HEAD.size:
            (size,) = _LENGTH.unpack_from(buffer, at)
            if not 5 <= size <= MOST_MESSAGE:
                raise Invalid(f"a message of {size} bytes, expected 5 to {MOST_MESSAGE}")
            end = at + _LENGTH.size + size
            if len(buffer) < end:
                break
            found.append(self._parse(buffer, at, end))
            at = end
        del buffer[:at]
        return found

    def _parse(self, data: bytearray, at: int, end: int) -> Message:
        found = _parse(data, at, end)
        if isinstance(found, Source) and self._descriptors:
            return found._replace(descriptor=self._descriptors.popleft())
        return found


def _parse(data: bytearray, at: int, end: int) -> Message:
    _, kind, number = _HEAD.unpack_from(data, at)
    try:
        match kind:
            case Kind.BEAT:
                return Beat()
            case Kind.FRAME:
                fields = _FRAME.unpack_from(data, at)
                return LiveFrame._make((*fields[2:], bytes(data[at + _FRAME.size : end])))
            case Kind.BYTES:
                (*_, taken) = _BYTES.unpack_from(data, at)
                return Passed(number, taken, bytes(data[at + _BYTES.size : end]))
            case Kind.SOURCE:
                (*_, taken, dts, interval) = _SOURCE.unpack_from(data, at)
                return Source(number, taken, dts, interval, bytes(data[at + _SOURCE.size : end]), -1)
            case Kind.OVER:
                return Over(number)
            case Kind.FORMAT:
                body = json.loads(data[at + _HEAD.size : end])
                sets = tuple(base64.b64decode(each, validate=True) for each in body["sets"])
                width, height = int(body["width"]), int(body["height"])
                return Format(number, VideoFormat(str(body["codec"]), width, height, sets, 0, None))
            case Kind.STATE:
                body = json.loads(data[at + _HEAD.size : end])
                why = None if body["why"] is None else str(body["why"])
                return State(number, str(body["state"]), why, int(body["at"]))
    except (ValueError, KeyError, TypeError, struct.error, binascii.Error) as error:
        raise Invalid(f"a message of kind {kind} that is none: {error!r}") from error
    raise Invalid(f"a message of kind {kind}, which this program does not know")


def pack_watch(wanted: Mapping[int, StreamId]) -> bytes:
    """The relay's only message: all that it watches from now on, each stream under a number that it chose."""
    body = {"watch": {str(number): str(stream) for number, stream in wanted.items()}}
    return json.dumps(body, separators=(",", ":")).encode() + b"\n"


def parse_watch(line: bytes) -> dict[int, StreamId]:
    """The inverse; raises `Invalid`."""
    try:
        found = json.loads(line)["watch"]
        if len(found) > MOST_STREAMS:
            raise Invalid(f"{len(found)} streams to watch, at most {MOST_STREAMS}")
        wanted = {int(number): StreamId.parse(stream) for number, stream in found.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Invalid(f"not a list of streams to watch: {error!r}") from error
    if any(not 0 < number < 1 << 32 for number in wanted):
        raise Invalid("numbers of watched streams are from 1 to 2^32 - 1")
    return wanted
