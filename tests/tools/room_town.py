# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town as a control room has it: a real `torrazzo serve` with a witness, cameras of ours, people of every role.

with room_town(folder, cameras=2, sub=True) as town, open_chromium() as browser:
seen = town.sign_in(browser, "oriana", "/wall")
town.freeze(0)
"""

import contextlib
import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from tests.tools.api_town import Browser
from tests.tools.page_seen import ROOT, Seen, until
from tests.tools.room_people import CAST, Person, people_of
from tests.tools.served import Served
from tests.tools.staffed import PASSWORD
from torrazzo.base import SystemClock
from torrazzo.base.ids import CameraId, StreamId
from torrazzo.cli.demo import add_witness
from torrazzo.cli.init import make_town
from torrazzo.durable import OsDisk
from torrazzo.law import Role
from torrazzo.testing import ClipSpec, make_clip
from torrazzo.testing.camera import Habits
from torrazzo.testing.faults import Fault, Freeze, Recover, Refuse
from torrazzo.testing.town import STREETS, SmallTown
from torrazzo.town.camera import Camera, StreamConfig, new_camera_id
from torrazzo.town.home import Home
from torrazzo.town.office import Office, new_camera

MAIN = ClipSpec(width=320, height=192, fps="25/2", frames=100, gop=25, bitrate=150_000)
SUB = ClipSpec(width=160, height=96, fps="25/2", frames=100, gop=25, bitrate=60_000)
REASON = "servizio di sala operativa"
ROME = ZoneInfo("Europe/Rome")
WORDS: Mapping[str, Any] = {
    language: json.loads((ROOT / "web" / "src" / "i18n" / f"{language}.json").read_text("utf-8"))
    for language in ("it", "en")
}


class RoomTown:
    """Open it with `room_town`. People have the names of CAST, and PASSWORD of staffed.py."""

    def __init__(self, folder: Path, clips: Sequence[ClipSpec], habits: Habits, streams: Sequence[str]) -> None:
        self.served, self.home = Served(folder), Home(folder)
        self._streams = streams
        self._small = SmallTown([make_clip(spec) for spec in clips], habits)
        self.cameras: tuple[Camera, ...] = ()
        self.people: dict[str, Person] = {}
        self.other_address = ""  # by which the page is opened, in place of its own

    @property
    def address(self) -> str:
        """By name: passkeys refuse 127.0.0.1."""
        return self.other_address or f"http://localhost:{self.port}"

    @property
    def port(self) -> int:
        port = urlsplit(self.served.page()).port
        assert port is not None, "the control room is not there"
        return port

    # -- cameras

    def device(self, camera: int, stream: str = "main") -> Any:
        """The thing itself: what it was asked, and what may be done to it (`do`)."""
        return self._small.cameras[camera * len(self._streams) + self._streams.index(stream)]

    def freeze(self, camera: int, seconds: float | None = None) -> None:
        """No picture comes any more, of any stream; the connections stay."""
        self._do(camera, Freeze(seconds))

    def kill(self, camera: int, seconds: float | None = None) -> None:
        """It is not there any more: nobody listens."""
        self._do(camera, Refuse(seconds))

    def back(self, camera: int) -> None:
        """As if nothing had been."""
        self._do(camera, Recover())

    def _do(self, camera: int, fault: Fault) -> None:
        for stream in self._streams:
            self.device(camera, stream).do(fault)

    def recorded(self, *cameras: int, seconds: float = 20) -> dt.datetime:
        """From when on so many seconds of all these are recorded, today, and known to the catalogue; Rome's time."""

        def begun(camera: int) -> dt.datetime | None:
            midnight = dt.datetime.now(ROME).replace(hour=0, minute=0, second=0, microsecond=0)
            for each in self.served.json("footage", "list", self.cameras[camera].name):
                start, end = (dt.datetime.fromisoformat(each[key]).astimezone(ROME) for key in ("from", "to"))
                if (end - max(start, midnight)).total_seconds() > seconds:
                    return max(start, midnight)
            return None

        found: list[dt.datetime] = [self.served.until(partial(begun, camera)) for camera in cameras]
        return max(found)

    # -- people

    def sign_in(self, browser: Any, name: str, path: str = "/", *, shift: bool = True, **look: Any) -> Seen:
        """In a browser window of its own, by password and code; who works in shifts opens one, unless one is open.

        `look`: language, theme, size (page_seen.py).
        """
        seen = Seen(browser, self.address, **look)
        person = self.people[name]
        seen.open()
        seen.wait(self.say(seen, "sign_in.title"))
        seen.page.locator("input").nth(0).fill(name)
        seen.enter(seen.page.locator("input").nth(1), PASSWORD)
        self.second(seen, person)
        until(lambda: self.is_in(seen), lambda: f"{name} is not signed in: {seen.page.inner_text('body')}")
        if shift and Role.OPERATOR in person.roles:
            self._open_shift(seen)
        if path != "/":
            seen.open(path)
        return seen

    def second(self, seen: Seen, person: Person) -> None:
        """Behind name and password: a code."""
        seen.wait(self.say(seen, "sign_in.totp_title"))
        code = person.code()
        if code is None:
            seen.page.get_by_role("button", name=self.say(seen, "sign_in.by_recovery")).click()
            seen.wait(self.say(seen, "sign_in.recovery_text"))
            code = person.recovery_code()
        seen.enter(seen.page.locator("input"), code)

    def is_in(self, seen: Seen) -> bool:
        """Also where that takes ending another session of theirs."""
        from playwright.sync_api import TimeoutError as PlaywrightTimeout  # slow to import

        text = seen.page.inner_text("body")
        if self.say(seen, "sign_in.elsewhere_title") in text:
            button = seen.page.get_by_role("button", name=self.say(seen, "sign_in.elsewhere_go"))
            with contextlib.suppress(PlaywrightTimeout):  # it may be gone by now
                if button.is_enabled(timeout=5_000):  # not while it is at it
                    button.press("Enter", timeout=5_000)
        return bool(seen.page.locator("nav").count())

    def _open_shift(self, seen: Seen) -> None:
        until(lambda: seen.path() != "/", "the page leads nowhere")
        if seen.path() == "/shift":
            seen.wait(self.say(seen, "shift.reason_title"))
            seen.page.locator("textarea").fill(REASON)
            seen.page.get_by_role("button", name=self.say(seen, "shift.open")).click()
            until(lambda: seen.path() != "/shift", "the shift does not open")

    @staticmethod
    def say(seen: Seen, key: str) -> str:
        """What the page says there in the language in which it is seen."""
        return RoomTown.say_in(seen.language, key)

    @staticmethod
    def say_in(language: str, key: str) -> str:
        """The page's words in that language."""
        found = WORDS[language]
        for part in key.split("."):
            found = found[part]
        return str(found)

    def browser(self, name: str, *, shift: bool = True) -> Browser:
        """The same without a page: for what asks the API alone."""
        found, person = Browser(self.port), self.people[name]
        assert found.post("/sign-in", {"name": name, "password": PASSWORD}).json()["step"] == "totp"
        code = person.code()
        way = "totp" if code is not None else "recovery"
        step = found.post(f"/sign-in/{way}", {"code": code or person.recovery_code()})
        assert step.status == 200, step.body
        if step.json()["step"] == "elsewhere":
            step = found.post("/sign-in/take-over")
        assert step.json()["step"] == "done", step.body
        if shift and Role.OPERATOR in person.roles and found.get("/shift").json()["current"] is None:
            assert found.post("/shift", {"reason": REASON}).status == 200
        return found

    # -- its life

    def make(self, count: int, cast: Mapping[str, Sequence[Role]], few: Mapping[str, Sequence[int]]) -> None:
        """The home, cameras and people in it; nothing runs."""
        make_town(self.home.path, "Cremona", "Europe/Rome")
        add_witness(self.home)
        names = (*STREETS, *(f"Via Nuova {number}" for number in range(1, count)))[:count]
        with Office(self.home, OsDisk(), SystemClock()) as office:
            self.cameras = tuple(office.add(self._camera(at, name)) for at, name in enumerate(names))
        only = {name: [str(self.cameras[at].id) for at in cameras] for name, cameras in few.items()}
        self.people = people_of(self.home, cast, only)

    def _camera(self, at: int, name: str) -> Camera:
        id_ = new_camera_id()
        streams = [
            StreamConfig(StreamId(CameraId(id_), stream), self.device(at, stream).url, transport="tcp")
            for stream in self._streams
        ]
        return new_camera(id_, name, streams, place="Cremona", synthetic=True)

    def start(self) -> None:
        """All processes; what the page needs answers, and every stream is recorded."""
        self.served.start()
        count = len(self.cameras) * len(self._streams)
        self.served.until(lambda: self.served.page() and self.served.all_record(count))

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Cameras and processes."""
        try:
            yield
        finally:
            process = self.served.process
            if process is not None and process.poll() is None:
                self.served.stop()
            self._small.stop()


@contextlib.contextmanager
def room_town(
    folder: Path,
    cameras: int = 2,
    *,
    sub: bool = False,
    cast: Mapping[str, Sequence[Role]] = CAST,
    few: Mapping[str, Sequence[int]] | None = None,
    main: ClipSpec | Sequence[ClipSpec] = MAIN,
    small: ClipSpec | Sequence[ClipSpec] = SUB,
    habits: Habits | None = None,
    prepare: Callable[[RoomTown], None] = lambda _: None,
) -> Iterator[RoomTown]:
    """It runs, with so many cameras. `few`: people who have to do with some of the cameras alone, by number.

    `main`: what the cameras show, all the same (each has its number burned in) or each its own. `sub`: each has a
    second stream, `small` likewise. `prepare` is called before it starts. `folder` may not exist yet.
    """
    shown, seconds = ([each] * cameras if isinstance(each, ClipSpec) else list(each) for each in (main, small))
    clips = [
        replace(spec, tag=spec.tag or at + 1)
        for at, pair in enumerate(zip(shown, seconds, strict=True))
        for spec in pair[: 1 + sub]
    ]
    found = RoomTown(folder, clips, habits or Habits(keeps_log=False, aggregate=True), ("main", "sub")[: 1 + sub])
    found._small.start()
    with found.running():
        found.make(cameras, cast, few or {})
        prepare(found)
        found.start()
        yield found
