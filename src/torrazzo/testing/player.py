# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""One session's way out: packets onto the connection, and a log of what became of each picture."""

import asyncio
import random
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from torrazzo.base.clock import Clock
from torrazzo.base.times import ns_from_ticks
from torrazzo.testing.clips import ClipUnit
from torrazzo.testing.faults import DropFrames, DropPackets, Fault, Freeze, Hole, JumpClock, RepeatPackets, SwapPackets
from torrazzo.testing.packets import Burst, goodbye, interleave, sender_report
from torrazzo.testing.reel import Shot

SENT, UNSENT, DAMAGED, LOST = "sent", "unsent", "damaged", "lost"
_BILLION = 1_000_000_000


class Sent(NamedTuple):
    """What became of one picture in one session."""

    session: int  # counts PLAYs since the camera was switched on
    serial: int  # of the picture, see Shot
    ticks: int  # RTP time stamp, unwrapped: its lower 32 bits went over the wire
    unit: ClipUnit
    fate: str  # SENT whole; UNSENT on purpose, no number missing; DAMAGED: packets left out; LOST in our own buffer
    sent_ns: int  # boot time when the kernel had all of it (for the others: when that was decided)


@dataclass(slots=True)
class Mood:
    """The faults in force at a camera; times are boot ns."""

    frozen_until: float = 0
    hole_until_ticks: int = 0
    drop_frames: DropFrames = field(default_factory=lambda: DropFrames(0))
    drop_packets: DropPackets = field(default_factory=lambda: DropPackets(0))
    repeat_packets: int = 0
    swap_packets: int = 0
    jump_ticks: int = 0
    jump_utc_ns: int = 0
    _frame: int = 0
    _packet: int = 0

    def take_on(self, fault: Fault, now_ns: int, media: int) -> bool:
        """Note a fault of pictures or packets; False if it is another's. `media`: ticks of the next picture."""
        match fault:
            case Freeze(seconds):
                self.frozen_until = until_ns(now_ns, seconds)
            case Hole(seconds):
                self.hole_until_ticks = media + round(seconds * 90_000)
            case DropFrames():
                self.drop_frames, self._frame = fault, 0
            case DropPackets():
                self.drop_packets, self._packet = fault, 0
            case RepeatPackets(count):
                self.repeat_packets = count
            case SwapPackets(count):
                self.swap_packets = count
            case JumpClock(ticks, utc_ns):
                self.jump_ticks += ticks
                self.jump_utc_ns += utc_ns
            case _:
                return False
        return True

    def withholds(self, shot: Shot, now_ns: int) -> bool:
        """Whether this picture is left out; ask once a picture."""
        if now_ns < self.frozen_until or shot.pts < self.hole_until_ticks:
            return True
        if self.drop_frames.count == 0:
            return False
        self._frame += 1
        if self._frame % self.drop_frames.every:
            return False
        self.drop_frames = DropFrames(self.drop_frames.count - 1, self.drop_frames.every)
        return True

    def spoil(self, packets: list[bytearray]) -> tuple[list[bytearray], bool]:
        """The packets as they go out, and whether the picture is damaged."""
        if self.swap_packets and len(packets) > 1:
            packets[:2] = packets[1::-1]
            self.swap_packets -= 1
        if self.repeat_packets:
            self.repeat_packets -= 1
            packets.insert(0, packets[0])
        if self.drop_packets.count == 0:
            return packets, False
        kept = [packet for packet in packets if not self._drops()]
        return kept, len(kept) < len(packets)

    def _drops(self) -> bool:
        if self.drop_packets.count == 0:
            return False
        self._packet += 1
        if self._packet % self.drop_packets.every:
            return False
        self.drop_packets = DropPackets(self.drop_packets.count - 1, self.drop_packets.every)
        return True


def until_ns(now_ns: int, seconds: float | None) -> float:
    """When something that lasts `seconds` (None: for ever) ends."""
    return float("inf") if seconds is None else now_ns + seconds * _BILLION


class Outlet:
    """The connection's sending side: counts bytes, knows what the kernel has, can be made to drip."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.total = 0
        self._drip: deque[int] = deque()
        self._dripping: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """Bytes not yet with the kernel."""
        return self.writer.transport.get_write_buffer_size() + len(self._drip)

    def write(self, data: bytes) -> None:
        """Send, or queue to drip."""
        if self.writer.transport.is_closing():
            return
        self.total += len(data)
        if self._dripping is not None:
            self._drip.extend(data)
        else:
            self.writer.write(data)

    def drip(self, bytes_per_second: float, seconds: float | None) -> None:
        """From now on, for so long."""
        self.undrip()
        self._dripping = asyncio.create_task(self._run(bytes_per_second, seconds))

    def undrip(self) -> None:
        """Send the rest as fast as it goes."""
        if self._dripping is not None:
            self._dripping.cancel()
        self._dripping = None
        rest = bytes(self._drip)
        self._drip.clear()
        if rest and not self.writer.transport.is_closing():
            self.writer.write(rest)

    async def _run(self, bytes_per_second: float, seconds: float | None) -> None:
        left = float("inf") if seconds is None else seconds
        while left > 0:
            await asyncio.sleep(min(left, 1 / bytes_per_second))
            left -= 1 / bytes_per_second
            if self._drip and not self.writer.transport.is_closing():
                self.writer.write(bytes((self._drip.popleft(),)))
        self._dripping = None
        self.undrip()

    def close(self, *, reset: bool = False) -> None:
        """End the connection, in order or not."""
        if self._dripping is not None:
            self._dripping.cancel()
        if reset:
            self.writer.transport.abort()
        else:
            self.writer.close()


class Player:
    """Sends a camera's pictures in one session. A reader that falls behind loses whole pictures, as in real life."""

    def __init__(
        self, outlet: Outlet, channel: int, number: int, clock: Clock, seed: int, log: list[Sent] | None, limit: int
    ) -> None:
        self._outlet, self.channel, self.number, self._clock, self._log = outlet, channel, number, clock, log
        self._limit = limit
        self._random = random.Random(seed)
        self._waiting: deque[tuple[int, Sent]] = deque()
        self.is_over = False
        self.wants_key = True
        self.next_report_ns = 0
        self.new_source()

    def new_source(self) -> None:
        """Draw SSRC, number and time stamp to begin with."""
        self.ssrc = self._random.getrandbits(32)
        self.seq = self._random.getrandbits(16)
        self.base = self._random.getrandbits(32)
        self._packets = self._octets = 0

    def offer(self, shot: Shot, burst: Burst, mood: Mood, *, withheld: bool) -> None:
        """Send one picture, or note why not."""
        self.settle()
        if self.is_over or (self.wants_key and not shot.unit.is_key):
            return
        ticks = self.base + shot.pts + mood.jump_ticks
        if withheld or self._outlet.waiting > self._limit:
            self._note(Sent(self.number, shot.serial, ticks, shot.unit, UNSENT, self._clock.boot_ns()))
            return
        self.wants_key = False
        packets, is_damaged = mood.spoil(burst.stamp(self.seq, ticks, self.ssrc))
        self.seq = self.seq + len(burst.packets) & 0xFFFF
        self._packets += len(packets)
        self._octets += sum(map(len, packets)) - 12 * len(packets)
        self._outlet.write(interleave(self.channel, packets))
        sent = Sent(self.number, shot.serial, ticks, shot.unit, DAMAGED if is_damaged else SENT, self._clock.boot_ns())
        if self._outlet.waiting:
            self._waiting.append((self._outlet.total, sent))
        else:
            self._note(sent)

    def report(self, pts: int, utc_ns: int) -> None:
        """Send an RTCP sender report: camera time `utc_ns` is picture time `pts` (jumps included)."""
        if not self.is_over and not self.wants_key and not self._outlet.waiting:
            report = sender_report(self.ssrc, utc_ns, self.base + pts, self._packets, self._octets)
            self._outlet.write(interleave(self.channel + 1, [report]))

    def bye(self) -> None:
        """Say RTCP BYE; nothing follows."""
        self._outlet.write(interleave(self.channel + 1, [goodbye(self.ssrc)]))
        self.is_over = True

    def garbage(self, size: int) -> None:
        """Send random bytes outside any packet."""
        self._outlet.write(self._random.randbytes(size))

    def settle(self, *, over: bool = False) -> None:
        """Log the pictures that have left our buffer meanwhile; `over`: and those that never will."""
        handed = self._outlet.total - self._outlet.waiting
        now = self._clock.boot_ns()
        while self._waiting and (over or self._waiting[0][0] <= handed):
            end, sent = self._waiting.popleft()
            self._note(sent._replace(sent_ns=now, fate=sent.fate if end <= handed else LOST))

    def _note(self, sent: Sent) -> None:
        if self._log is not None:
            self._log.append(sent)


def media_ns(ticks: int, ppm: float) -> int:
    """How long a camera whose clock runs `ppm` too fast takes for `ticks`."""
    return round(ns_from_ticks(ticks) / (1 + ppm / 1_000_000))
