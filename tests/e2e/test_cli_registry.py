# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The commands that need no recording, as a person types them."""

import io
import json
import os
import re
import shlex
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from alembic.command import upgrade
from alembic.config import Config

from torrazzo.access import Peer
from torrazzo.access.staffing import Staffing
from torrazzo.base.clock import SystemClock
from torrazzo.cli import main
from torrazzo.control_room.client import ControlRoom
from torrazzo.durable import OsDisk
from torrazzo.town import Home, load_box, load_plan, load_settings, migrations
from torrazzo.town.office import Office

SECRET = "tre-Caval1i"


class Said(NamedTuple):
    """What a command left."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


class Shell:
    """Runs commands in this process, on one home."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = home
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, *words: str, stdin: str = "") -> Said:
        self._monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        self._capsys.readouterr()
        code = main([*words, "--home", str(self.home)])
        return Said(code, *self._capsys.readouterr())


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    mask = os.umask(0o022)
    shell = Shell(tmp_path / "town", capsys, monkeypatch)
    assert shell("init", "--name", "Cremona").code == 0
    yield shell
    os.umask(mask)


def test_a_new_town_is_ours_alone(shell: Shell) -> None:
    """Nothing in the home may be read by others; a second init changes nothing and says so."""
    for path in (shell.home, *shell.home.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path
    before = shell.home.joinpath("torrazzo.toml").read_bytes()
    again = shell("init")
    assert again.code == 5
    assert "nothing was changed" in again.err
    assert shell.home.joinpath("torrazzo.toml").read_bytes() == before


def test_a_town_gets_more_disks(shell: Shell, tmp_path: Path) -> None:
    """`init --root` in a town that exists adds a disk root; the same one twice is refused and changes nothing."""
    more = tmp_path / "disk two"
    assert shell("init", "--root", str(more)).code == 0
    assert load_settings(Home(shell.home)).roots == (shell.home / "archive", more)
    assert more.joinpath("root.json").exists()
    before = shell.home.joinpath("torrazzo.toml").read_bytes()
    assert shell("init", "--root", str(more)).code == 5
    assert shell.home.joinpath("torrazzo.toml").read_bytes() == before


def test_a_home_may_be_named_before_the_command_or_by_the_environment(
    shell: Shell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--home` before, after, or TORRAZZO_HOME: the same town."""
    assert shell("camera", "add", "Via Giordano", "rtsp://h/1").code == 0
    monkeypatch.setenv("TORRAZZO_HOME", "/nonexistent")
    capsys.readouterr()
    assert main(["--home", str(shell.home), "camera", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["name"] == "Via Giordano"
    assert main([f"--home={shell.home}", "camera", "show", "via giordano"]) == 0


def test_times_are_the_towns(shell: Shell) -> None:
    """Until when it may record, when it was added and removed: local, with its offset; JSON has UTC."""
    assert shell("camera", "add", "Uno", "rtsp://h/1").code == 0
    assert shell("camera", "set", "Uno", "--until", "2027-07-01T12:00:00").code == 0
    shown = shell("camera", "show", "Uno").out
    assert "permitted   until 2027-07-01 12:00:00+02:00" in shown
    assert re.search(r"added       ....-..-.. ..:..:..\+0[12]:00\n", shown)
    assert shell("camera", "show", "Uno", "--json").json()["permit_until"].startswith("2027-07-01T10:00:00")
    assert shell("camera", "remove", "Uno", "--yes").code == 0
    assert re.search(r"removed ....-..-.. ..:..:..\+0[12]:00 ", shell("camera", "list", "--removed").out)


def test_a_password_is_never_said(shell: Shell) -> None:
    """Typed in the address it is split off, warned of, sealed; neither output nor errors nor files show it."""
    added = shell("camera", "add", "Via Mons. Assi", f"rtsp://op:{SECRET}@10.1.0.2/1", "--synthetic")
    assert added.code == 0
    assert "shell's history" in added.err
    assert "@" not in added.out
    words = ("camera", "add", "Due", "rtsp://h/", "--synthetic", "--user", "op", "--password-stdin")
    piped = shell(*words, stdin=f"{SECRET}\n")
    assert piped.code == 0
    assert "history" not in piped.err
    said = [added, piped, shell("camera", "list"), shell("camera", "show", "due"), shell("camera", "list", "--json")]
    said.append(shell("camera", "add", "due", f"rtsp://x:{SECRET}@h/"))
    said.append(shell("camera", "add", "Tre", f"gopher://x:{SECRET}@h/"))
    assert [each.code for each in said[-2:]] == [5, 2]
    assert all(SECRET not in each.out + each.err for each in said)
    files = [path for path in shell.home.rglob("*") if path.is_file()]
    assert all(SECRET.encode() not in path.read_bytes() for path in files)
    plan = load_plan(Home(shell.home).plan, load_box(Home(shell.home).box_key))
    assert {entry.stream.password.reveal() for entry in plan.entries if entry.stream.password} == {SECRET}


def test_nobody_keeps_footage_longer_than_the_law_allows(shell: Shell) -> None:
    """RT-01: `--keep` above 168 hours is refused when a camera is added and when it is changed; shorter is taken."""
    refused = shell("camera", "add", "Uno", "rtsp://h/1", "--keep", "169")
    assert (refused.code, "ABOVE_LEGAL_MAX" in refused.err) == (5, True)
    assert shell("camera", "list", "--json").json() == []
    assert shell("camera", "add", "Uno", "rtsp://h/1", "--keep", "72").code == 0
    assert shell("camera", "set", "Uno", "--keep", "1000").code == 5
    assert shell("camera", "show", "Uno", "--json").json()["retention_hours"] == 72
    assert "kept        72 hours" in shell("camera", "show", "Uno").out


def test_set_changes_what_it_names(shell: Shell) -> None:
    """Each option changes its own thing; a new address keeps user and password unless it brings its own."""
    shell("camera", "add", "Uno", "rtsp://a:b@h/1", "--place", "here", "--synthetic")
    assert shell("camera", "set", "uno", "--url", "rtsp://h2/1", "--sub", "rtsp://h2/2").code == 0
    main_, sub = shell("camera", "show", "uno", "--json").json()["streams"]
    assert (main_["url"], main_["user"], main_["has_password"]) == ("rtsp://h2/1", "a", True)
    assert (sub["url"], sub["user"]) == ("rtsp://h2/2", "a")
    shell("camera", "set", "uno", "--name", "Due", "--place", "there", "--disable", "--until", "2027-01-01T00:00")
    shown = shell("camera", "show", "due", "--json").json()
    assert (shown["place"], shown["enabled"], shown["synthetic"]) == ("there", False, True)
    assert shown["permit_until"] == "2026-12-31T23:00:00.000Z"
    shell("camera", "set", shown["id"], "--no-sub", "--enable", "--until", "none")
    shown = shell("camera", "show", "due", "--json").json()
    assert (len(shown["streams"]), shown["enabled"], shown["permit_until"]) == (1, True, None)
    assert "Nothing to change" in shell("camera", "set", "due", "--enable").out


def test_a_command_does_alone_what_the_page_lets_one_do(shell: Shell) -> None:
    """LB-01, RT-01: a real camera waits, one person does not switch it on; each change is a fact of the Unix user."""
    added = shell("camera", "add", "Vera", "rtsp://h/1")
    assert (added.code, "not recorded yet" in added.out) == (0, True)
    assert shell("camera", "add", "Finta", "rtsp://h/2", "--synthetic").code == 0
    for words in (("Vera", "--enable"), ("Finta", "--keep", "72")):
        refused = shell("camera", "set", *words)
        assert (refused.code, "another confirms" in refused.err) == (5, True), words
    assert shell("camera", "set", "Vera", "--keep", "72").code == 0  # said before it is activated
    assert shell("camera", "remove", "Finta", "--yes").code == 0
    states = {each["name"]: each["enabled"] for each in shell("camera", "list", "--json").json()}
    assert states == {"Vera": False}
    assert "waits" in shell("camera", "list").out
    home = Home(shell.home)
    assert load_plan(home.plan, load_box(home.box_key)).entries == ()
    with Office(home, OsDisk(), SystemClock()) as office:
        facts = Staffing.of(office.registry.engine, office.box, SystemClock()).staff.owed()
    user = f"unix:{Peer.of(os.getuid()).name}"
    assert [(fact.kind, fact.values["what"], fact.who.person) for fact in facts] == [("cfg", "camera", user)] * 4


def test_sectors_are_said_on_the_command_line(shell: Shell) -> None:
    """MN-04: where a camera may look is shown, said and taken away; what cannot be meant changes nothing."""
    shell("camera", "add", "Uno", "rtsp://h/1")
    assert "nobody turns it" in shell("camera", "sectors", "uno").out
    assert shell("camera", "sectors", "Uno", "--sector=-0.5,0.5,-0.2,0.2", "--sector=0.5,0.8,0,0.2,0.3").code == 0
    assert shell("camera", "sectors", "Uno", "--speed", "0.5", "--home-preset", "9", "--endless").code == 0
    kept = shell("camera", "sectors", "Uno", "--json").json()
    assert kept["sectors"][0] == {"left": -0.5, "right": 0.5, "bottom": -0.2, "top": 0.2, "zoom": 1.0}
    assert (len(kept["sectors"]), kept["full_speed"], kept["home"], kept["is_endless"]) == (2, 0.5, "9", True)
    for wrong in ("--sector=0.5,-0.5,0,1", "--sector=1,2", "--sector=a,b,c,d", "--speed=0"):
        assert shell("camera", "sectors", "Uno", wrong).code == 2, wrong
    assert shell("camera", "sectors", "Uno", "--none", "--sector=0,1,0,1").code == 2
    assert shell("camera", "sectors", "Uno", "--json").json() == kept
    assert "nobody turns it" in shell("camera", "sectors", "Uno", "--none", "--home-preset", "none").out


def test_a_removed_camera_is_known_by_what_it_was(shell: Shell) -> None:
    """It leaves the list and the plan; --removed shows it, its name is free again."""
    shell("camera", "add", "Uno", "rtsp://a:b@h/1")
    assert shell("camera", "remove", "UNO", "--yes").code == 0
    assert shell("camera", "list", "--json").json() == []
    assert "no camera yet" in shell("camera", "list").out
    (gone,) = shell("camera", "list", "--removed", "--json").json()
    assert gone["removed"] is not None
    assert shell("camera", "add", "uno", "rtsp://h/1").code == 0


def test_a_camera_is_not_removed_where_nobody_can_be_asked(shell: Shell) -> None:
    """Without a terminal and without --yes it is refused, --yes is named, and the camera keeps its password."""
    shell("camera", "add", "Uno", "rtsp://a:b@h/1")
    said = shell("camera", "remove", "uno")
    assert said.code == 5
    assert "--yes" in said.err
    assert "Uno" in said.err
    (camera,) = shell("camera", "list", "--json").json()
    assert camera["streams"][0]["has_password"] is True


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("camera", "show", "giordanno"), 3, "did you mean Via Giordano"),
        (("camera", "remove", "x"), 3, "camera list"),
        (("footage", "list", "Via Gordano"), 3, "did you mean Via Giordano"),
        (
            ("footage", "gaps", "--from", "2026-10-25T02:30"),
            2,
            "2026-10-25T02:30:00+01:00 or 2026-10-25T02:30:00+02:00",
        ),
        (("footage", "list", "--from", "2026-03-29T02:30"), 2, "does not exist in Europe/Rome"),
        (
            ("footage", "list", "--from", "2026-01-02T00:00", "--to", "2025-12-31T23:00Z"),
            2,
            "--from 2026-01-02 00:00:00+01:00 is not before --to 2026-01-01 00:00:00+01:00",
        ),
        (("footage", "list", "--from", "yesterday"), 2, "not a time"),
        (("footage", "list", "--stream", "third"), 2, "main or sub"),
        (("camera", "set", "Via Giordano", "--transport", "pigeon"), 2, "auto, tcp, udp"),
        (("camera", "set", "Via Giordano", "--pin", "12"), 2, "64 lower-case hex"),
        (("camera", "add", "3f9a1c0e5b7d2264", "rtsp://h/"), 2, "looks like a camera's id"),
        (("camera", "frobnicate"), 2, "frobnicate"),
        (("serve", "--frobnicate"), 2, "frobnicate"),
        (("control-room", "--host", "0.0.0.0"), 5, "there are no accounts there"),  # noqa: S104 - refused
        (("serve", "--host", "192.168.1.1"), 5, "ssh -L"),
        (("status",), 4, ""),
    ],
)
def test_errors_have_their_codes(
    shell: Shell, words: tuple[str, ...], code: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong words give 2, unknown names 3 with those that come close, refusals 5; the text says what to do."""
    shell("camera", "add", "Via Giordano", "rtsp://h/1")
    try:
        said = shell(*words)
    except SystemExit as end:  # argparse's own way out
        said = Said(int(str(end.code)), *capsys.readouterr())
    assert said.code == code
    assert told in said.err


def test_times_are_told_as_the_town_says_them(shell: Shell) -> None:
    """That nothing was found is said with the town's own time and its offset, not in UTC."""
    words = ("--from", "2026-07-01T10:00", "--to", "2026-07-01T11:00")
    for command, told in (("list", "nothing is recorded"), ("gaps", "no gaps")):
        said = shell("footage", command, *words).err
        assert f"{told} from 2026-07-01 10:00:00+02:00 to 2026-07-01 11:00:00+02:00" in said


def test_only_names_that_come_close_are_offered(shell: Shell) -> None:
    """A slip of a letter or two is one; half a word in common is none."""
    shell("camera", "add", "Uno", "rtsp://h/1")
    assert "did you mean Uno?" in shell("camera", "show", "unno").err
    assert "did you mean" not in shell("camera", "show", "nessuno").err


def test_what_to_do_next_names_the_home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After `init --home X` the commands that are proposed work on X as they stand."""
    home = tmp_path / "two words"
    assert main(["init", "--home", str(home)]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("Next: torrazzo"))
    first, second = (shlex.split(part.split(":")[-1].strip()) for part in line.replace("rtsp://…", "URL").split("then"))
    assert first[:6] == ["torrazzo", "--home", str(home), "camera", "add", "NAME"]
    assert second == ["torrazzo", "--home", str(home), "serve"]


def test_without_a_town_the_way_to_one_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command in an empty folder says how to begin."""
    for words in (["camera", "list"], ["status"], ["footage", "gaps"], ["serve"], ["camera", "add", "a", "rtsp://h/"]):
        assert main([*words, "--home", str(tmp_path)]) == 4
        assert "torrazzo init" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_probe_of_nothing_says_what_is_wrong(shell: Shell) -> None:
    """A camera that is not there: exit code 1, cause and reason."""
    said = shell("camera", "probe", "rtsp://127.0.0.1:9/x", "--json")
    assert said.code == 1
    (found,) = said.json()
    assert (found["recordable"], found["why"]) == (False, "net")
    assert found["message"] == "127.0.0.1:9 can't be reached: nothing listens on that port"
    assert shell("camera", "probe", "rtsp://127.0.0.1:9/x").out.startswith("main: rtsp://127.0.0.1:9/x")


def test_a_second_writer_waits_its_turn(shell: Shell) -> None:
    """A change made while another command holds the office is not lost, only later."""
    lock = OsDisk().lock(Home(shell.home).office_lock)
    timer = threading.Timer(0.5, lock.release)
    timer.start()
    assert shell("camera", "add", "Uno", "rtsp://h/1").code == 0
    assert timer.finished.is_set()


def test_a_registry_of_an_older_version_is_read(shell: Shell) -> None:
    """A command that only reads brings it up to date first; while another process has it, that is said instead."""
    home = Home(shell.home)
    for path in home.path.glob("office.db*"):
        path.unlink()
    _make_registry(home.office_db, "0001")
    lock = OsDisk().lock(home.office_lock)
    with lock, pytest.MonkeyPatch.context() as patch:
        patch.setattr(ControlRoom, "is_there", lambda _: True)
        kept = shell("camera", "list")
    assert kept.code == 4
    assert "was written by an older Torrazzo" in kept.err
    listed = shell("camera", "list", "--json")
    assert (listed.code, listed.json()) == (0, [])


def _make_registry(path: Path, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        upgrade(config, revision)
    engine.dispose()


def test_help_speaks_of_every_command(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """The list of commands is what the manual says."""
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    for command in (
        "init",
        "camera",
        "serve",
        "recorder",
        "keyring",
        "control-room",
        "status",
        "footage",
        "catalogue",
        "demo",
    ):
        assert command in said
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("torrazzo 0.")
