# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
import errno
import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.tools.gated import Gated
from tests.tools.ring_keys import read_ring
from torrazzo.base import StreamId, TermId
from torrazzo.base.errors import Damaged, Refused, Unavailable
from torrazzo.base.ids import CameraId, NodeId
from torrazzo.base.times import HOUR, UtcTicks, hour_of, hour_text
from torrazzo.durable import OsDisk
from torrazzo.durable.unix_socket import listen_unix
from torrazzo.keyring import KeyClient, hours_left, load_public_keys, run_keyring
from torrazzo.keyring.chore import Keyring
from torrazzo.keyring.document import base64_text
from torrazzo.keyring.process import Look, Manner, lives_of, tend
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.ring import Ring, ring_text
from torrazzo.keyring.sealer_setup import set_up_sealer
from torrazzo.keyring.store import RingStore
from torrazzo.testing.clock import FakeClock
from torrazzo.town.home import Home, new_settings, save_settings

STREAM = StreamId(CameraId("3f9a1c0e5b7d2264"), "main")
TERM = TermId(NodeId(7), 1, 2)
CLASSES = ("standard",)
FAST = Manner(look_seconds=0.01)


class FailingDisk(OsDisk):
    """A disk that fails to publish the files whose names begin so, before or after it took effect."""

    def __init__(self) -> None:
        self.fails = ""
        self.but_persists = False
        self.published: list[str] = []

    def publish(self, path: Path, data: bytes, mode: int = 0o600) -> None:
        fails = bool(self.fails) and path.name.startswith(self.fails)
        if not fails or self.but_persists:
            super().publish(path, data, mode)
            self.published.append(path.name)
        if fails:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))


def _store(home: Path, disk: OsDisk) -> RingStore:
    places = Home(home)
    disk.make_folder(places.keyring)
    store = RingStore(disk, places.keyring, set_up_sealer(disk, places.keyring))
    store.load()
    return store


def _make_town(home: Path) -> None:
    OsDisk().make_folder(home)
    save_settings(Home(home), OsDisk(), new_settings(Home(home), "Cremona"))


def _tended(store: RingStore, now: UtcTicks, classes: Sequence[str] = CLASSES) -> Ring:
    """The ring after a look."""
    tend(store, now, classes)
    return store.ring


def _rings(home: Path) -> list[Path]:
    return sorted(Home(home).keyring.glob("ring-*"))


@contextmanager
def running(home: Path, clock: FakeClock) -> Iterator[threading.Thread]:
    """A keyring of this home; it has stopped when the block is over."""
    stop = threading.Event()
    _make_town(home)
    thread = threading.Thread(target=run_keyring, args=(home, clock, OsDisk(), stop, FAST))
    thread.start()
    try:
        _until(lambda: _answers(home), thread)
        yield thread
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()


def _until(holds: Callable[[], bool], thread: threading.Thread) -> None:
    waiting = threading.Event()
    for _ in range(6_000):
        if holds() or not thread.is_alive():
            return
        waiting.wait(0.01)
    pytest.fail("waited a minute in vain")


def test_a_first_look_makes_two_days_of_keys(tmp_path: Path) -> None:
    """From the hour before to 49 hours ahead there is a pair, the ring private, the public keys for everyone."""
    store, now = _store(tmp_path, OsDisk()), FakeClock().utc()
    ring = _tended(store, now)
    hour, places = hour_of(now), Home(tmp_path)
    assert sorted(name.hour for name in ring.keys) == list(range(hour - 1, hour + 50))
    public = load_public_keys(places.public_keys)
    assert public == ring.public_keys(range(hour - 1, hour + 50))
    assert hours_left(public, now) == 50  # the clock is at the full hour
    assert hours_left(public, UtcTicks(now + HOUR - 1)) == 49
    modes = {path.name: path.stat().st_mode & 0o777 for path in places.keyring.iterdir()}
    assert modes.pop("public-keys.json") == 0o644
    assert modes == dict.fromkeys(["attempt", "counter", "ring-1", "root-1", "sealer.json"], 0o600)
    assert read_ring(OsDisk(), places.keyring) == ring


def test_each_hour_adds_one_and_forgets_none(tmp_path: Path) -> None:
    """Over a day of looks each hour adds one key; old private keys stay, old public ones are no longer shown."""
    disk = FailingDisk()
    store, start = _store(tmp_path, disk), FakeClock().utc()
    ring = first = _tended(store, start)
    for minute in range(0, 24 * 60, 20):
        now = UtcTicks(start + minute * HOUR // 60)
        ring = _tended(store, now)
        public = load_public_keys(Home(tmp_path).public_keys)
        assert hours_left(public, now) >= 49
        assert len(public) == 51
    assert len(ring.keys) in {51 + 23, 51 + 24}
    assert all(ring.keys[name] == key for name, key in first.keys.items())
    rings, shown = (sum(name.startswith(kind) for name in disk.published) for kind in ("ring-", "public"))
    assert rings == shown == len(ring.keys) - 50  # nothing is written when nothing is new


def test_another_class_gets_its_own_keys(tmp_path: Path) -> None:
    """A retention class that is configured later has its hours at the next look."""
    store, now = _store(tmp_path, OsDisk()), FakeClock().utc()
    ring = _tended(store, now)
    ring = _tended(store, now, ("standard", "short"))
    public = load_public_keys(Home(tmp_path).public_keys)
    assert hours_left(public, now, "short") == hours_left(public, now, "standard") >= 49
    assert len(ring.keys) == 102


def test_a_clock_set_back_finds_its_hours_again(tmp_path: Path) -> None:
    """After a step of minus three hours the recorder has a key for each hour from then on, old ones unchanged."""
    store, now = _store(tmp_path, OsDisk()), FakeClock().utc()
    ring = _tended(store, now)
    back = UtcTicks(now - 3 * HOUR)
    later = _tended(store, back)
    assert hours_left(load_public_keys(Home(tmp_path).public_keys), back) >= 49
    assert all(later.keys[name] == key for name, key in ring.keys.items())


def test_the_ring_is_safe_before_a_public_key_is_seen(tmp_path: Path) -> None:
    """The private half is published to disk first; if that fails, no recorder seals to a key that may be lost."""
    disk, now = FailingDisk(), FakeClock().utc()
    store = _store(tmp_path, disk)
    for but_persists in (False, True):
        disk.fails, disk.but_persists = "ring-", but_persists
        with pytest.raises(OSError, match="space"):
            _tended(store, now)
        assert not Home(tmp_path).public_keys.exists()
    disk.fails = ""
    (path,) = _rings(tmp_path)
    kept = path.read_bytes()
    _tended(store, now)
    assert path.read_bytes() == kept  # the save that failed had taken effect: its keys are as good as any
    assert load_public_keys(Home(tmp_path).public_keys) == store.ring.public_keys(range(1 << 31))


def test_public_keys_that_could_not_be_published_are_at_the_next_look(tmp_path: Path) -> None:
    """A crash or a full disk between ring and public keys costs nothing: the next look publishes the same keys."""
    disk, now = FailingDisk(), FakeClock().utc()
    store = _store(tmp_path, disk)
    disk.fails = "public-keys.json"
    with pytest.raises(OSError, match="space"):
        _tended(store, now)
    disk.fails = ""
    stored = _store(tmp_path, disk).load()
    assert _tended(store, now) == stored
    assert load_public_keys(Home(tmp_path).public_keys) == stored.public_keys(range(hour_of(now) + 50))


def test_a_keyring_serves_and_ends(tmp_path: Path) -> None:
    """Readers are answered through the socket, which is gone afterwards; then nothing is read at all."""
    clock = FakeClock()
    home = tmp_path / ("deep" * 40)
    client = KeyClient(home)
    with running(home, clock):
        assert Home(home).keyring_socket.stat().st_mode & 0o777 == 0o600
        assert client.status().values["keys"] == 51
    assert not Home(home).keyring_socket.exists()
    with pytest.raises(Unavailable, match="torrazzo serve"):
        client.status()


def test_time_goes_by_in_a_running_keyring(tmp_path: Path) -> None:
    """An hour later a running keyring has drawn the next key and published it."""
    clock = FakeClock()
    path = Home(tmp_path).public_keys
    with running(tmp_path, clock) as thread:
        clock.step(3_600)
        _until(lambda: hours_left(load_public_keys(path), clock.utc()) == 50, thread)
        _until(lambda: KeyClient(tmp_path).status().values["keys"] == 52, thread)


def test_one_home_has_one_keyring(tmp_path: Path) -> None:
    """A second keyring of the same home is refused and the first goes on."""
    clock = FakeClock()
    with running(tmp_path, clock):
        with pytest.raises(Refused):
            run_keyring(tmp_path, clock, OsDisk(), threading.Event())
        assert KeyClient(tmp_path).status().values["keys"] == 51


def test_a_killed_keyring_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    """A socket that nobody listens at is replaced by the next keyring; until then readers are told to wait."""
    OsDisk().make_folder(Home(tmp_path).run)
    _dead_socket(Home(tmp_path).keyring_socket)
    with pytest.raises(Unavailable, match="torrazzo serve"):
        KeyClient(tmp_path).status()
    with running(tmp_path, FakeClock()) as thread:
        _until(lambda: _answers(tmp_path), thread)
        assert KeyClient(tmp_path).status().level == "file"


def _dead_socket(path: Path) -> None:
    listen_unix(path).close()


def _answers(home: Path) -> bool:
    try:
        return KeyClient(home).status().values["v"] == 1
    except Unavailable:
        return False


def test_why_it_did_not_come_up_is_told_until_one_does(tmp_path: Path) -> None:
    """Who asks a keyring that is not there hears what the last one said, and what nobody can look at meanwhile."""
    _make_town(tmp_path)
    store = _store(tmp_path, OsDisk())
    _tended(store, FakeClock().utc())
    (path,) = _rings(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    manner = FAST._replace(concerned=lambda: ". Until then nobody can look at Via Dante")
    with pytest.raises(Damaged):
        run_keyring(tmp_path, FakeClock(), OsDisk(), threading.Event(), manner)
    with pytest.raises(Unavailable, match=r"did not come up: .*ring-1: .*Until then nobody can look at Via Dante"):
        KeyClient(tmp_path).status()
    path.write_bytes(whole)
    with running(tmp_path, FakeClock()):
        assert KeyClient(tmp_path).status().values["keys"] == 51
    with pytest.raises(Unavailable, match="start `torrazzo serve`"):
        KeyClient(tmp_path).status()


def test_a_broken_ring_stops_the_keyring_and_is_not_touched(tmp_path: Path) -> None:
    """What may be all that opens a week of footage is never overwritten by a fresh start."""
    store = _store(tmp_path, OsDisk())
    _tended(store, FakeClock().utc())
    (path,) = _rings(tmp_path)
    broken = path.read_bytes()[:-20]
    path.write_bytes(broken)
    _make_town(tmp_path)
    with pytest.raises(Damaged, match="ring-1"):
        run_keyring(tmp_path, FakeClock(), OsDisk(), threading.Event())
    assert path.read_bytes() == broken


def test_a_lost_ring_is_announced_and_recording_can_go_on(tmp_path: Path) -> None:
    """Where public keys were published and the ring is gone, a warning says so and new keys are drawn."""
    places = Home(tmp_path)
    store = _store(tmp_path, OsDisk())
    _tended(store, FakeClock().utc())
    _rings(tmp_path)[0].unlink()
    with capture_logs() as logs:
        again = _store(tmp_path, OsDisk())
        ring = _tended(again, FakeClock().utc())
    assert "ring_missing" in [entry["event"] for entry in logs]
    assert load_public_keys(places.public_keys) == ring.public_keys(range(1 << 31))


def test_a_full_disk_is_logged_and_keys_are_served_meanwhile(tmp_path: Path) -> None:
    """A disk that fails to take new keys stops neither the keyring nor its readers, and is tried again."""
    clock, disk, stop = FakeClock(), FailingDisk(), threading.Event()
    _tended(_store(tmp_path, disk), clock.utc())
    clock.step(7_200)
    disk.fails = "ring-"
    _make_town(tmp_path)
    thread = threading.Thread(target=run_keyring, args=(tmp_path, clock, disk, stop, FAST))
    with capture_logs() as logs:
        thread.start()
        _until(lambda: _answers(tmp_path), thread)
        assert KeyClient(tmp_path).status().values["hours_left"] == {"standard": 48}
        disk.fails = ""
        _until(lambda: hours_left(load_public_keys(Home(tmp_path).public_keys), clock.utc()) == 50, thread)
        stop.set()
        thread.join(60)
    assert not thread.is_alive()
    assert "keyring_not_saved" in [entry["event"] for entry in logs]


def test_no_log_shows_a_key(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What is printed when the disk fails, by a logger that was never configured, holds no private key."""
    disk, stop = FailingDisk(), threading.Event()
    ring = _tended(_store(tmp_path, disk), FakeClock().utc())
    disk.fails = "ring-"
    stop.set()
    _make_town(tmp_path)
    run_keyring(tmp_path, FakeClock(), disk, stop, Manner(lives=lambda: {"standard": 168, "short": 24}))
    said = "".join(capfd.readouterr())
    assert "keyring_not_saved" in said
    assert "seed" not in said
    assert not any(base64_text(key.seed)[:12] in said for key in ring.keys.values())


def test_the_ring_file_holds_no_more_than_it_should(tmp_path: Path) -> None:
    """One hour's pair is 96 bytes in base64 and its name: a week and two days ahead fit in some 40 kB."""
    store, now = _store(tmp_path, OsDisk()), FakeClock().utc()
    _tended(store, now)
    (path,) = _rings(tmp_path)
    assert len(ring_text(store.ring)) < path.stat().st_size < 200 * len(store.ring.keys)
    assert not any(name in path.read_bytes() for name in (b"seed", b"x25519"))


def test_a_class_for_which_no_more_is_recorded_lives_on() -> None:
    """Footage of a class is read as long as there are keys of it; of a class that says nothing, nothing is read."""
    ring = Ring({}).with_drawn([KeyName(1, "h72"), KeyName(2, "standard"), KeyName(3, "h999"), KeyName(4, "other")])
    assert lives_of(ring) == {"h72": 72, "standard": 168}


def test_what_fails_in_a_look_is_told_as_long_as_it_does(tmp_path: Path) -> None:
    """Keys that are not drawn, side files that are not read, a chore that stops: in the status, and no life ends."""
    gated, disk = Gated(tmp_path), FailingDisk()
    gated.live(disk)
    failing = [OSError(errno.EIO, "Input/output error"), Damaged("retention.json")]

    def retain(_: Keyring) -> None:
        if failing:
            raise failing.pop()

    look = Look(gated.parts, Manner().lives, (retain,))
    name, key = next(iter(gated.parts.store.ring.keys.items()))
    public = hashlib.sha256(key.public()).hexdigest()[:16]  # so that the file counts
    side = gated.home.keyring / f"rekey-{hour_text(name.hour)}-{name.class_}-{public}.json"
    side.write_bytes(b"{}")
    gated.clock.advance(3_600)
    disk.fails = "ring-"
    alarms = gated.parts.keyring.alarms
    for _ in range(2):
        look.turn()
        assert alarms.keys() == {"keys", "rekeys", "chore retain"}
        assert [alarm for alarm in json.loads(gated.desk.status())["alarms"] if "retain" in alarm]
    disk.fails = ""
    side.unlink()
    look.turn()
    assert alarms == {}


def test_a_restored_home_that_cannot_be_opened_ends_no_keyring(tmp_path: Path) -> None:
    """The mark of a restored home that a disk does not let go is an alarm, and goes at a later look."""
    gated = Gated(tmp_path)
    gated.clock.advance(60)

    class Stuck(OsDisk):
        is_stuck = True

        def unlink(self, path: Path) -> None:
            if self.is_stuck:
                raise OSError(errno.EROFS, "Read-only file system", str(path))
            super().unlink(path)

    disk = Stuck()
    gated.live(disk)
    gated.home.restored.write_bytes(b"{}")
    gated.clock.advance(60)
    gated.turn()
    assert gated.parts.keyring.alarms.keys() == {"restored"}
    disk.is_stuck = False
    gated.turn()
    assert gated.parts.keyring.alarms == {}
    assert not gated.home.restored.exists()


def test_a_look_that_took_long_is_followed_at_once(tmp_path: Path) -> None:
    """A chore that waits for a ledger that hangs delays the next look by no more than it took."""
    _make_town(tmp_path)
    clock, stop, begun = FakeClock(), threading.Event(), list[int]()

    def wait(keyring: Keyring) -> None:
        begun.append(keyring.clock.boot_ns())
        clock.advance(70)
        if len(begun) == 3:
            stop.set()

    at = threading.Timer(20, stop.set)
    at.start()
    run_keyring(tmp_path, clock, OsDisk(), stop, Manner(look_seconds=60), (wait,))
    at.cancel()
    assert [after - before for before, after in pairwise(begun)] == [70_000_000_000] * 2


def test_a_clockwork_that_stands_is_told(tmp_path: Path) -> None:
    """A look that does not end stands in the status after three minutes, which other threads answer."""
    gated = Gated(tmp_path)
    gated.clock.advance(179)
    assert not [alarm for alarm in json.loads(gated.desk.status())["alarms"] if "look" in alarm]
    gated.clock.advance(1)
    assert [alarm for alarm in json.loads(gated.desk.status())["alarms"] if "no look was ended for 3 minutes" in alarm]
    gated.turn()
    assert json.loads(gated.desk.status())["alarms"] == []


def test_nothing_that_a_ledger_does_ends_what_follows_it(tmp_path: Path) -> None:
    """A mistake that an answer leads to is told as a ledger that is away; the next look follows it again."""
    gated, stop = Gated(tmp_path), threading.Event()
    gated.turn()
    follower, read = gated.parts.follower, gated.ledger.read
    failures = [RecursionError(), TypeError("no number")]

    def odd(path: str, patience_s: float = 0.0) -> bytes:
        if failures:
            raise failures.pop()
        return read(path, patience_s)

    gated.ledger.read = odd  # type: ignore[method-assign]
    thread = threading.Thread(target=follower.run, args=(stop,), daemon=True)
    thread.start()
    for _ in range(1_200):
        if not failures and not follower.is_away:
            break
        stop.wait(0.05)
    assert thread.is_alive()
    assert not follower.is_away
    stop.set()
    follower.wake()
    thread.join(60)
    assert not thread.is_alive()
