# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""RTP packets of one video track, as they lie in an interleaved stream, to whole pictures. Pure, and the hot path.

The packets of a large picture differ only in their number and content. `feed` therefore knows what the next packet's
header must be, compares it at one go, and keeps a view of its content. How most pictures begin and end has a way of its
own (`_opens`, `_end`); everything else (small NAL units, several slices, losses, other channels) takes the slow way
through `_packet`, and what the quick ways do is what it does. No object is made per packet but that view; one join
makes the picture. Views point into the caller's buffer: `keep` copies what is unfinished before the buffer is used
again.

A picture ends with the marker bit once the camera has shown that its markers can be trusted (`_TRUST` pictures in which
the marker stood at the end and nowhere else), before that and without markers when the time stamp changes. A picture of
which a packet is missing is dropped; the next one says how many packets were lost. (RFC 3550, 6184, 7798.)
"""

import struct
from collections.abc import Mapping
from typing import Any

from torrazzo.camera import limits
from torrazzo.camera.payload import PAYLOADS, split_units
from torrazzo.camera.units import AccessUnit, UnitAssembler

# '$' and channel, length, V P X CC M PT and sequence number, time stamp and SSRC, payload header and more
_PEEK = struct.Struct(">HHIQI")
_HEADER = struct.Struct(">HHII")
_LENGTH = struct.Struct(">I")
_TRUST = 3
_ROOM = b"\0\0\0\0"  # where a NAL unit's length will stand

# All that decides what the next bytes make, beside the parts of the picture at hand
_STAND = (
    *("_want", "_origin", "_middle", "_size", "_open", "_kept", "_stamp", "_pictures", "_is_headless", "_marked"),
    *("_damaged", "_ssrc", "_pts", "_arrived_ns", "_done_stamp", "_trust", "_lies", "_gap", "_lost"),
    *("_discontinuity", "_late"),
)

PEEK_SIZE = _PEEK.size  # bytes that must exist behind the end of what `feed` is given


class Depacketizer:
    """Pictures of one track. Counters only grow."""

    def __init__(
        self, codec: str, payload_type: int, clock: int, channels: tuple[int, int], out: UnitAssembler
    ) -> None:
        self._rules = PAYLOADS[codec]
        self._type = payload_type
        self._clock = clock
        self._out = out
        self._rtp_head = 0x2400 | channels[0]
        self._rtcp_head = 0x2400 | channels[1]
        # What `feed` compares: the next packet's number, time stamp and sender, the payload header of a middle fragment
        self._want = -1
        self._origin = -1
        self._middle = -1
        # The picture at hand
        self._parts: list[bytes | memoryview] = []
        self._nals: list[tuple[int, int]] = []
        self._size = 0  # of finished NAL units with their lengths
        self._open = -1  # where in _parts the unfinished NAL unit's length stands
        self._kept = 0  # so many _parts are our own already
        self._stamp = -1
        self._pictures = 0  # NAL units with picture data
        self._is_headless = False  # packets were lost before these, and the first of them is not the picture's first
        self._lead: tuple[int, int] | None = None  # bytes and NAL units before what may begin the next picture
        self._marked = False  # its last packet had the marker
        self._damaged = False
        # The stream
        self._ssrc = -1
        self._pts = 0  # of _stamp, unwrapped
        self._arrived_ns = -1
        self._done_stamp = -1  # of the picture ended by a marker last
        self._trust = 0
        self._lies = False  # markers stand elsewhere than at the end
        self._gap = False  # packets were lost since the last picture data
        self._lost = 0
        self._discontinuity = False
        self._late = 0
        self.units: list[AccessUnit] = []
        self.reports: list[bytes] = []
        self.first_number = -1
        self.wraps = 0
        self.lost_total = 0
        self.malformed = 0
        self.late = 0
        self.dropped = 0

    @property
    def ssrc(self) -> int | None:
        """The sender, once it is known."""
        return self._ssrc if self._ssrc >= 0 else None

    @property
    def highest(self) -> int:
        """The last sequence number, extended by its wraps to 32 bits (RFC 3550 appendix A.1)."""
        return ((self.wraps << 16 | self._want) - 1) & 0xFFFF_FFFF

    def pts_of(self, stamp: int) -> int | None:
        """Media ticks of an RTP time stamp near the last one; None before the first packet."""
        if self._stamp < 0:
            return None
        return self._ticks(self._pts + _difference(stamp, self._stamp))

    def stand(self) -> dict[str, Any]:
        """Where it stands after `keep` and `take`, for a parser elsewhere that goes on from there."""
        plain = {name: getattr(self, name) for name in _STAND}
        return {**plain, "parts": [bytes(part) for part in self._parts], "nals": self._nals, "lead": self._lead}

    def resume(self, stand: Mapping[str, Any]) -> None:
        """Go on from where another stood."""
        for name in _STAND:
            setattr(self, name, stand[name])
        self._parts = list(stand["parts"])
        self._nals = [(at, size) for at, size in stand["nals"]]
        lead = stand["lead"]
        self._lead = None if lead is None else (lead[0], lead[1])

    def take(self) -> list[AccessUnit]:
        """The pictures that are ready."""
        units, self.units = self.units, []
        return units

    def feed(self, data: bytearray, view: memoryview, at: int, end: int, now_ns: int) -> int:
        """Take packets from `data[at:end]` (of which `view` is a view); returns where it stopped.

        It stops at a byte that begins no packet, or where a packet is incomplete. `PEEK_SIZE` bytes must exist
        behind `end`; what they are does not matter.
        """
        peek, rules = _PEEK.unpack_from, self._rules
        shift, skip = rules.shift, rules.skip
        least = skip - 4
        ours, plain = self._rtp_head, (0x8000 | self._type) << 16
        want, origin, middle, parts = plain | self._want, self._origin, self._middle, self._parts
        last = end - 3
        while at < last:
            head, length, flags, sender, more = peek(data, at)
            stop = at + 4 + length
            if (
                flags == want
                and sender == origin
                and more >> shift == middle
                and head == ours
                and length > least
                and stop <= end
            ):
                parts.append(view[at + skip : stop])
                want += 1  # past 0xffff no packet fits, and the slow way counts the wrap
                at = stop
                continue
            if stop > end or head >> 8 != 0x24:
                break
            self._advance(want & 0xFFFF)
            if (
                flags == want | 0x80_0000
                and sender == origin
                and more >> shift == middle | 0x40
                and head == ours
                and length > least
            ):
                self._end(view[at + skip : stop], now_ns)
                want, origin, middle, parts = plain | self._want, self._origin, self._middle, self._parts
            elif flags == want and head == ours and not parts and self._opens(view[at + 16 : stop], sender, now_ns):
                want, origin, middle = want + 1, sender, self._middle
            elif head == ours:
                self._packet(view, at + 4, stop, now_ns)
                want, origin, middle, parts = plain | self._want, self._origin, self._middle, self._parts
            elif head == self._rtcp_head and len(self.reports) < limits.RTCP_HELD:
                self.reports.append(bytes(view[at + 4 : stop]))
            at = stop
        self._advance(want & 0xFFFF)
        return at

    def _advance(self, want: int) -> None:
        if want < self._want:
            self.wraps += 1
        self._want = want

    def keep(self) -> None:
        """Copy what is unfinished: the buffer will be used again."""
        parts, kept, place = self._parts, self._kept, self._open
        if len(parts) > limits.UNIT_PARTS or self._unit_size() > limits.ACCESS_UNIT:
            self._damage()
            return
        if len(parts) == kept:
            return
        if place < kept:
            parts[kept:] = [b"".join(parts[kept:])]
        else:
            parts[kept:] = [b"".join(parts[kept:place]), _ROOM, b"".join(parts[place + 1 :])]
            self._open = kept + 1
        self._kept = len(parts)

    def flush(self, now_ns: int) -> None:
        """The stream is over: a picture that ended with a marker is whole."""
        if self._marked:
            self._close(now_ns)
        self.units += self._out.flush()

    # -- one packet ------------------------------------------------------------------------------------------------

    def _packet(self, view: memoryview, at: int, stop: int, now_ns: int) -> None:
        """Take the RTP packet `view[at:stop]` (RFC 3550 section 5.1)."""
        if stop - at < 12:
            self.malformed += 1
            return
        flags, number, stamp, ssrc = _HEADER.unpack_from(view, at)
        start = at + 12 + 4 * (flags >> 8 & 15)
        if flags & 0x1000 and start + 4 <= stop:
            start += 4 + 4 * (view[start + 2] << 8 | view[start + 3])
        elif flags & 0x1000:
            start = stop + 1
        if flags & 0x2000:
            stop -= view[stop - 1] or stop
        if flags >> 14 != 2 or start > stop:
            self.malformed += 1
            return
        if ssrc != self._ssrc:
            self._new_sender(ssrc, number, now_ns)
        if number != self._want and not self._take_loss(number, stamp):
            return
        self._advance(number + 1 & 0xFFFF)
        if flags & 0x7F != self._type or start == stop:
            return
        if stamp != self._stamp:
            self._new_stamp(stamp, now_ns)
        self._origin = stamp << 32 | ssrc
        self._payload(view[start:stop], now_ns)
        if flags & 0x80:
            self._take_marker(now_ns)

    def _opens(self, body: memoryview, sender: int, now_ns: int) -> bool:
        """Take the expected packet if it is a picture's first fragment with a time of its own: so most pictures begin.

        It does what `_packet` does of such a packet, without asking what cannot be.
        """
        rules, stamp = self._rules, sender >> 32
        header = rules.header
        if (
            len(body) < header + 2
            or rules.kind_of(body[0]) != rules.fragment
            or body[header] & 0xC0 != 0x80
            or not body[header + 1] & 0x80
            or self._nals
            or self._damaged
            or stamp == self._stamp
            or sender & 0xFFFF_FFFF != self._ssrc
            or self._stamp < 0
        ):
            return False
        head = rules.fragment_head(body)
        kind = rules.kind_of(head[0])
        if not rules.is_picture(kind) or kind in rules.partitions:
            return False
        self._turn_to(stamp, now_ns)
        self._origin, self._middle = sender, rules.middle(body)
        self._open, self._pictures = 0, 1
        self._is_headless = self._gap = False
        self._parts += (_ROOM, head, body[header + 1 :])
        return True

    def _end(self, content: memoryview, now_ns: int) -> None:
        """Take the expected packet with marker and end bit: a large picture's last."""
        parts = self._parts
        parts.append(content)
        self._advance(self._want + 1 & 0xFFFF)
        if self._open == 0 and self._pictures and self._trust >= _TRUST and not self._is_headless:
            size = sum(map(len, parts)) - len(_ROOM)
            if size <= limits.ACCESS_UNIT - len(_ROOM):  # the picture is this NAL unit, and whole: as `_close` has it
                parts[0] = _LENGTH.pack(size)
                self._trust += 1
                self._done_stamp = self._stamp
                self._parts, self._open, self._middle, self._pictures = [], -1, -1, 0  # all else is clear
                self._give(b"".join(parts), [(len(_ROOM), size)], now_ns)
                return
        self._end_fragments()
        self._take_marker(now_ns)

    def _new_sender(self, ssrc: int, number: int, now_ns: int) -> None:
        if self._ssrc >= 0:
            if self._marked:
                self._close(now_ns)
            self._discontinuity = True
            self._clear()
        self._ssrc = ssrc
        self._want = self.first_number = number
        self.wraps = 0
        self._stamp = self._done_stamp = self._origin = -1

    def _take_loss(self, number: int, stamp: int) -> bool:
        """A number that was not expected: whether to go on with this packet."""
        ahead = number - self._want & 0xFFFF
        if ahead > 0xFFFF - limits.LATE_PACKETS and self._late < limits.LATE_PACKETS:
            self._late += 1
            self.late += 1
            return False
        self._late = 0
        missing = ahead if ahead < 0x8000 else 1  # further back: the sender renumbered
        self._lost = min(self._lost + missing, limits.LOST)
        self.lost_total += missing
        self._gap = True
        if self._parts and not (self._marked and stamp != self._stamp):
            self._damage()
        return True

    def _new_stamp(self, stamp: int, now_ns: int) -> None:
        """Another time stamp: another picture begins."""
        self._close(now_ns)
        self._turn_to(stamp, now_ns)

    def _turn_to(self, stamp: int, now_ns: int) -> None:
        if self._stamp >= 0:
            step = _difference(stamp, self._stamp)
            passed = (now_ns - self._arrived_ns) * self._clock // 1_000_000_000
            if step > passed + limits.JUMP_SECONDS * self._clock or step < -limits.BACK_SECONDS * self._clock:
                self._discontinuity = True
            self._pts += step
        else:
            self._pts = stamp
        self._stamp = stamp
        self._arrived_ns = now_ns

    def _take_marker(self, now_ns: int) -> None:
        """The last packet of a picture, if the camera is right and a picture was in it (RFC 6184 section 5.1)."""
        if not self._pictures:
            return
        self._marked = True
        if self._open >= 0:
            self._middle = -1  # either the end bit is forgotten or the marker lies: look at what comes
        if self._trust >= _TRUST:
            self._close(now_ns)

    # -- payload ---------------------------------------------------------------------------------------------------

    def _payload(self, body: memoryview, now_ns: int) -> None:
        """Take one packet's content: a NAL unit, several, or a fragment of one."""
        rules = self._rules
        kind = rules.kind_of(body[0])
        if kind == rules.fragment:
            self._fragment(body, now_ns)
            return
        self._end_fragments()
        if kind == rules.aggregate:
            at, stop, left = rules.header, len(body), limits.PACKET_NALS
            while at < stop:
                size = body[at] << 8 | body[at + 1] if at + 2 <= stop else stop
                left -= 1
                if size < rules.header or at + 2 + size > stop or left < 0:
                    self._damage()
                    return
                self._whole(body[at + 2 : at + 2 + size], now_ns)
                at += 2 + size
        elif kind in rules.unsupported or len(body) < rules.header:
            self._damage()
        elif kind <= rules.last_single:
            self._whole(body, now_ns)

    def _whole(self, nal: memoryview, now_ns: int) -> None:
        """Take a NAL unit that came in one packet. Some cameras put several in it, between start codes."""
        if nal[0] and self._rules.is_picture(self._rules.kind_of(nal[0])):
            self._add(nal, now_ns)
            return
        parts = split_units(nal, self._rules)
        if not parts:
            self._damage()
        for part in parts:
            if len(part) >= self._rules.header:
                self._add(part, now_ns)

    def _add(self, nal: memoryview, now_ns: int) -> None:
        self._begin(nal, now_ns)
        if not self._damaged:
            self._parts += (_LENGTH.pack(len(nal)), nal)
            self._finish(len(nal))

    def _fragment(self, body: memoryview, now_ns: int) -> None:
        """Take a fragment (RFC 6184 section 5.8, RFC 7798 section 4.4.3)."""
        rules = self._rules
        if len(body) <= rules.header:
            self._damage()
            return
        flags, content = body[rules.header], body[rules.header + 1 :]
        if flags & 0x80:
            self._end_fragments()
            head = rules.fragment_head(body)
            self._begin(memoryview(head + content[:1]), now_ns)
            if self._damaged:
                return
            self._open = len(self._parts)
            self._parts += (_ROOM, head)
            self._middle = rules.middle(body)
        elif self._open < 0:
            self._damage()
            return
        elif self._marked:
            self._distrust()
            self._middle = rules.middle(body)
        self._parts.append(content)
        if flags & 0x40:
            self._end_fragments()

    def _end_fragments(self) -> None:
        """The NAL unit that came in fragments is over; a camera that forgets the end bit is forgiven."""
        place = self._open
        if place < 0:
            return
        self._open = self._middle = -1
        size = sum(map(len, self._parts[place + 1 :]))
        self._parts[place] = _LENGTH.pack(size)
        if not self._rules.is_picture(self._rules.kind_of(self._parts[place + 1][0])):
            nals = split_units(memoryview(b"".join(self._parts[place + 1 :])), self._rules)
            if len(nals) != 1:
                self._split(place, nals)
                return
        self._finish(size)

    def _split(self, place: int, nals: list[memoryview]) -> None:
        """What came as one NAL unit is several, between start codes (parameter sets and picture in one)."""
        if not nals:
            self._damage()
            return
        del self._parts[place:]
        self._kept = min(self._kept, place)
        for nal in nals:
            if len(nal) >= self._rules.header:
                self._count_picture(nal)
                self._parts += (_LENGTH.pack(len(nal)), nal)
                self._finish(len(nal))

    def _finish(self, size: int) -> None:
        self._nals.append((self._size + 4, size))
        self._size += 4 + size
        if self._size > limits.ACCESS_UNIT or len(self._nals) > limits.UNIT_NALS:
            self._damage()

    # -- pictures --------------------------------------------------------------------------------------------------

    def _begin(self, head: memoryview, now_ns: int) -> None:
        """A NAL unit begins: does it begin a picture, or show that a marker lied?"""
        rules = self._rules
        kind = rules.kind_of(head[0])
        if rules.is_picture(kind):
            is_first = self._is_first(kind, head)
            if is_first and self._lead is not None:
                self._part(*self._lead, now_ns)
            elif is_first and self._marked:
                self._close(now_ns)  # the same time stamp twice
            elif self._marked:
                self._distrust()
            elif not is_first and not self._pictures and self._done_stamp == self._stamp:
                self._distrust()  # the rest of a picture that was given away at a marker which was not its last
                self._damage()
            self._lead = None
            self._count_picture(head)
        elif self._pictures and kind in rules.leading and self._lead is None:
            self._lead = self._size, len(self._nals)
        self._marked = False

    def _part(self, size: int, count: int, now_ns: int) -> None:
        """Two pictures came under one time stamp: give the first, keep what leads to the second.

        What may lead a picture is no sign of one: GStreamer repeats parameter sets before every slice of a key frame.
        """
        data, nals = b"".join(self._parts), self._nals
        self._parts, self._nals, self._size = [data[:size]], nals[:count], size
        self._close(now_ns)
        self._parts, self._size = [data[size:]], len(data) - size
        self._nals = [(at - size, length) for at, length in nals[count:]]

    def _is_first(self, kind: int, head: memoryview) -> bool:
        """Whether this slice is a picture's first: first_mb_in_slice is 0, first_slice_segment_in_pic_flag is 1."""
        rules = self._rules
        return kind not in rules.partitions and len(head) > rules.header and head[rules.header] & 0x80 != 0

    def _count_picture(self, head: memoryview) -> None:
        kind = self._rules.kind_of(head[0])
        if self._rules.is_picture(kind):
            if not self._pictures:
                self._is_headless = self._gap and not self._is_first(kind, head)
                self._gap = False
            self._pictures += 1

    def _distrust(self) -> None:
        self._trust, self._lies, self._marked = 0, True, False

    def _close(self, now_ns: int) -> None:
        """Give the picture at hand away, if it is whole; what has no picture yet waits for its own."""
        self._end_fragments()
        if self._damaged or self._is_headless:
            self.dropped += 1
            self._clear()
            return
        if not self._pictures:
            if len(self._nals) > limits.PREFIX_NALS:
                self._clear()
            return
        if not self._lies:
            self._trust = self._trust + 1 if self._marked else 0
        if self._marked:
            self._done_stamp = self._stamp
        data, nals = b"".join(self._parts), self._nals
        self._clear()
        self._give(data, nals, now_ns)

    def _give(self, data: bytes, nals: list[tuple[int, int]], now_ns: int) -> None:
        lost, is_break = self._lost, self._discontinuity
        self._lost, self._discontinuity = 0, False
        pts = self._pts if self._clock == 90_000 else self._ticks(self._pts)
        self.units += self._out.push(data, nals, pts, lost, now_ns, discontinuity=is_break)

    def _ticks(self, stamp: int) -> int:
        return stamp if self._clock == 90_000 else stamp * 90_000 // self._clock

    def _damage(self) -> None:
        """The picture at hand will be dropped: hold none of it."""
        self._damaged = True
        self._parts, self._nals, self._size, self._kept = [], [], 0, 0
        self._open = self._middle = -1
        self._lead = None

    def _clear(self) -> None:
        self._parts, self._nals, self._size, self._kept = [], [], 0, 0
        self._open = self._middle = -1
        self._pictures = 0
        self._lead = None
        self._is_headless = self._marked = self._damaged = False

    def _unit_size(self) -> int:
        return self._size + (sum(map(len, self._parts[self._open :])) if self._open >= 0 else 0)


def _difference(stamp: int, before: int) -> int:
    """Signed 32-bit difference: both wrap (RFC 3550 section 5.1)."""
    return (stamp - before + 0x8000_0000 & 0xFFFF_FFFF) - 0x8000_0000
