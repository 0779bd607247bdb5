# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Short encoded videos that a FakeCamera loops: made once, then kept in a cache."""

import hashlib
import json
import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av

from torrazzo.base.errors import Damaged, Invalid
from torrazzo.base.times import SECOND
from torrazzo.durable import OsDisk
from torrazzo.testing.cavlc import moved
from torrazzo.testing.picture import Label, draw
from torrazzo.testing.scene import draw_scene

_MAKER = 1  # grows when the same spec gives other bytes
_MAGIC = b"TZCLIP01"
_SEI_ID = b"torrazzo-picture"
_HEVC_PARAMETER_SETS = (32, 33, 34)
_AVC_PARAMETER_SETS = (7, 8)
CLOCK_ROWS = 32  # above a scene


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipSpec:
    """What to encode. Equal specs give one cached clip."""

    codec: str = "h264"  # or h265
    width: int = 640
    height: int = 360
    fps: str = "25"  # also 25/2
    frames: int = 100  # the clip is looped
    gop: int = 50
    b_frames: int = 0
    open_gop: bool = False  # H.264: recovery points instead of IDR; H.265: CRA with RASL pictures
    intra_refresh: bool = False  # H.264 only: no key frame but the clip's first
    slices: int = 1
    bitrate: int = 400_000
    noise: float = 0.0  # part of the picture that no encoder can foresee: needed to reach a high bit rate
    tag: int = 0  # shown in each picture's second strip
    sei: bool = True  # an SEI NAL unit of ours, with the picture's number, before each picture
    clock: bool = False  # a scene instead of numbers, with room above for a clock_face.py that makes it whole
    quantiser: int = 0  # of such a scene, instead of a bit rate: what stands still is sharp, and costs nothing

    @property
    def interval(self) -> int:
        """Ticks from one picture to the next."""
        ticks = SECOND / Fraction(self.fps)
        if ticks.denominator != 1:
            raise Invalid(f"{self.fps} pictures a second is no whole number of ticks; choose one that divides {SECOND}")
        return ticks.numerator


class ClipUnit(NamedTuple):
    """One encoded picture. Ticks count from the clip's first presented picture; dts may be below 0."""

    pts: int
    dts: int
    is_key: bool  # decoding may begin here: parameter sets are among the NAL units
    nals: tuple[bytes, ...]
    number: int  # as burned in


@dataclass(frozen=True, slots=True)
class Clip:
    """Encoded pictures in order of decoding."""

    codec: str
    width: int
    height: int
    interval: int
    period: int  # ticks after which it starts again
    units: tuple[ClipUnit, ...]

    @property
    def parameter_sets(self) -> tuple[bytes, ...]:
        """Of the first picture, in order (VPS,) SPS, PPS."""
        return tuple(nal for nal in self.units[0].nals if is_parameter_set(self.codec, nal))

    @property
    def size_bytes(self) -> int:
        """All NAL units together."""
        return sum(len(nal) for unit in self.units for nal in unit.nals)


def make_clip(spec: ClipSpec, folder: Path | None = None) -> Clip:
    """The clip of `spec`, from the cache in `folder` (default: `cache_folder()`) or encoded now (5 ms a picture)."""
    path = _clip_path(spec, folder)
    try:
        return unpack_clip(path.read_bytes())
    except (FileNotFoundError, Damaged):
        clip = encode(spec)
    OsDisk().make_folder(path.parent)
    OsDisk().publish(path, pack_clip(clip), 0o644)
    return clip


def has_clip(spec: ClipSpec, folder: Path | None = None) -> bool:
    """Whether `make_clip` would find it in the cache."""
    return _clip_path(spec, folder).exists()


def _clip_path(spec: ClipSpec, folder: Path | None) -> Path:
    name = hashlib.sha256(json.dumps([_MAKER, asdict(spec)], sort_keys=True).encode()).hexdigest()[:24]
    return (folder or cache_folder()) / f"{name}.clip"


def cache_folder() -> Path:
    """Where clips are kept: TORRAZZO_CLIPS, else under the user's cache folder."""
    if given := os.environ.get("TORRAZZO_CLIPS"):
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "torrazzo" / "clips"


def join(first: Clip, *others: Clip) -> Clip:
    """One clip after the other: a camera whose picture changes. All of one codec."""
    units, period = list(first.units), first.period
    for other in others:
        if other.codec != first.codec:
            raise Invalid(f"cannot join {first.codec} and {other.codec}")
        units += [unit._replace(pts=unit.pts + period, dts=unit.dts + period) for unit in other.units]
        period += other.period
    return replace(first, units=tuple(units), period=period)


def encode(spec: ClipSpec) -> Clip:
    """Encode without looking at the cache."""
    if spec.clock:
        return _encode_scene(spec)
    context = av.CodecContext.create("libx265" if spec.codec == "h265" else "libx264", "w")
    context.width, context.height, context.pix_fmt = spec.width, spec.height, "yuv420p"
    context.time_base, context.framerate = Fraction(1, SECOND), Fraction(spec.fps)
    context.bit_rate, context.thread_count = spec.bitrate, 1
    context.options = _x265_options(spec) if spec.codec == "h265" else _x264_options(spec)
    units: list[ClipUnit] = []
    for number in range(spec.frames):
        units += _units(spec, context.encode(_picture(spec, number)))
    units += _units(spec, context.encode(None))
    return Clip(spec.codec, spec.width, spec.height, spec.interval, spec.frames * spec.interval, tuple(units))


def _encode_scene(spec: ClipSpec) -> Clip:
    """The scene alone, under the parameter sets of a picture that has room for the clock."""
    scene = replace(spec, clock=False, height=spec.height - CLOCK_ROWS)
    context, whole = _scene_context(scene), _scene_context(replace(spec, frames=1))
    units: list[ClipUnit] = []
    for number in range(spec.frames):
        units += _units(scene, context.encode(_scene_picture(scene, number)))
    units += _units(scene, context.encode(None))
    packets = [*whole.encode(_scene_picture(spec, 0)), *whole.encode(None)]
    sets = [nal for nal in split_annex_b(bytes(packets[0])) if is_parameter_set("h264", nal)]
    above = CLOCK_ROWS // 16 * (spec.width // 16)
    units = [unit._replace(nals=(*(sets if unit.is_key else ()), moved(unit.nals[-1], above))) for unit in units]
    return Clip("h264", spec.width, spec.height, spec.interval, spec.frames * spec.interval, tuple(units))


def _scene_context(spec: ClipSpec) -> "av.VideoCodecContext":
    context = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = spec.width, spec.height, "yuv420p"
    context.time_base, context.framerate = Fraction(1, SECOND), Fraction(spec.fps)
    context.thread_count, options = 1, _x264_options(spec)
    plain = "cabac=0:8x8dct=0:weightp=0:ref=1:no-deblock=1:mbtree=0"  # what a clock's slices can stand beside
    if spec.quantiser:
        plain += f":qp={spec.quantiser}:ipratio=2.5:aq-mode=0:no-psy=1"
    else:
        context.bit_rate = spec.bitrate
    context.options = {**options, "x264-params": f"{options['x264-params']}:{plain}"}
    return context


def _scene_picture(spec: ClipSpec, number: int) -> av.VideoFrame:
    return _frame(spec, number, draw_scene(spec.width, spec.height, spec.tag, number / spec.frames))


def _picture(spec: ClipSpec, number: int) -> av.VideoFrame:
    return _frame(spec, number, draw(spec.width, spec.height, Label(number, spec.tag), spec.noise))


def _frame(spec: ClipSpec, number: int, planes: Sequence[bytes]) -> av.VideoFrame:
    frame = av.VideoFrame(spec.width, spec.height, "yuv420p")
    for plane, pixels in zip(frame.planes, planes, strict=True):
        width = plane.width
        rest = bytes(plane.line_size - width)
        rows = (pixels[at : at + width] for at in range(0, len(pixels), width))
        plane.update(pixels if not rest else b"".join(row + rest for row in rows))
    frame.pts, frame.time_base = number * spec.interval, Fraction(1, SECOND)
    return frame


def _x264_options(spec: ClipSpec) -> dict[str, str]:
    params = {
        "keyint": spec.gop,
        "min-keyint": max(1, spec.gop // 2 + 1),
        "scenecut": 0,
        "bframes": spec.b_frames,
        "b-adapt": 0,
        "open-gop": int(spec.open_gop),
        "intra-refresh": int(spec.intra_refresh),
        "slices": spec.slices,
        "threads": 1,
        "rc-lookahead": 0,
        "sync-lookahead": 0,
    }
    return {"preset": "veryfast", "x264-params": ":".join(f"{key}={value}" for key, value in params.items())}


def _x265_options(spec: ClipSpec) -> dict[str, str]:
    params = {
        "log-level": "none",
        "keyint": spec.gop,
        "min-keyint": spec.gop,
        "scenecut": 0,
        "bframes": spec.b_frames,
        "b-adapt": 0,
        "open-gop": int(spec.open_gop),
        "slices": spec.slices,
        "repeat-headers": 1,
        "pools": "none",
        "frame-threads": 1,
        "rc-lookahead": max(5, spec.b_frames + 1),
    }
    return {"preset": "ultrafast", "x265-params": ":".join(f"{key}={value}" for key, value in params.items())}


def _units(spec: ClipSpec, packets: "list[av.Packet[av.VideoStream]]") -> Iterator[ClipUnit]:
    for packet in packets:
        if packet.pts is None or packet.dts is None:
            raise Invalid(f"the encoder gave a picture without time: {packet}")
        number = packet.pts // spec.interval
        nals = list(split_annex_b(bytes(packet)))
        is_key = packet.is_keyframe and any(is_parameter_set(spec.codec, nal) for nal in nals)
        if spec.intra_refresh:
            is_key = any(nal[0] & 31 == 5 for nal in nals)
        if spec.sei:
            first = next(at for at, nal in enumerate(nals) if is_picture(spec.codec, nal))
            nals.insert(first, sei_nal(spec.codec, number))
        yield ClipUnit(packet.pts, packet.dts, is_key, tuple(nals), number)


def sei_nal(codec: str, number: int) -> bytes:
    """An SEI NAL unit (user data unregistered) that carries the number in digits."""
    payload = _SEI_ID + f"{number:08d}".encode()
    head = bytes((39 << 1, 1)) if codec == "h265" else bytes((6,))
    return head + bytes((5, len(payload))) + payload + b"\x80"


def number_in_sei(nal: bytes) -> int | None:
    """The number in a NAL unit that `sei_nal` made, else None."""
    at = nal.find(_SEI_ID, 0, 24)
    return None if at < 0 else int(nal[at + len(_SEI_ID) : at + len(_SEI_ID) + 8])


def is_parameter_set(codec: str, nal: bytes) -> bool:
    """VPS, SPS or PPS."""
    return nal_type(codec, nal) in (_HEVC_PARAMETER_SETS if codec == "h265" else _AVC_PARAMETER_SETS)


def is_picture(codec: str, nal: bytes) -> bool:
    """A slice of a picture (VCL)."""
    kind = nal_type(codec, nal)
    return kind < 32 if codec == "h265" else 1 <= kind <= 5


def nal_type(codec: str, nal: bytes) -> int:
    """nal_unit_type (H.264 section 7.4.1, H.265 section 7.4.2.2)."""
    return nal[0] >> 1 & 63 if codec == "h265" else nal[0] & 31


def split_annex_b(data: bytes) -> Iterator[bytes]:
    """NAL units of a byte stream with start codes (H.264 annex B)."""
    at = data.find(b"\x00\x00\x01")
    while at >= 0:
        after = data.find(b"\x00\x00\x01", at + 3)
        nal = data[at + 3 : after if after >= 0 else len(data)].rstrip(b"\x00")
        if nal:
            yield nal
        at = after


def pack_clip(clip: Clip) -> bytes:
    """Clip to bytes: magic, length of a JSON index, the index, the NAL units."""
    index = json.dumps(
        {
            "codec": clip.codec,
            "width": clip.width,
            "height": clip.height,
            "interval": clip.interval,
            "period": clip.period,
            "units": [[*unit[:3], unit.number, [len(nal) for nal in unit.nals]] for unit in clip.units],
        }
    ).encode()
    return b"".join((_MAGIC, struct.pack(">I", len(index)), index, *(nal for unit in clip.units for nal in unit.nals)))


def unpack_clip(data: bytes) -> Clip:
    """The inverse of `pack_clip`; raises `Damaged`."""
    if data[:8] != _MAGIC:
        raise Damaged("not a cached clip")
    (length,) = struct.unpack(">I", data[8:12])
    index = json.loads(data[12 : 12 + length])
    at, units = 12 + length, []
    for pts, dts, is_key, number, sizes in index["units"]:
        nals = []
        for size in sizes:
            nals.append(data[at : at + size])
            at += size
        units.append(ClipUnit(pts, dts, is_key, tuple(nals), number))
    if at != len(data):
        raise Damaged("a cached clip is cut off")
    return Clip(index["codec"], index["width"], index["height"], index["interval"], index["period"], tuple(units))
