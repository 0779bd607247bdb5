# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a reader asks of the keyring and what it answers, as JSON over HTTP."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from torrazzo.base.errors import Damaged, Invalid, Refused, TorrazzoError, Unavailable
from torrazzo.base.ids import StreamId, TermId
from torrazzo.base.times import hour_text
from torrazzo.keyring.document import (
    base64_text,
    compact,
    expect_bytes,
    expect_names,
    expect_object,
    expect_text,
    parse_object,
)
from torrazzo.keyring.public import KeyName
from torrazzo.seal import SEALED_KEY_LENGTH

MOST_SEGMENTS = 4_096  # of one request: an hour has about 360
REQUEST_LIMIT = 128 << 10
ANSWER_LIMIT = 1 << 20

_NAMES = {"stream", "term", "hour", "class", "sealed", "n"}
_KINDS: Mapping[str, type[TorrazzoError]] = {
    "invalid": Invalid,
    "refused": Refused,
    "damaged": Damaged,
    "unavailable": Unavailable,
}


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


def answer_text(keys: Mapping[int, bytes]) -> bytes:
    """The body of the answer."""
    return compact({"keys": {str(n): base64_text(key) for n, key in keys.items()}})


def parse_answer(data: bytes, ns: Sequence[int]) -> dict[int, bytes]:
    """The keys of exactly these segments; raises `Invalid` for anything else."""
    found = parse_object(data, "answer", ANSWER_LIMIT)
    expect_names(found, {"keys"}, "answer")
    keys = expect_object(found["keys"], "keys")
    expect_names(keys, {str(n) for n in ns}, "keys")
    return {n: expect_bytes(keys[str(n)], 32, f"key {n}") for n in ns}


def error_text(error: TorrazzoError) -> bytes:
    """An error as the body of an answer."""
    kind = next((kind for kind, class_ in _KINDS.items() if isinstance(error, class_)), "unavailable")
    return compact({"error": {"kind": kind, "text": str(error)}})


def parse_error(data: bytes) -> TorrazzoError:
    """The error that an answer carries."""
    found = parse_object(data, "answer", ANSWER_LIMIT)
    expect_names(found, {"error"}, "answer")
    error = expect_object(found["error"], "error")
    expect_names(error, {"kind", "text"}, "error")
    kind = expect_text(error["kind"], "kind")
    return _KINDS.get(kind, Unavailable)(f"keyring: {expect_text(error['text'], 'text')}")


def _numbers(found: object) -> tuple[int, ...]:
    if not isinstance(found, list) or not 0 < len(found) <= MOST_SEGMENTS:
        raise Invalid(f"n: expected a list of 1 to {MOST_SEGMENTS} segment numbers; ask for the rest separately")
    for n in found:
        if type(n) is not int or not 0 <= n < 1 << 64:
            raise Invalid(f"n: {n!r} is not a segment number")
    return tuple(found)
