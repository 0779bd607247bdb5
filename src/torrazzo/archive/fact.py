# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The lines that say what was recorded and what was not, byte for byte (docs/3-formats/fact.md)."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from torrazzo.base import SegmentId, StreamId, TermId
from torrazzo.base.errors import Invalid
from torrazzo.base.strict_json import once

MAX_BYTES = 4_096


class LastFact(NamedTuple):
    """Where a stream's accounting stands: what the first fact of its next term names."""

    term: TermId
    n: int
    hash: bytes
    t1: int  # the cursor: UTC ticks up to which all is recorded or explained


class Signed(NamedTuple):
    """What a camera's own signatures say of a segment."""

    verdict: str  # ok, none, missing, bad
    cert: bytes | None = None  # SHA-256 of the camera's certificate
    trusted: bool = False  # that hangs on the certificate of a maker whom the town trusts


class Fact(NamedTuple):
    """A line understood; fields of other kinds are None."""

    line: bytes
    kind: str
    stream: StreamId
    term: TermId
    n: int
    t0: int
    t1: int | None
    m0: int
    m1: int | None
    prev: bytes | None
    by: str
    why: str | None = None
    of: int | None = None
    media: int | None = None
    frames: int | None = None
    lost: int | None = None
    length: int | None = None
    pieces: int | None = None
    h: bytes | None = None
    c: bytes | None = None
    key: str | None = None
    continues: bool = False
    signed: Signed | None = None  # None: the camera does not sign, or nobody looked
    boot: str | None = None
    prior: tuple[TermId, int, bytes] | None = None  # term, n and hash of the last fact of the term before
    lost_term: str | None = None  # the term before existed and cannot be found

    @property
    def id(self) -> SegmentId:
        """Identity."""
        return SegmentId(self.stream, self.term, self.n)

    @property
    def hash(self) -> bytes:
        """SHA-256 of the line."""
        return hashlib.sha256(self.line).digest()


def term_fact(
    stream: StreamId,
    term: TermId,
    *,
    t0: int,
    m0: int,
    boot: str,
    software: str,
    prior: Mapping[str, object] | None,
    by: str = "recorder",
) -> bytes:
    """The first fact of a term, n = 0; `prior` as fact.md says."""
    begun = _common("term", stream, term, 0, t0, t0, m0, m0)
    return _line({**begun, "boot": boot, "sw": software, "prior": prior, "by": by})


def prior_value(last: LastFact | None) -> dict[str, object] | None:
    """`prior` of a term fact that follows `last`."""
    if last is None:
        return None
    return {"term": str(last.term), "n": last.n, "hash": base64.b64encode(last.hash).decode()}


def segment_fact(
    stream: StreamId,
    term: TermId,
    n: int,
    *,
    t0: int,
    t1: int,
    m0: int,
    m1: int,
    media: int,
    frames: int,
    lost: int,
    length: int,
    count: int,
    h: bytes,
    c: bytes,
    key: str,
    continues: bool,
    prev: str,
    signed: Signed | None = None,
    by: str = "recorder",
) -> bytes:
    """A recorded segment; h and c are SHA-256 over its pieces' hashes, prev is base64."""
    return _line(
        {
            **_common("seg", stream, term, n, t0, t1, m0, m1),
            "media": media,
            "frames": frames,
            "lost": lost,
            "len": length,
            "count": count,
            "h": base64.b64encode(h).decode(),
            "c": base64.b64encode(c).decode(),
            "key": key,
            "prev": prev,
            "q": _quality(signed, continues=continues),
            "by": by,
        }
    )


def _quality(signed: Signed | None, *, continues: bool) -> dict[str, object]:
    found: dict[str, object] = {"continues": True} if continues else {}
    if signed is not None:
        found["sig"] = signed.verdict
        if signed.cert is not None:
            found["cert"] = base64.b64encode(signed.cert).decode()
        if signed.trusted:
            found["trusted"] = True
    return found


def gap_fact(
    stream: StreamId,
    term: TermId,
    n: int,
    *,
    t0: int,
    t1: int | None,
    m0: int,
    m1: int | None,
    why: str,
    of: int | None,
    prev: str,
    by: str = "recorder",
) -> bytes:
    """A gap: open (t1 and m1 None), the end of an open one (`of`), or whole."""
    gap = _common("gap", stream, term, n, t0, t1, m0, m1)
    return _line({**gap, "why": why, "of": of, "prev": prev, "by": by})


def step_fact(
    stream: StreamId,
    term: TermId,
    n: int,
    *,
    t0: int,
    t1: int,
    m0: int,
    m1: int,
    prev: str,
    by: str = "recorder",
) -> bytes:
    """The clock was set from t0 to t1."""
    return _line({**_common("step", stream, term, n, t0, t1, m0, m1), "prev": prev, "by": by})


def parse_fact(line: bytes) -> Fact:
    """Read a line; unknown keys, kinds and causes pass, what is known must have the right form, else `Invalid`."""
    try:
        if len(line) > MAX_BYTES:
            raise ValueError(f"{len(line)} bytes, at most {MAX_BYTES}")
        found = json.loads(line.decode("utf-8"), object_pairs_hook=once)
        if not isinstance(found, dict) or found.get("v") != 1:
            raise ValueError("expected an object with v = 1")
        return _understand(line, found)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, Invalid) as error:
        raise Invalid(f"not a fact: {line[:160]!r}: {type(error).__name__} {error}") from error


def _understand(line: bytes, found: dict[str, Any]) -> Fact:
    kind = _text(found["kind"])
    fact = Fact(
        line,
        kind,
        StreamId.parse(_text(found["stream"])),
        TermId.parse(_text(found["term"])),
        _whole(found["n"]),
        _whole(found["t0"]),
        _maybe_whole(found["t1"]),
        _whole(found["m0"]),
        _maybe_whole(found["m1"]),
        _digest(found["prev"]) if found.get("prev") is not None else None,
        _text(found.get("by", "")),
    )
    if kind == "seg":
        return _understand_segment(fact, found)
    if kind == "gap":
        return fact._replace(why=_text(found["why"]), of=_maybe_whole(found["of"]))
    if kind == "term":
        prior = found["prior"]
        if prior is None:
            return fact._replace(boot=_text(found["boot"]))
        if "lost" in prior:
            return fact._replace(boot=_text(found["boot"]), lost_term=_text(prior["lost"]))
        named = (TermId.parse(_text(prior["term"])), _whole(prior["n"]), _digest(prior["hash"]))
        return fact._replace(boot=_text(found["boot"]), prior=named)
    return fact


def _understand_segment(fact: Fact, found: dict[str, Any]) -> Fact:
    if fact.t1 is None or fact.m1 is None:
        raise ValueError("a segment has an end")
    quality = found["q"]
    return fact._replace(
        media=_whole(found["media"]),
        frames=_whole(found["frames"]),
        lost=_whole(found["lost"]),
        length=_whole(found["len"]),
        pieces=_whole(found["count"]),
        h=_digest(found["h"]),
        c=_digest(found["c"]),
        key=_text(found["key"]),
        continues=quality.get("continues") is True,
        signed=_understand_signed(quality) if "sig" in quality else None,
    )


def _understand_signed(quality: dict[str, Any]) -> Signed:
    cert = _digest(quality["cert"]) if "cert" in quality else None
    return Signed(_text(quality["sig"]), cert, quality.get("trusted") is True)


def _common(
    kind: str, stream: StreamId, term: TermId, n: int, t0: int, t1: int | None, m0: int, m1: int | None
) -> dict[str, object]:
    who = {"v": 1, "kind": kind, "stream": str(stream), "term": str(term), "n": n}
    return {**who, "t0": t0, "t1": t1, "m0": m0, "m1": m1}


def _line(fact: dict[str, object]) -> bytes:
    line = json.dumps(fact, separators=(",", ":"), ensure_ascii=False).encode()
    assert len(line) <= MAX_BYTES, "every field is bounded"
    return line


def _whole(value: object) -> int:
    if type(value) is not int or value < 0 or value >> 64:
        raise ValueError(f"{value!r} is not a whole number of 64 bits")
    return value


def _maybe_whole(value: object) -> int | None:
    return None if value is None else _whole(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value


def _digest(value: object) -> bytes:
    try:
        data = base64.b64decode(_text(value), validate=True)
    except binascii.Error as error:
        raise ValueError(f"{value!r} is not base64") from error
    if len(data) != 32:
        raise ValueError(f"{value!r} is not a SHA-256")
    return data
