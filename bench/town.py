# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town made for measuring: cameras registered in one go, its archive read back after decryption."""

import hashlib
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.machine import Group
from tests.tools.ring_keys import RingKeys
from torrazzo.app import system_parts
from torrazzo.archive import VolumeReader
from torrazzo.archive.fact import Fact, parse_fact
from torrazzo.archive.record import INIT, Kind, RecordHeader
from torrazzo.archive.root import open_root, volume_names
from torrazzo.base import StreamId
from torrazzo.cli.init import make_town
from torrazzo.seal import open_piece
from torrazzo.segment.parse import parse_fragment
from torrazzo.town.ask import ask
from torrazzo.town.camera import StreamConfig, new_camera_id
from torrazzo.town.home import Home, load_settings
from torrazzo.town.office import Office, new_camera


def make(path: Path, urls: Sequence[str], roots: Sequence[Path] = ()) -> tuple[Home, list[StreamId]]:
    """Found a town with these cameras."""
    make_town(path, "Bench", "Europe/Rome", tuple(roots))
    home, disk, clock = system_parts(path)
    streams = []
    with Office(home, disk, clock) as office:
        for index, url in enumerate(urls):
            camera = new_camera_id()
            stream = StreamId(camera, "main")
            office.add(new_camera(camera, f"Camera {index}", [StreamConfig(stream, url)], synthetic=True))
            streams.append(stream)
    return home, streams


def serve(
    group: Group, home: Home, cpus: Sequence[int] = (), log: Path | None = None, under: Sequence[str | Path] = ()
) -> None:
    """Start `torrazzo serve` in the group; `under` is what the command line begins with."""
    out = (log or home.path / "serve.log").open("wb")
    command = [*under, sys.executable, "-m", "torrazzo", "serve", "--home", home.path, "--port", "0"]
    group.start(command, cpus, stderr=out)


def status(home: Home) -> dict[str, Any]:
    """What the recorder says; empty while it does not answer."""
    try:
        code, answer = ask(home.recorder_socket, "GET", "/status", timeout=5)
    except Exception:  # noqa: BLE001 - not up yet
        return {}
    return answer if code == 200 and isinstance(answer, dict) else {}


def until_recording(home: Home, count: int, patience_s: float = 120) -> None:
    """Wait until so many streams record."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        streams = status(home).get("streams", {}).values()
        if sum(stream["state"] == "recording" for stream in streams) == count:
            return
        time.sleep(0.2)
    raise SystemExit(f"not all of {count} streams record after {patience_s} s")


def records(home: Home) -> Iterator[tuple[VolumeReader, RecordHeader]]:
    """Every record of the archive."""
    _, disk, _ = system_parts(home.path)
    for path in load_settings(home).roots:
        root = open_root(disk, path)
        for name in volume_names(disk, root):
            with VolumeReader.open(disk, root.volumes / name) as reader:
                for record in reader.records():
                    yield reader, record


def facts(home: Home) -> dict[StreamId, list[Fact]]:
    """All facts by stream, in order."""
    found: dict[StreamId, list[Fact]] = {}
    for reader, record in records(home):
        if record.kind == Kind.FACT:
            fact = parse_fact(reader.payload(record))
            found.setdefault(fact.stream, []).append(fact)
    for each in found.values():
        each.sort(key=lambda fact: (fact.term.start, fact.term.fence, fact.n))
    return found


def frames(home: Home, stream: StreamId) -> Iterator[list[str]]:
    """SHA-256 of each NAL unit of each recorded frame, in order, after decryption."""
    for _, _, plain in fragments(home, stream):
        yield from frames_in(plain)


def fragments(home: Home, stream: StreamId) -> Iterator[tuple[Path, RecordHeader, bytes]]:
    """Volume, record and plaintext of each recorded fragment, in order."""
    client = RingKeys(home.path)
    keys: dict[tuple[object, int], bytes] = {}
    sealed: dict[object, bytes] = {}
    for reader, record in records(home):
        if record.stream != stream or record.term is None:
            continue
        if record.kind == Kind.KEY:
            sealed[record.term] = reader.payload(record)
        elif record.kind == Kind.PIECE:
            name = (record.term, record.n)
            if name not in keys:
                header = reader.header
                keys.update(
                    ((record.term, n), key)
                    for n, key in client.segment_keys(
                        stream, record.term, header.hour, header.retention_class, sealed[record.term], [record.n]
                    ).items()
                )
            plain = open_piece(keys[name], record.piece, reader.payload(record))
            if not record.flags & INIT:
                yield reader.path, record, plain


def frames_in(plain: bytes) -> Iterator[list[str]]:
    """SHA-256 of each NAL unit of each frame of a fragment."""
    for sample in parse_fragment(plain):
        data = plain[sample.offset : sample.offset + sample.size]
        yield [hashlib.sha256(nal).hexdigest() for nal in nals(data)]


def nals(data: bytes) -> Iterator[bytes]:
    """Split by 4-byte lengths."""
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4])
        yield data[at + 4 : at + 4 + size]
        at += 4 + size


def sent(log: Path, mount: str) -> list[dict[str, Any]]:
    """What the server says it put into the payloader of a mount."""
    lines = (json.loads(line) for line in log.read_text().splitlines() if f'"{mount}"' in line)
    return [line for line in lines if line.get("mount") == mount and "serial" in line]
