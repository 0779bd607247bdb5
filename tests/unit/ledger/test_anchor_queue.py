# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What waits for an anchor, and who is asked when."""

import re
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from torrazzo.base.errors import Invalid
from torrazzo.base.times import HOUR, SECOND, UtcTicks
from torrazzo.ledger.anchor import CLOCK, Anchor, Head, anchor_fact
from torrazzo.ledger.anchor_queue import AnchorQueue, Want

ROOT = "qINS1GRFhWHwdkUeqLEoP4yEMkTBBzxBkGwGQlVlVcs="
NOW = UtcTicks(161_600_185_234_567)


def head(size: int, log: str = "act") -> Head:
    return Head(log, size, f"town.example.it/{log}\n{size}\n{ROOT}\n")


def later(seconds: int) -> UtcTicks:
    return UtcTicks(NOW + seconds * SECOND)


def test_a_later_head_is_stamped_instead_of_an_earlier_one() -> None:
    """An hour's head that nobody stamped is replaced by the next hour's, of the same log, at each authority."""
    queue = AnchorQueue().want(head(5), ("a", "b"), NOW).want(head(5, "rec"), ("a",), NOW)
    queue = queue.want(head(9), ("a",), later(3600))
    assert [(want.head.log, want.head.size, want.authority) for want in queue.wants] == [
        ("act", 5, "b"),
        ("rec", 5, "a"),
        ("act", 9, "a"),
    ]


def test_a_head_that_a_package_shows_waits_for_its_own_stamp() -> None:
    """Later heads don't replace it, the package's flag stands until each authority has stamped it."""
    queue = AnchorQueue().want(head(5), ("a", "b"), NOW, is_shown=True).want(head(9), ("a", "b"), later(9))
    assert [want.authority for want in queue.waiting("act", 5)] == ["a", "b"]
    for want in queue.waiting("act", 5):
        queue = queue.stamped(want)
    assert not queue.waiting("act", 5)
    assert len(queue.wants) == 2


def test_a_head_wanted_twice_is_asked_for_once() -> None:
    """The second wish adds nothing but that a package shows it, which no later wish takes back."""
    queue = AnchorQueue().want(head(5), ("a",), NOW).want(head(5), ("a",), later(9), is_shown=True)
    queue = queue.want(head(5), ("a",), later(10))
    assert queue.wants == (Want(head(5), "a", NOW, is_shown=True),)


def test_an_authority_that_fails_is_left_alone_longer_and_longer() -> None:
    """A minute, two, four … up to an hour; then once an hour for ever."""
    queue = AnchorQueue().want(head(5), ("a",), NOW)
    now, pauses = NOW, []
    for _ in range(9):
        queue = queue.failed(queue.due(now)[0], now, "no network")
        tried = now
        while not queue.due(now):
            now = UtcTicks(now + 10 * SECOND)
        pauses.append((now - tried) // SECOND)
    assert pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert queue.silences[0]._replace(tried=NOW) == ("a", NOW, NOW, 9, "no network")


def test_a_dead_authority_costs_one_question_a_pause_and_delays_no_other() -> None:
    """However much waits for it, one head is asked for; the others' go on at once."""
    queue = AnchorQueue()
    for size in range(1, 50):
        queue = queue.want(head(size), ("dead", "well"), NOW, is_shown=True)
    for _ in range(49):
        due = {want.authority: want for want in queue.due(NOW)}
        assert set(due) in ({"dead", "well"}, {"well"})
        queue = queue.failed(due["dead"], NOW, "off line") if "dead" in due else queue
        queue = queue.stamped(due["well"])
    assert {want.authority for want in queue.wants} == {"dead"}
    assert [want.tries for want in queue.wants].count(1) == 1
    assert not queue.due(NOW)


def test_when_it_answers_again_nothing_waits_any_more() -> None:
    """The first success ends the pause: all that waited is due, one after another, what packages show first."""
    queue = AnchorQueue().want(head(5), ("a",), NOW, is_shown=True).want(head(9), ("a",), later(1))
    queue = queue.want(head(7), ("a",), later(2), is_shown=True)
    queue = queue.failed(queue.due(NOW)[0], NOW, "off line")
    sizes = []
    while due := queue.due(later(60)):
        sizes.append(due[0].head.size)
        queue = queue.stamped(due[0])
    assert sizes == [7, 9, 5]
    assert queue == AnchorQueue()


def test_a_clock_set_back_makes_nobody_wait() -> None:
    """A failure that lies in the future says nothing about now."""
    queue = AnchorQueue().want(head(5), ("a",), NOW)
    queue = queue.failed(queue.wants[0], later(86_400), "off line")
    assert queue.due(NOW)


def test_an_authority_that_is_no_longer_configured_is_forgotten() -> None:
    """What was wanted of it is wanted no more, and nobody is alarmed by its silence."""
    queue = AnchorQueue().want(head(5), ("a", "b"), NOW)
    queue = queue.failed(queue.wants[0], NOW, "off line").only(("b",))
    assert [want.authority for want in queue.wants] == ["b"]
    assert not queue.silences


class QueueLaws(RuleBasedStateMachine):
    """Whatever happens in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = AnchorQueue()
        self.now = int(NOW)
        self.size = 0
        self.shown: set[tuple[int, str]] = set()

    @rule(names=st.sets(st.sampled_from("abc"), min_size=1), is_shown=st.booleans())
    def wish(self, names: set[str], is_shown: bool) -> None:
        self.size += 1
        self.queue = self.queue.want(head(self.size), sorted(names), UtcTicks(self.now), is_shown=is_shown)
        self.shown |= {(self.size, name) for name in names} if is_shown else set()

    @rule(seconds=st.integers(-4000, 8000))
    def wait(self, seconds: int) -> None:
        self.now += seconds * SECOND

    @rule(works=st.booleans())
    def ask(self, works: bool) -> None:
        for want in self.queue.due(UtcTicks(self.now)):
            if works:
                self.queue = self.queue.stamped(want)
                self.shown.discard((want.head.size, want.authority))
            else:
                self.queue = self.queue.failed(want, UtcTicks(self.now), "off line")
                assert want.authority not in {w.authority for w in self.queue.due(UtcTicks(self.now))}

    @invariant()
    def nothing_shown_is_lost_and_nothing_piles_up(self) -> None:
        waiting = [(want.head.size, want.authority) for want in self.queue.wants]
        assert len(waiting) == len(set(waiting))
        assert {(w.head.size, w.authority) for w in self.queue.wants if w.is_shown} == self.shown
        assert sum(not want.is_shown for want in self.queue.wants) <= 3

    @invariant()
    def nobody_waits_longer_than_an_hour(self) -> None:
        moments = (UtcTicks(self.now), UtcTicks(self.now + HOUR))  # a clock set back makes it due at once
        due = {want.authority for moment in moments for want in self.queue.due(moment)}
        assert due == {want.authority for want in self.queue.wants}


TestQueueLaws = QueueLaws.TestCase


ANCHOR = Anchor("aruba", b"token", UtcTicks(90_000), None, "1.2.3", bytes(32), (CLOCK,))


def test_the_receipt_is_as_documented() -> None:
    """Keys in the order of docs/3-formats/anchors.md, times in ticks; digests as `openssl dgst` gives them."""
    assert list(anchor_fact(head(5), ANCHOR).items()) == [
        ("kind", "anchor"),
        ("by", "rfc3161"),
        ("log", "act"),
        ("size", 5),
        ("of", "6JQjkaq2LQt2+Z6JbR5YlvBLcXYhB5kSD6nlgOJUiDA="),
        ("authority", "aruba"),
        ("policy", "1.2.3"),
        ("signer", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("at", 90_000),
        ("acc", None),
        ("d", "PEaenWxYddN6Q/NT1PiOYfz4EsZu7jRXRlpAsNpBU+A="),
        ("marks", ["clock"]),
    ]


def test_the_document_shows_the_receipt() -> None:
    """The example of docs/3-formats/anchors.md has these keys in this order, and the table explains each."""
    document = (Path(__file__).parents[3] / "docs/3-formats/anchors.md").read_text("utf-8")
    example = next(line for line in document.splitlines() if line.startswith('    {"kind":"anchor"'))
    assert re.findall(r'"(\w+)":', example) == list(anchor_fact(head(5), ANCHOR))
    explained = re.findall("`(\\w+)`", " ".join(re.findall(r"^\| (`.*?) \|", document, re.MULTILINE)))
    assert {"log", "size", "of", "authority", "policy", "signer", "at", "acc", "d", "marks"} <= set(explained)


@pytest.mark.parametrize("wrong", [head(0), head(5, "other"), head(5)._replace(size=6), head(5)._replace(log="rec")])
def test_no_receipt_for_what_is_not_anchored(wrong: Head) -> None:
    """An empty log, a log that is not ours, a size or name that is not the text's: refused, whatever the token."""
    with pytest.raises(Invalid):
        anchor_fact(wrong, ANCHOR)


def test_a_head_is_read_from_its_text() -> None:
    """Log and size are those that the text names."""
    assert Head.of(head(7, "rec").text) == head(7, "rec")
