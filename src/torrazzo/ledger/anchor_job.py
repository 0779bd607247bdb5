# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The anchors' clockwork: heads of `act` stamped by the configured authorities, the tokens kept, receipts entered.

A stamp: 1. the token and what it is over are files; 2. it is noted that its receipt is owed, and no longer that it is
wanted; 3. the receipt is in `act`; 4. nothing is owed. A crash between 1 and 2 asks the authority again; one between 3
and 4 looks into `act` first.
"""

import contextlib
import hashlib
import re
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

from torrazzo.base.clock import Clock
from torrazzo.base.errors import Damaged, Invalid, Refused, TorrazzoError, Unavailable
from torrazzo.base.times import SECOND
from torrazzo.durable import Disk, read_whole
from torrazzo.ledger.act import pack_act, parse_act
from torrazzo.ledger.anchor import Anchor, Head, anchor_fact
from torrazzo.ledger.anchor_http import LIMITS, Limits, ask
from torrazzo.ledger.anchor_queue import Want
from torrazzo.ledger.anchor_settings import NOBODY, AnchorSettings
from torrazzo.ledger.anchor_state import AnchorState, Booking
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.identity import LogKind
from torrazzo.ledger.store import LedgerStore
from torrazzo.ledger.text import to_base64

FOLDER = "anchors"  # in each log's
STATE = "anchors.json"  # in the ledger's
LOOK_S = 5.0
CHECKED_NS = 3_600_000_000_000  # so often what is kept is held against its receipts
MOST_LISTED = 100

_FILE = re.compile(r"(?:rec|act)-[1-9][0-9]{0,18}(?:\.txt|\.[a-z0-9-]{1,32}\.(?:tst|json))", re.ASCII)
_RECEIPT = re.compile(r"(rec|act)-([1-9][0-9]{0,18})\.([a-z0-9-]{1,32})\.json", re.ASCII)

log = structlog.get_logger(__name__)


class AnchorJob:
    """Of one opened ledger. `run` is one thread's; the other methods are for any."""

    def __init__(
        self,
        store: LedgerStore,
        enter: Callable[[bytes], int],
        settings: Callable[[], AnchorSettings],
        clock: Clock,
        disk: Disk,
        folder: Path,
        limits: Limits = LIMITS,
    ) -> None:
        """`enter` puts a line into `act`; `settings` reads them anew each time; `folder` is the ledger's."""
        self._store, self._enter, self._load = store, enter, settings
        self._clock, self._disk, self._folder, self._limits = clock, disk, folder, limits
        self._lock = threading.Lock()  # over the state
        self._state = self._read_state()
        self._settings = NOBODY
        self._why = ""  # the settings cannot be used, or a token cannot be kept
        self._woken = threading.Event()
        self._checked_ns: int | None = None
        self._spoilt: dict[str, str] = {}  # what was wrong with which stamp when all were looked at

    def want(self, kind: LogKind, *, is_shown: bool = False) -> tuple[Head, tuple[str, ...]]:
        """Have the present head stamped now; returns whom that asks: not those that have stamped it already.

        `is_shown`: a package will show this very head; else people want it, and nobody is left alone for having failed
        before. Raises `Refused` if nobody is configured, `Invalid` for a log
        without entries.
        """
        self._reload()
        if not self._settings.authorities and not self._settings.wrong:
            raise Refused("nobody in anchors.toml can be asked for a stamp")
        head = Head.of((self._store.rec if kind == "rec" else self._store.act).note.text)
        asked = tuple(name for name in self._settings.names if not self._has(head, name))
        with self._lock:
            queue = self._state.queue.want(head, asked, self._clock.utc(), is_shown=is_shown)
            queue = queue if is_shown else queue.hurried(asked)
            self._save(self._state._replace(queue=queue))
        self._woken.set()
        return head, asked

    def status(self) -> Mapping[str, object]:
        """Who is asked, what waits, who is silent, and the last stamps, newest first."""
        state, settings = self._state, self._settings
        stamped, damaged = self._stamps(MOST_LISTED)
        waiting = [
            {"log": w.head.log, "size": w.head.size, "authority": w.authority, "since": w.since, "tries": w.tries}
            for w in state.queue.wants
        ]
        return {
            "every_minutes": settings.every // (60 * SECOND),
            "authorities": [{"name": each.name, "url": each.url} for each in settings.authorities],
            "why": self._why,
            "wrong": [{"authority": name, "why": why} for name, why in settings.wrong.items()],
            "waiting": waiting,
            "silent": [silence._asdict() for silence in state.queue.silences],
            "stamped": stamped,
            "damaged": [{"file": name, "why": why} for name, why in {**self._spoilt, **damaged}.items()],
        }

    def damaged(self) -> list[Mapping[str, object]]:
        """Stamps that were not as they were given when all were looked at last."""
        return [{"file": name, "what": why} for name, why in self._spoilt.items()]

    def resource(self, name: str) -> bytes:
        """A file of the present logs: `act-42.txt`, `act-42.aruba.tst`, or the receipt, `act-42.aruba.json`.

        Raises `Damaged` for a stamp that is not the one that was given.
        """
        if _FILE.fullmatch(name) is None:
            raise Invalid(f"{name}: no name of an anchor")
        folder = self._places()[name[:3]]
        try:
            data = read_whole(self._disk, folder / name)
        except FileNotFoundError as error:
            raise Invalid(f"{name}: no such anchor (yet)") from error
        if name.endswith(".tst"):
            _check(self._disk, folder, name.removesuffix(".tst") + ".json")
        return data

    # -- the clockwork

    def run(self, stop: threading.Event) -> None:
        """Until `stop`. A failure is told and tried again."""
        while not stop.is_set():
            try:
                self.turn(stop)
            except (TorrazzoError, OSError) as error:
                self._tell(str(error))
            self._woken.wait(LOOK_S)
            self._woken.clear()

    def wake(self) -> None:
        """Have `run` look at its `stop` now."""
        self._woken.set()

    def turn(self, stop: threading.Event) -> None:
        """Enter what is owed, want what the clock says, ask whoever is to be asked."""
        is_usable = self._reload()
        self._book()
        if is_usable:
            self._want_by_clock()
            self._want_damaged()
        for want in self._state.queue.due(self._clock.utc()):
            if stop.is_set():
                return
            authority = next((a for a in self._settings.authorities if a.name == want.authority), None)
            if authority is not None:
                try:
                    anchor = ask(authority, want.head.data, self._clock, self._limits)
                except (Unavailable, Invalid) as error:
                    self._failed(want, str(error))
                    continue
                if stop.is_set():  # the ledger may be closed already
                    return
                self._keep(want, anchor)

    def _reload(self) -> bool:
        """Take the settings as they are now; those that cannot be used leave the ones before."""
        try:
            found = self._load()
        except TorrazzoError as error:
            self._tell(str(error))
            return False
        for name, why in found.wrong.items() - self._settings.wrong.items():
            log.error("authority_cannot_be_asked", authority=name, why=why)
        self._settings, self._why = found, ""
        return True

    def _want_by_clock(self) -> None:
        with self._lock:
            state, now = self._state, self._clock.utc()
            queue = state.queue.only({*self._settings.names, *self._settings.wrong})
            note = self._store.act.note
            size = self._store.act.head.size
            is_due = not state.asked <= now < state.asked + self._settings.every
            if is_due and size not in {0, state.size} and self._settings.authorities:
                queue = queue.want(Head.of(note.text), self._settings.names, now)
                state = state._replace(asked=now, size=size)
            if (queue, state) != (self._state.queue, self._state):
                self._save(state._replace(queue=queue))

    def _want_damaged(self) -> None:
        """At the start, and then now and again: what was spoilt on the disk is asked for anew, over the same head."""
        now_ns = self._clock.boot_ns()
        if self._checked_ns is not None and now_ns - self._checked_ns < CHECKED_NS:
            return
        self._checked_ns = now_ns
        self._spoilt = self._stamps()[1]
        for name, why in self._spoilt.items():
            log.error("anchor_damaged", file=name, why=why)
            kind, size, authority = _RECEIPT.fullmatch(name.removesuffix(".tst") + ".json").groups()  # type: ignore[union-attr]
            if authority not in self._settings.names:
                continue
            reader = self._store.rec if kind == "rec" else self._store.act
            try:
                head = Head.of(str(Checkpoint(reader.head.origin, int(size), reader.root(int(size)))))
            except TorrazzoError as error:  # its entries were pruned
                log.warning("anchor_not_wanted_anew", file=name, why=str(error))
                continue
            with self._lock:
                queue = self._state.queue.want(head, (authority,), self._clock.utc(), is_shown=True)
                self._save(self._state._replace(queue=queue))

    def _failed(self, want: Want, why: str) -> None:
        with self._lock:
            is_new = all(silence.authority != want.authority for silence in self._state.queue.silences)
            self._save(self._state._replace(queue=self._state.queue.failed(want, self._clock.utc(), why)))
        (log.warning if is_new else log.info)("anchor_not_given", authority=want.authority, why=why)

    def _keep(self, want: Want, anchor: Anchor) -> None:
        head = want.head
        values = anchor_fact(head, anchor)
        kind = str(values.pop("kind"))
        line = pack_act(kind, self._clock.utc(), values)
        folder = self._folder / head.folder / FOLDER
        self._disk.make_folder(folder)
        self._disk.publish(folder / head.file, head.data)  # 1
        self._disk.publish(folder / head.token_file(anchor.authority), anchor.token)
        self._disk.publish(folder / head.token_file(anchor.authority).replace(".tst", ".json"), line)
        self._spoilt = {name: why for name, why in self._spoilt.items() if name != head.token_file(anchor.authority)}
        with self._lock:  # 2
            owed = (*self._state.bookings, Booking(line, self._store.act.head.size))
            self._save(self._state._replace(queue=self._state.queue.stamped(want), bookings=owed))
        log.info("anchor_given", authority=anchor.authority, log=head.log, size=head.size, marks=",".join(anchor.marks))
        self._book()

    def _book(self) -> None:
        for booking in self._state.bookings:
            if not self._is_booked(booking):
                self._enter(booking.line)  # 3
            with self._lock:  # 4
                self._save(self._state._replace(bookings=tuple(b for b in self._state.bookings if b != booking)))

    def _is_booked(self, booking: Booking) -> bool:
        act = self._store.act
        size = act.head.size
        return booking.line in act.entries(min(max(booking.since, act.minimum), size), size)

    # -- files

    def _save(self, state: AnchorState) -> None:
        self._disk.publish(self._folder / STATE, state.pack())
        self._state = state

    def _read_state(self) -> AnchorState:
        try:
            return AnchorState.parse(read_whole(self._disk, self._folder / STATE))
        except FileNotFoundError:
            return AnchorState()
        except Invalid as error:  # what was wanted is wanted again, at the next hour
            log.error("anchors_forgotten", error=str(error))  # noqa: TRY400 - its text says it all
            return AnchorState()

    def _has(self, head: Head, authority: str) -> bool:
        with contextlib.suppress(Damaged):
            receipt = head.token_file(authority).replace(".tst", ".json")
            _check(self._disk, self._folder / head.folder / FOLDER, receipt)
            return True
        return False

    def _stamps(self, most: int | None = None) -> tuple[list[dict[str, object]], dict[str, str]]:
        """Receipts of stamps that are as they were given, newest first; and what is wrong with the others."""
        found, damaged = [], {}
        for folder in set(self._places().values()):
            with contextlib.suppress(FileNotFoundError):
                names = filter(None, map(_RECEIPT.fullmatch, self._disk.list(folder)))
                found += [(int(name[2]), name[1], name[3], folder / name[0]) for name in names]
        sound: list[dict[str, object]] = []
        for *_, path in sorted(found, reverse=True)[:most]:
            try:
                sound.append(_check(self._disk, path.parent, path.name))
            except (Damaged, OSError) as error:
                damaged[path.with_suffix(".tst").name] = str(error)
        return sound, damaged

    def _places(self) -> dict[str, Path]:
        logs = {"rec": self._store.rec, "act": self._store.act}
        return {kind: self._folder / reader.head.origin.rpartition("/")[2] / FOLDER for kind, reader in logs.items()}

    def _tell(self, why: str) -> None:
        if why != self._why:
            log.error("anchors_stand_still", why=why)
        self._why = why


def _check(disk: Disk, folder: Path, receipt: str) -> dict[str, object]:
    """The receipt, if token and head are what it says; raises `Damaged`."""
    stem, _, _ = receipt.partition(".")
    try:
        values = dict(parse_act(read_whole(disk, folder / receipt)).values)
        for name, key in ((f"{stem}.txt", "of"), (receipt.removesuffix("json") + "tst", "d")):
            if to_base64(hashlib.sha256(read_whole(disk, folder / name)).digest()) != values[key]:
                raise Damaged(f"{name} is not as it was given: its hash is another one than its receipt says")
    except (Invalid, KeyError) as error:
        raise Damaged(f"{receipt}: no receipt any more: {error}") from error
    except FileNotFoundError as error:
        raise Damaged(f"{stem}: a file of the stamp is gone: {error}") from error
    return values
