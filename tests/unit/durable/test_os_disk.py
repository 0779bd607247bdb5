# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The machine's own disk, in a temporary folder."""

import os
import stat
import subprocess
import threading
from pathlib import Path

import pytest

from torrazzo.base.errors import Damaged, Refused
from torrazzo.durable import OsDisk, move_into_place
from torrazzo.durable.memory_file import MemoryFile
from torrazzo.durable.os_disk import OsDiskFile


def test_appended_buffers_are_the_file(tmp_path: Path) -> None:
    """Thousands of buffers of every type, more than one call can gather, arrive in order."""
    disk = OsDisk()
    file = disk.create(tmp_path / "a")
    parts = [bytes([number % 256]) * (number % 7) for number in range(5000)]
    mixed = [(bytes, bytearray, memoryview)[number % 3](part) for number, part in enumerate(parts)]
    assert file.append(mixed) == sum(map(len, parts)) == file.size
    file.append([b"end"])
    file.sync()
    file.close()
    file.close()
    assert (tmp_path / "a").read_bytes() == b"".join(parts) + b"end"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


def test_a_short_write_is_continued() -> None:
    """When the kernel takes less than it was given, the rest follows in order."""
    reading, writing = os.pipe()
    os.set_blocking(writing, True)
    got: list[bytes] = []

    def drain() -> None:
        while data := os.read(reading, 4096):
            got.append(data)

    thread = threading.Thread(target=drain)
    thread.start()
    file = OsDiskFile(writing)
    sent = [os.urandom(300_000) for _ in range(4)]
    file.append(sent)
    file.close()
    thread.join()
    os.close(reading)
    assert b"".join(got) == b"".join(sent)
    assert file.size == 1_200_000


def test_nothing_that_exists_is_written_to(tmp_path: Path) -> None:
    """Creating over a file, or through a link, fails and leaves it alone."""
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "b")
    for name in ("a", "link"):
        with pytest.raises(FileExistsError):
            OsDisk().create(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == b"old"
    assert not (tmp_path / "b").exists()


def test_what_is_no_regular_file_is_not_opened(tmp_path: Path) -> None:
    """Nor waited for: a pipe would be until somebody writes to it."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "link", "folder"):
        with pytest.raises(Damaged, match="not a regular file"):
            OsDisk().open_read(tmp_path / name)


def test_reading_is_short_only_at_the_end(tmp_path: Path) -> None:
    """Reads anywhere give what is there."""
    (tmp_path / "a").write_bytes(bytes(range(200)))
    file = OsDisk().open_read(tmp_path / "a")
    assert (file.read(10, 5), file.read(195, 50), file.read(300, 5), file.size()) == (
        bytes(range(10, 15)),
        bytes(range(195, 200)),
        b"",
        200,
    )
    file.close()
    file.close()


def test_settled_bytes_are_those_of_the_disk(tmp_path: Path) -> None:
    """What another program left unsynced is made safe and stays readable; settling twice, and anywhere, is fine."""
    data = os.urandom(20_000)
    (tmp_path / "a").write_bytes(data)
    file = OsDisk().open_read(tmp_path / "a")
    for offset in (0, 5_000, 20_000, 30_000):
        file.settle(offset)
        assert file.read(0, 30_000) == data
    file.close()


def test_publish_replaces_all_or_nothing(tmp_path: Path) -> None:
    """The new content replaces the old with the asked mode; a leftover of a crash is no obstacle; none remains."""
    disk, path = OsDisk(), tmp_path / "plan.json"
    (tmp_path / ".plan.json.new").write_bytes(b"half of a longer one that was never finished")
    disk.publish(path, b"one")
    disk.publish(path, b"two", mode=0o644)
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert disk.list(tmp_path) == ["plan.json"]


def test_publish_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    """A target that cannot be replaced raises, and nothing is left beside it."""
    (tmp_path / "a").mkdir()
    with pytest.raises(OSError, match="directory"):
        OsDisk().publish(tmp_path / "a", b"x")
    assert OsDisk().list(tmp_path) == ["a"]


def test_publishers_of_one_path_do_not_mix(tmp_path: Path) -> None:
    """Two threads that publish the same path leave one whole content."""
    disk, path = OsDisk(), tmp_path / "a"

    def many(letter: bytes) -> None:
        for _ in range(50):
            disk.publish(path, letter * 10_000)
            assert path.read_bytes() in (b"a" * 10_000, b"b" * 10_000)

    threads = [threading.Thread(target=many, args=(letter,)) for letter in (b"a", b"b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in (b"a" * 10_000, b"b" * 10_000)
    assert disk.list(tmp_path) == ["a"]


def test_a_finished_file_is_moved_into_place(tmp_path: Path) -> None:
    """A file written by others replaces the old one as a whole."""
    (tmp_path / "new").write_bytes(b"new")
    (tmp_path / "a").write_bytes(b"old")
    move_into_place(tmp_path / "new", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert OsDisk().list(tmp_path) == ["a"]


def test_folders_are_made_private(tmp_path: Path) -> None:
    """Folders and those above them appear with mode 0700; making them twice is fine; removal is possible."""
    disk = OsDisk()
    disk.make_folder(tmp_path / "a" / "b")
    disk.make_folder(tmp_path / "a" / "b")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700
    disk.create(tmp_path / "a" / "b" / "f").close()
    disk.unlink(tmp_path / "a" / "b" / "f")
    disk.sync_folder(tmp_path / "a" / "b")
    assert disk.list(tmp_path / "a" / "b") == []
    assert disk.free_bytes(tmp_path) > 0


def test_a_lock_has_one_holder(tmp_path: Path) -> None:
    """A second holder is refused at once, and let in after release."""
    disk, path = OsDisk(), tmp_path / "lock"
    with disk.lock(path), pytest.raises(Refused, match="lock: held"):
        disk.lock(path)
    again = disk.lock(path)
    again.release()
    again.release()


def test_an_erased_file_is_zeros_before_its_name_goes(tmp_path: Path) -> None:
    """Whoever still has the file open finds zeros in it, not only no name; a link is not followed."""
    path = tmp_path / "secret"
    path.write_bytes(b"secret" * 100_000)
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(OSError, match="link"):
        OsDisk().erase(tmp_path / "link")
    file = OsDisk().open_read(path)
    OsDisk().erase(path)
    assert file.read(0, 600_000) == bytes(600_000)
    file.close()
    assert not path.exists()


def test_a_file_in_memory_is_read_by_a_child_and_has_no_name() -> None:
    """A program that was given its path reads and writes it; afterwards nothing is left."""
    with MemoryFile(b"question") as file:
        done = subprocess.run(["cat", file.path], pass_fds=[file.fd], capture_output=True, check=True)
        assert done.stdout == b"question"
        subprocess.run(["cp", "/dev/null", file.path], pass_fds=[file.fd], check=True)
        assert file.read() == b""
        path = Path(file.path)
        assert "deleted" in str(path.readlink())
    assert not path.exists()
    file.close()
