# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Laws of the disk that fails; those of `durable.Disk` hold for the real one too."""

import errno
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrazzo.base.errors import Refused
from torrazzo.durable import Disk, OsDisk
from torrazzo.testing.disk import FaultyDisk, PowerOff

ROOT = Path("/archive/volumes")
SEEDS = range(60)


@pytest.fixture(params=["real", "faulty"])
def disk_and_root(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Disk, Path]:
    """A disk and an empty folder on it."""
    disk: Disk = OsDisk() if request.param == "real" else FaultyDisk()
    root = tmp_path / "volumes"
    disk.make_folder(root)
    return disk, root


def new_disk() -> FaultyDisk:
    disk = FaultyDisk()
    disk.make_folder(ROOT)
    return disk


def test_it_does_what_the_real_one_does(disk_and_root: tuple[Disk, Path]) -> None:
    """Without faults the fake and the machine's disk give the same results and the same errors."""
    disk, root = disk_and_root
    file = disk.create(root / "a.vol")
    assert file.append([b"one", bytearray(b"two"), memoryview(b"three")]) == 11
    file.sync()
    assert file.size == 11
    with pytest.raises(FileExistsError):
        disk.create(root / "a.vol")
    reader = disk.open_read(root / "a.vol")
    assert (reader.read(3, 3), reader.read(6, 100), reader.read(50, 5), reader.size()) == (b"two", b"three", b"", 11)
    file.append([b"!"])
    file.sync()
    assert reader.size() == 12
    disk.sync_folder(root)
    disk.publish(root / "b.json", b"1")
    disk.publish(root / "b.json", b"22")
    disk.make_folder(root / "deep" / "er")
    assert disk.list(root) == ["a.vol", "b.json", "deep"]
    assert disk.open_read(root / "b.json").read(0, 9) == b"22"
    disk.unlink(root / "a.vol")
    assert reader.read(0, 3) == b"one"
    disk.erase(root / "b.json")
    for act in (disk.open_read, disk.unlink, disk.erase):
        with pytest.raises(FileNotFoundError):
            act(root / "a.vol")
    with pytest.raises(FileNotFoundError):
        disk.list(root / "nowhere")
    with pytest.raises(FileNotFoundError):
        disk.create(root / "nowhere" / "a")
    assert disk.free_bytes(root) > 0
    with disk.lock(root / "lock"), pytest.raises(Refused):
        disk.lock(root / "lock")
    disk.lock(root / "lock").release()
    reader.close()
    file.close()
    file.close()


def test_what_was_synced_survives_every_power_cut() -> None:
    """Synced bytes under a synced name are there, unchanged, whatever the seed; bytes never come from nowhere."""
    disk = new_disk()
    file = disk.create(ROOT / "a")
    file.append([b"safe" * 400])
    file.sync()
    disk.sync_folder(ROOT)
    file.append([b"lost" * 1000])
    lengths = set()
    for seed in SEEDS:
        after = disk.after_power_cut(seed)
        content = after.content(ROOT / "a")
        assert content[:1600] == b"safe" * 400
        assert len(content) <= 5600
        lengths.add(len(content))
        assert after.content(ROOT / "a") == disk.after_power_cut(seed).content(ROOT / "a")
    assert {1600, 5600} < lengths
    assert len(lengths) > 10


def test_what_was_not_synced_is_dropped_torn_and_reordered() -> None:
    """Among the seeds: all lost, all kept, an end torn off, a hole before what came later, a sector half written."""
    disk = new_disk()
    file = disk.create(ROOT / "a")
    disk.sync_folder(ROOT)
    for number in range(20):
        file.append([bytes((number + 1,)) * 512])
    found = [disk.after_power_cut(seed).content(ROOT / "a") for seed in range(300)]
    whole = b"".join(bytes((number + 1,)) * 512 for number in range(20))
    assert b"" in found
    assert whole in found
    assert any(0 < len(content) < len(whole) and whole.startswith(content) for content in found)
    holes = [[at for at in range(0, len(content), 512) if not any(content[at : at + 512])] for content in found]
    assert any(hole and len(content) > hole[0] + 512 for hole, content in zip(holes, found, strict=True))
    assert any(
        0 < sum(byte == at // 512 + 1 for byte in content[at : at + 512]) < 512
        for content in found
        for at in range(0, len(content) - 511, 512)
    )


def test_names_are_safe_only_after_sync_folder() -> None:
    """A new file, synced itself, may be missing until its folder is synced; a removed one may be back."""
    disk = new_disk()
    for name in ("old", "older"):
        disk.create(ROOT / name)
    disk.sync_folder(ROOT)
    file = disk.create(ROOT / "new")
    file.append([b"x"])
    file.sync()
    disk.unlink(ROOT / "old")
    seen = {tuple(disk.after_power_cut(seed).list(ROOT)) for seed in SEEDS}
    assert seen == {("old", "older"), ("older",), ("new", "old", "older"), ("new", "older")}
    disk.sync_folder(ROOT)
    assert {tuple(disk.after_power_cut(seed).list(ROOT)) for seed in SEEDS} == {("new", "older")}


@given(act=st.integers(1, 6), seed=st.integers(0, 1_000_000))
def test_publish_is_atomic_whenever_the_power_goes(act: int, seed: int) -> None:
    """After a power cut during any step, the file is the whole old or the whole new one."""
    disk = new_disk()
    disk.publish(ROOT / "plan", b"old" * 1000)
    disk.cut_power_at(act)
    try:
        disk.publish(ROOT / "plan", b"new" * 2000)
        is_done = True
    except PowerOff:
        is_done = False
    content = disk.after_power_cut(seed).content(ROOT / "plan")
    assert content in ({b"new" * 2000} if is_done else {b"old" * 1000, b"new" * 2000})


@pytest.mark.parametrize("op", ["create", "append", "sync", "rename", "sync_folder"])
@pytest.mark.parametrize("but_persist", [False, True])
def test_a_step_of_publish_that_fails_raises_and_leaves_one_of_both(op: str, but_persist: bool) -> None:
    """Each step fails once, with and without effect: an error, and the old content or the new one."""
    disk = new_disk()
    disk.publish(ROOT / "plan", b"old")
    disk.fail(op, error=errno.EIO, but_persist=but_persist)
    with pytest.raises(OSError, match="Input/output error"):
        disk.publish(ROOT / "plan", b"new")
    expected = {b"new"} if op == "sync_folder" or (op == "rename" and but_persist) else {b"old"}
    assert disk.content(ROOT / "plan") in expected
    disk.publish(ROOT / "plan", b"newest")
    assert disk.list(ROOT) == ["plan"]


def test_failures_hit_the_act_they_are_meant_for() -> None:
    """By kind, by path, from the nth on, so many times; others pass."""
    disk = new_disk()
    disk.fail("append", "*/b", nth=2, count=2, error=errno.ENOSPC)
    a, b = disk.create(ROOT / "a"), disk.create(ROOT / "b")
    results = []
    for _ in range(4):
        a.append([b"1234"])
        try:
            results.append(b.append([b"1234"]))
        except OSError as error:
            results.append(-(error.errno or 0))
    assert results == [4, -errno.ENOSPC, -errno.ENOSPC, 4]
    assert (a.size, b.size) == (16, 4 + 2 + 2 + 4)
    assert disk.statistics.failures == 2
    assert disk.statistics.acts["append"] == 8


def test_a_failed_sync_loses_what_a_later_sync_seems_to_save() -> None:
    """After a failed sync the kernel takes the pages for clean: a second sync succeeds and saves nothing of them."""
    disk = new_disk()
    file = disk.create(ROOT / "a")
    disk.sync_folder(ROOT)
    file.append([b"x" * 5120])
    disk.fail("sync")
    with pytest.raises(OSError, match="Input/output"):
        file.sync()
    file.sync()
    assert any(disk.after_power_cut(seed).content(ROOT / "a") != b"x" * 5120 for seed in SEEDS)
    disk.fail("sync", but_persist=True)
    file.append([b"y" * 100])
    with pytest.raises(OSError, match="Input/output"):
        file.sync()
    assert all(disk.after_power_cut(seed).content(ROOT / "a")[5120:] == b"y" * 100 for seed in SEEDS)


def test_a_full_disk_takes_what_fits_and_recovers() -> None:
    """ENOSPC when it is full, short; room after unlink, once the file is closed."""
    disk = FaultyDisk(capacity=1000)
    disk.make_folder(ROOT)
    first = disk.create(ROOT / "first")
    first.append([b"x" * 900])
    second = disk.create(ROOT / "second")
    with pytest.raises(OSError, match="No space"):
        second.append([b"y" * 200])
    assert (second.size, disk.free_bytes(ROOT), disk.used) == (100, 0, 1000)
    disk.unlink(ROOT / "first")
    assert disk.free_bytes(ROOT) == 0
    first.close()
    assert disk.free_bytes(ROOT) == 900
    disk.capacity = 5000
    second.append([b"z" * 4000])


def test_a_stall_holds_exactly_what_it_is_meant_for() -> None:
    """A sync waits at the gate while other acts pass; opened, it goes on."""
    disk = new_disk()
    file = disk.create(ROOT / "a")
    with disk.stall("sync", "*/a") as gate:
        thread = threading.Thread(target=file.sync)
        thread.start()
        assert gate.wait_for_arrival()
        disk.publish(ROOT / "b", b"passes")
        assert thread.is_alive()
        gate.open()
        thread.join(60)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    "act",
    [
        lambda disk: disk.list(ROOT),
        lambda disk: disk.publish(ROOT / "b", b""),
        lambda disk: disk.sync_folder(ROOT),
        lambda disk: disk.lock(ROOT / "l"),
    ],
)
def test_after_a_power_cut_the_old_disk_is_dead(act: Callable[[FaultyDisk], object]) -> None:
    """Whoever still holds it gets errors; the new one has no locks."""
    disk = new_disk()
    file = disk.create(ROOT / "a")
    disk.lock(ROOT / "lock")
    after = disk.power_cut(1)
    with pytest.raises(PowerOff):
        act(disk)
    with pytest.raises(PowerOff):
        file.append([b"x"])
    after.lock(ROOT / "lock")


def test_a_killed_program_loses_what_it_had_staged() -> None:
    """After a kill all names are there, though not safe yet, and all bytes but less than a megabyte not yet synced."""
    disk = new_disk()
    file = disk.create(ROOT / "a")
    file.append([b"x" * 100])
    file.sync()
    file.append([b"y" * (3 << 19), b"z"])
    after = disk.kill()
    assert after.content(ROOT / "a") == b"x" * 100 + b"y" * (1 << 20)
    assert any(after.after_power_cut(seed).list(ROOT) == [] for seed in SEEDS)
    with pytest.raises(PowerOff):
        disk.list(ROOT)


def test_damage_and_copies(tmp_path: Path) -> None:
    """Bytes can be spoilt, ends lost, files moved; a copy on the real disk is the same, and comes back the same."""
    disk = new_disk()
    disk.publish(ROOT / "a", b"0123456789")
    disk.damage(ROOT / "a", 3, b"X")
    disk.cut_off(ROOT / "a", 8)
    disk.rename(ROOT / "a", ROOT / "b")
    assert disk.files() == [ROOT / "b"]
    disk.copy_to(tmp_path / "real", Path("/archive"))
    assert (tmp_path / "real" / "volumes" / "b").read_bytes() == b"012X4567"
    other = FaultyDisk()
    other.copy_from(tmp_path / "real", Path("/archive"))
    assert other.power_cut(1).content(ROOT / "b") == b"012X4567"


@pytest.mark.parametrize("act", [1, 2, 3, None])
def test_what_was_erased_is_gone_once_it_was_synced(act: int | None) -> None:
    """Power that goes before the sync may leave old and new sectors mixed; afterwards the old ones are gone."""
    old, found = bytes([7]) * 2000, set()
    for seed in SEEDS:
        disk = new_disk()
        disk.publish(ROOT / "secret", old)
        if act is not None:
            disk.cut_power_at(act)
            with pytest.raises(PowerOff):
                disk.erase(ROOT / "secret")
        else:
            disk.erase(ROOT / "secret")
        after = disk.power_cut(seed)
        found.add(after.content(ROOT / "secret") if after.files() else b"")
    if act in {1, 2}:  # the power goes while it overwrites, or syncs
        assert len(found) > 4
    else:
        assert found == {b"", bytes(2000)}
