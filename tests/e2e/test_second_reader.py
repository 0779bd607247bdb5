# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""An archive made by the product's commands, read by a reader that was written from docs/3-formats alone."""

import base64
import contextlib
import hashlib
import io
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import google_crc32c
import pytest
from cryptography.exceptions import InvalidTag

from bench import town as bench_town
from tests.tools import second_reader
from tests.tools.hours import early_in_the_hour
from tests.tools.ledger_process import until
from tests.tools.patience import PATIENCE_S
from tests.tools.ring_keys import read_ring
from tests.tools.second_account import Archive
from torrazzo.durable import OsDisk
from torrazzo.keyring.ring import ring_text
from torrazzo.testing import SmallTown
from torrazzo.town import Home

REPOSITORY = Path(__file__).parents[2]
TORRAZZO = (sys.executable, "-m", "torrazzo")
REFUSED = (InvalidTag, ValueError)


def recorders(home: Path) -> list[int]:
    """The processes whose command line is that of this home's recorder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = entry.read_bytes().split(b"\0")
            if b"recorder" in words and os.fsencode(home) in words:
                found.append(int(entry.parent.name))
    return found


def go_on(serve: subprocess.Popen[bytes], home: Path, before: int = 0) -> int:
    """Until another recorder than `before` has recorded a segment and some seconds of each camera; which one it is."""

    def recorder() -> int:
        assert serve.poll() is None, "serve ended by itself"
        status = bench_town.status(Home(home))
        states = [each["state"] for each in status.get("streams", {}).values()]
        return int(status["pid"]) if states == ["recording"] * 2 and status["pid"] != before else 0

    pid = until(recorder)
    with contextlib.suppress(subprocess.TimeoutExpired):
        serve.wait(11)
    return pid


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with 25 s of two cameras, in one hour; the recorder was killed once, then everything stopped in order."""
    home = tmp_path_factory.mktemp("second") / "town"
    early_in_the_hour(300)
    subprocess.run([*TORRAZZO, "init", "--home", str(home)], check=True)
    with SmallTown.of_streets(2) as town:
        for i, url in enumerate(town.urls):
            subprocess.run(
                [*TORRAZZO, "camera", "add", f"Street {i}", url, "--synthetic", "--home", str(home)], check=True
            )
        serve = subprocess.Popen([*TORRAZZO, "serve", "--home", str(home), "--port", "0"])
        try:
            pid = go_on(serve, home)
            assert recorders(home) == [pid]
            os.kill(pid, signal.SIGKILL)
            go_on(serve, home, pid)
        finally:
            serve.send_signal(signal.SIGTERM)
            assert serve.wait(PATIENCE_S) == 0
    ring = read_ring(OsDisk(), home / "keyring")
    assert ring is not None
    (home / "ring.json").write_bytes(ring_text(ring))  # handed over in the form that keys.md gives
    return home


def read(home: Path) -> Archive:
    return Archive(home / "ring.json", [home / "archive"])


def plaintext(archive: Archive, piece: SimpleNamespace) -> bytes:
    k = archive.k[piece.volume.id + piece.stream + piece.term]
    key = second_reader.segment_key(k, piece.stream, piece.term, piece.n)
    return second_reader.open_piece(key, piece.piece, bytes(piece.payload))[0]


@pytest.fixture
def copy(recorded: Path, tmp_path: Path) -> Path:
    shutil.copytree(recorded / "archive", tmp_path / "archive")
    shutil.copy(recorded / "ring.json", tmp_path / "ring.json")
    return tmp_path


def volumes(home: Path) -> tuple[Path, Path]:
    """The volume that was cut off by the kill, and the one that was closed in order."""
    cut, closed = sorted((home / "archive" / "volumes").glob("*.vol"))
    return cut, closed


def without_end(volume: Path) -> None:
    """Leave the records alone, as if the volume had been cut off before its summary."""
    data = volume.read_bytes()
    index, _, summary = second_reader.END.unpack(data[-32:])
    volume.write_bytes(data[: index - summary])


def append(volume: Path, kind: int, payload: bytes, more: bytes = b"", **fields: Any) -> bytes:
    """Put one more record at the end of the volume; returns its header."""
    offset, volume_id, c = volume.stat().st_size, volume.read_bytes()[8:24], hashlib.sha256(payload).digest()
    known = {"kind": kind, "header_length": 176 + len(more), "length": len(payload), "offset": offset, "c": c}
    of = dict.fromkeys(second_reader.FIELDS.split(), 0) | {"stream": b"", "term": b"", "h": b""} | known | fields
    head = b"TZR1" + second_reader.RECORD.pack(*of.values())[4:172]
    crc = int(google_crc32c.value(volume_id + head)).to_bytes(4)
    with volume.open("ab") as file:
        file.write(head + crc + more + payload)
    return head + crc + more


def flip(path: Path, at: int) -> None:
    """Change one bit."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def segments_of(archive: Archive) -> dict[tuple[str, str, int], tuple[SimpleNamespace, list[SimpleNamespace]]]:
    """The fact and the pieces of every segment."""
    found = {}
    for place, facts in archive.facts.items():
        for n, (fact,) in facts.items():
            if fact.said["kind"] == "seg":
                (pieces,) = archive.pieces[*place, n].values()
                found[*place, n] = fact, pieces[: fact.said["count"]]
    return found


def test_the_command_finds_no_problem(recorded: Path) -> None:
    """The reader's command says what was recorded, tells the restart apart, and ends with 0."""
    words = (recorded / "ring.json", recorded / "archive")
    command = (sys.executable, "-m", "tests.tools.second_account", *map(str, words))
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    lines = ran.stdout.splitlines()
    assert ran.returncode == 0, ran.stdout
    assert [line.split(": ")[0][16:] for line in lines if "/main: " in line] == ["/main"] * 2
    assert sum("gap restart=" in line for line in lines) == 2


def test_the_whole_time_is_accounted_for(recorded: Path) -> None:
    """Recorded time and the gap of the restart add up to the elapsed time, tick by tick."""
    archive = read(recorded)
    assert archive.problems == []
    assert len(archive.streams) == 2
    for stream in archive.streams.values():
        assert set(stream) == {"seg", "gap restart", "elapsed"}
        assert 15 * 90_000 < stream["elapsed"] == stream["seg"] + stream["gap restart"]


def test_segments_play(recorded: Path) -> None:
    """Each segment, decrypted and joined, decodes to as many pictures as its fact tells."""
    archive = read(recorded)
    segments = segments_of(archive)
    assert {stream for stream, _, _ in segments} == set(archive.streams)
    assert len(segments) >= 4
    for fact, pieces in segments.values():
        with av.open(io.BytesIO(b"".join(plaintext(archive, piece) for piece in pieces)), "r") as container:
            assert sum(1 for _ in container.decode(video=0)) == fact.said["frames"]


def test_reads_the_same_without_any_index(recorded: Path, copy: Path) -> None:
    """A scan comes to the same facts and pieces as the index and the side index."""
    cut, closed = volumes(copy)
    cut.with_suffix(".idx").unlink()
    without_end(closed)
    archive = read(copy)
    assert archive.problems == []
    assert archive.streams == read(recorded).streams


def test_skips_what_it_does_not_know(recorded: Path, copy: Path) -> None:
    """Records of an unknown kind, of an unknown stream, and with longer headers change nothing."""
    _, closed = volumes(copy)
    without_end(closed)
    append(closed, 99, b"from a later version")
    append(closed, 2, b"third stream", stream=bytes(range(1, 9)) + b"\x07\0\0\0")
    append(closed, 99, b"", more=bytes(24))
    archive = read(copy)
    assert archive.problems == []
    assert archive.streams == read(recorded).streams
    assert [r.kind for r in archive.volumes[closed.name]][-3:] == [99, 2, 99]


def test_what_stands_behind_the_known_header_may_differ_from_the_index(recorded: Path, copy: Path) -> None:
    """Bytes of a longer header that no checksum covers are no damage, in the record or in the index."""
    _, closed = volumes(copy)
    data, volume_id = closed.read_bytes(), closed.read_bytes()[8:24]
    index, count, _ = second_reader.END.unpack(data[-32:])
    closed.write_bytes(data[:index])
    headers = data[index + 176 : -32] + append(closed, 99, b"", more=bytes(24))[:-1] + b"\1"
    end = b"TZEND001" + struct.pack(">QQI", closed.stat().st_size, count + 1, 0)
    append(closed, second_reader.INDEX, headers)
    with closed.open("ab") as file:
        file.write(end + int(google_crc32c.value(volume_id + end)).to_bytes(4))
    archive = read(copy)
    assert archive.problems == []
    assert archive.notes == read(recorded).notes
    assert archive.volumes[closed.name][-1].kind == 99


def test_a_side_index_beside_a_closed_volume_is_ignored(recorded: Path, copy: Path) -> None:
    """The volume's own end says what is in it."""
    cut, closed = volumes(copy)
    shutil.copy(cut.with_suffix(".idx"), closed.with_suffix(".idx"))
    archive = read(copy)
    assert archive.problems == []
    assert archive.streams == read(recorded).streams


def test_a_crash_within_the_first_record_is_no_damage(copy: Path) -> None:
    """A header and a piece of a record are what a crash leaves; one that is another volume's is told."""
    cut, closed = volumes(copy)
    cut.with_suffix(".idx").unlink()
    cut.write_bytes(cut.read_bytes()[:200])
    archive = Archive(copy / "ring.json", [])
    archive.read_volume(cut)
    assert (archive.problems, len(archive.notes)) == ([], 1)
    cut.write_bytes(closed.read_bytes()[:64] + cut.read_bytes()[64:])
    archive.read_volume(cut)
    assert len(archive.problems) == 1


def test_what_was_never_synced_is_left_out(recorded: Path, copy: Path) -> None:
    """A fact whose pieces a crash tore is no breach and does not count; with later arrivals behind it is damage."""
    _, closed = volumes(copy)
    without_end(closed)
    last = last_fact(read(copy))
    pieces = read(copy).pieces[last.said["stream"], last.said["term"], last.n][closed.name]
    flip(closed, pieces[-1].offset + 176)
    archive, whole = read(copy), read(recorded)
    assert archive.problems == []
    assert len(archive.notes) == len(whole.notes) + 1
    lost = whole.streams[last.said["stream"]] - archive.streams[last.said["stream"]]
    assert lost == dict.fromkeys(("seg", "elapsed"), last.t1 - last.t0)
    append(closed, 4, b"{}", m1=pieces[-1].m1 + 20 * 10**9)
    archive = read(copy)
    assert [text.split(": ", 1)[1] for text in archive.problems] == [
        "the payload is not that of c",
        "its pieces were not found",
    ]
    assert archive.streams == whole.streams


def goes_on(volume: Path, last: SimpleNamespace, said: dict[str, Any], **fields: Any) -> None:
    """Append the fact that would come after this one, with some of it said otherwise."""
    of, t1 = last.said, last.said["t1"]
    fact = {"v": 1, "kind": "gap", "stream": of["stream"], "term": of["term"], "n": last.n + 1, "t0": t1}
    fact |= {"t1": t1 + 900, "m0": 1, "m1": 2, "why": "net", "of": None, "prev": last.hash, "by": "recorder"} | said
    line = json.dumps(fact, separators=(",", ":")).encode()
    header = {"stream": last.stream, "term": last.term} | {name: fact[name] for name in ("n", "t0", "t1")} | fields
    append(volume, 3, line, **header)


def last_fact(archive: Archive) -> SimpleNamespace:
    facts = [fact for of in archive.facts.values() for (fact,) in of.values()]
    return max(facts, key=lambda fact: (fact.t1, fact.n))


def test_of_two_chains_one_counts(recorded: Path, copy: Path) -> None:
    """Facts that a failed flush left behind count only when the term that follows names them, whenever it began."""
    cut, closed = volumes(copy)
    cut.with_suffix(".idx").unlink()
    without_end(closed)
    last, whole = last_fact(read(copy)), read(recorded).streams
    stream, term = last.said["stream"], last.said["term"]
    goes_on(cut, last, {"why": "ghost"}, m1=1 << 60)
    (ghost,) = read(copy).facts[stream, term][last.n + 1]
    goes_on(cut, ghost, {"why": "ghost"})
    goes_on(closed, last, {"why": "meteorite"})
    archive = read(copy)
    assert archive.problems == []
    assert archive.streams[stream] - whole[stream] == {"gap meteorite": 900, "elapsed": 900}
    node, fence, start = term.split("-")
    after = f"{node}-{int(fence) + 1}-{int(start) - 90_000 * 3600}"
    prior = {"term": term, "n": ghost.n, "hash": ghost.hash}
    t0 = ghost.t1
    said = {"kind": "term", "term": after, "n": 0, "t0": t0, "t1": t0, "prior": prior}
    goes_on(closed, ghost, said, term=packed({"stream": stream, "term": after})[1])
    archive = read(copy)
    assert archive.problems == []
    assert archive.streams[stream] - whole[stream] == {"gap ghost": 900, "elapsed": 900}


@pytest.mark.parametrize(("prior", "told"), [({"lost": ""}, "notes"), (None, "problems")])
def test_the_accounting_begins_anew_behind_a_lost_term(
    recorded: Path, copy: Path, prior: dict[str, str] | None, told: str
) -> None:
    """What lies between is not accounted for, and told; a term that denies the one before is a breach."""
    _, closed = volumes(copy)
    without_end(closed)
    last = last_fact(read(copy))
    stream, (node, fence, start) = last.said["stream"], last.said["term"].split("-")
    after, t0 = f"{node}-{int(fence) + 1}-{start}", last.t1 + 90_000
    said = {"kind": "term", "term": after, "n": 0, "t0": t0, "t1": t0, "prior": prior}
    goes_on(closed, last, said, term=packed({"stream": stream, "term": after})[1])
    archive, whole = read(copy), read(recorded)
    assert len(getattr(archive, told)) > len(getattr(whole, told))
    assert bool(archive.problems) == (told == "problems")
    if told == "notes":
        assert archive.streams == whole.streams


def test_an_open_gap_is_closed_by_what_follows(copy: Path) -> None:
    """At the end of a stream one may be open; the next fact closes it, or is told."""
    _, closed = volumes(copy)
    without_end(closed)
    last = last_fact(read(copy))
    stream, term = last.said["stream"], last.said["term"]
    goes_on(closed, last, {"t1": None, "m1": None}, t1=last.t1)
    archive = read(copy)
    assert archive.problems == []
    (opened,) = archive.facts[stream, term][last.n + 1]
    opened.said["t1"] = last.t1
    data = closed.read_bytes()
    goes_on(closed, opened, {"of": opened.n})
    assert read(copy).problems == []
    closed.write_bytes(data)
    goes_on(closed, opened, {})
    assert ["open is" in text for text in read(copy).problems] == [True]


def test_accepts_causes_kinds_and_keys_it_does_not_know(recorded: Path, copy: Path) -> None:
    """A gap of an unknown cause is accounted for under its name; an unknown kind of fact takes a number and no time."""
    _, closed = volumes(copy)
    without_end(closed)
    last = last_fact(read(copy))
    stream, term = last.said["stream"], last.said["term"]
    goes_on(closed, last, {"kind": "eclipse", "t0": 5, "t1": last.t1, "seen": True})
    (eclipse,) = read(copy).facts[stream, term][last.n + 1]
    goes_on(closed, eclipse, {"why": "meteorite"})
    archive = read(copy)
    assert archive.problems == []
    assert archive.streams[stream] - read(recorded).streams[stream] == {"gap meteorite": 900, "elapsed": 900}


@pytest.mark.parametrize(
    ("said", "header", "told"),
    [
        ({"v": 2}, {}, "ValueError"),
        ({"prev": "A" * 43 + "="}, {}, "not what the next fact follows"),
        ({"n": 99}, {}, "numbers are missing"),
        ({"t0": 900}, {}, "the t1 before is"),
        ({"t1": 900}, {}, "ends before it begins"),
        ({"of": 1}, {}, "open is None"),
        ({"kind": "term", "prior": None}, {}, "ValueError"),
        ({"kind": "seg"}, {}, "ValueError"),
        ({}, {"t1": 900}, "ValueError"),
        ({"kind": "seg"} | dict.fromkeys(("media", "frames", "lost", "len", "count", "h", "c"), 0), {}, "not found"),
    ],
)
def test_a_fact_that_does_not_fit_is_found(copy: Path, said: dict[str, Any], header: dict[str, Any], told: str) -> None:
    """A fact that breaks its chain, its time line or its form is told, with its volume and offset."""
    _, closed = volumes(copy)
    without_end(closed)
    last, at = last_fact(read(copy)), closed.stat().st_size
    goes_on(closed, last, said, **header)
    found = read(copy).problems
    places = (last.said["stream"], f"{closed.name} {at}:", f"{closed.name} {last.offset}:")
    assert any(told in text and text.startswith(places) for text in found), found


def test_records_are_as_written_down(recorded: Path) -> None:
    """What a reader can do without is as the documents say, too."""
    archive = read(recorded)
    segments = segments_of(archive)
    closed = volumes(recorded)[1].name
    assert {place for place, of in archive.pieces.items() if closed in of} <= set(segments)
    orders = {
        "term": "v kind stream term n t0 t1 m0 m1 boot sw prior by",
        "seg": "v kind stream term n t0 t1 m0 m1 media frames lost len count h c key prev q by",
        "gap": "v kind stream term n t0 t1 m0 m1 why of prev by",
    }
    for (fact,) in (facts for of in archive.facts.values() for facts in of.values()):
        assert bytes(fact.payload) == json.dumps(fact.said, separators=(",", ":")).encode()
        assert list(fact.said) == orders[fact.said["kind"]].split()
    for _, (init, *fragments) in segments.values():
        first = fragments[0]
        assert (init.t0, init.t1, init.m0, init.m1) == (first.t0, first.t0, first.m0, first.m0)
        assert (init.flags, init.frames, init.media, init.lost, first.flags) == (2, 0, 0, 0, 1)
        start = 0
        for piece in fragments:  # the table of segment.md
            plain = plaintext(archive, piece)
            samples = [struct.unpack_from(">III", plain, 88 + 16 * i) for i in range(piece.frames)]
            head = struct.unpack_from(">I4s52xQ8xI I", plain)
            assert head == (88 + 16 * piece.frames, b"moof", start, 0x01000F01, piece.frames)
            assert len(plain) == 96 + 16 * piece.frames + sum(size for _, size, _ in samples)
            assert {flags for _, _, flags in samples} <= {0x2000000, 0x1010000}
            assert sum(duration for duration, _, _ in samples) == piece.media
            start += piece.media


def test_summaries_repeat_the_records(recorded: Path) -> None:
    """The summary of a volume, and that of a side index, is that of the pieces and facts that count."""
    archive, (cut, closed) = read(recorded), volumes(recorded)
    for path, name in ((cut.with_suffix(".idx"), cut.name), (closed, closed.name)):
        of, rows = archive.volumes[name], b""
        for place in sorted({r.stream + r.term for r in of if r.kind in {2, 3}}):
            mine = [r for r in of if r.kind in {2, 3} and r.stream + r.term == place]
            n, at = max(((r.n, r.offset) for r in mine if r.kind == 3), default=(0, 0))
            rows += place + struct.pack(">QQQQ", n, at, min(r.t0 for r in mine), max(r.t1 for r in mine))
        file = of[0].volume._replace(data=path.read_bytes())
        assert [bytes(r.payload) for r in file.scan() if r.kind == second_reader.SUMMARY] == [rows]


@pytest.mark.parametrize("place", ["header", "record", "payload", "index", "end", "side", "cut"])
def test_a_flipped_byte_is_found(copy: Path, place: str) -> None:
    """One changed byte is a problem, wherever it is, and what it does not touch is still read."""
    cut, closed = volumes(copy)
    whole = read(copy)
    piece = next(r for r in whole.volumes[closed.name] if r.kind == second_reader.PIECE and r.piece == 1)
    last = next(r for r in reversed(whole.volumes[cut.name]) if r.kind == second_reader.PIECE)
    size = closed.stat().st_size
    path, at = {
        "header": (closed, 20),
        "record": (closed, piece.offset + 64),
        "payload": (closed, piece.offset + 176 + 100),
        "index": (closed, size - 32 - 200),
        "end": (closed, size - 10),
        "side": (cut.with_suffix(".idx"), cut.with_suffix(".idx").stat().st_size - 100),
        "cut": (cut, last.offset + 176),
    }[place]
    flip(path, at)
    archive = read(copy)
    assert archive.problems
    assert archive.streams == whole.streams


def vectors(name: str) -> Any:
    return json.loads((REPOSITORY / "vectors" / f"{name}.json").read_text())


def packed(place: dict[str, Any]) -> tuple[bytes, bytes]:
    camera, name = place["stream"].split("/")
    stream = bytes.fromhex(camera) + bytes([("main", "sub").index(name), 0, 0, 0])
    node, fence, start = place["term"].split("-")
    return stream, bytes.fromhex(node) + int(fence).to_bytes(4) + int(start).to_bytes(8)


def test_keys_are_those_of_the_vectors() -> None:
    """CRC, HKDF and the chain from K to a piece's salt give the published values."""
    assert google_crc32c.value(b"123456789") == 0xE3069283
    for case in vectors("hkdf-expand-sha512")["cases"]:
        okm = second_reader.expand(bytes.fromhex(case["prk"]), bytes.fromhex(case["info"]), case["length"])
        assert okm.hex() == case["okm"]
    for case in vectors("keys")["chain"]:
        key = second_reader.segment_key(bytes.fromhex(case["k"]), *packed(case), int(case["n"]))
        pair = second_reader.expand(key, b"torrazzo.piece.v1\0" + case["index"].to_bytes(4), 64)
        assert (key.hex(), pair.hex()) == (case["segment_key"], case["fragment_key"] + case["salt"])


def test_messages_are_those_of_the_vectors() -> None:
    """Every message of the vectors opens to its plaintext, or is refused where it must be."""
    for case in vectors("cobblestone-256")["cases"]:
        key, message = bytes.fromhex(case["key"]), zlib.decompress(base64.b64decode(case["message_zlib"]))
        if case["opens"]:
            plain = second_reader.open_message(key, message, bytes.fromhex(case["context"]))
            assert hashlib.sha512(plain).hexdigest() == case["plain_sha512"]
        else:
            with pytest.raises(REFUSED):
                second_reader.open_message(key, message, bytes.fromhex(case["context"]))
    pieces = vectors("keys")["pieces"]
    key, messages = bytes.fromhex(pieces["segment_key"]), dict[int, bytes]()
    for case in pieces["valid"]:
        if "message" in case:
            messages[case["index"]] = base64.b64decode(case["message"])
            plain, h = second_reader.open_piece(key, case["index"], messages[case["index"]])
            assert (h.hex(), plain) == (case["h"], bytes(i % 251 for i in range(case["plain_length"])))
    for case in pieces["hostile"]:
        message = base64.b64decode(case["message"]) if "message" in case else messages[case["of"]][: case["keep"]]
        with pytest.raises(REFUSED):
            second_reader.open_piece(key, case["index"], message)


def test_sealed_keys_are_those_of_the_vectors() -> None:
    """A sealed K opens in its own place, and in no other."""
    sealed = vectors("keys")["sealed_keys"]
    ring = {name: base64.b64encode(bytes.fromhex(sealed[name])).decode() for name in ("seed", "x25519")}
    for case in sealed["valid"] + sealed["hostile"]:
        named = second_reader.id_of_name(f"{case['hour']}-{case['class']}-00000000-00000000-00000000-00000000.vol")
        assert named is not None
        place = b"".join(packed(case)) + named[1].to_bytes(4) + named[2]
        message = base64.b64decode(case["sealed"])
        if case in sealed["hostile"]:
            with pytest.raises(REFUSED):
                second_reader.open_k(ring, message, place)
        else:
            assert second_reader.open_k(ring, message, place).hex() == case["k"]


def volume_vectors() -> list[Any]:
    of = vectors("volume")
    groups = ("hostile", "unattributable", "never_begun")
    cases = [of["closed"] | {"name": "closed"}, of["cut_off"] | {"name": "cut off"}]
    return cases + [case | {"group": group} for group in groups for case in of[group]]


@pytest.mark.parametrize("case", volume_vectors(), ids=lambda case: case["name"])
def test_volumes_are_those_of_the_vectors(case: dict[str, Any], tmp_path: Path) -> None:
    """Of every volume of the vectors the same records count, and what is damaged is told."""
    path, ring = tmp_path / case["file"], tmp_path / "ring.json"
    ring.write_text('{"v":1,"keys":{}}')
    path.write_bytes(base64.b64decode(case["data"]))
    if "side" in case:
        path.with_suffix(".idx").write_bytes(base64.b64decode(case["side"]))
    archive = Archive(ring, [])
    archive.read_volume(path)
    assert [r.offset for records in archive.volumes.values() for r in records] == [
        r if isinstance(r, int) else r["offset"] for r in case.get("records", [])
    ]
    group = case.get("group")
    without_index = group == "hostile" and case["file"] == vectors("volume")["cut_off"]["file"]
    torn = without_index and "side" not in case  # its records arrived within ten seconds
    assert bool(archive.problems) == (group in {"hostile", "unattributable"} and not torn)
    assert len(archive.notes) == (torn or group == "never_begun")
