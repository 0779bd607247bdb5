# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A stream over our own client: RTSP, RTP inside the connection. One sweep reads, parses and answers."""

import asyncio
import contextlib
import secrets
from collections.abc import Callable

from torrazzo.base.clock import Clock
from torrazzo.camera import limits
from torrazzo.camera.address import Address, parse_rtsp_url
from torrazzo.camera.auth import Credentials
from torrazzo.camera.codec.access_unit import Assembler
from torrazzo.camera.connection import Connection, connect
from torrazzo.camera.errors import CameraError, StreamSyncLost
from torrazzo.camera.following import pack_stand
from torrazzo.camera.rtcp import (
    Bye,
    Reception,
    Report,
    format_picture_loss,
    format_receiver_report,
    frame_interleaved,
    parse_rtcp,
)
from torrazzo.camera.rtp import PEEK_SIZE, Depacketizer
from torrazzo.camera.rtsp import parse_message
from torrazzo.camera.sdp import Track, describe_tracks
from torrazzo.camera.session import Conversation, Redirected
from torrazzo.camera.source import HandOver, Scratch, StreamAddress
from torrazzo.camera.units import Event, SenderReport

_SECOND_NS = 1_000_000_000
_REPORT_NS = 5 * _SECOND_NS  # RFC 3550 section 6.2: the least interval
_ASK_NS = _SECOND_NS // 2  # between two requests for a key frame
_NAMES = {"h264": "H.264", "h265": "H.265"}


def make_scratch() -> Scratch:
    """The buffer to share among a process's native sources."""
    return Scratch(PEEK_SIZE)


class NativeSource:
    """An open stream (see `Source`)."""

    def __init__(
        self,
        connection: Connection,
        conversation: Conversation,
        track: Track,
        rest: bytes,
        scratch: Scratch,
        clock: Clock,
    ) -> None:
        now_ns: int = clock.boot_ns()
        self._clock = clock
        self._connection = connection
        self._conversation = conversation
        self._scratch = scratch
        self._track = track
        self._rest = rest  # what the last sweep could not use yet
        self.passes: Callable[[int, memoryview], None] | None = None  # as `Followable`
        self._assembler = Assembler(track.codec, track.parameter_sets)
        self._packets = Depacketizer(
            track.codec, track.payload_type, track.clock, conversation.channels, self._assembler
        )
        self._broken: CameraError | None = None
        self._messages = 0  # in this sweep
        self._own = secrets.randbits(32)
        self._name = secrets.token_hex(8).encode()  # RFC 7022: tells nobody who we are
        self._report: Report | None = None
        self._report_ns = 0
        self._counted = (0, 0)  # expected and lost at the last report
        self._asked_ns = -_ASK_NS
        self._now_ns = now_ns
        self._keep_alive_ns = now_ns + self._keep_alive_interval
        self._receiver_ns = now_ns + _REPORT_NS
        self.fileno: int | None = connection.fileno
        self.receive_buffer = connection.receive_buffer
        self.last_sweep_bytes = 0
        self.description = f"{_NAMES[track.codec]} from {connection.place} over TCP"

    @property
    def server(self) -> str | None:
        """The camera's software, as it says."""
        return self._conversation.server

    @property
    def tracks(self) -> tuple[str, ...]:
        """All that the camera offers, for people."""
        description = self._conversation.description
        return describe_tracks(description) if description is not None else ()

    @property
    def missing(self) -> str | None:
        """Why no picture could be given yet."""
        return self._assembler.missing

    def sweep(self, now_ns: int) -> list[Event]:
        """As `Source.sweep`."""
        broken = self._broken
        if broken is not None:
            raise broken
        self._now_ns = now_ns
        packets = self._packets
        self.last_sweep_bytes = self._messages = 0
        until_ns = self._clock.boot_ns() + limits.SWEEP_NS
        for _ in range(limits.SWEEP_READS):
            if not self._read(now_ns) or self._clock.boot_ns() > until_ns:
                break
        if self._broken is None and now_ns >= min(self._keep_alive_ns, self._receiver_ns):
            self._do_duties(now_ns)
        events: list[Event] = []
        if packets.reports:
            events += self._take_reports(now_ns)
        if self._broken is not None:
            packets.flush(now_ns)
        events += packets.take()
        if self._broken is not None and not events:
            raise self._broken
        return events

    def _read(self, now_ns: int) -> bool:
        """Read and parse once; whether more may be waiting."""
        scratch = self._scratch
        held = len(self._rest)
        scratch.data[:held] = self._rest
        room = min(scratch.room - held, limits.SWEEP)
        got = 0
        try:
            got = self._connection.read_into(scratch.view[held : held + room])
        except CameraError as error:
            self._broken = error
        self.last_sweep_bytes += got
        if self.passes is not None and got:
            self.passes(self._connection.taken - got, scratch.view[held : held + got])
        if held + got:
            self._take(held + got, now_ns)
        return got == room and self._broken is None

    def _take(self, end: int, now_ns: int) -> None:
        """Parse the scratch buffer up to `end`, and keep what is unfinished."""
        data, view, packets = self._scratch.data, self._scratch.view, self._packets
        at = 0
        try:
            while True:
                at = packets.feed(data, view, at, end, now_ns)
                if at == end or data[at] == 0x24:
                    break
                found = parse_message(data, at, end)
                if found is None:
                    break
                message, at = found
                self._count_message()
                self._say(self._conversation.receive(message))
        except StreamSyncLost as error:
            self._broken = self._broken or CameraError(f"{self._connection.place} lost its protocol: {error}", "net")
        except CameraError as error:
            self._broken = self._broken or error
        self._rest = bytes(view[at:end])
        packets.keep()

    def _count_message(self) -> None:
        self._messages += 1
        if self._messages > limits.MESSAGES:
            raise CameraError(f"{self._connection.place} sends RTSP messages without end", "net")

    def _say(self, data: bytes) -> None:
        if data:
            self._connection.send(data)

    # -- duties ----------------------------------------------------------------------------------------------------

    @property
    def _keep_alive_interval(self) -> int:
        return self._conversation.timeout * _SECOND_NS // 2

    def _do_duties(self, now_ns: int) -> None:
        try:
            if now_ns >= self._keep_alive_ns:
                self._keep_alive_ns = now_ns + self._keep_alive_interval
                self._say(self._conversation.keep_alive())
            if now_ns >= self._receiver_ns:
                self._receiver_ns = now_ns + _REPORT_NS
                self._send_rtcp(format_receiver_report(self._own, self._name, self._reception(now_ns)))
        except CameraError as error:
            self._broken = error

    def _send_rtcp(self, data: bytes) -> None:
        self._connection.send(frame_interleaved(self._conversation.channels[1], data))

    def _reception(self, now_ns: int) -> Reception | None:
        packets = self._packets
        if packets.ssrc is None:
            return None
        expected, lost = packets.highest - packets.first_number + 1, packets.lost_total
        new, new_lost = expected - self._counted[0], lost - self._counted[1]
        self._counted = (expected, lost)
        fraction = min(255, new_lost * 256 // new) if new > 0 and new_lost > 0 else 0
        report, middle, delay = self._report, 0, 0
        if report is not None and report.ssrc == packets.ssrc:
            middle, delay = report.middle, (now_ns - self._report_ns) * 65_536 // _SECOND_NS
        return Reception(packets.ssrc, lost, fraction, packets.highest, middle, delay)

    def _take_reports(self, now_ns: int) -> list[Event]:
        events: list[Event] = []
        packets = self._packets
        reports, packets.reports = packets.reports, []
        for data in reports:
            for report in parse_rtcp(data):
                if isinstance(report, Bye):
                    if packets.ssrc in report.ssrcs:
                        self._broken = self._broken or CameraError("the camera says that its stream is over", "net")
                elif report.ssrc == packets.ssrc and (pts := packets.pts_of(report.stamp)) is not None:
                    self._report, self._report_ns = report, now_ns
                    events.append(SenderReport(report.ntp_ns, pts, now_ns))
        return events

    def hand_over(self) -> HandOver | None:
        """As `Followable.hand_over`; what comes by TLS can be read here only."""
        connection = self._connection
        if self._broken is not None or self.fileno is None or not connection.is_plain:
            return None
        stand = pack_stand(self._track, self._conversation.channels, self._packets, self._assembler, self._rest)
        return HandOver(connection.fileno, connection.taken, stand)

    def request_key_frame(self) -> None:
        """As `Source.request_key_frame`: a picture loss indication, twice a second at most."""
        ssrc = self._packets.ssrc
        if ssrc is None or self._broken is not None or self._now_ns - self._asked_ns < _ASK_NS:
            return
        self._asked_ns = self._now_ns
        report = format_receiver_report(self._own, self._name, self._reception(self._now_ns))
        try:
            self._send_rtcp(report + format_picture_loss(self._own, ssrc))
        except CameraError as error:
            self._broken = error

    async def close(self) -> None:
        """As `Source.close`: TEARDOWN, without waiting for its answer."""
        if self.fileno is None:
            return
        self.fileno = None
        with contextlib.suppress(CameraError):
            self._say(self._conversation.teardown())
        self._connection.close()


async def open_native(config: StreamAddress, clock: Clock, scratch: Scratch) -> NativeSource:
    """Open a stream at an RTSP address. Raises `CameraError`."""
    address = parse_rtsp_url(config.url)
    try:
        async with asyncio.timeout(limits.OPEN_SECONDS):
            return await _open(address, config, clock, scratch)
    except TimeoutError as error:
        raise CameraError(f"{address.place} did not answer within {limits.OPEN_SECONDS} s", "net") from error


async def _open(address: Address, config: StreamAddress, clock: Clock, scratch: Scratch) -> NativeSource:
    credentials = Credentials(config.username, config.password, lambda: secrets.token_hex(8))
    first, target = address, address  # where to connect, what to ask for
    for _ in range(limits.REDIRECTS + 1):
        connection = await connect(address, config.ca_pem, config.pin_sha256)
        conversation = Conversation(target, credentials)
        try:
            rest = await _converse(connection, conversation, address)
            assert conversation.track is not None
            return NativeSource(connection, conversation, conversation.track, rest, scratch, clock)
        except Redirected as moved:
            connection.close()
            address = parse_rtsp_url(moved.location)
            if first.has_tls and not address.has_tls:
                raise CameraError(
                    f"{first.place} redirects from rtsps to rtsp, which is not followed", "net"
                ) from moved
            if address.host != first.host:
                credentials.allows_basic = False
            target = target if moved.is_proxy else address
        except BaseException:
            connection.close()
            raise
    raise CameraError(f"{first.place} redirects more than {limits.REDIRECTS} times", "net")


async def _converse(connection: Connection, conversation: Conversation, address: Address) -> bytes:
    """Talk until pictures flow; returns what came behind the answer to PLAY, and media that came before it."""
    connection.send(conversation.start())
    piece = memoryview(bytearray(65_536))
    inbox, early = bytearray(), bytearray()
    while True:
        await connection.until_readable()
        got = connection.read_into(piece)
        inbox += piece[:got]
        at = 0
        while conversation.state != "playing":
            if at < len(inbox) and inbox[at] == 0x24:
                size = 4 + int.from_bytes(inbox[at + 2 : at + 4], "big")
                if len(inbox) < at + max(4, size):
                    break
                if len(early) + size <= limits.EARLY_MEDIA:
                    early += inbox[at : at + size]
                at += size
                continue
            try:
                found = parse_message(inbox, at, len(inbox))
            except StreamSyncLost as error:
                raise CameraError(f"{address.place} doesn't speak RTSP: {error}", "net") from error
            if found is None:
                break
            message, at = found
            if reply := conversation.receive(message):
                connection.send(reply)
        del inbox[:at]
        if conversation.state == "playing":
            return bytes(early + inbox)
        connection.send(b"")
