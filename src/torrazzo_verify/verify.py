# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Check an evidence package of Torrazzo: off line, with Python's standard library alone.

    python3 -I -S verify.py PACKAGE [--policy FILE | --key VKEY ...] [--lang it|en] [--all]

One file, to be read from top to bottom: 1 signatures (Ed25519), 2 texts and hashes, 3 signed notes, 4 the log's tree,
5 whose signatures count, 6 proofs, 7 the package as a file, 8 video files, 9 the checks, 10 what is said, 11 the
command. Sections 1 to 6 follow published standards, named there; 7 to 9 follow docs/3-formats/package.md. Needs Python
3.9 or newer. It writes nothing and uses no network.

FILE is a policy (`torrazzo ledger policy`), or a list of keys, one a line (`torrazzo ledger keys`): then all of its
logs and witnesses must have signed. Of more than 200 findings of one kind about one camera the rest is only counted,
unless --all is said.

Exit code: 0 all verified with the keys you gave; 1 something failed; 2 the package, the policy or the command can't be
read; 3 all verified, but only with the keys that came in the package itself, which anybody could have put there.
"""

from __future__ import annotations

import sys

if __name__ == "__main__" and not sys.flags.isolated and not getattr(sys.flags, "safe_path", False):
    del sys.path[0]  # this file's folder: what lies beside it, maybe an unpacked package, is not Python's library

import binascii
import hashlib
import json
import os
import re
import struct
import threading
from array import array
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from functools import partial
from itertools import accumulate, islice, repeat
from operator import add
from typing import Any, BinaryIO, Callable, Collection, Iterator, NamedTuple, Optional, Sequence, Union


class Malformed(Exception):
    """Not in its format: nothing can be read from it."""


class Unproven(Malformed):
    """Well formed, but a hash, a signature or the quorum is not as it must be."""


# =========================================================================================== 1 Ed25519, RFC 8032, 5.1
# Verification only: nothing here is secret, so nothing has to take constant time.

P = 2**255 - 19  # the field
L = 2**252 + 27742317777372353535851937790883648493  # order of the base point
D = -121665 * pow(121666, -1, P) % P  # the curve is -x² + y² = 1 + D x² y²
SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)

Point = tuple[int, int, int, int]  # extended coordinates X, Y, Z, T with x = X/Z, y = Y/Z, x y = T/Z


def point_add(p: Point, q: Point) -> Point:
    """RFC 8032, 5.1.4."""
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_times(scalar: int, p: Point) -> Point:
    """Double and add."""
    result: Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = point_add(result, p)
        p = point_add(p, p)
        scalar >>= 1
    return result


def point_read(data: bytes) -> Optional[Point]:
    """RFC 8032, 5.1.3; None if no point is written so."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if len(data) != 32 or y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * SQRT_MINUS_1 % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = point_read((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def ed25519_verify(public: bytes, signature: bytes, message: bytes) -> bool:
    """RFC 8032, 5.1.7, without the cofactor: S·B = R + k·A."""
    a, r, s = point_read(public), point_read(signature[:32]), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or a is None or r is None or BASE is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    left, right = point_times(s, BASE), point_add(r, point_times(k, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# ================================================================================================ 2 texts and hashes
# One spelling of each thing: what could be read in two ways is refused (docs/3-formats/ledger.md, "What is refused").

Bytes = Union[bytes, memoryview]
Hash = Any  # what hashlib gives

MAX_NUMBER = 2**63 - 1
MAX_NOTE, MAX_POLICY, MAX_NAME, MAX_SIGNATURES, MAX_PATH = 1 << 20, 1 << 16, 255, 100, 63
MAX_JSON, MAX_DEPTH = 1 << 24, 64
NUMBER, CONTROL = re.compile("0|[1-9][0-9]{0,18}", re.ASCII), re.compile(r"[\x00-\x09\x0b-\x1f]")


def sha256(*parts: Bytes) -> bytes:
    """FIPS 180-4, over the parts one behind the other."""
    hashed = hashlib.sha256()
    for part in parts:
        hashed.update(part)
    return hashed.digest()


def parse_number(text: str) -> int:
    """Decimal, no sign, no leading zero."""
    if NUMBER.fullmatch(text) is None or int(text) > MAX_NUMBER:
        raise Malformed(f"{text[:40]!a} is not a number")
    return int(text)


def parse_base64(text: str) -> bytes:
    """RFC 4648, padded, unused bits zero."""
    try:
        data = binascii.a2b_base64(text)
    except ValueError:
        data = b""
    if to_base64(data) != text:
        raise Malformed(f"{text[:40]!a} is not base64")
    return data


def to_base64(data: bytes) -> str:
    """RFC 4648, section 4."""
    return binascii.b2a_base64(data, newline=False).decode()


def parse_hash(text: str) -> bytes:
    """32 bytes in base64."""
    data = parse_base64(text)
    if len(data) != 32:
        raise Malformed(f"{text[:40]!a} is not a SHA-256")
    return data


def decode(data: bytes) -> str:
    """UTF-8 without control characters other than newline."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(str(error)) from error
    if CONTROL.search(text):
        raise Malformed("control character")
    return text


# ============================================================== 3 C2SP signed-note, tlog-checkpoint, tlog-cosignature

LOG_KEY, WITNESS_KEY = 1, 4  # types of signature: Ed25519 over the text; the same over a time and the text


class Key(NamedTuple):
    """Whose signatures one believes."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """What stands before each of its signatures."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public)[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{to_base64(bytes([self.kind]) + self.public)}"


def check_name(name: str) -> str:
    """The name of a key."""
    size = len(name.encode("utf-8", "surrogatepass"))
    if not 0 < size <= MAX_NAME or re.search(r"[\0- +\ud800-\udfff]|\s", name):
        raise Malformed(f"{name[:40]!a} is not the name of a key")
    return name


def parse_key(text: str) -> Key:
    """`name+id+base64(type ‖ public key)`."""
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    material = parse_base64(encoded)
    if len(material) != 33 or material[0] not in (LOG_KEY, WITNESS_KEY):
        raise Malformed(f"{text[:80]!a} is not a key of a type that is known here")
    key = Key(check_name(name), material[0], material[1:])
    if key.id.hex() != key_id:
        raise Malformed(f"{text[:80]!a}: its id is {key.id.hex()}; mistyped or cut?")
    return key


class Signature(NamedTuple):
    """One line below a note's text."""

    name: str
    key_id: bytes
    data: bytes


def parse_signature(line: str) -> Signature:
    """An em dash, the key's name, base64 of its id and the signature."""
    words = line.split(" ")
    if len(words) != 3 or words[0] != "—":
        raise Malformed(f"{line[:40]!a} is not a signature line")
    data = parse_base64(words[2])
    if len(data) <= 4:
        raise Malformed(f"{line[:40]!a} holds no signature")
    return Signature(check_name(words[1]), data[:4], data[4:])


class Note(NamedTuple):
    """A signed text."""

    text: str
    signatures: tuple[Signature, ...]


def parse_note(data: bytes) -> Note:
    """Text, an empty line, signature lines."""
    if len(data) > MAX_NOTE:
        raise Malformed("note too long")
    text, gap, below = decode(data).rpartition("\n\n")
    if not gap or not below.endswith("\n"):
        raise Malformed("note without signatures, or cut")
    lines = below[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise Malformed("note with too many signatures")
    return Note(text + "\n", tuple(parse_signature(line) for line in lines))


def cosigned_at(signature: bytes) -> int:
    """The POSIX seconds that a witness states."""
    seconds = int.from_bytes(signature[:8], "big")
    if len(signature) != 72 or seconds > MAX_NUMBER:
        raise Unproven("not a cosignature")
    return seconds


def check_signature(key: Key, text: bytes, signature: bytes) -> None:
    """Raises Unproven unless the key made it over this text."""
    message = text
    if key.kind == WITNESS_KEY:
        message = b"cosignature/v1\ntime %d\n" % cosigned_at(signature) + text
        signature = signature[8:]
    if not ed25519_verify(key.public, signature, message):
        raise Unproven(f"the signature of {key.name} is not good")


def signed_by(note: Note, keys: Collection[Key]) -> dict[Key, Signature]:
    """Those of the keys that signed; one bad signature of theirs spoils the note, those of others are ignored."""
    found: dict[Key, Signature] = {}
    for signature in note.signatures:
        known = [key for key in keys if (key.name, key.id) == (signature.name, signature.key_id)]
        if len(known) > 1:
            raise Malformed(f"two keys are called {signature.name} and have the same id")
        for key in known:
            check_signature(key, note.text.encode(), signature.data)
            found.setdefault(key, signature)
    return found


class Head(NamedTuple):
    """A log's checkpoint: which log, how many entries, the root over them."""

    origin: str
    size: int
    root: bytes


def parse_head(text: str) -> Head:
    """Origin, size, root; lines of others may follow."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines) or len(lines[0].encode()) > MAX_NAME:
        raise Malformed("not a checkpoint")
    return Head(lines[0], parse_number(lines[1]), parse_hash(lines[2]))


# ============================================================================ 4 the log's tree, RFC 6962 and RFC 9162


def leaf_hash(entry: bytes) -> bytes:
    """RFC 9162, 2.1.1."""
    return sha256(b"\0" + entry)


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 9162, 2.1.1."""
    return sha256(b"\1" + left + right)


def steps_up(place: int, last: int) -> list[bool]:
    """From a place in a row whose last one is `last`: for each hash on the way up, whether it stands on the left."""
    steps = []
    while last:
        if place % 2 or place < last:
            steps.append(place % 2 == 1)
        place, last = place >> 1, last >> 1
    return steps


def check_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """RFC 9162, 2.1.3.2: raises Unproven unless the leaf is number `index` of the tree with this root."""
    if any(len(value) != 32 for value in (leaf, root, *path)) or not 0 <= index < size <= MAX_NUMBER:
        raise Unproven("no such entry in the tree")
    steps = steps_up(index, size - 1)
    if len(steps) != len(path):
        raise Unproven("wrong number of hashes")
    found = leaf
    for is_left, value in zip(steps, path):
        found = node_hash(value, found) if is_left else node_hash(found, value)
    if found != root:
        raise Unproven("the hashes lead to another root")


def check_consistency(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> None:
    """RFC 9162, 2.1.4.2: raises Unproven unless the new tree begins with the whole old one."""
    if any(len(value) != 32 for value in (old_root, new_root, *path)) or not 0 < old <= new <= MAX_NUMBER:
        raise Unproven("nothing leads from the one tree to the other")
    if old == new:
        if path or old_root != new_root:
            raise Unproven("two roots for one size")
        return
    place, last = old - 1, new - 1
    while place % 2:  # up to the last complete subtree of the old tree
        place, last = place >> 1, last >> 1
    hashes = [*path] if place else [old_root, *path]
    steps = steps_up(place, last)
    if len(hashes) != 1 + len(steps):
        raise Unproven("wrong number of hashes")
    found_old = found_new = hashes[0]
    for is_left, value in zip(steps, hashes[1:]):
        if is_left:
            found_old = node_hash(value, found_old)
        found_new = node_hash(value, found_new) if is_left else node_hash(found_new, value)
    if (found_old, found_new) != (old_root, new_root):
        raise Unproven("the hashes lead to other roots")


# ==================================================================== 5 whose signatures count, C2SP tlog-policy


class Policy(NamedTuple):
    """The trust anchor."""

    logs: tuple[Key, ...]
    witnesses: dict[str, Key]
    groups: dict[str, tuple[int, tuple[str, ...]]]  # name → how many of which, in the order of definition
    quorum: str


class Accepted(NamedTuple):
    """A head that fulfils a policy."""

    head: Head
    cosigned: dict[str, int]  # witness → when, POSIX seconds


def is_for_show(name: str) -> bool:
    """A demonstration's key, whose witness runs beside the log: its name is one that no office can have (RFC 6761)."""
    return name.partition("/")[0].endswith(".invalid")


def parse_policy(data: bytes) -> Policy:
    """Lines `log`, `witness`, `group`, `quorum`; each ends with its newline, or the policy was cut."""
    if len(data) > MAX_POLICY or re.search(rb"[^\x09\x0a\x20-\x7e\x80-\xff]", data) or not data.endswith(b"\n"):
        raise Malformed("not a policy, or cut")
    reader = PolicyReader()
    for line in data.decode("utf-8", "surrogateescape")[:-1].split("\n"):
        words = re.split("[ \t]+", line.strip(" \t"))
        if words[0] and not words[0].startswith("#"):
            reader.line(words)
    if reader.quorum is None:
        raise Malformed("a policy without quorum")
    return Policy(tuple(reader.logs), reader.witnesses, reader.groups, reader.quorum)


class PolicyReader:
    """What the lines up to here define."""

    def __init__(self) -> None:
        self.logs: list[Key] = []
        self.witnesses: dict[str, Key] = {}
        self.groups: dict[str, tuple[int, tuple[str, ...]]] = {}
        self.quorum: Optional[str] = None
        self.members: list[str] = []

    def line(self, words: list[str]) -> None:
        """One line."""
        kind, count = words[0], len(words)
        if kind == "log" and count in (2, 3):
            self.logs.append(self.key(words[1], LOG_KEY, self.logs))
        elif kind == "witness" and count in (3, 4):
            key = self.key(words[2], WITNESS_KEY, self.witnesses.values())
            self.witnesses[self.new_name(words[1])] = key
        elif kind == "group" and count >= 4:
            self.group(words[1], words[2], words[3:])
        elif kind == "quorum" and count == 2 and self.quorum is None:
            self.quorum = words[1] if words[1] == "none" else self.defined(words[1])
        else:
            raise Malformed(f"policy: {' '.join(words)[:60]!a}")

    def key(self, text: str, kind: int, others: Collection[Key]) -> Key:
        """A key that is nobody else's."""
        key = parse_key(text)
        if key.kind != kind or any(key.public == other.public for other in others):
            raise Malformed(f"policy: {text[:60]!a} is of another type, or stands there twice")
        return key

    def group(self, name: str, threshold: str, members: list[str]) -> None:
        """So many of these."""
        for member in members:
            if self.defined(member) in self.members:
                raise Malformed(f"policy: {member[:40]!a} is in two groups")
            self.members.append(member)
        least = {"any": 1, "all": len(members)}.get(threshold)
        least = parse_number(threshold) if least is None else least
        if not 1 <= least <= len(members):
            raise Malformed(f"policy: {least} of {len(members)}")
        self.groups[self.new_name(name)] = (least, tuple(members))

    def new_name(self, name: str) -> str:
        """Not taken yet."""
        if name in self.witnesses or name in self.groups or name == "none":
            raise Malformed(f"policy: the name {name[:40]!a} is taken")
        return name

    def defined(self, name: str) -> str:
        """Of a witness or group above."""
        if name not in self.witnesses and name not in self.groups:
            raise Malformed(f"policy: {name[:40]!a} is not defined above")
        return name


def accept_head(policy: Policy, note: Note) -> Accepted:
    """1. It is a checkpoint. 2. No known signature is bad. 3. The log it names signed it. 4. The quorum cosigned it."""
    head = parse_head(note.text)  # 1
    signed = signed_by(note, [*policy.logs, *policy.witnesses.values()])  # 2
    if not any(key in signed and key.name == head.origin for key in policy.logs):  # 3
        raise Unproven(f"not signed by {head.origin[:80]!a}")
    cosigned = {name: cosigned_at(signed[key].data) for name, key in policy.witnesses.items() if key in signed}
    done = {"none", *cosigned}
    for name, (least, members) in policy.groups.items():
        if sum(member in done for member in members) >= least:
            done.add(name)
    if policy.quorum not in done:  # 4
        raise Unproven(f"cosigned by {', '.join(cosigned) or 'nobody'}, not by the quorum {policy.quorum[:40]!a}")
    return Accepted(head, cosigned)


# ================================================================================================ 6 C2SP tlog-proof


class Proof(NamedTuple):
    """That an entry is in a log."""

    entry: int
    path: tuple[bytes, ...]
    note: bytes  # the checkpoint with its signatures


def parse_proof(data: bytes) -> Proof:
    """Title, index, hashes, an empty line, the checkpoint."""
    top, gap, note = data.partition(b"\n\n")
    lines = top.decode("utf-8", "replace").split("\n")
    if len(data) > MAX_NOTE or not gap or lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise Malformed("not a tlog-proof")
    if lines and lines[0].startswith("extra ") and not parse_base64(lines.pop(0)[6:]):
        raise Malformed("tlog-proof: empty extra")
    if not lines or not lines[0].startswith("index ") or len(lines) > 1 + MAX_PATH:
        raise Malformed("tlog-proof without index, or with too many hashes")
    parse_head(parse_note(note).text)
    return Proof(parse_number(lines[0][6:]), tuple(parse_hash(line) for line in lines[1:]), note)


def check_proof(proof: Proof, entry: bytes, head: Head) -> None:
    """Raises Unproven unless the entry is in the log whose head, accepted before, this is."""
    check_inclusion(leaf_hash(entry), proof.entry, head.size, proof.path, head.root)


# ==================================================================== 7 the package as a file: ZIP, ETSI EN 319 162-1
# Only the form that we write is read: entries stored, none beside or below another, nothing between them. So what is
# checked here is what every other ZIP program finds, too.

MIMETYPE = b"application/vnd.etsi.asic-e+zip"
MAX_ENTRIES, MAX_DIRECTORY, MAX_TEXT = 4_000_000, 1 << 29, 1 << 28
MAX_THREADS = 4  # clips that are checked at a time
STEP = 1 << 18  # bytes read, and hashed while the processor still has them at hand
ASIC = "META-INF/ASiCManifest.xml"
PLAIN = (45, 45, 0x800, 0, 0, 0x21)  # made by and for version 4.5, names in UTF-8, stored, at the first hour of 1980
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*){0,3}", re.ASCII)


class Package:
    """The entries of a ZIP file: each a range of its bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.entries: dict[str, tuple[int, int]] = {}  # name → where its bytes begin, and how many
        self.sums: dict[str, int] = {}  # their CRC-32
        self.folded: set[str] = set()  # the same names, as systems see them that do not tell A from a
        end = file.seek(0, 2)
        self.size = end
        self.is_over = False  # nobody waits for what is read any more
        self.lock = threading.Lock()  # over the file's place
        at, size, count = self.find_directory(end)
        if count > MAX_ENTRIES or size > MAX_DIRECTORY:
            raise Malformed("ZIP: too many entries")
        directory = self.bytes_at(at, size)
        place = expected = 0
        for _ in range(count):
            place, expected = self.entry(directory, place, expected)
        if place != size or expected != at:
            raise Malformed("ZIP: bytes that belong to no entry")

    def bytes_at(self, at: int, size: int) -> bytes:
        """Exactly so many."""
        if at < 0 or size < 0 or at + size > self.size:
            raise Malformed("ZIP: cut off")
        with self.lock:
            self.file.seek(at)
            data = self.file.read(size)
        if len(data) != size:
            raise Malformed("ZIP: cut off")
        return data

    def find_directory(self, end: int) -> tuple[int, int, int]:
        """Where the central directory begins, its length and its number of entries (APPNOTE 4.3.14 to 4.3.16)."""
        magic, *disks, count, size, at, comment = struct.unpack("<4s4H2LH", self.bytes_at(end - 22, 22))
        short = [count, size, at]
        if magic != b"PK\5\6" or comment or disks != [0, 0, count]:
            raise Malformed("not a ZIP file, or cut off, or with a comment")
        directory_end = end - 22
        if count == 0xFFFF or 0xFFFFFFFF in (size, at):
            magic, disk, record, disk_count = struct.unpack("<4sLQL", self.bytes_at(end - 42, 20))
            if magic != b"PK\6\7" or record != end - 42 - 56 or (disk, disk_count) != (0, 1):
                raise Malformed("ZIP: bad zip64 locator")
            fields = struct.unpack("<4sQ2H2L4Q", self.bytes_at(record, 56))
            magic, (count, size, at), directory_end = fields[0], fields[7:], record
            if magic != b"PK\6\6" or fields[1:4] != (44, 45, 45) or fields[4:7] != (0, 0, count):
                raise Malformed("ZIP: bad zip64 record")
        if short != [min(count, 0xFFFF), min(size, 0xFFFFFFFF), min(at, 0xFFFFFFFF)]:
            raise Malformed("ZIP: its end says two things")
        if at + size != directory_end:
            raise Malformed("ZIP: bytes behind the directory")
        return at, size, count

    def entry(self, directory: bytes, place: int, expected: int) -> tuple[int, int]:
        """One entry of the directory, which must lie where the one before ended (APPNOTE 4.3.7, 4.3.12)."""
        if place + 46 > len(directory):
            raise Malformed("ZIP: directory cut off")
        head = struct.unpack_from("<4s6H3L5H2L", directory, place)
        magic, packed, size, name_size, extra_size, at = head[0], head[8], head[9], head[10], head[11], head[16]
        raw = directory[place + 46 : place + 46 + name_size]
        extra = directory[place + 46 + name_size : place + 46 + name_size + extra_size]
        size, packed, at = zip64(extra, size, packed, at)
        name = raw.decode("ascii", "replace")
        is_plain = head[1:7] == PLAIN and not any(head[12:16])
        if name.startswith("META-INF/") and name != ASIC:  # a seal may be added by another program, at its time
            is_file = head[13] == 0 and head[15] >> 28 in (0, 8) and not head[15] & 0x10  # no link, no folder
            is_plain = not (head[3] & ~0x800 or head[4] or head[12]) and is_file
        if magic != b"PK\1\2" or not is_plain or packed != size or at != expected:
            raise Malformed(f"ZIP: entry {name[:80]!a} is not as we write it: packed anew?")
        if NAME.fullmatch(name) is None or name.lower() in self.folded:
            raise Malformed(f"ZIP: entry name {name[:80]!a}")
        self.folded.add(name.lower())
        local = struct.unpack("<4s5H3L2H", self.bytes_at(at, 30))
        local_size, local_packed = zip64(self.bytes_at(at + 30 + local[9], local[10]), local[8], local[7])
        is_same = local[:7] == (b"PK\3\4", *head[2:8]) and local_size == local_packed == size
        if not is_same or self.bytes_at(at + 30, local[9]) != raw:
            raise Malformed(f"ZIP: entry {name!a} says two things of itself")
        begin = at + 30 + local[9] + local[10]
        if begin + size > self.size:
            raise Malformed("ZIP: cut off")
        self.entries[name], self.sums[name] = (begin, size), head[7]
        return place + 46 + name_size + extra_size, begin + size

    def read(self, name: str) -> bytes:
        """A small entry as a whole."""
        if name not in self.entries:
            raise Malformed(f"{name} is not in the package")
        at, size = self.entries[name]
        if size > MAX_TEXT:
            raise Malformed(f"{name} is too long")
        return self.bytes_at(at, size)

    def digest(self, name: str) -> str:
        """SHA-256 of a small entry, in hex; empty if its CRC-32 is another, for other programs give up there."""
        data = self.read(name)
        return sha256(data).hex() if binascii.crc32(data) == self.sums[name] else ""


class Reader:
    """Ranges of one entry, in a buffer of its own: several may read one package at a time."""

    def __init__(self, package: Package, name: str) -> None:
        self.package = package
        self.name = name
        self.begin, self.size = package.entries[name]
        self.buffer = memoryview(bytearray(1 << 20))

    def part(self, at: int, size: int, hashed: Optional[Hash] = None) -> memoryview:
        """A range, hashed as it is read; it stands until the next one is asked for."""
        if at < 0 or not 0 <= size <= MAX_TEXT or at + size > self.size:
            raise Malformed(f"{self.name} has {self.size} bytes")
        if size > len(self.buffer):
            self.buffer = memoryview(bytearray(size))
        for done in range(0, size, STEP):
            data = self.buffer[done : min(done + STEP, size)]
            self.read(self.begin + at + done, data)
            if hashed is not None:
                hashed.update(data)
        return self.buffer[:size]

    def read(self, at: int, data: memoryview) -> None:
        """All of `data`, from this place of the package."""
        package = self.package
        with package.lock:
            package.file.seek(at)
            got = package.file.readinto(data)  # type: ignore[attr-defined] # every open file has it
        if got != len(data) or package.is_over:
            raise Malformed("ZIP: cut off")


def zip64(extra: bytes, *values: int) -> list[int]:
    """Size, packed size, offset: those that do not fit in 32 bits stand in field 1 (APPNOTE 4.5.3), and nothing else.

    In other extra fields some programs find other names, or a whole directory of their own.
    """
    wide = [number for number, value in enumerate(values) if value == 0xFFFFFFFF]
    if extra[:4] != (struct.pack("<2H", 1, 8 * len(wide)) if wide else b"") or len(extra[4:]) != 8 * len(wide):
        raise Malformed("ZIP: an extra field that we do not write")
    found = list(values)
    for number, (value,) in zip(wide, struct.iter_unpack("<Q", extra[4:])):
        if value < 0xFFFFFFFF:
            raise Malformed("ZIP: a number that needs no zip64")
        found[number] = value
    return found


# ==================================================================================== 8 video files, ISO/IEC 14496-12

SECOND, MINUTE, HOUR = 90_000, 60, 324_000_000  # ticks, seconds, ticks
SINCE_1904 = 2_082_844_800  # seconds to 1970 from where the clocks of these files begin
MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)  # shown as it is: not turned, not cut
VMHD = b"\0\0\0\1" + bytes(8)  # copied, not mixed
HDLR = bytes(8) + b"vide" + bytes(12) + b"video\0"
FTYP = b"isom\0\0\2\0isomiso4%bmp42"
MOVIE = struct.pack(">IH10x", 0x10000, 0x100) + MATRIX + bytes(24) + struct.pack(">I", 2)
TRACK, LANGUAGE = struct.pack(">2I", 1, 0), struct.pack(">HH", 0x55C4, 0)  # number 1; undetermined
DINF = struct.pack(">I4s3I4sI", 28, b"dref", 0, 1, 12, b"url ", 1)  # all data is in this file

KEY_FRAME = 0x02000000  # flags of a sample that depends on no other
Boxes = dict[bytes, tuple[int, int]]  # kind → where its content begins and ends


def walk(data: Bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The boxes that fill a range (clause 4.2)."""
    while at < end:
        size, kind = struct.unpack_from(">I4s", data, at) if end - at >= 8 else (0, b"")
        if size < 8 or at + size > end:
            raise Malformed("video: a box is cut off")
        yield kind, at + 8, at + size
        at += size


def inside(data: Bytes, box: tuple[int, int], kinds: bytes, skip: int = 0, *, strict: bool = True) -> Boxes:
    """The boxes in one: those of these kinds, once each; others are refused, or passed over if not strict."""
    wanted, found = kinds.split(), {}
    for kind, begin, end in walk(data, box[0] + skip, box[1]):
        if (kind not in wanted and strict) or kind in found:
            raise Malformed(f"video: unexpected box {kind!a}")
        if kind in wanted:
            found[kind] = (begin, end)
    if any(kind not in found for kind in wanted if kind != b"ctts"):
        raise Malformed(f"video: expected {kinds!a}, found {list(found)!a}")
    return found


def content(data: Bytes, boxes: Boxes, kind: bytes) -> bytes:
    """What is in a box."""
    begin, end = boxes[kind]
    return bytes(data[begin:end])


class Picture(NamedTuple):
    """One sample: times in ticks, place in bytes."""

    at: int
    size: int
    time: int  # when it is decoded
    shift: int  # when it is shown, after that
    is_key: bool = False


class Pictures(NamedTuple):
    """Several, one behind the other, in columns."""

    at: Sequence[int]
    size: Sequence[int]
    time: Sequence[int]
    shift: Sequence[int]

    def part(self, begin: int, end: int) -> Pictures:
        """Some of them."""
        return Pictures(*(column[begin:end] for column in self))


def fragment_pictures(data: Bytes, begin: int) -> tuple[Pictures, list[bool], int]:
    """The pictures of a fragment (`moof mdat`; segment.md) at this place, which are keys, when its decoding ends."""
    top = inside(data, (0, len(data)), b"moof mdat", strict=False)
    traf = inside(data, inside(data, top[b"moof"], b"traf", strict=False)[b"traf"], b"tfdt trun", strict=False)
    (time,) = struct.unpack(">4xQ", content(data, traf, b"tfdt"))
    trun = content(data, traf, b"trun")
    flags, count, at = struct.unpack_from(">3I", trun)
    if flags != 0x01000F01 or len(trun) != 12 + 16 * count or at != top[b"mdat"][0]:
        raise Malformed("video: a fragment of another form")
    durations, sizes, flags, shifts = zip(*struct.iter_unpack(">IIIi", trun[12:])) if count else ((),) * 4
    places, times = array("Q", accumulate(sizes, initial=begin + at)), array("Q", accumulate(durations, initial=time))
    if places.pop() != begin + top[b"mdat"][1]:
        raise Malformed("video: bytes of a fragment that belong to no picture")
    end = times.pop()
    return Pictures(places, array("Q", sizes), times, array("q", shifts)), [flag == KEY_FRAME for flag in flags], end


class Header:
    """What a clip's own `ftyp moov` makes a player show: which bytes, in which order, when (export.md)."""

    def __init__(self, data: Bytes, init: Bytes, clip_size: int, start: int) -> None:
        moov_end = 0
        for _ in range(2):
            if moov_end + 4 > len(data):
                raise Malformed("video: ftyp and moov expected")
            moov_end += struct.unpack_from(">I", data, moov_end)[0]
        boxes = inside(data[:moov_end], (0, moov_end), b"ftyp moov")
        self.check_mdat(data[moov_end:], clip_size - len(data))
        moov = inside(data, boxes[b"moov"], b"mvhd trak")
        trak = inside(data, moov[b"trak"], b"tkhd edts mdia")
        mdia = inside(data, trak[b"mdia"], b"mdhd hdlr minf")
        minf = inside(data, mdia[b"minf"], b"vmhd dinf stbl")
        stbl = inside(data, minf[b"stbl"], b"stsd stts ctts stss stsc stsz co64")
        stsd, size = self.recorded(init)
        parts = (content(data, mdia, b"hdlr"), content(data, minf, b"vmhd"), content(data, minf, b"dinf"))
        if parts != (HDLR, VMHD, DINF) or content(data, boxes, b"ftyp") != FTYP % stsd[12:16]:
            raise Malformed("video: not shown as it is, or from elsewhere than this file")
        if content(data, stbl, b"stsd") != stsd:
            raise Malformed("video: the format is not the recorded one")
        elst = content(data, inside(data, trak[b"edts"], b"elst"), b"elst")
        self.empty, self.duration, self.media_time = read_edits(elst)
        scale, made = struct.pack(">I", SECOND), start // SECOND + SINCE_1904
        tkhd = read_timed(content(data, trak, b"tkhd"), 3, made, TRACK, bytes(16) + MATRIX + size)
        if tkhd != self.duration or read_timed(content(data, moov, b"mvhd"), 0, made, scale, MOVIE) != self.duration:
            raise Malformed("video: it lasts longer, or not so long, as its edit list says")
        self.media = read_timed(content(data, mdia, b"mdhd"), 0, made, scale, LANGUAGE)
        self.syncs = self.read_syncs(content(data, stbl, b"stss"))
        self.has_more = self.ends_badly = False
        self.pictures = self.read_tables({kind: content(data, stbl, kind) for kind in stbl})

    @staticmethod
    def check_mdat(head: Bytes, size: int) -> None:
        """One `mdat` encloses all that follows."""
        short, long = struct.pack(">I4s", (size + 8) & 0xFFFFFFFF, b"mdat"), struct.pack(">I4sQ", 1, b"mdat", size + 16)
        if head != (short if size + 8 < 1 << 32 else long):
            raise Malformed("video: mdat does not enclose the recorded pieces")

    @staticmethod
    def recorded(init: Bytes) -> tuple[bytes, bytes]:
        """The format, and the size of the picture."""
        source = inside(init, (0, len(init)), b"ftyp moov", strict=False)
        trak = inside(init, inside(init, source[b"moov"], b"trak", strict=False)[b"trak"], b"tkhd mdia", strict=False)
        minf = inside(init, inside(init, trak[b"mdia"], b"minf", strict=False)[b"minf"], b"stbl", strict=False)
        stsd = content(init, inside(init, minf[b"stbl"], b"stsd", strict=False), b"stsd")
        return stsd, content(init, trak, b"tkhd")[-8:]

    @staticmethod
    def read_syncs(stss: bytes) -> set[int]:
        """Where players may begin: at the first picture, which may be no key frame, and where key frames are."""
        rows = [row for (row,) in table_rows(stss, ">I")]
        if rows[:1] != [1] or rows != sorted({*rows}):
            raise Malformed("video: stss of another form")
        return {row - 1 for row in rows[1:]}

    def read_tables(self, tables: dict[bytes, bytes]) -> Pictures:
        """The samples (clause 8.7), up to one without bytes; whether the tables hold more, or that one."""
        sizes = array("Q", (size for (size,) in table_rows(tables[b"stsz"], ">I", 12)))
        times = table_rows(tables[b"stts"], ">II")
        shifts = table_rows(tables[b"ctts"], ">Ii") if b"ctts" in tables else []
        groups = table_rows(tables[b"stsc"], ">3I")
        signed = bytes([any(shift < 0 for _, shift in shifts), 0, 0, 0])
        if any(tables[kind][:4] != (signed if kind == b"ctts" else bytes(4)) for kind in tables if kind != b"stsd"):
            raise Malformed("video: a table of another version")
        if [row[2] for row in groups] != [1] * len(groups) or [row[0] for row in groups[:1]] != [1]:
            raise Malformed("video: stsc of another form")
        places, group = array("Q"), 0
        for chunk, (begin,) in enumerate(table_rows(tables[b"co64"], ">Q"), 1):
            while group + 1 < len(groups) and groups[group + 1][0] <= chunk:
                group += 1
            count, done = groups[group][1], len(places)
            part = sizes[done : done + count].tolist()
            if len(part) < count or 0 in part:
                self.ends_badly = True
                part = part[: part.index(0)] if 0 in part else part
            places.extend(islice(accumulate(part, initial=min(begin, 1 << 62)), len(part)))  # beyond any file
            if self.ends_badly:
                break
        self.lasts = sum(count * duration for count, duration in times)
        known = len(places)
        self.has_more = known < len(sizes) or known < sum(row[0] for row in times)
        durations = array("Q", islice(runs(times), known))
        durations.extend(repeat(0, known - len(durations)))
        shown = array("q", islice(runs(shifts), known))
        shown.extend(repeat(0, known - len(shown)))
        return Pictures(places, sizes, array("Q", islice(accumulate(durations, initial=0), known)), shown)


def table_rows(table: bytes, form: str, skip: int = 8) -> list[tuple[Any, ...]]:
    """A table behind its number of rows, which stands in its last four bytes before; readers go by that number."""
    rows = [*struct.iter_unpack(form, table[skip:])]
    if struct.unpack_from(">I", table, skip - 4)[0] != len(rows) or any(table[4 : skip - 4]):
        raise Malformed("video: a table of another length")
    return rows


def read_timed(box: bytes, flags: int, made: int, middle: bytes, rest: bytes) -> int:
    """Of mvhd, tkhd and mdhd the duration; all else is told here (clauses 8.2.2, 8.3.2 and 8.4.2)."""
    wide = "Q" if box[:1] == b"\1" else "I"
    form = f">I2{wide}{len(middle)}s{wide}{len(rest)}s"
    duration = struct.unpack(form, box)[4] if struct.calcsize(form) == len(box) else 0
    version = int(max(made, duration) >= 1 << 32)
    if wide != "IQ"[version] or box != struct.pack(form, version << 24 | flags, made, made, middle, duration, rest):
        raise Malformed("video: turned, cut, hidden, at another speed, or of another time")
    return int(duration)


def runs(rows: Sequence[tuple[Any, ...]]) -> Iterator[int]:
    """Of stts and ctts: how often which value."""
    for count, value in rows:
        yield from repeat(value, count)


def read_edits(elst: bytes) -> tuple[int, int, int]:
    """How long nothing is shown at the start, how long all lasts, with which media time it begins (clause 8.6.6)."""
    rows = table_rows(elst, ">QqI" if elst[:1] == b"\1" else ">IiI")
    if elst[:4] not in (bytes(4), b"\1\0\0\0"):
        raise Malformed("video: an edit list of another version")
    empty = rows.pop(0)[0] if len(rows) == 2 and rows[0][1:] == (-1, 0x10000) else 0
    if len(rows) != 1 or rows[0][1] < 0 or rows[0][2] != 0x10000:
        raise Malformed("video: an edit list of another form")
    return empty, empty + rows[0][0], rows[0][1]


# ===================================================================================================== 9 the checks
# Each gives findings; none stops the others, unless nothing more can be read.

OK, TOLD, OPEN, FAILED = "ok", "told", "open", "failed"
CLIP = re.compile(r"(?!history$)[a-z0-9-]{1,64}", re.ASCII)
FILES = (
    *("mimetype", "LEGGIMI.txt", "README.txt", "manifest.json", "policy.txt", "rec.checkpoint", "act.checkpoint"),
    *("history.jsonl", "openings.jsonl", "verify.py", "verify.html", "manifest-sha256.txt"),
)
ANCHOR = re.compile(r"anchors/(?:(?:rec|act)-[0-9]+\.(?:txt|consistency|[A-Za-z0-9._-]+\.tst)|[A-Za-z0-9._-]+\.pem)")
PROOF = re.compile(r"proofs/([a-z0-9-]{1,64})/([1-9][0-9]{0,15})\.tlog-proof", re.ASCII)
TIMED = ("seg", "gap", "step")  # kinds of facts that move time on (fact.md, "Accounting")
NOTES = ("late", "silent")  # of the ledger itself: outside the order of facts (ledger.md)


class Finding(NamedTuple):
    """Something checked, told, left open or failed; `code` is a key of TEXTS."""

    level: str
    code: str
    camera: str = ""
    time: Optional[int] = None  # UTC ticks
    values: tuple[str, ...] = ()


class Fact(NamedTuple):
    """A line of facts/<clip>.jsonl (fact.md)."""

    line: int  # in the file, from 1
    raw: bytes  # the line itself, which is what the log holds
    kind: str
    term: str
    n: int
    t0: int
    t1: Optional[int]
    fields: dict[str, Any]

    @property
    def hash(self) -> str:
        """What the next fact names in `prev`."""
        return to_base64(sha256(self.raw))


class Piece(NamedTuple):
    """A row of pieces/<clip>.txt: one recorded piece of a segment, in the clip or not."""

    fact: int  # line of the segment's fact
    piece: int  # 0 is the init
    at: Optional[int]  # where it begins in the clip; None: not in it
    length: int
    salt: bytes
    h: bytes


def parse_json(data: bytes) -> Any:
    """An object; no NaN, no half numbers where whole ones are expected, no name twice, nothing that fills a memory."""

    def refuse(text: str) -> None:
        raise ValueError(text)

    def once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise ValueError("a name stands twice")
        return found

    def number(digits: str) -> Union[int, float]:
        return int(digits) if len(digits) < 20 else float(digits)

    if len(data) > MAX_JSON:
        raise Malformed("JSON: too long")
    written = decode(data)
    check_depth(written)
    try:
        found = json.loads(written, parse_constant=refuse, parse_int=number, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from error
    if not isinstance(found, dict):
        raise Malformed("not a JSON object")
    return found


def check_depth(written: str) -> None:
    """How many lists and objects stand in each other: where readers give up differs."""
    if written.count("[") + written.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for mark in re.findall(r'"(?:[^"\\]|\\.)*"|[][{}]', written):
        depth += 1 if mark in "[{" else -1 if mark in "]}" else 0
        if depth > MAX_DEPTH:
            raise Malformed("JSON: nested too deeply")


def split_lines(data: bytes) -> list[bytes]:
    """Lines, each with its newline."""
    if data and not data.endswith(b"\n"):
        raise Malformed("the last line is cut off")
    if data.count(b"\n") > MAX_ENTRIES:
        raise Malformed("too many lines")
    return data.split(b"\n")[:-1]


def whole(value: object) -> int:
    """A whole number, not negative, that every reader of JSON holds."""
    if type(value) is not int or not 0 <= value < 1 << 53:
        raise Malformed(f"{value!a:.40} is not a whole number")
    return value


def is_version_1(found: dict[str, Any]) -> bool:
    """And not true, or 1.0, which equal it."""
    return type(found.get("v")) is int and found["v"] == 1


def text(value: object) -> str:
    """A text."""
    if not isinstance(value, str):
        raise Malformed(f"{value!a:.40} is not text")
    return value


def parse_fact(line: int, raw: bytes, stream: str) -> Fact:
    """One line; kinds and keys that are not known here are accepted."""
    found = parse_json(raw)
    if not is_version_1(found) or found.get("stream") != stream:
        raise Malformed("not a fact of this camera")
    t1 = found.get("t1")
    kind = text(found.get("kind"))
    n, t0 = found.get("n"), found.get("t0")
    if kind in NOTES:
        n, t0 = found.get("n", 0), found.get("t0", found.get("t"))
        whole(found.get("t"))
    fact = Fact(line, raw, kind, text(found.get("term")), whole(n), whole(t0), None, found)
    if kind == "seg":
        parse_hash(text(found.get("h")))
        if whole(found.get("count")) < 2 or whole(found.get("media")) < 1:
            raise Malformed("a segment without pictures")
        whole(t1)
    return fact._replace(t1=None if t1 is None else whole(t1))


def parse_piece(line: bytes) -> Piece:
    """`fact piece at length salt h`; at, length and salt are `-` for a piece that is not in the clip."""
    words = decode(line).split(" ")
    if len(words) != 6:
        raise Malformed("not a row of pieces")
    fact, piece, h = whole(parse_number(words[0])), whole(parse_number(words[1])), parse_hash(words[5])
    if words[2:5] == ["-", "-", "-"]:
        return Piece(fact, piece, None, 0, b"", h)
    return Piece(fact, piece, whole(parse_number(words[2])), whole(parse_number(words[3])), parse_hash(words[4]), h)


class Checks:
    """One package, checked step by step (package.md, "What a verifier checks")."""

    def __init__(self, package: Package, policy: Optional[Policy], said: Callable[[Finding], None]) -> None:
        self.package = package
        self.found: list[Finding] = []
        self.spans: list[tuple[str, int, int]] = []  # of the clips: camera, start, end
        self.said = said
        self.own_policy = policy is None
        self.seen: Optional[int] = None  # POSIX seconds at which a witness had seen the head of `rec`
        self.clips: set[str] = set()  # names of those that were checked
        self.counts: dict[str, int] = {}  # lines of a file that proofs are about
        self.erased: list[tuple[str, int, int]] = []  # early, as the package says: camera, start, end
        self.places: dict[int, int] = {}  # line of the history → place in `act`
        self.acts: dict[int, tuple[int, dict[str, Any]]] = {}  # place in `act` → line of the history, entry
        self.policy = policy or parse_policy(package.read("policy.txt"))
        self.manifest = parse_json(package.read("manifest.json"))
        if not is_version_1(self.manifest) or not isinstance(self.manifest.get("clips"), list):
            raise Malformed("manifest.json is of another version")

    def say(self, level: str, code: str, camera: str = "", time: Optional[int] = None, *values: object) -> None:
        """Note a finding."""
        self.note(Finding(level, code, camera, time, tuple(str(value) for value in values)))

    def note(self, finding: Finding) -> None:
        """One that somebody else made."""
        self.found.append(finding)
        self.said(finding)

    def run(self) -> int:
        """All of them; the exit code."""
        self.trust()
        self.files()
        self.check_clips(self.head("rec"))
        if not self.manifest["clips"]:
            self.say(FAILED, "no-clip")
        self.holes()
        self.left_out()
        self.history()
        self.orders()
        self.anchors()
        for code in ("limit-camera", "limit-access", "limit-before", "limit-texts"):
            self.say(OPEN, code)
        if any(finding.level == FAILED for finding in self.found):
            return 1
        return 3 if self.own_policy else 0

    def check_clips(self, rec: Optional[tuple[Head, bytes]]) -> None:
        """4. As many at a time as there are processors; what is found is said in the order of the clips."""
        clips = [ClipChecks(self, number, rec) for number in range(1, len(self.manifest["clips"]) + 1)]
        for clip, described in zip(clips, self.manifest["clips"]):
            clip.attempt(partial(clip.open, described))
        with ThreadPoolExecutor(min(MAX_THREADS, os.cpu_count() or 1)) as pool:
            try:
                for clip, done in [(clip, pool.submit(clip.attempt, clip.run)) for clip in clips]:
                    failure = done.exception()
                    for finding in clip.found:
                        self.note(finding)
                    if failure is not None:
                        raise failure
                    self.erased += clip.erased
            finally:
                self.package.is_over = True  # whoever still reads of it need not go on
        self.package.is_over = False

    def holes(self) -> None:
        """Between two clips of one camera: each accounts for its own span only."""
        reached: dict[str, int] = {}
        for camera, start, end in sorted(self.spans):
            if start > reached.get(camera, start):
                self.say(OPEN, "hole", camera, reached[camera], when(start))
            reached[camera] = max(end, reached.get(camera, end))

    def left_out(self) -> None:
        """What was asked for and of which there is no clip, as the package says."""
        left_out = self.manifest.get("left_out", [])
        if not isinstance(left_out, list) or not all(isinstance(each, dict) for each in left_out):
            raise Malformed("manifest.json: left_out")
        for each in left_out:
            camera, why = text(each.get("stream")), text(each.get("why"))
            start, end = whole(each.get("from")), whole(each.get("to"))
            self.say(OPEN, "left-out", camera, start, when(end), why)
            self.erased += [(camera, start, end)] if why == "erased" else []

    def trust(self) -> None:
        """1. Say whose keys are believed, before anything that depends on them."""
        self.say(OPEN if self.own_policy else OK, "trust-own" if self.own_policy else "trust-given")
        for key in [*self.policy.logs, *self.policy.witnesses.values()]:
            self.say(TOLD, "trust-key", "", None, key)
        if not self.own_policy and "policy.txt" in self.package.entries and not self.is_own_policy_the_same():
            self.say(TOLD, "trust-differs")

    def is_own_policy_the_same(self) -> bool:
        """Whether the package names the same keys."""
        try:
            own = parse_policy(self.package.read("policy.txt"))
        except Malformed:
            return False
        return {*own.logs, *own.witnesses.values()} == {*self.policy.logs, *self.policy.witnesses.values()}

    # -- 2. the files are those of the lists

    def files(self) -> None:
        """Each file is in both lists and as they say; of clips the pieces are checked instead, later."""
        names = [name for name in self.package.entries if name != "mimetype" and not name.startswith("META-INF/")]
        listed = self.digests()
        names.remove("manifest-sha256.txt")
        for name in sorted({*names, *listed}):
            if name not in listed:
                self.say(FAILED, "file-unlisted", "", None, name)
            elif name not in self.package.entries:
                self.say(FAILED, "file-missing", "", None, name)
            elif not name.startswith("clips/") and self.package.digest(name) != listed[name]:
                self.say(FAILED, "file-differs", "", None, name)
        known = self.known_files()
        for name in sorted(self.package.entries):
            is_beside = name.startswith("META-INF/") or ANCHOR.fullmatch(name) is not None
            if name not in known and not is_beside and not self.is_proof(name, known):
                self.say(FAILED, "file-foreign", "", None, name)
        listed["manifest-sha256.txt"] = self.package.digest("manifest-sha256.txt")
        if next(iter(self.package.entries)) != "mimetype" or self.package.digest("mimetype") != sha256(MIMETYPE).hex():
            self.say(FAILED, "file-differs", "", None, "mimetype")
        if self.package.digest(ASIC) != sha256(asic_manifest(listed)).hex():
            self.say(FAILED, "file-differs", "", None, ASIC)
        self.say(OK, "files", "", None, len(names))
        for name in self.package.entries:
            if name.startswith("META-INF/") and name != ASIC:
                self.say(OPEN, "seal-open", "", None, name)

    def known_files(self) -> set[str]:
        """All that a check looks at, but proofs, anchors and seals: others would be there unseen."""
        names = [str(clip["name"]) for clip in self.manifest["clips"] if isinstance(clip, dict) and "name" in clip]
        clips = [name for name in names if CLIP.fullmatch(name) is not None]
        kinds = ("clips/{}.mp4", "facts/{}.jsonl", "pieces/{}.txt")
        return {*FILES, *(kind.format(name) for name in clips for kind in kinds)}

    def is_proof(self, name: str, known: set[str]) -> bool:
        """Whether it proves a line that is there."""
        match = PROOF.fullmatch(name)
        if match is None:
            return False
        lines = "history.jsonl" if match.group(1) == "history" else f"facts/{match.group(1)}.jsonl"
        if lines not in known or lines not in self.package.entries:
            return False
        if lines not in self.counts:
            self.counts[lines] = self.package.read(lines).count(b"\n")
        return 0 < parse_number(match.group(2)) <= self.counts[lines]

    def digests(self) -> dict[str, str]:
        """What manifest-sha256.txt says."""
        found: dict[str, str] = {}
        for line in split_lines(self.package.read("manifest-sha256.txt")):
            digest, _, name = line.decode("ascii", "replace").partition("  ")
            if re.fullmatch("[0-9a-f]{64}", digest, re.ASCII) is None or NAME.fullmatch(name) is None or name in found:
                raise Malformed("manifest-sha256.txt")
            found[name] = digest
        return found

    # -- 3. the heads of both logs fulfil the policy

    def head(self, log: str) -> Optional[tuple[Head, bytes]]:
        """A log's head and its bytes, if they are accepted."""
        try:
            note = self.package.read(f"{log}.checkpoint")
            accepted = accept_head(self.policy, parse_note(note))
            if accepted.head.origin != self.manifest.get(log):
                raise Unproven(f"it is of {accepted.head.origin[:80]!a}")
        except Malformed as error:
            self.say(FAILED, "head-refused", "", None, log, error)
            return None
        self.say(OK, "head", "", None, log, accepted.head.size)
        if log == "rec":
            self.seen = min(accepted.cosigned.values(), default=None)
        is_alone = True
        for name, seconds in accepted.cosigned.items():
            if is_for_show(self.policy.witnesses[name].name):
                self.say(OPEN, "head-for-show", "", seconds * SECOND, log, name)
            else:
                is_alone = False
                self.say(OK, "head-cosigned", "", seconds * SECOND, log, name)
        if is_alone:
            self.say(OPEN, "head-alone", "", None, log)
        return accepted.head, note

    def proven(self, entry: bytes, name: str, head: tuple[Head, bytes]) -> int:
        """The place of an entry in the log, by its proof in the package; raises `Malformed` if that does not hold."""
        proof = parse_proof(self.package.read(name))
        if proof.note != head[1]:
            raise Unproven("its proof is for another head")
        check_proof(proof, entry, head[0])
        return proof.entry

    # -- 5. what was done with the pictures

    def history(self) -> None:
        """The access history: each entry in `act`; what is opened of the private parts belongs to its entry."""
        has = {name: name in self.package.entries for name in ("act.checkpoint", "history.jsonl")}
        head = self.head("act") if any(has.values()) else None  # its anchors lead to it, too
        lines = split_lines(self.package.read("history.jsonl")) if has["history.jsonl"] else []
        if not has["history.jsonl"]:
            self.say(OPEN, "history-none")
        elif head is not None:
            self.prove_history(lines, head)
        for number, line in enumerate(lines, 1):
            self.entry(number, line)
        if "openings.jsonl" in self.package.entries:
            for line in split_lines(self.package.read("openings.jsonl")):
                self.opening(line, lines)

    def prove_history(self, lines: list[bytes], head: tuple[Head, bytes]) -> None:
        """Each is in `act`, behind the one above."""
        last = -1
        for number, line in enumerate(lines, 1):
            above = last
            try:
                last = self.proven(line, f"proofs/history/{number}.tlog-proof", head)
                if last <= above:
                    raise Unproven("it does not stand behind the one above")
                self.places[number] = last
            except Malformed as error:
                self.say(FAILED, "history-unproven", "", None, number, error)
        self.say(OK, "history", "", None, len(lines))

    def entry(self, number: int, line: bytes) -> None:
        """What an entry of the history says: who it was is in its private part."""
        try:
            found = parse_json(line)
            self.acts[self.places.get(number, -1)] = number, found
            kind = text(found.get("kind"))
            if kind == "ask" and found.get("purpose") == "erase":
                kind = "ask-erase"
            self.say(OPEN if kind == "fork" else TOLD, "history-entry", "", whole(found.get("t")), number, kind)
        except Malformed as error:
            self.say(FAILED, "history-unreadable", "", None, number, error)

    def orders(self) -> None:
        """Of what was erased early, as the package says: the entries of two people who wanted it, or that none are."""
        known = {camera: self.ordered(camera) for camera in {each[0] for each in self.erased}}
        for camera, start, end in (each for each in self.erased if each[1] < each[2]):
            hours = [edge * HOUR for hour in known[camera] for edge in (hour, hour + 1)]
            edges = sorted({start, end, *(edge for edge in hours if start < edge < end)})
            for at, until in zip(edges, islice(edges, 1, None)):
                lines = known[camera].get(at // HOUR)
                level, code = (TOLD, "erased-ordered") if lines else (OPEN, "erased-claimed")
                self.say(level, code, camera, at, when(until), *(lines or ()))

    def ordered(self, camera: str) -> dict[int, tuple[int, int, int]]:
        """Hours of a camera → lines of the history: who asked, who else approved, and that it was done (act.md)."""
        found = {}
        for place, (third, rekey) in self.acts.items():
            second, approve = self.followed(rekey)
            first, ask = self.followed(approve)
            t0: Any = ask.get("t0")
            two = [(each.get("who"), each.get("month")) for each in (ask, approve)]
            is_order = place >= 0 and [act.get("kind") for act in (ask, approve, rekey)] == ["ask", "approve", "rekey"]
            is_by_two = all(isinstance(word, str) for each in two for word in each) and two[0][0] != two[1][0]
            erases = ask.get("purpose") == "erase" and type(t0) is int and t0 % HOUR == 0 and ask.get("t1") == t0 + HOUR
            names = all(isinstance(each.get("streams"), list) and camera in each["streams"] for each in (ask, rekey))
            is_named = erases and names and rekey.get("hour") == re.sub("[-T]", "", when(t0)[:13])
            if is_order and is_by_two and two[0][1] == two[1][1] and is_named and first < second < third:
                found[t0 // HOUR] = first, second, third
        return found

    def followed(self, act: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The entry that this one is about, if it is here."""
        of = act.get("of")
        return self.acts.get(of, (0, {})) if type(of) is int and of >= 0 else (0, {})

    def opening(self, line: bytes, lines: list[bytes]) -> None:
        """The entry's p = SHA-256(salt ‖ private text)."""
        number = 0
        try:
            opening = parse_json(line)
            number = whole(opening.get("line"))
            entry = parse_json(lines[number - 1]) if 0 < number <= len(lines) else {}
            found = sha256(
                parse_hash(text(opening.get("salt"))) + text(opening.get("text")).encode("utf-8", "surrogatepass")
            )
            if parse_hash(text(entry.get("p"))) != found:
                raise Unproven("its private part is another one")
        except Malformed as error:
            self.say(FAILED, "opening-differs", "", None, number, error)
        else:
            self.say(OK, "opening", "", None, number, opening["text"])

    # -- 6. who else has seen the heads

    def anchors(self) -> None:
        """Stamped heads lead to the head proven here; the stamps themselves need a tool for X.509."""
        heads = []
        for name in sorted(self.package.entries):
            match = re.fullmatch(r"anchors/(rec|act)-([0-9]+)\.txt", name)
            if match is not None:
                heads.append(name[:-3])
                self.anchor(match.group(1), name)
        for name in sorted(self.package.entries):
            if name.startswith("anchors/") and name.endswith(".tst") and not name.startswith(tuple(heads)):
                self.say(FAILED, "anchor-foreign", "", None, name, "no head")
        if not any(name.endswith(".tst") and name.startswith("anchors/") for name in self.package.entries):
            self.say(OPEN, "anchors-none")

    def anchor(self, log: str, name: str) -> None:
        """The stamped text is the head, or one that the head is proven to have grown from, or the other way round."""
        try:
            stamped = parse_head(decode(self.package.read(name)))
            head = parse_head(parse_note(self.package.read(f"{log}.checkpoint")).text)
            path_name = name[:-4] + ".consistency"
            lines = split_lines(self.package.read(path_name)) if path_name in self.package.entries else []
            path = [parse_hash(decode(line)) for line in lines]
            old, new = sorted((stamped, head), key=lambda each: each.size)
            if old.origin != new.origin:
                raise Unproven("it is of another log")
            if name != f"anchors/{log}-{stamped.size}.txt":
                raise Unproven("it is of another size")
            check_consistency(old.size, old.root, new.size, new.root, path)
        except Malformed as error:
            self.say(FAILED, "anchor-foreign", "", None, name, error)
            return
        for token in sorted(self.package.entries):
            if token.startswith(name[:-3]) and token.endswith(".tst"):
                self.say(OPEN, "anchor-open", "", None, token)


def asic_manifest(digests: dict[str, str]) -> bytes:
    """META-INF/ASiCManifest.xml, which says the same as manifest-sha256.txt (ETSI EN 319 162-1, 4.4)."""
    rows = "".join(
        f'<asic:DataObjectReference URI="{name}">'
        '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
        f"<ds:DigestValue>{to_base64(bytes.fromhex(digest))}</ds:DigestValue>"
        "</asic:DataObjectReference>\n"
        for name, digest in sorted(digests.items())
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<asic:ASiCManifest xmlns:asic="http://uri.etsi.org/02918/v1.2.1#"'
        ' xmlns:ds="http://www.w3.org/2000/09/xmldsig#">\n'
        '<asic:SigReference URI="META-INF/timestamp.tst" MimeType="application/vnd.etsi.timestamp-token"/>\n'
        f"{rows}</asic:ASiCManifest>\n"
    ).encode()


class ClipChecks:
    """4. One clip: facts in the log, nothing missing between them, pictures as recorded, shown as recorded."""

    def __init__(self, checks: Checks, number: int, rec: Optional[tuple[Head, bytes]]) -> None:
        self.checks, self.package, self.number, self.rec = checks, checks.package, number, rec
        self.camera = ""
        self.found: list[Finding] = []
        self.is_unreadable = False
        self.gone: list[tuple[int, int, str, int, int]] = []  # whole segments: from, to, code, count, end in its hour
        self.erased: list[tuple[str, int, int]] = []  # early: camera, from, to

    def attempt(self, step: Callable[[], None]) -> None:
        """A clip that can't be read is a finding, and nothing more is done with it."""
        try:
            if not self.is_unreadable:
                step()
        except Malformed as error:
            self.is_unreadable = True
            self.found.append(Finding(FAILED, "clip-unreadable", "", None, (str(self.number), str(error))))

    def open(self, clip: Any) -> None:
        """What the package says of it."""
        checks = self.checks
        if not isinstance(clip, dict):
            raise Malformed("manifest.json: a clip is no object")
        self.name, self.camera = text(clip.get("name")), text(clip.get("stream"))
        if CLIP.fullmatch(self.name) is None or self.name in checks.clips:
            raise Malformed("manifest.json: the name of a clip")
        checks.clips.add(self.name)
        self.start, self.end = whole(clip.get("from")), whole(clip.get("to"))
        self.file = f"clips/{self.name}.mp4"
        self.head_length, self.head_digest = whole(clip.get("head_length")), text(clip.get("head_sha256"))
        if self.file not in self.package.entries or self.end <= self.start:
            raise Malformed(f"{self.file} is not in the package, or its span is empty")
        self.lost = self.read_losses(clip.get("losses", []))
        read = self.read_facts()
        self.facts = [fact for fact in read if fact.kind not in NOTES]
        self.notes = [fact for fact in read if fact.kind in NOTES]
        if not self.facts:
            raise Malformed("no facts")
        checks.spans.append((self.camera, self.start, self.end))

    def say(self, level: str, code: str, time: Optional[int] = None, *values: object) -> None:
        """A finding about this camera."""
        self.found.append(Finding(level, code, self.camera, time, tuple(str(value) for value in values)))

    @staticmethod
    def read_losses(losses: Any) -> dict[tuple[int, int], str]:
        """Line of the fact, number of the piece; and why."""
        if not isinstance(losses, list) or not all(isinstance(loss, dict) for loss in losses):
            raise Malformed("manifest.json: losses")
        whys = [why if isinstance(why, str) else "" for why in (loss.get("why") for loss in losses)]
        return {(whole(loss.get("fact")), whole(loss.get("piece"))): why for loss, why in zip(losses, whys)}

    def read_facts(self) -> list[Fact]:
        """Those that can be read; with the others the chain breaks."""
        facts = []
        for number, raw in enumerate(split_lines(self.package.read(f"facts/{self.name}.jsonl")), 1):
            try:
                facts.append(parse_fact(number, raw, self.camera))
            except Malformed as error:
                self.say(FAILED, "fact-unreadable", facts[-1].t1 if facts else self.start, number, error)
        return facts

    def run(self) -> None:
        """All of them."""
        self.say(TOLD, "clip", self.start, self.file, when(self.end))
        self.tell_ahead()
        self.proofs()
        self.tell_notes()
        self.chain()
        self.accounting()
        self.pieces()

    # -- 4.1 each fact is in the log

    def proofs(self) -> None:
        """Each line, as it stands, is an entry of `rec`."""
        if self.rec is None:
            self.say(FAILED, "facts-unproven", self.start, when(self.end))
            return
        bad, places = 0, set()
        for fact in [*self.facts, *self.notes]:
            try:
                place = self.checks.proven(fact.raw, f"proofs/{self.name}/{fact.line}.tlog-proof", self.rec)
                if place in places:
                    raise Unproven("it stands here twice")
                places.add(place)
            except Malformed as error:
                bad += 1
                self.say(FAILED, "fact-unproven", fact.t0, fact.line, error)
        if not bad:
            self.say(OK, "facts", None, len(self.facts) + len(self.notes))

    def tell_ahead(self) -> None:
        """What a witness had seen had happened; but clocks differ."""
        for fact in self.facts:
            if self.checks.seen is not None and (fact.t1 or fact.t0) > (self.checks.seen + MINUTE) * SECOND:
                self.say(OPEN, "ahead", fact.t0, fact.line, when(self.checks.seen * SECOND))
                return

    def tell_notes(self) -> None:
        """What the ledger noted: facts that came late, recorders that were not heard."""
        known = {(fact.term, fact.n): fact for fact in self.facts}
        for note in self.notes:
            about = known.get((note.term, note.n))
            if note.kind == "silent":
                self.say(TOLD, "silent", note.t0, when(note.fields["t"]))
            elif about is not None and about.hash == note.fields.get("hash"):
                self.say(TOLD, "late", about.t0, about.line, when(note.fields["t"]))
            else:
                self.say(FAILED, "late-foreign", note.t0, note.line)

    # -- 4.2 no fact is missing between two others (fact.md, "Identity", "Common keys")

    def chain(self) -> None:
        """Each n is one more; `prev` and `prior` name what stands before."""
        for before, after in zip(self.facts, self.facts[1:]):
            time = before.t0 if before.t1 is None else before.t1
            if after.term != before.term:
                self.next_term(before, after, time)
            elif after.n != before.n + 1:
                self.say(FAILED, "fact-missing", time, before.n, after.n)
            elif after.fields.get("prev") != before.hash:
                is_known = before.fields.get("by") == "recovery"
                self.say(*((TOLD, "link-recovered") if is_known else (FAILED, "link-broken")), time, after.line)

    def next_term(self, before: Fact, after: Fact, time: int) -> None:
        """A term's first fact names the last one of the term before, or says that it is lost."""
        prior = after.fields.get("prior")
        if after.kind == "term" and after.n == 0 and isinstance(prior, dict) and "lost" in prior:
            self.say(OPEN, "accounting-anew", time, when(after.t0))
        elif after.kind != "term" or after.n or prior != {"term": before.term, "n": before.n, "hash": before.hash}:
            self.say(FAILED, "term-broken", time, after.line)

    # -- 4.3 every moment is recorded or explained (fact.md, "Accounting")

    def accounting(self) -> None:
        """Each stretch begins where the one before ended, and together they cover the span."""
        cursor: Optional[int] = None
        opened: Optional[Fact] = None
        recorded = gaps = 0
        for fact in self.facts:
            if fact.kind == "term" and isinstance(fact.fields.get("prior"), dict) and "lost" in fact.fields["prior"]:
                cursor = None
            if fact.kind not in TIMED:
                continue
            if cursor is not None and fact.t0 != cursor:
                self.say(FAILED, "time-broken", cursor, fact.line)
            if opened is not None and not self.closes(fact, opened):
                self.say(FAILED, "gap-left-open", opened.t0, opened.line)
            opened = fact if fact.t1 is None else None
            cursor = fact.t0 if fact.t1 is None else fact.t1
            if fact.t1 is not None and fact.t1 < fact.t0 and fact.kind != "step":
                self.say(FAILED, "time-broken", fact.t0, fact.line)
            inner = max(0, min(cursor, self.end) - max(fact.t0, self.start))
            if fact.kind == "seg":
                recorded += inner
            elif inner or fact.kind == "step":
                gaps += inner if fact.kind == "gap" else 0
                self.say(TOLD, fact.kind, fact.t0, when(cursor), seconds(cursor - fact.t0), fact.fields.get("why", ""))
        self.covered(cursor, opened, recorded, gaps)

    @staticmethod
    def closes(fact: Fact, opened: Fact) -> bool:
        """Whether a fact is the end of an open gap."""
        why, of = fact.fields.get("why"), fact.fields.get("of")
        return (fact.kind, fact.t0, why, of) == ("gap", opened.t0, opened.fields.get("why"), opened.n)

    def covered(self, cursor: Optional[int], opened: Optional[Fact], recorded: int, gaps: int) -> None:
        """From the span's start to its end."""
        first = next((fact.t0 for fact in self.facts if fact.kind in TIMED), self.end)
        if first > self.start:
            self.say(FAILED, "span-uncovered", self.start, when(first))
        if opened is not None:
            self.say(OPEN, "gap-open", opened.t0, when(self.end))
        elif cursor is None or cursor < self.end:
            self.say(FAILED, "span-uncovered", cursor, when(self.end))
        self.say(OK, "span", self.start, when(self.end), seconds(recorded), seconds(gaps))

    # -- 4.4 the pictures are those recorded (keys.md, segment.md)

    def pieces(self) -> None:
        """Each piece in the clip gives its h, all h of a segment give its fact's; no byte belongs to none."""
        self.reader = Reader(self.package, self.file)
        size, cursor = self.reader.size, self.head_length
        head = bytes(self.reader.part(0, min(self.head_length, size, MAX_TEXT)))
        if sha256(head).hex() != self.head_digest:
            self.say(FAILED, "head-differs", self.start)
        facts = {fact.line: fact for fact in self.facts if fact.kind == "seg"}
        rows = [parse_piece(line) for line in split_lines(self.package.read(f"pieces/{self.name}.txt"))]
        groups: dict[int, list[Piece]] = {}
        for row in rows:
            groups.setdefault(row.fact, []).append(row)
        if [*groups] != sorted(groups) or any(line not in facts for line in groups):
            raise Malformed(f"pieces/{self.name}.txt: its rows are not those of the facts")
        show = Show(self, head, size)
        good = 0
        for fact in self.facts:
            if fact.kind == "step" and fact.t1 is not None:
                show.step(fact.t1 - fact.t0)
            if fact.line in groups:
                cursor, count = self.segment(fact, groups[fact.line], cursor, show)
                good += count
            elif fact.line in facts and fact.t0 < self.end and (fact.t1 or 0) > self.start:
                self.absent(fact, 0, is_whole=True)
        if cursor != size:
            self.say(FAILED, "bytes-uncovered", self.end, cursor)
        for start, end, code, count, until in self.gone:
            self.say(OPEN, code, start, when(end), count)
            self.erased += [(self.camera, start, until)] if code == "segments-erased" else []
        self.say(OK, "pieces", None, good)
        show.finish()

    def segment(self, fact: Fact, rows: list[Piece], cursor: int, show: Show) -> tuple[int, int]:
        """One segment: where the next one must begin in the clip, and how many good pieces it has."""
        numbers, found = [row.piece for row in rows], sha256(b"".join(row.h for row in rows))
        is_complete = len(rows) == fact.fields["count"] and numbers == [*range(len(rows))]
        if not is_complete or to_base64(found) != fact.fields["h"]:
            self.say(FAILED, "segment-differs", fact.t0, fact.line)
        good, times = 0, {}
        for row in rows:
            if row.at is None:
                continue
            if row.at != cursor:
                self.say(FAILED, "bytes-uncovered", fact.t0, cursor)
            hashed = hashlib.sha256(row.salt)
            try:
                data = self.reader.part(row.at, row.length, hashed)
            except Malformed:
                data = memoryview(b"")
            cursor = row.at + row.length
            if hashed.digest() != row.h:
                self.say(FAILED, "piece-differs", fact.t0, row.piece)
                show.skip(row)
                continue
            good += 1
            if row.piece:
                times[row.piece] = show.fragment(fact, row, data)
            else:
                show.init(data)
        self.complete(fact, rows, times)
        return cursor, good

    def complete(self, fact: Fact, rows: list[Piece], times: dict[int, tuple[int, int]]) -> None:
        """What is not in the clip lies before the span or behind it, or is declared lost."""
        inside_clip = [row.piece for row in rows if row.at is not None and row.piece]
        for row in rows:
            if row.at is not None or (row.piece == 0 and not inside_clip):
                continue
            if inside_clip and row.piece:
                first, last = times.get(inside_clip[0]), times.get(inside_clip[-1])
                if row.piece < inside_clip[0] and first is not None and first[0] <= self.start + EDGE:
                    continue
                if row.piece > inside_clip[-1] and last is not None and last[1] >= self.end - EDGE:
                    continue
            self.absent(fact, row.piece, is_whole=not inside_clip)

    def absent(self, fact: Fact, piece: int, *, is_whole: bool) -> None:
        """Recorded, in the span, and not in the clip. Without its init no piece of a segment can be there."""
        code = GONE.get(self.lost.get((fact.line, 0), "")) if is_whole else None
        if code is not None and fact.t1 is not None:
            start, count = fact.t0, 0
            if self.gone and self.gone[-1][1:3] == (fact.t0, code):
                start, _, _, count, _ = self.gone.pop()
            self.gone.append((start, fact.t1, code, count + 1, min(fact.t1, (fact.t0 // HOUR + 1) * HOUR)))
            return
        is_lost = piece > 0 and (fact.line, piece) in self.lost
        if is_whole and not is_lost:
            all_pieces = ((fact.line, number) for number in range(1, fact.fields["count"]))
            is_lost = (fact.line, 0) in self.lost or all(each in self.lost for each in all_pieces)
        if is_lost:
            self.say(OPEN, "piece-lost", fact.t0, piece)
        else:
            self.say(FAILED, "piece-absent", fact.t0, piece)


GONE = {"erased": "segments-erased", "gone": "segments-gone"}  # why nobody can open a segment any more
EDGE = SECOND // 5  # pictures are decoded a little before they are shown
NEAR = SECOND  # how far from its time a picture may be shown: drift is 0.1 s at most, reordering less than a second


class Show:
    """4.5 A player shows what was recorded: every picture, in order, at its time, and nothing else (export.md)."""

    def __init__(self, clip: ClipChecks, head: bytes, size: int) -> None:
        self.clip, self.head, self.size = clip, head, size
        self.header: Optional[Header] = None
        self.place = 0  # of the next picture in the clip's tables
        self.steps = 0  # ticks by which UTC has run ahead of the clip's own time
        self.forward = 0  # by which the clock was set forward since the last segment
        self.end: Optional[int] = None  # UTC where the last fragment ended
        self.is_begun = self.is_broken = self.has_key = False
        self.before = (0, 0)  # fact and piece of the last fragment
        self.failed = False
        self.left_out = 0  # pictures that refer to lost ones
        self.order: list[tuple[int, int]] = []  # of a segment: when each picture was shown by the camera, and is here
        self.order_at: Optional[int] = None  # UTC where that segment began
        self.late: Optional[int] = None  # UTC of the last picture that is left out at the beginning, for want of a key

    def step(self, ticks: int) -> None:
        """The clock was set."""
        self.forward += max(0, ticks)

    def join(self, begin: int) -> None:
        """The next segment begins: no time passed in a step, and a clock that was set back goes on where it was."""
        if self.end is not None and begin != self.end:
            missing = begin - self.end
            self.steps += missing if missing < 0 else min(self.forward, missing)
        self.forward = 0

    def fail(self, code: str, time: Optional[int], *values: object) -> None:
        """Once: what follows would follow from it."""
        if not self.failed:
            self.failed = True
            self.clip.say(FAILED, code, time, *values)

    def init(self, data: Bytes) -> None:
        """The first one says which format the header must have."""
        if self.header is not None or self.failed:
            return
        try:
            self.header = Header(self.head, data, self.size, self.clip.start)
        except (Malformed, struct.error) as error:
            self.fail("show-unreadable", self.clip.start, error)
        else:
            self.advance(0)

    def advance(self, count: int) -> None:
        """So many pictures on in the tables."""
        self.place += count
        if self.header is not None and self.header.ends_badly and self.place == len(self.header.pictures.at):
            self.fail("show-unreadable", self.clip.start, "video: a picture without bytes")

    def next(self) -> Optional[Picture]:
        """The next picture of the tables; one at -1 if they hold more than their chunks do."""
        if self.header is None:
            return None
        if self.place < len(self.header.pictures.at):
            at, size, time, shift = (column[self.place] for column in self.header.pictures)
            return Picture(at, size, time, shift)
        return Picture(-1, 0, 0, 0) if self.header.has_more else None

    def fragment(self, fact: Fact, row: Piece, data: Bytes) -> tuple[int, int]:
        """A good fragment of the clip; its span in UTC."""
        try:
            pictures, keys, end = fragment_pictures(data, row.at or 0)
        except (Malformed, struct.error, OverflowError):
            self.fail("show-unreadable", fact.t0, "moof")
            return fact.t0, fact.t0
        length, media = (fact.t1 or 0) - fact.t0, whole(fact.fields["media"])

        def utc(time: int) -> int:
            return fact.t0 + time * length // media

        begin = utc(pictures.time[0] if keys else end)
        if self.before[0] != row.fact:
            self.check_order()
            self.join(begin)
            self.is_broken = False
            self.order_at = fact.t0
        if self.before != (row.fact, row.piece - 1) and row.piece > 1 and self.is_begun:
            self.is_broken = True  # a piece is missing: nothing is shown until the next key frame
        if not self.are_next(pictures, keys, utc):
            for number, is_key in enumerate(keys):
                at, size, time, shift = (column[number] for column in pictures)
                self.picture(Picture(at, size, utc(time), shift, is_key), time + shift)
        self.has_key = self.has_key or True in keys
        self.before, self.end = (row.fact, row.piece), utc(end)
        return begin, self.end

    def may_begin(self, number: int, is_key: bool) -> bool:
        """Whether it is a key frame, or not told to be one."""
        return is_key or self.header is None or number not in self.header.syncs

    def are_next(self, recorded: Pictures, keys: list[bool], utc: Callable[[int], int]) -> bool:
        """Whether the next pictures shown are just these: the usual case, compared at once.

        The clip's time and the camera's go alike within a fragment: none is further off than the first or the last.
        """
        if self.failed or self.header is None or not recorded.at:
            return False
        shown = self.header.pictures.part(self.place, self.place + len(recorded.at))
        if (shown.at, shown.size, shown.shift) != (recorded.at, recorded.size, recorded.shift):
            return False
        ahead = shown.time[0] - recorded.time[0]
        if [time - ahead for time in shown.time] != [*recorded.time]:
            return False
        if not all(self.may_begin(self.place + number, is_key) for number, is_key in enumerate(keys)):
            return False
        if self.header.empty and min(map(add, shown.time, shown.shift)) < self.header.media_time:
            return False
        ends = (0, len(recorded.at) - 1)
        if any(abs(shown.time[at] - utc(recorded.time[at]) - self.expected()) > NEAR - 1 for at in ends):
            return False
        self.is_begun, self.is_broken = True, False
        self.order.extend(zip(map(add, recorded.time, recorded.shift), map(add, shown.time, shown.shift)))
        self.advance(len(recorded.at))
        return True

    def expected(self) -> int:
        """How far the tables' times are from UTC: what they count from, and what is not counted."""
        header_start = self.header.media_time - self.header.empty if self.header is not None else 0
        return header_start - self.clip.start - self.steps

    def skip(self, row: Piece) -> None:
        """A piece that is not as recorded: what is shown of it has no place to be compared with."""
        begin = row.at or 0
        while (shown := self.next()) is not None and begin <= shown.at < begin + row.length:
            self.advance(1)

    def check_order(self) -> None:
        """No picture of a segment is shown before one that the camera showed earlier, however little it was moved."""
        shown = [here for _, here in sorted(self.order)]
        if shown != sorted(shown):
            self.fail("picture-order", self.order_at)
        self.order = []

    def picture(self, recorded: Picture, position: int) -> None:
        """The next recorded picture, its time in UTC, is the next one shown; or there is a reason why it is not.

        `position`: when the camera showed it, by its own time.
        """
        if self.failed or self.header is None:
            return
        self.has_key = self.has_key or recorded.is_key
        self.is_broken = self.is_broken and not recorded.is_key
        shown = self.next()
        if shown is None or (shown.at, shown.size) != (recorded.at, recorded.size):
            if not self.may_be_left_out(recorded.time):
                self.fail("picture-hidden", recorded.time)
            elif not self.is_begun and recorded.time > self.clip.start + NEAR:
                self.late = recorded.time
            return
        self.is_begun, self.is_broken = True, False
        self.order.append((position, shown.time + shown.shift))
        off = shown.time + shown.shift - recorded.time - recorded.shift - self.expected()
        if abs(off) > NEAR:
            self.fail("picture-moved", recorded.time, seconds(off))
        if self.header.empty and shown.time + shown.shift < self.header.media_time:
            self.fail("picture-hidden", recorded.time)  # behind the empty edit, which is for gaps
        if not self.may_begin(self.place, recorded.is_key):
            self.fail("show-unreadable", recorded.time, "video: stss names what is no key frame")
        self.advance(1)

    def may_be_left_out(self, time: int) -> bool:
        """Behind the span; before it, or before the first key frame; or after a piece that is missing."""
        if self.next() is None:
            return time >= self.clip.end - NEAR
        if not self.is_begun:
            return time <= self.clip.start + NEAR or not self.has_key
        self.left_out += self.is_broken
        return self.is_broken

    def finish(self) -> None:
        """No picture is shown that was not recorded, and it lasts as long as the span."""
        self.check_order()
        if self.header is None:
            self.fail("show-unreadable", self.clip.start, "nothing recorded is in it")
        elif not self.failed:
            if self.late is not None and self.is_begun:
                self.clip.say(OPEN, "show-late", self.clip.start, when(self.late))
            if self.next() is not None:
                self.fail("picture-foreign", self.clip.end)
            elif not self.is_begun:
                self.fail("picture-hidden", self.clip.start)
            elif abs(self.header.duration - (self.clip.end - self.clip.start - self.steps)) > NEAR:
                self.fail("picture-moved", self.clip.end, seconds(self.header.duration))
            elif self.header.media != self.header.lasts:
                self.fail("show-unreadable", self.clip.start, "video: mdhd")
            elif self.clip.lost:
                self.clip.say(OK, "show-rest", None, self.left_out)
            else:
                self.clip.say(OK, "show")


# ==================================================================================================== 10 what is said


def when(ticks: int) -> str:
    """RFC 3339, UTC."""
    full, rest = divmod(ticks, SECOND)
    try:
        moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=full)
    except OverflowError:
        return f"{ticks} ticks"
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + f".{rest // 90:03d}Z"


def seconds(ticks: int) -> str:
    """With milliseconds, rounded towards zero."""
    sign, size = "-" if ticks < 0 else "", abs(ticks) // 90
    return f"{sign}{size // 1000}.{size % 1000:03d} s"


LEVELS = {OK: ("OK      ",) * 2, TOLD: (" " * 8,) * 2, OPEN: ("APERTO  ", "OPEN    "), FAILED: ("FALLITO ", "FAILED  ")}


def bilingual(table: str) -> dict[str, tuple[str, str]]:
    """`code: Italian | English`, one by one; what is longer than a line goes on in the next, indented."""
    rows = [row.partition(": ") for row in table.strip().replace("\n  ", " ").split("\n")]
    return {code: (italian, english) for code, _, both in rows for italian, english in [both.split(" | ")]}


# {0} … are the finding's values
TEXTS = bilingual("""
trust-own: Le chiavi usate vengono dal plico stesso: chiunque può avercele messe. Ripetere con quelle pubblicate.
  | The keys used come from the package itself: anybody could have put them there. Repeat with those published.
trust-given: Le chiavi usate sono quelle date da chi verifica. | The keys used are those that you gave.
trust-key: chiave {0} | key {0}
trust-differs: policy.txt del plico indica altre chiavi; non viene usato.
  | The package's policy.txt names other keys; it is not used.
files: {0} file elencati in manifest-sha256.txt | {0} files are in manifest-sha256.txt
file-unlisted: Il file {0} non è in manifest-sha256.txt. | The file {0} is not in manifest-sha256.txt.
file-foreign: Il file {0} non fa parte di un plico: nessuno lo ha verificato.
  | The file {0} is no part of a package: nothing in it was checked.
file-missing: Manca il file {0}. | The file {0} is missing.
file-differs: Il file {0} è stato cambiato. | The file {0} was changed.
seal-open: {0}: non verificato qui; usare openssl come spiegato in LEGGIMI.txt.
  | {0}: not checked here; use openssl as README.txt explains.
head: Testa del registro {0} con {1} voci: firmata come richiesto.
  | Head of the log {0} with {1} entries: signed as required.
head-cosigned: Il testimone {1} aveva visto questa testa di {0} a quest'ora.
  | The witness {1} had seen this head of {0} at this time.
head-alone: Nessun secondo ufficio ha firmato la testa di {0}: un registro diverso mostrato ad altri non si noterebbe.
  | No second office signed the head of {0}: a different log shown to others would not be noticed.
head-for-show: Il testimone {1} di {0} è dimostrativo, per sola mostra: la sua firma a estranei non prova nulla.
  | The witness {1} of {0} is a demonstration's, for show: its signature proves nothing to strangers.
head-refused: La testa del registro {0} non è accettata: {1}. | The head of the log {0} is refused: {1}.
no-clip: Il plico non contiene filmati. | The package holds no clip.
clip-unreadable: Il filmato {0} non è leggibile: {1}. | Clip {0} can't be read: {1}.
clip: {0} è il filmato di questa telecamera, da qui a {1}; il nome del file è scelto da chi esporta.
  | {0} is the clip of this camera, from here to {1}; the file's name is the exporter's choice.
fact-unreadable: Il fatto alla riga {0} non è leggibile: {1}. | The fact in line {0} can't be read: {1}.
facts-unproven: I fatti fino a {0} non sono dimostrati: la testa del registro non è accettata.
  | The facts until {0} are not proven: the head of the log is refused.
fact-unproven: Il fatto alla riga {0} non è nel registro: {1}. | The fact in line {0} is not in the log: {1}.
facts: Fatti: {0}, tutti nel registro. | Facts: {0}, all in the log.
ahead: Il fatto alla riga {0} dice un'ora dopo quella ({1}) in cui un testimone l'aveva visto: un orologio errava.
  | The fact in line {0} tells a time after that ({1}) at which a witness had seen it: a clock was wrong.
late: Il fatto alla riga {0} arrivò al registro solo a {1}. | The fact in line {0} reached the log only at {1}.
late-foreign: La nota alla riga {0} riguarda un fatto che qui non c'è.
  | The note in line {0} is about a fact that is not here.
silent: Da qui il registratore non si fece sentire; annotato a {0}.
  | From here on nothing was heard of the recorder; noted at {0}.
fact-missing: Tra i fatti n={0} e n={1} ne manca qualcuno, o uno è di troppo.
  | Between facts n={0} and n={1} some are missing, or one is too many.
link-broken: Il fatto alla riga {0} non segue quello prima. | The fact in line {0} does not follow the one before.
link-recovered: Il fatto prima della riga {0} fu scritto dopo un arresto: il legame è per numero.
  | The fact before line {0} was written after a crash: they are linked by number.
term-broken: Il periodo che comincia alla riga {0} non segue quello prima.
  | The term that begins in line {0} does not follow the one before.
accounting-anew: Un periodo del registratore è andato perduto: da qui a {0} nulla è documentato.
  | A term of the recorder is lost: from here to {0} nothing is accounted for.
time-broken: Il fatto alla riga {0} non comincia dove finiva quello prima.
  | The fact in line {0} does not begin where the last one ended.
gap-left-open: La lacuna alla riga {0} non viene chiusa. | The gap in line {0} is not closed.
gap: Interruzione dichiarata fino a {0} ({1}): {2}. | Declared gap until {0} ({1}): {2}.
step: Orologio regolato a {0} ({1}); non è passato tempo. | Clock set to {0} ({1}); no time passed.
gap-open: Qui comincia una lacuna di cui il plico non mostra la fine: da qui a {0} nulla è provato.
  | Here a gap begins whose end the package does not show: from here to {0} nothing is proven.
span-uncovered: Da qui a {0} non c'è né registrazione né lacuna.
  | From here to {0} there is neither a recording nor a gap.
span: Periodo fino a {0}: registrati {1}, lacune dichiarate {2}. | Span until {0}: recorded {1}, declared gaps {2}.
hole: Da qui a {0} il plico non contiene nulla di questa telecamera.
  | From here to {0} the package holds nothing of this camera.
left-out: Chiesta e non nel plico, da qui a {0}, dice il plico: {1}.
  | Asked for and not in the package, from here to {0}, says the package: {1}.
head-differs: L'intestazione del filmato è stata cambiata. | The clip's header was changed.
bytes-uncovered: Dal byte {0} il filmato contiene dati che non furono registrati, o ne mancano.
  | From byte {0} on the clip holds data that was not recorded, or some is missing.
segment-differs: L'elenco dei frammenti non è quello del fatto alla riga {0}.
  | The list of fragments is not that of the fact in line {0}.
piece-differs: Il frammento {0} di questo segmento non è quello registrato.
  | Fragment {0} of this segment is not the recorded one.
piece-absent: Il frammento {0} di questo segmento fu registrato e non è nel filmato.
  | Fragment {0} of this segment was recorded and is not in the clip.
piece-lost: Il frammento {0} di questo segmento manca: non leggibile, dice il plico, e nulla lo prova.
  | Fragment {0} of this segment is missing: not readable, says the package, and nothing proves it.
segments-erased: Da qui a {0} mancano {1} segmenti: cancellati prima del tempo per ordine, dice il plico.
  | From here to {0} {1} segments are missing: erased early by order, says the package.
erased-ordered: Da qui a {0}: cancellati per ordine di due persone (voci {1} e {2} della storia), eseguito (voce {3}).
  | From here to {0}: erased by order of two people (entries {1} and {2} of the history), done (entry {3}).
erased-claimed: Da qui a {0}: cancellazione dichiarata, non provata: nella storia manca l'ordine di due persone.
  | From here to {0}: erasure claimed, not proved: no order of two people is in the history.
segments-gone: Da qui a {0} mancano {1} segmenti: le chiavi non ci sono più, dice il plico, e nulla lo prova.
  | From here to {0} {1} segments are missing: their keys are no more, says the package, and nothing proves it.
pieces: {0} frammenti: byte per byte quelli registrati. | {0} fragments: byte for byte those recorded.
show-unreadable: Le tabelle del filmato sono di altra forma: {0}. | The clip's tables are of another form: {0}.
picture-hidden: Un'immagine registrata non viene mostrata. | A recorded picture is not shown.
picture-moved: Immagini mostrate fuori dal loro tempo ({0}). | Pictures are shown at another time ({0}).
picture-order: Le immagini di questo segmento sono mostrate in un altro ordine.
  | The pictures of this segment are shown in another order.
picture-foreign: Il filmato mostra immagini non registrate. | The clip shows pictures that were not recorded.
show-late: Da qui a {0} il filmato non mostra immagini registrate: dipendono da altre che non ci sono.
  | From here to {0} the clip shows no recorded pictures: they depend on others that are not in it.
show: Il filmato mostra tutte le immagini, in ordine, al loro tempo.
  | The clip shows all pictures, in order, at their time.
show-rest: Tranne ciò che manca, e {0} immagini che vi si riferiscono, il filmato mostra tutto, in ordine, al suo tempo.
  | But for what is missing, and {0} pictures that refer to it, the clip shows all, in order, at its time.
history-none: Il plico non contiene la storia degli accessi. | The package holds no access history.
history-unproven: La voce {0} della storia non è nel registro: {1}. | Entry {0} of the history is not in the log: {1}.
history: Storia degli accessi: {0} voci nel registro. | Access history: {0} entries in the log.
history-entry: voce {0}: {1} | entry {0}: {1}
history-unreadable: La voce {0} della storia non è leggibile: {1}. | Entry {0} of the history can't be read: {1}.
opening: Parte riservata della voce {0}: {1} | Private part of entry {0}: {1}
opening-differs: La parte riservata della voce {0} non è la sua: {1}.
  | The private part of entry {0} is not its own: {1}.
anchors-none: Nessuna marca temporale di terzi. | No time stamp of a third party.
anchor-foreign: {0} non conduce alla testa del registro: {1}. | {0} does not lead to the log's head: {1}.
anchor-open: {0}: riguarda questo registro; la marca stessa si verifica con openssl (LEGGIMI.txt).
  | {0}: is about this log; check the stamp itself with openssl (README.txt).
limit-camera: Non verificabile: che la telecamera abbia ripreso il vero (solo le telecamere che firmano ne danno prova).
  | Can't be checked: that the camera saw the real thing (only cameras that sign give proof of it).
limit-access: Non verificabile: che la storia degli accessi sia completa, e che nessuno abbia visto le immagini senza
  voce.
  | Can't be checked: that the access history is complete, and that nobody saw the pictures without an entry.
limit-before: Non verificabile: ciò che accadde prima che il fatto fosse nel registro (di solito alcune decine di
  secondi).
  | Can't be checked: what happened before the fact was in the log (some tens of seconds as a rule).
limit-texts: Non provati da nulla: LEGGIMI.txt, README.txt, i nomi dei file, i verificatori che stanno nel plico.
  | Proven by nothing: LEGGIMI.txt, README.txt, the names of files, the verifiers that are in the package.
unreadable: Il plico non è leggibile: {0}. | The package can't be read: {0}.
browser-too-old: Questo navigatore non sa verificare le firme (Ed25519): aggiornarlo o usare verify.py. {0}
  | This browser can't check signatures (Ed25519): update it, or use verify.py. {0}
policy-unreadable: Le chiavi date non sono leggibili: {0}. | The keys given can't be read: {0}.
""")
WORDS: dict[str, tuple[str, str]] = {  # causes of gaps (fact.md) and kinds of entries (act.md), in words
    "nosignal": ("la telecamera non mandava immagini", "the camera sent no pictures"),
    "auth": ("la telecamera rifiutava l'accesso", "the camera refused access"),
    "net": ("la telecamera non era raggiungibile", "the camera could not be reached"),
    "codec": ("la telecamera mandava ciò che non si può registrare", "the camera sent what cannot be recorded"),
    "hole": ("immagini mancanti nel flusso della telecamera", "pictures missing in the camera's stream"),
    "disk": ("l'archivio non poteva scrivere", "the archive could not write"),
    "restart": ("il registratore era fermo o ripartiva", "the recorder was not running, or starting"),
    "maintenance": ("impostazioni della telecamera cambiate", "the camera's settings were changed"),
    "permit": ("autorizzazione a registrare scaduta", "the permission to record had lapsed"),
    "keys": ("mancavano le chiavi dell'ora", "keys of the hour were missing"),
    "view": ("aperte per essere guardate", "opened to be looked at"),
    "still": ("una di esse salvata come fotogramma", "one of them was saved as a still"),
    "live": ("la telecamera guardata in diretta", "the camera was watched live"),
    "ask": ("chiesta una copia", "a copy was asked for"),
    "ask-erase": ("chiesta la cancellazione anticipata", "their early erasure was asked for"),
    "approve": ("approvata la richiesta", "what was asked for was approved"),
    "reject": ("rifiutata o ritirata la richiesta", "what was asked for was refused, or taken back"),
    "export": ("aperte per farne la copia", "opened to make the copy"),
    "take": ("consegnata la copia", "the copy was handed out"),
    "hold": ("conservate per un fascicolo", "kept for a case"),
    "confirm": ("conservazione confermata", "keeping them was confirmed"),
    "release": ("conservazione finita", "keeping them is over"),
    "end": ("distrutta la chiave di ciò che era conservato", "the key of what was kept was destroyed"),
    "rekey": ("cancellazione anticipata eseguita", "early erasure was carried out"),
    "fork": (
        "registro ricominciato: accessi, copie, ordini di cancellare di prima sono in quello di prima, e qui mancano",
        "the log began anew: accesses, copies and orders to erase from before are in the log before, and missing here",
    ),
    "close": ("finito di guardare o copiare", "looking or copying is over"),
    "erased": ("cancellata prima del tempo, per ordine", "erased before its time, by order"),
    "gone": ("le sue chiavi non ci sono più", "its keys are no more"),
    "damaged": ("non leggibile", "not readable"),
    "nothing": ("nessuna immagine registrata", "no picture was recorded"),
}
VERDICTS = {
    0: ("VERIFICATO con le chiavi date.", "VERIFIED with the keys given."),
    1: ("NON VERIFICATO: vedere le righe FALLITO.", "NOT VERIFIED: see the lines FAILED."),
    2: ("NON LEGGIBILE.", "CAN'T BE READ."),
    3: (
        "COERENTE, ma verificato solo con le chiavi contenute nel plico stesso.",
        "CONSISTENT, but verified only with the keys in the package itself.",
    ),
}
COUNTED = 200  # findings of one kind for one camera that are printed
MORE = ("e altre {0} come questa: ", "and {0} more like this: ")


def sentence(finding: Finding, language: int, camera: str = "") -> str:
    """One line. `camera`: how people call it, and the id, where more than that is known."""
    where = [("telecamera ", "camera ")[language] + (camera or finding.camera)] if finding.camera else []
    where += [when(finding.time)] if finding.time is not None else []
    values = [*finding.values]
    if finding.code in ("gap", "history-entry", "left-out"):
        values[-1] = WORDS.get(values[-1], (values[-1],) * 2)[language]
    said = TEXTS[finding.code][language].format(*values)
    return LEVELS[finding.level][language] + (", ".join(where) + ": " if where else "") + said


# ======================================================================================================== 11 command

USAGE = "usage: verify.py PACKAGE [--policy FILE | --key VKEY ...] [--lang it|en] [--all]"


class Usage(Exception):
    """The command line is wrong."""


class Options(NamedTuple):
    """The command line, read."""

    package: str
    policy: Optional[Policy]
    language: int
    is_all: bool  # nothing that is found is only counted


def policy_of(keys: Sequence[Key]) -> Policy:
    """The logs' keys must sign, and all witnesses' among them."""
    witnesses = {key.name: key for key in keys if key.kind == WITNESS_KEY}
    logs = tuple(key for key in keys if key.kind == LOG_KEY)
    if not logs or len(witnesses) + len(logs) != len({*keys}):
        raise Malformed("expected the key of a log, and each key once")
    return Policy(logs, witnesses, {"all": (len(witnesses), tuple(witnesses))}, "all" if witnesses else "none")


def read_policy(data: bytes) -> Policy:
    """A policy, or a list of keys: each line of a policy has two words or more, a key is one."""
    lines = [line.strip() for line in data[: MAX_POLICY + 1].decode("utf-8", "surrogateescape").split("\n")]
    keys = [line for line in lines if line and not line.startswith("#")]
    if not keys or len(data) > MAX_POLICY or any(len(line.split()) > 1 for line in keys):
        return parse_policy(data)
    return policy_of([parse_key(line) for line in keys])


def parse_arguments(words: Sequence[str]) -> Options:
    """By hand: few words, and the same in the text above."""
    packages, keys, policies, language = [], [], [], "it"
    rest = [word for word in words if word != "--all"]
    while rest:
        word = rest.pop(0)
        if word in ("--policy", "--key", "--lang") and not rest:
            raise Usage(word)
        if word == "--policy":
            policies.append(rest.pop(0))
        elif word == "--key":
            keys.append(parse_key(rest.pop(0)))
        elif word == "--lang":
            language = rest.pop(0)
        elif word.startswith("-"):
            raise Usage(word)
        else:
            packages.append(word)
    if len(packages) != 1 or len(policies) > 1 or (keys and policies) or language not in ("it", "en"):
        raise Usage(" ".join(words))
    policy = policy_of(keys) if keys else None
    if policies:
        with open(policies[0], "rb") as file:
            policy = read_policy(file.read(MAX_POLICY + 1))
    return Options(packages[0], policy, ("it", "en").index(language), "--all" in words)


class Unheard(Exception):
    """What is found cannot be written: that says nothing about the package."""


class Printer:
    """Prints findings as they come; of many alike only the first, and at the end how many more there are."""

    def __init__(self, language: int, most: float = COUNTED) -> None:
        self.language, self.most = language, most
        self.counts: dict[tuple[str, str], int] = {}
        self.last: dict[tuple[str, str], Finding] = {}  # of those that were printed
        self.cameras: dict[str, str] = {}  # by id, as the exporter called their clips, and the id

    def line(self, finding: Finding) -> str:
        """Its camera is named in words once its clip was."""
        if finding.code == "clip" and finding.camera not in self.cameras:
            name = re.sub(r"(-part-[0-9]+x*)?\.mp4$", "", finding.values[0].partition("/")[2])
            self.cameras[finding.camera] = f"{name} ({finding.camera})"
        return sentence(finding, self.language, self.cameras.get(finding.camera, "")).translate(PRINTABLE)

    def say(self, finding: Finding) -> None:
        """One line, or none."""
        kind = (finding.code, finding.camera)
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if self.counts[kind] <= self.most:
            self.last[kind] = finding
            self.print(self.line(finding))

    def rest(self) -> None:
        """How many were not printed."""
        for kind, finding in self.last.items():
            if self.counts[kind] > self.most:
                level, more = LEVELS[finding.level][self.language], MORE[self.language]
                self.print(level + more.format(self.counts[kind] - COUNTED) + self.line(finding)[len(level) :])

    @staticmethod
    def print(text: str) -> None:
        """At once; raises `Unheard`."""
        try:
            print(text, flush=True)
        except OSError as error:
            raise Unheard(str(error)) from error


# Control characters, and what turns or hides the writing beside it.
_UNSEEN = "0-1f 7f-9f 61c-61c 180e-180e 200b-200f 2028-202e 2060-206f feff-feff fff9-fffb e0000-e007f"
_RANGES = [[int(end, 16) for end in part.split("-")] for part in _UNSEEN.split()]
PRINTABLE = dict.fromkeys((code for first, last in _RANGES for code in range(first, last + 1)), "?")


def verify(path: str, policy: Optional[Policy], said: Callable[[Finding], None]) -> int:
    """Check one package; the exit code."""
    try:
        with open(path, "rb") as file:
            return verify_file(file, policy, said)
    except OSError as error:
        said(Finding(FAILED, "unreadable", values=(str(error),)))
        return 2


def verify_file(file: BinaryIO, policy: Optional[Policy], said: Callable[[Finding], None]) -> int:
    """The same of one that is open."""
    try:
        return Checks(Package(file), policy, said).run()
    except (Malformed, struct.error, OSError, ValueError) as error:
        said(Finding(FAILED, "unreadable", values=(str(error),)))
        return 2


def main(words: Sequence[str]) -> int:
    """The command."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    language = 1 if "en" in words else 0
    try:
        options = parse_arguments(words)
    except Usage:
        print(USAGE, file=sys.stderr)
        return 2
    except (Malformed, OSError) as error:
        print(sentence(Finding(FAILED, "policy-unreadable", values=(str(error),)), language), file=sys.stderr)
        return 2
    printer = Printer(options.language, float("inf") if options.is_all else COUNTED)
    try:
        code = verify(options.package, options.policy, printer.say)
        printer.rest()
        printer.print("\n" + VERDICTS[code][options.language])
    except Unheard as error:
        print(f"torrazzo_verify: {error}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains as it ends
        return 2
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
