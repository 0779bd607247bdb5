# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later

import base64
import hashlib

import pytest

from tests.tools.tape import NODE, START, camera
from torrazzo.archive.fact import LastFact, gap_fact, parse_fact, prior_value, segment_fact, step_fact, term_fact
from torrazzo.base import SegmentId, TermId
from torrazzo.base.errors import Invalid

STREAM = camera(0x3F9A1C0E5B7D2264)
TERM = TermId(NODE, 17, START)
PREV = base64.b64encode(bytes(32)).decode()
WHO = f'"stream":"3f9a1c0e5b7d2264/main","term":"7f3a91c2-17-{START}"'


def test_term_fact_bytes() -> None:
    """The exact line, for each kind of prior."""
    prior = LastFact(TermId(NODE, 16, 5), 9, b"\1" * 32, 77)
    line = term_fact(STREAM, TERM, t0=77, m0=3, boot="u", software="0.1.0", prior=prior_value(prior))
    told = f'{{"term":"7f3a91c2-16-5","n":9,"hash":"{base64.b64encode(prior.hash).decode()}"}}'
    assert line.decode() == (
        f'{{"v":1,"kind":"term",{WHO},"n":0,"t0":77,"t1":77,"m0":3,"m1":3,'
        f'"boot":"u","sw":"0.1.0","prior":{told},"by":"recorder"}}'
    )
    fact = parse_fact(line)
    assert (fact.id, fact.prior, fact.boot) == (SegmentId(STREAM, TERM, 0), (prior.term, 9, prior.hash), "u")
    assert fact.hash == hashlib.sha256(line).digest()
    assert b'"prior":null' in term_fact(STREAM, TERM, t0=77, m0=3, boot="u", software="0.1.0", prior=prior_value(None))
    lost = parse_fact(term_fact(STREAM, TERM, t0=77, m0=3, boot="u", software="", prior={"lost": ""}))
    assert (lost.prior, lost.lost_term) == (None, "")


def test_segment_fact_bytes() -> None:
    """The exact line, with and without the mark of a segment that continues."""
    line = segment_fact(
        STREAM,
        TERM,
        3,
        t0=1,
        t1=2,
        m0=4,
        m1=5,
        media=6,
        frames=7,
        lost=8,
        length=9,
        count=10,
        h=bytes(32),
        c=bytes(32),
        key="2026112422/standard",
        continues=True,
        prev=PREV,
        by="recovery",
    )
    assert line.decode() == (
        f'{{"v":1,"kind":"seg",{WHO},"n":3,"t0":1,"t1":2,"m0":4,"m1":5,"media":6,"frames":7,"lost":8,"len":9,"count":10,'
        f'"h":"{PREV}","c":"{PREV}","key":"2026112422/standard","prev":"{PREV}","q":{{"continues":true}},"by":"recovery"}}'
    )
    fact = parse_fact(line)
    assert (fact.pieces, fact.length, fact.continues, fact.by) == (10, 9, True, "recovery")
    assert parse_fact(line.replace(b'{"continues":true}', b"{}")).continues is False


def test_gap_and_step_fact_bytes() -> None:
    """The exact lines: an open gap, its end, a step."""
    line = gap_fact(STREAM, TERM, 3, t0=1, t1=None, m0=4, m1=None, why="net", of=None, prev=PREV)
    assert line.decode() == (
        f'{{"v":1,"kind":"gap",{WHO},"n":3,"t0":1,"t1":null,"m0":4,"m1":null,"why":"net","of":null,'
        f'"prev":"{PREV}","by":"recorder"}}'
    )
    assert (parse_fact(line).t1, parse_fact(line).why) == (None, "net")
    closed = parse_fact(gap_fact(STREAM, TERM, 4, t0=1, t1=9, m0=4, m1=5, why="net", of=3, prev=PREV))
    assert (closed.of, closed.t1, closed.prev) == (3, 9, bytes(32))
    line = step_fact(STREAM, TERM, 3, t0=9, t1=1, m0=4, m1=5, prev=PREV)
    assert line.decode() == (
        f'{{"v":1,"kind":"step",{WHO},"n":3,"t0":9,"t1":1,"m0":4,"m1":5,"prev":"{PREV}","by":"recorder"}}'
    )


def test_the_unknown_passes() -> None:
    """Unknown keys, kinds and causes are accepted; the line is kept as it is."""
    line = gap_fact(STREAM, TERM, 3, t0=1, t1=2, m0=4, m1=5, why="earthquake", of=None, prev=PREV)
    assert parse_fact(line[:-1] + b',"new":[1,{}]}').why == "earthquake"
    other = parse_fact(line.replace(b'"gap"', b'"silent"'))
    assert (other.kind, other.why, other.n) == ("silent", None, 3)


@pytest.mark.parametrize(
    "change",
    [
        (b'"v":1', b'"v":2'),
        (b'"n":3', b'"n":-3'),
        (b'"n":3', b'"n":true'),
        (b'"n":3', b'"n":3.0'),
        (b'"n":3', b'"n":18446744073709551616'),
        (b'"t0":1', b'"t0":null'),
        (b'"why":"net"', b'"why":5'),
        (b'"kind":"gap"', b'"kind":"seg"'),
        (b"main", b"audio"),
        (b'"prev":"A', b'"prev":"!'),
        (b'"prev":"A', b'"prev":"'),
        (b"}", b""),
        (b'"n":3', b'"n":3,"n":3'),
        (b"}", b',"new":{"a":1,"a":2}}'),
        (b'"m0":4,', b""),
        (b"net", b"\xff"),
        (b"net", b"n" * 5000),
    ],
)
def test_what_is_known_has_its_form(change: tuple[bytes, bytes]) -> None:
    """Wrong types, missing keys, other versions, bad base64 and overlong lines are refused."""
    line = gap_fact(STREAM, TERM, 3, t0=1, t1=2, m0=4, m1=5, why="net", of=None, prev=PREV)
    assert parse_fact(line)
    assert change[0] in line
    with pytest.raises(Invalid, match="not a fact"):
        parse_fact(line.replace(*change))


def test_deep_nesting_is_refused() -> None:
    """A line made to exhaust the parser is refused like any other."""
    with pytest.raises(Invalid):
        parse_fact(b"[" * 4000)
