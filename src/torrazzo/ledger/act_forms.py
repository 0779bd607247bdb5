# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What each kind of act fact has, in which order and form (docs/3-formats/act.md)."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from torrazzo.base.errors import Invalid
from torrazzo.base.ids import StreamId
from torrazzo.base.times import hour_from_text
from torrazzo.ledger.identity import EntryName
from torrazzo.ledger.text import MAX_NUMBER, parse_hash, shown

MAX_STREAMS = 32  # of one window

Form: TypeAlias = Callable[[object], object]  # raises Invalid, ValueError or TypeError for what has another form

_WORD = re.compile(r"[a-z0-9][a-z0-9._:/-]{0,63}", re.ASCII)
_MONTH = re.compile(r"[0-9]{4}(?:0[1-9]|1[0-2])", re.ASCII)
_CLASS = re.compile(r"[a-z0-9_]{1,16}", re.ASCII)
_BOOT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_HOUR = re.compile(r"(?:19[789]|[2-9][0-9]{2})[0-9]{7}", re.ASCII)


def text(value: object) -> str:
    """The same value, known to be a text of 255 characters at most."""
    if not isinstance(value, str) or len(value) > 255:
        raise ValueError(f"{value!r:.80} is not a text of at most 255 characters")
    return value


def whole(value: object) -> None:
    """A number of 63 bits: all readers hold it."""
    if type(value) is not int or not 0 <= value <= MAX_NUMBER:
        raise ValueError(f"{value!r:.80} is not a whole number of 63 bits")


def signed(value: object) -> None:
    """The same, or below 0."""
    whole(-value if type(value) is int and value < 0 else value)


def _matching(pattern: re.Pattern[str], what: str) -> Form:
    def check(value: object) -> None:
        if pattern.fullmatch(text(value)) is None:
            raise ValueError(f"{value!r:.80} is not {what}")

    return check


def _digest(value: object) -> None:
    parse_hash(text(value), "hash")


def _maybe(form: Form) -> Form:
    def check(value: object) -> None:
        if value is not None:
            form(value)

    return check


def _list(value: object) -> list[object]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_STREAMS:
        raise ValueError(f"{value!r:.80} is not a list of 1 to {MAX_STREAMS}")
    return value


def _streams(value: object) -> None:
    """In order, none twice."""
    found = [text(item) for item in _list(value)]
    for item in found:
        StreamId.parse(item)
    if found != sorted(set(found)):
        raise ValueError("streams are not in order, or one stands twice")


def _shown(value: object) -> None:
    """Per stream what `act_shown` gives; nothing shown is an empty list."""
    if value == []:
        return
    for item in (found := _list(value)):
        if not isinstance(item, dict):
            raise TypeError(f"{item!r:.80} is not an object")
        whole(item["count"])
        edges = [edge for span in item["spans"] for edge in (span[0], span[1])]
        for edge in edges:
            whole(edge)
        if not edges or any(edges[i] >= edges[i + 1] for i in range(len(edges) - 1)):
            raise ValueError("spans are empty, touch or are not in order")
    _streams([item["stream"] for item in found if isinstance(item, dict)])


def _hour(value: object) -> None:
    parse_hour(text(value))


def _words(value: object) -> None:
    if not isinstance(value, list):
        raise TypeError(f"{value!r:.80} is not a list")
    for item in value:
        _word(item)


def _classes(value: object) -> None:
    for item in _list(value):
        _class(item)


_word = _matching(_WORD, "a word such as theft or prefettura/1")
_class = _matching(_CLASS, "a retention class")
_log = _matching(re.compile("rec|act"), "rec or act")
_month = _matching(_MONTH, "a month such as 202611")
_boot = _matching(_BOOT, "an identity of a boot")


def _entry(value: object) -> None:
    EntryName.parse(text(value))


def _head(value: object) -> None:
    """Size and root of a log as somebody saw it."""
    if not isinstance(value, dict):
        raise TypeError(f"{value!r:.80} is not an object")
    whole(value["size"])
    _digest(value["root"])


# The form of a key's value: the key's own, or one that is named for it.
_FORMS: Mapping[str, Form] = {
    **dict.fromkeys(("t0", "t1", "until", "renews", "of", "size", "count", "left", "files", "bytes", "kept"), whole),
    **dict.fromkeys(("at", "acc", "ok", "bad", "min", "facts", "recorded", "gaps", "len", "whole", "number"), whole),
    **dict.fromkeys(("steps", "off"), signed),
    **dict.fromkeys(
        ("bind", "who", "p", "case", "root", "ring", "state", "d", "was", "signer", "digest", "maker"), _digest
    ),
    **dict.fromkeys(("purpose", "why", "to", "level", "part", "clock", "what", "by", "cause"), _word),
    **dict.fromkeys(("sw", "authority", "policy"), text),
    "marks": _words,
    "streams": _streams,
    "shown": _shown,
    "hour": _hour,
    "class": _class,
    "classes": _classes,
    "month": _month,
    "boot": _boot,
    "log": _log,
    "hold": _entry,
    "head": _head,
}

# Kind → its keys in their order, after `v`, `kind` and `t`; those with a question mark may be null, with two absent.
_KEYS = {
    "view": "streams t0 t1 purpose until bind renews? month who p",
    "close": "of why shown",
    "still": "of streams at d month who p",
    "live": "streams purpose until renews? month who p",
    "ask": "streams t0 t1 purpose to month who p",
    "approve": "of maker?? month who p",
    "reject": "of month who p",
    "export": "of until bind renews? month who p",
    "take": "of digest month who p",
    "hold": "streams t0 t1 cause case until bind renews? month who p",
    "confirm": "hold month who p",
    "release": "hold month who p",
    "end": "hold why level left ring state?",
    "key": "hour classes root",
    "shred": "hour class why level left ring state? rec?=head act?=head",
    "free": "hour class files bytes",
    "rekey": "hour class of streams kept",
    "boot": "part boot sw",
    "sw": "part sw d",
    "cfg": "what was? d month who p",
    "auth": "what month who p",
    "deny": "what why month who p",
    "shift": "what number month who p",
    "turn": "streams what month who p",
    "room": "what number month who p",
    "alarm": "what number month who p",
    "log": "what why month who p",
    "propose": "what number d month who p",
    "second": "what number why d month who p",
    "clock": "part clock why off?",
    "refuse": "why log?? of? count",
    "trust": "log size root",
    "anchor": "by log size of=digest authority policy signer at acc? d marks",
    "rec": "size root",
    "scrub": "t0 t1 ok bad",
    "prune": "log min hour streams=whole facts recorded gaps steps len",
    "fork": "log size root why month who p",
}


def _kind(keys: str) -> Iterator[tuple[str, Form]]:
    for item in keys.split():
        key, _, name = item.partition("=")
        form = _FORMS[name or key.rstrip("?")]
        yield key.rstrip("?"), _maybe(form) if key.endswith("?") and not key.endswith("??") else form


KINDS: Mapping[str, Mapping[str, Form]] = {kind: dict(_kind(keys)) for kind, keys in _KEYS.items()}
ABSENT: Mapping[str, frozenset[str]] = {  # kind → keys that may be
    kind: frozenset(key.rstrip("?") for key in keys.split() if key.endswith("??")) for kind, keys in _KEYS.items()
}


def parse_hour(value: str) -> int:
    """Hours since 1970 of `YYYYMMDDHH`; raises `Invalid`."""
    if _HOUR.fullmatch(value) is None:
        raise Invalid(f"hour {shown(value)}: expected YYYYMMDDHH from 1970 on")
    return hour_from_text(value)
