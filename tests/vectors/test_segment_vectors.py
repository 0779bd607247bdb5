# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The language-neutral vectors of docs/3-formats/segment.md."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from torrazzo.base.errors import Damaged
from torrazzo.camera import VideoFormat
from torrazzo.segment import parse_fragment, parse_init
from torrazzo.segment.fmp4 import fragment, init_segment

SEGMENT: Any = json.loads((Path(__file__).parents[2] / "vectors" / "segment.json").read_text("utf-8"))


class Picture(NamedTuple):
    dts: int
    pts: int
    data: bytes
    is_key: bool


def _named(cases: list[dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=lambda case: str(case["name"]))


@_named(SEGMENT["inits"])
def test_an_init_is_that_of_the_vectors(case: dict[str, Any]) -> None:
    """Codec, size and parameter sets give the vector's bytes, and come back out of them."""
    sets = tuple(map(bytes.fromhex, case["parameter_sets"]))
    init = bytes.fromhex(case["init"])
    assert init_segment(VideoFormat(case["codec"], case["width"], case["height"], sets, 0, None)) == init
    assert parse_init(init)[:4] == (case["codec"], case["width"], case["height"], sets)


@_named(SEGMENT["fragments"])
def test_a_fragment_is_that_of_the_vectors(case: dict[str, Any]) -> None:
    """Samples give the vector's bytes, and come back out of them."""
    samples = [
        Picture(int(s["decoding"]), int(s["composition"]), bytes.fromhex(s["data"]), s["is_key"])
        for s in case["samples"]
    ]
    data = bytes.fromhex(case["fragment"])
    assert b"".join(fragment(case["number"], int(case["base"]), samples, int(case["end"]))) == data
    found = parse_fragment(data)
    assert [Picture(s.dts, s.pts, data[s.offset : s.offset + s.size], s.is_key) for s in found] == samples
    assert found[-1].dts + found[-1].duration == int(case["end"])


@_named(SEGMENT["hostile"]["inits"])
def test_a_hostile_init_is_refused(case: dict[str, Any]) -> None:
    """Each init with a flaw is damage."""
    with pytest.raises(Damaged):
        parse_init(bytes.fromhex(case["init"]))


@_named(SEGMENT["hostile"]["fragments"])
def test_a_hostile_fragment_is_refused(case: dict[str, Any]) -> None:
    """Each fragment with a flaw is damage."""
    with pytest.raises(Damaged):
        parse_fragment(bytes.fromhex(case["fragment"]))
