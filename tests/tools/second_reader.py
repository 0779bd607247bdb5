# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A reader of the archive that knows docs/3-formats and nothing of the product: `second_reader.py RING ROOT…`."""

import argparse
import base64
import binascii
import hashlib
import hmac
import json
import mmap
import struct
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import google_crc32c
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

HEADER = struct.Struct(">8s16sI16sQQI")
RECORD = struct.Struct(">4sBBHIQ12s16sQIIQQQQII32s32sII")
END = struct.Struct(">8sQQII")
ROW = struct.Struct(">12s16sQQQQ")
KEY, PIECE, FACT, CLOCK, INDEX, SUMMARY = range(1, 7)
SECOND = 90_000
SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
FACT_KEYS = {
    "term": "v kind stream term n t0 t1 m0 m1 boot sw prior by",
    "seg": "v kind stream term n t0 t1 m0 m1 media frames lost len count h c key prev q by",
    "gap": "v kind stream term n t0 t1 m0 m1 why of prev by",
    "step": "v kind stream term n t0 t1 m0 m1 prev by",
}


class BadError(Exception):
    """Bytes that are not what the formats say; the text says how."""


class Record(NamedTuple):
    magic: bytes
    kind: int
    flags: int
    header_length: int
    length: int
    offset: int
    stream: bytes
    term: bytes
    n: int
    piece: int
    frames: int
    t0: int
    t1: int
    m0: int
    m1: int
    media: int
    lost: int
    h: bytes
    c: bytes
    plain_length: int
    crc: int

    @property
    def end(self) -> int:
        return self.offset + self.header_length + self.length


@dataclass
class Volume:
    name: str
    data: mmap.mmap
    id: bytes
    hour: int
    hour_class: bytes  # 16 bytes, as in the header
    records: list[Record] = field(default_factory=list)
    closed: bool = False  # in order, by its own end
    k: dict[tuple[bytes, bytes], bytes] = field(default_factory=dict)
    segments: dict[tuple[bytes, bytes, int], list[Record]] = field(default_factory=lambda: defaultdict(list))

    @property
    def key_name(self) -> str:
        return f"{datetime.fromtimestamp(self.hour * 3600, UTC):%Y%m%d%H}/{self.hour_class.rstrip(bytes(1)).decode()}"

    @property
    def reaches(self) -> int:
        return max((r.m1 for r in self.records), default=0)

    def payload(self, r: Record) -> bytes:
        return self.data[r.offset + r.header_length : r.end]


class Fact(NamedTuple):
    line: bytes
    said: dict[str, Any]
    volume: Volume

    @property
    def hash(self) -> str:
        return base64.b64encode(hashlib.sha256(self.line).digest()).decode()


@dataclass
class Stream:
    """What the facts of one stream add up to, in ticks."""

    segments: int = 0
    recorded: int = 0
    gaps: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    elapsed: int = 0


def crc32c(data: bytes) -> int:
    return int(google_crc32c.value(data))


def header_of(head: bytes, volume_id: bytes) -> Record | None:
    """The record header that `head` begins with, if it belongs to this volume."""
    if len(head) < RECORD.size or head[:4] != b"TZR1":
        return None
    r = Record._make(RECORD.unpack_from(head))
    whole = RECORD.size <= r.header_length <= 4096 and r.crc == crc32c(volume_id + head[:172])
    return r if whole else None


def record_at(data: mmap.mmap, at: int, volume_id: bytes) -> Record | None:
    r = header_of(data[at : at + RECORD.size], volume_id) if data[at : at + 4] == b"TZR1" else None
    return r if r and r.offset == at and r.end <= len(data) else None


def scan(data: mmap.mmap, volume_id: bytes) -> tuple[list[Record], list[tuple[int, int]]]:
    """Every record whose header checks, and the ranges passed over."""
    found, passed, at = [], [], 64
    while at < len(data):
        if r := record_at(data, at, volume_id):
            found.append(r)
            at = r.end
            continue
        start, at = at, data.find(b"TZR1", at + 1)
        while at >= 0 and not record_at(data, at, volume_id):
            at = data.find(b"TZR1", at + 1)
        at = len(data) if at < 0 else at
        passed.append((start, at))
    return found, passed


def index_of(data: mmap.mmap, volume_id: bytes) -> tuple[list[bytes], bytes, int] | None:
    """The headers in an intact index, the summary's payload, and where the summary begins."""
    if len(data) < 64 + END.size or data[-END.size :][:8] != b"TZEND001":
        return None
    _, at, count, summary_length, crc = END.unpack(data[-END.size :])
    r = record_at(data, at, volume_id)
    if crc != crc32c(volume_id + data[-END.size : -4]) or r is None or r.kind != INDEX:
        return None
    payload = data[at + r.header_length : r.end]
    if r.end != len(data) - END.size or hashlib.sha256(payload).digest() != r.c:
        return None
    heads, p = [], 0
    while p < len(payload):
        size = int.from_bytes(payload[p + 6 : p + 8])
        heads.append(payload[p : p + max(size, RECORD.size)])
        p += len(heads[-1])
    if len(heads) != count:
        return None
    summary = record_at(data, at - summary_length, volume_id) if summary_length else None
    if summary is None:
        return heads, b"", at
    rows = data[summary.offset + summary.header_length : summary.end]
    good = summary.kind == SUMMARY and summary.end == at and hashlib.sha256(rows).digest() == summary.c
    return heads, rows if good else b"", summary.offset


def id_of_name(name: str) -> tuple[bytes, int, bytes] | None:
    try:
        hour, hour_class, *four = name.removesuffix(".vol").split("-")
        since = datetime.strptime(hour + "+0000", "%Y%m%d%H%z") - datetime(1970, 1, 1, tzinfo=UTC)
        return bytes.fromhex("".join(four)), since // timedelta(hours=1), hour_class.encode().ljust(16, b"\0")
    except ValueError:
        return None


def id_of_header(head: bytes) -> tuple[bytes, int, bytes] | None:
    if len(head) < HEADER.size or head[:8] != b"TZVOL001" or int.from_bytes(head[60:64]) != crc32c(head[:60]):
        return None
    fields = HEADER.unpack(head[:64])
    return fields[1], fields[2], fields[3]


def mapped(path: Path) -> mmap.mmap | None:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if path.is_file() and path.stat().st_size else None


def expand(key: bytes, info: bytes, length: int) -> bytes:
    return HKDFExpand(hashes.SHA512(), length, info).derive(key)


def open_message(key: bytes, message: bytes, context: bytes = b"") -> bytes:
    """The plaintext of a Cobblestone-256 message."""
    if len(key) != 32 or len(message) < 56 or (len(message) - 56) % 16400 < 16:
        raise BadError(f"no message has {len(message)} bytes under a key of {len(key)}")
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + message[:24] + context
    keys = expand(key, info, 76)
    if not hmac.compare_digest(keys[44:], message[24:56]):
        raise BadError("the commitment is of another key")
    cipher, base = AESGCM(keys[:32]), int.from_bytes(keys[32:44])
    chunks = [message[at : at + 16400] for at in range(56, len(message), 16400)]
    try:
        return b"".join(cipher.decrypt((base ^ i).to_bytes(12), chunk, None) for i, chunk in enumerate(chunks))
    except InvalidTag as error:
        raise BadError("a tag does not check") from error


def segment_key(k: bytes, stream: bytes, term: bytes, n: int) -> bytes:
    return expand(k, b"torrazzo.segment.v1\0" + stream + term + n.to_bytes(8), 32)


def open_piece(key: bytes, index: int, message: bytes) -> tuple[bytes, bytes]:
    """Plaintext and h of the piece with this place in the segment of this key."""
    pair = expand(key, b"torrazzo.piece.v1\0" + index.to_bytes(4), 64)
    plain = open_message(pair[:32], message)
    return plain, hashlib.sha256(pair[32:] + plain).digest()


def open_k(ring_key: dict[str, str], sealed: bytes, place: bytes) -> bytes:
    """K; `place` is stream, term, hour and class, packed."""
    kem = MLKEM768PrivateKey.from_seed_bytes(base64.b64decode(ring_key["seed"]))
    private = MLKEM768X25519PrivateKey(kem, X25519PrivateKey.from_private_bytes(base64.b64decode(ring_key["x25519"])))
    try:
        return SUITE.decrypt(sealed, private, info=b"torrazzo.key.v1\0" + place)
    except (InvalidTag, ValueError) as error:
        raise BadError("the sealed K does not open") from error


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4])
        if not 8 <= size <= len(data) - at:
            raise BadError(f"a box of {size} bytes at {at} of {len(data)}")
        yield data[at + 4 : at + 8], data[at + 8 : at + size]
        at += size


def child(data: bytes, *path: bytes) -> bytes:
    for name in path:
        data = dict(boxes(data))[name]
    return data


def timing(fragment: bytes) -> tuple[int, int, int]:
    """Decoding time of the first frame, duration, and number of frames of one `moof mdat`."""
    tfdt, tfhd, trun = (child(fragment, b"moof", b"traf", name) for name in (b"tfdt", b"tfhd", b"trun"))
    first = int.from_bytes(tfdt[4:12] if tfdt[0] else tfdt[4:8])
    flags, count = int.from_bytes(trun[1:4]), int.from_bytes(trun[4:8])
    if flags & 0x100:
        row = 4 * (flags & 0xF00).bit_count()
        at = 8 + 4 * (flags & 5).bit_count()
        return first, sum(int.from_bytes(trun[at + i * row :][:4]) for i in range(count)), count
    has = int.from_bytes(tfhd[1:4])
    at = 8 + (8 if has & 1 else 0) + (4 if has & 2 else 0)
    return first, count * int.from_bytes(tfhd[at : at + 4]), count


def stream_name(packed: bytes) -> str | None:
    return f"{packed[:8].hex()}/{('main', 'sub')[packed[8]]}" if packed[8] < 2 and any(packed[:8]) else None


def term_name(packed: bytes) -> str:
    node, fence, start = struct.unpack(">4sIQ", packed)
    return f"{node.hex()}-{fence}-{start}"


def packed_term(name: str) -> bytes:
    node, fence, start = name.split("-")
    return bytes.fromhex(node) + int(fence).to_bytes(4) + int(start).to_bytes(8)


class Archive:
    """Everything under some disk roots, read and checked on making; `problems` are breaches, `notes` are not."""

    def __init__(self, ring: Path, roots: list[Path], write: Path | None = None) -> None:
        self.ring: dict[str, dict[str, str]] = json.loads(ring.read_text())["keys"]
        self.write = write
        self.problems: list[str] = []
        self.notes: list[str] = []
        self.streams: dict[str, Stream] = defaultdict(Stream)
        self.volumes: list[Volume] = []
        self.told: dict[tuple[str, bytes, int], dict[bytes, Fact]] = defaultdict(dict)
        self.claimed: set[tuple[str, bytes, bytes, int]] = set()
        for root in roots:
            self._expect((root / "root.json").is_file(), f"{root.name}: no root.json")
            for path in sorted((root / "volumes").glob("*.vol")):
                self.read_volume(path)
        for volume in self.volumes:
            self._records(volume)
        for stream in sorted({stream for stream, _, _ in self.told}):
            self._stream(stream)
        for volume in self.volumes:
            self._unclaimed(volume)

    def _expect(self, good: object, text: str) -> None:
        if not good:
            self.problems.append(text)

    def read_volume(self, path: Path) -> None:
        data, side = mapped(path), None
        if path.with_suffix(".idx").exists():
            side = mapped(path.with_suffix(".idx"))
        own, named = id_of_header(data[:64]) if data else None, id_of_name(path.name)
        if data is None or (own is None and len(data) <= 64):
            self.notes.append(f"{path.name}: its making was interrupted")
            return
        self._expect(own, f"{path.name}: the header is damaged")
        self._expect(own is None or own == named, f"{path.name}: the name says other than the header")
        for known in (own, id_of_header(side[:64]) if side else None, named):
            if known and ((known == own and len(data) == 64) or scan(data, known[0])[0]):
                self._expect(own is None or known == own, f"{path.name}: the header is of another volume")
                volume = Volume(path.name, data, *known)
                self._choose_records(volume, side)
                self.volumes.append(volume)
                return
        self.problems.append(f"{path.name}: nothing can be attributed")

    def _choose_records(self, volume: Volume, side: mmap.mmap | None) -> None:
        name, data = volume.name, volume.data
        found: list[Record] = []
        own = index_of(data, volume.id)
        beside = index_of(side, volume.id) if side and not own else None
        self._expect(side is None or own or beside, f"{name}: the side index is bad")
        if index := own or beside:
            volume.closed = own is not None
            at = 64
            for head in index[0]:
                r = header_of(head, volume.id)
                if r is None or r.end > len(data):
                    self.problems.append(f"{name}: a header in the index does not check")
                    continue
                self._expect(data[r.offset :][: len(head)] == head, f"{name} {r.offset}: not the header of the index")
                if r.offset != at:
                    (self.problems if own else self.notes).append(f"{name} {at}: {r.offset - at} bytes not indexed")
                found, at = [*found, r], r.end
            rest = (index[2] if own else len(data)) - at
            if own and found and found[-1].kind == SUMMARY:
                rest = index[2] - found[-1].offset
            if rest:
                (self.problems if own else self.notes).append(f"{name} {at}: the last {rest} bytes are not indexed")
        else:
            self.notes.append(f"{name}: no index, scanned")
            found, passed = scan(data, volume.id)
            self._expect(all(r.kind != INDEX for r in found), f"{name}: the index or the end is damaged")
            for start, end in passed:
                if data[start : start + 8] == b"TZEND001" and data[-4:] == crc32c(volume.id + data[start:-4]).to_bytes(
                    4
                ):
                    continue
                r = header_of(data[start : start + RECORD.size], volume.id)
                rest_of_one = r.offset == start if r else end - start < RECORD.size
                torn = end == len(data) and data[start : start + 4] == b"TZR1"[: end - start] and rest_of_one
                before = max((r.offset for r in found if r.offset < start), default=0)
                where = f"{name} {start}: {end - start} bytes passed over, after the record at {before}"
                (self.notes if torn else self.problems).append(where)
        for r in found:
            if hashlib.sha256(volume.payload(r)).digest() == r.c:
                volume.records.append(r)
            else:
                self.problems.append(f"{name} {r.offset}: the payload is not that of c")
        if index:
            self._summary(volume, index[1])

    def _summary(self, volume: Volume, payload: bytes) -> None:
        rows: dict[bytes, list[Record]] = defaultdict(list)
        for r in volume.records:
            if r.kind in {PIECE, FACT}:
                rows[r.stream + r.term].append(r)
        expected = b""
        for place, of in sorted(rows.items()):
            n, at = max(((r.n, r.offset) for r in of if r.kind == FACT), default=(0, 0))
            expected += ROW.pack(place[:12], place[12:], n, at, min(r.t0 for r in of), max(r.t1 for r in of))
        self._expect(payload == expected, f"{volume.name}: the summary is not that of the records")

    def _records(self, volume: Volume) -> None:
        for r in volume.records:
            where = f"{volume.name} {r.offset}"
            try:
                if r.kind == CLOCK:
                    said = json.loads(volume.payload(r))
                    self._expect((r.t0, r.t1) == (said["utc"],) * 2, f"{where}: the clock's ticks")
                    self._expect((r.m0, r.m1) == (said["boot"],) * 2, f"{where}: the clock's nanoseconds")
                elif r.kind in {KEY, PIECE, FACT} and r.stream[8] < 2:
                    (self._key, self._piece, self._fact)[r.kind - 1](volume, r)
            except (BadError, KeyError, ValueError, IndexError) as error:
                self.problems.append(f"{where}: {type(error).__name__} {error}")

    def _key(self, volume: Volume, r: Record) -> None:
        hour = (volume.hour * 3600 * SECOND, (volume.hour + 1) * 3600 * SECOND)
        self._expect((r.t0, r.t1) == hour, f"{volume.name} {r.offset}: not the hour of the volume")
        place = r.stream + r.term + volume.hour.to_bytes(4) + volume.hour_class
        volume.k[r.stream, r.term] = open_k(self.ring[volume.key_name], volume.payload(r), place)

    def _open(self, volume: Volume, r: Record) -> tuple[bytes, bytes]:
        key = segment_key(volume.k[r.stream, r.term], r.stream, r.term, r.n)
        return open_piece(key, r.piece, volume.payload(r))

    def _piece(self, volume: Volume, r: Record) -> None:
        of = volume.segments[r.stream, r.term, r.n]
        plain, h = self._open(volume, r)
        init, shape = r.piece == 0, [name for name, _ in boxes(plain)]
        checks = {
            "index": r.piece == len(of),
            "h": h == r.h,
            "plaintext length": len(plain) == r.plain_length,
            "init flag": bool(r.flags & 2) == init,
            "boxes": shape == ([b"ftyp", b"moov"] if init else [b"moof", b"mdat"]),
        }
        if init:
            checks["an init without time"] = r.t0 == r.t1 and r.m0 == r.m1 and not (r.frames or r.media or r.lost)
        else:
            first = sum(p.media for p in of)
            checks["tfdt, durations, frames"] = timing(plain) == (first, r.media, r.frames)
            checks["tiling"] = bool(of) and r.t0 == of[-1].t1 and (r.piece > 1 or r.m0 == of[0].m0)
        of.append(r)
        for name, good in checks.items():
            self._expect(good, f"{volume.name} {r.offset}: {name}")

    def _fact(self, volume: Volume, r: Record) -> None:
        line = volume.payload(r)
        said: dict[str, Any] = json.loads(line)
        kind, where = said["kind"], f"{volume.name} {r.offset}"
        compact = json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode() == line and len(line) <= 4096
        self._expect(compact, f"{where}: not a compact line of at most 4096 bytes")
        order = FACT_KEYS.get(kind, "v kind stream term n").split()
        self._expect([k for k in said if k in order] == order, f"{where}: the keys of a {kind}: {list(said)}")
        repeated = (stream_name(r.stream), term_name(r.term), r.n, r.t0, r.t1)
        t1 = said.get("t0") if said.get("t1") is None else said["t1"]
        same = repeated == (said["stream"], said["term"], said["n"], said.get("t0"), t1)
        self._expect(same, f"{where}: the header says other than the fact")
        self.told[said["stream"], r.term, said["n"]].setdefault(line, Fact(line, said, volume))

    # ------------------------------------------------------------------------------------------ fact.md: one stream

    def _term(self, stream: str, term: bytes) -> list[Fact]:
        """The facts of a term that count, in order."""
        of = {n: list(facts.values()) for (s, t, n), facts in self.told.items() if (s, t) == (stream, term)}
        name, chosen, after = f"{stream} {term_name(term)}", list[Fact](), ""
        self._expect(sorted(of) == list(range(max(of) + 1)), f"{name}: numbers are missing: {sorted(of)}")
        for n in sorted(of, reverse=True):  # the fact after decides which of two counts
            best = [f for f in of[n] if f.hash == after] or sorted(of[n], key=lambda f: f.volume.reaches)[-1:]
            self._expect(not after or best[0].hash == after, f"{name} {n}: not the fact that the next one follows")
            chosen.insert(0, best[0])
            after = best[0].said.get("prev", "")
        return chosen

    def _stream(self, stream: str) -> None:
        total, last, start = self.streams[stream], None, 0
        cursor: int | None = None
        terms = {t for s, t, _ in self.told if s == stream}
        for term in sorted(terms, key=lambda t: (t[8:], t)):
            open_gap: dict[str, Any] | None = None
            for fact in self._term(stream, term):
                said = fact.said
                where, kind = f"{stream} {said['term']} {said['n']}", said["kind"]
                if kind == "term":
                    if not self._prior(where, said, last):
                        total.elapsed += cursor - start if cursor is not None else 0
                        cursor = start = said["t0"]
                    self._expect(said["t0"] == said["t1"], f"{where}: a term has no length")
                if kind not in FACT_KEYS:
                    last = fact
                    continue
                self._expect(kind != "gap" or self._closes(said, open_gap), f"{where}: closes no open gap")
                self._expect(said["t0"] == cursor, f"{where}: t0 {said['t0']} is not the t1 before, {cursor}")
                if kind == "gap" and said["t1"] is None:
                    open_gap = said
                else:
                    self._expect(open_gap is None or kind == "gap", f"{where}: while a gap is open")
                    open_gap, cursor = None, said["t1"]
                    self._count(where, fact, total)
                last = fact
            if open_gap:
                self.notes.append(f"{stream} {term_name(term)}: ends in an open gap, {open_gap['why']}")
        total.elapsed += cursor - start if cursor is not None else 0
        added = total.recorded + total.gaps.total() + total.steps
        self._expect(added == total.elapsed, f"{stream}: {added} ticks accounted for, {total.elapsed} elapsed")

    def _prior(self, where: str, said: dict[str, Any], last: Fact | None) -> bool:
        """Whether this term goes on from the fact before."""
        prior, start = said["prior"], int(said["term"].split("-")[2])
        self._expect(said["n"] == 0, f"{where}: a term is number 0")
        if prior and "lost" not in prior:
            want = {"term": last.said["term"], "n": last.said["n"], "hash": last.hash} if last else None
            self._expect(prior == want, f"{where}: prior {prior}, found {want}")
            return last is not None
        if prior:
            self.notes.append(f"{where}: what came before is lost: {prior['lost']!r}")
        self._expect(prior or last is None, f"{where}: no prior, but the stream was recorded before")
        if said["t0"] != start:
            self.notes.append(f"{where}: t0 is {said['t0'] - start} ticks after the term's start")
        return False

    @staticmethod
    def _closes(said: dict[str, Any], open_gap: dict[str, Any] | None) -> bool:
        if said["of"] is None:
            return open_gap is None
        return open_gap is not None and all(
            said[a] == open_gap[b] for a, b in (("of", "n"), ("t0", "t0"), ("why", "why"))
        )

    def _count(self, where: str, fact: Fact, total: Stream) -> None:
        said = fact.said
        length = said["t1"] - said["t0"]
        self._expect(length >= 0 or said["kind"] == "step", f"{where}: ends before it begins")
        if said["kind"] == "seg":
            total.segments += 1
            total.recorded += length
            self._seg(where, fact)
        elif said["kind"] == "gap":
            total.gaps[said["why"]] += length
        elif said["kind"] == "step":
            total.steps += length

    def _seg(self, where: str, fact: Fact) -> None:
        said = fact.said
        for volume in self.volumes:
            for (stream, term, n), of in volume.segments.items():
                if (stream_name(stream), term_name(term), n) != (said["stream"], said["term"], said["n"]):
                    continue
                pieces = of[: said["count"]]
                if base64.b64encode(hashlib.sha256(b"".join(p.c for p in pieces)).digest()).decode() == said["c"]:
                    self.claimed.add((volume.name, stream, term, n))
                    if len(of) > len(pieces):
                        self.notes.append(f"{where}: {len(of) - len(pieces)} pieces more than the fact says")
                    self._compare(where, said, volume, pieces)
                    return
        self.problems.append(f"{where}: its pieces were not found")

    def _compare(self, where: str, said: dict[str, Any], volume: Volume, pieces: list[Record]) -> None:
        h = hashlib.sha256(b"".join(p.h for p in pieces)).digest()
        expected = {
            "t0": pieces[0].t0,
            "t1": pieces[-1].t1,
            "m0": pieces[0].m0,
            "m1": pieces[-1].m1,
            "media": sum(p.media for p in pieces),
            "frames": sum(p.frames for p in pieces),
            "lost": sum(p.lost for p in pieces),
            "len": sum(p.plain_length for p in pieces),
            "count": len(pieces),
            "h": base64.b64encode(h).decode(),
            "key": volume.key_name,
        }
        for key, value in expected.items():
            self._expect(said[key] == value, f"{where}: {key} is {said[key]}, its pieces say {value}")
        slew = abs(said["media"] - (said["t1"] - said["t0"]))
        self._expect((slew - 1) * 2000 < said["media"], f"{where}: slew of {slew} ticks in {said['media']}")
        begins = not said["q"].get("continues", False)
        self._expect(len(pieces) > 1 and bool(pieces[1].flags & 1) == begins, f"{where}: how it begins")
        self._expect(any(p.flags & 4 for p in pieces) != begins, f"{where}: whether it continues")
        if self.write:
            name = f"{said['stream']}-{said['term']}-{said['n']}.mp4".replace("/", "-")
            (self.write / name).write_bytes(b"".join(self._open(volume, p)[0] for p in pieces))

    def _unclaimed(self, volume: Volume) -> None:
        for (stream, term, n), of in volume.segments.items():
            if (volume.name, stream, term, n) not in self.claimed:
                where = f"{volume.name}: {len(of)} pieces of {stream_name(stream)} {term_name(term)} {n} without a fact"
                (self.problems if volume.closed else self.notes).append(where)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ring", type=Path)
    parser.add_argument("roots", type=Path, nargs="+", metavar="root")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write every segment there, as MP4")
    asked = parser.parse_args()
    try:
        archive = Archive(asked.ring, asked.roots, asked.write)
    except (OSError, ValueError, KeyError, binascii.Error) as error:
        parser.error(f"{type(error).__name__}: {error}")
    for name, s in sorted(archive.streams.items()):
        gaps = " ".join(f"{why}={ticks}" for why, ticks in sorted(s.gaps.items())) or "none"
        print(f"{name}: {s.segments} segments of {s.recorded}, gaps {gaps}, steps {s.steps}, elapsed {s.elapsed}")
    for kind, texts in (("note", archive.notes), ("problem", archive.problems)):
        for text in texts:
            print(f"{kind}: {text}")
    return 1 if archive.problems else 0


if __name__ == "__main__":
    sys.exit(main())
