# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How long a point in a week of a hundred cameras takes until its pictures are there, cold and warm; the timeline.

The catalogue has its full size, volumes are sparse, with real media at points drawn by lot. All processes of a town run
as `serve` starts them, and are asked over HTTP on loopback, on one connection, by a person who is signed in; a time is
from the question to the last byte of the answer.

Cold: somebody who looks goes to another day and camera, and the look moves there: a window's fact in the ledger, the
first key, then playlist of an hour, init, and of a segment of ten seconds (5 MB) the part that shows the moment, from a
key frame to the next (1 MB), all of it; the sum of the four. What a player fetches behind it is told beside (`rest`).
Before each point its volume, catalogue, ledger and registry leave the page cache (`posix_fadvise`; the files of the
ledger's log once, as no two points need the same); what processes keep in memory stays there. `cold_seek` is the same
without the window: playlist, init and segment inside an access that is open.
The ledger has the facts around each point, and all of the last hours: what it has beside them makes proofs longer only.
Warm: back to where one was a moment ago: init and that part again, whose key is known; the playlist is there already.
`warm_ten_seconds`: the same with all parts of the segment, one after the other.
Timeline: a week of all cameras at a step of a minute; of nine; and a day of all to the second. What it reads is read by
the control room now and then, so that it is in memory in a town that runs; `timeline_week_cold` tells what the same
takes, time after time, where the catalogue has just left the page cache.
On screen: the same in a real Chromium (see playback_page.py), from a click to the picture: going on to points of one
camera in one look, then opening looks at points of others.
"""

import argparse
import contextlib
import http.client
import json
import os
import pickle
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from bench import playback_page, town
from bench.access import answers, quantiles, until
from bench.ledger import drop_cached
from bench.machine import GIGA, group, save
from bench.week import SEGMENT, Media, Week
from tests.tools.api_town import CSRF, Browser
from tests.tools.room_people import Person, people_of
from tests.tools.staffed import PASSWORD
from torrazzo.app import configure_logs
from torrazzo.base import StreamId, SystemClock
from torrazzo.base.times import DAY, HOUR, SECOND, UtcTicks, iso_from_ticks
from torrazzo.durable import OsDisk
from torrazzo.keyring import KeyClient
from torrazzo.law import Role
from torrazzo.town.home import Home, load_settings, save_settings
from torrazzo.town.office import Office

LIMITS = {
    "cold_ms": 150.0,
    "warm_ms": 10.0,
    "timeline_week_ms": 50.0,
    "timeline_nine_ms": 50.0,
    "screen_ms": 600.0,
    "timeline_painted_ms": 200.0,
}  # p95
ROOM = 20 * GIGA
AROUND = 30 * 60 * SECOND
OLDEST = 167 * HOUR  # of footage that is asked for: its life is 168
MIDDLE = 5 * SECOND  # of a segment: the moment that is wanted
NINE = 9
COLD_WEEKS = 5
BUILT = "built.pickle"


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="./dev bench playback", description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, default=100)
    parser.add_argument("--hours", type=int, default=166)
    parser.add_argument("--points", type=int, default=300)
    parser.add_argument("--screen", type=int, default=40, help="points that are looked at in Chromium; 0: no page")
    parser.add_argument("--bitrate", type=int, default=4_000, help="kbit/s of the 1080p25 pictures")
    parser.add_argument("--ledger-hours", type=int, default=3, help="of which all facts are in the ledger")
    parser.add_argument("--folder", type=Path, help="where it is built (default: a temporary folder)")
    parser.add_argument(
        "--kept", type=Path, help="build it there, or take what was built there some hours ago; it stays"
    )
    parser.add_argument("--json", type=Path, help="result file (default: bench/results/playback.json)")
    return parser.parse_args(words)


class Built(NamedTuple):
    """A town on disk, and what is known of it; points are left while their footage lives."""

    home: Home
    streams: Sequence[StreamId]
    first: UtcTicks
    end: UtcTicks
    bitrate: int
    points: Sequence[Media]
    of_one: Sequence[Media]
    volumes: Path
    person: Person
    told: dict[str, int]

    def time(self, slot: int) -> UtcTicks:
        """Its start."""
        return UtcTicks(self.first + slot * SEGMENT)


class Client:
    """A browser with one connection, which says how long each answer took."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._connection = http.client.HTTPConnection("localhost", browser.port, timeout=120)

    def ask(self, method: str, path: str, body: object = None) -> tuple[float, bytes]:
        """Milliseconds until all of it is here, and what it is."""
        host = f"localhost:{self._browser.port}"
        cookie = "; ".join(f"{name}={value}" for name, value in self._browser.cookies.items())
        headers = {"host": host, "cookie": cookie, "sec-fetch-site": "same-origin"}
        if method != "GET":
            headers |= {"origin": f"http://{host}", CSRF: self._browser.csrf, "content-type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        begun = time.perf_counter()
        self._connection.request(method, f"/api/v1{path}", data, headers)
        answer = self._connection.getresponse()
        found = answer.read()
        took = (time.perf_counter() - begun) * 1e3
        if answer.status >= 300:
            raise SystemExit(f"{method} {path[:80]}: {answer.status} {found[:300]!r}")
        return took, found


def sign_in(home: Home, person: Person) -> Browser:
    """By password and code."""
    port = int(home.page_address.read_text().strip().rpartition(":")[2].rstrip("/"))
    browser = Browser(port)
    assert browser.post("/sign-in", {"name": person.name, "password": PASSWORD}).json()["step"] == "totp"
    step = browser.post("/sign-in/totp", {"code": person.code() or ""})
    if step.json()["step"] == "elsewhere":  # of the bench before, in a town that was kept
        step = browser.post("/sign-in/take-over", {})
    assert step.json()["step"] == "done", step.body
    return browser


def drop(week: Built, point: Media) -> None:
    """What is read for it is in no page cache."""
    home = week.home
    for path in (home.catalogue_db, home.ledger_db, home.office_db, week.volumes / point.volume):
        drop_cached(path)


def screen(browser: Browser, week: Built, most: int) -> dict[str, Any]:
    """As it is seen."""
    camera, zone = week.streams[0].camera, load_settings(week.home).zone.key
    times = [UtcTicks(week.time(point.slot) + MIDDLE) for point in week.of_one]
    took = playback_page.points(browser, camera, times, zone, lambda at: drop(week, week.of_one[at])) if times else []
    gone = len(took)
    others = week.points[: max(0, most - gone)]
    wanted = [(week.streams[each.camera].camera, UtcTicks(week.time(each.slot) + MIDDLE)) for each in others]
    took += playback_page.opened(browser, wanted, lambda at: drop(week, others[at]))
    nine = [stream.camera for stream in week.streams[:NINE]]
    middle = iso_from_ticks(week.time((*week.of_one, *week.points)[0].slot))
    painted = playback_page.timeline(browser, nine, middle, 5)
    parts = {name: quantiles(each) for name, each in (("move", took[:gone]), ("open", took[gone:])) if each}
    told = {"screen_ms": quantiles(took), "screen_points": len(took), "screen_parts_ms": parts}
    return told | {"timeline_painted_ms": quantiles(painted), "timeline_painted": len(painted)}


class Points:
    """Asks for one after the other."""

    def __init__(self, client: Client, week: Built) -> None:
        self.client, self._week, self._home = client, week, week.home
        self.key = ""
        self.part_bytes = 0  # of the last one

    def begin(self, point: Media) -> None:
        """One look, for all of them."""
        body = {
            **self._stretch(point),
            "purpose": "crime",
            "reason": "furto di una bicicletta in piazza",
            "case": "1/26",
        }
        self.key = json.loads(self.client.ask("POST", "/looks", body)[1])["key"]

    def cold(self, point: Media) -> dict[str, float]:
        """What was read before is not in memory."""
        drop(self._week, point)
        return self._measure(point, self.client.ask("POST", f"/looks/{self.key}/move", self._stretch(point))[0])

    def warm(self, point: Media) -> dict[str, float]:
        """Once more."""
        _, init, part, rest = self._names
        found = {"init": self.client.ask("GET", init)[0], "part": self.client.ask("GET", part)[0]}
        found["rest"] = sum(self.client.ask("GET", name)[0] for name in rest)
        return {**found, "playlist": self.client.ask("GET", self._names[0])[0]}

    def thumbnail(self, point: Media) -> float:
        """Of a key frame."""
        at = self._week.time(point.slot) + MIDDLE
        return self.client.ask("GET", f"{self._path(point)}/thumbnail?at={at}&width=160")[0]

    def _measure(self, point: Media, move: float) -> dict[str, float]:
        found = {"move": move}
        start, end = self._ends(point)
        playlist = f"{self._path(point)}/video.m3u8?from={start}&to={end}&at={self._week.time(point.slot) + MIDDLE}"
        found["playlist"], text = self.client.ask("GET", playlist)
        parts = parts_of(text.decode(), point.slot + 1)
        _, shown = [each for each in parts if each[0] <= MIDDLE / SECOND][-1]
        rest = [self._named(point, name) for _, name in parts if name != shown]
        init = "_".join(shown.replace("/seg_", "/init_").split("_")[:3]) + ".mp4"
        self._names = playlist, self._named(point, init), self._named(point, shown), rest
        found["init"], _ = self.client.ask("GET", self._names[1])
        found["part"], data = self.client.ask("GET", self._names[2])
        self.part_bytes = len(data)
        found["rest"] = sum(self.client.ask("GET", name)[0] for name in rest)
        return found

    def _named(self, point: Media, name: str) -> str:
        return f"{self._path(point)}/{name}"

    def _path(self, point: Media) -> str:
        return f"/looks/{self.key}/{self._week.streams[point.camera].camera}"

    def _ends(self, point: Media) -> tuple[int, int]:
        t0 = self._week.time(point.slot)
        return max(self._week.first, t0 - AROUND), min(self._week.end, t0 + AROUND)

    def _stretch(self, point: Media) -> dict[str, object]:
        start, end = self._ends(point)
        at = iso_from_ticks(self._week.time(point.slot) + MIDDLE)
        camera = self._week.streams[point.camera].camera
        return {"cameras": [camera], "from": iso_from_ticks(start), "to": iso_from_ticks(end), "at": at}


def parts_of(playlist: str, n: int) -> list[tuple[float, str]]:
    """Of a segment: when each begins in it, in seconds, and its name."""
    lines, begins, found = playlist.splitlines(), 0.0, []
    for length, name in pairwise(lines):
        if name.startswith("parts/seg_") and name.split("_")[2] in {f"{n}", f"{n}.m4s"}:
            found.append((begins, name))
            begins += float(length.removeprefix("#EXTINF:").rstrip(","))
    return found


def timeline(client: Client, week: Built) -> dict[str, Any]:
    """All cameras, or nine, the whole week, at a step of a minute; and a day to the second."""
    cameras = ",".join(stream.camera for stream in week.streams)
    nine = ",".join(stream.camera for stream in week.streams[:NINE])
    took: dict[str, list[float]] = {"week": [], "nine": [], "day": []}
    size = 0
    cold = []
    for turn in range(COLD_WEEKS):
        drop_cached(week.home.catalogue_db)
        start = week.first - (100 + turn) * SECOND
        cold.append(client.ask("GET", f"/timeline?cameras={cameras}&from={start}&to={start + 7 * DAY}&step=60000")[0])
    for turn in range(20):
        start = week.first - turn * SECOND  # another question each time
        query = f"from={start}&to={start + 7 * DAY}&step=60000"
        found, data = client.ask("GET", f"/timeline?cameras={cameras}&{query}")
        took["week"].append(found)
        size = len(data)
        took["nine"].append(client.ask("GET", f"/timeline?cameras={nine}&{query}")[0])
        day = week.first + turn * HOUR
        took["day"].append(client.ask("GET", f"/timeline?cameras={cameras}&from={day}&to={day + DAY}&step=1000")[0])
    told: dict[str, Any] = {f"timeline_{name}_ms": quantiles(values) for name, values in took.items()}
    return told | {"timeline_week_cold_ms": [round(each, 1) for each in cold], "timeline_week_bytes": size}


def build(options: argparse.Namespace, folder: Path) -> Built:
    """A town with its week."""
    home, streams = town.make(folder / "town", ["rtsp://127.0.0.1:9/"] * options.cameras)
    with Office(home, OsDisk(), SystemClock()) as office:
        for camera in office.registry.cameras():
            office.change(replace(camera, enabled=False))
    save_settings(home, OsDisk(), replace(load_settings(home), trusted=("wall",)))
    people = people_of(home, {"carla": (Role.DESIGNATO,), "paolo": (Role.PG_OFFICER,)}, {})
    end = UtcTicks(SystemClock().utc() // HOUR * HOUR)
    begun = time.monotonic()
    week = Week(home, streams, options.hours, end, options.bitrate * 1000)
    week.place_media(options.points, options.screen, folder)
    print(f"media: {time.monotonic() - begun:.0f} s", flush=True)
    told = week.write_facts(options.ledger_hours)
    os.sync()
    print(f"built: {time.monotonic() - begun:.0f} s", flush=True)
    what = (home, streams, week.first, week.end, week.bitrate, week.points, week.of_one, week.root.volumes)
    return Built(*what, people["paolo"], told | {"hours": options.hours, "cameras": options.cameras})


def kept(options: argparse.Namespace) -> Built:
    """What was built before, without what is too old by now."""
    path = options.kept / BUILT
    if not path.exists():
        options.kept.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pickle.dumps(build(options, options.kept)))
    built = pickle.loads(path.read_bytes())  # noqa: S301 - ours
    assert isinstance(built, Built)

    def living(points: Sequence[Media], most: int) -> list[Media]:
        young = [point for point in points if built.time(point.slot) > SystemClock().utc() - OLDEST]
        return random.Random(2).sample(young, min(most, len(young)))

    return built._replace(points=living(built.points, options.points), of_one=living(built.of_one, options.screen))


def measure(options: argparse.Namespace, built: Built) -> dict[str, Any]:
    """Serve it, and ask."""
    home = built.home
    for path in home.ledger.rglob("*"):
        if path.is_file():
            drop_cached(path)
    with group("playback") as processes:
        town.serve(processes, home, log=home.path / "serve.log")
        until(lambda: answers(home) and home.page_address.exists())
        until(lambda: trusts(home))
        return {**built.told, **ask_all(options, built, processes.cpu_s)}


def ask_all(options: argparse.Namespace, week: Built, cpu_s: Callable[[], float]) -> dict[str, Any]:
    """As one person; and what the town's processes have spent, which no neighbour on the machine changes much."""
    home = week.home
    browser = sign_in(home, week.person)
    points = Points(Client(browser), week)
    first, *others = week.points
    points.begin(first)
    parts: dict[str, list[float]] = {}
    sums: dict[str, list[float]] = {"cold": [], "cold_seek": [], "warm": [], "warm_ten_seconds": []}
    spent = {"cold": 0.0, "warm": 0.0}
    for at, point in enumerate(others):
        begun = cpu_s()
        cold = points.cold(point)
        between = cpu_s()
        warm = points.warm(point)
        spent = {"cold": spent["cold"] + between - begun, "warm": spent["warm"] + cpu_s() - between}
        sums["cold"].append(sum(cold.values()) - cold["rest"])
        sums["cold_seek"].append(sums["cold"][-1] - cold["move"])
        sums["warm"].append(warm["init"] + warm["part"])
        sums["warm_ten_seconds"].append(sums["warm"][-1] + warm["rest"])
        for name, value in cold.items():
            parts.setdefault(f"cold_{name}", []).append(value)
        for name, value in warm.items():
            parts.setdefault(f"warm_{name}", []).append(value)
        if at % 20 == 0:
            points.client.ask("POST", "/active", {})
            parts.setdefault("thumbnail", []).append(points.thumbnail(point))
    result: dict[str, Any] = {f"{name}_ms": quantiles(values) for name, values in sums.items()}
    result["part_bytes"] = points.part_bytes
    result["cpu_ms_a_point"] = {name: round(value * 1e3 / len(others), 1) for name, value in spent.items()}
    result["load"] = os.getloadavg()[0]
    result["parts_ms"] = {name: quantiles(values) for name, values in parts.items()}
    result |= timeline(points.client, week)
    points.client.ask("DELETE", f"/looks/{points.key}")
    if options.screen:
        result |= screen(browser, week, options.screen)
    result["catalogue_bytes"] = home.catalogue_db.stat().st_size
    result["ledger_bytes"] = home.ledger_db.stat().st_size
    return {"medium": medium(week.volumes), "points": len(others), **result}


def medium(folder: Path) -> str:
    """The disk on which it lies."""
    found = subprocess.run(["df", "--output=source,fstype", str(folder)], capture_output=True, text=True, check=False)
    source, _, kind = found.stdout.strip().rpartition("\n")[2].partition(" ")
    name = Path(source).name.rstrip("0123456789")
    turns = Path(f"/sys/block/{name}/queue/rotational")
    how = f", rotational {turns.read_text().strip()}" if turns.exists() else ""
    return f"{source} {kind.strip()}{how}"


def trusts(home: Home) -> bool:
    """The keyring has seen heads of both logs; its ring is older than the town, so that people say so."""
    with contextlib.suppress(Exception):
        keyring = KeyClient(home.path)
        if keyring.status().heads.act.head is None:
            keyring.trust_heads()
        heads = keyring.status().heads
        return heads.act.head is not None and heads.rec.head is not None
    return False


def main(words: Sequence[str]) -> int:
    """Measure and print; 1 if it takes longer than it may."""
    options = arguments(words)
    os.environ.setdefault("TORRAZZO_LOG", "warning")
    configure_logs("bench")
    if options.kept is not None:
        result = measure(options, kept(options))
    else:
        folder = Path(tempfile.mkdtemp(prefix="torrazzo-playback-", dir=options.folder))
        try:
            if (free := shutil.disk_usage(folder).free) < ROOM:
                raise SystemExit(f"{folder}: {free / GIGA:.1f} GiB free; this needs {ROOM / GIGA:.0f}")
            result = measure(options, build(options, folder))
        finally:
            shutil.rmtree(folder)
    for name, value in result.items():
        print(f"{name:22} {value}")
    misses = [name for name, most in LIMITS.items() if name in result and result[name]["p95"] > most]
    print(f"written: {save({**result, 'limits_p95': LIMITS, 'misses': misses}, 'playback', options.json)}")
    for name in misses:
        print(f"too slow: {name}")
    return 1 if misses else 0
