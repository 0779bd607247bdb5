# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a reader asks of the keyring, as JSON over HTTP."""

from typing import NamedTuple

from torrazzo.base.errors import Invalid
from torrazzo.base.ids import StreamId, TermId
from torrazzo.base.times import hour_text
from torrazzo.keyring.document import (
    base64_text,
    compact,
    expect_bytes,
    expect_names,
    expect_text,
    parse_object,
)
from torrazzo.keyring.public import KeyName
from torrazzo.seal import SEALED_KEY_LENGTH

MOST_SEGMENTS = 4_096  # of one request: an hour has about 360
REQUEST_LIMIT = 128 << 10

_NAMES = {"stream", "term", "hour", "class", "sealed", "n"}


class KeyRequest(NamedTuple):
    """The segment keys wanted: one stream's of one hour and term."""

    stream: StreamId
    term: TermId
    name: KeyName
    sealed: bytes
    ns: tuple[int, ...]

    def text(self) -> bytes:
        """The body of `POST /segment-keys`."""
        return compact(
            {
                "stream": str(self.stream),
                "term": str(self.term),
                "hour": hour_text(self.name.hour),
                "class": self.name.class_,
                "sealed": base64_text(self.sealed),
                "n": list(self.ns),
            }
        )


def parse_request(data: bytes) -> KeyRequest:
    """The inverse of `KeyRequest.text`; raises `Invalid`."""
    found = parse_object(data, "request", REQUEST_LIMIT)
    expect_names(found, _NAMES, "request")
    return KeyRequest(
        StreamId.parse(expect_text(found["stream"], "stream")),
        TermId.parse(expect_text(found["term"], "term")),
        KeyName.parse(f"{expect_text(found['hour'], 'hour')}/{expect_text(found['class'], 'class')}"),
        expect_bytes(found["sealed"], SEALED_KEY_LENGTH, "sealed"),
        _numbers(found["n"]),
    )


def _numbers(found: object) -> tuple[int, ...]:
    if not isinstance(found, list) or not 0 < len(found) <= MOST_SEGMENTS:
        raise Invalid(f"n: expected a list of 1 to {MOST_SEGMENTS} segment numbers; ask for the rest separately")
    for n in found:
        if type(n) is not int or not 0 <= n < 1 << 64:
            raise Invalid(f"n: {n!r} is not a segment number")
    return tuple(found)
