# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Some streams of one hour erased early, the others kept (docs/3-formats/ring.md, section Early erasure).

1. Every other K of the hour is opened and sealed to a fresh key; all of them, in one file, safe on disk. 2. The ring is
replaced: the fresh key stands in the old one's place, which commits. 3. It is booked. A file counts only while its key
is the ring's: one that a crash left before 2 is nothing, and goes; after 2 it is booked by the next look. A ring that
was begun is ended before any file is judged: it may be about to need one.
"""

import hashlib
import re
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self, TypeAlias

import structlog
from cryptography.exceptions import InvalidTag

from torrazzo.archive.header import VolumeHeader
from torrazzo.archive.reader import NeverBegan, VolumeReader
from torrazzo.archive.record import Kind
from torrazzo.archive.root import open_root, volume_names
from torrazzo.base.errors import Damaged, Invalid, KeyGone, Refused, TorrazzoError, Unavailable
from torrazzo.base.ids import StreamId, TermId
from torrazzo.base.times import UtcTicks, hour_of, hour_text
from torrazzo.durable import Disk, read_whole
from torrazzo.keyring.document import (
    base64_text,
    compact,
    expect_bytes,
    expect_names,
    expect_number,
    expect_object,
    expect_text,
    parse_object,
)
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.ring import PrivateKey
from torrazzo.keyring.store import RingStore
from torrazzo.seal import SEALED_KEY_LENGTH, seal_key
from torrazzo.seal.envelope import seal_info

OVER_HOURS = 2  # so long after its beginning nothing more is sealed to an hour's key

_LIMIT = 64 << 20
_FILE = re.compile(r"rekey-\d{10}-[a-z0-9_]{1,16}-[0-9a-f]{16}\.json", re.ASCII)

Owner: TypeAlias = tuple[StreamId, TermId]

log = structlog.get_logger(__name__)


class Rekeyed(NamedTuple):
    """One file."""

    name: KeyName
    public: bytes  # SHA-256 of the public half of the key that opens these
    of: int  # number in `act` of the approval
    streams: tuple[str, ...]  # that were erased with it
    keys: Mapping[Owner, bytes]  # sealed
    is_booked: bool = False

    @property
    def file(self) -> str:
        """Its name."""
        return f"rekey-{hour_text(self.name.hour)}-{self.name.class_}-{self.public.hex()[:16]}.json"

    def is_of(self, of: int, streams: Collection[StreamId]) -> bool:
        """Whether this is what came of that order."""
        return self.of == of and any(str(stream) in self.streams for stream in streams)

    def pack(self) -> bytes:
        """One line of JSON."""
        keys = [
            {"stream": str(stream), "term": str(term), "sealed": base64_text(sealed)}
            for (stream, term), sealed in sorted(self.keys.items())
        ]
        return compact(
            {
                "v": 1,
                "key": str(self.name),
                "public": base64_text(self.public),
                "of": self.of,
                "streams": list(self.streams),
                "booked": self.is_booked,
                "keys": keys,
            }
        )

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The inverse of `pack`; raises `Invalid`."""
        found = parse_object(data, "rekey", _LIMIT)
        expect_names(found, {"v", "key", "public", "of", "streams", "booked", "keys"}, "rekey")
        keys, streams = found["keys"], found["streams"]
        if found["v"] != 1 or not isinstance(keys, list) or not isinstance(streams, list):
            raise Invalid("rekey: not of version 1")
        return cls(
            KeyName.parse(expect_text(found["key"], "key")),
            expect_bytes(found["public"], 32, "public"),
            expect_number(found["of"], "of"),
            tuple(str(StreamId.parse(expect_text(stream, "streams"))) for stream in streams),
            dict(map(_parse_key, keys)),
            found["booked"] is True,
        )


def is_rekey_file(name: str) -> bool:
    """Whether a file of the keyring's folder is one."""
    return _FILE.fullmatch(name) is not None


class Rekeys:
    """Of one keyring. `erase`, `load` and `look` are the clockwork's, the rest is for any thread."""

    def __init__(
        self,
        disk: Disk,
        folder: Path,
        store: RingStore,
        roots: Sequence[Path],
        book: Callable[[str, Mapping[str, object]], None],
    ) -> None:
        self._disk, self._folder, self._store, self._roots, self._book = disk, folder, store, roots, book
        self._lock = threading.Lock()
        self._living: Mapping[KeyName, Rekeyed] = {}
        self._unsettled: set[int] = set()  # hours of which something was begun, and not looked at since
        self.is_read = False  # the files were looked through in this life
        self.unread: frozenset[KeyName] = frozenset()  # whose file counts, and was never read in this life

    def sealed(self, name: KeyName, stream: StreamId, term: TermId, given: bytes) -> bytes:
        """K as it is to be opened: what a reader found in a volume, unless the hour was sealed anew.

        Raises `KeyGone` for a stream that was erased, `Unavailable` where the file that says so cannot be read.
        """
        with self._lock:
            rekeyed, is_unread = self._living.get(name), name in self.unread
        if is_unread:
            raise Unavailable(f"{name}: what was erased early in it cannot be read; see the keyring's alarms")
        if rekeyed is None:
            return given
        if (stream, term) not in rekeyed.keys:
            raise KeyGone(f"{stream} {name}: was erased early, by order; nobody can open it any more", "erased")
        return rekeyed.keys[stream, term]

    def has_erased(self, name: KeyName, stream: StreamId) -> bool:
        """Whether a file that counts leaves this stream out."""
        with self._lock:
            rekeyed = self._living.get(name)
        return rekeyed is not None and all(stream != each for each, _ in rekeyed.keys)

    def expect_settled(self, hour: int) -> None:
        """Raises `Unavailable` while an erasure that failed may be ended by a later look: nothing is held under it."""
        with self._lock:
            if not self.is_read or hour in self._unsettled:
                raise Unavailable(f"{hour_text(hour)}: an erasure was begun, and it is not known yet what came of it")

    def look(self) -> None:
        """Once a minute, and at the start: know the files that count, remove others, book what is not booked.

        Raises `Damaged` for one that counts and cannot be read, when all others are known: its hour alone is shut.
        """
        self._store.finish()
        living: dict[KeyName, Rekeyed] = {}
        troubles: dict[KeyName, str] = {}
        for file in filter(is_rekey_file, self._disk.list(self._folder)):
            try:
                rekeyed = Rekeyed.parse(read_whole(self._disk, self._folder / file, _LIMIT))
            except (Invalid, OSError) as error:
                if (name := self._named(file)) is not None:
                    troubles[name] = f"{self._folder / file}: {error}; put its last copy back"
                    continue
            else:
                if self._is_living(rekeyed):
                    living[rekeyed.name] = rekeyed
                    continue
            self._disk.erase(self._folder / file)
        with self._lock:
            known = {name: each for name, each in self._living.items() if name in troubles and self._is_living(each)}
            self._living = {**living, **known}
            self.unread = frozenset(troubles.keys() - known.keys())
            self._unsettled.clear()
            self.is_read = True
        for rekeyed in living.values():
            self._tell(rekeyed)
        if troubles:
            raise Damaged("; ".join(troubles.values()))

    def erase(self, hour: int, streams: Collection[StreamId], of: int, now: UtcTicks) -> int:
        """Destroy what opens these streams in that hour; returns how many K of others were sealed anew.

        The same order again ends what is left of it. Raises `Refused` for an hour that is not over, or gone,
        `Unavailable` while a disk is away: what others have there would be lost.
        """
        if hour > hour_of(now) - OVER_HOURS:
            raise Refused("that hour is not over for long enough: its keys are still being used; try again later")
        self.look()
        done = [each for each in self._living.values() if each.name.hour == hour and each.is_of(of, streams)]
        kept, is_found = sum(len(each.keys) for each in done), bool(done)
        for name in [name for name in self._store.ring.keys if name.hour == hour]:
            found = self._gather(name)
            if not any(stream in streams for stream, _ in found):
                continue
            is_found = True
            kept += self._replace(name, streams, of, found)
        if not is_found:
            raise Refused("nothing of that camera can be opened in that hour: it was erased, or never recorded")
        return kept

    def _replace(self, name: KeyName, streams: Collection[StreamId], of: int, found: Mapping[Owner, bytes]) -> int:
        old, fresh = self._store.ring.keys[name], PrivateKey.draw()
        public = fresh.public()
        keys = {}
        for (stream, term), sealed in found.items():
            if stream not in streams:
                k = old.open(sealed, seal_info(stream, term, *name))
                keys[stream, term] = seal_key(k, public, stream, term, *name)
        gone = tuple(sorted(str(stream) for stream in streams if any(stream == each for each, _ in found)))
        rekeyed = Rekeyed(name, hashlib.sha256(public).digest(), of, gone, keys)
        with self._lock:
            self._unsettled.add(name.hour)
        self._disk.publish(self._folder / rekeyed.file, rekeyed.pack())  # 1
        self._store.exchange(name, fresh)  # 2
        log.warning("hour_rekeyed", name=str(name), erased=len(gone), kept=len(keys))
        self.look()  # 3
        return len(keys)

    def _gather(self, name: KeyName) -> Mapping[Owner, bytes]:
        """All sealed K of the hour that open."""
        with self._lock:
            rekeyed = self._living.get(name)
        if rekeyed is not None:
            return rekeyed.keys
        key, found = self._store.ring.keys[name], dict[Owner, bytes]()
        for owner, sealed in self._sealed(name):
            if owner not in found:
                try:
                    key.open(sealed, seal_info(*owner, *name))
                except (InvalidTag, ValueError):
                    continue  # another volume of the hour may have it whole
                found[owner] = sealed
        return found

    def _sealed(self, name: KeyName) -> Iterator[tuple[Owner, bytes]]:
        for path in self._roots:
            try:
                root = open_root(self._disk, path)
                for file in volume_names(self._disk, root):
                    if self._is_of(file, name):
                        yield from self._keys_in(root.volumes / file)
            except (OSError, TorrazzoError) as error:
                raise Unavailable(f"{path}: {error}; with a disk away, what others recorded would be lost") from error

    def _keys_in(self, path: Path) -> Iterator[tuple[Owner, bytes]]:
        try:
            with VolumeReader.open(self._disk, path) as reader:
                for header in reader.headers():
                    if header.kind == Kind.KEY and header.stream is not None and header.term is not None:
                        try:
                            yield (header.stream, header.term), reader.payload(header)
                        except Damaged as error:
                            log.warning("sealed_key_damaged", path=str(path), error=str(error))
        except NeverBegan:
            return

    def _is_of(self, file: str, name: KeyName) -> bool:
        try:
            header = VolumeHeader.from_name(file)
        except Invalid:
            return False
        return (header.hour, header.retention_class) == name

    def _is_living(self, rekeyed: Rekeyed) -> bool:
        key = self._store.ring.keys.get(rekeyed.name)
        return key is not None and hashlib.sha256(key.public()).digest() == rekeyed.public

    def _named(self, file: str) -> KeyName | None:
        """Whose file it is by its name alone; None for one that does not count."""
        _, hour, class_, public = file.removesuffix(".json").split("-")
        for name, key in self._store.ring.keys.items():
            if (hour_text(name.hour), name.class_) == (hour, class_):
                return name if hashlib.sha256(key.public()).hexdigest().startswith(public) else None
        return None

    def _tell(self, rekeyed: Rekeyed) -> None:
        """May be told twice after a crash, never not at all."""
        if not rekeyed.is_booked:
            name = {"hour": hour_text(rekeyed.name.hour), "class": rekeyed.name.class_}
            self._book("rekey", {**name, "of": rekeyed.of, "streams": list(rekeyed.streams), "kept": len(rekeyed.keys)})
            done = rekeyed._replace(is_booked=True)
            self._disk.publish(self._folder / done.file, done.pack())
            with self._lock:
                self._living = {**self._living, done.name: done}


def _parse_key(value: object) -> tuple[Owner, bytes]:
    found = expect_object(value, "key")
    expect_names(found, {"stream", "term", "sealed"}, "key")
    stream, term = expect_text(found["stream"], "stream"), expect_text(found["term"], "term")
    sealed = expect_bytes(found["sealed"], SEALED_KEY_LENGTH, "sealed")
    return (StreamId.parse(stream), TermId.parse(term)), sealed
