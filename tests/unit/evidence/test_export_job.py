# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The job that makes a package, step by step, in one life or in several."""

import contextlib
import errno
import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyrage
import pytest

from tests.tools.archived import POLICY, Archived, archived
from tests.tools.dossier import files_of
from tests.tools.recording import Recording
from torrazzo.access import Peer, People
from torrazzo.archive.fact import parse_fact
from torrazzo.base import StreamId
from torrazzo.base.errors import Damaged, Invalid, Refused, Unavailable
from torrazzo.base.times import HOUR, SECOND, UtcTicks, hour_of
from torrazzo.durable import OsDisk
from torrazzo.evidence import export_job, jobs
from torrazzo.evidence.export_job import PACKAGE, ExportJob, order
from torrazzo.evidence.gather import Asked, Source
from torrazzo.evidence.jobs import Cancelled, JobState, Values, Work
from torrazzo.evidence.report import Custody
from torrazzo.evidence.worker import Shelf, WorkerDesk
from torrazzo.testing import ClipSpec, FakeClock, make_clip
from torrazzo.testing.clock import START
from torrazzo_verify.verify import Finding, parse_policy, sentence, verify

KEY = str(pyrage.x25519.Identity.generate().to_public())
DUOMO, PO, DARK = "3f9a1c0e5b7d2264/main", "00c0ffee00c0ffee/main", "000000000000dada/main"


def _film(made: Recording) -> None:
    small = make_clip(ClipSpec(width=160, height=120, frames=100))
    made.shoot(small, 21)
    made.gap(10)
    made.shoot(small, 11)


def _dark(made: Recording) -> None:
    """Nothing comes until all is over."""
    made.gap(43)
    made.shoot(make_clip(ClipSpec(width=160, height=120, frames=100)), 2)


class SmallTown:
    """An archive and one ask, which `anna` made and somebody approved."""

    def __init__(self, made: Archived) -> None:
        self.made = made
        self.open = self.opened = 0
        self.key: str | None = None

    def asked(self, ask: int, person: str) -> Asked:
        if (ask, person) != (0, "anna"):
            raise Refused("not approved")
        return self.made.asked(5, 40)._replace(key=self.key)

    def custody(self, ask: int, person: str) -> Custody:
        return Custody("Cremona", ZoneInfo("Europe/Rome"), "anna", START, "bruno", START, "theft", "court", None)

    @contextlib.contextmanager
    def source(self, ask: int, person: str) -> Iterator[Source]:
        self.opened, self.open = self.opened + 1, self.open + 1
        with self.made.footage() as footage:
            yield Source(footage, self.made.read, self.made.index_of, POLICY)
        self.open -= 1


class Lives:
    """What `Jobs` does, in memory: results are kept, `fate` may end a life at any sign of it."""

    def __init__(self, fate: Callable[[str, float], None] = lambda *_: None) -> None:
        self.kept: dict[str, str] = {}
        self.worked: list[str] = []
        self.fate = fate

    def step(self, name: str, part: tuple[float, float], work: Work) -> Values:
        assert 0 <= part[0] < part[1] <= 1
        if name not in self.kept:
            self.worked.append(name)
            self.fate(name, 0)
            work = jobs.patient(work, FakeClock(), lambda _: self.fate(name, -1))
            self.kept[name] = json.dumps(work(lambda done: self.fate(name, done)))
            self.fate(name, 1)
        found: Values = json.loads(self.kept[name])
        return found


class Killed(BaseException):
    """Kill -9."""


@pytest.fixture
def town(tmp_path: Path) -> Iterator[SmallTown]:
    (tmp_path / "town").mkdir()
    with archived(tmp_path / "town", [("duomo", DUOMO, _film), ("po", PO, _film)], START) as made:
        made.enter()
        yield SmallTown(made)


def run(town: SmallTown, lives: Lives, out: Path, recipient: str | None = None) -> Values:
    return ExportJob(town, OsDisk(), FakeClock()).run(order(0, out, "anna", recipient), lives)


def test_the_package_lies_where_it_was_wanted_and_verifies(town: SmallTown, tmp_path: Path) -> None:
    """Whole, checked, alone in its folder; its window is closed."""
    (tmp_path / "out").mkdir()
    out = tmp_path / "out" / "case.asice"
    result = run(town, Lives(), out)
    assert verify(str(out), parse_policy(POLICY.pack()), lambda _: None) == 0
    names = {path.name for path in out.parent.iterdir()}
    assert names == {"case.asice"} | ({"case.asice.pdf"} if result["report"] else set())
    assert (result["bytes"], result["verdict"], result["losses"]) == (out.stat().st_size, "verified", [])
    assert (town.open, town.opened) == (0, 1)


@pytest.mark.parametrize("step", ["begin", "clip duomo", "clip po", "package", "place"])
@pytest.mark.parametrize("at", [0.0, 0.4, 0.7])
def test_a_job_that_was_killed_goes_on_with_its_step(
    step: str, at: float, town: SmallTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No step is done twice that was over, and the clips are those of an export in one go."""

    def fate(name: str, done: float) -> None:
        if name == step and done >= at:
            lives.fate = lambda *_: None
            raise Killed

    lives = Lives(fate)
    kill(lambda: run(town, lives, tmp_path / "1.asice"), monkeypatch)
    before = [name for name in lives.worked if name in lives.kept]
    run(town, lives, tmp_path / "1.asice")
    assert not [name for name in before if lives.worked.count(name) > 1]
    run(town, Lives(), tmp_path / "2.asice")
    once, twice = files_of(tmp_path / "1.asice"), files_of(tmp_path / "2.asice")
    assert all(once[name] == twice[name] for name in once if name.startswith(("clips/", "pieces/", "facts/")))


def test_a_cancelled_job_leaves_nothing(town: SmallTown, tmp_path: Path) -> None:
    """Neither file nor open window, wherever it was."""

    def fate(name: str, done: float) -> None:
        if name == "package" and done > 0.5:
            assert (tmp_path / ".1.asice.new").exists()
            raise Cancelled

    with pytest.raises(Cancelled):
        run(town, Lives(fate), tmp_path / "1.asice")
    assert not list(tmp_path.glob("*.asice*")) + list(tmp_path.glob(".*"))


def test_a_job_that_was_killed_with_its_package_in_place_and_then_fails_leaves_nothing(
    town: SmallTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither what this life put there nor what the one before did: nobody would know whose it is."""
    fates = iter([Killed, Invalid])

    def fate(name: str, done: float) -> None:
        if name == "place" and done >= 1:
            del lives.kept[name]  # whoever is killed here has not written down that it is done
            raise next(fates)

    lives = Lives(fate)
    kill(lambda: run(town, lives, tmp_path / "1.asice"), monkeypatch)
    assert verify(str(tmp_path / "1.asice"), parse_policy(POLICY.pack()), lambda _: None) == 0
    with pytest.raises(Invalid):
        run(town, lives, tmp_path / "1.asice")
    assert not list(tmp_path.glob("*.asice*")) + list(tmp_path.glob(".*"))


def test_what_somebody_put_there_meanwhile_is_neither_replaced_nor_removed(town: SmallTown, tmp_path: Path) -> None:
    """A file that has the package's name when that is to be placed is another person's."""
    for name in ("1.asice", "2.asice.pdf"):
        mine = tmp_path / name

        def fate(step: str, _: float, mine: Path = mine) -> None:
            if step == "package":
                mine.write_text("mine")

        with pytest.raises(Refused, match="not there when"):
            run(town, Lives(fate), tmp_path / name.removesuffix(".pdf"))
        assert mine.read_text() == "mine"
        assert {path.name for path in tmp_path.glob("*asice*")} == {name}
        mine.unlink()


@pytest.mark.parametrize("recipient", [None, KEY], ids=["open", "encrypted"])
@pytest.mark.parametrize(("step", "at"), [("package", 0.9), ("package", 0.99), ("place", 0.0), ("place", 1.0)])
def test_a_job_that_is_cancelled_in_its_last_moment_leaves_nothing(
    step: str, at: float, recipient: str | None, town: SmallTown, tmp_path: Path
) -> None:
    """While the report is drawn, just before all is put in its place, and just after: a no is a no."""

    def fate(name: str, done: float) -> None:
        if name == step and done >= at:
            raise Cancelled

    (tmp_path / "out").mkdir()
    with pytest.raises(Cancelled):
        run(town, Lives(fate), tmp_path / "out" / "1.asice", recipient)
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("fails", [Cancelled, None], ids=["cancelled", "at its end"])
def test_a_draft_that_cannot_be_removed_keeps_no_package_of_a_job_that_failed(
    fails: type[Cancelled] | None, town: SmallTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the disk says of the draft: what has its name is taken back, and why the job ended is told."""

    def fate(name: str, done: float) -> None:
        if name == "place" and done >= 1:
            assert (tmp_path / "1.asice").exists()
            monkeypatch.setattr(OsDisk, "unlink", unlink)
            if fails is not None:
                raise fails

    def unlink(disk: OsDisk, path: Path) -> None:
        if path.name.startswith("."):
            raise OSError(errno.EIO, "the disk fails")
        unlinked(disk, path)

    unlinked = OsDisk.unlink
    with pytest.raises(fails or OSError):
        run(town, Lives(fate), tmp_path / "1.asice")
    assert not list(tmp_path.glob("*.asice*"))


def test_what_is_there_is_not_replaced_and_nobody_elses_ask_is_exported(town: SmallTown, tmp_path: Path) -> None:
    """A file of that name, an ask of another person or a folder that is not there: refused before anything is read."""
    (tmp_path / "1.asice").write_text("mine")
    with pytest.raises(Refused, match="exists"):
        run(town, Lives(), tmp_path / "1.asice")
    with pytest.raises(Refused, match="not approved"):
        ExportJob(town, OsDisk(), FakeClock()).run(order(0, tmp_path / "2.asice", "bruno"), Lives())
    with pytest.raises(Refused, match="no such folder"):
        run(town, Lives(), tmp_path / "nowhere" / "1.asice")
    with pytest.raises(Invalid, match="whole path"):
        order(0, Path("1.asice"), "anna")
    assert town.opened == 0


def test_a_package_for_a_recipient_opens_with_his_key_alone(town: SmallTown, tmp_path: Path) -> None:
    """What lies there is age; opened with the identity it is the package that verifies."""
    identity = pyrage.x25519.Identity.generate()
    result = run(town, Lives(), tmp_path / "1.asice.age", str(identity.to_public()))
    sealed = (tmp_path / "1.asice.age").read_bytes()
    assert sealed.startswith(b"age-encryption.org/v1\n")
    assert result["bytes"] == len(sealed)
    (tmp_path / "1.asice").write_bytes(pyrage.decrypt(sealed, [identity]))
    assert verify(str(tmp_path / "1.asice"), parse_policy(POLICY.pack()), lambda _: None) == 0
    assert not list(tmp_path.glob(".*"))
    with pytest.raises(Invalid, match="age1"):
        order(0, tmp_path / "2.asice", "anna", "age1nobody")


def test_what_was_approved_for_a_key_is_encrypted_to_no_other(town: SmallTown, tmp_path: Path) -> None:
    """Neither in the clear nor for another key is a package made, nor footage opened for it; for that key it is."""
    identity = pyrage.x25519.Identity.generate()
    town.key = str(identity.to_public())
    for other in (None, str(pyrage.x25519.Identity.generate().to_public())):
        with pytest.raises(Refused, match="approved for one key"):
            run(town, Lives(), tmp_path / "1.asice.age", other)
    assert (town.opened, (tmp_path / "1.asice.age").exists()) == (0, False)
    run(town, Lives(), tmp_path / "1.asice.age", town.key)
    assert pyrage.decrypt((tmp_path / "1.asice.age").read_bytes(), [identity])[:2] == b"PK"


def test_a_package_that_does_not_verify_is_not_handed_over(
    town: SmallTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that another program changes before it is checked never appears under its name."""
    moved: list[Path] = []

    def fate(name: str, done: float) -> None:
        new = tmp_path / ".1.asice.new"
        if name == "package" and done >= 0.59 and new.exists() and not moved:
            data = bytearray(new.read_bytes())
            if len(data) > 50_000 and data.rfind(b"PK\5\6") > 0:
                moved.append(new)
                data[data.find(b"moof") + 300] ^= 1
                new.write_bytes(data)

    with pytest.raises(Exception, match="does not verify"):
        run(town, Lives(fate), tmp_path / "1.asice")
    assert moved
    assert not (tmp_path / "1.asice").exists()


def test_a_camera_that_recorded_nothing_is_left_out_and_told(tmp_path: Path) -> None:
    """The others' package is made."""
    (tmp_path / "town").mkdir()
    with archived(tmp_path / "town", [("po", PO, _film), ("dark", DARK, _dark)], START) as made:
        made.enter()
        result = run(SmallTown(made), Lives(), tmp_path / "1.asice")
    assert list(result["left_out"]) == [DARK]
    assert "clips/po.mp4" in files_of(tmp_path / "1.asice")


@pytest.fixture
def long_town(tmp_path: Path) -> Iterator[SmallTown]:
    """Some seconds of two cameras, in many segments of which some are of the hour before."""
    (tmp_path / "town").mkdir()
    start = UtcTicks((START // HOUR + 1) * HOUR - 20 * SECOND)
    with archived(tmp_path / "town", [("duomo", DUOMO, _film), ("po", PO, _film)], start) as made:
        made.enter()
        yield SmallTown(made)


def _segment_hour(made: Archived, n: int) -> int | None:
    """Of the first camera's segment with this number."""
    facts = [parse_fact(told.fact) for told in made.filmed[0].made.deliveries]
    return next((hour_of(fact.t0) for fact in facts if (fact.kind, fact.n) == ("seg", n)), None)


def lost(out: Path, name: str) -> set[str]:
    """Why pieces of a clip are told to be missing."""
    manifest = json.loads(files_of(out)["manifest.json"])
    return {loss["why"] for clip in manifest["clips"] if clip["name"] == name for loss in clip["losses"]}


def said_of(out: Path) -> list[Finding]:
    """What the verifier finds; nothing has failed."""
    found: list[Finding] = []
    assert verify(str(out), parse_policy(POLICY.pack()), found.append) == 0
    return found


@pytest.mark.parametrize("why", ["erased", "gone"])
def test_where_an_hour_of_one_camera_is_gone_the_rest_is_there(why: str, long_town: SmallTown, tmp_path: Path) -> None:
    """The package verifies, the other camera is whole, and it is told in it from when to when this one is not."""
    made = long_town.made
    first = {n for n in range(9) if _segment_hour(made, n) == hour_of(UtcTicks(made.start))}
    made.rings.gone = lambda stream, n: why if str(stream) == DUOMO and n in first else None
    out = tmp_path / "1.asice"
    result = run(long_town, Lives(), out)
    assert (result["left_out"], len(result["losses"])) == ({}, 1)
    assert (lost(out, "duomo"), lost(out, "po")) == ({why}, set())
    (told,) = [each for each in said_of(out) if each.code == f"segments-{why}"]
    assert (told.camera, told.time, told.level) == (DUOMO, made.start, "open")
    assert not [each for each in said_of(out) if each.code == "piece-lost"]


@pytest.mark.parametrize("why", ["erased", "gone"])
def test_a_camera_that_is_gone_is_named_with_the_reason(why: str, town: SmallTown, tmp_path: Path) -> None:
    """The others' package is made; in it, in its README and by its verifiers it is said which is missing, and why."""
    town.made.rings.gone = lambda stream, _: why if str(stream) == PO else None
    out = tmp_path / "1.asice"
    result = run(town, Lives(), out)
    assert list(result["left_out"]) == [PO]
    (left_out,) = json.loads(files_of(out)["manifest.json"])["left_out"]
    asked = town.made.asked(5, 40).span
    assert left_out == {"stream": PO, "from": asked.start, "to": asked.end, "why": why}
    assert PO in files_of(out)["README.txt"].decode()
    (told,) = [each for each in said_of(out) if each.code == "left-out"]
    assert (told.camera, told.time, told.values[-1]) == (PO, asked.start, why)
    assert "{" not in sentence(told, 0) + sentence(told, 1)


def test_what_is_gone_is_asked_for_once(town: SmallTown, tmp_path: Path) -> None:
    """An erased hour costs the keyring one question, not one for each of its segments."""
    town.made.rings.gone = lambda stream, _: "erased" if str(stream) == PO else None
    with town.made.footage() as footage:
        rows = footage.segments(StreamId.parse(PO), town.made.asked(0, 40).span)
        assert len(rows) > 2
        for row in rows * 2:
            assert footage.samples(row).losses[0].why == "erased"
    assert town.made.rings.asked == 1


def test_what_is_held_of_an_hour_that_is_gone_is_in_the_package(town: SmallTown, tmp_path: Path) -> None:
    """Its neighbours' keys are asked for with it; that they are gone takes nothing from it."""
    town.made.rings.gone = lambda stream, n: "gone" if str(stream) == PO and n != 2 else None
    out = tmp_path / "1.asice"
    assert run(town, Lives(), out)["left_out"] == {}
    assert lost(out, "po") == {"gone"}
    said_of(out)


def test_what_the_catalogue_has_forgotten_is_told_as_gone(town: SmallTown, tmp_path: Path) -> None:
    """Asked for while it lived, exported when its time was over: the ledger's facts name it, the package too."""
    with sqlite3.connect(town.made.folder / "catalogue.db") as database:
        database.execute("DELETE FROM segment WHERE t0 < ?", (town.made.start + 9 * SECOND,))
    out = tmp_path / "1.asice"
    result = run(town, Lives(), out)
    assert lost(out, "po") == {"gone"}
    assert len(result["losses"]) == 2
    assert {each.camera for each in said_of(out) if each.code == "segments-gone"} == {DUOMO, PO}


def test_where_no_camera_recorded_anything_it_is_said(tmp_path: Path) -> None:
    """There is no package then, and whoever asked for it reads why, camera by camera."""
    (tmp_path / "town").mkdir()
    with archived(tmp_path / "town", [("dark", DARK, _dark), ("darker", DUOMO, _dark)], START) as made:
        made.enter()
        with pytest.raises(Invalid, match=r"^ask 0: dark: no picture was .*; darker: no picture was "):
            run(SmallTown(made), Lives(), tmp_path / "1.asice")
    assert not list(tmp_path.glob("*.asice*"))


def test_facts_that_come_late_are_waited_for(town: SmallTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is made when the ledger has them all."""
    monkeypatch.setattr(jobs, "_PAUSE_S", 0.01)
    (tmp_path / "slow").mkdir()
    with archived(tmp_path / "slow", [("po", PO, _film)], START) as made:
        looks: list[float] = []

        def fate(name: str, done: float) -> None:
            if name == "package":
                looks.append(done)
                if len(looks) == 3:
                    made.enter()

        run(SmallTown(made), Lives(fate), tmp_path / "1.asice")
    assert len(looks) > 3


def kill(life: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """A life that ends by `Killed`, and removes nothing then."""
    with monkeypatch.context() as killing:
        killing.setattr(OsDisk, "unlink", lambda *_: None)
        with pytest.raises(Killed):
            life()


@pytest.mark.parametrize("step", ["begin", "clip duomo", "clip po"])
def test_a_ledger_that_dies_between_two_steps_is_waited_for(
    step: str, town: SmallTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the job asks of the town next, it asks again until the ledger is back, and then goes on."""
    monkeypatch.setattr(jobs, "_PAUSE_S", 0.01)
    is_away, waited = False, []

    class Mortal(Lives):
        def step(self, name: str, part: tuple[float, float], work: Work) -> Values:
            nonlocal is_away
            found = super().step(name, part, work)
            is_away = name == step  # it dies right behind this one
            return found

    def fate(name: str, done: float) -> None:
        nonlocal is_away
        if done < 0:
            waited.append(name)
            is_away = len(waited) < 3

    def alive(call: Callable[..., object]) -> Callable[..., object]:
        def asked(*words: object) -> object:
            if is_away:
                raise Unavailable("the ledger does not answer")
            return call(*words)

        return asked

    for name in ("asked", "custody", "source"):
        monkeypatch.setattr(town, name, alive(getattr(town, name)))
    monkeypatch.setattr(town.made, "read", alive(town.made.read))
    run(town, Mortal(fate), tmp_path / "1.asice")
    assert len(waited) == (0 if step == "clip duomo" else 3)  # the next clip needs no more than the open window
    assert verify(str(tmp_path / "1.asice"), parse_policy(POLICY.pack()), lambda _: None) == 0


def test_no_byte_for_a_recipient_lies_in_the_clear(
    town: SmallTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At no sign of life is there a file in which one reads a package, and a killed life leaves none either."""
    recipient = str(pyrage.x25519.Identity.generate().to_public())
    seen: set[str] = set()

    def fate(name: str, done: float) -> None:
        for path in tmp_path.glob(".1.*"):
            data = path.read_bytes()
            assert not any(word in data for word in (b"PK\3\4", b"moof", b"manifest.json", b"LEGGIMI"))
            seen.add(path.name)
            if done > 0.95 * 0.9 and path.name.endswith(".age"):
                raise Killed

    lives = Lives(fate)
    kill(lambda: run(town, lives, tmp_path / "1.asice.age", recipient), monkeypatch)
    assert seen == {".1.asice.age.new", ".1.asice.age.age"}
    lives.fate = lambda *_: None
    run(town, lives, tmp_path / "1.asice.age", recipient)
    assert {path.suffix for path in tmp_path.glob("*1.*")} <= {".age", ".pdf"}
    assert not list(tmp_path.glob(".*"))


def test_a_draft_that_was_changed_behind_its_check_is_not_handed_over(
    town: SmallTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is encrypted is what was checked."""
    check = export_job.check

    def checked(*words: Any) -> object:
        found, new = check(*words), tmp_path / ".1.age.new"
        data = bytearray(new.read_bytes())
        data[5000] ^= 1
        new.write_bytes(data)
        return found

    monkeypatch.setattr(export_job, "check", checked)
    with pytest.raises(Damaged, match="was changed"):
        run(town, Lives(), tmp_path / "1.age", str(pyrage.x25519.Identity.generate().to_public()))
    assert not list(tmp_path.glob("*1.age*"))


def test_a_later_life_that_is_refused_leaves_nothing_of_the_one_before(
    town: SmallTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed in the middle of the package; when it is run again, nobody may open the footage any more."""

    def fate(name: str, done: float) -> None:
        if name == "package" and done > 0.3:
            raise Killed

    lives = Lives(fate)
    kill(lambda: run(town, lives, tmp_path / "1.asice"), monkeypatch)
    assert (tmp_path / ".1.asice.new").exists()

    def refused(*_: object) -> None:
        raise Refused("the secret of its month is destroyed")

    monkeypatch.setattr(town, "source", refused)
    with pytest.raises(Refused, match="destroyed"):
        run(town, lives, tmp_path / "1.asice")
    assert not list(tmp_path.glob("*1.asice*"))


def test_cancelling_a_job_that_no_life_goes_on_with_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    """The worker was killed in mid package, and its next life has not come to that job yet."""

    class Waiting:
        now = "waiting"

        def state(self, id_: str) -> JobState:
            return JobState(id_, "export", {"out": str(tmp_path / "1.asice")}, self.now, "", 0, None, None, 0)

        def cancel(self, _: str) -> None:
            self.now = "cancelled"

        def gave(self, _: str, step: str) -> Values:
            assert step == PACKAGE
            return given

    given = Values()
    (tmp_path / ".1.asice.new").write_text("pictures")
    me, shelf = Peer.of(os.getuid()), Shelf(tmp_path / "packages", OsDisk(), FakeClock())
    desk = WorkerDesk(Waiting(), shelf, me, People({}, os.getuid()))  # type: ignore[arg-type]  # all that it asks
    assert desk.answer("POST", "/jobs/export-1/cancel", b"{}").status == 200
    assert not list(tmp_path.iterdir())
    for name in ("1.asice", "1.asice.pdf"):
        (tmp_path / name).write_text(name)
    assert desk.answer("POST", "/jobs/export-1/cancel", b"{}").status == 200
    assert len(list(tmp_path.iterdir())) == 2, "whatever has that name is not the job's, as long as it made nothing"
    digests = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("1.asice", "1.asice.pdf")}
    given |= {"sha256": digests["1.asice"], "report_sha256": digests["1.asice.pdf"]}
    assert desk.answer("POST", "/jobs/export-1/cancel", b"{}").status == 200
    assert not list(tmp_path.iterdir()), "it was put there before the worker was killed"
