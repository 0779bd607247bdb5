# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many entries of one log, proven under one head, and how that head continues an older one.

`POST /<log>/proofs` (docs/3-formats/ledger.md, section Asking the ledger): both sides of it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple, Self

from torrazzo.base import SegmentId, StreamId, TermId
from torrazzo.base.errors import Damaged, Invalid
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.identity import LogKind
from torrazzo.ledger.note import Note
from torrazzo.ledger.reader import LogReader
from torrazzo.ledger.store import LedgerStore
from torrazzo.ledger.text import MAX_NUMBER, parse_hash, to_base64
from torrazzo.ledger.tiles import WIDTH

MOST_ENTRIES = 512  # of one request: as many segments as the keyring takes at once


class Proven(NamedTuple):
    """An entry, and where it stands under the head that came with it."""

    line: bytes
    number: int
    path: tuple[bytes, ...]  # the leaf's sibling first


class ProvenMany(NamedTuple):
    """An answer; nothing in it has been verified."""

    note: Note  # the head
    path: tuple[bytes, ...]  # that it continues the size that was named
    entries: tuple[Proven | None, ...]  # as they were asked for; None: not in the log, or not yet

    @property
    def size(self) -> int:
        """Of the head."""
        return Checkpoint.parse(self.note.text).size

    @classmethod
    def parse(cls, found: object) -> Self:
        """From the answer's JSON; raises `Damaged`."""
        try:
            assert isinstance(found, dict)
            path = tuple(parse_hash(value, "hash") for value in found["path"])
            return cls(Note.parse(found["head"].encode()), path, tuple(map(_proven, found["entries"])))
        except (AssertionError, KeyError, ValueError, TypeError, AttributeError, Invalid) as error:
            raise Damaged(f"proofs: what answered is no ledger of ours: {error!r}; restart `torrazzo serve`") from error


def ask_for(since: int, wanted: Sequence[SegmentId] | Sequence[int]) -> dict[str, object]:
    """The request's JSON: facts of `rec` by identity, or entries of either log by number."""
    entries = [one if isinstance(one, int) else [str(one.stream), str(one.term), one.n] for one in wanted]
    return {"v": 1, "since": since, "entries": entries}


def prove_many(store: LedgerStore, kind: LogKind, body: bytes, note: Note | None = None) -> bytes:
    """The answer, under the present head or `note`, an older one of ours with more signatures.

    Raises `Invalid` for another form, `Pruned` if one of the entries was there and is no more.
    """
    since, wanted = _parse(body)
    reader = store.rec if kind == "rec" else store.act
    note = note or reader.note
    size = Checkpoint.parse(note.text).size
    if since > size:
        raise Invalid(f"proofs since {since} entries: the log has {size}")
    numbers = _numbers(store, kind, wanted)
    known = {number for number in numbers if number is not None and number < size}
    lines = list(_lines(reader, known))
    paths = reader.inclusions((number for number, _ in lines), size)
    entries = {number: _entry(line, number, path) for (number, line), path in zip(lines, paths, strict=True)}
    answer = {
        "head": note.pack().decode(),
        "path": list(map(to_base64, reader.consistency(since, size))),
        "entries": [None if number is None else entries.get(number) for number in numbers],
    }
    return json.dumps(answer, separators=(",", ":"), ensure_ascii=False).encode()


def _parse(body: bytes) -> tuple[int, list[SegmentId | int]]:
    try:
        found = json.loads(body)
        if not isinstance(found, dict) or found.get("v") != 1:
            raise ValueError("expected an object with v = 1")
        entries = found["entries"]
        if not isinstance(entries, list) or len(entries) > MOST_ENTRIES:
            raise ValueError(f"entries are a list of at most {MOST_ENTRIES}")
        return _whole(found["since"]), [_wanted(entry) for entry in entries]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Invalid(f"proofs: {error!r}") from error


def _wanted(entry: object) -> SegmentId | int:
    if isinstance(entry, list):
        stream, term, n = entry
        return SegmentId(StreamId.parse(stream), TermId.parse(term), _whole(n))
    return _whole(entry)


def _whole(value: object) -> int:
    if type(value) is not int or not 0 <= value <= MAX_NUMBER:
        raise ValueError(f"{value!r:.80} is not a whole number of 63 bits")
    return value


def _numbers(store: LedgerStore, kind: LogKind, wanted: Sequence[SegmentId | int]) -> list[int | None]:
    """As they were asked for; facts are looked up all at once."""
    facts = [one for one in wanted if not isinstance(one, int)]
    if facts and kind != "rec":
        raise Invalid("proofs: entries of act are asked for by number")
    found = store.indexes_of(facts)
    return [one if isinstance(one, int) else found.get(one) for one in wanted]


def _lines(reader: LogReader, numbers: set[int]) -> Iterator[tuple[int, bytes]]:
    """Each bundle of entries is read once."""
    for _, group in groupby(sorted(numbers), key=lambda number: number // WIDTH):
        of_bundle = list(group)
        lines = list(reader.entries(of_bundle[0], of_bundle[-1] + 1))
        yield from ((number, lines[number - of_bundle[0]]) for number in of_bundle)


def _entry(line: bytes, number: int, path: Sequence[bytes]) -> Mapping[str, object]:
    return {"index": number, "line": line.decode(), "path": list(map(to_base64, path))}


def _proven(entry: Any) -> Proven | None:
    if entry is None:
        return None
    return Proven(entry["line"].encode(), _whole(entry["index"]), tuple(parse_hash(v, "hash") for v in entry["path"]))
