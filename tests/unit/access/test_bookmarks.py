# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later

import pytest

from tests.tools.staffed import StaffedTown
from torrazzo.access.bookmarks import LIFE, MOST, Bookmark, UnknownBookmark
from torrazzo.access.staff import By, Denial
from torrazzo.base import Span, StreamId
from torrazzo.base.errors import Invalid, Refused
from torrazzo.base.ids import CameraId
from torrazzo.base.times import HOUR, SECOND, UtcTicks
from torrazzo.law import Role
from torrazzo.town.camera import Camera, StreamConfig

CAMERA = CameraId("3f9a1c0e5b7d2264")


@pytest.fixture
def by(town: StaffedTown) -> By:
    """Somebody, and a camera."""
    streams = (StreamConfig(StreamId(CAMERA, "main"), "rtsp://10.0.0.1/"),)
    town.office.add(Camera(CAMERA, "Piazza", "", True, None, True, streams, town.clock.utc()))
    account = town.person("olga.neri", Role.OPERATOR)
    return By(account.name, "makes a bookmark", None, account.id)


def test_a_bookmark_goes_with_its_footage(town: StaffedTown, by: By) -> None:
    """At 168 h it is forgotten, not before, and not while a hold has that footage."""
    store, at = town.staffing.bookmarks, UtcTicks(town.clock.utc() - HOUR)
    made = store.add(CAMERA, at, "  lascia  la bici ", by).value
    assert made.note == "lascia la bici"
    town.clock.advance((LIFE - HOUR) / SECOND - 1)
    assert store.forget(lambda _: False) == 0
    town.clock.advance(1)
    asked = list[Bookmark]()

    def is_held(bookmark: Bookmark) -> bool:
        asked.append(bookmark)
        return True

    assert (store.forget(is_held), asked) == (0, [made])
    assert store.forget(lambda _: False) == 1
    with pytest.raises(UnknownBookmark):
        store.one(made.id)


def test_each_bookmark_and_its_removal_are_told(town: StaffedTown, by: By) -> None:
    """A fact `cfg` of a bookmark, with hashes of before and after, and no word of its note in the open part."""
    done = town.staffing.bookmarks.add(CAMERA, town.clock.utc(), "lascia la bici", by)
    gone = town.staffing.bookmarks.remove(done.value.id, by)
    (made,), (removed,) = done.facts, gone.facts
    assert (made.kind, made.values["what"], made.values["was"]) == ("cfg", "bookmark", None)
    assert removed.values["was"] == made.values["d"] != removed.values["d"]
    assert "bici" not in str(made.values)


def test_a_bookmark_is_of_a_time_that_can_be_there(town: StaffedTown, by: By) -> None:
    """Neither of what is gone, nor of what is to come; its note says something; their number has an end."""
    store, now = town.staffing.bookmarks, town.clock.utc()
    for at in (now - LIFE, now + 2 * 60 * SECOND):
        with pytest.raises(Denial):
            store.add(CAMERA, UtcTicks(at), "x", by)
    for note in ("", "  ", "x" * 501, "a\x00b"):
        with pytest.raises(Invalid):
            store.add(CAMERA, now, note, by)
    for _ in range(MOST):
        store.add(CAMERA, now, "x", by)
    with pytest.raises(Refused):
        store.add(CAMERA, now, "x", by)
    assert len(store.within([CAMERA], Span(now, UtcTicks(now + 1)))) == MOST
    assert store.within([CAMERA], Span(UtcTicks(now + 1), UtcTicks(now + 2))) == []
