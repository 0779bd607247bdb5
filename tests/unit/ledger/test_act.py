# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
import hashlib
import json
import random
from typing import Any

import pytest

from torrazzo.base.errors import Invalid
from torrazzo.base.ids import CameraId, StreamId
from torrazzo.base.spans import Span
from torrazzo.base.times import HOUR, SECOND, UtcTicks, hour_text
from torrazzo.ledger.act import MAX_BYTES, WINDOW, Act, Person, Wanted, pack_act, parse_act
from torrazzo.ledger.act_forms import ABSENT, KINDS, MAX_STREAMS, parse_hour
from torrazzo.ledger.act_shown import MOST_SPANS, merge_spans, shown_value
from torrazzo.ledger.anchor import Anchor, Head, anchor_fact
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.text import to_base64

NOW = UtcTicks(161_592_408_450_000)
ONE, TWO = "3f9a1c0e5b7d2264/main", "3f9a1c0e5b7d2264/sub"
HASH = to_base64(hashlib.sha256(b"x").digest())
VALUES: dict[str, Any] = {
    **dict.fromkeys(
        ("bind", "who", "p", "case", "root", "ring", "state", "d", "was", "signer", "digest", "maker"), HASH
    ),
    **dict.fromkeys(("size", "count", "left", "files", "bytes", "kept", "ok", "bad", "min", "facts"), 7),
    **dict.fromkeys(("recorded", "gaps", "len", "at", "acc", "of", "steps", "off", "number"), 7),
    **dict.fromkeys(("purpose", "why", "to", "level", "part", "clock", "what", "by", "sw", "authority"), "word"),
    "streams": [ONE, TWO],
    "t0": NOW - 10,
    "t1": NOW,
    "until": NOW + WINDOW,
    "renews": None,
    "shown": [{"stream": ONE, "count": 2, "spans": [[1, 2], [3, 4]]}],
    "month": "202611",
    "hour": "2026112422",
    "class": "standard",
    "classes": ["standard"],
    "policy": "1.2.3",
    "marks": ["clock"],
    "boot": "0c6d2f1e-8d0e-4a5e-9a53-0d1f6f4b7a11",
    "log": "rec",
    "hold": "act.2-17",
    "cause": "word",
    "rec": {"size": 1, "root": HASH},
    "act": None,
}
SPECIAL = {("anchor", "of"): HASH, ("prune", "streams"): 7}


def values_of(kind: str) -> dict[str, Any]:
    return {key: SPECIAL.get((kind, key), VALUES[key]) for key in KINDS[kind]}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_read_as_it_was_written(kind: str) -> None:
    """A fact comes back with its values; its keys are in the order of the format, in whatever order they came."""
    values = values_of(kind)
    line = pack_act(kind, NOW, dict(reversed(values.items())))
    assert parse_act(line) == Act(line, kind, NOW, {"v": 1, "kind": kind, "t": NOW, **values})
    assert list(json.loads(line)) == ["v", "kind", "t", *KINDS[kind]]
    assert b" " not in line


@pytest.mark.parametrize("kind", KINDS)
def test_each_key_of_a_kind_is_needed(kind: str) -> None:
    """A fact that lacks a key which its kind needs, has a value of no form there is, or a key too many, is refused."""
    for key in KINDS[kind]:
        values = values_of(kind)
        lacking = {name: values[name] for name in values if name != key}
        if key in ABSENT[kind]:
            assert key not in parse_act(pack_act(kind, NOW, lacking)).values
        for change in ({**values, key: {}}, {**values, key: True}, *(() if key in ABSENT[kind] else (lacking,))):
            with pytest.raises(Invalid, match="not an act fact"):
                pack_act(kind, NOW, change)
    with pytest.raises(Invalid, match="unknown 'more'"):
        pack_act(kind, NOW, {**values_of(kind), "more": 1})


def test_only_known_kinds_are_written_and_all_are_read() -> None:
    """A kind of a later version is read, with its keys, and never written."""
    line = b'{"v":1,"kind":"later","t":5,"x":[{"y":null}]}'
    assert parse_act(line).values["x"] == [{"y": None}]
    with pytest.raises(Invalid, match="no kind 'later'"):
        pack_act("later", NOW, {"x": 1})


def test_a_later_version_may_add_keys() -> None:
    """Keys that are not known pass in a known kind."""
    line = pack_act("rec", NOW, values_of("rec"))
    assert parse_act(line[:-1] + b',"x":1}').values["x"] == 1


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b'{"v":2,"kind":"rec","t":1}',
        b'{"v":true,"kind":"later","t":1}',
        b'{"v":1,"kind":"later"}',
        b'{"v":1,"kind":7,"t":1}',
        b'{"v":1,"kind":"later","t":-1}',
        b'{"v":1,"kind":"later","t":9223372036854775808}',
        b'{"v":1,"kind":"later","t":1,"t":1}',
        b'{"v":1,"kind":"later","t":1,"x":{"y":1,"y":1}}',
        b'{"v":1,"kind":"later","t":1,"x":1.5}',
        b'{"v":1,"kind":"later","t":1,"x":NaN}',
        b'{"v":1,"kind":"later","t":1,"x":"\xff"}',
        b'{"v":1,"kind":"later","t":1}x',
        b'{"v":1,"kind":"later","t":1,"x":' + b"[" * 4_000,
    ],
)
def test_what_is_no_fact_is_refused(line: bytes) -> None:
    """No object, another version, no time, a doubled name, a fraction: each is an error and never another one."""
    with pytest.raises(Invalid, match="not an act fact"):
        parse_act(line)


def test_a_fact_has_at_most_4096_bytes() -> None:
    """The last byte is read, one more is refused."""
    line = b'{"v":1,"kind":"later","t":1,"x":"%s"}'
    room = MAX_BYTES - len(line) + 2
    parse_act(line % (b"x" * room))
    with pytest.raises(Invalid, match="4097 bytes"):
        parse_act(line % (b"x" * (room + 1)))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("streams", []),
        ("streams", [TWO, ONE]),
        ("streams", [ONE, ONE]),
        ("streams", ["x"]),
        ("streams", [ONE, 7]),
        ("streams", ONE),
        ("streams", [f"{number:016x}/main" for number in range(MAX_STREAMS + 1)]),
        ("t1", NOW - 10),
        ("t1", NOW - 11),
        ("purpose", ""),
        ("purpose", "Theft"),
        ("purpose", "x" * 65),
        ("purpose", "x" * 256),
        ("until", NOW),
        ("until", NOW + WINDOW + 1),
        ("bind", HASH[:-1]),
        ("bind", to_base64(b"short")),
        ("renews", -1),
        ("month", "202613"),
        ("month", "202600"),
        ("month", "2026-11"),
        ("who", None),
    ],
)
def test_what_a_window_says_has_limits(key: str, value: object) -> None:
    """Streams in order and no more than 32, a span that is not empty, 15 minutes at most, hashes that are some."""
    with pytest.raises(Invalid, match="not an act fact"):
        pack_act("view", NOW, {**values_of("view"), key: value})


@pytest.mark.parametrize("value", ["1969123123", "2026113022x", "2026023000", "2026112424", "20261124", "٢٠٢٦١١٢٤٢٢"])
def test_an_hour_that_is_none_is_refused(value: str) -> None:
    """Ten ASCII digits of an hour that exists, from 1970 on."""
    with pytest.raises(Invalid, match="hour"):
        parse_hour(value)


def test_hours_are_read_as_they_are_written() -> None:
    """Any hour of some centuries."""
    source = random.Random(1)
    for hour in [0, 494_000, *(source.randrange(5_000_000) for _ in range(50))]:
        assert parse_hour(hour_text(hour)) == hour


@pytest.mark.parametrize(
    ("kind", "key", "value", "worse"),
    [
        ("close", "shown", [], {}),
        ("clock", "off", -(2**63 - 1), -(2**63)),
        ("clock", "off", 2**63 - 1, 2**63),
        ("clock", "off", None, 0.5),
        ("boot", "sw", "x" * 255, "x" * 256),
        ("shred", "rec", None, 7),
        ("shred", "rec", {"size": 0, "root": HASH}, {"size": 0}),
    ],
)
def test_the_last_value_is_read_and_one_more_is_not(kind: str, key: str, value: object, worse: object) -> None:
    """Limits hold where they are said to be."""
    pack_act(kind, NOW, {**values_of(kind), key: value})
    with pytest.raises(Invalid, match="not an act fact"):
        pack_act(kind, NOW, {**values_of(kind), key: worse})


def test_the_largest_window_fits() -> None:
    """32 streams with the largest numbers there are still make a fact."""
    streams = [f"{number:016x}/main" for number in range(MAX_STREAMS)]
    most = 2**63 - 1
    values = {**values_of("view"), "streams": streams, "t0": most - 1, "t1": most, "purpose": "x" * 64, "renews": most}
    pack_act("view", most - WINDOW, {**values, "until": most})


def test_an_anchor_has_the_form_of_a_fact() -> None:
    """What anchor.py gives is packed as it is, with marks, and with no accuracy."""
    text = str(Checkpoint("town.example/rec", 3, bytes(32)))
    anchor = Anchor("authority", b"token", NOW, None, "1.2.3", bytes(32), ("clock",))
    values = dict(anchor_fact(Head.of(text), anchor))
    assert values.pop("kind") == "anchor"
    assert parse_act(pack_act("anchor", NOW, values)).values["marks"] == ["clock"]


def test_persons_and_footage_are_taken_out() -> None:
    """What the keyring compares: pseudonyms with their month, streams and span."""
    act = parse_act(pack_act("view", NOW, values_of("view")))
    assert act.person == Person("202611", hashlib.sha256(b"x").digest())
    streams = frozenset(map(StreamId.parse, (ONE, TWO)))
    assert Wanted.of(act) == Wanted(streams, Span(UtcTicks(NOW - 10), NOW))


# ------------------------------------------------------------------------------------------------------------ shown


def _span(start: int, end: int) -> Span:
    return Span(UtcTicks(start), UtcTicks(end))


def test_what_was_shown_is_merged_where_it_touches() -> None:
    """Segments that follow each other are one span; their number stays; a stream without any is left out."""
    one, two = StreamId.parse(ONE), StreamId.parse(TWO)
    shown = {two: [], one: [_span(20, 30), _span(0, 10), _span(10, 15), _span(5, 12), _span(31, 32)]}
    assert shown_value(shown) == [{"stream": ONE, "count": 5, "spans": [[0, 15], [20, 30], [31, 32]]}]
    assert shown_value({}) == []


def test_what_was_shown_fits_and_is_never_less() -> None:
    """With 32 streams of many spans each the fact still fits; each tick shown is told, the largest holes are left."""
    source = random.Random(2)
    shown = {}
    for number in range(MAX_STREAMS):
        starts = sorted(source.sample(range(0, HOUR, 20 * SECOND), 30))
        stream = StreamId(CameraId(f"{number:016x}"), "main")
        shown[stream] = [_span(NOW + start, NOW + start + 10 * SECOND) for start in starts]
    values = shown_value(shown)
    line = pack_act("close", NOW, {"of": 2**40, "why": "expired", "shown": values})
    assert len(line) <= MAX_BYTES
    assert sum(len(item["spans"]) for item in json.loads(line)["shown"]) == MOST_SPANS
    holes, left = [], []
    for stream, item in zip(shown, json.loads(line)["shown"], strict=True):
        told = [_span(*span) for span in item["spans"]]
        assert merge_spans([*told, *shown[stream]]) == told
        merged = merge_spans(shown[stream])
        holes += [merged[i + 1].start - merged[i].end for i in range(len(merged) - 1)]
        left += [told[i + 1].start - told[i].end for i in range(len(told) - 1)]
    assert sorted(left) == sorted(holes)[-len(left) :]


@pytest.mark.parametrize(
    "shown",
    [
        {},
        [7],
        [{"stream": ONE, "count": 1, "spans": []}],
        [{"stream": ONE, "count": 1, "spans": [[1]]}],
        [{"stream": ONE, "count": 1, "spans": [[2, 1]]}],
        [{"stream": ONE, "count": 1, "spans": [[1, 2], [2, 3]]}],
        [{"stream": ONE, "count": -1, "spans": [[1, 2]]}],
        [{"stream": TWO, "count": 1, "spans": [[1, 2]]}, {"stream": ONE, "count": 1, "spans": [[1, 2]]}],
    ],
)
def test_what_was_shown_has_one_form(shown: object) -> None:
    """No empty, touching or unordered spans, no stream twice."""
    with pytest.raises(Invalid, match="not an act fact"):
        pack_act("close", NOW, {"of": 1, "why": "done", "shown": shown})
