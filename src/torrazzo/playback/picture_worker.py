# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The process that decodes: coded frames in, one JPEG out. Run by its path, it imports nothing of ours.

What cameras send is not to be trusted, and decoders are large and written in C: whatever happens to one happens here,
where there are no keys, no files and little memory, and it is killed when it takes too long.

In:  u32 length, JSON {"codec","width","quality","sizes":[…]}, then the frames' bytes (Annex B), in order of decoding.
Out: u32 length, JSON {"size","width","height"} or {"error"}, then the JPEG. The picture is that of the last frame.
"""

import contextlib
import json
import resource
import struct
import sys
from fractions import Fraction
from typing import Any, BinaryIO

import av
import av.error
import av.logging
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace

MEMORY = 3 << 30  # of addresses; a picture of 8K and the sixteen that it may refer to take 900 MB
OPEN_FILES = 32
LARGEST = 16_384  # pixels a side
QP_TO_LAMBDA = 118
CODECS = {"h264": "h264", "h265": "hevc"}
HD = 720  # lines, from which on colours are of BT.709 where nothing is said


def main() -> int:
    """Until its input ends."""
    for limit, value in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))
    av.logging.set_level(None)
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while (head := _exactly(source, 4)) is not None:
        asked = json.loads(_exactly(source, struct.unpack(">I", head)[0]) or b"")
        packets = [_exactly(source, size) or b"" for size in asked["sizes"]]
        try:
            data, width, height = _jpeg(_decode(asked["codec"], packets), asked["width"], asked["quality"])
            said: dict[str, Any] = {"size": len(data), "width": width, "height": height}
        except (av.error.FFmpegError, ValueError, MemoryError, OverflowError) as error:
            data, said = b"", {"error": f"{type(error).__name__}: {error}"[:200]}
        text = json.dumps(said).encode()
        sink.write(struct.pack(">I", len(text)) + text + data)
        sink.flush()
    return 0


def _exactly(source: BinaryIO, size: int) -> bytes | None:
    data = source.read(size)
    return data if len(data) == size else None


def _decode(codec: str, packets: list[bytes]) -> VideoFrame:
    """The last frame's picture."""
    decoder = av.CodecContext.create(CODECS[codec], "r")
    decoder.thread_count = 1  # with more, one that tells of an error waits for us, who wait for its end
    wanted, found = len(packets) - 1, None
    for number, data in enumerate([*packets, None]):
        packet = None if data is None else av.Packet(data)
        if packet is not None:
            packet.pts = packet.dts = number
            packet.time_base = Fraction(1, 25)
        with contextlib.suppress(av.error.InvalidDataError):  # one that is damaged; whether the wanted one came counts
            for frame in decoder.decode(packet):  # type: ignore[attr-defined]
                if frame.pts == wanted:
                    found = frame
    if found is None:
        raise ValueError("the frame cannot be decoded")
    return found  # type: ignore[no-any-return]


def _jpeg(frame: VideoFrame, width: int | None, quality: int) -> tuple[bytes, int, int]:
    """In its own size, or so many pixels wide; colours as JPEG has them."""
    if not 0 < frame.width <= LARGEST or not 0 < frame.height <= LARGEST:
        raise ValueError(f"{frame.width} x {frame.height} pixels")
    size = (frame.width, frame.height)
    if width is not None and width < frame.width:
        size = (width & ~1, max(2, round(frame.height * width / frame.width) & ~1))
    picture = frame.reformat(
        *size,
        "yuvj420p" if "420" in frame.format.name or frame.format.name == "nv12" else "yuvj444p",
        src_colorspace=_colours(frame),
        dst_colorspace=Colorspace.ITU601,
        dst_color_range=ColorRange.JPEG,
    )
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = picture.width, picture.height, picture.format.name
    encoder.time_base, encoder.color_range = Fraction(1, 25), ColorRange.JPEG
    encoder.options = {"qmin": str(quality), "qmax": str(quality), "huffman": "optimal"}
    picture.pts, picture.time_base = 0, Fraction(1, 25)
    packets = [*encoder.encode(picture), *encoder.encode(None)]
    return b"".join(map(bytes, packets)), picture.width, picture.height


def _colours(frame: VideoFrame) -> int:
    said = frame.colorspace
    if said in {Colorspace.ITU709, Colorspace.ITU601, Colorspace.SMPTE170M, Colorspace.SMPTE240M}:
        return int(said)
    return int(Colorspace.ITU709 if frame.height >= HD else Colorspace.ITU601)


if __name__ == "__main__":
    sys.exit(main())
