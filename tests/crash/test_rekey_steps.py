# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""An early erasure that dies at each single step, and is taken up by the next life; what it leaves for strangers."""

import base64
import contextlib
import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.tools.sealers import Chip
from tests.tools.second_reader import open_k
from torrazzo.archive.record import Kind
from torrazzo.archive.root import Root, make_root
from torrazzo.archive.volume import VolumeWriter
from torrazzo.base.errors import Damaged, Refused, TorrazzoError, Unavailable
from torrazzo.base.ids import CameraId, NodeId, StreamId, TermId
from torrazzo.base.times import HOUR, BootNs, UtcTicks
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.rekey import Rekeys
from torrazzo.keyring.ring import ring_text
from torrazzo.keyring.sealer_setup import set_up_sealer
from torrazzo.keyring.store import RingStore
from torrazzo.seal import seal_key, segment_key
from torrazzo.seal.envelope import seal_info
from torrazzo.testing import FaultyDisk
from torrazzo.testing.disk import PowerOff

FOLDER, ARCHIVE = Path("/keyring"), Path("/archive")
NAME = KeyName(494_000, "standard")
NOW = UtcTicks((NAME.hour + 3) * HOUR)
NODE = NodeId(7)
STREAMS = [StreamId(CameraId(f"{at:016x}"), "main") for at in (1, 2, 3)]
TERM = TermId(NODE, 17, NAME.hour * HOUR)
KS = {stream: hashlib.sha256(str(stream).encode()).digest() for stream in STREAMS}
GONE, OTHERS = STREAMS[1], (STREAMS[0], STREAMS[2])


class Case:
    """Three streams of one hour in two volumes; of each life a ring and its side files."""

    store: RingStore  # of the last life

    def __init__(self) -> None:
        self.disk = FaultyDisk()
        self.disk.make_folder(FOLDER)
        store = RingStore(self.disk, FOLDER, set_up_sealer(self.disk, FOLDER))
        store.draw([NAME, KeyName(NAME.hour + 1, "standard")])
        public = store.ring.keys[NAME].public()
        self.sealed = {stream: seal_key(KS[stream], public, stream, TERM, *NAME) for stream in STREAMS}
        root = make_root(self.disk, ARCHIVE, NODE)
        for serial in (0, 1):
            self.record(root, serial)

    def record(self, root: Root, serial: int) -> None:
        writer = VolumeWriter.create(
            self.disk, root, hour=NAME.hour, retention_class=NAME.class_, fence=17, serial=serial,
            utc=UtcTicks(NAME.hour * HOUR), boot_ns=BootNs(1),
        )  # fmt: skip
        for stream, sealed in self.sealed.items():
            writer.place(Kind.KEY, 0, payload=sealed, stream=stream, term=TERM)
        writer.finish()

    def live(self, disk: FaultyDisk | None = None) -> tuple[RingStore, Rekeys, list[Mapping[str, object]]]:
        disk, told = disk or self.disk, list[Mapping[str, object]]()
        store = RingStore(disk, FOLDER, set_up_sealer(disk, FOLDER))
        store.load()
        rekeys = Rekeys(disk, FOLDER, store, [ARCHIVE], lambda _kind, values: told.append(values))
        rekeys.look()
        self.store = store
        return store, rekeys, told

    def opens(self, store: RingStore, rekeys: Rekeys, stream: StreamId) -> bool:
        """What a reader shows is what stands in the volumes."""
        try:
            sealed = rekeys.sealed(NAME, stream, TERM, self.sealed[stream])
            keys = store.ring.segment_keys(sealed, stream, TERM, NAME, [5])
        except (Refused, Damaged):
            return False
        assert keys == {5: segment_key(KS[stream], stream, TERM, 5)}
        return True


def crashes() -> Iterator[tuple[Case, FaultyDisk, bool, list[Mapping[str, object]]]]:
    is_through = False
    for step in itertools.count(1):
        for seed in (None, 0, 1):
            case = Case()
            _, rekeys, told = case.live()
            case.disk.cut_power_at(step)
            is_done = False
            with contextlib.suppress(PowerOff, TorrazzoError):
                rekeys.erase(NAME.hour, [GONE], 9, NOW)
                is_done = True
            is_through = not case.disk.is_off
            yield case, (case.disk.kill() if seed is None else case.disk.power_cut(seed)), is_done, told
        if is_through:
            assert step > 10
            return


def test_each_step_may_be_the_last() -> None:
    """The next life opens all streams as before, or all but the erased one, and then a fact was booked."""
    ended = 0
    for case, disk, is_done, told in crashes():
        store, rekeys, later = case.live(disk)
        assert all(case.opens(store, rekeys, stream) for stream in OTHERS)
        if case.opens(store, rekeys, GONE):
            assert not is_done
            assert not [path for path in disk.files() if path.name.startswith("rekey-")]
            continue
        ended += 1
        facts = [*told, *later]
        assert facts
        assert {(fact["of"], fact["kept"]) for fact in facts} == {(9, 2)}
        assert all(fact["streams"] == [str(GONE)] for fact in facts)
    assert ended


@pytest.mark.parametrize("but_persists", [False, True])
@pytest.mark.parametrize("file", ["attempt", "root-*", "ring-*", "counter", "rekey-*"])
def test_a_step_that_fails_costs_nobody_else_anything(file: str, but_persists: bool) -> None:
    """Of a disk that fails once, in the same life: others are still open, after it and when it is asked for again."""
    case = Case()
    store, rekeys, told = case.live()
    case.disk.fail("rename", f"*/{file}", but_persist=but_persists)
    with contextlib.suppress(OSError, TorrazzoError):
        rekeys.erase(NAME.hour, [GONE], 9, NOW)
    for _ in range(2):  # the next looks of the clockwork
        rekeys.look()
        store.draw([])
    assert all(case.opens(store, rekeys, stream) for stream in OTHERS)
    if case.opens(store, rekeys, GONE):
        assert rekeys.erase(NAME.hour, [GONE], 9, NOW) == 2
    assert [case.opens(store, rekeys, stream) for stream in STREAMS] == [True, False, True]
    assert {(fact["of"], fact["kept"]) for fact in told} == {(9, 2)}


def is_settled(rekeys: Rekeys) -> bool:
    """Whether something of that hour may be held."""
    try:
        rekeys.expect_settled(NAME.hour)
    except Unavailable:
        return False
    return True


def test_what_a_later_look_may_still_erase_is_not_held() -> None:
    """From the failure on until a look has said what came of it, whatever that is; other hours are held meanwhile."""
    ended = 0
    for file, but_persists in itertools.product(["attempt", "root-*", "ring-*", "counter", "rekey-*"], [False, True]):
        case = Case()
        _, rekeys, _ = case.live()
        case.disk.fail("rename", f"*/{file}", but_persist=but_persists)
        with contextlib.suppress(OSError, TorrazzoError):
            rekeys.erase(NAME.hour, [GONE], 9, NOW)
        was_open, was_settled = case.opens(case.store, rekeys, GONE), is_settled(rekeys)
        rekeys.expect_settled(NAME.hour + 1)
        rekeys.look()
        assert is_settled(rekeys)
        if was_open and not case.opens(case.store, rekeys, GONE):
            assert not was_settled
            ended += 1
    assert ended


def test_a_counter_that_is_away_costs_nobody_else_anything() -> None:
    """A chip that does not count while the ring is being replaced: the side file waits for it."""
    case = Case()
    folder, chip = Path("/chip"), Chip()
    case.disk.make_folder(folder)
    store = RingStore(case.disk, folder, chip)
    store.load()
    store.draw([NAME])
    public = store.ring.keys[NAME].public()
    root = make_root(case.disk, Path("/elsewhere"), NODE)
    case.sealed = {stream: seal_key(KS[stream], public, stream, TERM, *NAME) for stream in STREAMS}
    case.record(root, 0)
    rekeys = Rekeys(case.disk, folder, store, [Path("/elsewhere")], lambda *_: None)
    for at, fails in enumerate((["before"], ["before"] * 3, ["after"])):
        chip.fails = list(fails)
        with pytest.raises(Unavailable):
            rekeys.erase(NAME.hour, [STREAMS[at]], 9 + at, NOW)
        for _ in range(3):
            with contextlib.suppress(Unavailable):
                rekeys.look()
        assert [case.opens(store, rekeys, stream) for stream in STREAMS] == [each > at for each in range(3)]


def test_no_copy_of_the_ring_opens_it_again() -> None:
    """The erased stream's K opens with no key that is left; a side file that is put back from before is nothing."""
    case = Case()
    store, rekeys, _ = case.live()
    old = store.ring.keys[NAME]
    rekeys.erase(NAME.hour, [GONE], 9, NOW)
    assert old.open(case.sealed[GONE], seal_info(GONE, TERM, *NAME)) == KS[GONE]
    assert old not in store.ring.keys.values()
    store, rekeys, told = case.live()
    assert told == []
    assert not case.opens(store, rekeys, GONE)


def test_an_order_whose_answer_was_lost_is_answered_again() -> None:
    """The same approval says the same, in this life and the next; another one, and another stream, is refused."""
    case = Case()
    _, rekeys, told = case.live()
    assert rekeys.erase(NAME.hour, [GONE], 9, NOW) == 2
    assert rekeys.erase(NAME.hour, [GONE], 9, NOW) == 2
    _, rekeys, later = case.live()
    assert rekeys.erase(NAME.hour, [GONE], 9, NOW) == 2
    assert (len(told), later) == (1, [])
    elsewhere = StreamId(CameraId("000000000000000f"), "main")
    for streams, of in (([GONE], 10), ([elsewhere], 9)):
        with pytest.raises(Refused):
            rekeys.erase(NAME.hour, streams, of, NOW)


def test_one_after_the_other() -> None:
    """A second camera of the hour is erased from what the first erasure left; the third is still open."""
    case = Case()
    store, rekeys, told = case.live()
    assert rekeys.erase(NAME.hour, [GONE], 9, NOW) == 2
    assert rekeys.erase(NAME.hour, [STREAMS[0]], 11, NOW) == 1
    assert [case.opens(store, rekeys, stream) for stream in STREAMS] == [False, False, True]
    assert [fact["of"] for fact in told] == [9, 11]
    assert len([path for path in case.disk.files() if path.name.startswith("rekey-")]) == 1
    with pytest.raises(Refused):
        rekeys.erase(NAME.hour, [GONE], 12, NOW)


def test_nothing_is_erased_at_the_cost_of_others() -> None:
    """An hour that may still be recorded, and an archive of which a disk is away, are refused."""
    case = Case()
    store, rekeys, _ = case.live()
    with pytest.raises(Refused):
        rekeys.erase(NAME.hour, [GONE], 9, UtcTicks((NAME.hour + 1) * HOUR))
    away = Rekeys(case.disk, FOLDER, store, [ARCHIVE, Path("/elsewhere")], lambda *_: None)
    with pytest.raises(Unavailable):
        away.erase(NAME.hour, [GONE], 9, NOW)
    assert case.opens(store, rekeys, GONE)


def test_a_stranger_reads_the_side_file() -> None:
    """With the ring as it is handed over and the side file, a reader that knows the formats alone opens the others."""
    case = Case()
    store, rekeys, _ = case.live()
    rekeys.erase(NAME.hour, [GONE], 9, NOW)
    ring = json.loads(ring_text(store.ring))["keys"]
    (path,) = [path for path in case.disk.files() if path.name.startswith("rekey-")]
    side = json.loads(case.disk.content(path))
    found = {}
    for each in side["keys"]:
        stream, term = StreamId.parse(each["stream"]), TermId.parse(each["term"])
        place = stream.pack() + term.pack() + NAME.hour.to_bytes(4) + NAME.class_.encode().ljust(16, b"\0")
        found[stream] = open_k(ring[side["key"]], base64.b64decode(each["sealed"]), place)
    assert found == {stream: KS[stream] for stream in OTHERS}
