# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""An evidence package with one thing in it that is another, at random but the same for the same seed.

Some are changes to the file as it lies there; the others are to a file in it, by somebody who makes the lists of
digests, and the digest of a clip's header, fit again.
"""

import json
import random
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tests.tools.dossier import pack
from tests.tools.tampering import Files, with_head
from torrazzo.evidence.asic import asic_manifest, content_of, digest_list

# What no check rests on, so that some mutants are accepted (docs/3-formats/package.md, "What nothing rests on").
ACCEPTED = (
    ("check sums", r"clips/"),
    ("clip's digest", r"clips/"),
    ("text", r"(LEGGIMI|README)\.txt |verify\.(py|html) |anchors/[^ ]*\.(tst|pem) |policy\.txt "),
    ("json", r"manifest\.json 1 (-?(case|made|software|left_out)\b|\+another)"),
    ("json", r"manifest\.json 1 clips\.[0-9]+\.(\+another|-?losses|(from|to)\.number)"),
    ("json", r"openings\.jsonl [0-9]+ \+another"),
    ("spelling", r"(manifest\.json|openings\.jsonl)$"),
    (
        "file",
        r".* moved$|anchors/x\.pem|META-INF/x\.p7s|(openings\.jsonl|anchors/[^ ]*|[A-Z]+\.txt|verify\.[a-z]+) gone$",
    ),
)
VALUES: tuple[object, ...] = (None, 0, -1, 1, 1.0, 2**53, "", "x", [], {}, True)


class Mutant(NamedTuple):
    """A changed package, how it was changed, and where."""

    kind: str
    where: str
    data: bytes


class Record(NamedTuple):
    """Where in the file an entry's two headers lie."""

    name: str
    local: int
    begin: int  # of its bytes
    end: int
    central: int
    central_end: int


class Parts(NamedTuple):
    """An untouched package."""

    whole: bytes
    files: Files
    records: list[Record]

    @classmethod
    def of(cls, whole: bytes, files: Files) -> "Parts":
        """Of one without zip64."""
        size, at = struct.unpack_from("<LL", whole, len(whole) - 10)
        records = []
        while at < len(whole) - 22:
            name_size, extra, comment = struct.unpack_from("<3H", whole, at + 28)
            (local,) = struct.unpack_from("<L", whole, at + 42)
            name = whole[at + 46 : at + 46 + name_size].decode()
            begin, end = local + 30 + name_size, at + 46 + name_size + extra + comment
            records.append(Record(name, local, begin, begin + len(files[name]), at, end))
            at = end
        assert size == at - records[0].central
        return cls(whole, files, records)


def is_accepted(mutant: Mutant) -> bool:
    """Whether nothing rests on what it changes."""
    return any(mutant.kind == kind and re.match(where, mutant.where) for kind, where in ACCEPTED)


def mutants(parts: Parts, seed: int, count: int) -> Iterator[Mutant]:
    """So many; each kind as often as the others."""
    dice = random.Random(seed)
    kinds = [*RAW.items(), *INSIDE.items()]
    made = 0
    while made < count:
        name, make = kinds[made % len(kinds)]
        found = make(parts, dice)
        if found is not None and found[1] != parts.whole:
            made += 1
            yield Mutant(name, *found)


Made = tuple[str, bytes] | None
Maker = Callable[[Parts, random.Random], Made]


def _with(data: bytes, at: int, new: bytes, over: int | None = None) -> bytes:
    return data[:at] + new + data[at + (len(new) if over is None else over) :]


def _other_byte(data: bytes, at: int, dice: random.Random) -> bytes:
    return _with(data, at, bytes([data[at] ^ dice.choice([1 << dice.randrange(8), dice.randrange(1, 256)])]))


# ---------------------------------------------------------------------------------------- the file as it lies there


def _anywhere(parts: Parts, dice: random.Random) -> Made:
    at = dice.randrange(len(parts.whole))
    return f"byte {at}", _other_byte(parts.whole, at, dice)


def _local(parts: Parts, dice: random.Random) -> Made:
    record, field = dice.choice(parts.records), dice.randrange(30)
    return f"{record.name} +{field}", _other_byte(parts.whole, record.local + field, dice)


def _central(parts: Parts, dice: random.Random) -> Made:
    record, field = dice.choice(parts.records), dice.randrange(46)
    return f"{record.name} +{field}", _other_byte(parts.whole, record.central + field, dice)


def _end(parts: Parts, dice: random.Random) -> Made:
    field = dice.randrange(22)
    return f"+{field}", _other_byte(parts.whole, len(parts.whole) - 22 + field, dice)


def _both_headers(parts: Parts, dice: random.Random) -> Made:
    record, field = dice.choice(parts.records), dice.randrange(4, 26)
    data = _other_byte(parts.whole, record.local + field, dice)
    return f"{record.name} +{field}", _with(data, record.central + field + 2, data[record.local + field :][:1])


def _name(parts: Parts, dice: random.Random) -> Made:
    record, only = dice.choice(parts.records), dice.choice(["local", "central", "both"])
    at = dice.randrange(len(record.name))
    new = bytes([dice.choice(b"aZ0._-/\\ \0\x80") if dice.random() < 0.7 else ord(record.name[at]) ^ 0x20])
    data = parts.whole
    if only != "central":
        data = _with(data, record.local + 30 + at, new)
    if only != "local":
        data = _with(data, record.central + 46 + at, new)
    return f"{record.name} {only} {new!r}", data


def _longer(parts: Parts, record: Record, local: bytes, central: bytes, fields: dict[int, int]) -> bytes:
    """More bytes behind a name; lengths, offsets and the end fit again."""
    data = bytearray(_with(parts.whole, record.central_end, central, 0))
    for field, more in fields.items():
        struct.pack_into("<H", data, record.central + field, more)
    for each in parts.records:
        at = each.central + (len(central) if each.central > record.central else 0)
        struct.pack_into("<L", data, at + 42, each.local + (len(local) if each.local > record.local else 0))
    size, begin = struct.unpack_from("<LL", data, len(data) - 10)
    struct.pack_into("<LL", data, len(data) - 10, size + len(central), begin + len(local))
    if local:
        struct.pack_into("<H", data, record.local + 28, len(local))
    return _with(bytes(data), record.begin, local, 0)


def _extra(parts: Parts, dice: random.Random) -> Made:
    record, only = dice.choice(parts.records), dice.choice(["local", "central", "both"])
    code = dice.choice([0x0001, 0x5455, 0x7075, 0xCAFE, 0x9901])
    extra = struct.pack("<HH", code, 8) + bytes(8) if dice.random() < 0.8 else bytes(dice.randrange(1, 4))
    local, central = (b"" if only == skipped else extra for skipped in ("central", "local"))
    return f"{record.name} {only} {code:#x}", _longer(parts, record, local, central, {30: len(central)})


def _comment(parts: Parts, dice: random.Random) -> Made:
    record, text = dice.choice([*parts.records, None]), b"read me" * dice.randrange(1, 3)
    if record is None:
        return "end", _with(parts.whole, len(parts.whole) - 2, struct.pack("<H", len(text)) + text, 2)
    return record.name, _longer(parts, record, b"", text, {32: len(text)})


def _between(parts: Parts, dice: random.Random) -> Made:
    record = dice.choice(parts.records)
    at = dice.choice([0, record.begin, record.end, parts.records[0].central, len(parts.whole) - 22, len(parts.whole)])
    return f"byte {at}", _with(parts.whole, at, bytes(dice.randrange(1, 40)), 0)


def _cut(parts: Parts, dice: random.Random) -> Made:
    size = dice.randrange(1, 60)
    at = dice.choice([0, len(parts.whole) - size, dice.randrange(len(parts.whole) - size)])
    return f"{size} bytes at {at}", _with(parts.whole, at, b"", size)


def _twice(parts: Parts, dice: random.Random) -> Made:
    record = dice.choice(parts.records)
    begin, central = parts.records[0].central, parts.whole[record.central : record.central_end]
    entry = parts.whole[record.local : record.end]
    central = _with(central, 42, struct.pack("<L", begin))
    end = struct.unpack("<4s4H2LH", parts.whole[-22:])
    fields = (end[0], 0, 0, end[3] + 1, end[4] + 1, end[5] + len(central), begin + len(entry), 0)
    data = parts.whole[:begin] + entry + parts.whole[begin:-22] + central + struct.pack("<4s4H2LH", *fields)
    return record.name, data


# ------------------------------------------------------------------------------------------- files, and lists that fit


def _text_byte(parts: Parts, dice: random.Random) -> Made:
    name = dice.choice(
        [name for name in parts.files if not name.startswith(("clips/", "META-INF/")) and name != "mimetype"]
    )
    at = dice.randrange(len(parts.files[name]))
    changed = parts.files | {name: _other_byte(parts.files[name], at, dice)}
    return f"{name} byte {at}", pack(changed, anew=name != "manifest-sha256.txt")


def _xml(parts: Parts, dice: random.Random) -> Made:
    name = dice.choice(["META-INF/ASiCManifest.xml", "manifest-sha256.txt", "mimetype"])
    data = parts.files[name]
    at = dice.randrange(len(data))
    new = dice.choice([data[:at] + b"\n" + data[at:], data + b"\n", data[:at] + data[at + 1 :], b"\xef\xbb\xbf" + data])
    return f"{name} byte {at}", pack(parts.files | {name: new}, anew=False)


def _json(parts: Parts, dice: random.Random) -> Made:
    names = [name for name in parts.files if name.endswith((".json", ".jsonl"))]
    name = dice.choice(names)
    lines = parts.files[name].splitlines() if name.endswith("l") else [parts.files[name]]
    at = dice.randrange(len(lines))
    value, where = _other(json.loads(lines[at]), dice)
    lines[at] = json.dumps(value, separators=(",", ":")).encode()
    return f"{name} {at + 1} {where}", pack(parts.files | {name: b"".join(line + b"\n" for line in lines)})


def _other(value: object, dice: random.Random) -> tuple[object, str]:
    if isinstance(value, dict) and value and dice.random() < 0.9:
        key = dice.choice(list(value))
        if dice.random() < 0.1:
            return {name: each for name, each in value.items() if name != key}, f"-{key}"
        if dice.random() < 0.05:
            return {**value, "another": 1}, "+another"
        new, where = _other(value[key], dice)
        return {**value, key: new}, f"{key}.{where}"
    if isinstance(value, list) and value and dice.random() < 0.9:
        at = dice.randrange(len(value))
        new, where = _other(value[at], dice)
        return [*value[:at], new, *value[at + 1 :]], f"{at}.{where}"
    if type(value) is int and dice.random() < 0.5:
        return value + dice.choice([-90_000, -1, 1, 90_000]), "number"
    return dice.choice(VALUES), "value"


def _spelling(parts: Parts, dice: random.Random) -> Made:
    name = dice.choice([name for name in parts.files if name.endswith((".json", ".jsonl", ".checkpoint"))])
    data = parts.files[name]
    new = dice.choice(
        [data + b"\n", data[:-1], b"\xef\xbb\xbf" + data, data.replace(b"\n", b"\r\n"), data.replace(b":", b": ", 1)]
    )
    return name, pack(parts.files | {name: new})


def _lines(parts: Parts, dice: random.Random) -> Made:
    name = dice.choice([name for name in parts.files if name.startswith(("facts/", "pieces/", "proofs/", "history"))])
    lines = parts.files[name].splitlines(keepends=True)
    at, to = dice.randrange(len(lines)), dice.randrange(len(lines))
    new = dice.choice([lines[:at] + lines[at + 1 :], [*lines[:at], lines[to], *lines[at:]], lines[:at]])
    return f"{name} line {at + 1}", pack(parts.files | {name: b"".join(new)})


def _file(parts: Parts, dice: random.Random) -> Made:
    free = [
        name
        for name in parts.files
        if not name.startswith("META-INF/") and name not in {"mimetype", "manifest-sha256.txt"}
    ]
    name, files = dice.choice(free), dict(parts.files)
    what = dice.choice(["gone", "renamed", "copied", "moved", "anchor", "seal", "proof"])
    data = files.pop(name) if what in {"gone", "renamed", "moved"} else b""
    if what == "renamed":
        files[dice.choice([name + "x", name.upper(), "clips/" + name.rpartition("/")[2], "a/" + name])] = data
    elif what == "moved":
        files[name] = data
    elif what == "copied":
        files[f"{name}.copy"] = files[name]
    elif what != "gone":
        new = {"anchor": "anchors/x.pem", "seal": "META-INF/x.p7s", "proof": "proofs/history/9.tlog-proof"}[what]
        files[new] = b"x"
        return new, pack(files)
    return f"{name} {what}", pack(files)


def _clip_head(parts: Parts, dice: random.Random) -> Made:
    clip = dice.choice(json.loads(parts.files["manifest.json"])["clips"])
    video = parts.files[f"clips/{clip['name']}.mp4"]
    at = dice.randrange(clip["head_length"])
    return f"{clip['name']} byte {at}", pack(with_head(parts.files, clip["name"], _other_byte(video, at, dice)))


def _clip_byte(parts: Parts, dice: random.Random) -> Made:
    clip = dice.choice(json.loads(parts.files["manifest.json"])["clips"])
    name = f"clips/{clip['name']}.mp4"
    at = dice.randrange(clip["head_length"], len(parts.files[name]))
    return f"{name} byte {at}", pack(parts.files | {name: _other_byte(parts.files[name], at, dice)})


def _clip_digest(parts: Parts, dice: random.Random) -> Made:
    """In both lists a digest that is not the clip's."""
    name = dice.choice([name for name in parts.files if name.startswith("clips/")])
    content = {each: content_of(data) for each, data in parts.files.items() if each != "manifest-sha256.txt"}
    listed = {each: found for each, found in content.items() if each != "mimetype" and not each.startswith("META-INF/")}
    listed[name] = content_of(b"another clip")
    lists = {"manifest-sha256.txt": digest_list(listed)}
    lists["META-INF/ASiCManifest.xml"] = asic_manifest(
        listed | {"manifest-sha256.txt": content_of(digest_list(listed))}
    )
    return name, pack(parts.files | lists, anew=False)


def _sums(parts: Parts, dice: random.Random) -> Made:
    """A check sum that is another, in both headers."""
    record = dice.choice(parts.records)
    crc = struct.pack("<L", zlib.crc32(parts.files[record.name]) ^ 1 << dice.randrange(32))
    return record.name, _with(_with(parts.whole, record.local + 14, crc), record.central + 16, crc)


RAW: dict[str, Maker] = {
    "byte": _anywhere,
    "local header": _local,
    "central header": _central,
    "end record": _end,
    "both headers": _both_headers,
    "check sums": _sums,
    "name": _name,
    "extra field": _extra,
    "comment": _comment,
    "bytes between": _between,
    "cut": _cut,
    "entry twice": _twice,
}
INSIDE: dict[str, Maker] = {
    "text": _text_byte,
    "list": _xml,
    "json": _json,
    "spelling": _spelling,
    "lines": _lines,
    "file": _file,
    "clip's header": _clip_head,
    "clip": _clip_byte,
    "clip's digest": _clip_digest,
}
