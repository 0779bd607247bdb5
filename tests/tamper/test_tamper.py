# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Each kind of manipulation of the table, on a copy of a town that was really recorded."""

import re
from pathlib import Path

import pytest

from tests.tamper.changes import pictures_replaced
from tests.tamper.finders import CHECK, Found
from tests.tamper.table import TABLE, Way, render, ways
from tests.tamper.town import BEGIN, Town, make_town, seal_by_tpm
from tests.tools.sealers import software_tpm, why_no_software_tpm
from torrazzo.base.times import SECOND

ROOT = Path(__file__).parents[2]
PAGE, THREATS = (ROOT / "docs" / "2-design" / f"{name}.md" for name in ("who-finds-what", "threats"))
WAYS = [pytest.param(way, id=name) for name, way in ways() if not way.finder.needs_tpm]
TPM_WAYS = [pytest.param(way, id=name) for name, way in ways() if way.finder.needs_tpm]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Never changed."""
    return make_town(tmp_path_factory.mktemp("recorded") / "town")


@pytest.fixture
def town(recorded: Town, tmp_path: Path) -> Town:
    """A copy."""
    return recorded.copy(tmp_path / "town")


@pytest.mark.parametrize("way", WAYS)
def test_each_kind_of_manipulation_is_found_and_named(way: Way, town: Town) -> None:
    """The untouched town passes; after this one change the named finder says what, which camera, and when."""
    _check(way, town)


@pytest.mark.parametrize("way", TPM_WAYS)
@pytest.mark.skipif(bool(why_no_software_tpm()), reason=f"left out: {why_no_software_tpm()}")
def test_what_a_tpm_finds(way: Way, town: Town, tmp_path: Path) -> None:
    """The same, where the town's ring is sealed by a TPM."""
    with software_tpm(tmp_path / "tpm") as tcti:
        seal_by_tpm(town, tcti)
        _check(way, town)


def _check(way: Way, town: Town) -> None:
    assert way.finder.find(town) == []
    way.change(town)
    found = way.finder.find(town)
    assert any(_is(each, way) for each in found), f"{way.says!r} of {way.camera} at {way.seconds} not among {found}"


def _is(found: Found, way: Way) -> bool:
    """With the camera and, to the second, the time; or with the place that is named instead."""
    if way.place is not None:
        return way.says in found.what and way.place.text in found.what
    cameras = way.camera if isinstance(way.camera, frozenset) else (way.camera,)
    if way.says not in found.what or found.camera not in map(str, cameras) or way.seconds is None:
        return False
    return found.time is not None and abs(found.time - BEGIN - way.seconds * SECOND) < SECOND


def test_only_the_ledger_contradicts_who_has_the_keys(town: Town) -> None:
    """Pictures sealed anew by whoever has the keys, facts and links written anew: the archive alone says nothing."""
    pictures_replaced(town)
    assert CHECK.find(town) == []


def test_each_finder_names_a_place() -> None:
    """Camera and time; or, where no camera is concerned, the log or the hour: never neither, never both."""
    for name, way in ways():
        assert (way.camera is None) == (way.seconds is None) == (way.place is not None), name


def test_there_are_as_many_kinds_as_were_asked_for() -> None:
    """At least 24 kinds, each told once, each with somebody who finds it."""
    assert len({kind.id for kind in TABLE}) == len(TABLE) >= 24
    assert all(kind.ways for kind in TABLE)


def test_the_page_is_that_of_the_table() -> None:
    """docs/2-design/who-finds-what.md says what these tests show: `python -m tests.tamper.table` writes it."""
    assert PAGE.read_text("utf-8") == render()


def test_each_test_that_the_threats_name_exists() -> None:
    """docs/2-design/threats.md claims nothing without a test: each name stands for one, each kind for a row."""
    text = THREATS.read_text("utf-8")
    named = re.findall(r"`(tests/[a-z0-9_/]+\.py)::(test_[a-z0-9_]+)`", text)
    assert len(named) > 20
    for path, name in named:
        assert re.search(rf"def {name}\(", (ROOT / path).read_text("utf-8")), f"{path} has no {name}"
    kinds = set(re.findall(r"\*([a-z0-9-]+)\*(?!\*)", re.sub(r"\*\*[^*]+\*\*", "", text)))
    assert kinds - {"prevented", "detected"} <= {kind.id for kind in TABLE}
    assert {kind.id for kind in TABLE} <= kinds
