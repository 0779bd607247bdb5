# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What real cameras said, and what once broke others' parsers: ours agree with the reviewed table."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.field.conftest import SHARED
from tests.field.outcomes import feed_every_parser, outcome

TABLE: dict[str, dict[str, list[str]]] = tomllib.loads(
    Path(__file__).with_name("protocol_table.toml").read_text("utf-8")
)
PROTOCOL = SHARED / "data" / "protocol"


def rows() -> Iterator[tuple[str, str, str]]:
    """(file, expected, why) of each row about one file."""
    for folder, lines in TABLE.items():
        for name, (expected, why) in lines.items():
            if not name.endswith("/"):
                yield f"{folder}/{name}", expected, why


def foreign() -> Iterator[str]:
    """Folders of other kinds."""
    for folder, lines in TABLE.items():
        prefix = "" if folder == "others" else f"{folder}/"
        yield from (prefix + name for name in lines if name.endswith("/"))


def files(folder: str) -> Iterator[str]:
    """All files below a folder of the protocol data, licences left out."""
    for path in sorted((PROTOCOL / folder).rglob("*")):
        if path.is_file() and "LICENSE" not in path.name:
            yield path.relative_to(PROTOCOL).as_posix()


@pytest.mark.parametrize(("name", "expected", "why"), list(rows()), ids=[name for name, _, _ in rows()])
def test_parsers_agree_with_the_table(name: str, expected: str, why: str) -> None:
    """Each file gives the track, the answer or the error that the table says, and the table says why."""
    assert why
    assert outcome(PROTOCOL, PROTOCOL / name) == expected


def test_the_table_is_complete() -> None:
    """Each file has a row of its own or belongs to a folder of another kind, and no row is without a file."""
    told = {name for name, _, _ in rows()}
    others = tuple(foreign())
    found = set(files(""))
    assert sorted(name for name in found - told if not name.startswith(others)) == []
    assert sorted(told - found) == []


@pytest.mark.parametrize("folder", list(foreign()))
def test_foreign_kinds_are_survived(folder: str) -> None:
    """Whatever it is, every parser takes it or refuses it, in no time and within its limits."""
    names = list(files(folder))
    assert names
    for name in names:
        feed_every_parser((PROTOCOL / name).read_bytes())


def test_our_own_kinds_are_survived_by_all_others() -> None:
    """A description to the RTP parser, packets to the RTSP parser, and so on."""
    for name, _, _ in rows():
        feed_every_parser((PROTOCOL / name).read_bytes())
