# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Completeness: facts of terms, gaps, clock steps and crashes, as a recorder writes and as a forger leaves them."""

import asyncio
import base64
import hashlib
import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.tools.lab import Lab
from torrazzo.archive.fact import gap_fact, segment_fact, step_fact, term_fact
from torrazzo.base import StreamId, TermId
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.testing import ClipSpec, FakeClock, make_clip
from torrazzo.testing.clock import START
from torrazzo.testing.disk import FaultyDisk
from torrazzo_verify.verify import FAILED, OPEN, TOLD, ClipChecks, Finding, parse_fact

STREAM = StreamId.parse("3f9a1c0e5b7d2264/main")
TERMS = [TermId.parse(f"7f3a91c2-{fence}-{START + fence}") for fence in range(3)]


def hash_of(line: bytes) -> str:
    return base64.b64encode(hashlib.sha256(line).digest()).decode()


class Ledgered:
    """Facts of one stream, as a recorder would write them; `cursor` is where its accounting stands."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.cursor: int = START
        self.term = TERMS[0]
        self.n = 0

    def _add(self, line: bytes) -> "Ledgered":
        self.lines.append(line)
        self.n += 1
        return self

    def begin(self, number: int, prior: Any = "the last") -> "Ledgered":
        before = {"term": str(self.term), "n": self.n - 1, "hash": hash_of(self.lines[-1])} if self.lines else None
        self.term, self.n = TERMS[number], 0
        prior = before if prior == "the last" else prior
        return self._add(term_fact(STREAM, self.term, t0=self.cursor, m0=0, boot="b", software="0.1.0", prior=prior))

    def seg(self, seconds: float, by: str = "recorder") -> "Ledgered":
        t0, self.cursor = self.cursor, self.cursor + round(seconds * SECOND)
        return self._add(
            segment_fact(
                STREAM,
                self.term,
                self.n,
                t0=t0,
                t1=self.cursor,
                m0=0,
                m1=1,
                media=abs(self.cursor - t0),
                frames=1,
                lost=0,
                length=1,
                count=2,
                h=bytes(32),
                c=bytes(32),
                key="2026112422/standard",
                continues=False,
                prev=hash_of(self.lines[-1]),
                by=by,
            )
        )

    def gap(self, seconds: float | None, of: int | None = None, why: str = "net") -> "Ledgered":
        t0, t1 = self.cursor, None if seconds is None else self.cursor + round(seconds * SECOND)
        self.cursor = t0 if t1 is None else t1
        prev = hash_of(self.lines[-1])
        return self._add(gap_fact(STREAM, self.term, self.n, t0=t0, t1=t1, m0=0, m1=None, why=why, of=of, prev=prev))

    def step(self, seconds: float) -> "Ledgered":
        t0, self.cursor = self.cursor, self.cursor + round(seconds * SECOND)
        prev = hash_of(self.lines[-1])
        return self._add(step_fact(STREAM, self.term, self.n, t0=t0, t1=self.cursor, m0=0, m1=0, prev=prev))


class Said:
    """What is found."""

    def __init__(self, found: list[Finding]) -> None:
        self.found = found

    def codes(self, level: str) -> list[str]:
        return [finding.code for finding in self.found if finding.level == level]


def account(lines: list[bytes], start: int, end: int, stream: StreamId = STREAM) -> Said:
    """Steps 4.2 and 4.3 of package.md."""
    checks: Any = ClipChecks.__new__(ClipChecks)
    checks.found = []
    checks.camera, checks.start, checks.end = str(stream), start, end
    checks.facts = [parse_fact(number, line, str(stream)) for number, line in enumerate(lines, 1)]
    checks.chain()
    checks.accounting()
    return Said(checks.found)


GOOD: list[tuple[str, Callable[[], Ledgered], list[str], list[str]]] = [
    ("one term", lambda: Ledgered().begin(0).seg(10).seg(10), [], []),
    ("a gap", lambda: Ledgered().begin(0).seg(10).gap(5).seg(10), ["gap"], []),
    ("an open gap closed", lambda: Ledgered().begin(0).seg(10).gap(None).gap(5, of=2).seg(3), ["gap"], []),
    ("clock set back", lambda: Ledgered().begin(0).seg(10).step(-3).seg(10), ["step"], []),
    ("clock set forward", lambda: Ledgered().begin(0).seg(10).step(3600).seg(10), ["step"], []),
    ("a restart", lambda: Ledgered().begin(0).seg(10).begin(1).gap(5, why="restart").seg(10), ["gap"], []),
    ("still away", lambda: Ledgered().begin(0).seg(10).gap(None), [], ["gap-open"]),
    (
        "a term lost",
        lambda: Ledgered().begin(0).seg(10).gap(5).begin(2, {"lost": str(TERMS[1])}).seg(10),
        ["gap"],
        ["accounting-anew"],
    ),
]


@pytest.mark.parametrize(("name", "make", "told", "left_open"), GOOD, ids=[case[0] for case in GOOD])
def test_what_the_recorder_writes_is_complete(
    name: str, make: Callable[[], Ledgered], told: list[str], left_open: list[str]
) -> None:
    """Gaps and steps are told, what is not known is left open, and nothing fails."""
    made = make()
    said = account(made.lines, START, max(START + 1, made.cursor))
    assert (said.codes(FAILED), said.codes(TOLD), said.codes(OPEN)) == ([], told, left_open)


def _without(lines: list[bytes], at: int) -> list[bytes]:
    return lines[:at] + lines[at + 1 :]


def _late(made: Ledgered) -> Ledgered:
    made.cursor += 1
    return made.seg(10)


BAD: list[tuple[str, Callable[[], list[bytes]], list[str]]] = [
    (
        "fact dropped",
        lambda: _without(Ledgered().begin(0).seg(10).seg(10).seg(10).lines, 2),
        ["fact-missing", "time-broken"],
    ),
    (
        "gap dropped",
        lambda: _without(Ledgered().begin(0).seg(10).gap(5).seg(10).lines, 2),
        ["fact-missing", "time-broken"],
    ),
    (
        "fact of another history",
        lambda: [*Ledgered().begin(0).seg(10).lines, Ledgered().begin(0).seg(9).seg(1).lines[2]],
        ["link-broken", "time-broken", "span-uncovered"],
    ),
    ("a tick missing", lambda: _late(Ledgered().begin(0).seg(10)).lines, ["time-broken"]),
    ("open gap never closed", lambda: Ledgered().begin(0).seg(10).gap(None).seg(10).lines, ["gap-left-open"]),
    (
        "open gap closed as another",
        lambda: Ledgered().begin(0).seg(10).gap(None).gap(5, of=1).seg(10).lines,
        ["gap-left-open"],
    ),
    (
        "open gap closed with another cause",
        lambda: Ledgered().begin(0).seg(10).gap(None).gap(5, of=2, why="mask").seg(10).lines,
        ["gap-left-open"],
    ),
    (
        "first of a term dropped",
        lambda: _without(Ledgered().begin(0).seg(10).begin(1).gap(5).seg(10).lines, 2),
        ["term-broken"],
    ),
    (
        "prior of another term",
        lambda: (
            Ledgered().begin(0).seg(10).begin(1, {"term": str(TERMS[2]), "n": 1, "hash": hash_of(b"")}).seg(10).lines
        ),
        ["term-broken"],
    ),
    ("prior null after facts", lambda: Ledgered().begin(0).seg(10).begin(1, None).seg(10).lines, ["term-broken"]),
    (
        "last fact of a term dropped",
        lambda: _without(Ledgered().begin(0).seg(10).seg(10).begin(1).seg(10).lines, 2),
        ["term-broken", "time-broken"],
    ),
    ("a segment that ends before it begins", lambda: Ledgered().begin(0).seg(-10).seg(30).lines, ["time-broken"]),
]


@pytest.mark.parametrize(("name", "make", "codes"), BAD, ids=[case[0] for case in BAD])
def test_what_a_forger_leaves_is_not(name: str, make: Callable[[], list[bytes]], codes: list[str]) -> None:
    """Each fails for what is wrong with it, and for nothing else."""
    assert account(make(), START, START + 20 * SECOND).codes(FAILED) == codes


def test_a_span_that_facts_do_not_reach_fails() -> None:
    """Neither before the first fact nor after the last one may a moment of the span lie."""
    lines = Ledgered().begin(0).seg(10).lines
    assert account(lines, START, START + 10 * SECOND).codes(FAILED) == []
    assert account(lines, START - 1, START + 10 * SECOND).codes(FAILED) == ["span-uncovered"]
    assert account(lines, START, START + 10 * SECOND + 1).codes(FAILED) == ["span-uncovered"]


def test_after_a_fact_that_recovery_wrote_the_number_links() -> None:
    """`prev` may name the fact that was lost; that is told. After one by the recorder it may not."""
    for by, codes in (("recovery", []), ("recorder", ["link-broken"])):
        lines = Ledgered().begin(0).seg(10).lines
        made = Ledgered().begin(0).seg(10, by=by).seg(10)
        other = [lines[0], made.lines[1].replace(b'"frames":1', b'"frames":2'), made.lines[2]]
        said = account(other, START, START + 20 * SECOND)
        assert said.codes(FAILED) == codes
        assert said.codes(TOLD) == ([] if codes else ["link-recovered"])


def test_facts_of_many_lives_are_complete() -> None:
    """What a recorder that is killed and cut off again and again really writes fails nowhere."""
    asyncio.run(_lives())


async def _lives() -> None:
    dice = random.Random(3)
    clip = make_clip(ClipSpec(fps="5", frames=100, gop=25, width=160, height=96, bitrate=60_000))
    disk, clock = FaultyDisk(), FakeClock(START)
    lab = Lab(disk, clock, clip, 1)
    for _ in range(6):
        lab.start()
        await lab.run(dice.choice((3, 20, 35)))
        await lab.leave()
        lab.disk = disk = disk.power_cut(dice.randrange(2**32)) if dice.random() < 0.7 else disk.kill()
        clock.advance(dice.choice((1, 5, 60)))
    lab.start()
    await lab.run(12)
    await lab.stop()
    ((stream, facts),) = lab.facts().items()
    lines = [fact.line for fact in facts]
    end = max(fact.t1 for fact in facts if fact.t1 is not None)
    said = account(lines, facts[0].t0, UtcTicks(end), stream)
    assert said.codes(FAILED) == []
    assert len({fact.term for fact in facts}) >= 5
    gap = next(at for at, fact in enumerate(facts) if fact.kind == "gap" and fact.t1 is not None)
    assert "time-broken" in account(_without(lines, gap), facts[0].t0, UtcTicks(end), stream).codes(FAILED)
