# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from torrazzo.base.errors import Damaged, Invalid, Refused, Unavailable
from torrazzo.base.ids import CameraId, StreamId
from torrazzo.base.secret import Secret
from torrazzo.base.times import DAY, HOUR, UtcTicks
from torrazzo.durable import OsDisk
from torrazzo.testing.clock import FakeClock
from torrazzo.town import Camera, Home, StreamConfig, load_box, load_plan
from torrazzo.town.box import Box
from torrazzo.town.camera import UnknownCamera, find_camera, new_camera_id
from torrazzo.town.home import new_settings
from torrazzo.town.lives import class_of, life_of
from torrazzo.town.office import Office, found_town, new_camera
from torrazzo.town.plan import VALID_FOR, peek_classes
from torrazzo.town.registry import open_registry

PASSWORD = "Corr3cte-Horse:è@bàttery"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def home(tmp_path: Path, clock: FakeClock) -> Home:
    home = Home(tmp_path / "a town#1?%")
    found_town(home, OsDisk(), clock, new_settings(home, "Cremona"))
    return home


def declare(name: str, *, has_sub: bool = True) -> Camera:
    id_ = new_camera_id()
    streams = [StreamConfig(StreamId(id_, "main"), "rtsp://10.0.0.5/one", "root", Secret(PASSWORD))]
    if has_sub:
        streams.append(StreamConfig(StreamId(id_, "sub"), "rtsp://10.0.0.5/two?channel=2", transport="tcp"))
    return new_camera(id_, name, streams, place="north corner", synthetic=True)


def test_what_was_added_is_read_back_by_others(home: Home, clock: FakeClock) -> None:
    """A camera comes back equal, through a second, read-only opening while the first is at work."""
    with Office(home, OsDisk(), clock) as office:
        camera = office.add(declare("Via degli Orti Romani"))
        with open_registry(home.office_db, load_box(home.box_key)) as reader:
            assert reader.cameras() == (camera,)
            assert reader.version() == 1
        assert camera.added == clock.utc()


def test_cameras_are_read_again_when_another_process_has_changed_them(home: Home, clock: FakeClock) -> None:
    """What has not changed is not opened again, also where removed ones are asked for; a change is seen at once."""
    with Office(home, OsDisk(), clock) as office, open_registry(home.office_db, load_box(home.box_key)) as reader:
        camera = office.add(declare("Via degli Orti Romani"))
        assert reader.cameras() == (camera,)
        assert reader.cameras()[0].streams[0] is reader.cameras(has_removed=True)[0].streams[0]
        changed = office.change(replace(camera, place="over the door"))
        assert reader.cameras() == (changed,)
        office.remove(camera.id)
        assert (reader.cameras(), len(reader.cameras(has_removed=True))) == ((), 1)


def test_the_plan_follows_each_change(home: Home, clock: FakeClock) -> None:
    """Adding, disabling, changing and removing each give a plan with a higher version and the right streams."""
    box = load_box(home.box_key)
    with Office(home, OsDisk(), clock) as office:
        assert load_plan(home.plan, box).entries == ()
        one = office.add(declare("Piazza Risorgimento"))
        two = office.add(declare("Via Giordano", has_sub=False))
        plan = load_plan(home.plan, box)
        assert (plan.version, plan.issued) == (2, clock.utc())
        assert [entry.stream for entry in plan.entries] == [*one.streams, *two.streams]
        assert {entry.until for entry in plan.entries} == {clock.utc() + VALID_FOR}
        assert {entry.retention_class for entry in plan.entries} == {"standard"}
        office.change(replace(one, enabled=False))
        assert [entry.stream for entry in load_plan(home.plan, box).entries] == [*two.streams]
        office.change(replace(two, permit_until=UtcTicks(clock.utc() + HOUR)))
        assert [entry.until for entry in load_plan(home.plan, box).entries] == [clock.utc() + HOUR]
        office.remove(two.id)
        assert load_plan(home.plan, box).entries == ()
        assert load_plan(home.plan, box).version == 5


def test_footage_that_lives_shorter_is_of_a_class_of_its_own(home: Home, clock: FakeClock) -> None:
    """The plan says the class, which says the hours; the keyring reads from it for which classes it needs keys."""
    box = load_box(home.box_key)
    with Office(home, OsDisk(), clock) as office:
        assert peek_classes(home.plan) == ("standard",)
        camera = office.add(replace(declare("Via Palestro"), retention_hours=72))
        office.add(declare("Via Bissolati"))
        assert {entry.retention_class for entry in load_plan(home.plan, box).entries} == {"h72", "standard"}
        assert peek_classes(home.plan) == ("h72", "standard")
        assert office.registry.cameras()[1].retention_hours == 72
        office.change(replace(camera, retention_hours=168))
        assert peek_classes(home.plan) == ("standard",)


def test_no_camera_keeps_footage_longer_than_the_law_allows(home: Home, clock: FakeClock) -> None:
    """RT-01: a camera above 168 hours cannot even be thought of; one below 2 has no key to record with."""
    with Office(home, OsDisk(), clock) as office:
        camera = office.add(declare("Via Palestro"))
    for hours, kind in ((169, Refused), (1, Invalid), (0, Invalid)):
        with pytest.raises(kind, match="ABOVE_LEGAL_MAX" if kind is Refused else "from 2 to 168"):
            replace(camera, retention_hours=hours)


def test_a_class_says_how_long_it_lives() -> None:
    """Hours and class name each other; a name that says more than 168, or nothing, is of no class."""
    assert [life_of(class_of(hours)) for hours in range(2, 169)] == list(range(2, 169))
    assert class_of(168) == "standard"
    with pytest.raises(Refused, match="ABOVE_LEGAL_MAX"):
        life_of("h169")
    for name in ("", "h", "h072", "h1", "h-3", "property", "h72 ", "H72"):
        with pytest.raises(Invalid):
            life_of(name)


def test_a_lapsed_permission_stays_in_the_plan(home: Home, clock: FakeClock) -> None:
    """The recorder must be told of a camera whose permission is over, to declare the gap."""
    with Office(home, OsDisk(), clock) as office:
        camera = office.add(declare("Parco Rita Levi Montalcini", has_sub=False))
        office.change(replace(camera, permit_until=UtcTicks(clock.utc() - DAY)))
        (entry,) = load_plan(home.plan, load_box(home.box_key)).entries
        assert entry.until == clock.utc() - DAY


def test_the_plan_is_renewed_every_half_day(home: Home, clock: FakeClock) -> None:
    """A renewed plan has the same version and a later end; before its time, and unharmed, it is left alone."""
    box = load_box(home.box_key)
    with Office(home, OsDisk(), clock) as office:
        office.add(declare("Via Mons. Assi"))
        assert not office.publish_if_due()
        clock.advance(12 * 3600)
        assert office.publish_if_due()
        plan = load_plan(home.plan, box)
        assert (plan.version, plan.issued) == (1, clock.utc())
        home.plan.write_bytes(b"{")
        assert office.publish_if_due()
        assert load_plan(home.plan, box).version == 1


def test_no_address_or_password_stands_on_disk_in_clear(home: Home, clock: FakeClock) -> None:
    """Neither database, its write-ahead log nor the plan shows the password or the address, also after removal."""

    def on_disk() -> bytes:
        files = [path for path in home.path.rglob("*") if path.is_file()]
        assert {"office.db", "office.db-wal", "plan.json"} <= {path.name for path in files}
        return b"".join(path.read_bytes() for path in files)

    with Office(home, OsDisk(), clock) as office:
        camera = office.add(declare("Via Mons. Assi"))
        assert PASSWORD.encode() not in on_disk()
        assert b"10.0.0.5" not in on_disk()
        assert b"Mons. Assi" in on_disk()
        office.remove(camera.id)
        assert PASSWORD.encode() not in on_disk()
        (gone,) = office.registry.cameras(has_removed=True)
        assert (gone.streams, gone.removed) == ((), clock.utc())


def test_one_writer_at_a_time(home: Home, clock: FakeClock) -> None:
    """A second office is refused while the first is open, and let in after."""
    with Office(home, OsDisk(), clock), pytest.raises(Refused, match=r"office\.lock"):
        Office(home, OsDisk(), clock)
    with Office(home, OsDisk(), clock):
        pass


def test_a_name_belongs_to_one_camera(home: Home, clock: FakeClock) -> None:
    """Names are compared without case; a removed camera's name is free again."""
    with Office(home, OsDisk(), clock) as office:
        first = office.add(declare("Piazza Cadorna"))
        with pytest.raises(Refused, match="already a camera named Piazza Cadorna"):
            office.add(declare("PIAZZA  cadorna"))
        other = office.add(declare("Via Giordano"))
        with pytest.raises(Refused, match="already a camera"):
            office.change(replace(other, name="piazza cadorna"))
        office.remove(first.id)
        office.add(declare("Piazza Cadorna"))
        everybody = office.registry.cameras(has_removed=True)
        assert find_camera(everybody, "piazza cadorna").removed is None
        assert find_camera(everybody, first.id).removed is not None
        with pytest.raises(UnknownCamera):
            office.change(replace(other, id=CameraId("00000000000000aa"), name="Nessuna"))


def test_an_unknown_name_names_its_neighbours(home: Home, clock: FakeClock) -> None:
    """A misspelt name is answered with the close ones."""
    with Office(home, OsDisk(), clock) as office:
        office.add(declare("Via degli Orti Romani"))
        office.add(declare("Piazza Risorgimento"))
        cameras = office.registry.cameras()
    with pytest.raises(UnknownCamera, match="did you mean Piazza Risorgimento"):
        find_camera(cameras, "piaza risorgimento")
    with pytest.raises(UnknownCamera, match="did you mean Via degli Orti Romani"):
        find_camera(cameras, "orti")
    with pytest.raises(UnknownCamera, match="camera list"):
        find_camera(cameras, "zzz")


def test_another_key_is_named_as_the_trouble(home: Home, clock: FakeClock) -> None:
    """A registry whose box key was exchanged says so, and says what to restore."""
    with Office(home, OsDisk(), clock) as office:
        office.add(declare("Via Giordano"))
    with (
        open_registry(home.office_db, Box(bytes(32))) as reader,
        pytest.raises(Damaged, match=r"secrets/box\.key; restore"),
    ):
        reader.cameras()
    with pytest.raises(Damaged, match=r"secrets/box\.key"):
        load_plan(home.plan, Box(bytes(32)))


def test_a_file_that_is_no_registry_is_reported(home: Home) -> None:
    """Opening garbage, or nothing, is an error that names the file."""
    box = load_box(home.box_key)
    home.office_db.write_bytes(b"not a database, " * 300)
    with pytest.raises(Unavailable, match=r"office\.db"):
        open_registry(home.office_db, box)
    with pytest.raises(Unavailable, match="torrazzo init"):
        open_registry(home.path / "none.db", box)


def test_a_registry_of_another_version_is_named(home: Home, clock: FakeClock) -> None:
    """One that an older program wrote is for the writer to upgrade, one of a newer program for nobody here."""
    with Office(home, OsDisk(), clock):
        box = load_box(home.box_key)
    with sqlite3.connect(home.office_db) as database:
        database.execute("update alembic_version set version_num = '0001'")
    with pytest.raises(Unavailable, match="older Torrazzo; `torrazzo serve` brings it up to date at its start"):
        open_registry(home.office_db, box)
    with sqlite3.connect(home.office_db) as database:
        database.execute("update alembic_version set version_num = '9999'")
    for may_write in (False, True):
        with pytest.raises(Unavailable, match=r"newer Torrazzo \(its form is 9999"):
            open_registry(home.office_db, box, may_write=may_write)


def test_opening_again_upgrades_nothing(home: Home, clock: FakeClock) -> None:
    """The schema is stamped once; every column of it is described where it is made."""
    with Office(home, OsDisk(), clock):
        pass
    with sqlite3.connect(home.office_db) as database:
        assert database.execute("select version_num from alembic_version").fetchall() == [("0015",)]
        assert database.execute("pragma journal_mode").fetchone() == ("wal",)
    database.close()
