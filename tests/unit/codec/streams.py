# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""From NAL units to access units, to MP4, and to pictures: what the tests of codec/ and segment/ share."""

import io
import json
import struct
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import av

from torrazzo.camera.codec import Assembler
from torrazzo.camera.units import AccessUnit
from torrazzo.segment.fmp4 import fragment, init_segment
from torrazzo.testing.clips import Clip

A_FRAME = 3600


class Moment(NamedTuple):
    """NAL units of one presentation time."""

    pts: int
    nals: Sequence[bytes]


def avcc(nals: Iterable[bytes]) -> tuple[bytes, list[tuple[int, int]]]:
    """NAL units behind their lengths, and where each lies."""
    data, places = bytearray(), []
    for nal in nals:
        data += struct.pack(">I", len(nal))
        places.append((len(data), len(nal)))
        data += nal
    return bytes(data), places


def split_avcc(data: bytes) -> list[bytes]:
    """The inverse of `avcc`."""
    found, at = [], 0
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    assert at == len(data)
    return found


def push(assembler: Assembler, moment: Moment, *, discontinuity: bool = False, arrived_ns: int = 0) -> list[AccessUnit]:
    """One moment into an assembler."""
    data, places = avcc(moment.nals)
    return assembler.push(data, places, moment.pts, 0, arrived_ns, discontinuity=discontinuity)


def assemble(codec: str, moments: Iterable[Moment], announced: Iterable[bytes] = ()) -> list[AccessUnit]:
    """All of a stream's units."""
    assembler = Assembler(codec, announced)
    return [unit for moment in moments for unit in push(assembler, moment)]


def moments_of(clip: Clip, begin: int = 0) -> list[Moment]:
    """A clip as its camera sends it."""
    return [Moment(begin + unit.pts, unit.nals) for unit in clip.units]


def mp4_files(units: Sequence[AccessUnit], a_fragment: int = 25) -> Iterator[bytes]:
    """A file per format: the init, then fragments of so many frames."""
    for _, run in groupby(units, key=lambda unit: id(unit.format)):
        yield mp4_of(list(run), a_fragment)


def mp4_of(units: Sequence[AccessUnit], a_fragment: int = 25) -> bytes:
    """One segment."""
    parts = [init_segment(units[0].format)]
    first = units[0].dts
    for number, at in enumerate(range(0, len(units), a_fragment), 1):
        samples = units[at : at + a_fragment]
        end = units[at + a_fragment].dts if at + a_fragment < len(units) else units[-1].dts + A_FRAME
        parts += fragment(number, samples[0].dts - first, samples, end)
    return b"".join(parts)


def decoded_pts(data: bytes) -> list[int]:
    """Presentation times of all pictures that decode, in order; a damaged picture counts as none."""
    with av.open(io.BytesIO(data), "r") as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        return [frame.pts for frame in container.decode(stream) if frame.pts is not None and not frame.is_corrupt]


def probed(data: bytes, folder: Path) -> list[dict[str, Any]]:
    """The packets that ffprobe finds; it must find nothing to complain of."""
    path = folder / "probed.mp4"
    path.write_bytes(data)
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-print_format", "json", "-show_packets", "-show_streams", str(path)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    found: list[dict[str, Any]] = json.loads(done.stdout)["packets"]
    return found
