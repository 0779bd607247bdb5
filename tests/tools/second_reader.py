# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A reader of the archive that knows docs/3-formats and nothing of the product: `second_reader.py RING ROOT…`."""

import base64
import hashlib
import json
import mmap
import struct
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
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


class Archive:
    """Everything under some disk roots, read and checked on making; `problems` are breaches, `notes` are not."""

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
        self.streams = {stream: self._account(stream) for stream in sorted({stream for stream, _ in self.facts})}

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

    def _terms(self, stream: str) -> tuple[list[str], dict[str, str]]:
        """The terms as they follow each other, and by term the hash of its last fact if the next one names that."""
        terms = [term for of, term in self.facts if of == stream]
        firsts = {term: max(of[0], key=self._written) for term in terms if 0 in (of := self.facts[stream, term])}
        priors = {term: first.said["prior"] or {} for term, first in firsts.items()}
        nodes = list(dict.fromkeys(term[:8] for term in sorted(terms, key=lambda term: int(term.split("-")[2]))))
        order = list[str]()
        for term in sorted(terms, key=lambda term: (nodes.index(term[:8]), *map(int, term.split("-")[1:]))):
            line = [term]
            while (prior := priors.get(line[-1], {}).get("term")) in terms and prior not in order + line:
                line.append(prior)
            order += [each for each in reversed(line) if each not in order]
        return order, {prior["term"]: prior["hash"] for prior in priors.values() if "term" in prior}

    def _written(self, fact: Record) -> tuple[bool, bytes, int]:
        """Greater for a volume that was written later."""
        return fact.volume.id[:4] != fact.term[:4], fact.volume.id[8:12], self.reach[fact.volume.name]

    def _told(self, fact: Record) -> tuple[bool, bytes, int, int]:
        """Greater for the last fact of a chain that was written later."""
        return *self._written(fact)[:2], fact.said["m1"] or fact.said["m0"], fact.n

    def _chain(self, stream: str, term: str, end: str | None) -> list[Record]:
        """The facts of a term that count, in order; `end` is the hash of the last one, if it is known."""
        facts = [fact for several in self.facts[stream, term].values() for fact in several]
        below = dict(pairwise(sorted({fact.n for fact in facts}, reverse=True)))

        def before(fact: Record) -> list[Record]:
            of = self.facts[stream, term][below[fact.n]] if fact.n in below else []
            return sorted(of, key=lambda r: (r.hash == fact.said.get("prev"), self._written(r)))[-1:]

        def line(last: Record) -> list[Record]:
            """Down from this one, without what was never synced."""
            found = [last]
            while prior := before(found[-1]):
                found += prior
            late = next((at for at, fact in enumerate(found) if not fact.late), len(found))
            segments = [at for at in range(late) if found[at].said["kind"] == "seg"]
            return found[max((at + 1 for at in segments if not self._pieces_of(found[at])), default=0) :]

        followed = {prior.hash for fact in facts for prior in before(fact)}
        ends = [fact for fact in facts if fact.hash == end] or [fact for fact in facts if fact.hash not in followed]
        lines = [found for last in ends if (found := line(last))]
        inner = {fact.hash for found in lines for fact in found[1:]}
        lines = [found for found in lines if found[0].hash not in inner]
        chain = max(lines, key=lambda found: self._told(found[0]), default=[])
        for after, prior in pairwise(chain):
            linked = prior.said["by"] == "recovery" or prior.hash == after.said.get("prev")
            self._expect(linked, f"{prior.where}: not what the next fact follows")
        numbers = [fact.n for fact in reversed(chain)]
        self._expect(numbers == list(range(len(chain))), f"{stream} {term}: numbers are missing: {numbers}")
        return chain[::-1]

    def _account(self, stream: str) -> Counter[str]:
        """Ticks by cause of a gap, of `seg` and `step`, and `elapsed`."""
        total, elapsed, cursor, last, opened = Counter[str](), 0, 0, None, None
        terms, ends = self._terms(stream)
        for fact in (fact for term in terms for fact in self._chain(stream, term, ends.get(term))):
            said, kind, t0, t1 = fact.said, fact.said["kind"], fact.said["t0"], fact.said["t1"]
            if kind == "term":
                lost = said["prior"] is not None and "lost" in said["prior"]
                self._expect(lost or said["prior"] == last, f"{fact.where}: its prior is not {last}")
                if lost:
                    self.notes.append(f"{fact.where}: what was before {t0} is not accounted for")
                if lost or not last:  # the accounting begins (anew)
                    elapsed, cursor = elapsed + cursor - t0, t0
            last = {"term": said["term"], "n": fact.n, "hash": fact.hash}
            if kind not in FACT_KEYS:
                continue
            self._expect(t0 == cursor, f"{fact.where}: t0 is {t0}, the t1 before is {cursor}")
            closes = (said["of"], said["why"]) if said.get("of") is not None else None
            self._expect(closes == opened, f"{fact.where}: closes {closes}, open is {opened}")
            opened = (fact.n, said["why"]) if t1 is None else None
            cursor = t0 if t1 is None else t1  # an open gap counts for nothing
            if kind != "term":
                total[f"gap {said['why']}" if kind == "gap" else kind] += cursor - t0
            self._expect(cursor >= t0 or kind == "step", f"{fact.where}: ends before it begins")
            if kind == "seg":
                self._segment(fact)
        total["elapsed"] = elapsed + cursor
        self._expect(total.total() == 2 * total["elapsed"], f"{stream}: this does not add up: {dict(total)}")
        return total

    def _pieces_of(self, fact: Record) -> list[Record]:
        """The pieces that the fact of a segment tells of."""
        for found in self.pieces[fact.said["stream"], fact.said["term"], fact.n].values():
            of = found[: fact.said["count"]]
            if digest(b"".join(p.c for p in of)) == fact.said["c"]:
                return of
        return []

    def _segment(self, fact: Record) -> None:
        said, of = fact.said, self._pieces_of(fact)
        if not of:
            self.problems.append(f"{fact.where}: its pieces were not found")
            return
        sums = [sum(getattr(p, name) for p in of) for name in ("media", "frames", "lost", "plain_length")]
        want = [of[0].t0, of[-1].t1, of[0].m0, of[-1].m1, *sums, digest(b"".join(p.h for p in of))]
        told = [said[key] for key in ("t0", "t1", "m0", "m1", "media", "frames", "lost", "len", "h")]
        tiles = [p.t1 for p in of[:-1]] == [p.t0 for p in of[1:]]
        self._expect(told == want and tiles, f"{fact.where}: the pieces say {want}, or do not tile it")


if __name__ == "__main__":
    archive = Archive(Path(sys.argv[1]), [Path(root) for root in sys.argv[2:]])
    for name, ticks in archive.streams.items():
        print(f"{name}:", *(f"{what}={count}" for what, count in ticks.items()))
    for text in [f"note: {note}" for note in archive.notes] + [f"problem: {problem}" for problem in archive.problems]:
        print(text)
    sys.exit(bool(archive.problems))
