# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The process `torrazzo ledger`: the one writer of `ledger.db`.

1. Take the lock. 2. Listen on the socket. 3. Open the ledger: what it holds is checked before anything is signed. One
that refuses is told to whoever asks, and tried again now and then. 4. Take facts; behind that, read from the volumes
what was missed.
"""

import contextlib
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

import structlog

from torrazzo.base.clock import Clock
from torrazzo.base.errors import Invalid, Refused, Stopped, TorrazzoError
from torrazzo.durable import Disk, read_whole
from torrazzo.durable.unix_socket import listen_unix
from torrazzo.ledger.anchor_job import AnchorJob
from torrazzo.ledger.anchor_settings import FILE as ANCHORS
from torrazzo.ledger.anchor_settings import AnchorSettings, load_anchor_settings
from torrazzo.ledger.chip_statement import FILE, MOST_BYTES, STATEMENTS
from torrazzo.ledger.errors import RolledBack
from torrazzo.ledger.file_check import FileWatch
from torrazzo.ledger.forking import Forking, pack_heads, parse_lines
from torrazzo.ledger.identity import Identity
from torrazzo.ledger.missing import naming
from torrazzo.ledger.prune_job import PruneJob, keyring_held, keyring_time
from torrazzo.ledger.public_service import public
from torrazzo.ledger.remembered import keyring_heads
from torrazzo.ledger.schema import Database, sqlite_database
from torrazzo.ledger.secret import make_identity
from torrazzo.ledger.sequencer import Sequencer
from torrazzo.ledger.service import LedgerServer, Open
from torrazzo.ledger.start import open_ledger
from torrazzo.ledger.store import LedgerStore
from torrazzo.ledger.volumes import Search, held_paths
from torrazzo.ledger.witnessing import Witnessing, asked_witnesses
from torrazzo.town.home import Home, Settings, load_settings

HEARD = "recorders.json"  # in the ledger's folder: who beat last
RETRY_S = 10.0
HOLE_S = 5.0  # so long a fact waits for the one before it until the volumes are searched
LOST_S = 60.0  # and so long, at least, until what no volume has is passed over
SEARCH_S = 20.0  # from one search to the next
REST_S = 600.0  # the same, where one search after the other finds nothing
ANCHORS_S = 2.0
AT_ONCE = 1_000

log = structlog.get_logger(__name__)


def run_ledger(home: Home, clock: Clock, disk: Disk, stop: threading.Event) -> None:
    """Until `stop`; raises `Refused` if another ledger runs there."""
    settings = load_settings(home)
    disk.make_folder(home.run)
    with disk.lock(home.ledger_lock):
        _Process(home, settings, clock, disk, stop).run()


class _Process:
    """The socket, and one opened ledger after another: the next where the one before failed."""

    def __init__(self, home: Home, settings: Settings, clock: Clock, disk: Disk, stop: threading.Event) -> None:
        self._home, self._settings, self._clock, self._disk, self._stop = home, settings, clock, disk, stop
        self._server = LedgerServer(listen_unix(home.ledger_socket), self.status, os.getuid(), self.fork)
        self._opening = threading.Lock()  # while the ledger is being opened, or forked
        self._is_caught_up = False
        self._passed = 0
        self._state = "starting"
        self._missing: dict[str, RolledBack] = {}  # by the error that it explains

    def run(self) -> None:
        thread = threading.Thread(target=self._server.serve_forever, name="ledger-socket", daemon=True)
        thread.start()
        try:
            with public(self._settings.ledger_listen, self._home.path, self._server, self._clock):
                while not self._stop.is_set():
                    try:
                        with self._opened() as ledger:
                            self._live(ledger)
                    except (TorrazzoError, OSError) as error:
                        self._tell(error)
                        self._stop.wait(RETRY_S)
        finally:
            self._server.shutdown()
            self._server.server_close()
            with contextlib.suppress(FileNotFoundError):
                self._disk.unlink(self._home.ledger_socket)
        log.info("ledger_stopped")

    def status(self) -> Mapping[str, object]:
        """The body of `GET /status`."""
        ledger = self._server.ledger
        if ledger is None:
            return {"v": 1, "state": self._state, "why": self._server.why, "pid": os.getpid()}
        store, sequencer = ledger.store, ledger.sequencer
        return {
            "v": 1,
            "state": "running",
            "rec": {"origin": store.rec.head.origin, "size": store.rec.head.size, "minimum": store.rec.minimum},
            "act": {"origin": store.act.head.origin, "size": store.act.head.size, "minimum": store.act.minimum},
            "ready": sequencer.intake.ready,
            "waiting": sequencer.intake.waiting,
            "conflicts": sequencer.conflicts,
            "contested": {str(stream): at for stream, at in sequencer.contested.copy().items()},
            "passed_over": self._passed,
            "caught_up": self._is_caught_up,
            "silent_seconds": sequencer.seconds_silent(),
            "witnesses": ledger.witnessing.status(),
            "damaged": {"files": ledger.files.status(), "anchors": ledger.anchors.damaged()},
            "pid": os.getpid(),
        }

    def fork(self, body: bytes | None) -> bytes:
        """`GET` and `POST /fork`, while the ledger refuses to open."""
        with self._opening:
            if self._server.ledger is not None:
                raise Refused("the ledger runs: nothing that was signed is lost, and no fork is declared")
            forking = Forking(self._home, self._settings, self._disk)
            if body is None:
                return pack_heads(forking.heads())
            origins = forking.declare(parse_lines(body))
            log.warning("ledger_forked", origins=", ".join(origins))
            return json.dumps({"origins": origins}).encode()

    @contextlib.contextmanager
    def _opened(self) -> Iterator[Open]:
        identity = make_identity(self._home, self._settings, self._disk)
        with contextlib.ExitStack() as stack:
            with self._opening:
                database = stack.enter_context(contextlib.closing(sqlite_database(self._home.ledger_db)))
                seen = keyring_heads(self._home.keyring, identity)
                try:
                    store = stack.enter_context(open_ledger(database, self._disk, self._home.ledger, identity, seen))
                except RolledBack as error:
                    raise self._named(error, database) from error
            sequencer = Sequencer(store, database, self._clock, self._keep)
            self._expect(sequencer)
            anchors, witnessing = self._anchors(store, sequencer), self._witnessing(store, identity)
            files = FileWatch((store.rec, store.act), self._clock)
            yield Open(store, sequencer, anchors, witnessing, files, self._statement)

    def _named(self, error: RolledBack, database: Database) -> RolledBack:
        """With what the volumes have and this ledger lacks; they are read once, however often it is tried again."""
        if str(error) not in self._missing:
            self._missing = {str(error): naming(error, database, self._disk, self._paths())}
        return self._missing[str(error)]

    def _paths(self) -> list[Path]:
        return [*self._settings.roots, *held_paths(self._disk, self._home)]

    def _anchors(self, store: LedgerStore, sequencer: Sequencer) -> AnchorJob:
        def settings() -> AnchorSettings:
            return load_anchor_settings(self._home.path / ANCHORS)

        return AnchorJob(store, sequencer.enter, settings, self._clock, self._disk, self._home.ledger)

    def _statement(self, name: str) -> bytes:
        """One of those that `shred` facts name; raises `Invalid` where it is not there, or not for us to read."""
        if not FILE.fullmatch(name):
            raise Invalid(f"statements/{name}: expected the SHA-256 of one in hex, and .json")
        try:
            return read_whole(self._disk, self._home.keyring / STATEMENTS / name, MOST_BYTES)
        except OSError as error:
            raise Invalid(f"statements/{name}: {error.strerror}") from error

    def _prune(self, store: LedgerStore, ending: threading.Event) -> None:
        """In a thread."""
        keyring = self._home.keyring_socket
        held = partial(keyring_held, keyring)
        PruneJob(store, partial(keyring_time, keyring), self._clock, held=held).run(ending)

    def _witnessing(self, store: LedgerStore, identity: Identity) -> Witnessing:
        """Asks its witnesses first, so that nothing is signed if one of them knows more; raises `RolledBack`."""
        found = asked_witnesses(self._settings.witnesses, lambda witness: witness.is_of(self._home))
        witnessing = Witnessing.over(store, self._disk, self._home.ledger, identity, found, self._clock)
        witnessing.look()
        return witnessing

    def _keep(self, packed: bytes) -> None:
        try:
            self._disk.publish(self._home.ledger / HEARD, packed)
        except OSError as error:
            log.warning("recorders_not_kept", error=str(error))  # the next life then hears of them when they beat

    def _expect(self, sequencer: Sequencer) -> None:
        try:
            sequencer.expect((self._home.ledger / HEARD).read_bytes())
        except FileNotFoundError:
            pass
        except (OSError, Invalid) as error:
            log.warning("recorders_not_known", error=str(error))

    def _live(self, ledger: Open) -> None:
        """Until `stop`, or until the store fails."""
        ending, failed = threading.Event(), _Failure()
        self._is_caught_up = False
        follower = threading.Thread(target=self._follow, args=(ledger.sequencer, ending), name="volumes", daemon=True)
        entering = threading.Thread(
            target=failed.guard, args=(ledger.sequencer.run, ending), name="sequencer", daemon=True
        )
        witnessing = threading.Thread(
            target=failed.guard, args=(ledger.witnessing.run, ending), name="witnesses", daemon=True
        )
        pruning = threading.Thread(target=self._prune, args=(ledger.store, ending), name="pruning", daemon=True)
        anchoring = threading.Thread(target=ledger.anchors.run, args=(ending,), name="anchors", daemon=True)
        watching = threading.Thread(target=ledger.files.run, args=(ending,), name="files", daemon=True)
        self._server.ledger = ledger
        sizes = {"rec": ledger.store.rec.head.size, "act": ledger.store.act.head.size}
        log.info("ledger_started", origin=ledger.store.rec.head.origin, **sizes)
        entering.start()
        follower.start()
        anchoring.start()
        pruning.start()
        witnessing.start()
        watching.start()
        while not self._stop.wait(1.0) and entering.is_alive() and failed.error is None:
            pass
        self._server.ledger, self._server.why = None, "the ledger is ending; try again"
        ending.set()
        ledger.sequencer.wake()
        ledger.anchors.wake()
        entering.join()
        follower.join()
        pruning.join()
        watching.join()
        witnessing.join(ANCHORS_S)
        anchoring.join(ANCHORS_S)  # an authority that hangs holds nobody up; what it sends then is not taken
        if failed.error is not None:
            raise failed.error
        if not self._stop.is_set():
            raise Stopped("the ledger broke off; see what it printed")

    def _tell(self, error: Exception) -> None:
        text = str(error)
        if self._server.why != text:
            log.error("ledger_refuses", error=text, again_s=RETRY_S)
        self._state, self._server.why = "refused", text

    # -- the volumes

    def _follow(self, sequencer: Sequencer, ending: threading.Event) -> None:
        """In a thread: once at the start, and when something waits for what does not come."""
        is_due, pause_s = True, SEARCH_S
        while not ending.is_set():
            if is_due:
                pause_s = SEARCH_S if self._search_or_log(sequencer, ending) else min(2 * pause_s, REST_S)
                ending.wait(pause_s)
            since = sequencer.waits_since()
            is_due = since is not None and self._clock.boot_ns() - since > HOLE_S * 1e9
            if not is_due:
                ending.wait(1.0)

    def _search_or_log(self, sequencer: Sequencer, ending: threading.Event) -> bool:
        try:
            return self._search(sequencer, ending)
        except (TorrazzoError, OSError) as error:
            log.warning("volumes_not_searched", error=str(error))
            return False

    def _search(self, sequencer: Sequencer, ending: threading.Event) -> bool:
        """Whether something was found."""
        begun_ns = self._clock.boot_ns()
        search = Search(self._disk, self._paths(), sequencer.lacks)
        found, facts = 0, search.facts()
        sequencer.begin_search()
        while batch := list(islice(facts, AT_ONCE)):
            found += sequencer.take(batch).taken
            sequencer.wait_for_room(ending.is_set)
            if ending.is_set():
                return True
        troubles: Sequence[str] = (*search.away, *search.damages)
        for trouble in troubles[:20]:
            log.warning("volume_not_read", what=trouble)
        if not search.away:
            self._passed += sequencer.give_up(begun_ns - round(LOST_S * 1e9))
        if not self._is_caught_up or found:
            log.info("ledger_caught_up", facts=found, troubles=len(troubles))
        self._is_caught_up = True
        return found > 0


class _Failure:
    """What ended a thread."""

    def __init__(self) -> None:
        self.error: TorrazzoError | OSError | None = None

    def guard(self, run: Callable[[threading.Event], None], ending: threading.Event) -> None:
        """Run it, and keep its error."""
        try:
            run(ending)
        except (TorrazzoError, OSError) as error:
            self.error = error
