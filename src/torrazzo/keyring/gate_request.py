# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a reader shows the keyring to be given keys, as JSON (docs/3-formats/act.md, section Asking the keyring)."""

from collections.abc import Mapping
from typing import NamedTuple, Self

from torrazzo.base.errors import Invalid
from torrazzo.keyring.document import (
    base64_text,
    compact,
    expect_bytes,
    expect_names,
    expect_object,
    expect_text,
    parse_object,
)
from torrazzo.keyring.heads import Shown
from torrazzo.ledger.identity import EntryName
from torrazzo.ledger.note import Note
from torrazzo.ledger.proof import MAX_PATH
from torrazzo.ledger.text import MAX_NUMBER
from torrazzo.seal import SEALED_KEY_LENGTH

MOST_SEGMENTS = 512  # of one request: an hour has about 360
MOST_CONSISTENCY = 2 * MAX_PATH  # hashes: one for each step up, at most
MOST_BYTES = 4 << 20
TOKEN_LENGTH = 32


class Entry(NamedTuple):
    """A fact, and its place in the log under the head that is shown with it."""

    line: bytes
    number: int  # its index
    path: tuple[bytes, ...]  # the leaf's sibling first


class KeyRequest(NamedTuple):
    """Segment keys wanted, and all that must be proven for it."""

    token: bytes  # whose SHA-256 is the window's `bind`
    act: Shown
    window: Entry
    approved: tuple[Entry, Entry] | None  # ask and approve, for an export
    rec: Shown
    segments: tuple[Entry, ...]  # of one stream, term, hour and class
    sealed: bytes  # K, as it lies in the volumes; opened only when all holds

    def text(self) -> bytes:
        """The body of `POST /window-keys`."""
        ask, approve = (None, None) if self.approved is None else map(_entry, self.approved)
        return compact(
            {
                "v": 1,
                "token": base64_text(self.token),
                "act": _shown(self.act),
                "window": _entry(self.window),
                "ask": ask,
                "approve": approve,
                "rec": _shown(self.rec),
                "segments": list(map(_entry, self.segments)),
                "sealed": base64_text(self.sealed),
            }
        )

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The inverse of `text`; raises `Invalid`."""
        found = parse_object(data, "request", MOST_BYTES)
        expect_names(found, {"v", "token", "act", "window", "ask", "approve", "rec", "segments", "sealed"}, "request")
        _expect_version(found)
        segments = _list(found["segments"], 1, MOST_SEGMENTS, "segments")
        return cls(
            expect_bytes(found["token"], TOKEN_LENGTH, "token"),
            _parse_shown(found["act"], "act"),
            _parse_entry(found["window"], "window"),
            _parse_approved(found),
            _parse_shown(found["rec"], "rec"),
            tuple(_parse_entry(value, f"segment {at}") for at, value in enumerate(segments)),
            expect_bytes(found["sealed"], SEALED_KEY_LENGTH, "sealed"),
        )


class CloseRequest(NamedTuple):
    """A window that is to give no more keys."""

    act: Shown
    window: Entry
    close: Entry

    def text(self) -> bytes:
        """The body of `POST /close`."""
        found = {"v": 1, "act": _shown(self.act), "window": _entry(self.window), "close": _entry(self.close)}
        return compact(found)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The inverse of `text`; raises `Invalid`."""
        found = parse_object(data, "request", MOST_BYTES)
        expect_names(found, {"v", "act", "window", "close"}, "request")
        _expect_version(found)
        window, close = (_parse_entry(found[name], name) for name in ("window", "close"))
        return cls(_parse_shown(found["act"], "act"), window, close)


class HoldRequest(NamedTuple):
    """What a second person, or whoever placed it, wants of a hold; it may be of a log before the present one."""

    act: Shown
    hold: EntryName
    fact: Entry  # names the hold

    def text(self) -> bytes:
        """The body of `POST /confirm` and `POST /release`."""
        return compact({"v": 1, "act": _shown(self.act), "hold": str(self.hold), "fact": _entry(self.fact)})

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The inverse of `text`; raises `Invalid`."""
        found = parse_object(data, "request", MOST_BYTES)
        expect_names(found, {"v", "act", "hold", "fact"}, "request")
        _expect_version(found)
        hold = EntryName.parse(expect_text(found["hold"], "hold"))
        return cls(_parse_shown(found["act"], "act"), hold, _parse_entry(found["fact"], "fact"))


def _expect_version(found: Mapping[str, object]) -> None:
    if type(found["v"]) is not int or found["v"] != 1:
        raise Invalid(f"request: version {found['v']!r:.80}, this program reads 1")


def _shown(shown: Shown) -> dict[str, object]:
    path = list(map(base64_text, shown.path))
    return {"head": shown.note.pack().decode(), "since": shown.since, "path": path}


def _entry(entry: Entry) -> dict[str, object]:
    return {"index": entry.number, "path": list(map(base64_text, entry.path)), "line": entry.line.decode()}


def _parse_approved(found: Mapping[str, object]) -> tuple[Entry, Entry] | None:
    if found["ask"] is None and found["approve"] is None:
        return None
    return _parse_entry(found["ask"], "ask"), _parse_entry(found["approve"], "approve")


def _parse_shown(value: object, where: str) -> Shown:
    found = expect_object(value, where)
    expect_names(found, {"head", "since", "path"}, where)
    return Shown(
        Note.parse(_bytes(found["head"], where)),
        _number(found["since"], where),
        _parse_path(found["path"], MOST_CONSISTENCY, where),
    )


def _parse_entry(value: object, where: str) -> Entry:
    found = expect_object(value, where)
    expect_names(found, {"index", "path", "line"}, where)
    number = _number(found["index"], where)
    return Entry(_bytes(found["line"], where), number, _parse_path(found["path"], MAX_PATH, where))


def _number(value: object, where: str) -> int:
    if type(value) is not int or not 0 <= value <= MAX_NUMBER:
        raise Invalid(f"{where}: {value!r:.80} is not a number of 63 bits")
    return value


def _parse_path(value: object, most: int, where: str) -> tuple[bytes, ...]:
    return tuple(expect_bytes(item, 32, where) for item in _list(value, 0, most, f"{where}'s path"))


def _list(value: object, least: int, most: int, where: str) -> list[object]:
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise Invalid(f"{where}: expected a list of {least} to {most}")
    return value


def _bytes(value: object, where: str) -> bytes:
    try:
        return expect_text(value, where).encode()
    except UnicodeEncodeError as error:
        raise Invalid(f"{where}: not UTF-8: {error}") from error
