# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The demonstration, started, interrupted, and started again."""

import contextlib
import datetime as dt
import os
import pty
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.tools.clock_seen import TIME, clocks
from tests.tools.ledger_process import running, until
from tests.tools.page_seen import Seen, open_chromium
from tests.tools.page_seen import until as page_until
from tests.tools.patience import PATIENCE_S
from tests.tools.room_town import RoomTown
from tests.tools.served import check_ledger
from torrazzo.auditor.process import audit_database, run_auditor
from torrazzo.auditor.settings import auditor_home
from torrazzo.auditor.store import AuditStore
from torrazzo.base import SystemClock
from torrazzo.base.spans import Span
from torrazzo.base.times import HOUR, SECOND, UtcTicks
from torrazzo.catalogue import Catalogue
from torrazzo.cli import main
from torrazzo.cli.demo import PAST, prepare_town, register, stop_on_signals
from torrazzo.cli.demo_story import CASE, WHY
from torrazzo.durable import OsDisk
from torrazzo.ledger.identity import KINDS, LogKind, LogName
from torrazzo.ledger.note import Note
from torrazzo.ledger.secret import load_identity
from torrazzo.ledger.town_policy import town_policy
from torrazzo.town import Home
from torrazzo.town.home import load_settings

ROME = ZoneInfo("Europe/Rome")


def run_demo(home: Path, *, wanted: str, there: str = ".") -> str:
    """On a terminal, until `wanted` is shown and that file of the home is there, then Ctrl-C; what was shown."""
    ours, theirs = pty.openpty()
    command = (
        sys.executable,
        "-m",
        "torrazzo",
        "demo",
        "--home",
        str(home),
        "--cameras",
        "2",
        "--port",
        "0",
        "--past",
        "0",
    )
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "150", "LINES": "50"}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        shown, asked = "", False
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            if select.select([ours], [], [], 0.5)[0]:
                try:
                    shown += os.read(ours, 65536).decode(errors="replace")
                except OSError:  # the terminal's other end is closed: it has ended
                    break
            if not asked and re.search(wanted, shown) and (home / there).exists():
                asked = True
                process.send_signal(signal.SIGINT)
        code = process.wait(PATIENCE_S)
        os.close(ours)
    assert asked, shown[-3000:]
    assert code == 0, shown[-3000:]
    return shown


def test_the_demo_records_ends_clean_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A live table with the page's address; Ctrl-C leaves a clean archive; started again, the pause is a gap."""
    home = tmp_path / "demo-town"
    shown = run_demo(home, wanted=r"(recording[\s\S]*){8}", there="ledger/act/cosigned")
    assert "http://127.0.0.1:" in shown
    assert "Via degli Orti Romani" in shown
    assert "the archive is complete" in shown
    assert "a witness of its own: for show only" in shown
    assert_cosigned(Home(home))
    cameras = home.joinpath("plan.json").read_bytes()
    assert "1 (restart)" in run_demo(home, wanted=r"(1 \(restart\)[\s\S]*){4}")
    assert home.joinpath("plan.json").read_bytes() == cameras
    capsys.readouterr()
    assert main(["footage", "check", "--deep", "--home", str(home)]) == 0


class RunningDemo:
    """Not on a terminal; `link` is the one that it shows."""

    def __init__(self, home: Path, *words: str) -> None:
        self.home = Home(home)
        command = (sys.executable, "-m", "torrazzo", "demo", "--home", str(home), "--port", "0", *words)
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.said = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line

    @property
    def link(self) -> str:
        found = re.search(r"http://localhost:\d+/demo#[\w-]+", self.said)
        return "" if found is None else found[0]

    def until(self, condition: Callable[[], Any], why: str, seconds: float = PATIENCE_S) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"{why}: {self.said[-4000:]}"
            time.sleep(0.2)

    def close(self) -> None:
        self.process.wait(PATIENCE_S)
        self._reader.join(60)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def end(self) -> None:
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(PATIENCE_S) == 0, self.said[-4000:]


@contextmanager
def running_demo(home: Path, *words: str, seconds: float = PATIENCE_S) -> Iterator[RunningDemo]:
    demo = RunningDemo(home, *words)
    try:
        demo.until(lambda: demo.link, "no link is shown", seconds)
        yield demo
        demo.end()
    finally:
        if demo.process.poll() is None:
            demo.process.kill()
        demo.close()


def as_somebody(browser: Any, demo: RunningDemo, name: str) -> Seen:
    """Two presses: the link, and who."""
    address, _, rest = demo.link.partition("/demo")
    seen = Seen(browser, address)
    seen.open(f"/demo{rest}")
    button = seen.page.get_by_role("button", name=name, exact=True)
    page_until(lambda: button.count() == 1, f"{name} is not to be chosen")
    assert seen.axe_in_all() == []
    button.click()
    page_until(lambda: seen.page.locator("nav").count() == 1, f"{name} does not come in")
    return seen


def visit(browser: Any, demo: RunningDemo) -> None:
    """An operator at the wall; the finished export; the one that waits, approved."""
    operator = as_somebody(browser, demo, "Operatore 1")
    page_until(lambda: operator.path() == "/wall", "the wall is not what an operator sees first")
    page_until(lambda: is_live(operator), "the wall does not show the town as it is now")
    look_back(operator, SystemClock().utc() // SECOND - 3600)
    officer = as_somebody(browser, demo, "Ufficiale di P.G.")
    officer.page.get_by_role("link", name="Esportazioni").click()
    officer.wait("pronta", 120)
    with officer.page.expect_download() as download:
        officer.page.get_by_text(RoomTown.say(officer, "exports.take_package")).click()
    package = demo.home.path.parent / "demo.asice"
    download.value.save_as(package)
    policy = demo.home.path.parent / "policy"
    policy.write_text(said_by("ledger", "policy", demo.home))
    words = (sys.executable, "-m", "torrazzo_verify", str(package), "--policy", str(policy))
    assert subprocess.run(words, capture_output=True, check=False).returncode == 0
    commander = as_somebody(browser, demo, "Comandante")
    commander.page.get_by_role("link", name="Esportazioni").click()
    commander.wait("aspetta l’approvazione")
    commander.page.get_by_role("button", name="Approva la richiesta").click()
    commander.page.get_by_label("Perché").fill("richiesta motivata e limitata")
    commander.page.get_by_role("button", name="Approva", exact=True).click()
    commander.wait("approvata, da preparare")
    for seen in (operator, officer, commander):
        assert seen.complaints == []
        seen.context.close()


def is_live(seen: Seen) -> bool:
    """Two pictures at least are of the last seconds, as their clocks say."""
    now = dt.datetime.now(ROME)
    day = now.hour * 3600 + now.minute * 60 + now.second
    ages = [(day - each + 5) % 86_400 for each in clocks(seen, TIME + 1) if each is not None]
    return sum(age < 20 for age in ages) >= 2


def look_back(seen: Seen, at: int) -> None:
    """As it was then, in step: the wall's cameras are chosen, and a reason is there that this person gave before."""

    def press(name: str, which: int = 0) -> None:
        button = seen.page.get_by_role("button", name=name)
        page_until(lambda: button.count() > which, f"no button {name!r}")
        button.nth(which).click()

    seen.page.get_by_role("link", name="Riproduzione").click()
    line = seen.page.get_by_role("slider", name="Linea del tempo")
    page_until(lambda: line.count() == 1, "no timeline")
    about = dt.datetime.now(ROME) - dt.timedelta(days=1)
    press("Ieri a quest’ora")
    days = [f" {(about + dt.timedelta(minutes=each)).day} " for each in (-5, 5)]  # it may be midnight
    page_until(lambda: any(day in f" {line.get_attribute('aria-valuetext')}" for day in days), "it is not yesterday")
    press("Vai a un’ora")
    wall = dt.datetime.fromtimestamp(at, ROME)
    seen.page.get_by_label("Giorno", exact=True).fill(wall.strftime("%d/%m/%Y"))
    seen.page.get_by_label("Ora", exact=True).fill(wall.strftime("%H:%M:%S"))
    press("Vai", seen.page.get_by_role("button", name="Vai").count() - 1)
    press("Guarda le immagini")
    case = seen.page.get_by_label("Fascicolo", exact=True)
    page_until(lambda: case.count() == 1 and case.input_value() == CASE, "what was said in a request is not said again")
    assert seen.page.get_by_label("Motivo", exact=True).input_value() == WHY
    seen.wait("sono quelli della tua ultima richiesta di copia")
    assert seen.axe_in_all() == []
    seen.page.get_by_role("dialog").get_by_role("button", name="Guarda le immagini").click()
    asked = float(wall.hour * 3600 + wall.minute * 60 + wall.second)
    page_until(lambda: clocks(seen) == [asked] * 3, "the past is not shown")


def said_by(command: str, what: str, home: Home) -> str:
    words = (sys.executable, "-m", "torrazzo", command, what, "--home", str(home.path))
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def audit(home: Home) -> list[str]:
    """What a second office finds in the logs that a home has, from their first entry on."""
    place, stop = auditor_home(home.path.parent / "auditor"), threading.Event()
    identity = load_identity(home, load_settings(home))
    words = ["auditor", "init", "--home", str(place.path), "--name", "auditor.example.it", "--listen", "unix:a.sock"]
    words += [word for kind in KINDS for word in ("--log", str(identity.key(LogName(kind, 1)).verifier))]
    assert main([*words, "--ledger", f"unix:{home.ledger_socket}"]) == 0
    with running(home) as ledger:
        status: Any = ledger.status()
        sizes = {kind: int(status[kind]["size"]) for kind in KINDS}
        thread = threading.Thread(target=run_auditor, args=(place, SystemClock(), OsDisk(), stop))
        thread.start()
        try:
            return until(lambda: audited(audit_database(place), sizes), 1_200)
        finally:
            stop.set()
            thread.join(60)


def audited(database: Path, sizes: Mapping[LogKind, int]) -> list[str]:
    """Its findings once it has seen all; the word `none` where there are none."""
    if not database.exists():
        return []
    with contextlib.closing(AuditStore.open(database)) as store:
        seen = {kind: store.load(kind) for kind in KINDS}
        if any((found := seen[kind]) is None or found.copied.size < size for kind, size in sizes.items()):
            return []
        return [str(each.finding) for each in store.findings(is_open=True)] or ["none"]


@pytest.mark.browser
def test_a_visitor_finds_live_past_and_a_finished_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two presses to the live wall; an export that verifies, one that can be approved; the whole past holds.

    Started again it goes on at once, with the same people; its door is closed when it does not run.
    """
    home = Home(tmp_path / "demo-town")
    with open_chromium() as browser:
        with running_demo(home.path, "--cameras", "3", "--past", "2") as demo:
            visit(browser, demo)
            password = re.search(r"the password (\S+)", demo.said)
        with running_demo(home.path, "--cameras", "3") as demo:
            assert password is not None
            assert password[0] in demo.said
            assert "Recording the" not in demo.said
            as_somebody(browser, demo, "Revisore").context.close()
    assert not home.demo_door.exists()
    check_past(home, hours=2)
    capsys.readouterr()


@pytest.mark.long
@pytest.mark.browser
def test_demo_days(tmp_path: Path, capsys: pytest.CaptureFixture[str], record_property: Callable[..., None]) -> None:
    """The whole of it, as `./dev run` makes it: three days within 1.5 GB, all of which holds; its time is told."""
    home = Home(tmp_path / "demo-town")
    begun = time.monotonic()
    with open_chromium() as browser, running_demo(home.path, seconds=900) as demo:
        record_property("seconds until the link", round(time.monotonic() - begun, 1))
        size = sum(file.stat().st_size for file in home.path.rglob("*") if file.is_file())
        record_property("bytes", size)
        visit(browser, demo)
    assert size < 1_500_000_000
    check_past(home, PAST)
    capsys.readouterr()


def check_past(home: Home, hours: int) -> None:
    """Volumes, ledger and index say the same, and a second office finds nothing."""
    assert main(["footage", "check", "--deep", "--home", str(home.path)]) == 0
    entries = check_ledger(home)
    gaps = {entry["why"] for entry in entries if entry["kind"] == "gap"}
    assert gaps >= ({"restart"} if hours < PAST else {"restart", "net", "nosignal", "auth", "hole"})
    segments = [entry for entry in entries if entry["kind"] == "seg"]
    first, last = min(each["t0"] for each in segments), max(each["t1"] for each in segments)
    assert last - first > hours * HOUR
    with contextlib.closing(Catalogue(home.catalogue_db)) as catalogue:
        whole = Span(UtcTicks(first), UtcTicks(last))
        assert sum(len(catalogue.segments(stream, whole)) for stream in catalogue.streams()) == len(segments)
    assert audit(home) == ["none"]


def assert_cosigned(home: Home) -> None:
    """The demo's witness has signed below the ledger's heads, and the town's policy says that it must."""
    settings = load_settings(home)
    identity = load_identity(home, settings)
    policy = town_policy([identity.key(LogName("act", 1)).verifier], settings.witnesses)
    accepted = policy.accept(Note.parse((home.ledger / "act" / "cosigned").read_bytes()))
    assert list(accepted.cosigned) == ["demo"]


def test_ctrl_c_is_heard_at_any_moment() -> None:
    """Also while the main thread holds the lock of the very event that it waits for: nothing hangs."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        stop = stop_on_signals()
        with stop._cond:  # type: ignore[attr-defined]  # as `wait` holds it for a moment each second
            signal.raise_signal(signal.SIGINT)
        assert stop.wait(10)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_a_second_demo_changes_nothing_in_the_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is refused before it starts or changes anything, with the first one's page; so it is beside `serve` alone."""
    home = Home(tmp_path / "demo-town")
    prepare_town(home)
    register(home, ("Uno",), ("rtsp://127.0.0.1:9/1", "rtsp://127.0.0.1:9/2"))
    before = home.plan.read_bytes(), home.office_db.read_bytes()
    home.page_address.write_text("http://127.0.0.1:4711/\n")
    words = ["demo", "--home", str(home.path), "--cameras", "1", "--seconds", "1", "--port", "0"]
    for lock, told in ((home.run / "demo.lock", "a demo runs already"), (home.serve_lock, "`torrazzo serve`")):
        with OsDisk().lock(lock):
            assert main(words) == 5
        said = capsys.readouterr().err
        assert told in said
        assert "http://127.0.0.1:4711/" in said
        assert (home.plan.read_bytes(), home.office_db.read_bytes()) == before


def test_a_demo_touches_no_town_that_it_did_not_make(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A town of another name, or with a real camera, is refused unchanged, and what to do is said."""
    real, mixed = Home(tmp_path / "real"), Home(tmp_path / "mixed")
    assert main(["init", "--name", "Cremona", "--home", str(real.path)]) == 0
    prepare_town(mixed)
    for home in (real, mixed):
        assert main(["camera", "add", "Via Mons. Assi", "rtsp://10.1.0.2/1", "--home", str(home.path)]) == 0
        before = home.plan.read_bytes(), home.office_db.read_bytes()
        assert main(["demo", "--home", str(home.path), "--cameras", "2", "--seconds", "1", "--port", "0"]) == 5
        assert (home.plan.read_bytes(), home.office_db.read_bytes()) == before
    said = capsys.readouterr().err
    assert "it is Cremona." in said
    assert "Via Mons. Assi is a real camera" in said
    assert said.count("an empty folder with") == 2
    real.settings_file.rename(tmp_path / "torrazzo.toml")
    assert main(["demo", "--home", str(real.path), "--cameras", "2", "--seconds", "1", "--port", "0"]) == 5
    assert not real.settings_file.exists()
    assert "without its torrazzo.toml" in capsys.readouterr().err
