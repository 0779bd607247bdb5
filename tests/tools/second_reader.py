# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A reader of the archive that knows docs/3-formats and nothing of the product; second_account.py adds its facts up."""

import base64
import hashlib
import json
import mmap
import struct
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import google_crc32c
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

HEADER = struct.Struct(">8x16sI16s20x")
RECORD = struct.Struct(">4xBBHIQ12s16sQIIQQQQII32s32sI4x")
FIELDS = "kind flags header_length length offset stream term n piece frames t0 t1 m0 m1 media lost h c plain_length"
END = struct.Struct(">8xQQI4x")
KEY, PIECE, FACT, CLOCK, INDEX, SUMMARY = range(1, 7)
FACT_KEYS = {"term": "prior", "seg": "prev media frames lost len count h c", "gap": "prev why of", "step": "prev"}
LATE_NS = 10_000_000_000  # what arrived so shortly before the end of a volume may never have been synced
Record = SimpleNamespace  # FIELDS, and what record_at and _read add
SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def digest(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def expand(key: bytes, info: bytes, length: int) -> bytes:
    return HKDFExpand(hashes.SHA512(), length, info).derive(key)


def open_message(key: bytes, message: bytes, context: bytes = b"") -> bytes:
    """The plaintext of a Cobblestone-256 message."""
    if len(key) != 32 or len(message) < 56 or (len(message) - 56) % 16400 < 16:
        raise ValueError(f"no message has {len(message)} bytes under a key of {len(key)}")
    keys = expand(key, b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + message[:24] + context, 76)
    if keys[44:] != message[24:56]:
        raise ValueError("the commitment is of another key")
    cipher, base = AESGCM(keys[:32]), int.from_bytes(keys[32:44])
    chunks = [message[at : at + 16400] for at in range(56, len(message), 16400)]
    return b"".join(cipher.decrypt((base ^ i).to_bytes(12), chunk, None) for i, chunk in enumerate(chunks))


def segment_key(k: bytes, stream: bytes, term: bytes, n: int) -> bytes:
    return expand(k, b"torrazzo.segment.v1\0" + stream + term + n.to_bytes(8), 32)


def open_piece(key: bytes, index: int, message: bytes) -> tuple[bytes, bytes]:
    """Plaintext and h of the piece with this place in the segment of this key."""
    pair = expand(key, b"torrazzo.piece.v1\0" + index.to_bytes(4), 64)
    plain = open_message(pair[:32], message)
    return plain, hashlib.sha256(pair[32:] + plain).digest()


def open_k(ring_key: dict[str, str], sealed: bytes, place: bytes) -> bytes:
    """K; `place` is stream, term, hour and class, packed."""
    one = MLKEM768PrivateKey.from_seed_bytes(base64.b64decode(ring_key["seed"]))
    two = X25519PrivateKey.from_private_bytes(base64.b64decode(ring_key["x25519"]))
    return SUITE.decrypt(sealed, hpke.MLKEM768X25519PrivateKey(one, two), info=b"torrazzo.key.v1\0" + place)


def mapped(path: Path) -> mmap.mmap | bytes:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else b""


def id_of_header(head: bytes) -> tuple[bytes, int, bytes] | None:
    """Volume id, hour and class."""
    good = head[:8] == b"TZVOL001" and int.from_bytes(head[60:]) == google_crc32c.value(head[:60])
    return HEADER.unpack(head) if good else None


def id_of_name(name: str) -> tuple[bytes, int, bytes] | None:
    try:
        hour, hour_class, *four = name.removesuffix(".vol").split("-")
        seconds = datetime.strptime(hour, "%Y%m%d%H").replace(tzinfo=UTC).timestamp()
        return bytes.fromhex("".join(four)), int(seconds) // 3600, hour_class.encode().ljust(16, b"\0")
    except ValueError:
        return None


class Volume(NamedTuple):  # or its side index
    name: str
    data: mmap.mmap | bytes
    id: bytes
    hour: int
    hour_class: bytes  # 16 bytes, as in the header

    def record_at(self, at: int) -> Record | None:
        """The record whose intact header stands here; its payload may be cut off."""
        head = self.data[at : at + RECORD.size]
        if head[:4] != b"TZR1" or int.from_bytes(head[172:]) != google_crc32c.value(self.id + head[:172]):
            return None
        r = Record(**dict(zip(FIELDS.split(), RECORD.unpack(head), strict=True)), volume=self)
        start = at + r.header_length
        r.where, r.end, r.head = f"{self.name} {at}", start + r.length, head
        r.payload = memoryview(self.data)[start : r.end]
        return r if r.offset == at and RECORD.size <= r.header_length <= 4096 else None

    def scan(self) -> Iterator[Record]:
        """All records with an intact header, wherever they stand."""
        at = 64
        while at >= 0:
            if (r := self.record_at(at)) and r.end <= len(self.data):
                yield r
                at = r.end - 1
            at = self.data.find(b"TZR1", at + 1)


class Reader:
    """Everything under some disk roots, read on making; `problems` are breaches, `notes` are not."""

    def __init__(self, ring: Path, roots: list[Path]) -> None:
        self.ring: dict[str, dict[str, str]] = json.loads(ring.read_text())["keys"]
        self.problems, self.notes = list[str](), list[str]()
        self.volumes: dict[str, list[Record]] = {}  # by name: the records that count
        self.reach: dict[str, int] = {}  # by name: the greatest m1
        self.cut = set[str]()  # names of those without end and side index
        self.k: dict[bytes, bytes] = {}  # by volume id ‖ stream ‖ term
        self.pieces: dict[tuple[str, str, int], dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
        self.facts: dict[tuple[str, str], dict[int, list[Record]]] = defaultdict(lambda: defaultdict(list))
        for path in sorted(path for root in roots for path in (root / "volumes").iterdir() if path.suffix == ".vol"):
            self.read_volume(path)
        for r in (r for of in self.volumes.values() for r in of if r.kind in {KEY, PIECE, FACT} and r.stream[8] < 2):
            try:
                self._read(r)
            except (InvalidTag, KeyError, TypeError, ValueError) as error:
                self.problems.append(f"{r.where}: {type(error).__name__} {error}")

    def _expect(self, good: object, text: str) -> None:
        if not good:
            self.problems.append(text)

    def read_volume(self, path: Path) -> None:
        """Find the records that count; nothing is opened yet."""
        name, data, beside = path.name, mapped(path), path.with_suffix(".idx")
        side = mapped(beside) if beside.exists() else b""
        own, theirs, named = id_of_header(data[:64]), id_of_header(side[:64]), id_of_name(name)
        candidates = [Volume(name, data, *known) for known in (own, theirs, named) if known]
        volume = next((v for v in candidates if any(v.scan())), Volume(name, data, *own) if own else None)
        if volume is None:
            (self.problems if len(data) > 64 else self.notes).append(f"{name} 0: nothing that can be attributed")
            return
        self._expect(own == named == volume[2:], f"{name} 0: the header is damaged, or says other than the name")
        records, index = self._check(volume)
        heads = {r.head for r in records if r.kind != INDEX}
        if side and index is None:
            _, index = self._check(volume._replace(name=beside.name, data=side))
            self._expect(theirs == volume[2:] and index is not None, f"{beside.name} 0: the side index is bad")
            heads &= index or heads  # what it leaves out does not count
        if index is None:
            self.cut.add(name)
        differ = heads ^ (index or heads)
        self.problems += [f"{name} {int.from_bytes(head[12:20])}: index and records differ" for head in sorted(differ)]
        self.volumes[name] = [r for r in records if r.head in heads]
        self.reach[name] = max((r.m1 for r in records), default=0)

    def _check(self, volume: Volume) -> tuple[list[Record], set[bytes] | None]:
        """The intact records, and the headers in the index if the file has an end (none if bad); tells of all else."""
        found, tail = list(volume.scan()), volume.data[-END.size :]
        ended = tail[:8] == b"TZEND001" and int.from_bytes(tail[28:]) == google_crc32c.value(volume.id + tail[:28])
        old = max((r.m1 for r in found), default=0) - LATE_NS
        synced = max((r.offset for r in found if r.kind in {PIECE, CLOCK} and r.m1 < old), default=0)

        def tell(at: int, text: str) -> None:
            torn = at > synced and not any(r.kind == INDEX for r in found)
            (self.notes if torn else self.problems).append(f"{volume.name} {at}: {text}")

        stops = [*(r.offset for r in found), len(volume.data) - (END.size if ended else 0)]
        for start, stop in zip([64, *(r.end for r in found)], stops, strict=True):
            if start < stop:
                tell(start, f"{stop - start} bytes are no record")
        good = {r.offset: r for r in found if hashlib.sha256(r.payload).digest() == r.c}
        for at in sorted({r.offset for r in found} - good.keys()):
            tell(at, "the payload is not that of c")
        at, count, length = END.unpack(tail) if ended else (0, 0, 0)
        index = bytes(good[at].payload) if at in good and good[at].kind == INDEX else b""
        heads, p = set[bytes](), 0
        while p < len(index):
            size = max(int.from_bytes(index[p + 6 : p + 8]), RECORD.size)
            heads.add(index[p : p + RECORD.size])
            p += size
        whole = len(heads) == count and (not length or (at - length in good and good[at - length].kind == SUMMARY))
        self._expect(whole, f"{volume.name} {at}: summary or index are not those of the end")
        return list(good.values()), (heads if whole else set()) if ended else None

    def _read(self, r: Record) -> None:
        stream = f"{r.stream[:8].hex()}/{('main', 'sub')[r.stream[8]]}"
        term = f"{r.term[:4].hex()}-{int.from_bytes(r.term[4:8])}-{int.from_bytes(r.term[8:])}"
        place, payload = r.volume.id + r.stream + r.term, bytes(r.payload)
        if r.kind == KEY:
            hour, hour_class = datetime.fromtimestamp(r.volume.hour * 3600, UTC), r.volume.hour_class
            key = self.ring[f"{hour:%Y%m%d%H}/{hour_class.rstrip(bytes(1)).decode()}"]
            self.k[place] = open_k(key, payload, r.stream + r.term + r.volume.hour.to_bytes(4) + hour_class)
        elif r.kind == PIECE:
            self.pieces[stream, term, r.n][r.volume.name].append(r)
            plain, h = open_piece(segment_key(self.k[place], r.stream, r.term, r.n), r.piece, payload)
            self._expect((h, len(plain)) == (r.h, r.plain_length), f"{r.where}: the plaintext is not that of h")
        else:
            r.said, r.hash = json.loads(payload), digest(payload)
            missing = set(f"m0 m1 by {FACT_KEYS.get(r.said['kind'], 'prev')}".split()) - r.said.keys()
            told = [*(r.said[key] for key in ("v", "stream", "term", "n", "t0")), r.said["t1"] or r.said["t0"]]
            if missing or told != [1, stream, term, r.n, r.t0, r.t1] or (r.said["kind"] == "term") != (r.n == 0):
                raise ValueError(f"a fact without {missing}, or the header says other than {told}")
            own = (r.volume.id[:4], r.volume.id[8:12]) == (r.term[:4], r.term[4:8])
            m1 = r.said["m0"] if r.said["m1"] is None else r.said["m1"]
            r.late = own and r.volume.name in self.cut and m1 >= self.reach[r.volume.name] - LATE_NS
            self.facts[stream, term][r.n].append(r)
