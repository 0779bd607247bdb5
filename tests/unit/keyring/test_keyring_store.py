# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What lies in a keyring's folder, and who reads it."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from torrazzo.base.errors import Damaged, Invalid, Refused, Stopped, Unavailable
from torrazzo.durable import OsDisk
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.ring import Ring, ring_text
from torrazzo.keyring.sealer import Level
from torrazzo.keyring.sealer_file import FileSealer
from torrazzo.keyring.sealer_setup import set_up_sealer
from torrazzo.keyring.store import RingStore, has_ring

NAMES = [KeyName(hour, "standard") for hour in range(4)]


def new_life(folder: Path) -> RingStore:
    store = RingStore(OsDisk(), folder, set_up_sealer(OsDisk(), folder))
    store.load()
    return store


def ringed(folder: Path) -> RingStore:
    """A folder with a ring of four keys, whose counter is 1."""
    store = new_life(folder)
    store.draw(NAMES)
    return store


def test_a_plain_ring_is_taken_over_once(tmp_path: Path) -> None:
    """The keys of the version before are sealed as they are; of the plain file not even its blocks keep them."""
    plain = Ring({}).with_drawn(NAMES)
    (tmp_path / "ring.json").write_bytes(ring_text(plain))
    held = OsDisk().open_read(tmp_path / "ring.json")
    store = new_life(tmp_path)
    assert store.ring == plain
    assert store.draw(NAMES) == ()
    assert store.ring == new_life(tmp_path).ring == plain
    assert not (tmp_path / "ring.json").exists()
    assert held.read(0, 1 << 20) == bytes(len(ring_text(plain)))
    held.close()


def test_a_plain_ring_put_back_is_not_read(tmp_path: Path) -> None:
    """Beside a sealed ring it is left alone and told; without one it is refused: it may hold what was shredded."""
    store = ringed(tmp_path)
    old = ring_text(store.ring)
    store.shred(NAMES[:1])
    (tmp_path / "ring.json").write_bytes(old)
    with capture_logs() as logs:
        again = new_life(tmp_path)
    assert again.ring == store.ring
    assert "ring_plain_left" in [entry["event"] for entry in logs]
    assert (tmp_path / "ring.json").read_bytes() == old
    (tmp_path / "ring-2").unlink()
    with pytest.raises(Refused, match="put back"):
        new_life(tmp_path)


def test_a_shred_destroys_its_keys_and_no_other(tmp_path: Path) -> None:
    """The receipt names them, the counter and the root over those left; it is told again by the next life."""
    store = ringed(tmp_path)
    keys = dict(store.ring.keys)
    told = store.shred(reversed(NAMES[:2]))
    assert (told.names, told.counter, told.attestation.level) == (tuple(NAMES[:2]), 2, Level.FILE)
    assert store.ring.keys == {name: keys[name] for name in NAMES[2:]}
    assert told.ring_root == _root(*(f"{name}\0".encode() + keys[name].public() for name in NAMES[2:]))
    assert new_life(tmp_path).last_shred() == store.shred(NAMES[:2]) == told  # asking again shreds nothing
    store.draw([KeyName(9, "standard")])
    assert new_life(tmp_path).last_shred() == told  # it stays in the ring until the next one
    assert store.shred([NAMES[2]]).counter == 4


def _root(left: bytes, right: bytes) -> bytes:
    """RFC 6962 for two leaves, by hand."""

    def leaf(data: bytes) -> bytes:
        return hashlib.sha256(b"\0" + hashlib.sha256(b"torrazzo.ring.key.v1\0" + data).digest()).digest()

    return hashlib.sha256(b"\1" + leaf(left) + leaf(right)).digest()


def test_what_is_shredded_is_overwritten(tmp_path: Path) -> None:
    """Who had the old ring and its root open finds zeros in both."""
    store = ringed(tmp_path)
    files = [OsDisk().open_read(tmp_path / name) for name in ("ring-1", "root-1")]
    store.shred(NAMES[:1])
    for file in files:
        assert set(file.read(0, 1 << 20)) == {0}
        file.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["attempt", "counter", "ring-2", "root-2", "sealer.json"]


def test_a_shred_is_of_keys_that_are_there(tmp_path: Path) -> None:
    """No name, or one that the ring has not, is an error, and nothing is shredded; there is no last shred then."""
    store = ringed(tmp_path)
    for names in ([], [NAMES[0], KeyName(9, "standard")]):
        with pytest.raises(Invalid):
            store.shred(names)
    assert new_life(tmp_path).ring == store.ring
    assert store.last_shred() is None
    assert (tmp_path / "counter").read_text() == "1\n"


def test_an_older_ring_put_back_is_told_as_such(tmp_path: Path) -> None:
    """Beside the living ring it is erased; in its place, under its own or the living one's name, it is refused."""
    store = ringed(tmp_path)
    kept = (tmp_path / "ring-1").read_bytes()
    store.shred(NAMES[:1])
    (tmp_path / "ring-1").write_bytes(kept)
    assert new_life(tmp_path).ring == store.ring
    assert not (tmp_path / "ring-1").exists()
    (tmp_path / "ring-2").write_bytes(kept)
    with pytest.raises(Refused, match="an older one was put back"):
        new_life(tmp_path)
    (tmp_path / "ring-2").rename(tmp_path / "ring-1")
    with pytest.raises(Refused, match="shredded"):
        new_life(tmp_path)
    assert (tmp_path / "ring-1").read_bytes() == kept


def test_a_ring_that_was_only_copied_half_is_damage(tmp_path: Path) -> None:
    """A living ring that lost its end, or whose keys do not open with the root, is reported and not touched."""
    ringed(tmp_path)
    path = tmp_path / "ring-1"
    whole = path.read_bytes()
    body = bytearray(whole[:-32])
    body[-1] ^= 1
    for broken in (whole[:-1], whole[:40], b"", bytes(body) + hashlib.sha256(body).digest()):
        path.write_bytes(broken)
        with pytest.raises(Damaged, match="ring-1"):
            new_life(tmp_path)
        assert path.read_bytes() == broken


@pytest.mark.parametrize(
    ("break_it", "error"),
    [
        (lambda folder: (folder / "counter").write_text("01\n"), Damaged),
        (lambda folder: (folder / "counter").write_text("3\n"), Refused),
        (lambda folder: (folder / "root-1").write_bytes(bytes(31)), Damaged),
        (lambda folder: (folder / "root-1").write_bytes(bytes(32)), Damaged),
        (lambda folder: (folder / "root-1").unlink(), Unavailable),
        (lambda folder: (folder / "sealer.json").unlink(), Damaged),
        (lambda folder: (folder / "sealer.json").write_text("{}"), Damaged),
        (lambda folder: shutil.copy(folder / "ring-1", folder / "ring-7"), Damaged),
        (lambda folder: (folder / "attempt").write_text("-1\n"), None),
    ],
    ids=range(9),
)
def test_files_changed_by_hand_stop_it(
    tmp_path: Path, break_it: Callable[[Path], object], error: type[Exception] | None
) -> None:
    """Whatever of the folder was changed, nothing is drawn or overwritten in its place."""
    ringed(tmp_path)
    kept = (tmp_path / "ring-1").read_bytes()
    break_it(tmp_path)
    if error is not None:
        with pytest.raises(error):
            new_life(tmp_path)
    else:
        with pytest.raises(Damaged):
            new_life(tmp_path).draw([KeyName(9, "standard")])
    assert (tmp_path / "ring-1").read_bytes() == kept


def test_a_counter_that_moves_meanwhile_stops_it(tmp_path: Path) -> None:
    """A second program that counts is noticed before anything is written or erased."""
    store = ringed(tmp_path)
    kept = (tmp_path / "ring-1").read_bytes()
    FileSealer(OsDisk(), tmp_path, "").advance(2)
    with pytest.raises((Refused, Stopped)):
        store.draw([KeyName(9, "standard")])
    assert (tmp_path / "ring-1").read_bytes() == kept


def test_where_there_is_no_ring_none_is_said_to_be(tmp_path: Path) -> None:
    """An empty folder, one that is missing, one with a sealer only."""
    assert not has_ring(OsDisk(), tmp_path)
    assert not has_ring(OsDisk(), tmp_path / "missing")
    new_life(tmp_path)
    assert not has_ring(OsDisk(), tmp_path)
    ringed(tmp_path)
    assert has_ring(OsDisk(), tmp_path)


def test_a_full_disk_leaves_the_ring_readable(tmp_path: Path) -> None:
    """What was begun and cannot be ended is tried again; meanwhile the old ring is given."""
    store = ringed(tmp_path)
    old = dict(store.ring.keys)

    class Full(OsDisk):
        def publish(self, path: Path, data: bytes, mode: int = 0o600) -> None:
            if path.name == "counter":
                raise OSError(28, "No space left on device", str(path))
            super().publish(path, data, mode)

    full = RingStore(Full(), tmp_path, FileSealer(Full(), tmp_path, ""))
    full.load()
    with pytest.raises(OSError, match="space"):
        full.shred(NAMES[:1])
    assert full.ring.keys == old
    again = RingStore(Full(), tmp_path, FileSealer(Full(), tmp_path, ""))
    assert again.load().keys == old
    assert new_life(tmp_path).ring.keys.keys() == {*NAMES[1:]}
