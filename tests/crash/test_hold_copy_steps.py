# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Copying of held footage, and its end, that die at each single change of the disk, and go on in the next life."""

import contextlib
import itertools
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

import pytest

from tests.tools.gate_town import at, hold_values
from tests.tools.held_town import Steps
from tests.tools.recording import NODE, STREAM, Recording
from torrazzo.archive import VolumeReader, open_root
from torrazzo.archive.root import Root
from torrazzo.base import Span
from torrazzo.base.errors import TorrazzoError
from torrazzo.base.times import UtcTicks, hour_of
from torrazzo.catalogue import Catalogue, CatalogueWriter, Delivered
from torrazzo.durable import Disk, DiskFile, OsDisk
from torrazzo.durable.disk import Lock, ReadFile
from torrazzo.evidence.hold import Placing
from torrazzo.evidence.hold_copy import HoldCopy
from torrazzo.keyring.chore import Keyring
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.trusted_time import Judgement
from torrazzo.keyring.vault import Vault
from torrazzo.ledger.act import WINDOW, pack_act, parse_act
from torrazzo.ledger.identity import EntryName
from torrazzo.playback.held import Everything, HeldIndex
from torrazzo.retention.held import Held
from torrazzo.testing import ClipSpec, FakeClock, make_clip
from torrazzo.town.home import Home

HOLD, NEXT = EntryName("act", 12), EntryName("act.2", 12)
KEYS = {1: bytes(32)}


class DyingDisk:
    """The machine's, as of a process that is killed at its n-th change; from then on it changes nothing."""

    def __init__(self, at: int) -> None:
        self._disk, self._left = OsDisk(), at

    @property
    def is_dead(self) -> bool:
        return self._left <= 0

    def count(self) -> None:
        self._left -= 1
        if self.is_dead:
            raise OSError(5, "killed")

    def create(self, path: Path) -> DiskFile:
        self.count()
        return _DyingFile(self._disk.create(path), self)

    def publish(self, path: Path, data: bytes, mode: int = 0o600) -> None:
        self.count()
        self._disk.publish(path, data, mode)

    def unlink(self, path: Path) -> None:
        self.count()
        self._disk.unlink(path)

    def make_folder(self, path: Path) -> None:
        self.count()
        self._disk.make_folder(path)

    def open_read(self, path: Path) -> ReadFile:
        return self._disk.open_read(path)

    def sync_folder(self, path: Path) -> None:
        self.count()

    def erase(self, path: Path) -> None:
        self.count()
        self._disk.erase(path)

    def list(self, folder: Path) -> list[str]:
        return self._disk.list(folder)

    def free_bytes(self, folder: Path) -> int:
        return self._disk.free_bytes(folder)

    def lock(self, path: Path) -> Lock:
        return self._disk.lock(path)


class _DyingFile:
    def __init__(self, file: DiskFile, disk: DyingDisk) -> None:
        self._file, self._disk = file, disk

    @property
    def size(self) -> int:
        return self._file.size

    def append(self, buffers: Sequence[bytes | bytearray | memoryview]) -> int:
        self._disk.count()
        return self._file.append(buffers)

    def sync(self) -> None:
        self._disk.count()
        self._file.sync()

    def close(self) -> None:
        self._file.close()


class HeldHome:
    """Three volumes, all of them held, nothing copied."""

    def __init__(self, folder: Path) -> None:
        made = Recording(folder)
        clip = make_clip(ClipSpec(width=64, height=48, frames=100))
        for _ in range(3):
            made.shoot(clip, 25)
            made.gap(700)
        made.finish()
        with CatalogueWriter(made.home.catalogue_db) as writer:
            writer.insert(Delivered(told.fact, told.volume, told.pieces) for told in made.deliveries)
        self.home, self.root = made.home, made.root
        span = Span(made.start, UtcTicks(made.now))
        values = hold_values(streams=[str(STREAM)], t0=span.start, t1=span.end, until=made.now + WINDOW)
        self.span, self.term, self.now = span, made.term, UtcTicks(made.now)
        self.act = parse_act(pack_act("hold", made.now, values))
        self.put(self.home, HOLD)
        with Catalogue(self.home.catalogue_db) as catalogue:
            everything = Everything(catalogue)
            placing = Placing(self.home, OsDisk(), FakeClock(UtcTicks(made.now)), everything, [self.root])
            rows, _ = placing._find([STREAM], span)
            assert len(placing._want(HOLD, rows)[1]) == 3
            self.pieces = {
                (row.id, at): self._c(row.volume, offset) for row in rows for at, offset in enumerate(row.pieces)
            }
            self.facts = {catalogue.fact(row.id) for row in rows}

    def put(self, home: Home, hold: EntryName) -> None:
        """A key goes into the vault."""
        vault = opened(home, OsDisk(), [])
        vault.put(hold, self.act, STREAM, self.term, KeyName(hour_of(self.span.start), "standard"), KEYS)

    def _c(self, volume: str | None, offset: int) -> bytes:
        assert volume is not None
        with VolumeReader.open(OsDisk(), self.root.volumes / volume) as reader:
            return reader.header_at(offset).c


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> HeldHome:
    return HeldHome(tmp_path_factory.mktemp("held"))


def opened(home: Home, disk: Disk, told: list[Mapping[str, object]]) -> Vault:
    vault = Vault(disk, home.vault, lambda _kind, values: told.append(values))
    vault.load()
    return vault


def copying(home: Home, disk: Disk, hold: EntryName = HOLD) -> None:
    def roots() -> list[Root]:
        return [open_root(OsDisk(), path) for path in [home.path / "archive"] if path.exists()]

    HoldCopy(home, disk, NODE, roots).run({"hold": str(hold)}, Steps())


def lose_archive(home: Home) -> None:
    shutil.rmtree(home.path / "archive")
    home.catalogue_db.unlink()


def check(home: Home, held: HeldHome, hold: EntryName = HOLD) -> None:
    """All is there, found and read without the archive."""
    folder = Held(home, OsDisk()).folder(hold)
    index = HeldIndex(home, OsDisk())
    (root,) = index.roots()
    rows = index.segments(STREAM, Span(UtcTicks(0), UtcTicks(1 << 60)))
    pieces = {}
    for row in rows:
        assert row.volume is not None
        with VolumeReader.open(OsDisk(), root.volumes / row.volume) as reader:
            assert reader.is_closed
            for at, offset in enumerate(row.pieces):
                header = reader.header_at(offset)
                reader.payload(header)  # raises if it is not what c says
                pieces[row.id, at] = header.c
    facts = {index.fact(row.id) for row in rows}
    index.close()
    assert pieces == held.pieces
    assert facts == held.facts
    with Catalogue(folder / "catalogue.db") as catalogue:
        assert len(catalogue.gaps(STREAM, Span(UtcTicks(0), UtcTicks(1 << 60)))) == 2
    assert not any(name.startswith(("source", "wanted")) for name in OsDisk().list(folder))


def deaths(origin: Home, folder: Path, life: Callable[[Home, Disk], None]) -> Iterator[tuple[Home, bool]]:
    for step in itertools.count(1):
        home = Home(folder / str(step))
        shutil.copytree(origin.path, home.path)
        disk = DyingDisk(step)
        with contextlib.suppress(OSError, TorrazzoError):
            life(home, disk)
        yield home, not disk.is_dead
        if not disk.is_dead:
            assert step > 20
            return
        shutil.rmtree(home.path)


def test_each_change_may_be_the_last_of_a_life(held: HeldHome, tmp_path: Path) -> None:
    """The sources are wanted until all is copied; the next life copies what is missing, and nothing is lost."""
    for home, is_through in deaths(held.home, tmp_path, copying):
        folder = Held(home, OsDisk()).folder(HOLD)
        is_done = "wanted.json" not in OsDisk().list(folder)
        assert len(Held(home, OsDisk()).awaited()) == (0 if is_done else 3)
        assert is_done or not is_through
        copying(home, OsDisk())
        lose_archive(home)
        check(home, held)


def test_damage_costs_a_segment(held: HeldHome, tmp_path: Path) -> None:
    """A piece that was altered before it could be copied is told with its segment; all others are copied."""
    home = Home(tmp_path / "home")
    shutil.copytree(held.home.path, home.path)
    first = min((home.path / "archive" / "volumes").iterdir())
    data = bytearray(first.read_bytes())
    data[3_000] ^= 1
    first.write_bytes(data)
    copying(home, OsDisk())
    folder = Held(home, OsDisk()).folder(HOLD)
    assert STREAM.camera in (folder / "lost.json").read_text()
    index = HeldIndex(home, OsDisk())
    rows = index.segments(STREAM, Span(UtcTicks(0), UtcTicks(1 << 60)))
    index.close()
    assert len({row.id for row in rows}) == len(held.facts) - 1


class Agreed:
    """Of the keyring what the chore asks: its clocks, which agree."""

    def __init__(self, now: UtcTicks) -> None:
        self.now = now

    def judge(self) -> Judgement:
        return at(self.now)


@pytest.fixture(scope="module")
def prolonged(held: HeldHome, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The hold is copied, and the archive gone; of the same another hold is placed, and nothing of it copied."""
    home = Home(tmp_path_factory.mktemp("prolonged") / "home")
    shutil.copytree(held.home.path, home.path)
    copying(home, OsDisk())
    lose_archive(home)
    held.put(home, NEXT)
    index = HeldIndex(home, OsDisk())
    with Catalogue(Held(home, OsDisk()).folder(HOLD) / "catalogue.db") as catalogue:
        placing = Placing(home, OsDisk(), FakeClock(held.now), Everything(catalogue, index), index.roots())
        rows, _ = placing._find([STREAM], held.span)
        assert len(placing._want(NEXT, rows)[1]) == 3
    index.close()
    return home


def ending(held: HeldHome, told: list[Mapping[str, object]]) -> Callable[[Home, Disk], None]:
    """A life in which the first hold is released, and the other one copied from its copies."""

    def life(home: Home, disk: Disk) -> None:
        vault, chore = opened(home, disk, told), Held(home, disk)
        if vault.placed(HOLD) is not None:
            vault.release(HOLD)
        vault.tend(None)
        for _ in range(2):
            chore(cast("Keyring", Agreed(held.now)))
            copying(home, disk, NEXT)

    return life


def test_an_end_may_be_cut_off_anywhere(held: HeldHome, prolonged: Home, tmp_path: Path) -> None:
    """Neither key nor ciphertext of a hold that is over is left, it was booked; what another one needs is whole."""
    told: list[Mapping[str, object]] = []
    life = ending(held, told)
    for home, _ in deaths(prolonged, tmp_path, life):
        life(home, OsDisk())
        vault, folders = opened(home, OsDisk(), told), Held(home, OsDisk())
        assert {fact["hold"] for fact in told} == {str(HOLD)}
        assert [hold.name for hold in vault.holds] == [NEXT]
        assert list(vault._opened().ring.keys) == [vault.holds[0].key]
        assert list((home.vault / "holds" / str(HOLD)).iterdir()) == []
        assert [path for path in folders.folder(HOLD).rglob("*") if path.is_file()] == []
        assert vault.keys(STREAM, held.term, [1]) == KEYS
        check(home, held, NEXT)
        told.clear()


def test_facts_are_asked_for_by_the_hour(held: HeldHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No question to the catalogue is about one segment or one fact; the copies are the same, with their gaps."""
    home, asked = Home(tmp_path / "home"), list[str]()
    shutil.copytree(held.home.path, home.path)

    def counted(name: str) -> Callable[..., object]:
        ask = getattr(Catalogue, name)

        def one(*words: object) -> object:
            asked.append(name)
            return ask(*words)

        return one

    with monkeypatch.context() as counting:
        for name in ("fact", "segment"):
            counting.setattr(Catalogue, name, counted(name))
        copying(home, OsDisk())
    assert asked == []
    lose_archive(home)
    check(home, held)
