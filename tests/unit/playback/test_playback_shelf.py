# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from pathlib import Path

import pytest

from tests.tools.recording import NODE, STREAM, Recording
from torrazzo.archive import VolumeReader
from torrazzo.archive.record import Kind
from torrazzo.archive.root import make_root
from torrazzo.base import TermId
from torrazzo.base.errors import Damaged, Unavailable
from torrazzo.durable import OsDisk, ReadFile
from torrazzo.playback.shelf import Shelf
from torrazzo.testing import ClipSpec, make_clip


class BrokenDisk(OsDisk):
    """Files open, and then can't be read."""

    broken = False

    def open_read(self, path: Path) -> ReadFile:  # type: ignore[override]  # as the Disk protocol has it
        opened = super().open_read(path)
        disk = self

        class File:
            def read(self, offset: int, size: int) -> bytes:
                if disk.broken:
                    raise OSError(5, "Input/output error")
                return opened.read(offset, size)

            def size(self) -> int:
                return opened.size()

            def settle(self, offset: int) -> None:
                opened.settle(offset)

            def close(self) -> None:
                opened.close()

        return File()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Twenty-five minutes, hence several volumes."""
    recording = Recording(tmp_path_factory.mktemp("recording"))
    clip = make_clip(ClipSpec(width=160, height=120, fps="5", gop=50, frames=100))
    for _ in range(25):
        recording.shoot(clip, 60)
    recording.finish()
    return recording


def names(made: Recording) -> list[str]:
    """Its volumes."""
    return sorted(path.name for path in made.root.volumes.glob("*.vol"))


def open_files() -> int:
    """File descriptors of this process."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_few_files_stay_open(made: Recording) -> None:
    """However many volumes are read, no more than the kept ones are open, and none after closing."""
    before = open_files()
    shelf = Shelf([made.root], OsDisk(), kept=1)
    for name in names(made) * 2:
        with shelf.volume(name) as reader:
            assert reader.name == name
    assert open_files() == before + 1
    shelf.close()
    assert open_files() == before


def test_a_volume_in_use_is_not_closed(made: Recording) -> None:
    """Reading goes on although others were opened, and closing waits for the reader."""
    shelf = Shelf([made.root], OsDisk(), kept=1)
    first, *others = names(made)
    with shelf.volume(first) as reader:
        for name in others:
            with shelf.volume(name):
                pass
        shelf.close()
        assert reader.header_at(64).offset == 64
    shelf.close()


def test_a_volume_that_was_in_use_at_the_end_is_closed_by_its_reader(made: Recording) -> None:
    """A look that ends in the middle of a read keeps no file open behind it: one that is erased would stay on disk."""
    before = open_files()
    shelf = Shelf([made.root], OsDisk())
    first, second, *_ = names(made)
    with shelf.volume(first):
        shelf.close()
        with shelf.volume(second):
            pass
    assert open_files() == before


def test_a_moved_volume_is_found(made: Recording, tmp_path: Path) -> None:
    """A volume that lies in another root than its name tells is read there."""
    other = make_root(OsDisk(), tmp_path / "other", NODE)
    name = names(made)[0]
    (other.volumes / name).write_bytes((made.root.volumes / name).read_bytes())
    shelf = Shelf([other], OsDisk())
    with shelf.volume(name) as reader:
        assert reader.path.parent == other.volumes
    shelf.close()


def test_a_root_that_is_not_there_is_not_damage(made: Recording, tmp_path: Path) -> None:
    """Without the root of its name a volume is `Unavailable`; with the root and without the file it is `Damaged`."""
    other = make_root(OsDisk(), tmp_path / "other", NODE)
    name = names(made)[0]
    with pytest.raises(Unavailable, match="is not in use"), Shelf([other], OsDisk()).volume(name):
        pass
    gone = name.replace("-00000000.vol", "-000000ff.vol")
    with pytest.raises(Damaged, match="gone"), Shelf([made.root], OsDisk()).volume(gone):
        pass


def test_a_failing_disk_is_told(made: Recording) -> None:
    """An error of the disk while reading is `Unavailable` with the path, not damage."""
    disk = BrokenDisk()
    shelf = Shelf([made.root], disk)
    name = names(made)[0]
    with shelf.volume(name):
        pass
    disk.broken = True
    with pytest.raises(Unavailable, match=name), shelf.volume(name) as reader:
        reader.header_at(64)
    shelf.close()


def test_a_key_record_is_found_wherever_it_stands(made: Recording) -> None:
    """Straight before the piece it is found at once, elsewhere by the listing; of another term there is none."""
    name = names(made)[1]
    with VolumeReader.open(OsDisk(), made.root.volumes / name) as reader:
        key = next(header for header in reader.headers() if header.kind == Kind.KEY)
        sealed = reader.payload(key)
    shelf = Shelf([made.root], OsDisk())
    for hint in (key.end, key.end + 7, 0):
        assert shelf.sealed_key(name, STREAM, made.term, hint) == sealed
    with pytest.raises(Damaged, match="no key record"):
        shelf.sealed_key(name, STREAM, TermId(NODE, 99, made.start), key.end)
    shelf.close()
