# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The lines that say what people and programs did with the archive, byte for byte (docs/3-formats/act.md)."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, Self

from torrazzo.base.errors import Invalid
from torrazzo.base.ids import StreamId
from torrazzo.base.spans import Span
from torrazzo.base.strict_json import parse_strictly
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.ledger.act_forms import ABSENT, KINDS, text, whole
from torrazzo.ledger.text import parse_hash

MAX_BYTES = 4_096
WINDOW = 15 * 60 * SECOND  # the longest that one fact opens the archive for

OPENING = frozenset({"view", "export", "hold"})  # kinds of facts for which the keyring gives keys
LOOKS = OPENING | {"live"}  # that another fact closes


class Act(NamedTuple):
    """A line understood: of a kind that is known, the keys of that kind have their forms."""

    line: bytes
    kind: str
    t: UtcTicks
    values: Mapping[str, Any]  # as in the JSON; also those that this program does not know

    @property
    def person(self) -> "Person":
        """Of a kind that tells of one."""
        return Person(self.values["month"], parse_hash(self.values["who"], "who"))

    @property
    def maker(self) -> "Person | None":
        """Who is to make the copy that this fact approves, where that is another than who asked."""
        maker = self.values.get("maker")
        return None if maker is None else Person(self.values["month"], parse_hash(maker, "maker"))


class Person(NamedTuple):
    """A pseudonym: two of one month are of one person if they are equal, and of two if not."""

    month: str
    who: bytes


class Wanted(NamedTuple):
    """Footage that a fact names."""

    streams: frozenset[StreamId]
    span: Span

    @classmethod
    def of(cls, act: Act) -> Self:
        """What a view, an ask or a hold names."""
        streams = frozenset(map(StreamId.parse, act.values["streams"]))
        return cls(streams, Span(UtcTicks(act.values["t0"]), UtcTicks(act.values["t1"])))


def pack_act(kind: str, t: int, values: Mapping[str, object]) -> bytes:
    """The line; raises `Invalid` unless `values` has the keys of this kind and no others, each in its form."""
    if kind not in KINDS:
        raise Invalid(f"act fact: no kind {kind!r}")
    if unknown := sorted(set(values) - set(KINDS[kind])):
        raise Invalid(f"act fact {kind}: unknown {unknown[0]!r}; expected {', '.join(KINDS[kind])}")
    whole_line = {"v": 1, "kind": kind, "t": t, **{key: values[key] for key in KINDS[kind] if key in values}}
    line = json.dumps(whole_line, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    parse_act(line)
    return line


def parse_act(line: bytes) -> Act:
    """Read a line; unknown kinds and keys pass, what is known must be there in its form, else `Invalid`.

    A name that stands twice in one object is refused whatever it is: two readers could see two facts.
    """
    try:
        if len(line) > MAX_BYTES:
            raise ValueError(f"{len(line)} bytes, at most {MAX_BYTES}")
        found = parse_strictly(line)
        if not isinstance(found, dict) or found.get("v") != 1 or found["v"] is True:
            raise ValueError("expected an object with v = 1")
        kind = text(found["kind"])
        whole(found["t"])
        for key, form in KINDS.get(kind, {}).items():
            if key in found or key not in ABSENT[kind]:
                form(found[key])
        _check_times(kind, found)
        return Act(line, kind, UtcTicks(found["t"]), found)
    except (ValueError, KeyError, TypeError, IndexError, RecursionError, Invalid) as error:
        raise Invalid(f"not an act fact: {line[:160]!r}: {type(error).__name__} {error}") from error


def _check_times(kind: str, found: Mapping[str, Any]) -> None:
    keys = KINDS.get(kind, {})
    if "t1" in keys and found["t0"] >= found["t1"]:
        raise ValueError("t1 is not after t0")
    if "until" in keys and not found["t"] < found["until"] <= found["t"] + WINDOW:
        raise ValueError("until is not within 15 minutes after t")
