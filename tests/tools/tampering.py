# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a forger does to an evidence package, one thing each, and what both verifiers must say of it.

The forger is a careful one: the lists of digests fit again, offsets too, unless the case is about just these.
"""

import hashlib
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tests.tools.dossier import Dossier, Exported, Keys, export, files_of, pack, record
from tests.tools.recording import Recording, shoot_two_sizes
from torrazzo.base import StreamId
from torrazzo.base.times import SECOND
from torrazzo.ledger.checkpoint import Checkpoint, cosign, sign_checkpoint
from torrazzo.ledger.text import to_base64
from torrazzo.testing import ClipSpec, make_clip

Files = dict[str, bytes]

A, B = "3f9a1c0e5b7d2264/main", "00c0ffee00c0ffee/main"
CLIP_A, CLIP_B = "3f9a1c0e5b7d2264-main-1", "00c0ffee00c0ffee-main-2"


class Failure(NamedTuple):
    """A failed check that must be among those told: where, and seconds after the recording's start."""

    code: str
    camera: str = ""
    seconds: float | None = None


@dataclass
class Original:
    """An untouched package, the folder it lies in, and when its recording began."""

    folder: Path
    dossier: Dossier
    clips: list[Exported]
    files: Files
    start: int

    @property
    def path(self) -> Path:
        """The package."""
        return self.folder / "original.asice"


def make_original(folder: Path) -> Original:
    """Two cameras: one with a gap of 20 s and a change of size, one without."""
    for name in ("a", "b"):
        (folder / name).mkdir()
    made = [record(folder / "a", A, _first), record(folder / "b", B, _second)]
    clips = [
        export(made[0], StreamId.parse(A), 5.4, 70, folder / "a.mp4"),
        export(made[1], StreamId.parse(B), 3, 38, folder / "b.mp4"),
    ]
    dossier = Dossier(clips)
    (folder / "original.asice").write_bytes(dossier.bytes)
    (folder / "policy.txt").write_bytes(dossier.keys.policy.pack())
    return Original(folder, dossier, clips, files_of(folder / "original.asice"), made[0].start)


def make_stepped(folder: Path) -> Recording:
    """30 s with B-frames, the clock set forward, 16 s, set back, 16 s, a gap, 33 s of another size and long GOPs."""

    def shoot(town: Recording) -> None:
        small = make_clip(ClipSpec(width=320, height=240, b_frames=2, frames=200, tag=1))
        town.shoot(small, 30)
        town.step(120)
        town.shoot(small, 16)
        town.step(-60)
        town.shoot(small, 16)
        town.gap(7)
        town.shoot(make_clip(ClipSpec(width=160, height=120, frames=100, gop=100)), 33)

    return record(folder, A, shoot)


def make_late(folder: Path) -> Recording:
    """12 s, a second of pictures that take no time, 12 s."""

    def shoot(town: Recording) -> None:
        small = make_clip(ClipSpec(width=160, height=120))
        town.shoot(small, 12)
        town.shoot_at_once(small, 1)
        town.shoot(small, 12)

    return record(folder, A, shoot)


def ledger_notes(lines: list[bytes]) -> list[bytes]:
    """What a ledger might note of the second fact: it came late, its recorder was silent; and of one that is none."""
    fact = json.loads(lines[1])
    common = {"v": 1, "stream": fact["stream"], "term": fact["term"]}
    digest = to_base64(hashlib.sha256(lines[1]).digest())
    late = {**common, "kind": "late", "n": fact["n"], "hash": digest, "t": fact["t1"] + 90 * SECOND}
    silent = {**common, "kind": "silent", "t0": fact["t0"], "t": fact["t0"] + 15 * SECOND}
    return [json.dumps(note).encode() for note in (late, silent, {**late, "hash": "x"})]


def _first(made: Recording) -> None:
    shoot_two_sizes(made, 24, 20, 16, 12)


def _second(made: Recording) -> None:
    made.shoot(make_clip(ClipSpec(width=160, height=120, frames=100)), 40)


# ------------------------------------------------------------------------------------------------- parts of a package


def rows_of(files: Files, name: str) -> list[list[str]]:
    """Of pieces."""
    return [row.split() for row in files[f"pieces/{name}.txt"].decode().splitlines()]


def with_rows(files: Files, name: str, rows: list[list[str]]) -> Files:
    """Other ones."""
    return files | {f"pieces/{name}.txt": "".join(" ".join(row) + "\n" for row in rows).encode()}


def with_video(files: Files, name: str, video: bytes) -> Files:
    """Another clip."""
    return files | {f"clips/{name}.mp4": video}


def flipped(data: bytes, at: int) -> bytes:
    """One bit."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def with_facts(files: Files, name: str, lines: list[tuple[int, bytes]]) -> Files:
    """These facts, each with the number that it had; proofs and pieces follow them, digests too."""
    found = {key: data for key, data in files.items() if not key.startswith(f"proofs/{name}/")}
    found[f"facts/{name}.jsonl"] = b"".join(line + b"\n" for _, line in lines)
    for number, (old, _) in enumerate(lines, 1):
        found[f"proofs/{name}/{number}.tlog-proof"] = files[f"proofs/{name}/{old}.tlog-proof"]
    numbers = {str(old): str(number) for number, (old, _) in reversed([*enumerate(lines, 1)])}
    rows = [[numbers[row[0]], *row[1:]] for row in rows_of(files, name) if row[0] in numbers]
    return with_rows(found, name, rows)


def facts_of(files: Files, name: str) -> list[tuple[int, bytes]]:
    """With their numbers."""
    return [*enumerate(files[f"facts/{name}.jsonl"].splitlines(), 1)]


def with_head(files: Files, name: str, video: bytes) -> Files:
    """A clip whose header was changed, with its digest in the manifest."""
    manifest = json.loads(files["manifest.json"])
    for clip in manifest["clips"]:
        if clip["name"] == name:
            clip["head_sha256"] = hashlib.sha256(video[: clip["head_length"]]).hexdigest()
    return with_video(files, name, video) | {"manifest.json": json.dumps(manifest).encode()}


def _piece(files: Files, name: str, fact: int, piece: int) -> tuple[int, int]:
    row = next(row for row in rows_of(files, name) if row[:2] == [str(fact), str(piece)])
    return int(row[2]), int(row[3])


# ------------------------------------------------------------------------------------------------------- manipulations


def bit_in_video(name: str, fact: int, piece: int, files: Files) -> Files:
    """One bit of a picture."""
    at, length = _piece(files, name, fact, piece)
    video = files[f"clips/{name}.mp4"]
    return with_video(files, name, flipped(video, at + length - 40))


def bit_in_init(files: Files) -> Files:
    """One bit of a segment's recorded header."""
    at, length = _piece(files, CLIP_A, 2, 0)
    return with_video(files, CLIP_A, flipped(files[f"clips/{CLIP_A}.mp4"], at + length - 6))


def fragment_dropped(files: Files) -> Files:
    """A fragment taken out; the rest moves up."""
    at, length = _piece(files, CLIP_A, 2, 3)
    rows = [
        [*row[:2], "-", "-", "-", row[5]]
        if row[:2] == ["2", "3"]
        else [*row[:2], str(int(row[2]) - length), *row[3:]]
        if row[2] != "-" and int(row[2]) > at
        else row
        for row in rows_of(files, CLIP_A)
    ]
    video = files[f"clips/{CLIP_A}.mp4"]
    return with_rows(with_video(files, CLIP_A, video[:at] + video[at + length :]), CLIP_A, rows)


def fragments_swapped(files: Files) -> Files:
    """Two fragments in each other's place, with their salts."""
    rows = rows_of(files, CLIP_A)
    one, two = (next(at for at, row in enumerate(rows) if row[:2] == ["2", piece]) for piece in ("3", "4"))
    (at, first), (_, second) = _piece(files, CLIP_A, 2, 3), _piece(files, CLIP_A, 2, 4)
    video = files[f"clips/{CLIP_A}.mp4"]
    moved = video[:at] + video[at + first : at + first + second] + video[at : at + first] + video[at + first + second :]
    rows[one], rows[two] = (
        ["2", "3", str(at), str(second), *rows[two][4:]],
        ["2", "4", str(at + second), str(first), *rows[one][4:]],
    )
    return with_rows(with_video(files, CLIP_A, moved), CLIP_A, rows)


def fragment_inserted(files: Files) -> Files:
    """A fragment of the same camera once more, at the end of its segment."""
    rows = rows_of(files, CLIP_B)
    rows = [row for row in rows if row[0] != rows[-1][0]]  # the last segment is not there as a whole
    own = [row for row in rows if row[0] == rows[-1][0]]
    at, length = int(own[-1][2]), int(own[-1][3])
    files = with_video(files, CLIP_B, files[f"clips/{CLIP_B}.mp4"][: at + length])
    video = files[f"clips/{CLIP_B}.mp4"]
    rows.append([own[-1][0], str(int(own[-1][1]) + 1), str(len(video)), str(length), *own[-1][4:]])
    return with_rows(with_video(files, CLIP_B, video + video[at : at + length]), CLIP_B, rows)


def bytes_at_the_end(files: Files) -> Files:
    """More behind the clip."""
    return with_video(files, CLIP_B, files[f"clips/{CLIP_B}.mp4"] + b"\0" * 32)


def segment_dropped(files: Files) -> Files:
    """A fact and its pieces taken out."""
    return with_facts(files, CLIP_B, [fact for fact in facts_of(files, CLIP_B) if fact[0] != 2])


def segment_duplicated(files: Files) -> Files:
    """A fact twice."""
    facts = facts_of(files, CLIP_B)
    return with_facts(files, CLIP_B, [*facts[:2], facts[1], *facts[2:]])


def facts_reordered(files: Files) -> Files:
    """Two facts in each other's place."""
    facts = facts_of(files, CLIP_A)
    gap = next(at for at, (_, line) in enumerate(facts) if b'"kind":"gap"' in line)
    facts[gap - 1], facts[gap] = facts[gap], facts[gap - 1]
    return with_facts(files, CLIP_A, facts)


def facts_truncated(files: Files) -> Files:
    """The last fact taken away, with its pictures."""
    rows = rows_of(files, CLIP_B)
    last = rows[-1][0]
    end = int(next(row[2] for row in rows if row[0] == last and row[2] != "-"))
    shorter = with_facts(files, CLIP_B, facts_of(files, CLIP_B)[:-1])
    return with_video(shorter, CLIP_B, files[f"clips/{CLIP_B}.mp4"][:end])


def gap_removed(files: Files) -> Files:
    """The gap's fact taken out."""
    return with_facts(files, CLIP_A, [fact for fact in facts_of(files, CLIP_A) if b'"kind":"gap"' not in fact[1]])


def fact_changed(old: bytes, new: bytes, files: Files) -> Files:
    """A word of the facts changed where it stands first."""
    changed = files[f"facts/{CLIP_A}.jsonl"].replace(old, new, 1)
    assert changed != files[f"facts/{CLIP_A}.jsonl"]
    return files | {f"facts/{CLIP_A}.jsonl": changed}


def fact_back_dated(files: Files) -> Files:
    """A segment's times a day earlier."""
    number, line = facts_of(files, CLIP_A)[1]
    fact = json.loads(line)
    facts = facts_of(files, CLIP_A)
    earlier = fact | {"t0": fact["t0"] - 86_400 * SECOND, "t1": fact["t1"] - 86_400 * SECOND}
    facts[1] = (number, json.dumps(earlier, separators=(",", ":")).encode())
    return with_facts(files, CLIP_A, facts)


def head_forged(files: Files) -> Files:
    """Another root under the same signatures, in all proofs too."""
    old = files["rec.checkpoint"]
    root = old.split(b"\n")[2]
    return {
        name: data.replace(root, to_base64(bytes(32)).encode()) if b"/rec\n" in data else data
        for name, data in files.items()
    }


def cosignature_removed(files: Files) -> Files:
    """No witness below the head."""
    old = files["rec.checkpoint"]
    new = b"\n".join([*old.split(b"\n")[:-2], b""])
    return {name: data.replace(old, new) for name, data in files.items()}


def head_of_another_key(files: Files) -> Files:
    """A log of the same name and a key of the forger's, who has the policy changed, too."""
    theirs = Keys.of(7)
    old = files["rec.checkpoint"]
    head = Checkpoint.parse(old.decode().partition("\n\n")[0] + "\n")
    note = sign_checkpoint(head, theirs.rec)
    note = note._replace(signatures=(*note.signatures, cosign(note, theirs.witness, 1_795_560_000)))
    new = {name: data.replace(old, note.pack()) for name, data in files.items()}
    return new | {"policy.txt": theirs.policy.pack()}


def proof_of_another_fact(files: Files) -> Files:
    """A good proof, of the fact after it."""
    return files | {f"proofs/{CLIP_B}/2.tlog-proof": files[f"proofs/{CLIP_B}/3.tlog-proof"]}


def proof_removed(files: Files) -> Files:
    """No proof."""
    return {name: data for name, data in files.items() if name != f"proofs/{CLIP_B}/2.tlog-proof"}


def header_bit(files: Files) -> Files:
    """One bit of the clip's tables."""
    return with_video(files, CLIP_A, flipped(files[f"clips/{CLIP_A}.mp4"], 700))


def picture_hidden(files: Files) -> Files:
    """The tables' last picture not counted in the sizes nor the times: it is never shown."""
    video = bytearray(files[f"clips/{CLIP_B}.mp4"])
    for kind, at in ((b"stsz", 12), (b"stts", 8)):
        place = video.index(kind) + at
        (count,) = struct.unpack_from(">I", video, place)
        struct.pack_into(">I", video, place, count - (100 if kind == b"stsz" else 1))
    return with_head(files, CLIP_B, bytes(video))


def picture_repeated(files: Files) -> Files:
    """One picture of the tables shown again in another's place."""
    video = bytearray(files[f"clips/{CLIP_B}.mp4"])
    place = video.index(b"co64") + 12 + 8 * 5
    video[place : place + 8] = video[place - 8 : place]
    return with_head(files, CLIP_B, bytes(video))


def picture_behind_others(files: Files) -> Files:
    """A picture is shown 0.9 s later than it was: behind those that followed it, and near its time for all that."""
    video = bytearray(files[f"clips/{CLIP_A}.mp4"])
    at = video.index(b"ctts") + 12
    rows = struct.iter_unpack(">Ii", video[at : at + 8 * 60])
    row = next(row for row, (count, _) in enumerate(rows) if row > 30 and count == 1)
    (shift,) = struct.unpack_from(">i", video, at + 8 * row + 4)
    struct.pack_into(">i", video, at + 8 * row + 4, shift + 9 * SECOND // 10)
    return with_head(files, CLIP_A, bytes(video))


def picture_moved(files: Files) -> Files:
    """A picture stays three seconds longer, the rest comes later."""
    video = bytearray(files[f"clips/{CLIP_B}.mp4"])
    place = video.index(b"stts") + 12
    count, duration = struct.unpack_from(">II", video, place)
    struct.pack_into(">II", video, place, count, duration * 2)
    return with_head(files, CLIP_B, bytes(video))


def clip_slowed(files: Files) -> Files:
    """The track's clock at half speed."""
    video = bytearray(files[f"clips/{CLIP_B}.mp4"])
    struct.pack_into(">I", video, video.index(b"mdhd") + 16, SECOND // 2)
    return with_head(files, CLIP_B, bytes(video))


def picture_turned(files: Files) -> Files:
    """The picture upside down."""
    video = bytearray(files[f"clips/{CLIP_A}.mp4"])
    place = video.index(b"tkhd") + 4 + 24 + 16
    struct.pack_into(">9i", video, place, -0x10000, 0, 0, 0, -0x10000, 0, 0, 0, 0x40000000)
    return with_head(files, CLIP_A, bytes(video))


def data_from_elsewhere(files: Files) -> Files:
    """The track says that its pictures lie in another file."""
    video = bytearray(files[f"clips/{CLIP_A}.mp4"])
    video[video.index(b"url ") + 7] = 0
    return with_head(files, CLIP_A, bytes(video))


def with_mdat_that_fits(video: bytes) -> bytes:
    """The length of the box that encloses the pieces, told anew."""
    at = video.index(b"mdat") - 4
    return video[:at] + struct.pack(">I", len(video) - at) + video[at + 4 :]


def bytes_between(files: Files) -> Files:
    """Bytes between two fragments; tables and rows point past them."""
    at, _ = _piece(files, CLIP_B, 2, 3)
    video = bytearray(files[f"clips/{CLIP_B}.mp4"])
    place = video.index(b"co64") + 8
    for entry in range(struct.unpack_from(">I", video, place)[0]):
        (offset,) = struct.unpack_from(">Q", video, place + 4 + 8 * entry)
        if offset > at:
            struct.pack_into(">Q", video, place + 4 + 8 * entry, offset + 16)
    moved = with_mdat_that_fits(bytes(video[:at]) + bytes(16) + bytes(video[at:]))
    rows = [
        [*row[:2], str(int(row[2]) + 16), *row[3:]] if row[2] != "-" and int(row[2]) >= at else row
        for row in rows_of(files, CLIP_B)
    ]
    return with_rows(with_head(files, CLIP_B, moved), CLIP_B, rows)


def last_fragment_dropped(files: Files) -> Files:
    """The clip ends a second earlier than it should."""
    rows = rows_of(files, CLIP_B)
    last = max(at for at, row in enumerate(rows) if row[2] != "-")
    shorter = with_mdat_that_fits(files[f"clips/{CLIP_B}.mp4"][: int(rows[last][2])])
    rows[last] = [*rows[last][:2], "-", "-", "-", rows[last][5]]
    return with_rows(with_head(files, CLIP_B, shorter), CLIP_B, rows)


def pieces_renumbered(files: Files) -> Files:
    """Two rows under each other's number."""
    rows = rows_of(files, CLIP_B)
    one, two = (next(at for at, row in enumerate(rows) if row[:2] == ["2", piece]) for piece in ("3", "4"))
    rows[one][1], rows[two][1] = "4", "3"
    return with_rows(files, CLIP_B, rows)


def clip_longer(files: Files) -> Files:
    """The last picture stands for five seconds more."""
    video = bytearray(files[f"clips/{CLIP_B}.mp4"])
    for place in (video.index(b"mvhd") + 20, video.index(b"tkhd") + 24, video.index(b"elst") + 12):
        struct.pack_into(">I", video, place, struct.unpack_from(">I", video, place)[0] + 5 * SECOND)
    return with_head(files, CLIP_B, bytes(video))


def format_changed(files: Files) -> Files:
    """The decoder's parameters in the clip's header are others."""
    video = files[f"clips/{CLIP_A}.mp4"]
    return with_head(files, CLIP_A, flipped(video, video.index(b"avcC") + 20))


def proof_without_the_witness(files: Files) -> Files:
    """One proof ends with a head that nobody cosigned."""
    name = f"proofs/{CLIP_B}/2.tlog-proof"
    return files | {name: b"\n".join([*files[name].split(b"\n")[:-2], b""])}


def head_of_another_log(files: Files) -> Files:
    """The manifest takes the town's other log for the one of the facts."""
    manifest = json.loads(files["manifest.json"])
    manifest["rec"] = manifest["act"]
    return files | {"manifest.json": json.dumps(manifest).encode()}


def facts_of_another_camera(files: Files) -> Files:
    """One camera's clip and facts under the other's name."""
    manifest = json.loads(files["manifest.json"])
    manifest["clips"][1]["stream"] = A
    return files | {"manifest.json": json.dumps(manifest).encode()}


def anchor_of_another_town(files: Files) -> Files:
    """The stamped head is of another origin."""
    name = next(name for name in files if name.startswith("anchors/rec-") and name.endswith(".txt"))
    return files | {name: files[name].replace(b"torrazzo", b"campanile")}


def clip_encoded_anew(files: Files) -> Files:
    """The pictures by another encoder, at the same places, as long as before."""
    video = files[f"clips/{CLIP_B}.mp4"]
    begin = next(int(row[2]) for row in rows_of(files, CLIP_B) if row[2] != "-")
    return with_video(files, CLIP_B, video[:begin] + bytes(byte ^ 0x55 for byte in video[begin:]))


def clips_exchanged(files: Files) -> Files:
    """Each camera's clip under the other's name."""
    one, two = (files[f"clips/{name}.mp4"] for name in (CLIP_A, CLIP_B))
    return files | {f"clips/{CLIP_A}.mp4": two, f"clips/{CLIP_B}.mp4": one}


def span_widened(files: Files) -> Files:
    """The manifest claims a later end."""
    manifest = json.loads(files["manifest.json"])
    manifest["clips"][1]["to"] += 60 * SECOND
    return files | {"manifest.json": json.dumps(manifest).encode()}


def loss_forged(files: Files) -> Files:
    """A fragment taken out and declared lost: told, and the tables do not fit."""
    manifest = json.loads(files["manifest.json"])
    manifest["clips"][0]["losses"] = [{"fact": 2, "piece": 3}]
    return fragment_dropped(files) | {"manifest.json": json.dumps(manifest).encode()}


def history_changed(files: Files) -> Files:
    """Another kind of access."""
    return files | {"history.jsonl": files["history.jsonl"].replace(b'"view"', b'"live"')}


def opening_changed(files: Files) -> Files:
    """Another reason."""
    return files | {"openings.jsonl": files["openings.jsonl"].replace(b"incidente", b"controllo")}


def anchor_of_another_log(files: Files) -> Files:
    """The stamped head has another root."""
    name = "anchors/act-3.txt"
    origin, size, _, end = files[name].split(b"\n")
    return files | {name: b"\n".join([origin, size, to_base64(bytes(32)).encode(), end])}


def file_added(files: Files) -> Files:
    """A file that is in no list."""
    return files | {"extra.txt": b"x"}


def file_changed(files: Files) -> Files:
    """One file that is not as its digest says."""
    return files | {"README.txt": files["README.txt"] + b"trust me\n"}


def file_removed(files: Files) -> Files:
    """One that is listed."""
    return {name: data for name, data in files.items() if name != "anchors/act-3.aruba.tst"}


class Case(NamedTuple):
    """One manipulation: what must be among the failures, and whether the lists of digests are made to fit."""

    name: str
    change: Callable[[Files], Files]
    failures: tuple[Failure, ...]
    anew: bool = True


def _case(change: Callable[[Files], Files], *failures: Failure, name: str = "", anew: bool = True) -> Case:
    return Case(name or getattr(change, "__name__", ""), change, failures, anew)


CASES = [
    _case(partial(bit_in_video, CLIP_A, 2, 3), Failure("piece-differs", A, 10), name="bit_in_video"),
    _case(partial(bit_in_video, CLIP_B, 2, 1), Failure("piece-differs", B, 10), name="bit_in_the_other_video"),
    _case(bit_in_init, Failure("piece-differs", A, 10)),
    _case(fragment_dropped, Failure("piece-absent", A, 10), Failure("show-unreadable", A, 5.4)),
    _case(fragments_swapped, Failure("segment-differs", A, 10)),
    _case(fragment_inserted, Failure("segment-differs", B, 20)),
    _case(bytes_at_the_end, Failure("bytes-uncovered", B, 38)),
    _case(segment_dropped, Failure("fact-missing", B, 10), Failure("time-broken", B, 10)),
    _case(segment_duplicated, Failure("fact-missing", B, 20)),
    _case(facts_reordered, Failure("fact-missing", A)),
    _case(facts_truncated, Failure("span-uncovered", B, 30)),
    _case(gap_removed, Failure("fact-missing", A, 24), Failure("time-broken", A, 24)),
    _case(
        partial(fact_changed, b'"why":"net"', b'"why":"mask"'),
        Failure("fact-unproven", A, 24),
        Failure("link-broken", A, 44),
        name="cause_changed",
    ),
    _case(fact_back_dated, Failure("fact-unproven", A), Failure("time-broken", A, 10)),
    _case(head_forged, Failure("head-refused")),
    _case(cosignature_removed, Failure("head-refused")),
    _case(head_of_another_key, Failure("head-refused")),
    _case(proof_of_another_fact, Failure("fact-unproven", B, 10)),
    _case(proof_removed, Failure("fact-unproven", B, 10)),
    _case(header_bit, Failure("head-differs", A, 5.4)),
    _case(picture_hidden, Failure("show-unreadable", B, 3)),
    _case(picture_repeated, Failure("picture-hidden", B)),
    _case(picture_moved, Failure("picture-moved", B)),
    _case(picture_behind_others, Failure("picture-order", A, 0)),
    _case(clip_slowed, Failure("show-unreadable", B, 3)),
    _case(picture_turned, Failure("show-unreadable", A, 5.4)),
    _case(bytes_between, Failure("bytes-uncovered", B, 10)),
    _case(last_fragment_dropped, Failure("piece-absent", B, 30), Failure("picture-foreign", B, 38)),
    _case(pieces_renumbered, Failure("segment-differs", B, 10)),
    _case(clip_longer, Failure("picture-moved", B, 38)),
    _case(format_changed, Failure("show-unreadable", A, 5.4)),
    _case(proof_without_the_witness, Failure("fact-unproven", B, 10)),
    _case(head_of_another_log, Failure("head-refused")),
    _case(facts_of_another_camera, Failure("fact-unreadable", A, 3), Failure("clip-unreadable")),
    _case(anchor_of_another_town, Failure("anchor-foreign")),
    _case(data_from_elsewhere, Failure("show-unreadable", A, 5.4)),
    _case(clip_encoded_anew, Failure("piece-differs", B, 0), Failure("piece-differs", B, 10)),
    _case(clips_exchanged, Failure("piece-differs", A, 0), Failure("piece-differs", B, 0)),
    _case(span_widened, Failure("span-uncovered", B, 40)),
    _case(loss_forged, Failure("show-unreadable", A, 5.4)),
    _case(history_changed, Failure("history-unproven")),
    _case(opening_changed, Failure("opening-differs")),
    _case(anchor_of_another_log, Failure("anchor-foreign")),
    _case(file_added, Failure("file-unlisted"), anew=False),
    _case(file_changed, Failure("file-differs"), anew=False),
    _case(file_removed, Failure("file-missing"), anew=False),
]


def forge(original: Original, case: Case) -> Path:
    """The manipulated package."""
    changed = case.change(dict(original.files))
    assert changed != original.files, "the case changes nothing"
    path = original.folder / f"{case.name}.asice"
    path.write_bytes(pack(changed, anew=case.anew))
    return path
