# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Retention as the keyring's clockwork runs it, once a minute: shred, `shred` fact, unlink, `free` fact, forget.

    key drawn ── fact `key`, owed to the ledger: births stand before any shred that counts them
    key ──shred──> gone from every copy ──> its volumes unlinked on all disks ──> index told to forget
           └─ fact, owed to the ledger          └─ fact, owed to the ledger

The key goes whatever else fails. Volumes go when the ledger has all facts in them, at once where no disk has room; on a
disk that was away, when it is back. What a step raises is told, and the others are taken all the same.
"""

import base64
import contextlib
import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import structlog

from torrazzo.base.errors import Invalid, TorrazzoError, Unavailable
from torrazzo.base.times import HOUR, hour_of, hour_text, iso_from_ticks
from torrazzo.durable import Disk
from torrazzo.keyring.chore import Keyring
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.ring import PrivateKey, Ring
from torrazzo.keyring.statement import keep_statement
from torrazzo.keyring.store import Shredded
from torrazzo.retention.ballast import give_up, take_up
from torrazzo.retention.booking import has_all, pay
from torrazzo.retention.disks import Disks, Found
from torrazzo.retention.forecast import ALARM_HOURS, Outlook, minutes_left, outlook
from torrazzo.retention.forgotten import FORGOTTEN, Forgotten, load_forgotten
from torrazzo.retention.journal import Debt, Freeing, Journal, Shredding, State
from torrazzo.retention.plan import DISK, Due, Seen, Volume, due, first_living, freed, held_up, late
from torrazzo.retention.status import STATUS, status_of

log = structlog.get_logger(__name__)


class _Look(NamedTuple):
    seen: Seen
    found: Found
    outlooks: Mapping[Path, Outlook]


class Retention:
    """A chore. `roots` are all that the settings name, here or not; `awaited` says which volumes a hold is copying."""

    def __init__(
        self,
        disk: Disk,
        roots: Sequence[Path],
        floor_hours: int,
        awaited: Callable[[], Collection[str]] = lambda: (),
    ) -> None:
        self._floor, self._awaited = floor_hours, awaited
        self._journal: Journal | None = None
        self._disks = Disks(disk, roots)
        self._forgotten = Forgotten()
        self._troubles: dict[str, str] = {}  # step → what it raised at this look
        self._alarms: dict[str, str] = {}

    def __call__(self, keyring: Keyring) -> None:
        """One look. Raises only where it cannot know what it has done before: then nothing goes."""
        self._troubles = {}
        with self._step("room"):
            give_up(keyring.disk, keyring.home.keyring)
        journal = self._open(keyring)
        with self._step("birth"):
            _owe_births(keyring, journal)
        seen = self._look(keyring, journal)
        with self._step("shred"):
            for each in due(seen.seen):
                self.shred(keyring, each)
        with self._step("free"):
            self._finish_freeing(journal)
        seen = self._look(keyring, journal)
        with self._step("forget"):
            self._forget(keyring, journal, seen.seen)
        with self._step("book"):
            pay(journal, keyring.ledger, keyring.clock)
        with self._step("free"):
            self._free(keyring, journal, seen.seen)
        with self._step("book"):
            pay(journal, keyring.ledger, keyring.clock)
        with self._step("room"):
            take_up(keyring.disk, keyring.home.keyring)
        self._tell(keyring, self._look(keyring, journal), journal.state)

    def shred(self, keyring: Keyring, each: Due) -> None:
        """Destroy one key. 1. What is about to be done is safe on disk. 2. It is done. 3. Its fact is owed."""
        journal = self._open(keyring)
        keyring.store.finish()  # a draw that failed may have succeeded: what it drew counts as left
        _owe_births(keyring, journal)
        shredding = Shredding(each.name, each.why, len(keyring.store.ring.keys) - 1, keyring.heads())
        journal.save(journal.state._replace(shredding=shredding))  # 1
        shredded = keyring.store.shred([each.name])  # 2
        self._owe(keyring, journal, shredding, shredded)  # 3
        log.warning("key_shredded", name=str(each.name), why=each.why, left=shredding.left)

    # -- steps

    def _open(self, keyring: Keyring) -> Journal:
        """What an earlier look, or life, was about to shred is gone and its fact owed, or it was not begun."""
        if self._journal is None:
            with self._step("forget"):  # what cannot be read is written anew
                self._forgotten = load_forgotten(keyring.disk, keyring.home.keyring)
            self._journal = Journal(keyring.disk, keyring.home.keyring)
        journal = self._journal
        shredding = journal.state.shredding
        if shredding is not None:
            keyring.store.finish()  # what began may have ended, or end yet: only then the ring says which
            if shredding.name in keyring.store.ring.keys:
                journal.save(journal.state._replace(shredding=None))
            else:
                self._owe(keyring, journal, *_told_again(keyring, shredding))
        return journal

    def _look(self, keyring: Keyring, journal: Journal) -> _Look:
        now = keyring.judge()
        hour = hour_of(now.earliest)
        found = self._disks.look(hour)
        outlooks = {root.path: outlook(root.volumes, root.free, hour) for root in found.roots}
        is_tight = bool(outlooks) and all(each.is_tight for each in outlooks.values())
        seen = Seen(
            now,
            keyring.store.ring.keys,
            found.volumes,
            self._floor,
            is_tight,
            journal.state.early,
            frozenset(self._awaited()),
        )
        return _Look(seen, found, outlooks)

    def _owe(self, keyring: Keyring, journal: Journal, shredding: Shredding, shredded: Shredded) -> None:
        keep_statement(keyring.disk, keyring.home.keyring, shredded.attestation)
        name, state = shredding.name, journal.state
        early = state.early | {name} if shredding.why == DISK else state.early
        debt = Debt("shred", shred_values(shredding, shredded))
        journal.save(state.owing([debt])._replace(shredding=None, early=early, born=state.born - {name}))

    def _forget(self, keyring: Keyring, journal: Journal, seen: Seen) -> None:
        """Tell the index; and forget oneself which hours went early, once all of their age are gone."""
        classes = {name.class_ for name in (*seen.keys, *(volume.key for volume in seen.volumes))}
        before = dict(self._forgotten.before)
        for class_ in classes:
            before[class_] = max(first_living(seen, class_), before.get(class_, 0))
        before = {class_: hour for class_, hour in before.items() if hour}
        also = frozenset(name for name in journal.state.early if name.hour >= before.get(name.class_, 0))
        forgotten = Forgotten(before, also)
        if forgotten != self._forgotten:
            keyring.disk.publish(keyring.home.keyring / FORGOTTEN, forgotten.pack())
            self._forgotten = forgotten
        journal.save(journal.state._replace(early=also))

    def _free(self, keyring: Keyring, journal: Journal, seen: Seen) -> None:
        """Unlink, hour by hour; each is in the journal before its first file goes.

        What is awaited is asked only now that it has been told which hours are gone: a hold that is placed meanwhile
        either is seen here, or sees there that it has to copy from elsewhere (`evidence/hold.py`).
        """
        seen = seen._replace(awaited=frozenset(self._awaited()))
        gone = [volume for volume in freed(seen) if self._forgotten.has(volume.key)]
        volumes = [volume for volume in gone if not self._is_other(volume)]
        if not volumes:
            return
        if not seen.is_tight and (journal.state.debts or not has_all(keyring.ledger)):
            raise Unavailable(f"{len(volumes)} volumes wait until the ledger has the facts in them")
        for name in sorted({volume.key for volume in volumes}):
            files = {str(volume.folder / volume.name): volume.size for volume in volumes if volume.key == name}
            journal.save(journal.state._replace(freeing=Freeing(name, files)))
            self._finish_freeing(journal)

    def _finish_freeing(self, journal: Journal) -> None:
        """What stands in the journal goes, whether a look or a life before began it; then its fact is owed."""
        freeing = journal.state.freeing
        if freeing is None:
            return
        self._disks.clear(map(Path, freeing.files))
        journal.save(journal.state.owing([freeing.fact()])._replace(freeing=None))
        log.warning("volumes_unlinked", name=str(freeing.name), files=len(freeing.files))

    def _is_other(self, volume: Volume) -> bool:
        is_other = self._disks.is_other(volume)
        if is_other:
            self._troubles["name"] = f"{volume.folder / volume.name}: its header says another hour or class; left there"
        return is_other

    @contextlib.contextmanager
    def _step(self, name: str) -> Iterator[None]:
        """What fails is told, and tried again at the next look; the next step is taken."""
        try:
            yield
        except (OSError, TorrazzoError) as error:
            self._troubles[name] = str(error)

    # -- what is told

    def _tell(self, keyring: Keyring, look: _Look, state: State) -> None:
        alarms = alarms_of(look, self._troubles)
        for name, text in alarms.items():
            if name not in self._alarms:  # its numbers change from look to look
                log.error("retention_alarm", name=name, text=text)
        for name in self._alarms.keys() - alarms.keys():
            log.info("retention_alarm_over", name=name)
            keyring.alarms.pop(name, None)
        keyring.alarms.update(alarms)
        self._alarms = alarms
        told = status_of(look.seen, look.found, look.outlooks, state, self._forgotten, alarms)
        with contextlib.suppress(OSError):  # a full disk must not stop what makes room
            keyring.disk.publish(keyring.home.run / STATUS, told)


def _owe_births(keyring: Keyring, journal: Journal) -> None:
    """One `key` fact for each key of the ring whose birth was not told; those that went are forgotten.

    After a fork of the ledger the new log has to know them all.
    """
    keys, state = keyring.store.ring.keys, journal.state
    log_now = keyring.log or state.log
    told = state.born if state.log in {log_now, ""} else frozenset()
    drawn = [Debt("key", birth_values(name, keys[name])) for name in sorted(keys.keys() - told)]
    journal.save(state.owing(drawn)._replace(born=frozenset(keys), log=log_now))


def birth_values(name: KeyName, key: PrivateKey) -> dict[str, object]:
    """Of the fact; its root is that of a ring with this key alone."""
    root = base64.b64encode(Ring({name: key}).root()).decode()
    return {"hour": hour_text(name.hour), "classes": [name.class_], "root": root}


def _told_again(keyring: Keyring, shredding: Shredding) -> tuple[Shredding, Shredded]:
    """What a shred that is over left; where another one followed it, what that left."""
    try:
        return shredding, keyring.store.shred([shredding.name])
    except Invalid:
        last = keyring.store.last_shred()
        assert last is not None, "a key is gone"
        return shredding._replace(left=len(keyring.store.ring.keys)), last


def shred_values(shredding: Shredding, shredded: Shredded) -> dict[str, object]:
    """Of the fact (docs/3-formats/act.md)."""
    statement = shredded.attestation.statement
    return {
        "hour": hour_text(shredding.name.hour),
        "class": shredding.name.class_,
        "why": shredding.why,
        "level": str(shredded.attestation.level),
        "left": shredding.left,
        "ring": base64.b64encode(shredded.ring_root).decode(),
        "state": base64.b64encode(hashlib.sha256(statement).digest()).decode() if statement else None,
        **shredding.heads,
    }


def _room_waits(waiting: Sequence[Volume], outlooks: Collection[Outlook]) -> str:
    minutes = minutes_left(outlooks)
    return (
        f"no room is made: what nobody can read any more (volumes: {len(waiting)}, "
        f"{sum(volume.size for volume in waiting) >> 20} MiB) waits until holds have copied it, "
        "and nothing goes early before; all disks are full "
        + ("soon" if minutes is None else f"in about {minutes} minutes at today's rate")
        + ", then recording stops: see that `torrazzo worker` runs, and `torrazzo hold list`"
    )


def alarms_of(look: _Look, troubles: Mapping[str, str]) -> dict[str, str]:
    """What people have to be told, by a name that stays while it lasts."""
    alarms = {}
    seen, found, outlooks = look
    if overdue := late(seen):
        alarms["retention-late"] = (
            f"{len(overdue)} keys should be gone, the oldest of {iso_from_ticks(overdue[0].hour * HOUR)}: "
            + (troubles.get("shred") or "the clocks do not agree; see `torrazzo keyring status`")
        )
    if seen.is_tight and (waiting := held_up(seen)):
        alarms["room-waits"] = _room_waits(waiting, outlooks.values())
    for path, each in outlooks.items():
        if each.is_tight:
            alarms[f"disk-full {path}"] = f"{path}: nearly full: {each.free >> 20} MiB are free"
        elif each.hours_left is not None and each.hours_left < ALARM_HOURS:
            alarms[f"disk-full {path}"] = f"{path}: full in about {max(1, each.hours_left // 24)} days at today's rate"
    for path, why in found.away.items():
        alarms[f"disk-away {path}"] = f"what lies there is unlinked when it is back: {why}"
    alarms.update({f"retention-{step}": text for step, text in troubles.items() if step != "book"})
    return alarms
