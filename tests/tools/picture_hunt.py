# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Is there a picture in these bytes? By the marks of the formats, also within base64, and by bytes that are known."""

import base64
import re
from collections.abc import Iterator, Sequence

MARKS = {
    "JPEG": re.compile(rb"\xff\xd8\xff"),
    "PNG": re.compile(rb"\x89PNG\r\n"),
    "GIF": re.compile(rb"GIF8[79]a"),
    "WebP": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
    "MP4": re.compile(rb"ftyp(?:iso|mp4|avc|hev|cmf)|moof.{4}mfhd|avcC\x01|hvcC\x01", re.DOTALL),
    "NAL": re.compile(rb"\x00\x00\x01[\x65\x67\x68\x26\x40\x42\x44]"),  # slice, SPS, PPS of H.264; of H.265
    "ZIP": re.compile(rb"PK\x03\x04"),
    "age": re.compile(rb"age-encryption\.org/v1"),
}
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")
_URL = bytes.maketrans(b"-_", b"+/")
NEEDLE = 24  # bytes of footage that stand nowhere by chance


def needles(footage: bytes, count: int = 16) -> list[bytes]:
    """Some bytes of it, from all over its second half: what a head says is in many files."""
    half = len(footage) // 2
    step = max(1, (len(footage) - half - NEEDLE) // count)
    return [footage[at : at + NEEDLE] for at in range(half, len(footage) - NEEDLE, step)]


def pictures_in(body: bytes, known: Sequence[bytes] = ()) -> set[str]:
    """What of them is there."""
    found = set()
    for data in (body, *_decoded(body)):
        found |= {name for name, mark in MARKS.items() if mark.search(data)}
        found |= {"footage" for needle in known if needle in data}
    return found


def _decoded(body: bytes) -> Iterator[bytes]:
    for run in _BASE64.findall(body):
        plain = run.rstrip(b"=").translate(_URL)
        yield base64.b64decode(plain[: len(plain) // 4 * 4])
