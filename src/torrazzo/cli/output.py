# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What commands write: tables in plain text, JSON, progress."""

import json
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from torrazzo.base.times import HOUR, hour_from_text, local_from_ticks, ticks_from_text


def write_json(value: object) -> None:
    """One document, readable."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def write_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns under their heads."""
    for line in table_lines(heads, rows):
        print(line)


def table_lines(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The heads, then each row, padded by what a terminal shows."""
    table = [list(heads), *[[" ".join(cell.split()) for cell in row] for row in rows]]
    widths = [max(_width(row[column]) for row in table) for column in range(len(heads))]
    for row in table:
        cells = [cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)]
        yield "  ".join(cells).rstrip()


def facts_text(count: object) -> str:
    """`1 fact waits`, `2 facts wait`: the words, as they begin a sentence of the ledger."""
    return "1 fact waits" if count == 1 else f"{count} facts wait"


def volumes_text(count: object) -> str:
    """`1 volume`, `2 volumes`."""
    return "1 volume" if count == 1 else f"{count} volumes"


def warn(text: str) -> None:
    """Something to know, beside the result."""
    print(f"torrazzo: {text}", file=sys.stderr)


class Progress:
    """How far a long piece of work is: on stderr, on a terminal or when asked for; one line that is written over."""

    def __init__(self, what: str, is_wanted: bool | None) -> None:
        self._what = what
        self._is_terminal = sys.stderr.isatty()
        self._is_on = self._is_terminal if is_wanted is None else is_wanted
        self._told = -1

    def __call__(self, done: float) -> None:
        """`done` from 0 to 1."""
        percent = min(100, max(0, int(done * 100)))
        if not self._is_on or percent == self._told:
            return
        if not self._is_terminal and percent // 10 == self._told // 10 and percent != 100:
            return
        self._told = percent
        if self._is_terminal:
            print(f"\r{self._what}: {percent} %", end="", file=sys.stderr, flush=True)
        else:
            print(f"{self._what}: {percent} %", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Leave the line."""
        if self._is_on and self._is_terminal and self._told >= 0:
            print(file=sys.stderr)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)


def local_text(ticks: int, zone: ZoneInfo) -> str:
    """A time as people of the town say it, with its offset: `2026-11-24 23:04:41+01:00`."""
    return local_from_ticks(ticks, zone)


def key_told(name: object, zone: ZoneInfo) -> str:
    """The hour of a key's name in the town's time, and the class: `2026-11-24 23:00:00+01:00 (standard)`."""
    hour, _, class_ = str(name).partition("/")
    return f"{local_text(hour_from_text(hour) * HOUR, zone)} ({class_})"


def local_told(utc: object, zone: ZoneInfo) -> str:
    """The same of a time that a process told in UTC: `2026-11-24T22:04:41.250Z`."""
    return local_text(ticks_from_text(str(utc), zone), zone)
