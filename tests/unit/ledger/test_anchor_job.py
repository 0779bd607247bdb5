# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The anchors' clockwork over a real store and a real authority (`openssl ts`), in good days, bad ones, and crashes."""

import contextlib
import hashlib
import itertools
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tools.ledger import FOLDER, deeds, facts, opened
from tests.tools.ledger_process import running, until
from tests.tools.tsa import POLICY, Issuer, Reply, Responder, needs_openssl, openssl, serve, verify
from torrazzo.base import SystemClock
from torrazzo.base.errors import Damaged, Invalid, Refused, Stopped, TorrazzoError
from torrazzo.base.times import SECOND, BootNs, UtcTicks
from torrazzo.cli import main
from torrazzo.cli.init import make_town
from torrazzo.durable import Disk
from torrazzo.ledger.anchor import Head
from torrazzo.ledger.anchor_authority import Authority
from torrazzo.ledger.anchor_http import Limits
from torrazzo.ledger.anchor_job import AnchorJob
from torrazzo.ledger.anchor_settings import AnchorSettings, load_anchor_settings
from torrazzo.ledger.anchor_state import AnchorState
from torrazzo.ledger.store import LedgerStore
from torrazzo.ledger.text import to_base64
from torrazzo.testing import FaultyDisk
from torrazzo.testing.disk import PowerOff
from torrazzo.town import Home

pytestmark = needs_openssl

HOUR = 3_600
NEVER = threading.Event()


class Office:
    """An authority, and whether it answers."""

    def __init__(self, folder: Path) -> None:
        self.issuer = Issuer(folder / "ca")
        self.responder = Responder(folder / "tsa", self.issuer.issue("signer", "Signer"))
        self.is_open = True
        self.asked = 0
        self.url = ""

    def answer(self, query: bytes) -> Reply:
        self.asked += 1
        return Reply(self.responder.reply(query)) if self.is_open else Reply(b"", 503)

    def authority(self, name: str = "aruba", url: str = "") -> Authority:
        return Authority(name=name, url=url or self.url, certificates=self.issuer.root.pem, policy=POLICY)


class MovedClock:
    """The machine's clock, on which so many seconds passed."""

    def __init__(self) -> None:
        self.seconds = 0

    def utc(self) -> UtcTicks:
        return UtcTicks(SystemClock().utc() + self.seconds * SECOND)

    def boot_ns(self) -> BootNs:
        return SystemClock().boot_ns()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    office = Office(tmp_path_factory.mktemp("tsa"))
    with serve(office.answer) as server:
        office.url = server.url
        yield office


@pytest.fixture
def office(authority: Office) -> Office:
    authority.is_open, authority.asked = True, 0
    return authority


def job_of(store: LedgerStore, disk: Disk, clock: MovedClock, *authorities: Authority) -> AnchorJob:
    settings = AnchorSettings(HOUR * SECOND, authorities)
    return AnchorJob(
        store,
        lambda line: store.append(act=[line]).act[0],
        lambda: settings,
        clock,
        disk,
        FOLDER,
        Limits(seconds=5),
    )  # fmt: skip


def receipts(store: LedgerStore) -> list[dict[str, Any]]:
    lines = map(json.loads, store.act.entries(store.act.minimum, store.act.head.size))
    return [line for line in lines if line["kind"] == "anchor"]


def check(store: LedgerStore, disk: FaultyDisk, office: Office, *, count: int) -> None:
    """So many receipts, each of a token that lies there, over bytes that lie there, and openssl takes it."""
    found = receipts(store)
    assert len(found) == count, found
    files = {path.name: disk.content(path) for path in disk.files()}
    for each in found:
        name = f"{each['log']}-{each['size']}"
        token, text = files[f"{name}.aruba.tst"], files[f"{name}.txt"]
        assert each["d"] == digest(token)
        assert each["of"] == digest(text)
        assert not verify(text, token, office.issuer.root.pem)
        assert files[f"{name}.aruba.json"] in list(store.act.entries(0, store.act.head.size))


def digest(data: bytes) -> str:
    return to_base64(hashlib.sha256(data).digest())


def test_heads_are_stamped_hour_by_hour(tmp_path: Path, office: Office) -> None:
    """One stamp of `act` at the start and one an hour if it grew; each is on disk, and its receipt behind its head."""
    disk, clock = FaultyDisk(), MovedClock()
    with opened(tmp_path / "l.db", disk) as store:
        job = job_of(store, disk, clock, office.authority())
        job.turn(NEVER)
        assert office.asked == 0, "there is nothing to stamp yet"
        store.append(act=deeds(3))
        job.turn(NEVER)
        job.turn(NEVER)
        check(store, disk, office, count=1)
        assert receipts(store)[0]["size"] == 3
        clock.seconds = HOUR - 2
        store.append(act=deeds(3))
        job.turn(NEVER)
        assert office.asked == 1
        clock.seconds = HOUR + 1
        job.turn(NEVER)
        check(store, disk, office, count=2)
        told = job.status()
        assert [each["size"] for each in told["stamped"]] == [7, 3]  # type: ignore[attr-defined]
        assert told["waiting"] == told["silent"] == []
        job.turn(NEVER)
    with opened(tmp_path / "l.db", disk) as store:
        job_of(store, disk, clock, office.authority()).turn(NEVER)
        assert office.asked == 2, "the next life knows when it asked"


def test_an_authority_off_line_is_told_asked_again_and_delays_no_other(tmp_path: Path, office: Office) -> None:
    """Its head waits, with the reason; after a minute it is asked again, and only then; the other stamps at once."""
    disk, clock = FaultyDisk(), MovedClock()
    dead = Office.authority(office, "dead", "http://127.0.0.1:9/")
    office.is_open = False
    with opened(tmp_path / "l.db", disk) as store:
        store.append(act=deeds(3))
        job = job_of(store, disk, clock, dead, office.authority())
        job.turn(NEVER)
        job.turn(NEVER)
        assert office.asked == 1, "it is left alone for a minute"
        told = job.status()
        assert {each["authority"] for each in told["waiting"]} == {"dead", "aruba"}  # type: ignore[attr-defined]
        assert any("503" in each["why"] for each in told["silent"])  # type: ignore[attr-defined]
        assert receipts(store) == []
    clock.seconds, office.is_open = 61, True
    with opened(tmp_path / "l.db", disk) as store:
        job = job_of(store, disk, clock, dead, office.authority())
        job.turn(NEVER)
        check(store, disk, office, count=1)
        assert receipts(store)[0]["size"] == 3, "the head that waited"
        assert [each["authority"] for each in job.status()["waiting"]] == ["dead"]  # type: ignore[attr-defined]
        job_of(store, disk, clock, office.authority()).turn(NEVER)
        assert job_of(store, disk, clock).status()["silent"] == [], "who is no longer configured is not waited for"


def test_who_wants_a_stamp_now_waits_for_no_pause(tmp_path: Path, office: Office) -> None:
    """An authority that failed is asked at once when people want it; a package that is made hurries nobody."""
    disk, clock = FaultyDisk(), MovedClock()
    office.is_open = False
    with opened(tmp_path / "l.db", disk) as store:
        store.append(act=deeds(3))
        job = job_of(store, disk, clock, office.authority())
        job.turn(NEVER)
        office.is_open = True
        job.want("act", is_shown=True)
        job.turn(NEVER)
        assert office.asked == 1, "it is left alone for a minute"
        job.want("act")
        job.turn(NEVER)
        assert office.asked == 2
        check(store, disk, office, count=1)
        assert job.status()["waiting"] == job.status()["silent"] == []


def test_what_a_package_shows_is_stamped_itself_and_nothing_twice(tmp_path: Path, office: Office) -> None:
    """A head asked for is stamped although later ones are; one that has its stamp is not asked for again."""
    disk, clock = FaultyDisk(), MovedClock()
    office.is_open = False
    with opened(tmp_path / "l.db", disk) as store:
        job = job_of(store, disk, clock, office.authority())
        with pytest.raises(Invalid):
            job.want("rec")
        store.append(act=deeds(2))
        head, asked = job.want("act", is_shown=True)
        assert (head.size, asked) == (2, ("aruba",))
        store.append(act=deeds(2))
        job.turn(NEVER)
        office.is_open = True
        for _ in range(3):
            clock.seconds += 61
            job.turn(NEVER)
        assert {each["size"] for each in receipts(store)} >= {2}
        assert job.resource("act-2.txt") == head.data
        for wrong in ("../ledger.db", "act-2.aruba", "act-0.txt", "act-77.txt"):
            with pytest.raises(Invalid):
                job.resource(wrong)
        store.append(facts(3))
        assert job.want("rec")[1] == ("aruba",)
        job.turn(NEVER)
        assert job.resource("rec-3.aruba.tst")
        assert job.want("rec")[1] == (), "its token is told of in `act`: it stays"
        with pytest.raises(Refused, match="nobody"):
            job_of(store, disk, clock).want("act")


@pytest.mark.parametrize("is_cut", [False, True], ids=["kill", "cut"])
def test_a_stamp_survives_the_end_at_each_step(tmp_path: Path, office: Office, is_cut: bool) -> None:
    """Whichever step on disk was the last one: afterwards there is one receipt, and the token that it tells of."""
    begun = FaultyDisk()
    with opened(tmp_path / "begun.db", begun) as store:
        store.append(act=deeds(3))
    for step in itertools.count(1):
        path = tmp_path / f"{step}.db"
        shutil.copy(tmp_path / "begun.db", path)
        disk, clock = begun._successor(begun._platter.after_kill()), MovedClock()
        disk.cut_power_at(step)
        with contextlib.suppress(PowerOff, Stopped), opened(path, disk) as store:
            job_of(store, disk, clock, office.authority()).turn(NEVER)
        is_through = not disk.is_off
        disk = disk.power_cut(step) if is_cut else disk.kill()
        with opened(path, disk) as store:
            job_of(store, disk, clock, office.authority()).turn(NEVER)
            check(store, disk, office, count=1)
        if is_through:
            assert step > 15
            return


def test_a_receipt_that_was_entered_is_not_entered_again(tmp_path: Path, office: Office) -> None:
    """The end comes between the receipt's entry and the note that it is no longer owed."""
    disk, clock = FaultyDisk(), MovedClock()
    with opened(tmp_path / "l.db", disk) as store:
        store.append(act=deeds(3))
        job = job_of(store, disk, clock, office.authority())
        job._book = lambda: None  # type: ignore[method-assign]
        job.turn(NEVER)
        (booking,) = job._state.bookings
        store.append(act=[booking.line])
        next_life = job_of(store, disk, clock, office.authority())
        next_life.turn(NEVER)
        check(store, disk, office, count=1)
        assert next_life._state.bookings == ()
        assert AnchorState.parse(next_life._state.pack()) == next_life._state


def test_the_logs_after_a_fork_are_stamped_too() -> None:
    """A head of `act.2` is one of `act`, and its files lie in that log's folder."""
    head = Head.of("town.example.it/act.2\n5\nqINS1GRFhWHwdkUeqLEoP4yEMkTBBzxBkGwGQlVlVcs=\n")
    assert (head.log, head.folder, head.file, head.token_file("a")) == ("act", "act.2", "act-5.txt", "act-5.a.tst")


@pytest.mark.parametrize("ending", [".txt", ".aruba.tst", ".aruba.json"])
def test_a_stamp_that_was_spoilt_is_named_packed_by_nobody_and_asked_for_anew(
    tmp_path: Path, office: Office, ending: str
) -> None:
    """A bit in a token, in what it is over or in its receipt's form: told at once; the next life has another one."""
    disk, clock = FaultyDisk(), MovedClock()
    with opened(tmp_path / "l.db", disk) as store:
        job = job_of(store, disk, clock, office.authority())
        store.append(act=deeds(3))
        job.turn(NEVER)
        assert job.status()["damaged"] == []
        path = next(path for path in disk.files() if path.name == f"act-3{ending}")
        data = bytearray(disk.content(path))
        data[-1 if ending.endswith("json") else len(data) // 2] ^= 1
        disk.publish(path, bytes(data))
        told = job.status()
        assert told["stamped"] == []
        assert [each["file"] for each in told["damaged"]] == ["act-3.aruba.tst"]  # type: ignore[attr-defined]
        with pytest.raises(Damaged):
            job.resource("act-3.aruba.tst")
    with opened(tmp_path / "l.db", disk) as store:
        job = job_of(store, disk, clock, office.authority())
        job.turn(NEVER)
        assert job.status()["damaged"] == []
        assert [each["size"] for each in job.status()["stamped"]] == [3]  # type: ignore[attr-defined]
        assert job.resource("act-3.aruba.tst")
        assert len(receipts(store)) == 2


SETTINGS = """
every_minutes = 5
[[authority]]
name = "aruba"
url = "%s"
certificates = "aruba.pem"
policy = "1.3.6.1.4.1.57264.2"
"""


def test_settings_say_what_is_wrong(tmp_path: Path, office: Office) -> None:
    """Of the whole file it is an error; a wrong authority is named with its reason, and the others are as they were."""
    file, pem = tmp_path / "anchors.toml", tmp_path / "aruba.pem"
    assert load_anchor_settings(file).authorities == ()
    text = SETTINGS % "https://tsa.example"
    file.write_text(text)
    assert "aruba.pem" in load_anchor_settings(file).wrong["aruba"]
    pem.write_text(office.issuer.root.pem)
    found = load_anchor_settings(file)
    assert (found.every, found.names) == (300 * SECOND, ("aruba",))
    login = 'user = "comune"\npassword_file = "password"\n'
    (tmp_path / "password").write_text("secret\n")
    (tmp_path / "password").chmod(0o644)
    for wrong, why in (
        (text.replace("every", "ever"), "ever_minutes"),
        (text.replace("= 5", "= 0"), "every_minutes"),
        ("[authority]\n", "once for each"),
        ("\0", "TOML"),
    ):
        file.write_text(wrong)
        with pytest.raises(TorrazzoError, match=why):
            load_anchor_settings(file)
    one = text.partition("5")[2]
    other = one.replace('"aruba"', '"infocert"')
    for wrong, name, why in (
        (one + login, "aruba", "chmod 600"),
        (one + "more = 1\n", "aruba", "more"),
        (one + one, "aruba", "same name"),
        (one.replace("aruba.pem", "nothing.pem"), "aruba", "nothing.pem"),
        (one.replace('name = "aruba"\n', ""), "number 1", "name"),
        (one.replace('"aruba"', '"Aruba!"'), "Aruba!", "32 of a-z"),
    ):
        file.write_text(wrong + other)
        settings = load_anchor_settings(file)
        assert settings.names == ("infocert",)
        assert list(settings.wrong) == [name]
        assert why in settings.wrong[name]
    file.write_text(text + login)
    (tmp_path / "password").chmod(0o600)
    login_found = load_anchor_settings(file).authorities[0].login
    assert login_found is not None
    assert login_found.password.reveal() == "secret"


def documented(manual: str) -> list[list[str]]:
    """The commands of `openssl` that a document gives, for the names of the test."""
    text = (Path(__file__).parents[3] / "docs" / manual).read_text().replace("act-42", "act-1")
    found = [line.split() for line in text.splitlines() if line.strip().startswith("openssl ts -")]
    assert found
    return found


def test_by_command_a_stamp_that_openssl_takes(
    tmp_path: Path, office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    """`anchor now`, `list` and `get` against the process; without an authority, or one off line, they say so."""
    make_town(tmp_path, "Cremona", "Europe/Rome")
    home = Home(tmp_path)
    at = ("--home", str(tmp_path))
    with running(home) as client:
        assert main(["anchor", "now", *at]) == 5, "nobody to ask"
        (tmp_path / "aruba.pem").write_text(office.issuer.root.pem)
        (tmp_path / "anchors.toml").write_text(SETTINGS % office.url)
        assert main(["anchor", "now", *at]) == 2, "no entries yet"
        assert main(["anchor", "now", "--log", "x", *at]) == 2
        boot = b'{"v":1,"kind":"boot","t":1,"part":"a","boot":"11111111-2222-3333-4444-555555555555","sw":"1"}'
        client.enter(boot)
        capsys.readouterr()
        assert main(["anchor", "now", *at]) == 0
        assert "act-1.aruba.tst" in capsys.readouterr().out
        assert main(["anchor", "list", *at]) == 0
        assert "act-1.aruba.tst" in capsys.readouterr().out
        for name in ("act-1.aruba.tst", "act-1.txt"):
            assert main(["anchor", "get", name, "-o", str(tmp_path / name), *at]) == 0
        token = (tmp_path / "act-1.aruba.tst").read_bytes()
        assert not verify((tmp_path / "act-1.txt").read_bytes(), token, office.issuer.root.pem)
        for manual in ("1-operate/anchors.md", "3-formats/anchors.md"):
            for command in documented(manual):
                done = openssl(*command[1:], folder=tmp_path)
                assert ("Verification: OK" in done.stdout + done.stderr) == ("-verify" in command), command
        until(lambda: b"anchor" in client.read("act/tile/entries/000.p/2"))
        office.is_open = False
        assert main(["anchor", "now", "--wait", "2", *at]) == 1
        assert "aruba has given no anchor yet" in capsys.readouterr().err
        assert main(["anchor", "list", "--json", *at]) == 1
        office.is_open = True
        wrong = '[[authority]]\nname = "poste"\nurl = "http://localhost:1/"\ncertificates = "nothing.pem"\n'
        (tmp_path / "anchors.toml").write_text(SETTINGS % office.url + wrong)
        until(lambda: main(["anchor", "now", "--wait", "9", *at]) == 1 and not client.anchors()["waiting"])
        capsys.readouterr()
        assert main(["anchor", "list", *at]) == 1, "poste is wrong, aruba gives as before"
        said = capsys.readouterr()
        assert "poste cannot be asked: " in said.err
        assert "nothing.pem" in said.err
        assert "aruba" not in said.err
        (tmp_path / "anchors.toml").write_text(SETTINGS.replace("aruba.pem", "nothing.pem") % office.url)
        assert main(["anchor", "now", *at]) == 1, "the only one cannot be asked"
        assert "aruba cannot be asked: " in capsys.readouterr().err
        (tmp_path / "anchors.toml").write_text(SETTINGS % office.url + wrong)
        with contextlib.suppress(SystemExit):
            main(["status", *at])
        assert "authority poste is not asked for anchors: " in capsys.readouterr().out
