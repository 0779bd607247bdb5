# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How long a point in a week of a hundred cameras takes until its pictures are there, cold and warm; the timeline.

The catalogue has its full size, volumes are sparse, with real media at points drawn by lot. All processes of a town run
as `serve` starts them, and are asked over HTTP on loopback by a person who is signed in. Cold: before each point its
volume, catalogue, ledger and registry leave the page cache. A point: the look moves there (a fact in the ledger, then
the keys), playlist, init, and the segment of ten seconds, all of it. Warm: playlist, init and segment again.
"""

import argparse
import contextlib
import http.client
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench import town
from bench.access import answers, quantiles, until
from bench.ledger import drop_cached
from bench.machine import GIGA, group, save
from bench.week import Media, Week
from tests.tools.api_town import CSRF, Browser
from tests.tools.room_people import Person, people_of
from tests.tools.staffed import PASSWORD
from torrazzo.app import configure_logs
from torrazzo.base import SystemClock
from torrazzo.base.times import DAY, HOUR, SECOND, UtcTicks, iso_from_ticks
from torrazzo.durable import OsDisk
from torrazzo.keyring import KeyClient
from torrazzo.law import Role
from torrazzo.town.home import Home, load_settings, save_settings
from torrazzo.town.office import Office

COLD_MS, WARM_MS, TIMELINE_MS = 150.0, 10.0, 50.0
ROOM = 20 * GIGA
AROUND = 300 * SECOND


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="./dev bench playback", description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, default=100)
    parser.add_argument("--hours", type=int, default=166)
    parser.add_argument("--points", type=int, default=300)
    parser.add_argument("--bitrate", type=int, default=4_000, help="kbit/s of the 1080p25 pictures")
    parser.add_argument("--ledger-hours", type=int, help="of which all facts are in the ledger (default: all)")
    parser.add_argument("--folder", type=Path, help="where it is built (default: a temporary folder)")
    parser.add_argument("--json", type=Path, help="result file (default: bench/results/playback.json)")
    return parser.parse_args(words)


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
    assert step.json()["step"] == "done", step.body
    return browser


class Points:
    """Asks for one after the other."""

    def __init__(self, client: Client, week: Week, home: Home) -> None:
        self._client, self._week, self._home = client, week, home
        self.key = ""

    def begin(self, point: Media) -> None:
        """One look, for all of them."""
        body = {
            **self._stretch(point),
            "purpose": "crime",
            "reason": "furto di una bicicletta in piazza",
            "case": "1/26",
        }
        self.key = json.loads(self._client.ask("POST", "/looks", body)[1])["key"]

    def cold(self, point: Media) -> dict[str, float]:
        """What was read before is not in memory."""
        self._drop(point)
        return self._measure(point, self._client.ask("POST", f"/looks/{self.key}/move", self._stretch(point))[0])

    def warm(self, point: Media) -> dict[str, float]:
        """Once more."""
        return self._measure(point, 0.0)

    def thumbnail(self, point: Media) -> float:
        """Of a key frame."""
        at = self._week.time(point.slot) + 5 * SECOND
        return self._client.ask("GET", f"{self._path(point)}/thumbnail?at={at}&width=160")[0]

    def _measure(self, point: Media, move: float) -> dict[str, float]:
        found = {"move": move}
        start, end = self._ends(point)
        found["playlist"], text = self._client.ask("GET", f"{self._path(point)}/video.m3u8?from={start}&to={end}")
        (name,) = (line for line in text.decode().splitlines() if f"_{point.slot + 1}_" in line and "/seg_" in line)
        init = name.replace("/seg_", "/init_").rpartition("_")[0] + ".mp4"
        found["init"], _ = self._client.ask("GET", f"{self._path(point)}/{init}")
        found["segment"], data = self._client.ask("GET", f"{self._path(point)}/{name}")
        assert len(data) > 1_000_000 or self._week.bitrate < 1_000_000
        return found

    def _path(self, point: Media) -> str:
        return f"/looks/{self.key}/{self._week.streams[point.camera].camera}"

    def _ends(self, point: Media) -> tuple[int, int]:
        t0 = self._week.time(point.slot)
        return max(self._week.first, t0 - AROUND), min(self._week.end, t0 + AROUND)

    def _stretch(self, point: Media) -> dict[str, object]:
        start, end = self._ends(point)
        at = iso_from_ticks(self._week.time(point.slot) + SECOND)
        camera = self._week.streams[point.camera].camera
        return {"cameras": [camera], "from": iso_from_ticks(start), "to": iso_from_ticks(end), "at": at}

    def _drop(self, point: Media) -> None:
        home = self._home
        for path in (home.catalogue_db, home.ledger_db, home.office_db, self._week.root.volumes / point.volume):
            drop_cached(path)


def timeline(client: Client, week: Week) -> dict[str, Any]:
    """All cameras, the whole week, at a step of a minute; and a day to the second."""
    cameras = ",".join(stream.camera for stream in week.streams)
    took: dict[str, list[float]] = {"week": [], "day": []}
    size = 0
    for turn in range(20):
        start = week.first - turn * SECOND  # another question each time
        query = f"cameras={cameras}&from={start}&to={start + 7 * DAY}&step=60000"
        found, data = client.ask("GET", f"/timeline?{query}")
        took["week"].append(found)
        size = len(data)
        day = week.first + turn * HOUR
        took["day"].append(client.ask("GET", f"/timeline?cameras={cameras}&from={day}&to={day + DAY}&step=1000")[0])
    return {f"timeline_{name}_ms": quantiles(values) for name, values in took.items()} | {"timeline_week_bytes": size}


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Build it, and ask."""
    home, streams = town.make(folder / "town", ["rtsp://127.0.0.1:9/"] * options.cameras)
    with Office(home, OsDisk(), SystemClock()) as office:
        for camera in office.registry.cameras():
            office.change(replace(camera, enabled=False))
    save_settings(home, OsDisk(), replace(load_settings(home), trusted=("wall",)))
    people = people_of(home, {"paolo": (Role.PG_OFFICER,)}, {})
    end = UtcTicks(SystemClock().utc() // HOUR * HOUR)
    begun = time.monotonic()
    week = Week(home, streams, options.hours, end, options.bitrate * 1000)
    week.place_media(options.points, folder)
    print(f"media: {time.monotonic() - begun:.0f} s", flush=True)
    built = week.write_facts(options.hours if options.ledger_hours is None else options.ledger_hours)
    os.sync()
    print(f"built: {time.monotonic() - begun:.0f} s", flush=True)
    with group("playback") as processes:
        town.serve(processes, home, log=folder / "serve.log")
        until(lambda: answers(home) and home.page_address.exists())
        until(lambda: trusts(home))
        return {**built, **ask_all(options, home, week, people["paolo"], processes.cpu_s)}


def ask_all(
    options: argparse.Namespace, home: Home, week: Week, person: Person, cpu_s: Callable[[], float]
) -> dict[str, Any]:
    """As one person; and what the town's processes have spent, which no neighbour on the machine changes much."""
    points = Points(Client(sign_in(home, person)), week, home)
    first, *others = week.points
    points.begin(first)
    parts: dict[str, list[float]] = {}
    sums: dict[str, list[float]] = {"cold": [], "cold_moved": [], "warm": []}
    spent = {"cold": 0.0, "warm": 0.0}
    for at, point in enumerate(others):
        begun = cpu_s()
        cold = points.cold(point)
        between = cpu_s()
        warm = points.warm(point)
        spent = {"cold": spent["cold"] + between - begun, "warm": spent["warm"] + cpu_s() - between}
        sums["cold"].append(sum(cold.values()))
        sums["cold_moved"].append(sum(cold.values()) - cold["move"])
        sums["warm"].append(sum(warm.values()))
        for name, value in cold.items():
            parts.setdefault(f"cold_{name}", []).append(value)
        for name, value in warm.items():
            parts.setdefault(f"warm_{name}", []).append(value)
        if at % 20 == 0:
            points._client.ask("POST", "/active", {})
            parts.setdefault("thumbnail", []).append(points.thumbnail(point))
    result: dict[str, Any] = {f"{name}_ms": quantiles(values) for name, values in sums.items()}
    result["cpu_ms_a_point"] = {name: round(value * 1e3 / len(others), 1) for name, value in spent.items()}
    result["load"] = os.getloadavg()[0]
    result["parts_ms"] = {name: quantiles(values) for name, values in parts.items() if name != "warm_move"}
    result |= timeline(points._client, week)
    result["catalogue_bytes"] = home.catalogue_db.stat().st_size
    result["ledger_bytes"] = home.ledger_db.stat().st_size
    return {"cameras": options.cameras, "hours": options.hours, "points": len(others), **result}


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
    folder = Path(tempfile.mkdtemp(prefix="torrazzo-playback-", dir=options.folder))
    try:
        if (free := shutil.disk_usage(folder).free) < ROOM:
            raise SystemExit(f"{folder}: {free / GIGA:.1f} GiB free; this needs {ROOM / GIGA:.0f}")
        result = measure(options, folder)
    finally:
        shutil.rmtree(folder)
    limits = {"cold_ms p95": COLD_MS, "warm_ms p95": WARM_MS, "timeline_week_ms p95": TIMELINE_MS}
    for name, value in result.items():
        print(f"{name:22} {value}")
    print(f"written: {save({**result, 'limits': limits}, 'playback', options.json)}")
    is_met = all(result[name.split()[0]]["p95"] <= most for name, most in limits.items())
    return 0 if is_met else 1
