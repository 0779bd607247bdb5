# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Facts of a town's streams for tests: terms that begin with their `term` fact and go on with gaps of ten seconds."""

import base64
import hashlib

from tests.tools.ledger import stream
from torrazzo.archive.fact import Fact, LastFact, gap_fact, parse_fact, prior_value, term_fact
from torrazzo.base import TermId
from torrazzo.base.ids import NodeId
from torrazzo.base.times import SECOND
from torrazzo.testing.clock import START

NODE = NodeId(0x7F3A91C2)


def a_term(count: int, *, camera: int = 1, fence: int = 1, prior: Fact | None = None, start: int = START) -> list[Fact]:
    """The first `count` facts of a term, linked; `prior` is the last one of the term before."""
    term = TermId(NODE, fence, start)
    last = None if prior is None else LastFact(prior.term, prior.n, prior.hash, prior.t1 or prior.t0)
    begin = start if last is None else last.t1
    line = term_fact(stream(camera), term, t0=begin, m0=0, boot="b", software="t", prior=prior_value(last))
    facts = [parse_fact(line)]
    for n in range(1, count):
        t0 = start + (n - 1) * 10 * SECOND
        facts.append(gap_after(facts[-1], t0, t0 + 10 * SECOND))
    return facts


def gap_after(before: Fact, t0: int, t1: int | None, why: str = "net") -> Fact:
    """The next fact of its term."""
    prev = base64.b64encode(hashlib.sha256(before.line).digest()).decode()
    m1 = None if t1 is None else 1
    line = gap_fact(
        before.stream, before.term, before.n + 1, t0=t0, t1=t1, m0=0, m1=m1, why=why, of=None, prev=prev
    )  # fmt: skip
    return parse_fact(line)
