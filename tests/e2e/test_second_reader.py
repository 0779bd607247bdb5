# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""An archive made by the product's commands, read by a reader that was written from docs/3-formats alone."""

import base64
import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import av
import pytest

from tests.tools import second_reader
from tests.tools.second_reader import Archive, BadError
from torrazzo.testing import SmallTown

REPOSITORY = Path(__file__).parents[2]
TORRAZZO = (sys.executable, "-m", "torrazzo")


def recorders(home: Path) -> list[int]:
    """The processes whose command line is that of this home's recorder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = entry.read_bytes().split(b"\0")
            if b"recorder" in words and os.fsencode(home) in words:
                found.append(int(entry.parent.name))
    return found


def go_on(serve: subprocess.Popen[bytes], seconds: float) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        serve.wait(seconds)
    assert serve.returncode is None, "serve ended by itself"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with 25 s of two cameras, in which the recorder was killed once and everything then stopped in order."""
    home = tmp_path_factory.mktemp("second") / "town"
    subprocess.run([*TORRAZZO, "init", "--home", str(home)], check=True)
    with SmallTown.of_streets(2) as town:
        for i, url in enumerate(town.urls):
            subprocess.run([*TORRAZZO, "camera", "add", f"Street {i}", url, "--home", str(home)], check=True)
        serve = subprocess.Popen([*TORRAZZO, "serve", "--home", str(home), "--port", "0"])
        try:
            go_on(serve, 12)
            (pid,) = recorders(home)
            os.kill(pid, signal.SIGKILL)
            go_on(serve, 12)
        finally:
            serve.send_signal(signal.SIGTERM)
            assert serve.wait(15) == 0
    return home


def read(home: Path, write: Path | None = None) -> Archive:
    return Archive(home / "keyring" / "ring.json", [home / "archive"], write)


def problems(archive: Archive) -> list[str]:
    return list(archive.problems)


@pytest.fixture
def copy(recorded: Path, tmp_path: Path) -> Path:
    shutil.copytree(recorded / "archive", tmp_path / "archive")
    shutil.copytree(recorded / "keyring", tmp_path / "keyring")
    return tmp_path


def volumes(home: Path) -> tuple[Path, Path]:
    """The volume that was cut off by the kill, and the one that was closed in order."""
    cut, closed = sorted((home / "archive" / "volumes").glob("*.vol"))
    return cut, closed


def without_end(volume: Path) -> None:
    """Leave the records alone, as if the volume had been cut off before its summary."""
    data = volume.read_bytes()
    _, index, _, summary, _ = second_reader.END.unpack(data[-32:])
    volume.write_bytes(data[: index - summary])


def record(volume: Path, kind: int, stream: bytes, payload: bytes, more: bytes = b"") -> bytes:
    """The record that would stand at the end of the volume."""
    offset, volume_id = volume.stat().st_size, volume.read_bytes()[8:24]
    fields: list[Any] = [b"TZR1", kind, 0, 176 + len(more), len(payload), offset, stream, bytes(16), *[0] * 9]
    head = second_reader.RECORD.pack(*fields, bytes(32), hashlib.sha256(payload).digest(), 0, 0)[:172]
    return head + second_reader.crc32c(volume_id + head).to_bytes(4) + more + payload


def test_the_command_finds_no_problem(recorded: Path) -> None:
    """The reader's command says what was recorded, tells the restart apart, and ends with 0."""
    script, ring, root = "tests/tools/second_reader.py", recorded / "keyring/ring.json", recorded / "archive"
    ran = subprocess.run(
        [sys.executable, script, str(ring), str(root)], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    lines = ran.stdout.splitlines()
    assert ran.returncode == 0, ran.stdout
    assert [line.split(": ")[0][16:] for line in lines if "/main: " in line] == ["/main"] * 2
    assert sum("restart=" in line for line in lines) == 2


def test_the_whole_time_is_accounted_for(recorded: Path) -> None:
    """Recorded time and the gap of the restart add up to the elapsed time, tick by tick."""
    archive = read(recorded)
    assert problems(archive) == []
    assert len(archive.streams) == 2
    for stream in archive.streams.values():
        assert set(stream.gaps) == {"restart"}
        assert stream.segments >= 2
        assert 15 * 90_000 < stream.elapsed == stream.recorded + stream.gaps["restart"]


def test_written_segments_play(recorded: Path, tmp_path: Path) -> None:
    """Each segment, decrypted and joined, decodes to as many pictures as its fact tells."""
    archive = read(recorded, tmp_path)
    facts = [f.said for of in archive.told.values() for f in of.values() if f.said["kind"] == "seg"]
    frames = {f"{f['stream']}-{f['term']}-{f['n']}.mp4".replace("/", "-"): f["frames"] for f in facts}
    assert {path.name for path in tmp_path.iterdir()} == set(frames)
    for name, count in frames.items():
        with av.open(tmp_path / name) as container:
            assert sum(1 for _ in container.decode(video=0)) == count


def test_reads_the_same_without_any_index(recorded: Path, copy: Path) -> None:
    """A scan comes to the same facts and pieces as the index and the side index."""
    cut, closed = volumes(copy)
    cut.with_suffix(".idx").unlink()
    without_end(closed)
    archive = read(copy)
    assert problems(archive) == []
    assert archive.streams == read(recorded).streams


def test_skips_what_it_does_not_know(recorded: Path, copy: Path) -> None:
    """Records of an unknown kind, of an unknown stream, and with longer headers change nothing."""
    _, closed = volumes(copy)
    without_end(closed)
    for extra in (
        (99, bytes(12), b"from a later version"),
        (2, bytes(range(1, 9)) + b"\x07\0\0\0", b"third stream"),
        (99, bytes(12), b"", bytes(24)),
    ):
        with closed.open("ab") as file:
            file.write(record(closed, *extra))
    archive = read(copy)
    assert problems(archive) == []
    assert archive.streams == read(recorded).streams
    assert [r.kind for r in archive.volumes[1].records][-3:] == [99, 2, 99]


@pytest.mark.parametrize("place", ["header", "record", "payload", "index", "end", "side", "cut"])
def test_a_flipped_byte_is_found(copy: Path, place: str) -> None:
    """One changed byte is a problem, wherever it is, and what it does not touch is still read."""
    cut, closed = volumes(copy)
    whole = read(copy)
    piece = next(r for r in whole.volumes[1].records if r.kind == second_reader.PIECE and r.piece == 1)
    last = next(r for r in reversed(whole.volumes[0].records) if r.kind == second_reader.PIECE)
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
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    archive = read(copy)
    assert problems(archive)
    assert [s.elapsed for s in archive.streams.values()] == [s.elapsed for s in whole.streams.values()]


def vectors(name: str) -> Any:
    return json.loads((REPOSITORY / "vectors" / f"{name}.json").read_text())


def packed(place: dict[str, Any]) -> tuple[bytes, bytes]:
    camera, name = place["stream"].split("/")
    stream = bytes.fromhex(camera) + bytes([("main", "sub").index(name), 0, 0, 0])
    return stream, second_reader.packed_term(place["term"])


def test_keys_are_those_of_the_vectors() -> None:
    """CRC, HKDF and the chain from K to a piece's salt give the published values."""
    assert second_reader.crc32c(b"123456789") == 0xE3069283
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
            with pytest.raises(BadError):
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
        with pytest.raises(BadError):
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
            with pytest.raises(BadError):
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
    found = [r for volume in archive.volumes for r in volume.records]
    assert [r.offset for r in found if r.kind != second_reader.INDEX] == [
        r if isinstance(r, int) else r["offset"] for r in case.get("records", [])
    ]
    torn = case["name"].startswith("cut off within")
    damaged = case.get("group") in {"hostile", "unattributable"} and not torn
    assert bool(archive.problems) == damaged
    assert not torn or len(archive.notes) == 2
