# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A second parser of one camera's bytes, in another process: it goes on exactly where the first one stands. Pure.

What the first one stands at goes across as JSON. Messages and reports among the packets are the first one's business:
the second passes over them, answers nothing, and tells pictures alone.
"""

import base64
import binascii
import json
from typing import Any

from torrazzo.base.errors import Invalid
from torrazzo.camera import limits
from torrazzo.camera.codec.access_unit import Assembler
from torrazzo.camera.rtp import Depacketizer
from torrazzo.camera.rtsp import parse_message
from torrazzo.camera.sdp import Track
from torrazzo.camera.source import Scratch
from torrazzo.camera.units import AccessUnit

_BYTES = "b64"


def pack_stand(
    track: Track, channels: tuple[int, int], packets: Depacketizer, assembler: Assembler, rest: bytes
) -> bytes:
    """Where a parser stands between two sweeps. `rest`: what it could not use yet."""
    body = {
        "codec": track.codec,
        "type": track.payload_type,
        "clock": track.clock,
        "channels": channels,
        "rest": rest,
        "packets": packets.stand(),
        "assembler": assembler.stand(),
    }
    return json.dumps(body, separators=(",", ":"), default=_from_bytes).encode()


class Follower:
    """Takes the bytes that follow, and gives the pictures that the first parser will give of them."""

    def __init__(self, stand: bytes, scratch: Scratch) -> None:
        """Raises `Invalid` for what no recorder packs."""
        try:
            body = json.loads(stand, object_hook=_to_bytes)
            self._assembler = Assembler(body["codec"])
            self._assembler.resume(body["assembler"])
            rtp, rtcp = body["channels"]
            self._packets = Depacketizer(body["codec"], body["type"], body["clock"], (rtp, rtcp), self._assembler)
            self._packets.resume(body["packets"])
            self._rest = bytes(body["rest"])
        except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
            raise Invalid(f"not where a parser stands: {error!r}") from error
        self._scratch = scratch

    def take(self, data: memoryview | bytes, now_ns: int) -> list[AccessUnit]:
        """The pictures that these bytes complete. Raises `CameraError` where they are no stream."""
        view = memoryview(data)
        for at in range(0, len(view), limits.SWEEP):
            self._take(view[at : at + limits.SWEEP], now_ns)
        return self._packets.take()

    def _take(self, more: memoryview, now_ns: int) -> None:
        data, view, packets = self._scratch.data, self._scratch.view, self._packets
        held = len(self._rest)
        end = held + len(more)
        view[:held], view[held:end] = self._rest, more
        at = 0
        while True:
            at = packets.feed(data, view, at, end, now_ns)
            if at == end or data[at] == 0x24:
                break
            found = parse_message(data, at, end)
            if found is None:
                break
            at = found[1]
        packets.reports.clear()
        self._rest = bytes(view[at:end])
        packets.keep()


def _from_bytes(value: object) -> dict[str, str]:
    if not isinstance(value, bytes):
        raise TypeError(f"not a part of where a parser stands: {type(value).__name__}")
    return {_BYTES: base64.b64encode(value).decode()}


def _to_bytes(found: dict[str, Any]) -> Any:
    return base64.b64decode(found[_BYTES], validate=True) if found.keys() == {_BYTES} else found
