# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo demo`: a small town of synthetic cameras, recorded as a real one would be."""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import IO, TYPE_CHECKING, Annotated, NamedTuple
from urllib.parse import urlsplit

import typer

from torrazzo.base.errors import Invalid, Refused, Unavailable
from torrazzo.base.ids import CameraId, StreamId
from torrazzo.base.times import UtcTicks
from torrazzo.cli.exits import FOUND
from torrazzo.cli.options import HomeOption
from torrazzo.cli.output import Progress, warn
from torrazzo.cli.process_options import find_home
from torrazzo.durable import Lock, OsDisk
from torrazzo.town.camera import Camera, StreamConfig, find_camera, new_camera_id
from torrazzo.town.home import DEMO_TOWN as TOWN
from torrazzo.town.home import Home, load_settings

if TYPE_CHECKING:
    from torrazzo.cli.demo_people import Known
    from torrazzo.testing.town import SmallTown

WITNESS, WITNESS_SOCKET = "witness.demo.invalid", "witness.sock"
MOST = 50
PAST = 72  # hours
CAMERAS = 6
STREAMS = ("main", "sub")
MISHAP_S, FIRST_MISHAP_S, AWAY_S = 600, 45, 40  # of one camera, seconds
_SPARE_S = 10.0  # for `serve` itself, beyond what it gives its processes to end
_READY_S = 30.0


def demo(
    home: HomeOption = None,
    cameras: Annotated[int, typer.Option("--cameras", help="How many.", min=1, max=MOST)] = CAMERAS,
    port: Annotated[int | None, typer.Option("--port", help="Port of the page; 0 draws a free one.")] = None,
    seconds: Annotated[float | None, typer.Option("--seconds", help="End by itself after this time.")] = None,
    past: Annotated[
        int, typer.Option("--past", help="Hours of footage that are made at the first start.", min=0, max=PAST)
    ] = PAST,
) -> None:
    """Record a small town of synthetic cameras (in ./demo-town if no home is given); Ctrl-C ends it.

    At the first start it makes three days of footage and people of every role. Started again it goes on; the pause is a
    gap with cause `restart`.
    """
    from torrazzo.control_room.bind import check_port
    from torrazzo.testing.clips import has_clip
    from torrazzo.testing.town import SmallTown, demo_specs

    check_port(port or 0)
    place = find_home(home) if home or os.environ.get("TORRAZZO_HOME") else Home(Path("demo-town").absolute())
    check_is_demo(place)
    names = street_names(cameras)
    with alone(place) as served:
        stop = stop_on_signals()
        print(f"A town in {place.path}; its pictures are made here, and recorded as real ones would be.", flush=True)
        prepare_town(place)
        print("The time that it trusts is that of a witness of its own: for show only.", flush=True)
        if not all(has_clip(spec) for number in range(cameras) for spec in demo_specs(number)):
            print("Painting the pictures (the first time only)…", file=sys.stderr, flush=True)
        zone = load_settings(place).zone
        town = SmallTown.of_demo(cameras, zone)
        try:
            town.start(known_ports(place, names))
        except OSError:  # another program has one of the ports of last time
            town = SmallTown.of_demo(cameras, zone)
            town.start()
        try:
            register(place, names, town.urls)
            story = _prepare(place, len(names), past, stop)
            if stop.is_set():
                print("Ended before it began.")
                return
            served.release()
            is_clean = _record(place, port, seconds, stop, story, town)
        finally:
            town.stop()
    print("Ended; the archive is complete." if is_clean else "Ended, not in order: see what was printed above.")
    if not is_clean:
        raise typer.Exit(FOUND)


def stop_on_signals() -> threading.Event:
    """Set after SIGINT or SIGTERM; by a thread, since the one that is interrupted may hold the event's own lock."""
    stop, asked = threading.Event(), SimpleQueue[int]()

    def follow() -> None:
        asked.get()
        stop.set()

    threading.Thread(target=follow, name="signals", daemon=True).start()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda which, _: asked.put(which))
    return stop


def check_is_demo(home: Home) -> None:
    """Refuse a town that no demo made: its cameras' addresses would be replaced."""
    from torrazzo.cli.office import read_cameras

    if not home.settings_file.exists():
        if home.office_db.exists() or home.plan.exists() or home.box_key.exists():
            raise Refused(
                f"{home.path} holds a town without its torrazzo.toml. Nothing was changed. Put that file back, or give "
                "the demo an empty folder with --home"
            )
        return
    name = load_settings(home).name
    real = [] if name != TOWN else [camera.name for camera in read_cameras(home) if not camera.synthetic]
    if name == TOWN and not real:
        return
    why = f"{real[0]} is a real camera" if real else f"it is {name}"
    raise Refused(
        f"{home.path} is not a town of the demo: {why}. Nothing was changed. Give the demo an empty folder with "
        "--home, or neither --home nor TORRAZZO_HOME; this town is recorded by `torrazzo serve`"
    )


@contextlib.contextmanager
def alone(home: Home) -> Iterator[Lock]:
    """One demo at a time, and none in a town that is being served: refused before anything is changed or started.

    Gives the lock of `serve`, to be released when ours is to take it.
    """
    from torrazzo.app import read_page_address

    disk = OsDisk()
    disk.make_folder(home.run)
    page = read_page_address(home) or "not there yet; `torrazzo status` tells more"
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(disk.lock(home.run / "demo.lock"))
        except Refused as error:
            raise Refused(
                f"a demo runs already in {home.path}; its page: {page}. Nothing was changed. End it with Ctrl-C where "
                "it was started, or give this one another folder with --home"
            ) from error
        try:
            served = held.enter_context(disk.lock(home.serve_lock))
        except Refused as error:
            raise Refused(
                f"{home.path} is being recorded already by `torrazzo serve`; its page: {page}. Nothing was changed. "
                "End that first, or give the demo another folder with --home"
            ) from error
        if home.page_address.exists():
            disk.unlink(home.page_address)  # of last time
        yield served


def street_names(count: int) -> tuple[str, ...]:
    """Names of the demo's cameras; beyond the known streets they are numbered."""
    from torrazzo.testing.town import STREETS

    return tuple(STREETS[:count]) + tuple(f"Via Nuova {number}" for number in range(1, count - len(STREETS) + 1))


def prepare_town(home: Home) -> None:
    """Found it if it is not there yet."""
    from torrazzo.cli.init import make_town

    if not home.settings_file.exists():
        make_town(home.path, TOWN, "Europe/Rome")
    if not load_settings(home).witnesses:
        add_witness(home)


def add_witness(home: Home) -> None:
    """One beside the town, in its own home: for show. Its time is the one that the keyring trusts here."""
    from torrazzo.ledger.secret import log_names, make_identity
    from torrazzo.town.home import WitnessSettings, save_settings
    from torrazzo.witness import WitnessHome
    from torrazzo.witness import WitnessSettings as OwnSettings
    from torrazzo.witness.settings import load_key, make_home, settings_text

    disk, settings, place = OsDisk(), load_settings(home), WitnessHome(home.own_witness)
    if not place.settings_file.exists():  # else we died before the town knew of it
        identity = make_identity(home, settings, disk)
        logs = tuple(identity.key(name).verifier for name in log_names(home))
        make_home(place, disk, WITNESS, settings_text(OwnSettings(WITNESS, logs, f"unix:{WITNESS_SOCKET}")))
    key = load_key(place, WITNESS).verifier
    told = WitnessSettings("demo", str(key), f"unix:{place.path / WITNESS_SOCKET}", needed=True)
    save_settings(home, disk, replace(settings, witnesses=(told,), trusted=("witness",)))


def known_ports(home: Home, names: Sequence[str]) -> tuple[int, ...]:
    """The ports on which the cameras were before, so that their addresses stay; none if one is missing."""
    from torrazzo.cli.office import read_cameras

    found = read_cameras(home)
    ports = []
    for name in names:
        with contextlib.suppress(Invalid):
            camera = find_camera(found, name)
            streams = [camera.stream(stream) for stream in STREAMS]
            ports += [urlsplit(stream.url).port if stream else None for stream in streams]
    return tuple(port for port in ports if port) if len(ports) == len(names) * len(STREAMS) and all(ports) else ()


def register(home: Home, names: Sequence[str], urls: Sequence[str]) -> None:
    """Declare each camera once; one whose addresses have changed gets the new ones, those beyond are disabled.

    `urls`: of each camera `main`, then `sub`.
    """
    from torrazzo.cli.office import changing_cameras, read_cameras
    from torrazzo.testing.town import position_of
    from torrazzo.town.office import new_camera

    with changing_cameras(home) as office:
        known = {camera.name: camera for camera in read_cameras(home)}
        for at, name in enumerate(names):
            camera, own = known.pop(name, None), urls[at * len(STREAMS) : (at + 1) * len(STREAMS)]
            streams = _streams(camera, new_camera_id() if camera is None else camera.id, own)
            if camera is None:
                made = new_camera(streams[0].id.camera, name, streams, place="Cremona", synthetic=True)
                office.add(replace(made, position=position_of(name)))
            elif streams != camera.streams or not camera.enabled:
                office.change(replace(camera, streams=streams, enabled=True))
        for camera in known.values():
            if camera.synthetic and camera.enabled:
                office.change(replace(camera, enabled=False))


def _streams(camera: Camera | None, id_: CameraId, urls: Sequence[str]) -> tuple[StreamConfig, ...]:
    """As they are declared, with the addresses of today."""
    found = []
    for name, url in zip(STREAMS, urls, strict=True):
        there = None if camera is None else camera.stream(name)
        found.append(replace(there, url=url) if there else StreamConfig(StreamId(id_, name), url, transport="tcp"))
    return tuple(found)


class Story(NamedTuple):
    """What the town has behind it when a visitor comes."""

    known: "Known"
    end: UtcTicks  # of the past that was made
    hours: int  # 0: none was made now
    is_new: bool  # nothing was ever recorded here


def _prepare(home: Home, cameras: int, past: int, stop: threading.Event) -> Story:
    """People and past, if they are not there yet."""
    from torrazzo.app import configure_logs
    from torrazzo.base.clock import SystemClock
    from torrazzo.cli.demo_people import make_people

    os.environ.setdefault("TORRAZZO_LOG", "warning")
    configure_logs("demo")
    now = SystemClock().utc()
    known = make_people(home, now)
    is_new = not home.ledger_db.exists()
    if past == 0 or not is_new:
        return Story(known, now, 0, is_new)
    from torrazzo.cli.demo_past import make_past
    from torrazzo.cli.office import read_cameras

    print(f"Recording the {past} hours before now, once (some 1.2 GB for three days of six cameras)…", flush=True)
    bar = Progress("Recorded", is_wanted=True)
    is_whole = make_past(home, read_cameras(home)[:cameras], now, past, bar, stop)
    bar.close()
    if not is_whole:
        print("The past was cut short; what there is of it stays. For a whole one delete the folder and start again.")
    return Story(known, now, past if is_whole else 0, is_new=False)


def open_door(home: Home) -> str:
    """The word for this run's page of people; who has not read this terminal does not know it."""
    from torrazzo.control_room.demo_door import hash_of

    word = secrets.token_urlsafe(18)
    OsDisk().publish(home.demo_door, hash_of(word).encode() + b"\n", 0o600)
    return word


def _tell(home: Home, story: Story, word: str, say: Callable[[str], None], stop: threading.Event) -> None:
    """In a thread: what has happened before visitors come, then where they begin."""
    from torrazzo.app import read_page_address
    from torrazzo.cli.demo_people import CAST
    from torrazzo.cli.demo_story import Explained, tell_story, told_people
    from torrazzo.cli.office import read_cameras
    from torrazzo.control_room.staff_room import PAGE

    while not (address := read_page_address(home)):
        if stop.wait(0.2):
            return
    page = address.replace("127.0.0.1", "localhost").rstrip("/")
    for line in told_people(story.known, [(somebody.name, somebody.account) for somebody in CAST]):
        say(line)
    if story.hours:  # before anybody is let in: one person has one session
        say("Its people open a case…")
        if not tell_story(page, word, read_cameras(home), story.end, story.hours, stop):
            say("They could not: ledger or worker were not ready in time.")
    explained = None
    if not story.is_new:
        with contextlib.suppress(Unavailable):
            explained = Explained(page, word)
    if explained is not None and story.hours:
        explained.explain(stop)
    if not PAGE.exists():
        say("The page is being built…")
        while not PAGE.exists():  # by `./dev run`, beside us
            if stop.wait(0.5):
                return
    say(f"Begin here, and choose who you are: {page}/demo#{word}")
    say("  Operatore 1: the live wall at once; then Riproduzione for yesterday")
    say("  Comandante: Esportazioni, to approve what waits; Ufficiale di P.G.: Esportazioni, for one that is finished")
    if explained is not None and not story.hours:
        explained.explain(stop)


def mishap(town: "SmallTown", seconds: int) -> None:
    """Of a town that is large enough one camera is away now and then, for people to be told of."""
    from torrazzo.testing.faults import Refuse

    if len(town.cameras) >= CAMERAS * len(STREAMS) and seconds % MISHAP_S == FIRST_MISHAP_S:
        for device in town.cameras[-len(STREAMS) :]:
            device.do(Refuse(AWAY_S))


def _record(
    home: Home, port: int | None, seconds: float | None, stop: threading.Event, story: Story, town: "SmallTown"
) -> bool:
    """Serve until asked to stop; true if it ended in order."""
    from torrazzo.cli.live_table import LiveTable

    word = open_door(home)
    with _served(home, port) as process, LiveTable(home) as table:
        assert process.stderr is not None
        threading.Thread(target=_pass_on, args=(process.stderr, table.say), daemon=True).start()
        table.wait_for_page(_READY_S, stop)
        ended = threading.Event()
        threading.Thread(target=_tell, args=(home, story, word, table.say, ended), daemon=True).start()
        waited = 0.0
        while not stop.wait(1.0) and process.poll() is None:
            waited += 1.0
            table.show()
            mishap(town, round(waited))
            if seconds is not None and waited >= seconds:
                break
        ended.set()
        with contextlib.suppress(OSError):
            OsDisk().unlink(home.demo_door)
        table.say("Closing the archive…")
        if process.poll() is not None:
            warn(f"`torrazzo serve` ended by itself with code {process.returncode}")
            return False
        return end_served(process, stop_seconds(home))


def stop_seconds(home: Home) -> float:
    """How long `serve` may take to end: it ends one process after the other."""
    from torrazzo.app import STOP_S, PageOptions, children_of

    return STOP_S * len(children_of(home, PageOptions("", None))) + _SPARE_S


def end_served(process: "subprocess.Popen[str]", seconds: float) -> bool:
    """Ask it to end, and kill it after that time; true if it ended in order. What it started ends with it."""
    process.terminate()
    try:
        return process.wait(seconds) == 0
    except subprocess.TimeoutExpired:
        warn(f"`torrazzo serve` did not end within {seconds:.0f} s and is killed")
        process.kill()
        process.wait()
        return False


@contextlib.contextmanager
def _served(home: Home, port: int | None) -> Iterator["subprocess.Popen[str]"]:
    """`torrazzo serve` as a child; it ends when we do, however that happens."""
    from torrazzo.app import SUPERVISED

    command = [sys.executable, "-m", "torrazzo", "serve", "--home", str(home.path)]
    command += [] if port is None else ["--port", str(port)]
    # its rings are no business of the machine's own TPM, where a counter would stay when the town is deleted
    defaults = {"TORRAZZO_TPM": "none"}
    environment: Mapping[str, str] = {**defaults, **os.environ, SUPERVISED: "1"}
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=environment,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            end_served(process, stop_seconds(home))


def _pass_on(lines: IO[str], say: Callable[[str], None]) -> None:
    for line in lines:
        say(line.rstrip("\n"))
