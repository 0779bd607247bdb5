# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The keyring's clockwork: keys drawn ahead of time, kept, published; readers served meanwhile, if all is proven."""

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import structlog

from torrazzo import __version__
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Damaged, Invalid, Refused, TorrazzoError, Unavailable
from torrazzo.base.times import BootNs, UtcTicks, hour_of
from torrazzo.durable import Disk
from torrazzo.durable.unix_socket import listen_unix
from torrazzo.keyring.after_restore import settle
from torrazzo.keyring.bookings import Bookings
from torrazzo.keyring.chore import Chore, Keyring
from torrazzo.keyring.destroyed import Destroyed
from torrazzo.keyring.follower import Follower
from torrazzo.keyring.gate_request import MOST_BYTES
from torrazzo.keyring.guard import Guard
from torrazzo.keyring.orders import Orders
from torrazzo.keyring.public import DEFAULT_CLASS, KeyName
from torrazzo.keyring.refused import forget_refusal, tell_refusal
from torrazzo.keyring.rekey import Rekeys
from torrazzo.keyring.ring import Ring
from torrazzo.keyring.sealer_setup import NONE, set_up_sealer
from torrazzo.keyring.service import MOST_CONNECTIONS, KeyDesk, Parts
from torrazzo.keyring.store import RingStore, has_sealed_ring
from torrazzo.keyring.timekeeper import LOCAL, Timekeeper
from torrazzo.keyring.trust import TrustStore
from torrazzo.keyring.trusted_time import LEGAL_HOURS, Tolerances
from torrazzo.keyring.vault import Vault
from torrazzo.ledger.client import LedgerClient
from torrazzo.town.home import Home, Settings, load_settings
from torrazzo.town.lives import life_of
from torrazzo.town.unix_server import UnixServer

HOURS_AHEAD = 49  # so that 48 whole hours remain until the next minute's look
HOURS_BEHIND = 1  # the machine's clock may be set back
LOOK_SECONDS = 60.0
ENDING_SECONDS = 5.0
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

log = structlog.get_logger(__name__)


def standard_lives() -> Mapping[str, int]:
    """One retention class: all footage lives as long as the law allows."""
    return {DEFAULT_CLASS: LEGAL_HOURS}


class Manner(NamedTuple):
    """How a keyring is run; the defaults are a town's."""

    lives: Callable[[], Mapping[str, int]] = standard_lives  # class → hours; asked at each look
    look_seconds: float = LOOK_SECONDS
    sealing: str = NONE  # what `set_up_sealer` does for a new ring
    local: Mapping[str, Callable[[], bool]] = LOCAL  # sources of time on this machine
    boot: str = ""  # this boot of this machine; the kernel's word if empty
    concerned: Callable[[], str] = str  # what nobody can look at while it does not come up, for people


def run_keyring(
    home: Path,
    clock: Clock,
    disk: Disk,
    stop: threading.Event,
    manner: Manner = Manner(),  # noqa: B008 - a value
    chores: Sequence[Chore] = (),
) -> None:
    """Keep the ring of one home until `stop` is set, and do the chores (chore.py) at each look.

    Raises `Refused` if another keyring runs there or the ring opens no more, `Damaged` or `Unavailable` if it can't be
    read. A disk or a TPM that fails later is logged and tried again: the keys published so far last two days.
    """
    places = Home(home)
    settings = load_settings(places)
    disk.make_folder(places.keyring)
    disk.make_folder(places.run)
    with disk.lock(places.keyring / "lock"):
        try:
            parts = assemble(places, settings, clock, disk, manner, LedgerClient(places.ledger_socket))
        except (Refused, Damaged, Unavailable) as error:
            tell_refusal(disk, places, f"{error}{manner.concerned()}")
            raise
        look = Look(parts, manner.lives, chores)
        log.info("keyring_started", keys=len(parts.store.ring.keys), level=parts.level, why=parts.why)
        with _served(places, disk, parts):
            begun_ns = clock.boot_ns()
            look.turn()
            while not parts.keyring.pace.rest(stop, _rest_of(manner.look_seconds, clock, begun_ns)):
                begun_ns = clock.boot_ns()
                look.turn()
        log.info("keyring_stopped")


def assemble(places: Home, settings: Settings, clock: Clock, disk: Disk, manner: Manner, ledger: LedgerClient) -> Parts:
    """All parts of a keyring at its start, for the process that has the lock."""
    sealer = set_up_sealer(disk, places.keyring, manner.sealing)
    trust = TrustStore(disk, places, settings)
    if not has_sealed_ring(disk, places.keyring):
        trust.set_up()
    store = RingStore(disk, places.keyring, sealer)
    store.load()
    lives = manner.lives()
    _tend_or_log(store, clock.utc(), lives)
    boot = manner.boot or BOOT_ID.read_text("ascii").strip()
    times = Timekeeper(disk, places.keyring, clock, boot, Tolerances(settings.trusted), manner.local)
    bookings = Bookings(disk, places.keyring, ledger, clock)
    vault = Vault(disk, places.vault, bookings.add, manner.sealing)
    vault.load()
    guard = Guard(trust, times, bookings, vault)
    guard.know({**lives_of(store.ring), **lives})
    guard.load()
    bookings.add("boot", {"part": "keyring", "boot": boot, "sw": __version__})
    if times.is_lost:
        bookings.add("clock", {"part": "keyring", "clock": "progress", "why": "lost", "off": None})
    rekeys = Rekeys(disk, places.keyring, store, settings.roots, bookings.add)
    orders = Orders(rekeys, vault, times)
    orders.look()
    keyring = Keyring(places, disk, clock, store, ledger, times, guard, bookings)
    destroyed = Destroyed(store, rekeys, ledger)
    follower = Follower(guard, bookings, ledger, clock, destroyed)
    about = clock, sealer.level, sealer.why
    return Parts(*about, store, times, guard, bookings, follower, keyring, vault, orders, destroyed)


class Look(NamedTuple):
    """What is done once a minute."""

    parts: Parts
    lives: Callable[[], Mapping[str, int]]
    chores: Sequence[Chore] = ()

    def turn(self) -> None:
        """1. Clocks. 2. Keys. 3. Holds. 4. Chores."""
        parts = self.parts
        for alert in parts.times.look():  # 1
            log.warning("keyring_clock", clock=alert.clock, why=alert.why, off=alert.off)
            parts.bookings.add("clock", alert.values())
        lives = self.lives()
        parts.guard.know({**lives_of(parts.store.ring), **lives})
        self._alarm("keys", _tend_or_log(parts.store, parts.clock.utc(), lives))  # 2
        parts.vault.tend(parts.times.judge().agreed)  # 3
        self._alarm("rekeys", parts.orders.look())
        for chore in self.chores:  # 4
            name = getattr(chore, "__name__", type(chore).__name__)
            self._alarm(f"chore {name}", _tried(partial(chore, parts.keyring), "chore_failed", chore=name))
        ring = parts.store.ring
        over = partial(settle, parts.keyring.home, parts.keyring.disk, parts.times.judge(), ring.keys)
        self._alarm("restored", _tried(partial(over, {**lives_of(ring), **lives}), "restored_not_settled"))
        parts.keyring.looked_ns = parts.clock.boot_ns()
        parts.keyring.pace.over()

    def _alarm(self, name: str, text: str) -> None:
        """For people, as long as it lasts."""
        alarms = self.parts.keyring.alarms
        if text:
            alarms[name] = f"{name}: {text}"
        else:
            alarms.pop(name, None)


def _rest_of(seconds: float, clock: Clock, begun_ns: BootNs) -> float:
    """Until the next look: one that had to wait, for a ledger that hangs, makes no hour's shred late."""
    return max(0.0, seconds - (clock.boot_ns() - begun_ns) / 1_000_000_000)


def lives_of(ring: Ring) -> Mapping[str, int]:
    """Hours that the content of each class in the ring lives, those also for which no more is recorded."""
    lives = {}
    for class_ in {name.class_ for name in ring.keys}:
        with contextlib.suppress(Invalid, Refused):  # of a class that nobody declared nothing is read
            lives[class_] = life_of(class_)
    return lives


@contextlib.contextmanager
def _served(places: Home, disk: Disk, parts: Parts) -> Iterator[None]:
    """Readers and the ledger are talked to for the block."""
    ending = threading.Event()
    listener = listen_unix(places.keyring_socket)
    server = UnixServer("keyring", listener, KeyDesk(parts), most_connections=MOST_CONNECTIONS, most_bytes=MOST_BYTES)
    serving = threading.Thread(target=server.serve_forever, name="keyring-socket", daemon=True)
    following = threading.Thread(target=parts.follower.run, args=(ending,), name="keyring-ledger", daemon=True)
    serving.start()
    following.start()
    forget_refusal(disk, places)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        with contextlib.suppress(FileNotFoundError):
            disk.unlink(places.keyring_socket)  # readers then know at once that nobody listens
        ending.set()
        parts.follower.wake()
        following.join(ENDING_SECONDS)  # a ledger that takes a fact and does not answer is not waited for


def tend(store: RingStore, now: UtcTicks, classes: Iterable[str]) -> None:
    """Have a key for every hour up to 49 ahead, and its public half published; may raise OSError and `Unavailable`.

    1. Draw what is missing; it is safe on disk. 2. The public keys are published. A crash before 1 has ended loses at
    most keys that nobody knows; between 1 and 2 the next look publishes.
    """
    hour = hour_of(now)
    hours = range(hour - HOURS_BEHIND, hour + HOURS_AHEAD + 1)
    drawn = store.draw(KeyName(hour, class_) for class_ in classes for hour in hours)  # 1
    if drawn:
        log.info("keys_drawn", count=len(drawn), first=str(drawn[0]), last=str(drawn[-1]))
    store.publish(store.ring.public_keys(hours))  # 2


def _tend_or_log(store: RingStore, now: UtcTicks, classes: Iterable[str]) -> str:
    return _tried(partial(tend, store, now, classes), "keyring_not_saved", (OSError, Unavailable))


def _tried(
    act: Callable[[], None],
    event: str,
    kinds: tuple[type[Exception], ...] = (OSError, TorrazzoError),
    **told: str,
) -> str:
    """What it raises of these, logged; empty if nothing."""
    try:
        act()
    except kinds as error:
        # no traceback: a renderer that shows local variables would print the ring
        log.error(event, error=str(error), **told)  # noqa: TRY400
        return str(error) or repr(error)
    return ""
