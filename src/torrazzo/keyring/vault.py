# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The vault: segment keys of what is held, each hold's under a key of its own (docs/3-formats/vault.md).

    vault/ring/              a ring as the hours' is, with a sealer of its own; one key for each hold
    vault/holds/act-1204/    hold.json and files of sealed segment keys
    vault/statements/        what a chip said of each end

Putting: 1. hold.json; 2. its key is drawn; 3. a file of keys. What is missing after a crash is asked for again.
Ending: 1. hold.json says so; 2. its key is destroyed; 3. that is booked; 4. its files go. `load` and `tend` go on with
it: between 2 and 4 it may be booked twice, never not at all.
"""

import base64
import hashlib
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

import structlog

from torrazzo.base.errors import Damaged, Invalid, Refused, TorrazzoError, Unavailable
from torrazzo.base.ids import SegmentId, StreamId, TermId
from torrazzo.base.times import UtcTicks, hour_text
from torrazzo.durable import Disk, read_whole
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.sealer_setup import NONE, set_up_sealer
from torrazzo.keyring.statement import keep_statement
from torrazzo.keyring.store import RingStore, has_ring
from torrazzo.keyring.vault_file import HOLD_LIMIT, KEYS_LIMIT, HeldKeys, Hold
from torrazzo.keyring.vault_terms import TERMS
from torrazzo.ledger.act import Act, Wanted
from torrazzo.ledger.identity import EntryName

HOLD = "hold.json"
RELEASED, LAPSED = "release", "lapse"  # `why` of the `end` fact

_SAME = ("case", "cause")  # of all windows of a hold, beside streams and span

log = structlog.get_logger(__name__)


class Vault:
    """May be used by several threads, of the process that has the keyring's lock. Call `load` first."""

    def __init__(
        self, disk: Disk, folder: Path, book: Callable[[str, Mapping[str, object]], None], sealing: str = NONE
    ) -> None:
        self._disk, self._book, self._sealing = disk, book, sealing
        self._ring, self._holds_folder = folder / "ring", folder / "holds"
        self._store: RingStore | None = None
        self._level = ""
        self.troubles: list[str] = []  # in words, for people
        self._lock = threading.RLock()
        self._holds: dict[EntryName, Hold] = {}
        self._files: dict[EntryName, dict[tuple[StreamId, TermId], dict[int, HeldKeys]]] = {}  # by the segment's number

    def load(self) -> None:
        """What lies there; an ending that a crash cut short is ended."""
        with self._lock:
            names: list[str] = []
            self._try(lambda: has_ring(self._disk, self._ring) and self._opened())
            self._try(lambda: names.extend(self._list(self._holds_folder)))
            for name in names:
                self._try(partial(self._load_hold, self._holds_folder / name))
            for hold in list(self._holds.values()):
                if hold.ending is not None:
                    self._try_end(hold, hold.ending)

    def _try(self, load: Callable[[], object]) -> None:
        """What cannot be read is told: the hours' keys, and other holds, are needed all the same."""
        try:
            load()
        except (OSError, TorrazzoError) as error:
            self.troubles.append(f"the vault cannot be read: {error}")
            log.error("vault_not_read", error=str(error))  # noqa: TRY400

    @property
    def holds(self) -> list[Hold]:
        """Those that are not over, oldest first."""
        with self._lock:
            return sorted(self._holds.values(), key=lambda hold: hold.act.t)

    def placed(self, name: EntryName) -> Act | None:
        """The fact of a hold that is not over: it was proven when its keys came."""
        with self._lock:
            hold = self._holds.get(name)
            return None if hold is None or hold.ending is not None else hold.act

    def count(self, name: EntryName) -> int:
        """How many segments' keys a hold has."""
        with self._lock:
            return sum(map(len, self._files.get(name, {}).values()))

    # -- in

    def put(
        self, window: EntryName, act: Act, stream: StreamId, term: TermId, key: KeyName, keys: Mapping[int, bytes]
    ) -> int:
        """Keys that a window of kind hold was given; safe on return. Returns how many that hold did not have.

        Raises `Refused` for a window that renews no hold of ours, or another one, or has no term, `Unavailable` where
        nothing can be stored.
        """
        with self._lock:
            try:
                return self._put(window, act, stream, term, key, keys)
            except OSError as error:
                raise Unavailable(f"the vault cannot store keys ({error}); place the hold again") from error

    def _put(
        self, window: EntryName, act: Act, stream: StreamId, term: TermId, key: KeyName, keys: Mapping[int, bytes]
    ) -> int:
        hold = self._hold_of(window, act)
        self._save(hold)  # 1
        store = self._opened()
        store.draw([hold.key])  # 2
        known = self._files[hold.name].setdefault((stream, term), {})
        new = {n: value for n, value in keys.items() if n not in known}
        if new:
            file = HeldKeys.seal(hold.key, store.ring.keys[hold.key].public(), stream, term, key, new)
            name = f"{hour_text(key.hour)}-{hashlib.sha256(file.header).hexdigest()[:24]}.keys"
            self._disk.publish(self._folder(hold) / name, file.pack())  # 3
            known.update(dict.fromkeys(new, file))
        return len(new)

    def _hold_of(self, window: EntryName, act: Act) -> Hold:
        renews, cause = act.values["renews"], act.values["cause"]
        of_log = [hold for hold in self._holds.values() if hold.name.log == window.log]
        found = next((hold for hold in of_log if {window.number, renews} & set(hold.entries)), None)
        if found is None:
            if renews is not None:
                raise Refused(f"window {window} renews {renews}, and no hold of that number is in the vault")
            if cause not in TERMS:
                raise Refused(f"window {window} is for {cause}; there are terms for {', '.join(TERMS)}")
            return Hold(window, (window.number,), act)
        if found.ending is not None:
            raise Refused(f"hold {found.name} is over")
        if Wanted.of(found.act) != Wanted.of(act) or any(found.act.values[key] != act.values[key] for key in _SAME):
            raise Refused(f"window {window} is not of what hold {found.name} is of")
        if window.number in found.entries:
            return found
        return found._replace(entries=(*found.entries, window.number))

    # -- out

    def holds_segment(self, segment: SegmentId, moment: UtcTicks) -> bool:
        """Whether it may be read at this moment because it is held."""
        with self._lock:
            return any(
                hold.ending is None
                and moment < hold.ends
                and segment.n in self._files[name].get((segment.stream, segment.term), {})
                for name, hold in self._holds.items()
            )

    def keys(self, stream: StreamId, term: TermId, ns: Sequence[int]) -> dict[int, bytes]:
        """Keys of those of these segments that are held; raises `Damaged` for one that does not open."""
        with self._lock:
            wanted = set(ns)
            found: dict[int, bytes] = {}
            for name, hold in self._holds.items():
                files = self._files[name].get((stream, term), {})
                here = wanted & files.keys() if hold.ending is None else set()
                if not here:
                    continue
                private = self._opened().ring.keys.get(hold.key)
                if private is None:
                    raise Damaged(f"hold {name}: its key is not in the vault's ring; put the vault's last copy back")
                for file in {id(files[n]): files[n] for n in here}.values():
                    found |= {n: key for n, key in file.open(private).items() if n in here}
                wanted -= here
            return found

    def holding(self, streams: Collection[StreamId], hour: int) -> list[EntryName]:
        """Names of holds that have keys of these streams in that hour."""
        with self._lock:
            return sorted(
                name
                for name, files in self._files.items()
                for (stream, _), held in files.items()
                if stream in streams and any(file.key.hour == hour for file in held.values())
            )

    # -- its end

    def confirm(self, name: EntryName, entry: EntryName) -> None:
        """A second person has, by that fact: it lasts as long as its cause lets it. Raises `Invalid` if it is over."""
        with self._lock:
            hold = self._living(name)
            if hold.confirmed is None:
                self._save(hold._replace(confirmed=entry))

    def release(self, name: EntryName) -> None:
        """Destroy its key, now. Raises `Invalid` if it is over; what a disk does not let us do is done later."""
        with self._lock:
            self._end(self._living(name), RELEASED)

    def tend(self, agreed: UtcTicks | None) -> None:
        """Once a minute, with what the clocks agree on: end those whose time is over, and those that a crash left."""
        with self._lock:
            for hold in list(self._holds.values()):
                if hold.ending is not None:
                    self._try_end(hold, hold.ending)
                elif agreed is not None and agreed >= hold.ends:
                    self._try_end(hold, LAPSED)

    def _living(self, name: EntryName) -> Hold:
        hold = self._holds.get(name)
        if hold is None:
            raise Invalid(f"there is no hold {name}; `torrazzo hold list` shows those that there are")
        return hold

    def _try_end(self, hold: Hold, why: str) -> None:
        try:
            self._end(hold, why)
        except (OSError, TorrazzoError) as error:
            log.error("hold_not_ended", hold=str(hold.name), error=str(error), effect="tried again in a minute")  # noqa: TRY400

    def _end(self, hold: Hold, why: str) -> None:
        folder = self._folder(hold)
        try:
            self._save(hold._replace(ending=why))  # 1
            self._shred(hold, why)  # 2, 3
            for name in self._disk.list(folder):  # 4; hold.json last: without it the files would be nobody's
                if name != HOLD:
                    self._disk.unlink(folder / name)
            self._disk.sync_folder(folder)
            self._disk.unlink(folder / HOLD)
            self._disk.sync_folder(folder)
        except OSError as error:
            raise Unavailable(f"hold {hold.name} is over, and not all of it is gone yet: {error}") from error
        del self._holds[hold.name], self._files[hold.name]
        log.warning("hold_ended", hold=str(hold.name), why=why)

    def _shred(self, hold: Hold, why: str) -> None:
        store = self._opened()
        if hold.key in store.ring.keys:
            shredded = store.shred([hold.key])
            root, statement = shredded.ring_root, shredded.attestation.statement
            keep_statement(self._disk, self._ring.parent, shredded.attestation)
        else:  # before a crash, or never drawn
            root, statement = store.ring.root(), b""
        values = {
            "hold": str(hold.name),
            "why": why,
            "level": self._level,
            "left": len(store.ring.keys),
            "ring": base64.b64encode(root).decode(),
            "state": base64.b64encode(hashlib.sha256(statement).digest()).decode() if statement else None,
        }
        self._book("end", values)  # 3

    # -- files

    def _opened(self) -> RingStore:
        if self._store is None:
            self._disk.make_folder(self._ring)
            sealer = set_up_sealer(self._disk, self._ring, self._sealing)
            store = RingStore(self._disk, self._ring, sealer)
            store.load()
            self._store, self._level = store, str(sealer.level)
        return self._store

    def _save(self, hold: Hold) -> None:
        if self._holds.get(hold.name) != hold:
            folder = self._folder(hold)
            self._disk.make_folder(folder)
            self._disk.publish(folder / HOLD, hold.pack())
            self._holds[hold.name] = hold
            self._files.setdefault(hold.name, {})

    def _load_hold(self, folder: Path) -> None:
        try:
            hold = Hold.parse(read_whole(self._disk, folder / HOLD, HOLD_LIMIT))
        except FileNotFoundError:
            return  # it was being made, or its end was at its last step
        except Invalid as error:
            raise Damaged(f"{folder / HOLD}: {error}; put its last copy back") from error
        if str(hold.name) != folder.name:
            raise Damaged(f"{folder / HOLD}: it is that of hold {hold.name}; put its own back")
        self._holds[hold.name], files = hold, self._files.setdefault(hold.name, {})
        for name in self._disk.list(folder):
            if not name.endswith(".keys"):
                continue
            try:
                file = HeldKeys.parse(read_whole(self._disk, folder / name, KEYS_LIMIT))
            except Invalid as error:
                log.error("held_keys_damaged", path=str(folder / name), error=str(error))  # noqa: TRY400
                continue
            files.setdefault((file.stream, file.term), {}).update(dict.fromkeys(file.ns, file))

    def _folder(self, hold: Hold) -> Path:
        return self._holds_folder / str(hold.name)

    def _list(self, folder: Path) -> list[str]:
        try:
            return self._disk.list(folder)
        except FileNotFoundError:
            return []
