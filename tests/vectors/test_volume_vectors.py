# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The language-neutral vectors of docs/3-formats/volume.md and docs/3-formats/fact.md."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from torrazzo.archive import Root, VolumeReader, recover
from torrazzo.archive.fact import parse_fact
from torrazzo.archive.header import END_SIZE, SIZE, End, VolumeHeader
from torrazzo.archive.reader import NeverBegan
from torrazzo.archive.record import Kind, RecordHeader
from torrazzo.archive.recovery import finish_recovery, side_index
from torrazzo.base import StreamId
from torrazzo.base.errors import Damaged, Invalid
from torrazzo.base.ids import NodeId, RootId
from torrazzo.base.times import BootNs, UtcTicks
from torrazzo.durable import OsDisk
from torrazzo.seal import open_piece, segment_key

DISK = OsDisk()
ROOT = Path(__file__).parents[2]
VOLUME: Any = json.loads((ROOT / "vectors" / "volume.json").read_text("utf-8"))
FACT: Any = json.loads((ROOT / "vectors" / "fact.json").read_text("utf-8"))


def _named(cases: list[dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=lambda case: str(case["name"]))


def _put(folder: Path, case: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / str(case["file"])
    path.write_bytes(base64.b64decode(case["data"]))
    if "side" in case:
        path.with_suffix(".idx").write_bytes(base64.b64decode(case["side"]))
    return path


def _told(header: RecordHeader) -> dict[str, object]:
    return {
        "kind": header.kind,
        "flags": header.flags,
        "payload_length": header.payload_length,
        "offset": header.offset,
        "stream": None if header.stream is None else str(header.stream),
        "term": None if header.term is None else str(header.term),
        "n": str(header.n),
        "index": header.piece,
        "frames": header.frames,
        "t0": str(header.t0),
        "t1": str(header.t1),
        "m0": str(header.m0),
        "m1": str(header.m1),
        "media": header.media,
        "lost": header.lost,
        "h": header.h.hex(),
        "c": header.c.hex(),
        "plain_length": header.plain_length,
    }


def test_the_volume_header_is_that_of_the_vectors() -> None:
    """Fields give the bytes, bytes the fields, and both the name and the id."""
    case = VOLUME["header"]
    header = VolumeHeader(
        NodeId(int(case["node"], 16)),
        RootId(int(case["root"], 16)),
        case["fence"],
        case["serial"],
        case["hour"],
        case["class"],
        UtcTicks(int(case["created_utc"])),
        BootNs(int(case["created_boot"])),
    )
    assert header.pack().hex() == case["hex"]
    assert VolumeHeader.unpack(bytes.fromhex(case["hex"])) == header
    assert (header.name, header.volume_id.hex()) == (case["name"], case["volume_id"])


def test_the_closed_volume_reads_as_the_vectors_say(tmp_path: Path) -> None:
    """Records with all fields, summary, end, facts, and plaintexts under the given K."""
    case = VOLUME["closed"]
    path = _put(tmp_path, case)
    data = path.read_bytes()
    assert hashlib.sha256(data).hexdigest() == case["sha256"]
    with VolumeReader.open(DISK, path) as reader:
        records = reader.records()
        assert reader.listing().source == case["found_by"]
        assert [_told(record) for record in records] == case["records"]
        for record in records:
            assert record.pack(reader.header.volume_id) == data[record.offset : record.payload_offset]
        facts = [reader.payload(record).decode() for record in records if record.kind == Kind.FACT]
        assert facts == case["facts"]
        end = End.unpack(data[-END_SIZE:], reader.header.volume_id)
        assert (end.index_offset, end.headers) == (case["end"]["index_offset"], case["end"]["headers"])
        (held,) = case["summary"]
        ((stream, term), found) = next(iter(reader.summary().items()))
        assert (str(stream), str(term), str(found.n), found.offset) == (
            held["stream"],
            held["term"],
            held["n"],
            held["offset"],
        )
        assert (str(found.t0), str(found.t1)) == (held["t0"], held["t1"])
        for plain in case["plaintexts"]:
            n = int(plain["n"])
            key = segment_key(bytes.fromhex(VOLUME["k"]), StreamId.parse(held["stream"]), term, n)
            (record,) = [each for each in records if (each.kind, each.n, each.piece) == (Kind.PIECE, n, plain["index"])]
            assert open_piece(key, plain["index"], reader.payload(record)) == plain["text"].encode()


def test_the_volume_cut_off_is_recovered_as_the_vectors_say(tmp_path: Path) -> None:
    """By scan the same records; recovery owes the vectors' facts and writes the vectors' side index."""
    case = VOLUME["cut_off"]
    path = _put(tmp_path / "volumes", {key: value for key, value in case.items() if key != "side"})
    root = Root(RootId(0x0B51F00D), NodeId(0x7F3A91C2), tmp_path)
    with VolumeReader.open(DISK, path) as reader:
        assert reader.listing().source == case["found_by"]
        assert [record.offset for record in reader.records()] == case["records"]
        headers, header = bytes(reader.listing().headers), reader.header
    found = recover(DISK, [root], 18)
    assert [owed.fact.decode() for owed in found.facts] == case["owed"]
    finish_recovery(DISK, found)
    side = path.with_suffix(".idx").read_bytes()
    assert side == base64.b64decode(case["side"]) == side_index(header, headers)
    with VolumeReader.open(DISK, path) as reader:
        assert reader.listing().source == "side"
        assert [record.offset for record in reader.records()] == case["records"]


@_named(VOLUME["hostile"])
def test_damage_is_found_as_the_vectors_say(case: dict[str, Any], tmp_path: Path) -> None:
    """Each flaw costs the records it hits and no other."""
    with VolumeReader.open(DISK, _put(tmp_path, case)) as reader:
        listing = reader.listing()
        assert listing.source == case["found_by"]
        assert [record.offset for record in reader.records()] == case["records"]
        assert [[damage.offset, damage.length] for damage in listing.damages] == case["damage"]


@_named(VOLUME["unattributable"])
def test_what_cannot_be_attributed_is_refused(case: dict[str, Any], tmp_path: Path) -> None:
    """Neither header nor name tells whose records these are."""
    with pytest.raises(Damaged, match="no record in it belongs"):
        VolumeReader.open(DISK, _put(tmp_path, case))


@_named(VOLUME["never_begun"])
def test_what_never_began_is_told_apart(case: dict[str, Any], tmp_path: Path) -> None:
    """At most 64 bytes without an intact header."""
    assert len(base64.b64decode(case["data"])) <= SIZE
    with pytest.raises(NeverBegan):
        VolumeReader.open(DISK, _put(tmp_path, case))


@_named(FACT["facts"])
def test_facts_read_as_the_vectors_say(case: dict[str, Any]) -> None:
    """Common keys and hash of each line; unknown kinds, causes and keys pass."""
    fact = parse_fact(case["line"].encode())
    told: dict[str, str | bool | None] = {
        "kind": fact.kind,
        "stream": str(fact.stream),
        "term": str(fact.term),
        "by": fact.by,
        "hash": fact.hash.hex(),
    }
    numbers = {name: getattr(fact, name) for name in ("n", "t0", "t1", "m0", "m1")}
    told |= {name: None if value is None else str(value) for name, value in numbers.items()}
    if fact.signed is not None:
        cert = None if fact.signed.cert is None else fact.signed.cert.hex()
        told |= {"sig": fact.signed.verdict, "cert": cert, "trusted": fact.signed.trusted}
    assert told == {key: value for key, value in case.items() if key not in {"name", "line"}}


@_named(FACT["hostile"])
def test_bad_facts_are_refused(case: dict[str, Any]) -> None:
    """Each line has one flaw."""
    with pytest.raises(Invalid):
        parse_fact(case["line"].encode())
