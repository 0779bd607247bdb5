# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town that would have its auditor end: by what stands in its logs, or by what it answers."""

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.audited import Audited, Line, MemoryLedger, audited, only, started
from torrazzo.auditor.finding import Finding
from torrazzo.auditor.rec_rules import RecRules
from torrazzo.auditor.source import LOOK_S, Source
from torrazzo.base.errors import Invalid, Unavailable
from torrazzo.base.times import SECOND
from torrazzo.ledger.act import pack_act
from torrazzo.ledger.identity import LogKind
from torrazzo.ledger.text import MAX_NUMBER, to_base64
from torrazzo.ledger.tiles import WIDTH
from torrazzo.ledger.witness_client import Answer
from torrazzo.testing import FakeClock

STREAM = "0000000000000001/main"
HASH = to_base64(bytes(range(32)))


def test_no_line_stops_an_auditor(town: Audited) -> None:
    """Numbers beyond any calendar, names that are none, names twice: found, kept, and it goes on."""
    line = started(town)
    huge = 2**64 - 1
    town.enter("rec", line.segment(key="\ud800/standard"))
    town.enter("rec", *(line.segment(n=n) for n in (5 * 10**8, 2**63, huge)))  # numbers that nobody could count
    town.enter("rec", line.segment(t0=huge, t1=huge), line.step(1, t1=huge), b"\xff", b"[]", b"7", b'{"kind":"late"}')
    silent = b'{"v":1,"kind":"silent","stream":"%s","term":"%s","t0":1%s,"t":1}'
    term = str(line.term).encode()
    town.enter("rec", silent % (STREAM.encode(), term, b"0" * 400), (silent % (b"x\\ud800", term, b"")))
    town.enter("rec", (silent % (STREAM.encode(), term, b"")).replace(b'"t0"', b'"t":5,"t0"'))
    ask = {"streams": [STREAM], "t0": MAX_NUMBER - 1, "t1": MAX_NUMBER, "purpose": "erase", "to": "police"}
    town.enter("act", pack_act("ask", town.clock.utc(), {**ask, "month": "202611", "who": HASH, "p": HASH}))
    town.enter("act", b'{"v":1,"kind":"\\ud800","t":1,"streams":[1]}', b'{"v":1,"kind":"dance","t":%d}' % (2**63 - 1))
    found = town.look(10)
    assert len(found) > 14
    count = len(found)
    assert len(town.look(10)) == count


@pytest.mark.parametrize("kind", ["rec", "act"])
def test_no_depth_stops_an_auditor(town: Audited, kind: LogKind) -> None:
    """A line that one reader of it still can read, and the next one, a call deeper, cannot."""
    started(town)
    lines = [b'{"v":1,"kind":"late","x":%s%s}' % (b"[" * depth, b"]" * depth) for depth in range(600, 1_000)]
    town.enter(kind, *lines)
    assert len(town.look(10)) == len(lines)


def test_what_the_rules_fail_at_is_a_finding(town: Audited, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a mistake in a rule the town makes no use: nothing is cosigned, all else is followed, and people are told."""
    line = started(town)

    def fail(*_: object) -> Iterator[Finding]:
        yield from ()
        raise MemoryError

    monkeypatch.setattr(RecRules, "check", fail)
    town.enter("rec", line.segment())
    only(town.look(10), "R2", "entry 4", "MemoryError")
    assert town.auditor.trouble is None


@pytest.mark.parametrize(
    "told", ["{", "[" * 100_000, "\xff", '{"rec":{"minimum":1e999}}', '{"rec":{"minimum":-300}}', "{}"]
)
def test_no_status_stops_a_new_auditor(tmp_path: Path, told: str) -> None:
    """Where the log begins is asked once, of a town that may say anything: it is told, and asked again."""

    class Liar(MemoryLedger):
        says = told

        def _read(self, target: str) -> bytes:
            return self.says.encode("latin-1") if target == "status" and self.says else super()._read(target)

    ledger = Liar()
    with audited(tmp_path / "new", ledger) as town:
        town.enter("rec", Line().facts[0].line)
        assert town.look(10) == []
        assert "no minimum of rec" in str(town.auditor.trouble)
        ledger.says = ""
        assert town.look(10) == []
        assert town.auditor.trouble is None


class SlowLedger(MemoryLedger):
    """Each of its answers takes so long on the clock, and its bytes besides; whoever gives less time gets none."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = self._time = clock
        self.takes_s, self.bytes_per_s = 0.0, math.inf

    def _read(self, target: str) -> bytes:
        return Source._read(self, target)

    def _ask(self, target: str, seconds: float) -> Answer:
        try:
            answer = Answer(200, super()._read(target))
        except Invalid as error:
            answer = Answer(404, str(error).encode())
        takes_s = self.takes_s + len(answer.body) / self.bytes_per_s
        self._time.advance(min(takes_s, seconds))
        if takes_s > seconds:
            raise Unavailable("not answered in time")
        return answer


def _many(count: int) -> list[bytes]:
    return [b'{"v":1,"kind":"late","x":%d}' % each for each in range(count)]


def _size(town: Audited) -> int:
    return town.auditor.status()["logs"]["rec"]["size"]  # type: ignore[index,no-any-return]


def test_a_town_that_answers_slowly_is_silent(tmp_path: Path) -> None:
    """A look ends after two minutes; once looks come no nearer to the head that is a silence, and the next goes on."""
    clock = FakeClock()
    ledger = SlowLedger(clock)
    with audited(tmp_path / "slow", ledger, clock) as town:
        started(town)
        ledger.takes_s = 25
        begins = []
        for _ in range(2):
            assert town.store.silences() == []
            town.enter("rec", *_many(2 * WIDTH))
            begins.append(clock.utc())
            town.auditor.look()
            assert clock.utc() - begins[-1] == LOOK_S * SECOND
        assert "a look" in str(town.auditor.trouble)
        ((begun, end, why),) = town.store.silences()
        assert (begun, end) == (begins[1], None)
        assert "does not answer" in why
        ledger.takes_s = 0
        town.look()
        assert _size(town) == len(ledger.entries["rec"])
        assert town.store.silences()[0][1] == clock.utc()


def test_an_auditor_that_catches_up_hears_no_silence(tmp_path: Path) -> None:
    """More than a look's time, over a line of 92 kbit/s: each look keeps what has come, until the head is reached."""
    clock = FakeClock()
    ledger = SlowLedger(clock)
    with audited(tmp_path / "new", ledger, clock) as town:
        town.enter("rec", *(line.ljust(440) for line in _many(14 * WIDTH)))
        ledger.takes_s, ledger.bytes_per_s = 0.1, 92_000 / 8
        looks, size = 0, 0
        while size < 14 * WIDTH:
            town.look(10)
            looks += 1
            assert _size(town) > size
            size = _size(town)
        assert looks > 1
        assert town.store.silences() == []
