# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ring on disk, replaced as a whole, each time under a new root: one file lives, all older ones are dead.

    ring-<n>          all private keys, under a root that the sealer opens only while its counter is n
    attempt           the highest n that was ever used
    public-keys.json  what everyone may read
    ring.json         the plain ring of the version before: taken over once, then overwritten

Replacing: 1. draw a root and seal it to n; 2. write ring-<n>, safe; 3. advance the counter to n, which commits: a key
that is not in ring-<n> is gone, and no copy of an older file opens; 4. overwrite and unlink the older file. A crash
before 3 leaves the old ring alive, and `finish` goes on at 3; a crash after it leaves the new one. n is noted as used
before anything else: if it were used again, a copy of the file that was not finished would open with its successor.
"""

import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import structlog

from torrazzo.base.errors import Damaged, Invalid, Refused, Stopped, Unavailable
from torrazzo.durable import Disk, read_whole
from torrazzo.keyring.number_file import read_number, write_number
from torrazzo.keyring.public import KeyName, PublicKeys, public_keys_text
from torrazzo.keyring.ring import RING_LIMIT, PrivateKey, Ring, parse_ring
from torrazzo.keyring.ring_file import RING_FILE_LIMIT, RingFile, ShredNote, parse_ring_file, ring_file_bytes
from torrazzo.keyring.sealer import ROOT_LENGTH, Attestation, Sealer

PLAIN = "ring.json"
PUBLIC_KEYS = "public-keys.json"
ATTEMPT = "attempt"

_FILE = re.compile(r"ring-(0|[1-9][0-9]{0,18})", re.ASCII)
_UNFINISHED = re.compile(r"\.ring-(0|[1-9][0-9]{0,18})\.new", re.ASCII)  # as `Disk.publish` leaves it in a crash

log = structlog.get_logger(__name__)


class Shredded(NamedTuple):
    """These keys are gone from every copy of every ring file: the counter went up to `counter`."""

    names: tuple[KeyName, ...]
    counter: int
    attestation: Attestation  # of the counter, with `ring_root` in it; it may have grown further since
    ring_root: bytes  # over the commitments to the keys that were left


class RingStore:
    """The ring of one keyring folder; one writing process, which holds the lock. Call `load` first.

    What raises OSError or `Unavailable` may have begun what it was told: `finish`, with which each of the others
    begins, ends that. `Refused`: the ring that lies there opens no more. `Stopped`: somebody else moves the counter.
    """

    def __init__(self, disk: Disk, folder: Path, sealer: Sealer) -> None:
        self.ring = Ring({})
        self._disk = disk
        self._folder = folder
        self._sealer = sealer
        self._counter = -1  # the living ring's, or where it stands while there is none
        self._note: ShredNote | None = None
        self._published = b""

    def load(self) -> Ring:
        """The living ring; an empty one where none was ever made.

        What an earlier life began and the disk does not let us end now, is ended later. Raises `Damaged` for a file
        that can't be understood: it is never replaced, since it may be all that opens a week of footage.
        """
        try:
            self.finish()
        except (OSError, Unavailable) as error:
            log.error("ring_not_finished", error=str(error), effect="tried again with the next change")  # noqa: TRY400
            if self._counter < 0:
                self._read_or_say_why()
        return self.ring

    def finish(self) -> None:
        """End what was begun: afterwards one ring file is left, and it lives."""
        ahead = self._ahead()
        if ahead is not None:
            counter, data = ahead
            self._disk.publish(self._path(counter), data)  # its name may be less safe than it looks
            self._sealer.advance(counter)
            log.warning("ring_finished", counter=counter)
        if self._sealer.counter() != self._counter:
            self._read()
        self._clean()

    def draw(self, names: Iterable[KeyName]) -> tuple[KeyName, ...]:
        """Have a key for each of these names; returns, when the ring survives a power cut, those drawn now."""
        self.finish()
        missing = tuple(sorted(set(names) - self.ring.keys.keys()))
        if missing or self._is_plain():
            self._replace(self.ring.with_drawn(missing))
        return missing

    def shred(self, names: Iterable[KeyName]) -> Shredded:
        """Destroy these keys: when it returns they are gone, whatever copy is put back.

        After an error ask again, with the same names, or ask `last_shred`.
        """
        gone = tuple(sorted(set(names)))
        self.finish()
        if self._is_plain():
            self._replace(self.ring)  # so that the plain file is overwritten, too
        if self._note is None or self._note.names != gone or self.ring.keys.keys() & set(gone):
            if not gone:
                raise Invalid("a shred of no keys")
            self._replace(self.ring.without(gone), gone)
        shredded = self.last_shred()
        assert shredded is not None, "it was just noted"
        return shredded

    def exchange(self, name: KeyName, key: PrivateKey) -> None:
        """Put this key in the place of the one of that name, which is destroyed: it opens from no older copy."""
        self.finish()
        if name not in self.ring.keys:
            raise Invalid(f"{name}: not in the ring")
        self._replace(Ring({**self.ring.keys, name: key}))

    def last_shred(self) -> Shredded | None:
        """What the last shred destroyed, told again: after a crash somebody may still have to write it down."""
        self.finish()
        if self._note is None:
            return None
        names, counter, ring_root = self._note
        return Shredded(names, counter, self._sealer.attest(ring_root), ring_root)

    def publish(self, keys: PublicKeys) -> None:
        """Let recorders seal to these keys; call after `draw`. Does nothing if they are published already."""
        text = public_keys_text(keys)
        if text != self._published:
            self._disk.publish(self._folder / PUBLIC_KEYS, text, 0o644)
            self._published = text

    def _replace(self, ring: Ring, gone: tuple[KeyName, ...] = ()) -> None:
        n, root = 1 + max(self._counter, self._attempt()), secrets.token_bytes(ROOT_LENGTH)
        write_number(self._disk, self._folder / ATTEMPT, n)
        note = ShredNote(gone, n, ring.root()) if gone else self._note
        sealed = self._sealer.seal(root, n)  # 1
        self._disk.publish(self._path(n), ring_file_bytes(n, sealed, root, ring, note))  # 2
        self._sealer.advance(n)  # 3
        self._counter, self.ring, self._note = n, ring, note
        try:
            self._clean()  # 4
        except (OSError, Unavailable) as error:
            log.error("ring_not_cleaned", error=str(error), effect="tried again with the next change")  # noqa: TRY400

    def _ahead(self) -> tuple[int, bytes] | None:
        """Number and content of the file whose counter was not advanced, if it is whole; there is at most one."""
        counter = self._sealer.counter()
        for n in sorted((n for n in self._numbers(_FILE) if n > counter), reverse=True):
            if n > self._attempt():
                raise Damaged(f"{self._path(n)}: ahead of what was ever written; put the whole folder back as it was")
            data = read_whole(self._disk, self._path(n), RING_FILE_LIMIT)
            try:
                parse_ring_file(data)
            except Invalid as error:
                log.warning("ring_torn", path=str(self._path(n)), error=str(error))
            else:
                return n, data
        return None

    def _read(self) -> None:
        """The living ring into memory, or nothing where there is none."""
        counter, numbers = self._sealer.counter(), self._numbers(_FILE)
        ring, note = Ring({}), None
        if counter in numbers:
            file, ring = _open(self._disk, self._path(counter), self._sealer)
            note = file.shred
        elif counter == self._sealer.first:
            ring = _read_plain(self._disk, self._folder) or ring
        elif max(numbers, default=-1) > counter:
            raise Unavailable(f"{self._path(max(numbers))}: not alive yet; see what kept the counter from growing")
        elif numbers:
            raise Refused(
                f"{self._path(max(numbers))}: sealed to a counter that stands at {counter} now: it was shredded. If "
                "there is no later one, remove it to begin anew; footage of its hours stays unreadable"
            )
        elif has_ring(self._disk, self._folder):
            raise Refused(f"{self._folder / PLAIN}: a plain ring is taken over once; this one was put back: remove it")
        elif self._has_published():
            log.warning("ring_missing", path=str(self._folder), effect="footage sealed to it stays unreadable")
        self._counter, self.ring, self._note = counter, ring, note

    def _read_or_say_why(self) -> None:
        try:
            self._read()
        except OSError as error:
            raise Unavailable(f"{self._folder}: {error.strerror}; check the disk and the owner of the files") from error

    def _is_plain(self) -> bool:
        """Whether what lives is the plain ring of the version before."""
        return self._counter == self._sealer.first and bool(self.ring.keys)

    def _clean(self) -> None:
        """Leave nothing of what the counter has passed."""
        if self._sealer.counter() != self._counter:
            raise Stopped(f"{self._folder}: the counter moved by itself; somebody else advances it")
        if self._counter not in self._numbers(_FILE):
            return  # there is no ring yet
        self._sealer.settle()
        for n in self._numbers(_FILE):
            if n < self._counter:
                self._disk.erase(self._path(n))
                log.info("ring_erased", counter=n)
        for n in self._numbers(_UNFINISHED):
            if n <= self._counter:
                self._disk.erase(self._folder / f".ring-{n}.new")
        self._clean_plain()
        self._disk.sync_folder(self._folder)

    def _clean_plain(self) -> None:
        """Overwrite the plain file if nothing is in it that is not in the ring."""
        try:
            plain = _read_plain(self._disk, self._folder)
        except Damaged:
            plain = Ring({})  # half overwritten when the power went
        if plain is None:
            return
        if all(self.ring.keys.get(name) == key for name, key in plain.keys.items()):
            self._disk.erase(self._folder / PLAIN)
            log.info("ring_taken_over", keys=len(plain.keys))
        else:
            log.error("ring_plain_left", path=str(self._folder / PLAIN), effect="not read: it was put back; remove it")

    def _has_published(self) -> bool:
        try:
            self._disk.open_read(self._folder / PUBLIC_KEYS).close()
        except OSError:
            return False  # as good as never published: nothing can be said about what was sealed
        return True

    def _attempt(self) -> int:
        return read_number(self._disk, self._folder / ATTEMPT)

    def _numbers(self, pattern: re.Pattern[str]) -> list[int]:
        return [int(found[1]) for name in self._disk.list(self._folder) if (found := pattern.fullmatch(name))]

    def _path(self, counter: int) -> Path:
        return self._folder / f"ring-{counter}"


def has_ring(disk: Disk, folder: Path) -> bool:
    """Whether a ring lies here, living or not."""
    try:
        return any(name == PLAIN or _FILE.fullmatch(name) for name in disk.list(folder))
    except OSError:
        return False


def has_sealed_ring(disk: Disk, folder: Path) -> bool:
    """The same, but for the plain one of the version before, which had no gate."""
    return any(_FILE.fullmatch(name) for name in disk.list(folder))


def _open(disk: Disk, path: Path, sealer: Sealer) -> tuple[RingFile, Ring]:
    try:
        file = parse_ring_file(read_whole(disk, path, RING_FILE_LIMIT))
        if path.name != f"ring-{file.counter}":
            raise Refused(f"{path}: holds the ring of counter {file.counter}: an older one was put back in its place")
        return file, file.open(sealer.open(file.sealed))
    except Invalid as error:
        raise Damaged(f"{path}: {error}; put its last copy back, nothing was changed") from error


def _read_plain(disk: Disk, folder: Path) -> Ring | None:
    try:
        return parse_ring(read_whole(disk, folder / PLAIN, RING_LIMIT))
    except FileNotFoundError:
        return None
    except Invalid as error:
        raise Damaged(f"{folder / PLAIN}: {error}; put its last copy back, nothing was changed") from error
