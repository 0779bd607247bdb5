# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A keyring's whole folder put back as it once was, where nothing but files counts: the ledger's facts tell."""

import json
import shutil
from pathlib import Path

import pytest

from tests.tools.gate_town import NOW, STREAM, b64
from tests.tools.gated import Gated, keys
from torrazzo.base.errors import KeyGone, Unavailable
from torrazzo.base.ids import StreamId
from torrazzo.base.times import hour_of, hour_text
from torrazzo.keyring.public import KeyName

NAME = KeyName(hour_of(NOW - 60), "standard")
OTHER = StreamId.parse("00c0ffee00c0ffee/main")


def shred(gated: Gated) -> None:
    """As retention does: the key goes, then the fact tells of it."""
    gated.parts.store.shred([NAME])
    values = {"hour": hour_text(NAME.hour), "class": NAME.class_, "why": "age", "level": "file", "left": 1}
    gated.town.book(
        "shred", {**values, "ring": b64(bytes(32)), "state": None, "rec": None, "act": None}, t=gated.clock.utc()
    )


def put_back(gated: Gated, copy: Path) -> None:
    """The keyring's whole folder, and start it."""
    shutil.rmtree(gated.home.keyring)
    shutil.copytree(copy, gated.home.keyring)
    gated.live()


def alarms(gated: Gated) -> list[str]:
    told = json.loads(gated.desk.status())["alarms"]
    return [alarm for alarm in told if alarm.startswith("ring: ")]


@pytest.fixture
def gated(tmp_path: Path) -> Gated:
    return Gated(tmp_path / "town")


def test_a_whole_folder_put_back_opens_nothing_that_was_destroyed(gated: Gated, tmp_path: Path) -> None:
    """At its start it tells which hours came back; for those it gives no key. The untouched folder is believed."""
    shutil.copytree(gated.home.keyring, tmp_path / "copy")
    gated.live()
    assert alarms(gated) == []
    assert list(keys(gated, gated.view()))
    gated.clock.advance(5 * 3600)  # so that nobody draws a key for that hour again
    shred(gated)
    gated.live()
    assert alarms(gated) == []
    put_back(gated, tmp_path / "copy")
    (alarm,) = alarms(gated)
    assert str(NAME) in alarm
    with pytest.raises(KeyGone, match="was destroyed"):
        keys(gated, gated.view())


def test_an_early_erasure_is_not_undone_by_an_older_folder(gated: Gated) -> None:
    """The camera that was erased stays so, where the file that left it out is gone; the others of the hour are read."""
    values = {"hour": hour_text(NAME.hour), "class": NAME.class_, "of": 1, "streams": [str(STREAM)], "kept": 1}
    gated.town.book("rekey", values, t=gated.clock.utc())
    gated.live()
    assert len(alarms(gated)) == 1
    with pytest.raises(KeyGone):
        gated.parts.destroyed.expect_alive(NAME, STREAM)
    gated.parts.destroyed.expect_alive(NAME, OTHER)


def test_no_key_leaves_before_the_ledger_was_asked(gated: Gated) -> None:
    """A ledger that is away at the start is waited for; nothing is taken for alive meanwhile."""
    request = gated.view()
    gated.ledger.is_away = True
    gated.live()
    with pytest.raises(Unavailable):
        keys(gated, request)
    gated.ledger.is_away = False
    assert list(keys(gated, gated.view()))
