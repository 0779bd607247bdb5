# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is done to a town, one thing each.

Who changes volumes and facts is careful: checksums, indexes and hashes that need no key are made to fit again.
"""

import base64
import hashlib
import io
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import av

from tests.tamper.town import BEGIN, DISK, STREAMS, Town, opened, person, sealed_of, wanted
from tests.tools import tampering
from tests.tools.dossier import Keys, files_of, pack
from torrazzo.archive import VolumeReader, VolumeWriter
from torrazzo.archive.fact import parse_fact
from torrazzo.archive.record import Kind, RecordHeader
from torrazzo.base import StreamId
from torrazzo.base.times import HOUR, SECOND, hour_text
from torrazzo.catalogue.rebuild import rebuild
from torrazzo.ledger.act import pack_act
from torrazzo.ledger.checkpoint import Checkpoint, cosign, sign_checkpoint
from torrazzo.ledger.fact_index import RecEntry
from torrazzo.ledger.file_check import check_ledger
from torrazzo.ledger.intake import entry_of, silent_entry
from torrazzo.seal import open_piece, seal_piece

Change = Callable[[Town], None]
A, B = STREAMS


# ------------------------------------------------------------------------------------------------------------- volumes


class Record(NamedTuple):
    """Of a volume."""

    header: RecordHeader
    payload: bytes

    def is_of(self, stream: StreamId, n: int, *pieces: int) -> bool:
        """A fact or piece with this number; only these pieces, if any are named."""
        header = self.header
        is_piece = header.kind == Kind.PIECE and (not pieces or header.piece in pieces)
        is_named = is_piece or (header.kind == Kind.FACT and not pieces)
        return is_named and (header.stream, header.n) == (stream, n)


def rewrite(town: Town, path: Path, edit: Callable[[list[Record]], list[Record]]) -> None:
    """The volume once more with other records; each record's checksums, the summary and the index fit."""
    with VolumeReader.open(DISK, path) as reader:
        was = reader.header
        records = [Record(each, reader.payload(each)) for each in reader.records() if each.kind < Kind.INDEX]
    path.unlink()
    made = VolumeWriter.create(
        DISK, town.root, hour=was.hour, retention_class=was.retention_class, fence=was.fence, serial=was.serial,
        utc=was.utc, boot_ns=was.boot_ns, node=was.node,
    )  # fmt: skip
    for header, payload in edit(records):
        values = header._asdict()
        for name in ("payload_length", "offset", "header_length", "c"):
            del values[name]
        made.place(values.pop("kind"), values.pop("flags"), payload=payload, index=values.pop("piece"), **values)
    made._open.clear()
    assert made.finish()


def bit_in_volume(town: Town) -> None:
    """One bit of a stored piece."""
    path = town.volumes[0]
    with VolumeReader.open(DISK, path) as reader:
        piece = next(each for each in reader.headers() if Record(each, b"").is_of(A, 2, 3))
    data = bytearray(path.read_bytes())
    data[piece.payload_offset + 500] ^= 1
    path.write_bytes(data)


def without(stream: StreamId, n: int, *pieces: int) -> Change:
    """These records are not there any more."""
    return lambda town: rewrite(
        town, town.volumes[0], lambda records: [each for each in records if not each.is_of(stream, n, *pieces)]
    )


def fragments_swapped(town: Town) -> None:
    """Two pieces in each other's place, with their hashes."""

    def edit(records: list[Record]) -> list[Record]:
        one, two = (at for at, each in enumerate(records) if each.is_of(A, 2, 3) or each.is_of(A, 2, 4))
        first, second = records[one], records[two]
        records[one] = Record(second.header._replace(piece=3), second.payload)
        records[two] = Record(first.header._replace(piece=4), first.payload)
        return records

    rewrite(town, town.volumes[0], edit)


def fragment_inserted(town: Town) -> None:
    """A piece stands in its segment once more, right behind itself; those after it are counted on."""

    def edit(records: list[Record]) -> list[Record]:
        found: list[Record] = []
        for each in records:
            header, payload = each
            later = each.is_of(B, 2) and header.kind == Kind.PIECE and header.piece > 3
            found.append(Record(header._replace(piece=header.piece + 1), payload) if later else each)
            if each.is_of(B, 2, 3):
                found.append(Record(header._replace(piece=4), payload))
        return found

    rewrite(town, town.volumes[0], edit)


def fragment_appended(town: Town) -> None:
    """The last piece of a segment once more behind it, with the next number, of which no fact tells."""

    def edit(records: list[Record]) -> list[Record]:
        last = max((each.header.piece, at) for at, each in enumerate(records) if each.is_of(B, 2) and _is_piece(each))[
            1
        ]
        header, payload = records[last]
        return [*records[: last + 1], Record(header._replace(piece=header.piece + 1), payload), *records[last + 1 :]]

    rewrite(town, town.volumes[0], edit)


def _is_piece(record: Record) -> bool:
    return record.header.kind == Kind.PIECE


def segment_duplicated(town: Town) -> None:
    """A segment's pictures once more in the place of the next one, with a fact of that number about them."""

    def edit(records: list[Record]) -> list[Record]:
        pieces = [each for each in records if each.is_of(A, 2) and each.header.kind == Kind.PIECE]
        told = next(each for each in records if each.is_of(A, 2) and each.header.kind == Kind.FACT)
        found: list[Record] = []
        for each in records:
            if not each.is_of(A, 3):
                found.append(each)
            elif each.header.kind == Kind.FACT:
                found += [Record(piece.header._replace(n=3), piece.payload) for piece in pieces]
                own, other = json.loads(each.payload), json.loads(told.payload)
                found.append(Record(each.header, _line(other | {key: own[key] for key in ("n", "t0", "t1", "prev")})))
        return found

    rewrite(town, town.volumes[0], edit)


def fact_in_volume(n: int, change: Callable[[dict[str, Any]], dict[str, Any]], volume: int = 0) -> Change:
    """Camera A's fact of this number says something else."""

    def edit(records: list[Record]) -> list[Record]:
        at = next(at for at, each in enumerate(records) if each.is_of(A, n) and each.header.kind == Kind.FACT)
        fact = change(json.loads(records[at].payload))
        header = records[at].header._replace(t0=fact["t0"], t1=fact["t1"])
        records[at] = Record(header, _line(fact))
        return records

    return lambda town: rewrite(town, town.volumes[volume], edit)


def _line(fact: dict[str, Any]) -> bytes:
    return json.dumps(fact, separators=(",", ":")).encode()


def earlier(ticks: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda fact: fact | {"t0": fact["t0"] - ticks, "t1": fact["t1"] - ticks}


def terms_overlap(town: Town) -> None:
    """The second term's first facts, written anew: it begins ten seconds before the first one ended."""

    def edit(records: list[Record]) -> list[Record]:
        before = b""
        for at, (header, payload) in enumerate(records):
            if (header.kind, header.stream) != (Kind.FACT, A):
                continue
            fact = json.loads(payload)
            moved = {"term": {"t0": fact["t0"] - 10 * SECOND, "t1": fact["t0"] - 10 * SECOND}}
            moved["gap"] = {"t0": fact["t0"] - 10 * SECOND}
            fact |= moved.get(fact["kind"], {})
            if before:
                fact["prev"] = _base64(before)
            before = _line(fact)
            records[at] = Record(header._replace(t0=fact["t0"], t1=fact["t1"]), before)
        return records

    rewrite(town, town.volumes[2], edit)


def gap_removed(town: Town) -> None:
    """The facts of the silence, opened and closed."""
    rewrite(
        town, town.volumes[0], lambda records: [each for each in records if not any(each.is_of(A, n) for n in (4, 5))]
    )


def volume_deleted(number: int) -> Change:
    """One of the three files."""
    return lambda town: town.volumes[number].unlink()


def key_of_another_hour(town: Town) -> None:
    """Camera A's sealed K of the second hour in the place of the first one's."""
    other = sealed_of(town.volumes[1], A)

    def edit(records: list[Record]) -> list[Record]:
        return [
            Record(each.header, other) if (each.header.kind, each.header.stream) == (Kind.KEY, A) else each
            for each in records
        ]

    rewrite(town, town.volumes[0], edit)


def pictures_replaced(town: Town) -> None:
    """By somebody who has the keys: a second of other pictures, sealed anew, and all facts and links written anew."""
    path = town.volumes[0]
    sealed = sealed_of(path, A)

    def edit(records: list[Record]) -> list[Record]:
        at = next(at for at, each in enumerate(records) if each.is_of(A, 2, 3))
        header, payload = records[at]
        assert header.term is not None
        key = town.keys.segment_keys(A, header.term, header.t0 // HOUR, "standard", sealed, [2])[2]
        plain = bytearray(open_piece(key, 3, payload))
        plain[-40] ^= 1
        made = seal_piece(key, 3, [plain])
        records[at] = Record(header._replace(h=made.h, c=made.c), bytes(made.ciphertext))
        pieces = [each.header for each in records if each.is_of(A, 2) and each.header.kind == Kind.PIECE]
        told = next(at for at, each in enumerate(records) if each.is_of(A, 2) and each.header.kind == Kind.FACT)
        sums = {name: _base64(b"".join(getattr(piece, name) for piece in pieces)) for name in ("h", "c")}
        records[told] = Record(records[told].header, _line(json.loads(records[told].payload) | sums))
        return records

    rewrite(town, path, edit)
    last = ""
    for path in town.volumes:
        last = _link(town, path, last)
    rebuild(DISK, [town.root], town.home.catalogue_db)


def _link(town: Town, path: Path, last: str) -> str:
    """Camera A's facts in a volume, each with the hash of the one before, which begins with `last`."""

    def edit(records: list[Record]) -> list[Record]:
        nonlocal last
        for at, (header, payload) in enumerate(records):
            if (header.kind, header.stream) == (Kind.FACT, A):
                fact = json.loads(payload)
                if "prev" in fact and last:
                    fact["prev"] = last
                elif last:
                    fact["prior"]["hash"] = last
                records[at] = Record(header, _line(fact))
                last = _base64(records[at].payload)
        return records

    rewrite(town, path, edit)
    return last


def _base64(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


# -------------------------------------------------------------------------------------------------------------- ledger


_INDEX = "SELECT i FROM fact JOIN lineage ON lineage = id WHERE stream = ? AND term LIKE ? AND n = ?"


def rows(stream: StreamId, fence: int, n: int, *statements: str) -> Change:
    """By hand in the database; `:i` is the number of this fact's entry."""

    def change(town: Town) -> None:
        database = sqlite3.connect(town.home.ledger_db)
        with database:
            (i,) = database.execute(_INDEX, (str(stream), f"%-{fence}-%", n)).fetchone()
            for statement in statements:
                database.execute(statement, {"i": i})
            assert database.total_changes
        database.close()

    return change


def bundle_edited(town: Town) -> None:
    """One bit of an entry that lies in a file."""
    path = town.home.ledger / "act" / "tile" / "entries" / "000"
    data = bytearray(path.read_bytes())
    data[5_000] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)


def _grown(town: Town) -> None:
    """The ledger goes on honestly, until the first bundle of `rec` is full and lies in its file."""
    with town.ledger() as store:
        fact = parse_fact(next(line for line in store.rec.entries(0, store.rec.head.size) if b'"n":' in line))
        more = 257 - store.rec.head.size % 256
        last = town.now
        store.append([silent_entry(fact.stream, fact.term, last + at, last + at + SECOND) for at in range(more)])
        store.append([silent_entry(fact.stream, fact.term, last, last + SECOND)])  # rows of what is filed go
    assert not list(check_ledger(town.home.ledger_db, DISK, town.home.ledger))


def ledger_file(name: str, change: Callable[[Path], None]) -> Change:
    """A file of `rec` that is full, after the ledger went on."""

    def do(town: Town) -> None:
        _grown(town)
        path = town.home.ledger / "rec" / "tile" / name
        path.chmod(0o600)
        change(path)

    return do


def one_bit(camera: StreamId) -> Callable[[Path], None]:
    """In a bundle: of this camera's third fact."""

    def change(path: Path) -> None:
        data = bytearray(path.read_bytes())
        at = data.index(b'"n":2,', data.index(str(camera).encode()))
        while str(camera).encode() not in data[at - 200 : at]:
            at = data.index(b'"n":2,', at + 1)
        data[at + 4] ^= 1
        path.write_bytes(data)

    return change


def first_bit(path: Path) -> None:
    """Of a tile."""
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(data)


def half(path: Path) -> None:
    """The second half is gone."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def put_database_back(town: Town) -> None:
    """As it was half-way."""
    for path in town.folder.glob("ledger.db*"):
        path.unlink()
    for path in town.folder.glob("old-ledger.db*"):
        path.rename(path.with_name(path.name.removeprefix("old-")))


def put_ledger_back(town: Town) -> None:
    """Database and folder, the whole ledger as it was half-way; a window is opened in it; the witness plays along."""
    put_database_back(town)
    shutil.rmtree(town.home.ledger)
    town.home.ledger.mkdir()
    with town.ledger() as store:
        view = pack_act("view", town.now, {**wanted(town.now), **opened(town.now), **person("anna")})
        town.window = store.append(act=[view]).act[0]
        town.cosign(store)


def checkpoint_forged(town: Town) -> None:
    """The head that is published has another root, signed by a key of the same name."""
    path = town.home.ledger / "rec" / "checkpoint"
    head = Checkpoint.parse(path.read_bytes().decode().partition("\n\n")[0] + "\n")
    path.write_bytes(sign_checkpoint(head._replace(root=bytes(32)), Keys.of(7).rec).pack())


Lines = list[bytes]


def ledger_anew(edit: Callable[[Lines, Lines], None]) -> Change:
    """The town writes both logs once more, with its own keys, with other entries; the witness's key plays along."""

    def change(town: Town) -> None:
        with town.ledger() as store:
            rec, act = (list(log.entries(0, log.head.size)) for log in (store.rec, store.act))
        for path in town.folder.glob("ledger.db*"):
            path.unlink()
        shutil.rmtree(town.home.ledger)
        edit(rec, act)
        entries: dict[bytes, RecEntry] = {}
        with town.ledger() as store:
            for line in rec:
                entry = _entry(line)
                store.append([entry._replace(id=None) if line in entries else entry])
                entries[line] = entry
            store.append(act=act)
            town.cosign(store)

    return change


def _entry(line: bytes) -> RecEntry:
    found = json.loads(line)
    if found["kind"] in {"late", "silent"}:
        return RecEntry(line, None, found["t"], found["t"], found["kind"])
    return entry_of(parse_fact(line))


def _place(rec: Lines, stream: StreamId, fence: int, n: int) -> int:
    """Where a fact stands."""
    for at, line in enumerate(rec):
        if b'"kind":"late"' in line or b'"kind":"silent"' in line:
            continue
        fact = parse_fact(line)
        if (fact.stream, fact.term.fence, fact.n) == (stream, fence, n):
            return at
    raise AssertionError("not there")


def _segment_left_out(rec: Lines, _: Lines) -> None:
    """A segment of the first minute; so that the log is no shorter, silences are entered instead."""
    at = _place(rec, A, 1, 2)
    fact = parse_fact(rec.pop(at))
    last = fact.t0 + 90 * SECOND
    rec += [silent_entry(stream, fact.term, last, last + 20 * SECOND).line for stream in STREAMS]


fork = ledger_anew(_segment_left_out)


def entry_left_out(stream: StreamId, fence: int, n: int) -> Change:
    """A fact that was never entered."""

    def edit(rec: Lines, _: Lines) -> None:
        del rec[_place(rec, stream, fence, n)]

    return ledger_anew(edit)


def entry_changed(stream: StreamId, fence: int, n: int, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Change:
    """A fact that was entered as another one."""

    def edit(rec: Lines, _: Lines) -> None:
        at = _place(rec, stream, fence, n)
        rec[at] = _line(change(json.loads(rec[at])))

    return ledger_anew(edit)


def _second_term_earlier(rec: Lines, _: Lines) -> None:
    """The second term's first two facts ten seconds earlier."""
    for n in (0, 1):
        at = _place(rec, A, 2, n)
        rec[at] = _line(json.loads(rec[at]) | {"t0": json.loads(rec[at])["t0"] - 10 * SECOND})
    first, second = (_place(rec, A, 2, n) for n in (0, 1))
    fact = json.loads(rec[first])
    rec[first] = _line(fact | {"t1": fact["t0"]})
    rec[second] = _line(json.loads(rec[second]) | {"prev": _base64(rec[first])})


terms_overlap_in_ledger = ledger_anew(_second_term_earlier)


def _shred_again(_: Lines, act: Lines) -> None:
    """The shred's own line once more."""
    act.append(next(line for line in act if b'"kind":"shred"' in line))


shred_replayed = ledger_anew(_shred_again)


def _shred_too_early(_: Lines, act: Lines) -> None:
    """A fact says that a living hour's key was destroyed for its age."""
    line = next(json.loads(line) for line in act if b'"kind":"shred"' in line)
    act.append(_line(line | {"hour": hour_text(BEGIN // HOUR), "t": json.loads(act[-1])["t"]}))


shred_too_early = ledger_anew(_shred_too_early)


def _shred_of_pictures_again(rec: Lines, act: Lines) -> None:
    """The same, twice."""
    _shred_too_early(rec, act)
    act.append(act[-1])


shred_of_pictures_replayed = ledger_anew(_shred_of_pictures_again)


def a_week_passes(town: Town) -> None:
    """Nobody shreds anything."""
    town.now += 170 * HOUR


def entry_twice(stream: StreamId, fence: int, n: int) -> Change:
    """A fact that was entered a second time, at the end."""

    def edit(rec: Lines, _: Lines) -> None:
        rec.append(rec[_place(rec, stream, fence, n)])

    return ledger_anew(edit)


# ------------------------------------------------------------------------------------------------------------- keyring


def head_shown_forged(town: Town) -> None:
    """The reader shows a head with another root, signed by keys of the same names."""
    theirs, head = Keys.of(7), Checkpoint.parse(town.cosigned["rec"].text)
    note = sign_checkpoint(head._replace(root=bytes(32)), theirs.rec)
    town.cosigned["rec"] = note._replace(
        signatures=(*note.signatures, cosign(note, theirs.witness, town.now // SECOND))
    )


def window_closed(town: Town) -> None:
    """The window was closed, and is shown once more."""
    town.closed[town.window] = town.now + 10 * 60 * SECOND


def window_expired(town: Town) -> None:
    """The window is shown once more a quarter of an hour later."""
    town.now += 15 * 60 * SECOND


def window_of_another_life(town: Town) -> None:
    """The window is shown once more to a keyring that has started since."""
    town.restarted = True


def old_ring_put_back(town: Town) -> None:
    """The ring file from before the shred, in the place of the present one."""
    folder = town.home.keyring
    for path in folder.glob("ring-*"):
        path.unlink()
    for path in (town.folder / "old-keyring").glob("ring-*"):
        shutil.copy(path, folder)


def old_folder_put_back(town: Town) -> None:
    """The keyring's whole folder from before the shred."""
    shutil.rmtree(town.home.keyring)
    shutil.copytree(town.folder / "old-keyring", town.home.keyring)


# ------------------------------------------------------------------------------------------------------------- package


def package(change: Callable[[tampering.Files], tampering.Files]) -> Change:
    """The package, by a forger who makes all lists of digests fit."""

    def forge(town: Town) -> None:
        files = files_of(town.package)
        changed = change(dict(files))
        assert changed != files
        town.package.write_bytes(pack(changed))

    return forge


def clip_encoded_anew(files: tampering.Files) -> tampering.Files:
    """Camera B's clip decoded, and encoded again with the same encoder."""
    name = f"clips/{tampering.CLIP_B}.mp4"
    return files | {name: _encoded(files[name])}


def _encoded(video: bytes) -> bytes:
    out = io.BytesIO()
    with av.open(io.BytesIO(video), "r") as source, av.open(out, "w", format="mp4") as target:
        old = source.streams.video[0]
        stream = target.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = old.width, old.height, "yuv420p"
        for frame in source.decode(old):
            frame.pict_type = av.video.frame.PictureType.NONE
            target.mux(stream.encode(frame))
        target.mux(stream.encode())
    return out.getvalue()


def sei_stripped(files: tampering.Files) -> tampering.Files:
    """The camera's signatures in a clip, made into filler data (H.264 section 7.3.2.7) of the same length."""
    uuid = bytes.fromhex("005bc93f2d715e95ada4796f90877a6f")
    name = f"clips/{tampering.CLIP_A}.mp4"
    video, at = bytearray(files[name]), 0
    while (at := video.find(uuid, at + 1)) > 0:
        start = video.rindex(b"\x06\x05", 0, at)  # SEI, user data unregistered
        length = int.from_bytes(video[start - 4 : start])
        video[start : start + length] = b"\x0c" + b"\xff" * (length - 2) + b"\x80"
    return files | {name: bytes(video)}
