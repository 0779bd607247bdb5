# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The process `torrazzo control-room`: the one writer of `office.db` and `catalogue.db`, and the page.

1. Take the office's lock. 2. Listen on the socket: facts and registry changes can come. 3. Renew the plan. 4. Listen on
loopback and say where. 5. Behind all that, read from the volumes what the catalogue missed, and close the looks that
nobody uses.
"""

import asyncio
import contextlib
import os
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import structlog
from starlette.types import ASGIApp

from torrazzo.access import Peer, People, Windows, read_asks
from torrazzo.access.asks import CONTROL_ROOM
from torrazzo.access.camera_hand import CameraHand
from torrazzo.access.cameras import Cameras
from torrazzo.access.declared_use import declared_use
from torrazzo.access.links import FIRST
from torrazzo.access.staff import By, Fact
from torrazzo.access.staffing import Staffing
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Refused, TorrazzoError, Unavailable
from torrazzo.base.ids import CameraId, StreamId
from torrazzo.base.spans import Span
from torrazzo.base.times import UtcTicks
from torrazzo.control_room.api import Room, make_api
from torrazzo.control_room.api.days import last_day
from torrazzo.control_room.api.gate import is_news
from torrazzo.control_room.api.guard import Guard
from torrazzo.control_room.api.room import expect_running
from torrazzo.control_room.api.town_map import FILE as MAP_FILE
from torrazzo.control_room.api.wall_book import WALLS, WallBook
from torrazzo.control_room.api.wishes import WISHES, WishBook
from torrazzo.control_room.attended import unattended
from torrazzo.control_room.bind import allowed_hosts, bind_page, bind_public, page_address
from torrazzo.control_room.books import Books
from torrazzo.control_room.camera_jobs import Jobs
from torrazzo.control_room.demo_door import DemoDoor
from torrazzo.control_room.erasures import ENDED, Erasures
from torrazzo.control_room.exports import Exports
from torrazzo.control_room.failures import tell_in_one_line
from torrazzo.control_room.front import Front, built_page
from torrazzo.control_room.holds_app import HoldDesk, HoldParts
from torrazzo.control_room.index import Index, IndexWriter, open_footage, open_index
from torrazzo.control_room.live import LiveLooks, LiveRelay
from torrazzo.control_room.looks import Looks
from torrazzo.control_room.media import Media
from torrazzo.control_room.old_months import erase_old_months
from torrazzo.control_room.page_app import Views, make_page_app
from torrazzo.control_room.papers import Papers, lapsing
from torrazzo.control_room.people_app import Desk, make_people_app
from torrazzo.control_room.person_looks import PersonLooks
from torrazzo.control_room.picture_desk import PictureDesk
from torrazzo.control_room.playback_desk import KEYS_AT_ONCE, PlaybackDesk
from torrazzo.control_room.provider_desk import ProviderDesk
from torrazzo.control_room.serving import Server, make_server
from torrazzo.control_room.socket_app import make_socket_app
from torrazzo.control_room.staff_room import PAGE, StaffRoom, try_to
from torrazzo.control_room.state import GapState, TownState
from torrazzo.control_room.told import NotAllowed
from torrazzo.control_room.turning_desk import TurningDesk
from torrazzo.control_room.views import Heard, gather
from torrazzo.control_room.watch import Watch
from torrazzo.durable import Disk
from torrazzo.durable.unix_socket import let_pass, listen_unix
from torrazzo.evidence.act_log import ActLog
from torrazzo.health import Alarms, Finding
from torrazzo.law import Operation
from torrazzo.ledger.client import LedgerClient
from torrazzo.playback.pictures import Pictures
from torrazzo.town.home import Home, Settings, load_settings
from torrazzo.town.office import Office

log = structlog.get_logger()

Clockwork = Callable[[asyncio.Event], Awaitable[None]]  # runs until that is set

LOCK_S = 15.0
RENEW_S = 600.0
FORGET_S = 20.0
TEND_S = 5.0
STAFF_S = 15.0
JUDGE_S = 3.0  # what is wrong for three seconds is an alarm after six at most, as it was with looks every two
LIVE_S = 1.0
AGAIN_S = 1.0  # after a failure that nobody thought of
THREADS = 64
GATHER_S = 3.0  # a start is told of by a fact of each stream


async def run_control_room(home: Home, disk: Disk, clock: Clock, host: str, port: int | None) -> None:
    """Until SIGTERM or SIGINT; raises `Refused` if another control room has the office."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))  # facts wait for no viewer
    tell_in_one_line()
    settings = load_settings(home)
    office = await _take_office(home, disk, clock, stop)
    if office is None:
        return
    with office, IndexWriter(home, disk, settings) as writer, open_index(home) as index:
        room = _Room(home, settings, disk, clock, office, writer, index)
        with room.sockets(host, port) as servers:
            await room.run(servers, stop)


async def _take_office(home: Home, disk: Disk, clock: Clock, stop: asyncio.Event) -> Office | None:
    """A command that is changing something has it for a moment; None if we are to stop instead."""
    until = clock.boot_ns() + LOCK_S * 1e9
    while True:
        try:
            return Office(home, disk, clock)
        except Refused:
            if clock.boot_ns() > until:
                raise
            if await _wait(stop, 0.1):
                return None


class _Room:
    """Everything of one running control room."""

    def __init__(
        self,
        home: Home,
        settings: Settings,
        disk: Disk,
        clock: Clock,
        office: Office,
        writer: IndexWriter,
        index: Index,
    ) -> None:
        self._home, self._settings, self._disk, self._clock = home, settings, disk, clock
        self._office, self._writer, self._index = office, writer, index
        self._people = People(settings.people, os.getuid())
        self._looks = Looks(
            index,
            self._people,
            clock,
            lambda: Windows(home, disk, clock, CONTROL_ROOM),
            lambda window: open_footage(home, index, window),
            self._expect_use,
        )
        self._playback = PlaybackDesk(
            index,
            PersonLooks(
                index,
                clock,
                lambda: self._looks.windows,
                lambda window, covers: open_footage(home, index, window, covers, KEYS_AT_ONCE),
            ),
            Pictures(clock),
            partial(office.registry.cameras, has_removed=True),
        )
        self._books = Books(home, disk, clock)
        self._staff = StaffRoom(Staffing.of(office.registry.engine, office.box, clock, town=settings.name), self._tell)
        self._cameras = Cameras(self._staff.staffing.staff, self._staff.staffing.accounts, office)
        self._provider = ProviderDesk(self._staff.staffing.providers, clock)
        self._camera_jobs = Jobs(clock)
        self._turning = TurningDesk(clock, self._tell_turned)
        self._refusals: dict[object, int] = {}
        self._heard = Heard(self._clock)
        self._watch = self._make_watch()
        relay = LiveRelay(home.live_socket, clock)
        self._live = LiveLooks(self._staff.staffing, clock, lambda: self._looks.windows, relay)
        asks = partial(read_asks, home, disk, clock)
        self._erasures = Erasures(self._looks, index, clock, asks)
        self._ending = threading.Event()

    def _make_watch(self) -> Watch:
        staff, registry = self._staff.staffing.staff, self._office.registry
        ledger = self._home.ledger_socket
        seen = (self._refusals, self._lapsing)
        return Watch(self._look, registry.version, Alarms(staff), staff, self._clock, ledger, *seen)

    def _lapsing(self) -> Iterator[Finding]:
        staffing, now = self._staff.staffing, self._clock.utc()
        cameras, groups = self._office.registry.cameras(), staffing.groups.all()
        today = last_day(UtcTicks(now + 1), self._settings.zone)
        accounts, supervisions = staffing.accounts.all(), staffing.supervisions
        agreements, reviews = staffing.accounts.agreements(), staffing.reviews.all()
        yield from lapsing(Papers(cameras, groups, agreements, accounts, reviews, now, today))
        names = {account.id: account.full_name for account in accounts}
        yield from unattended(supervisions.open_ones(), supervisions.is_alone, names, now)

    @contextlib.contextmanager
    def sockets(self, host: str, port: int | None) -> Iterator[tuple[tuple[Server, socket.socket], ...]]:
        """The three servers on their sockets; the page's address is told in `run/page.url`."""
        inner = listen_unix(self._home.control_room_socket)
        desk = self._listen_to_people()
        page = self._bind(host, port)
        log.info("page_served", address=page_address(page))
        try:
            self._disk.publish(self._home.page_address, page_address(page).encode() + b"\n")
        except OSError as error:
            log.warning("page_address_not_written", error=str(error))  # a full disk must not stop the rest
        try_to("first_link_not_written", partial(self._offer_first_link, page_address(page)))
        changes = make_socket_app(self._hand, self.state, self._writer.take, self._writer.rebuild, self._staff.routes())
        copies = make_people_app(self._desk(), self._looks, self._holds().routes())
        try:
            local = (
                (make_server(changes), inner),
                (make_server(self._front(page), has_sockets=True), page),
                (make_server(copies), desk),
            )
            yield (*local, *self._public())
        finally:
            for path in (
                self._home.first_link,
                self._home.page_address,
                self._home.control_room_socket,
                self._home.people_socket,
            ):
                with contextlib.suppress(OSError):
                    self._disk.unlink(path)

    def _front(self, page: socket.socket) -> ASGIApp:
        hosts = allowed_hosts(page)
        views = Views(self._settings, self.state, self.last_recorded, self.gaps, self._looks)
        old = make_page_app(views, Media(self._looks).routes(), hosts)
        return Front(Guard(make_api(self._api_room()), hosts), Guard(built_page(), hosts), old, self._has_page)

    def _public(self) -> tuple[tuple[Server, socket.socket], ...]:
        """The page for other machines, if the settings have one and there are accounts; never the old one."""
        public = self._settings.public
        if public is None:
            return ()
        if len(self._staff.staffing.accounts.all()) < len(FIRST):
            log.warning("public_page_waits", why="the first two people are not there yet; start again after them")
            return ()
        room = replace(self._api_room(), is_secure=True, is_behind_proxy=public.is_behind_proxy)
        hosts = frozenset({public.host})
        guarded = [Guard(app, hosts, is_secure=True) for app in (make_api(room), built_page())]
        app = Front(guarded[0], guarded[1], None, self._has_page)
        try:
            found = make_server(app, public, has_sockets=True), bind_public(public.listen)
        except (OSError, TorrazzoError) as error:  # what records and answers here goes on
            log.warning("public_page_not_served", error=str(error))
            return ()
        log.info("public_page_served", address=public.address, listen=public.listen)
        return (found,)

    def _api_room(self) -> Room:
        home = self._home
        return Room(
            people=self._staff,
            settings=self._settings,
            state=self.state,
            cameras=self._office.registry.cameras,
            ledger=partial(expect_running, LedgerClient(home.ledger_socket)),
            wishes=WishBook(home.path / WISHES, self._disk),
            walls=WallBook(home.path / WALLS, self._disk),
            cameras_of_town=self._cameras,
            camera_jobs=self._camera_jobs,
            turning=self._turning,
            demo_door=DemoDoor(home, self._settings, self._staff.staffing, self._office.registry.cameras),
            map_file=home.path / MAP_FILE,
            exports=self._exports(),
            holds=self._holds(),
            erasures=self._erasures,
            log=ActLog(home, self._disk, self._clock),
            all_cameras=partial(self._office.registry.cameras, has_removed=True),
            playback=self._playback,
            provider=self._provider,
            alarms=self._watch.alarms,
            refusals=self._refusals,
            live=self._live,
            pictures=PictureDesk(self._clock, lambda: self._looks.windows, self._playback.pictures),
            ledger_away=lambda: self._watch.ledger_away,
            on_curtain=self._on_curtain,
        )

    def _on_curtain(self, station: str, is_drawn: bool) -> None:
        """Live pictures of a station end before its curtain is told."""
        if is_drawn:
            self._live.end_at(station)

    def _has_page(self) -> bool:
        """Of accounts: where it was built, and there are some."""
        return PAGE.exists() and bool(self._staff.staffing.accounts.all())

    def _hand(self, user: str) -> CameraHand:
        return CameraHand(self._cameras, user, lambda done: self._staff.told_or_owed(done)[0])

    def _tell_turned(self, camera: CameraId, what: str, by: By) -> None:
        self._staff.told(self._cameras.turned(camera, what, by))

    def _expect_use(self, peer: Peer, streams: Iterable[StreamId], purpose: str) -> None:
        """LB-03, for who is known as a Unix user; a refusal is a fact."""
        wanted = {stream.camera for stream in streams}
        cameras = self._office.registry.cameras(has_removed=True)
        decision = declared_use([camera for camera in cameras if camera.id in wanted], purpose)
        if not decision:
            by = By(f"unix:{peer.name}", f"asked for footage, purpose {purpose}")
            if is_news(self._refusals, (by.name, Operation.PLAYBACK, decision.code), self._clock.utc()):
                self._staff.told_or_owed(self._staff.staffing.deny(by, Operation.PLAYBACK, decision))
            text = f"these cameras record for another purpose, as their files say, and not for {purpose} (LB-03)"
            raise NotAllowed(text, "other_use")

    def _tell(self, fact: Fact) -> int:
        return self._looks.windows.tell(fact)

    def _offer_first_link(self, page: str) -> None:
        self._staff.offer_first_link(self._home.first_link, page, self._disk)

    def _listen_to_people(self) -> socket.socket:
        """Others than the owner can reach it only if the settings name one."""
        if self._people.others:
            for folder in (self._home.path, self._home.run):
                try:
                    let_pass(folder)
                except OSError as error:
                    log.warning("people_cannot_pass", folder=str(folder), error=str(error))
        return listen_unix(self._home.people_socket, 0o666)

    def _desk(self) -> Desk:
        cameras, zone = self._office.registry.cameras, self._settings.zone
        asks = partial(read_asks, self._home, self._disk, self._clock)
        every, proposals = partial(cameras, has_removed=True), self._staff.staffing.four_eyes.all
        return Desk(self._looks, self._people, self._clock, zone, every, asks, proposals)

    def _exports(self) -> Exports:
        asks = partial(read_asks, self._home, self._disk, self._clock)
        return Exports(self._looks, asks, self._home.worker_socket)

    def _holds(self) -> HoldDesk:
        parts = HoldParts(self._home, self._settings, self._disk, self._clock, self._index)
        return HoldDesk(parts, self._looks, self._people, partial(self._office.registry.cameras, has_removed=True))

    def _bind(self, host: str, port: int | None) -> socket.socket:
        try:
            return bind_page(host, self._settings.port if port is None else port)
        except Unavailable as error:
            log.warning("page_port_taken", error=str(error))
            return bind_page(host, 0)  # facts and the registry must not wait for a port

    async def run(self, servers: Sequence[tuple[Server, socket.socket]], stop: asyncio.Event) -> None:
        """Serve until `stop`."""
        serving = [asyncio.create_task(server.serve(sockets=[listener])) for server, listener in servers]
        behind = [
            *(asyncio.create_task(_go_on(work, stop)) for work in self._clockworks()),
            asyncio.create_task(asyncio.to_thread(self._catch_up)),
        ]
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait((stopping, *serving), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        self._ending.set()
        self._writer.began.set()
        for server, _ in servers:
            server.end()
        await asyncio.gather(*serving)
        stop.set()
        await asyncio.gather(*behind)
        await asyncio.to_thread(self._live.stop)
        await asyncio.to_thread(self._playback.close)
        await asyncio.to_thread(self._looks.end)
        await asyncio.to_thread(self._turning.close)

    def _clockworks(self) -> Sequence[Clockwork]:
        return (self._renew, self._forget, self._tend, self._tend_staff, self._judge, self._tend_live)

    def state(self) -> TownState:
        """Now; in a thread."""
        return self._watch.state()

    def _look(self, young_ns: int) -> TownState:
        cameras = self._office.registry.cameras()
        ask = partial(self._heard.ask, young_ns=young_ns)
        state = gather(self._home, self._settings, self._disk, self._clock, cameras, self.gaps, ask)
        return replace(state, missing=self._books.missing)

    def gaps(self, stream: StreamId, span: Span) -> Sequence[GapState]:
        """From the catalogue."""
        return self._index.gaps(stream, span)

    def last_recorded(self, stream: StreamId) -> UtcTicks | None:
        """From the catalogue."""
        return self._index.last_recorded(stream)

    async def _forget(self, stop: asyncio.Event) -> None:
        """Take out of the catalogue what the keyring says is gone, and out of the log names that are old."""
        while True:
            try:
                if count := await asyncio.to_thread(self._writer.forget):
                    log.info("catalogue_forgot", segments=count)
                if months := await asyncio.to_thread(erase_old_months, self._home, self._disk, self._clock):
                    log.info("names_erased", months=months)
            except (OSError, TorrazzoError) as error:
                log.warning("catalogue_not_cleared", error=str(error))
            if await _wait(stop, FORGET_S):
                return

    async def _renew(self, stop: asyncio.Event) -> None:
        """Keep the plan on disk young."""
        while True:
            try:
                if await asyncio.to_thread(self._office.publish_if_due):
                    log.info("plan_published")
            except (OSError, TorrazzoError) as error:
                log.warning("plan_not_published", error=str(error))
            if await _wait(stop, RENEW_S):
                return

    async def _tend(self, stop: asyncio.Event) -> None:
        """End the looks that nobody uses, close windows that are owed; see whether all books are there.

        What hinders it is told once, and when it is over: a ledger may be away for days.
        """
        told = ""
        while not await _wait(stop, TEND_S):
            try:
                await asyncio.to_thread(self._playback.tend, self._staff.staffing)
                await asyncio.to_thread(self._looks.tend)
                await asyncio.to_thread(self._books.look)
            except (OSError, TorrazzoError) as error:
                if not told:
                    log.warning("looks_not_tended", error=str(error))
                told = str(error)
            else:
                if told:
                    log.info("looks_tended_again", error=told)
                told = ""

    async def _tend_staff(self, stop: asyncio.Event) -> None:
        """Suspend what has lapsed, forget what is over, tell the ledger what is owed."""
        while not await _wait(stop, STAFF_S):
            await asyncio.to_thread(try_to, "people_not_tended", self._staff.tend)
            await asyncio.to_thread(try_to, "erasures_not_ended", self._tend_erasures)

    def _tend_erasures(self) -> None:
        self._erasures.tend(self._staff.staffing.four_eyes.all(*ENDED))

    async def _judge(self, stop: asyncio.Event) -> None:
        """Alarms come by themselves."""
        while not await _wait(stop, JUDGE_S):
            await asyncio.to_thread(self._watch.turn)

    async def _tend_live(self, stop: asyncio.Event) -> None:
        """End what is lawful no more; closing facts and renewals wait for the ledger beside that, not before it."""
        behind: set[asyncio.Task[None]] = set()
        renewing: asyncio.Task[None] | None = None
        while not await _wait(stop, LIVE_S):
            if not self._live.are_any:
                continue
            for close in await asyncio.to_thread(self._live.judge):
                task = asyncio.create_task(asyncio.to_thread(try_to, "live_look_not_closed", close))
                behind.add(task)
                task.add_done_callback(behind.discard)
            if renewing is None or renewing.done():
                renewing = asyncio.create_task(asyncio.to_thread(try_to, "live_looks_not_renewed", self._live.renew))
        await asyncio.gather(*behind, *(() if renewing is None else (renewing,)))

    def _catch_up(self) -> None:
        """In a thread: facts that were written while no control room ran, or that a recorder that died kept."""
        while not self._ending.is_set():
            self._writer.began.clear()
            try:
                found: Mapping[str, object] = self._writer.catch_up(self._ending.is_set)
                log.info("catalogue_caught_up", **found)
            except (OSError, TorrazzoError) as error:
                log.warning("catalogue_behind", error=str(error))
            self._writer.began.wait()
            self._ending.wait(GATHER_S)


async def _go_on(work: Clockwork, stop: asyncio.Event) -> None:
    """Until `stop`: one that fails begins anew, or nobody would end live pictures, nor look for alarms, any more."""
    while not stop.is_set():
        try:
            await work(stop)
        except Exception as error:  # noqa: BLE001 - what nobody thought of is told, and the others go on
            log.error("clockwork_failed", work=getattr(work, "__name__", ""), error=repr(error))  # noqa: TRY400
            await _wait(stop, AGAIN_S)


async def _wait(stop: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return False
    return True
