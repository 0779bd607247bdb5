# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Packages that lie by their form, each in one way: about files, JSON, tables, what is lost; beyond `tampering`'s.

The liar is whoever holds the package: all that is not in the log, and not hashed there, is his to choose.
"""

import json
import struct
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from tests.tools.dossier import Keys, pack
from tests.tools.tampering import (
    CLIP_A,
    CLIP_B,
    Files,
    Original,
    facts_of,
    rows_of,
    with_facts,
    with_head,
    with_mdat_that_fits,
    with_rows,
    with_video,
)
from torrazzo.base.times import SECOND
from torrazzo.ledger.checkpoint import Checkpoint, cosign, sign_checkpoint
from torrazzo.ledger.text import to_base64


class Lie(NamedTuple):
    """One package; what both verifiers must end with, and what must be among the failures."""

    name: str
    make: Callable[[Original], bytes]
    code: int
    failure: str = ""


# --------------------------------------------------------------------------------------------------- the file itself


class Entry(NamedTuple):
    """One entry of a ZIP, its headers as one likes."""

    name: bytes
    data: bytes
    central_name: bytes | None = None
    local_extra: bytes = b""
    central_extra: bytes = b""
    attributes: int = 0
    flags: int = 0x800
    method: int = 0
    packed: bytes | None = None  # what lies there, where it is not the data


def zipped(entries: list[Entry], *, count: int | None = None, comment: bytes = b"", before: bytes = b"") -> bytes:
    """A ZIP file of these."""
    body, directory = bytearray(before), bytearray()
    for each in entries:
        packed = each.data if each.packed is None else each.packed
        sizes = (zlib.crc32(each.data), len(packed), len(each.data))
        fields = (45, each.flags, each.method, 0, 0x21, *sizes, len(each.name), len(each.local_extra))
        name = each.name if each.central_name is None else each.central_name
        central = (45, 45, each.flags, each.method, 0, 0x21, *sizes, len(name), len(each.central_extra))
        rest = (0, 0, 0, each.attributes, len(body))
        directory += struct.pack("<4s6H3L5H2L", b"PK\1\2", *central, *rest) + name + each.central_extra
        body += struct.pack("<4s5H3L2H", b"PK\3\4", *fields) + each.name + each.local_extra + packed
    number = len(entries) if count is None else count
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, number, number, len(directory), len(body), len(comment))
    return bytes(body + directory) + end + comment


def entries_of(original: Original) -> list[Entry]:
    """As they are."""
    return [Entry(name.encode(), data) for name, data in original.files.items()]


def _entry(change: Callable[[Entry], Entry], original: Original) -> bytes:
    """The first camera's clip with other headers."""
    wanted = f"clips/{CLIP_A}.mp4".encode()
    return zipped([change(each) if each.name == wanted else each for each in entries_of(original)])


def hidden_directory(original: Original) -> bytes:
    """The last entry's extra field ends with a second directory and a zip64 end, which some programs believe."""
    *entries, last = entries_of(original)
    swapped = {
        f"clips/{one}.mp4".encode(): f"clips/{two}.mp4".encode() for one, two in ((CLIP_A, CLIP_B), (CLIP_B, CLIP_A))
    }
    plain = zipped([*entries, last])
    at = struct.unpack_from("<L", plain, len(plain) - 6)[0]
    evil = _renamed(plain[at:-22], swapped)
    begin = len(plain) - 22 + 4  # of the second directory, behind the first and a field's head
    record = struct.pack(
        "<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, len(entries) + 1, len(entries) + 1, len(evil), begin
    )
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, begin + len(evil), 1)
    field = evil + record + locator
    return zipped([*entries, last._replace(central_extra=struct.pack("<HH", 0x4C4C, len(field)) + field)])


def _renamed(directory: bytes, names: Mapping[bytes, bytes]) -> bytes:
    place, found = 0, b""
    while place < len(directory):
        size = struct.unpack_from("<H", directory, place + 28)[0]
        name = directory[place + 46 : place + 46 + size]
        new = names.get(name, name)
        head = bytearray(directory[place : place + 46])
        struct.pack_into("<H", head, 28, len(new))
        found += bytes(head) + new
        place += 46 + size
    return found


def _other_name(each: Entry) -> Entry:
    other = f"clips/{CLIP_B}.mp4".encode()
    field = struct.pack("<BL", 1, zlib.crc32(each.name)) + other
    return each._replace(central_extra=struct.pack("<HH", 0x7075, len(field)) + field)


def _deflated(each: Entry) -> Entry:
    packer = zlib.compressobj(wbits=-15)
    return each._replace(method=8, packed=packer.compress(each.data) + packer.flush())


def _with_entry(name: bytes, original: Original) -> bytes:
    return zipped([*entries_of(original), Entry(name, b"x")])


# ------------------------------------------------------------------------------------------------ files in the package


def _anew(change: Callable[[Files], Files], original: Original) -> bytes:
    """With lists of digests that fit."""
    changed = change(dict(original.files))
    assert changed != original.files, "nothing was changed"
    return pack(changed)


def _added(name: str, files: Files) -> Files:
    return files | {name: b"x"}


def another_clip(files: Files) -> Files:
    """Listed, and in no manifest."""
    return files | {"clips/piazza.mp4": files[f"clips/{CLIP_A}.mp4"]}


def manifest_changed(change: Callable[[Any], object], files: Files) -> Files:
    """The manifest, changed."""
    manifest = json.loads(files["manifest.json"])
    change(manifest)
    return files | {"manifest.json": json.dumps(manifest).encode()}


def _clip_twice(manifest: Any) -> None:
    manifest["clips"].append(dict(manifest["clips"][1]))


def token_without_head(files: Files) -> Files:
    """A time stamp of nothing, in the place of those that there are."""
    return {name: data for name, data in files.items() if not name.startswith("anchors/")} | {
        "anchors/x.aruba.tst": b"a token"
    }


def anchor_renamed(files: Files) -> Files:
    """A stamped head under another's name."""
    return {name.replace("anchors/act-3.", "anchors/act-4."): data for name, data in files.items()}


def head_without_history(files: Files) -> Files:
    """No history; the other log's head is made up, and stamped."""
    kept = {name: data for name, data in files.items() if "history" not in name and name != "openings.jsonl"}
    origin = files["act.checkpoint"].split(b"\n")[0]
    forged = origin + b"\n3\n" + to_base64(bytes(32)).encode() + b"\n"
    signature = files["act.checkpoint"].partition(b"\n\n")[2]
    anchors = {name: data for name, data in kept.items() if not name.startswith("anchors/act")}
    return anchors | {
        "act.checkpoint": forged + b"\n" + signature,
        "anchors/act-3.txt": forged,
        "anchors/act-3.x.tst": b"t",
    }


def history_twice(files: Files) -> Files:
    """One look counted as two."""
    first = files["history.jsonl"].splitlines(keepends=True)[0]
    number = len(files["history.jsonl"].splitlines()) + 1
    proof = files["proofs/history/1.tlog-proof"]
    return files | {"history.jsonl": files["history.jsonl"] + first, f"proofs/history/{number}.tlog-proof": proof}


def history_cut(files: Files) -> Files:
    """The last entry is left out: no verifier can know, and both say so."""
    lines = files["history.jsonl"].splitlines(keepends=True)
    left = {name: data for name, data in files.items() if name != f"proofs/history/{len(lines)}.tlog-proof"}
    return {name: data for name, data in left.items() if name != "openings.jsonl"} | {
        "history.jsonl": b"".join(lines[:-1])
    }


# ------------------------------------------------------------------------------------------------------- JSON and text


def _manifest_text(old: bytes, new: bytes, files: Files) -> Files:
    text = json.dumps(json.loads(files["manifest.json"]), separators=(",", ":")).encode()
    assert old in text
    return files | {"manifest.json": text.replace(old, new, 1)}


def _first_from(original: Files) -> int:
    found: int = json.loads(original["manifest.json"])["clips"][0]["from"]
    return found


def span_told_twice(files: Files) -> Files:
    """Once as it is, once narrower, far from its colon."""
    start = _first_from(files)
    return _manifest_text(b'"from":%d' % start, b'"from":%d,"from"%s:%d' % (start, b" " * 100, start + SECOND), files)


def span_half(form: bytes, files: Files) -> Files:
    """A number in another spelling."""
    start = _first_from(files)
    return _manifest_text(b'"from":%d' % start, b'"from":' + form % start, files)


def opening_of_half_a_letter(files: Files) -> Files:
    """A text that no UTF-8 can hold."""
    return files | {"openings.jsonl": files["openings.jsonl"].replace(b"agente", b"\\ud800")}


def head_seen_before(files: Files) -> Files:
    """A witness saw the head half a minute before what its last facts tell had ended: a clock was wrong."""
    keys, old = Keys.of(1), files["rec.checkpoint"]
    end = max(clip["to"] for clip in json.loads(files["manifest.json"])["clips"])
    note = sign_checkpoint(Checkpoint.parse(old.decode().partition("\n\n")[0] + "\n"), keys.rec)
    new = note._replace(signatures=(*note.signatures, cosign(note, keys.witness, end // SECOND - 90))).pack()
    return {name: data.replace(old, new) for name, data in files.items()}


def policy_in_latin_1(files: Files) -> Files:
    """A comment in the package's own policy that is no UTF-8."""
    return files | {"policy.txt": "# Città\n".encode("latin-1") + files["policy.txt"]}


# --------------------------------------------------------------------------------------------------------------- clips


def _manifest_of(files: Files, name: str, **values: object) -> Files:
    manifest = json.loads(files["manifest.json"])
    next(clip for clip in manifest["clips"] if clip["name"] == name).update(values)
    return files | {"manifest.json": json.dumps(manifest).encode()}


def _all_head(files: Files, name: str, video: bytes) -> Files:
    """A clip of nothing but a header."""
    files = _manifest_of(files, name, head_length=len(video))
    return with_head(with_video(files, name, video), name, video)


def shown_in_a_gap(files: Files) -> Files:
    """The span is within a gap; the clip shows pictures all the same."""
    facts = facts_of(files, CLIP_A)
    (gap,) = (fact for fact in facts if b'"kind":"gap"' in fact[1])
    fact = json.loads(gap[1])
    files = with_facts(files, CLIP_A, [gap])
    files = _manifest_of(files, CLIP_A, **{"from": fact["t0"] + SECOND, "to": fact["t1"] - SECOND, "losses": []})
    return _all_head(files, CLIP_A, files[f"clips/{CLIP_B}.mp4"])


def all_lost(files: Files) -> Files:
    """Everything is declared lost; the clip shows other pictures."""
    segments = [number for number, line in facts_of(files, CLIP_A) if b'"kind":"seg"' in line]
    files = _manifest_of(files, CLIP_A, losses=[{"fact": number, "piece": 0} for number in segments])
    return _all_head(with_rows(files, CLIP_A, []), CLIP_A, files[f"clips/{CLIP_B}.mp4"])


def formats_lost(files: Files) -> Files:
    """The recorded headers are declared lost: nothing is left to compare the clip's own with."""
    rows = rows_of(files, CLIP_B)
    video, kept, at = files[f"clips/{CLIP_B}.mp4"], b"", len(files[f"clips/{CLIP_A}.mp4"])
    for row in rows:
        if row[2] != "-":
            piece = video[int(row[2]) : int(row[2]) + int(row[3])]
            row[2:5] = ["-", "-", "-"] if row[1] == "0" else [str(at + len(kept)), *row[3:5]]
            kept += b"" if row[1] == "0" else piece
    segments = sorted({int(row[0]) for row in rows})
    head = files[f"clips/{CLIP_A}.mp4"]
    files = _manifest_of(files, CLIP_B, losses=[{"fact": number, "piece": 0} for number in segments])
    files = _manifest_of(files, CLIP_B, head_length=len(head))
    return with_rows(with_head(files, CLIP_B, head + kept), CLIP_B, rows)


def _boxed(video: bytes, old: bytes, new: bytes, grown: tuple[bytes, ...]) -> bytes:
    """Bytes of the header replaced; the boxes around them, and the places of pictures, grow with them."""
    more = len(new) - len(old)
    assert video.count(old) >= 1
    at = video.index(old)
    changed = bytearray(video[:at] + new + video[at + len(old) :])
    for kind in grown:
        place = changed.index(kind) - 4
        struct.pack_into(">I", changed, place, struct.unpack_from(">I", changed, place)[0] + more)
    place = changed.index(b"co64") + 8
    for number in range(struct.unpack_from(">I", changed, place)[0]):
        (offset,) = struct.unpack_from(">Q", changed, place + 4 + 8 * number)
        struct.pack_into(">Q", changed, place + 4 + 8 * number, offset + more)
    return bytes(changed)


def _moved(files: Files, name: str, video: bytes) -> Files:
    """The clip with a header of another length."""
    more = len(video) - len(files[f"clips/{name}.mp4"])
    rows = [[*row[:2], str(int(row[2]) + more), *row[3:]] if row[2] != "-" else row for row in rows_of(files, name)]
    (length,) = (clip["head_length"] for clip in json.loads(files["manifest.json"])["clips"] if clip["name"] == name)
    return with_rows(with_head(_manifest_of(files, name, head_length=length + more), name, video), name, rows)


def _content(video: bytes, kind: bytes) -> bytes:
    at = video.index(kind)
    return video[at + 4 : at - 4 + struct.unpack_from(">I", video, at - 4)[0]]


def hidden_by_an_edit(files: Files) -> Files:
    """The first twenty seconds are an empty edit: nothing is shown; the rest is at its time."""
    video = files[f"clips/{CLIP_B}.mp4"]
    old = _content(video, b"elst")
    duration, begin = struct.unpack_from(">Ii", old, 8)
    hidden = 20 * SECOND
    rows = struct.pack(">IiI", hidden, -1, 0x10000) + struct.pack(">IiI", duration - hidden, begin + hidden, 0x10000)
    new = struct.pack(">II", 0, 2) + rows
    return _moved(files, CLIP_B, _boxed(video, old, new, (b"moov", b"trak", b"edts", b"elst")))


TURNED = struct.pack(">9i", -0x10000, 0, 0, 0, -0x10000, 0, 0, 0, 0x40000000)


def turned_before(kind: bytes, at: int, files: Files) -> Files:
    """A box is longer than it should be: players read its matrix where it belongs, the last bytes are as they were."""
    video = files[f"clips/{CLIP_B}.mp4"]
    old = _content(video, kind)
    new = old[:at] + TURNED + old[at + 36 :] + old[-80 if kind == b"mvhd" else -60 :]
    boxes = (b"moov", b"mvhd") if kind == b"mvhd" else (b"moov", b"trak", b"tkhd")
    return _moved(files, CLIP_B, _boxed(video, old, new, boxes))


def shorter_by_its_track(files: Files) -> Files:
    """The track's header says that it lasts a second."""
    video = bytearray(files[f"clips/{CLIP_B}.mp4"])
    struct.pack_into(">I", video, video.index(b"tkhd") + 4 + 20, SECOND)
    return with_head(files, CLIP_B, bytes(video))


def key_frames_elsewhere(files: Files) -> Files:
    """The table of key frames names one that is none, and not the first: players begin there."""
    video = bytearray(files[f"clips/{CLIP_B}.mp4"])
    place = video.index(b"stss") + 12
    (first,) = struct.unpack_from(">I", video, place)
    struct.pack_into(">I", video, place, first + 1)
    return with_head(files, CLIP_B, bytes(video))


def one_key_frame_too_many(files: Files) -> Files:
    """A frame that depends on others is said to be a key frame."""
    video = bytearray(files[f"clips/{CLIP_B}.mp4"])
    place = video.index(b"stss") + 16
    (second,) = struct.unpack_from(">I", video, place)
    struct.pack_into(">I", video, place, second - 3)
    return with_head(files, CLIP_B, bytes(video))


def picture_beyond_all_files(files: Files) -> Files:
    """A chunk at the end of what 64 bits can say."""
    video = bytearray(files[f"clips/{CLIP_B}.mp4"])
    struct.pack_into(">Q", video, video.index(b"co64") + 12 + 8 * 3, 2**64 - 1)
    return with_head(files, CLIP_B, bytes(video))


def shifts_without_a_sign(files: Files) -> Files:
    """The table of shifts is of a version that knows no negative ones."""
    video = bytearray(files[f"clips/{CLIP_A}.mp4"])
    at = video.index(b"ctts") + 4
    video[at] ^= 1
    return with_head(files, CLIP_A, bytes(video))


def second_moov(files: Files) -> Files:
    """Another header behind the first."""
    video = files[f"clips/{CLIP_B}.mp4"]
    at = video.index(b"moov") - 4
    moov = video[at : at + struct.unpack_from(">I", video, at)[0]]
    return _moved(files, CLIP_B, _boxed(video, moov, moov + moov, ()))


def second_mdat(files: Files) -> Files:
    """Two boxes of data, the second one of the last fragment's end."""
    video = bytearray(files[f"clips/{CLIP_B}.mp4"])
    at = video.index(b"mdat") - 4
    struct.pack_into(">I", video, at, len(video) - at - 4096)
    return with_head(files, CLIP_B, bytes(video))


def hidden_after_a_loss(files: Files) -> Files:
    """One piece is declared lost; the tables leave out all up to the last ten seconds."""
    rows, video = rows_of(files, CLIP_B), files[f"clips/{CLIP_B}.mp4"]
    at, length = next((int(row[2]), int(row[3])) for row in rows if row[:2] == ["2", "2"])
    for row in rows:
        if row[:2] == ["2", "2"]:
            row[2:5] = ["-", "-", "-"]
        elif row[2] != "-" and int(row[2]) > at:
            row[2] = str(int(row[2]) - length)
    resumed = next(int(row[2]) for row in rows if row[:2] == ["4", "0"])
    shorter = video[:at] + video[at + length :]
    cut = _tables_cut(shorter, at, length, resumed)
    rows = [[*row[:2], str(int(row[2]) + len(cut) - len(shorter)), *row[3:]] if row[2] != "-" else row for row in rows]
    (head,) = (clip["head_length"] for clip in json.loads(files["manifest.json"])["clips"] if clip["name"] == CLIP_B)
    files = _manifest_of(files, CLIP_B, head_length=head + len(cut) - len(shorter), losses=[{"fact": 2, "piece": 2}])
    return with_rows(with_head(files, CLIP_B, cut), CLIP_B, rows)


def _tables_cut(video: bytes, begin: int, lost: int, resumed: int) -> bytes:
    """One chunk for each picture; those between two places are not there, the one before them stays."""
    sizes = [size for (size,) in struct.iter_unpack(">I", _content(video, b"stsz")[12:])]
    chunks = [at for (at,) in struct.iter_unpack(">Q", _content(video, b"co64")[8:])]
    groups = [*struct.iter_unpack(">3I", _content(video, b"stsc")[8:])]
    times = [delta for count, delta in struct.iter_unpack(">II", _content(video, b"stts")[8:]) for _ in range(count)]
    head = video.index(b"mdat") + 4
    places, number = [], 0
    for chunk, at in enumerate(chunks, 1):
        count = max((group for group in groups if group[0] <= chunk), key=lambda group: group[0])[1]
        for _ in range(count):
            places.append(at)
            at += sizes[number]  # noqa: PLW2901
            number += 1
    kept: list[list[int]] = []
    for at, size, delta in zip(places, sizes, times, strict=True):
        now = at - lost if at >= begin + lost else at
        if (now < begin and at < begin) or (at >= begin + lost and now >= resumed):
            kept.append([now, size, delta])
        else:
            kept[-1][2] += delta
    tables = {
        b"stts": struct.pack(">II", 0, len(kept)) + b"".join(struct.pack(">II", 1, delta) for _, _, delta in kept),
        b"stss": struct.pack(">III", 0, 1, 1),
        b"stsc": struct.pack(">II3I", 0, 1, 1, 1, 1),
        b"stsz": struct.pack(">III", 0, 0, len(kept)) + b"".join(struct.pack(">I", size) for _, size, _ in kept),
        b"co64": struct.pack(">II", 0, len(kept)) + b"".join(struct.pack(">Q", at) for at, _, _ in kept),
    }
    around = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
    for kind, table in tables.items():
        old, more = _content(video, kind), len(table) - len(_content(video, kind))
        at = video.index(kind) + 4
        changed = bytearray(video[:at] + table + video[at + len(old) :])
        for box in (*around, kind):
            place = changed.index(box) - 4
            struct.pack_into(">I", changed, place, struct.unpack_from(">I", changed, place)[0] + more)
        video = bytes(changed)
    video = with_mdat_that_fits(video)
    moved, place = bytearray(video), video.index(b"co64") + 12
    shift = video.index(b"mdat") + 4 - head
    for number in range(len(kept)):
        (at,) = struct.unpack_from(">Q", moved, place + 8 * number)
        struct.pack_into(">Q", moved, place + 8 * number, at + shift)
    return bytes(moved)


# ------------------------------------------------------------------------------------------------------------- the list


def _with_word(word: bytes, files: Files) -> Files:
    return _manifest_text(b'{"v":1', b'{"x":' + word + b',"v":1', files)


def deeply_nested(files: Files) -> Files:
    """Lists in lists in a key that nobody knows."""
    return _with_word(b"[" * 5000 + b"]" * 5000, files)


LINK = 0o120777 << 16
TWO = f"clips/{CLIP_B}.mp4".encode()

LIES = [
    Lie("a second directory", hidden_directory, 2),
    Lie("another name in an extra field", partial(_entry, _other_name), 2),
    Lie("a link instead of a file", partial(_entry, lambda each: each._replace(attributes=LINK)), 2),
    Lie("a folder instead of a file", partial(_entry, lambda each: each._replace(attributes=0x10)), 2),
    Lie("an extra field of nothing", partial(_entry, lambda each: each._replace(local_extra=b"UT\1\0x")), 2),
    Lie("two names", partial(_entry, lambda each: each._replace(central_name=b"clips/x.mp4")), 2),
    Lie("compressed", partial(_entry, _deflated), 2),
    Lie("sizes behind the data", partial(_entry, lambda each: each._replace(flags=8)), 2),
    Lie("encrypted", partial(_entry, lambda each: each._replace(flags=1)), 2),
    *(
        Lie(f"name {name!a}", partial(_with_entry, name), 2)
        for name in (
            TWO,
            b"../x",
            b"/etc/x",
            b"clips/../x",
            b"C:x",
            b"clips\\x.mp4",
            b"",
            b"clips/",
            b"a\0b",
            b"\xc3\xa0",
            b"a b",
            b"clips/\xe2\x80\xaex.mp4",
            b"x/" * 40 + b"x",
            b"x" * 65000 + b"\n",
        )
    ),
    Lie("a comment", lambda original: zipped(entries_of(original), comment=b"x"), 2),
    Lie("bytes before", lambda original: zipped(entries_of(original), before=b"x"), 2),
    Lie("bytes behind", lambda original: zipped(entries_of(original)) + b"x", 2),
    Lie("more entries than there are", lambda original: zipped(entries_of(original), count=65_000), 2),
    Lie("fewer entries than there are", lambda original: zipped(entries_of(original), count=3), 2),
    *(
        Lie(f"a file {name}", partial(_anew, partial(_added, name)), 1, "file-foreign")
        for name in (
            "json.py",
            "facts/x.jsonl",
            "README",
            f"proofs/{CLIP_A}/99.tlog-proof",
            "clips/x",
            "anchors/x.txt",
            "anchors/x.exe",
            "proofs/x/1.tlog-proof",
        )
    ),
    *(
        Lie(f"a file {name}", partial(_anew, partial(_added, name)), 2)
        for name in ("torrazzo_verify/__main__.py", f"clips/{CLIP_A}.MP4", f"Clips/{CLIP_A}.mp4", "README.TXT")
    ),
    Lie("a clip that is in no manifest", partial(_anew, another_clip), 1, "file-foreign"),
    Lie("a clip twice", partial(_anew, partial(manifest_changed, _clip_twice)), 1, "clip-unreadable"),
    Lie("a token without its head", partial(_anew, token_without_head), 1, "anchor-foreign"),
    Lie("a stamped head under another name", partial(_anew, anchor_renamed), 1, "anchor-foreign"),
    Lie("a head without history", partial(_anew, head_without_history), 1, "head-refused"),
    Lie("an entry twice", partial(_anew, history_twice), 1, "history-unproven"),
    Lie("a history that is cut", partial(_anew, history_cut), 0),
    Lie("a span told twice", partial(_anew, span_told_twice), 2),
    *(
        Lie(f"a number as {form!a}", partial(_anew, partial(span_half, form)), code, "clip-unreadable" if code else "")
        for form, code in (
            (b"%d.0", 1),
            (b"%d.5", 1),
            (b"%de0", 1),
            (b"%d0e-1", 1),
            (b"%dE400", 1),
            (b'"%d"', 1),
            (b"-%d", 1),
        )
    ),
    *(
        Lie(f"the word {word[:12]!a}", partial(_anew, partial(_with_word, word)), code)
        for word, code in (
            (b"NaN", 2),
            (b"Infinity", 2),
            (b"01", 2),
            (b"+1", 2),
            (b"'x'", 2),
            (b"1e999", 0),
            (b"1" * 5000, 0),
            (b"[1,]", 2),
            (b'"\\x41"', 2),
            (b"\xef\xbb\xbf1", 2),
            (b'"\xed\xa0\x80"', 2),
            (b'"\\ud800"', 0),
            (b'{"__proto__":{"v":2}}', 0),
        )
    ),
    Lie("lists in lists", partial(_anew, deeply_nested), 2),
    Lie("half a letter", partial(_anew, opening_of_half_a_letter), 1, "opening-differs"),
    Lie("a head seen before its facts", partial(_anew, head_seen_before), 0),
    Lie("a policy that is no UTF-8", partial(_anew, policy_in_latin_1), 0),
    Lie("pictures in a gap", partial(_anew, shown_in_a_gap), 1, "show-unreadable"),
    Lie("all is lost", partial(_anew, all_lost), 1, "show-unreadable"),
    Lie("formats are lost", partial(_anew, formats_lost), 1, "piece-absent"),
    Lie("hidden by an edit", partial(_anew, hidden_by_an_edit), 1, "picture-hidden"),
    Lie("turned by the movie", partial(_anew, partial(turned_before, b"mvhd", 36)), 1, "show-unreadable"),
    Lie("turned by the track", partial(_anew, partial(turned_before, b"tkhd", 40)), 1, "show-unreadable"),
    Lie("shorter by its track", partial(_anew, shorter_by_its_track), 1, "show-unreadable"),
    Lie("key frames elsewhere", partial(_anew, key_frames_elsewhere), 1, "show-unreadable"),
    Lie("a key frame too many", partial(_anew, one_key_frame_too_many), 1, "show-unreadable"),
    Lie("a picture beyond all files", partial(_anew, picture_beyond_all_files), 1, "picture-hidden"),
    Lie("shifts of another version", partial(_anew, shifts_without_a_sign), 1, "show-unreadable"),
    Lie("a second moov", partial(_anew, second_moov), 1, "show-unreadable"),
    Lie("a second mdat", partial(_anew, second_mdat), 1, "show-unreadable"),
    Lie("hidden after a loss", partial(_anew, hidden_after_a_loss), 1, "picture-hidden"),
]
