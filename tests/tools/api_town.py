# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town's API as a browser meets it: a real server on loopback, a real ledger process, accounts with devices."""

import contextlib
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pyotp
import uvicorn

from tests.tools.ledger_process import running, size
from tests.tools.look_town import RunningClock
from tests.tools.page_server import PageServer
from tests.tools.patience import PATIENCE_S
from tests.tools.staffed import CHEAP, PASSWORD, StaffedTown
from torrazzo.access import People, Windows, read_asks
from torrazzo.access.asks import CONTROL_ROOM
from torrazzo.access.cameras import Cameras
from torrazzo.access.staff import By
from torrazzo.access.staffing import Staffing
from torrazzo.base import SystemClock
from torrazzo.base.ids import CameraId
from torrazzo.base.times import UtcTicks
from torrazzo.cli.init import make_town
from torrazzo.control_room.api import Room, make_api
from torrazzo.control_room.api.guard import Guard
from torrazzo.control_room.api.room import expect_running
from torrazzo.control_room.api.town_map import FILE as MAP_FILE
from torrazzo.control_room.api.wall_book import WALLS, WallBook
from torrazzo.control_room.api.wishes import WISHES, WishBook
from torrazzo.control_room.bind import allowed_hosts, bind_page
from torrazzo.control_room.camera_jobs import Jobs
from torrazzo.control_room.erasures import Erasures
from torrazzo.control_room.exports import Exports
from torrazzo.control_room.failures import Told
from torrazzo.control_room.front import Front, built_page
from torrazzo.control_room.holds_app import HoldDesk, HoldParts
from torrazzo.control_room.index import IndexWriter, open_footage, open_index
from torrazzo.control_room.live import LiveLooks, LiveRelay
from torrazzo.control_room.live.protocol import MOST_SAID, LiveProtocol
from torrazzo.control_room.looks import Looks
from torrazzo.control_room.person_looks import PersonLooks
from torrazzo.control_room.picture_desk import PictureDesk
from torrazzo.control_room.playback_desk import PlaybackDesk
from torrazzo.control_room.provider_desk import ProviderDesk
from torrazzo.control_room.staff_room import StaffRoom
from torrazzo.control_room.state import town_state
from torrazzo.control_room.turning_desk import TurningDesk
from torrazzo.durable import OsDisk
from torrazzo.evidence.act_log import ActLog
from torrazzo.health import Alarms
from torrazzo.law import Role
from torrazzo.ledger.act import Act, parse_act
from torrazzo.ledger.client import LedgerClient
from torrazzo.playback.pictures import Pictures
from torrazzo.town import Home
from torrazzo.town.camera import Camera
from torrazzo.town.home import load_settings
from torrazzo.town.office import Office

CSRF = "x-torrazzo-csrf"
NOBODY = People({}, 0)  # of Unix users


@dataclass
class Answered:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        assert self.headers["content-type"] == "application/problem+json", self.body
        return str(self.json()["code"])


@dataclass
class Browser:
    """One browser: it keeps cookies and the CSRF word, and says where a request comes from."""

    port: int
    name: str = "localhost"
    cookies: dict[str, str] = field(default_factory=dict)
    csrf: str = ""
    tls: ssl.SSLContext | None = None  # by which it comes over https; it may have a certificate of its own

    def ask(
        self, method: str, path: str, body: object = None, changed: Mapping[str, str | None] | None = None
    ) -> Answered:
        """`changed`: headers instead of what a browser says; None takes one away."""
        host = f"{self.name}:{self.port}"
        headers: dict[str, str | None] = {"host": host, "cookie": self._cookie(), "sec-fetch-site": "same-origin"}
        if method != "GET":
            scheme = "http" if self.tls is None else "https"
            headers |= {"origin": f"{scheme}://{host}", CSRF: self.csrf or None, "content-type": "application/json"}
        headers |= changed or {}
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        connection: http.client.HTTPConnection
        if self.tls is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        else:
            connection = http.client.HTTPSConnection(self.name, self.port, timeout=PATIENCE_S, context=self.tls)
        with contextlib.closing(connection):
            said = {key: value for key, value in headers.items() if value}
            connection.request(method, path, data, said)
            found = connection.getresponse()
            answer = Answered(found.status, {name.lower(): value for name, value in found.getheaders()}, found.read())
            self._remember(found.headers.get_all("set-cookie") or [], answer)
        return answer

    def get(self, path: str) -> Answered:
        return self.ask("GET", f"/api/v1{path}")

    def post(self, path: str, body: object = None) -> Answered:
        return self.ask("POST", f"/api/v1{path}", {} if body is None else body)

    def _cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def _remember(self, set_cookies: list[str], answer: Answered) -> None:
        for text in set_cookies:
            for name, morsel in SimpleCookie(text).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        if answer.headers.get("content-type", "").startswith("application/json") and answer.body[:1] == b"{":
            self.csrf = answer.json().get("csrf", self.csrf)


class ApiTown(StaffedTown):
    """Open it with `api_town`."""

    def __init__(self, path: Path, start: UtcTicks | None = None) -> None:
        """Its clock begins at `start`, or now."""
        self.clock, self.disk = RunningClock(start or SystemClock().utc()), OsDisk()  # type: ignore[assignment]  # runs
        make_town(path, "Cremona", "Europe/Rome")
        self.home = Home(path)
        self.office = Office(self.home, self.disk, self.clock)
        self.staffing = Staffing.of(self.office.registry.engine, self.office.box, self.clock, CHEAP)
        self.windows = Windows(self.home, self.disk, self.clock, CONTROL_ROOM)
        self.ledger = LedgerClient(self.home.ledger_socket)
        self.ledger_away: UtcTicks | None = None  # since when it has not answered, as somebody may have seen
        self.people = StaffRoom(self.staffing, self.windows.tell)
        self.alarms = Alarms(self.staffing.staff)
        relay = LiveRelay(self.home.live_socket, self.clock)
        self.live = LiveLooks(self.staffing, self.clock, lambda: self.windows, relay)
        self.cameras_of_town = Cameras(self.staffing.staff, self.staffing.accounts, self.office)
        self.turning = TurningDesk(self.clock, self._tell_turned)
        self.provider = ProviderDesk(self.staffing.providers, self.clock)
        self.devices: dict[str, pyotp.TOTP] = {}
        self.port = 0
        self._ledger_runs, self._opened = contextlib.ExitStack(), contextlib.ExitStack()
        self._opened.enter_context(IndexWriter(self.home, self.disk, load_settings(self.home)))
        self.index = self._opened.enter_context(open_index(self.home))
        self.looks = Looks(
            self.index,
            NOBODY,
            self.clock,
            lambda: self.windows,
            lambda window: open_footage(self.home, self.index, window),
        )
        asks = partial(read_asks, self.home, self.disk, self.clock)
        self.erasures = Erasures(self.looks, self.index, self.clock, asks)
        self.playback = PlaybackDesk(
            self.index,
            PersonLooks(
                self.index,
                self.clock,
                lambda: self.windows,
                lambda window, covers: open_footage(self.home, self.index, window, covers),
            ),
            Pictures(self.clock),
            partial(self.office.registry.cameras, has_removed=True),
        )

        self.pictures = PictureDesk(self.clock, lambda: self.windows, self.playback.pictures)

    def room(self) -> Room:
        settings = load_settings(self.home)
        return Room(
            people=self.people,
            settings=settings,
            state=lambda: town_state(settings, self.cameras(), None, lambda *_: (), self.clock.utc()),
            cameras=self.cameras,
            ledger=partial(expect_running, self.ledger),
            ledger_away=lambda: self.ledger_away,
            wishes=WishBook(self.home.path / WISHES, self.disk),
            walls=WallBook(self.home.path / WALLS, self.disk),
            alarms=self.alarms,
            cameras_of_town=self.cameras_of_town,
            camera_jobs=Jobs(self.clock),
            turning=self.turning,
            map_file=self.home.path / MAP_FILE,
            exports=Exports(self.looks, partial(read_asks, self.home, self.disk, self.clock), self.home.worker_socket),
            holds=HoldDesk(
                HoldParts(self.home, settings, self.disk, self.clock, self.index), self.looks, NOBODY, self.cameras
            ),
            erasures=self.erasures,
            log=ActLog(self.home, self.disk, self.clock),
            all_cameras=partial(self.office.registry.cameras, has_removed=True),
            playback=self.playback,
            provider=self.provider,
            live=self.live,
            pictures=self.pictures,
        )

    def cameras(self) -> tuple[Camera, ...]:
        return self.office.registry.cameras()

    def _tell_turned(self, camera: CameraId, what: str, by: By) -> None:
        self.people.told(self.cameras_of_town.turned(camera, what, by))

    def start_ledger(self) -> None:
        self._ledger_runs.enter_context(running(self.home, self.clock))

    def stop_ledger(self) -> None:
        self._ledger_runs.close()

    def browser(self, name: str = "localhost") -> Browser:
        return Browser(self.port, name)

    def somebody(self, name: str, *roles: Role, agreement: str | None = None) -> None:
        """With a password and a device."""
        if name not in self.devices:
            self.devices[name] = self.enrolled(name, *roles, agreement=agreement)[1]
            self.people.tend()

    def signed_in(self, name: str, browser: Browser | None = None) -> Browser:
        """With both factors; the clock goes on for as long as a code lives."""
        browser = browser or self.browser()
        self.clock.advance(31)
        step = browser.post("/sign-in", {"name": name, "password": PASSWORD})
        assert (step.status, step.json().get("step")) == (200, "totp"), step.body
        step = browser.post("/sign-in/totp", {"code": self.code(self.devices[name])})
        assert step.status == 200, step.body
        if step.json()["step"] == "elsewhere":
            step = browser.post("/sign-in/take-over")
        assert step.json()["step"] == "done", step.body
        return browser

    def acts(self, *kinds: str) -> list[Act]:
        """Entries of `act` of these kinds, among the newest."""
        last = size(self.ledger, "act")
        found = self.ledger.prove_many("act", 0, range(max(0, last - 500), last)).entries
        acts = [parse_act(entry.line) for entry in found if entry is not None]
        return [act for act in acts if act.kind in kinds]

    def close(self) -> None:
        self.turning.close()
        self.playback.close()
        self._opened.close()
        self.windows.close()
        super().close()


@contextlib.contextmanager
def api_town(folder: Path) -> Iterator[ApiTown]:
    """Its server and its ledger run."""
    with ApiTown(folder) as town, serving_api(town):
        yield town


@contextlib.contextmanager
def serving_api(town: ApiTown) -> Iterator[None]:
    """Its server and its ledger run."""
    with bind_page("127.0.0.1", 0) as listener:
        hosts = allowed_hosts(listener)
        api = Guard(make_api(town.room()), hosts)
        front = Front(api, Guard(built_page(), hosts), None, lambda: True)
        config = uvicorn.Config(
            Told(front), log_config=None, access_log=False, lifespan="off", ws=LiveProtocol, ws_max_size=MOST_SAID
        )
        server = PageServer(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        town.port = _port(listener)
        town.start_ledger()
        thread.start()
        try:
            yield
        finally:
            server.should_exit = True
            thread.join(60)
            town.stop_ledger()
        assert not thread.is_alive()


def _port(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])
