# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Check an evidence package of Torrazzo: off line, with Python's standard library alone.

    python3 -I -S verify.py PACKAGE [--policy FILE | --key VKEY ...] [--lang it|en]

One file, to be read from top to bottom: 1 signatures (Ed25519), 2 texts and hashes, 3 signed notes, 4 the log's tree,
5 whose signatures count, 6 proofs, 7 the package as a file, 8 video files, 9 the checks, 10 what is said, 11 the
command. Sections 1 to 6 follow published standards, named there; 7 to 9 follow docs/3-formats/package.md. Needs Python
3.9 or newer. It writes nothing and uses no network.

Exit code: 0 all verified with the keys you gave; 1 something failed; 2 the package, the policy or the command can't be
read; 3 all verified, but only with the keys that came in the package itself, which anybody could have put there.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Collection, Dict, List, NamedTuple, Optional, Sequence, Tuple


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

Point = Tuple[int, int, int, int]  # extended coordinates X, Y, Z, T with x = X/Z, y = Y/Z, x y = T/Z


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

MAX_NUMBER = 2**63 - 1
MAX_NOTE, MAX_POLICY, MAX_NAME, MAX_SIGNATURES, MAX_PATH = 1 << 20, 1 << 16, 255, 100, 63


def sha256(data: bytes) -> bytes:
    """FIPS 180-4."""
    return hashlib.sha256(data).digest()


def parse_number(text: str) -> int:
    """Decimal, no sign, no leading zero."""
    if re.fullmatch("0|[1-9][0-9]{0,18}", text, re.ASCII) is None or int(text) > MAX_NUMBER:
        raise Malformed(f"{text[:40]!a} is not a number")
    return int(text)


def parse_base64(text: str) -> bytes:
    """RFC 4648, padded, unused bits zero."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        data = b""
    if base64.b64encode(data).decode() != text:
        raise Malformed(f"{text[:40]!a} is not base64")
    return data


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
    if re.search(r"[\x00-\x09\x0b-\x1f]", text):
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
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"


def check_name(name: str) -> str:
    """The name of a key."""
    size = len(name.encode("utf-8", "surrogatepass"))
    if (
        not 0 < size <= MAX_NAME
        or "+" in name
        or any(c <= " " or c.isspace() or "\ud800" <= c < "\ue000" for c in name)
    ):
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
    signatures: Tuple[Signature, ...]


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


def signed_by(note: Note, keys: Collection[Key]) -> Dict[Key, Signature]:
    """Those of the keys that signed; one bad signature of theirs spoils the note, those of others are ignored."""
    found: Dict[Key, Signature] = {}
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


def steps_up(place: int, last: int) -> List[bool]:
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

    logs: Tuple[Key, ...]
    witnesses: Dict[str, Key]
    groups: Dict[str, Tuple[int, Tuple[str, ...]]]  # name → how many of which, in the order of definition
    quorum: str


class Accepted(NamedTuple):
    """A head that fulfils a policy."""

    head: Head
    cosigned: Dict[str, int]  # witness → when, POSIX seconds


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
        self.logs: List[Key] = []
        self.witnesses: Dict[str, Key] = {}
        self.groups: Dict[str, Tuple[int, Tuple[str, ...]]] = {}
        self.quorum: Optional[str] = None
        self.members: List[str] = []

    def line(self, words: List[str]) -> None:
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

    def group(self, name: str, threshold: str, members: List[str]) -> None:
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
    path: Tuple[bytes, ...]
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
