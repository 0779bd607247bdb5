# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A recorded stream with all that somebody needs who looks at it: ledger and keyring in threads, looks, the page."""

import contextlib
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.tools.asgi import Answer, Client
from tests.tools.keyring_process import running_keyring
from tests.tools.ledger_process import deliver, running, size, until
from tests.tools.recording import STREAM, Recording
from tests.tools.witness import SOCKET, make_witness, running_witness
from torrazzo.access import Peer, People, Windows, read_asks
from torrazzo.access.asks import CONTROL_ROOM
from torrazzo.archive.fact import parse_fact
from torrazzo.base import Span, SystemClock
from torrazzo.base.errors import Unavailable
from torrazzo.base.times import BootNs, UtcTicks, ticks_from_ns
from torrazzo.catalogue import CatalogueWriter, Delivered
from torrazzo.cli.init import make_town
from torrazzo.control_room.index import Index, open_footage, open_index
from torrazzo.control_room.looks import Look, Looks, Reason
from torrazzo.control_room.media import Media
from torrazzo.control_room.page_app import Views, make_page_app
from torrazzo.control_room.people_app import Desk, make_people_app
from torrazzo.control_room.state import town_state
from torrazzo.durable import OsDisk
from torrazzo.keyring.chore import Chore
from torrazzo.ledger.act import Act, parse_act
from torrazzo.ledger.client import LedgerClient
from torrazzo.ledger.identity import KINDS, LogName
from torrazzo.ledger.secret import make_identity
from torrazzo.ledger.town_policy import town_policy
from torrazzo.testing import ClipSpec, make_clip
from torrazzo.testing.clips import Clip
from torrazzo.testing.clock import START
from torrazzo.town.camera import Camera, StreamConfig
from torrazzo.town.home import WitnessSettings, load_settings, save_settings
from torrazzo.witness import WitnessHome

OWNER = Peer(os.getuid(), "anna")
OTHER = Peer(4711, "bruno")
STRANGER = Peer(4712, "carla")
WHY = Reason("crime", "furto in piazza", "2026/118")
FORM = {"purpose": "crime", "reason": "furto in piazza", "case": "2026/118", "minutes": "1"}
HOST = "localhost:8470"


class RunningClock:
    """From a moment of our own on it runs as the machine's; `advance` moves both clocks forward."""

    def __init__(self, start: UtcTicks) -> None:
        self._real, self._lock = SystemClock(), threading.Lock()
        self._begun_ns, self._start, self._more_ns = self._real.boot_ns(), start, 0

    def utc(self) -> UtcTicks:
        with self._lock:
            return UtcTicks(self._start + ticks_from_ns(self._real.boot_ns() - self._begun_ns + self._more_ns))

    def boot_ns(self) -> BootNs:
        with self._lock:
            return BootNs(self._real.boot_ns() + self._more_ns)

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._more_ns += round(seconds * 1e9)


class LookTown:
    """35 s of pictures from START on, a gap of 10 s, 15 s more. Open it with `look_town`."""

    def __init__(self, folder: Path) -> None:
        self.made = Recording(folder)
        self._record(make_clip(ClipSpec(width=320, height=240, frames=200)))
        self.made.finish()
        self.home = self.made.home
        make_town(folder, "Cremona", "Europe/Rome")
        text = self.home.settings_file.read_text()
        self.home.settings_file.write_text(text.replace('trusted = ["system"]', 'trusted = ["wall"]'))
        self.settings = load_settings(self.home)
        with CatalogueWriter(self.home.catalogue_db) as writer:
            writer.insert(Delivered(told.fact, told.volume, told.pieces) for told in self.made.deliveries)
        self.clock = RunningClock(UtcTicks(self.made.now))
        self.people = People({OTHER.name: ("view", "ask", "approve")}, OWNER.uid)
        self.ledger = LedgerClient(self.home.ledger_socket)
        self._threads = contextlib.ExitStack()
        self._ledger_runs = contextlib.ExitStack()
        self._keyring_runs = contextlib.ExitStack()

    def _record(self, clip: Clip) -> None:
        """What there is to look at."""
        self.made.shoot(clip, 35)
        self.made.gap(10)
        self.made.shoot(clip, 15)

    @property
    def span(self) -> Span:
        """All of it."""
        return Span(START, UtcTicks(self.made.now))

    # -- the processes

    def start_ledger(self) -> None:
        self._ledger_runs.enter_context(running(self.home, self.clock))

    def stop_ledger(self) -> None:
        self._ledger_runs.close()

    def start_keyring(self) -> None:
        self._keyring_runs.enter_context(running_keyring(self.home, self.clock, self._chores()))

    def stop_keyring(self) -> None:
        self._keyring_runs.close()

    def deliver(self) -> None:
        """All facts are in the ledger."""
        facts = [parse_fact(told.fact) for told in self.made.deliveries]
        deliver(self.home, facts)
        self.clock.advance(11)
        until(lambda: size(self.ledger) >= len(facts))

    def _chores(self) -> Sequence[Chore]:
        """What the keyring's clockwork has to do besides."""
        return ()

    def demand_witness(self) -> WitnessHome:
        """Before anything runs: heads count only with the signature of the witness that is returned."""
        identity = make_identity(self.home, self.settings, OsDisk())
        logs = [identity.key(LogName(kind, 1)).verifier for kind in KINDS]
        witness, key = make_witness(self.made.folder / "prefettura", logs)
        told = WitnessSettings("prefettura", str(key), f"unix:{witness.path / SOCKET}", needed=True)
        self.settings = replace(self.settings, witnesses=(told,))
        save_settings(self.home, OsDisk(), self.settings)
        self.home.policy.write_bytes(town_policy(logs, (told,)).pack())
        return witness

    # -- the control room

    def open_room(self) -> None:
        """The looks of one life of the control room."""
        self.index = open_index(self.home)
        self.looks = self._looks(self.index)

    def crash(self) -> None:
        """The control room is gone without a word; another one comes."""
        self.open_room()

    def _looks(self, index: Index) -> Looks:
        return Looks(
            index,
            self.people,
            self.clock,
            lambda: Windows(self.home, OsDisk(), self.clock, CONTROL_ROOM),
            lambda window: open_footage(self.home, index, window),
        )

    def page(self, peer: Peer | None = OWNER) -> Client:
        """As this person's browser has it."""
        stream = StreamConfig(STREAM, "rtsp://10.0.0.1/")
        camera = Camera(STREAM.camera, "Piazza", "", True, None, True, (stream,), START)

        def state() -> Any:
            return town_state(self.settings, (camera,), None, self.index.gaps, self.clock.utc())

        views = Views(self.settings, state, self.index.last_recorded, self.index.gaps, self.looks)
        return Client(make_page_app(views, Media(self.looks).routes(), frozenset({HOST})), HOST, peer)

    def desk(self, peer: Peer | None = OWNER) -> Client:
        """The people's socket, as this person reaches it."""
        stream = StreamConfig(STREAM, "rtsp://10.0.0.1/")
        camera = Camera(STREAM.camera, "Piazza", "", True, None, True, (stream,), START)

        def asks() -> Any:
            return read_asks(self.home, OsDisk(), self.clock)

        zone = self.settings.zone
        desk = Desk(self.looks, self.people, self.clock, zone, lambda: (camera,), asks, lambda: ())
        return Client(make_people_app(desk, self.looks), HOST, peer)

    def look(self, peer: Peer = OWNER, span: Span | None = None) -> Look:
        """Begun, as the page does."""
        return self.looks.view(peer, STREAM, span or self.span, WHY)

    def begin(self, peer: Peer | None = OWNER, changed: Mapping[str, str] = MappingProxyType({})) -> Answer:
        """The form, sent."""
        return self.page(peer).form(f"/watch/{STREAM}", {**FORM, **changed})

    def acts(self, *kinds: str) -> list[tuple[int, Act]]:
        """Entries of `act` of these kinds, by number."""
        found = self.ledger.prove_many("act", 0, range(500)).entries
        acts = [(entry.number, parse_act(entry.line)) for entry in found if entry is not None]
        return [(number, act) for number, act in acts if act.kind in kinds]


@contextlib.contextmanager
def hurrying(clock: RunningClock) -> Iterator[None]:
    """Time goes ten times as fast."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(0.2):
            clock.advance(2)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextlib.contextmanager
def opened(town: LookTown) -> Iterator[None]:
    """With everything running, and all facts in the ledger."""
    try:
        town.start_ledger()
        town.deliver()
        town.start_keyring()
        town.open_room()
        yield
        with contextlib.suppress(Unavailable):
            town.looks.end()
    finally:
        town.stop_keyring()
        town.stop_ledger()


@contextlib.contextmanager
def look_town(folder: Path, *, with_witness: bool = False) -> Iterator[LookTown]:
    """With everything running, and all facts in the ledger."""
    town = LookTown(folder)
    with contextlib.ExitStack() as witness:
        if with_witness:
            witness.enter_context(running_witness(town.demand_witness(), town.clock))
            witness.enter_context(hurrying(town.clock))  # a witness is asked every ten seconds
        with opened(town):
            yield town
