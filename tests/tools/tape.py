# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A recorder of few words: well-formed volumes with facts, and payloads that only look sealed."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from torrazzo.archive import LastFact, Root, VolumeWriter, make_root
from torrazzo.archive.fact import Fact, gap_fact, parse_fact, prior_value, segment_fact, step_fact, term_fact
from torrazzo.archive.record import CONTINUES, INIT, KEY_FRAME, Kind
from torrazzo.archive.recovery import Recovery
from torrazzo.base import StreamId, TermId
from torrazzo.base.ids import CameraId, NodeId
from torrazzo.base.times import HOUR, SECOND, BootNs, UtcTicks, hour_text
from torrazzo.durable import Disk, OsDisk

NODE = NodeId(0x7F3A91C2)
HOUR_0 = 499_222  # 2026-12-13T22:00Z
START = HOUR_0 * HOUR
INIT_CONTINUES = INIT | CONTINUES
BOOT_ID = "0c6d2f1e-8d0e-4a5e-9a53-0d1f6f4b7a11"


def camera(number: int, name: str = "main") -> StreamId:
    """A stream of a numbered camera."""
    return StreamId(CameraId(f"{number:016x}"), name)


def root_at(path: Path, disk: Disk | None = None) -> Root:
    """A fresh disk root."""
    return make_root(disk or OsDisk(), path, NODE)


def boot(ticks: int) -> int:
    """Boot-time ns at a moment of UTC: the machine booted 100 s before START."""
    return (ticks - START) * 100_000 // 9 + 100_000_000_000


class Tape:
    """One stream's term, written into whatever volume is given."""

    def __init__(self, stream: StreamId, fence: int, start: int = START, prior: LastFact | None = None) -> None:
        self.stream = stream
        self.term = TermId(NODE, fence, start)
        self.n = 0
        self.hash = b""
        self.cursor = start if prior is None else prior.t1
        self.lines: list[bytes] = []
        self.places: list[tuple[int, ...]] = []
        self.volumes: list[str | None] = []
        self._prior = prior
        self._open_gap = 0, 0, ""

    @property
    def prev(self) -> str:
        return base64.b64encode(self.hash).decode()

    @property
    def last(self) -> LastFact:
        return LastFact(self.term, self.n - 1, self.hash, self.cursor)

    def begin(self, volume: VolumeWriter) -> None:
        """The term fact."""
        line = term_fact(
            self.stream,
            self.term,
            t0=self.cursor,
            m0=boot(self.cursor),
            boot=BOOT_ID,
            software="0.1.0",
            prior=prior_value(self._prior),
        )
        self.tell(volume, line)

    def pieces(
        self,
        volume: VolumeWriter,
        seconds: int,
        *,
        size: int = 300,
        fact: bool = True,
        continues: bool = False,
        skip: Sequence[int] = (),
        then: Callable[[int], None] = lambda _: None,
    ) -> list[int]:
        """One segment of one-second pieces, with its fact unless told otherwise; returns offsets.

        `then` is called after each piece with the number of pieces placed.
        """
        self._key(volume)
        t0, offsets = self.cursor, []
        for index in range(seconds + 1):
            if index not in skip:
                offsets.append(self._piece(volume, index, size, INIT_CONTINUES if continues else INIT))
                then(len(offsets))
        if not fact:
            return offsets
        payloads = [self._noise(f"{index}", size if index else 64) for index in range(seconds + 1)]
        line = segment_fact(
            self.stream,
            self.term,
            self.n,
            t0=t0,
            t1=t0 + seconds * SECOND,
            m0=boot(t0),
            m1=boot(t0 + seconds * SECOND - SECOND // 25),
            media=seconds * SECOND,
            frames=25 * seconds,
            lost=0,
            length=sum(map(len, payloads)) - 40 * len(payloads),
            count=seconds + 1,
            h=hashlib.sha256(b"".join(hashlib.sha256(each + b"h").digest() for each in payloads)).digest(),
            c=hashlib.sha256(b"".join(hashlib.sha256(each).digest() for each in payloads)).digest(),
            key=f"{hour_text(volume.header.hour)}/{volume.header.retention_class}",
            continues=continues,
            prev=self.prev,
        )
        self.cursor = t0 + seconds * SECOND
        self.tell(volume, line, tuple(offsets))
        return offsets

    def _key(self, volume: VolumeWriter) -> None:
        if volume.has_key(self.stream, self.term):
            return
        start = volume.header.hour * HOUR
        sealed = self._noise("key", 1168)
        volume.place(Kind.KEY, 0, stream=self.stream, term=self.term, t0=start, t1=start + HOUR, payload=sealed)

    def _piece(self, volume: VolumeWriter, index: int, size: int, init_flags: int) -> int:
        start = self.cursor + max(0, index - 1) * SECOND
        end = self.cursor + index * SECOND
        payload = self._noise(f"{index}", size if index else 64)
        return volume.place(
            Kind.PIECE,
            (init_flags, KEY_FRAME)[index] if index < 2 else 0,
            stream=self.stream,
            term=self.term,
            n=self.n,
            index=index,
            frames=25 if index else 0,
            t0=start,
            t1=end,
            m0=boot(start),
            m1=boot(end - SECOND // 25 if index else start),
            media=SECOND if index else 0,
            lost=0,
            h=hashlib.sha256(payload + b"h").digest(),
            c=hashlib.sha256(payload).digest(),
            plain_length=len(payload) - 40,
            payload=payload,
        )

    def gap(self, volume: VolumeWriter, seconds: int, why: str = "net") -> None:
        """A gap that is already over."""
        end = self.cursor + seconds * SECOND
        self.tell(volume, self._gap(self.cursor, end, why, None))
        self.cursor = end

    def open_gap(self, volume: VolumeWriter, why: str = "net") -> None:
        """The start of a gap."""
        self._open_gap = self.n, self.cursor, why
        self.tell(volume, self._gap(self.cursor, None, why, None))

    def close_gap(self, volume: VolumeWriter, seconds: int) -> None:
        """The end of the open gap, `seconds` after its start."""
        n, t0, why = self._open_gap
        self.cursor = t0 + seconds * SECOND
        self.tell(volume, self._gap(t0, self.cursor, why, n))

    def step(self, volume: VolumeWriter, seconds: int) -> None:
        """The clock is set by so many seconds."""
        end = self.cursor + seconds * SECOND
        line = step_fact(
            self.stream, self.term, self.n, t0=self.cursor, t1=end, m0=boot(end), m1=boot(end), prev=self.prev
        )
        self.tell(volume, line)
        self.cursor = end

    def tell(self, volume: VolumeWriter, line: bytes, places: tuple[int, ...] = ()) -> None:
        """Place a fact."""
        fact = parse_fact(line)
        t1 = fact.t0 if fact.t1 is None else fact.t1
        volume.place(Kind.FACT, 0, stream=self.stream, term=self.term, n=fact.n, t0=fact.t0, t1=t1, payload=line)
        self.lines.append(line)
        self.places.append(places)
        self.volumes.append(volume.name if places else None)
        self.hash = fact.hash
        self.n = fact.n + 1

    def _gap(self, t0: int, t1: int | None, why: str, of: int | None) -> bytes:
        return gap_fact(
            self.stream,
            self.term,
            self.n,
            t0=t0,
            t1=t1,
            m0=boot(t0),
            m1=None if t1 is None else boot(t1),
            why=why,
            of=of,
            prev=self.prev,
        )

    def _noise(self, what: str, size: int) -> bytes:
        seed = f"{self.stream} {self.term} {self.n} {what}".encode()
        return hashlib.shake_128(seed).digest(size)


def volume(
    root: Root, fence: int, serial: int = 0, *, at: int = START, hour: int = HOUR_0, disk: Disk | None = None
) -> VolumeWriter:
    """A new volume, with a clock record first."""
    made = VolumeWriter.create(
        disk or OsDisk(),
        root,
        hour=hour,
        retention_class="standard",
        fence=fence,
        serial=serial,
        utc=UtcTicks(at),
        boot_ns=BootNs(boot(at)),
    )
    clock(made, at)
    return made


def clock(made: VolumeWriter, at: int) -> None:
    """A clock record."""
    reading = json.dumps({"utc": at, "boot": boot(at), "boot_id": BOOT_ID}, separators=(",", ":")).encode()
    made.place(Kind.CLOCK, 0, t0=at, t1=at, m0=boot(at), m1=boot(at), payload=reading)


def close(made: VolumeWriter) -> Path:
    """Close in order; returns the path."""
    assert made.finish()
    return made._path


def cut(made: VolumeWriter) -> Path:
    """Flush, then leave it as a crash does; returns the path."""
    made.flush()
    made.abandon()
    return made._path


def line_is_whole(facts: Iterable[Fact]) -> None:
    """Numbers, links and time line of one term's facts hold."""
    before: Fact | None = None
    cursor = 0
    for fact in facts:
        if before is None:
            assert fact.kind == "term"
            cursor = fact.t0
        else:
            assert fact.n == before.n + 1
            assert fact.prev == before.hash
        before = fact
        if fact.t1 is not None:
            assert fact.t0 == cursor
            cursor = fact.t1


def with_tape(tape: Tape, found: Recovery) -> list[Fact]:
    """What the tape wrote, and what recovery adds."""
    owed = [each.parsed for each in found.facts if each.parsed.term == tape.term and each.parsed.stream == tape.stream]
    return [*map(parse_fact, tape.lines), *owed]
