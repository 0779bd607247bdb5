# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keys and whole files going at their time, and what is told of it."""

import base64
import hashlib
import json

import pytest

from tests.tools.retention import HOME, NOW, Town, agreeing, standard, texts
from tests.tools.sealers import Chip
from torrazzo.base.errors import Unavailable
from torrazzo.base.times import HOUR, SECOND, UtcTicks
from torrazzo.keyring.heads import Heads
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.trusted_time import Judgement
from torrazzo.ledger.act import pack_act
from torrazzo.ledger.client import Entered
from torrazzo.retention import load_forgotten

OLD = standard(-169, -168)  # NOW - 168 h ends its life at NOW
YOUNG = standard(-167, -100, 0, 1)


@pytest.fixture
def town() -> Town:
    town = Town(roots=2)
    town.draw([*OLD, *YOUNG])
    for at, name in enumerate([*OLD, *YOUNG[:3]]):
        town.record(name, 3, root=at % 2)
    return town


def test_what_is_old_enough_goes_and_nothing_else(town: Town) -> None:
    """Keys, their facts, their whole files, their facts, in this order; then the index is told to forget."""
    town.look()
    assert town.living() == YOUNG
    assert town.ledger.named("shred") == texts(OLD) == town.ledger.named("free")
    assert sorted(town.volumes(0) + town.volumes(1)) == texts(YOUNG[:3])
    assert load_forgotten(town.disk, HOME.keyring).before == {"standard": NOW - 167}
    first, second = (act.values for act in town.ledger.facts("shred"))
    assert (first["why"], first["level"], first["left"], second["left"]) == ("age", "file", 5, 4)
    assert second["ring"] == base64.b64encode(town.keyring.store.ring.root()).decode()
    assert [act.values["files"] for act in town.ledger.facts("free")] == [3, 3]
    assert not town.keyring.alarms
    acts = len(town.ledger.entries)
    town.look()
    assert len(town.ledger.entries) == acts


def test_an_hour_dies_two_minutes_before_its_end_and_no_second_earlier(town: Town) -> None:
    """RT-01: at H + 167 h 57 m 59 s its key lives, at H + 167 h 58 m it is gone."""
    town.look()
    town.at(1 - 121 / 3600)
    town.look()
    assert YOUNG[0] in town.living()
    town.at(1 - 120 / 3600)
    town.look()
    assert YOUNG[0] not in town.living()
    assert town.ledger.named("shred")[-1] == str(YOUNG[0])


def test_each_class_has_its_own_life(town: Town) -> None:
    """Footage of h72 goes after 72 hours; a class that says more than the law allows lives as long as that."""
    names = [KeyName(NOW - 72, "h72"), KeyName(NOW - 71, "h72"), KeyName(NOW - 168, "h200"), KeyName(NOW, "who")]
    town.draw(names)
    for name in names:
        town.record(name)
    town.look()
    assert set(town.living()) == {*YOUNG, names[1], names[3]}
    assert load_forgotten(town.disk, HOME.keyring).before["h72"] == NOW - 71
    assert not {str(names[0]), str(names[2])} & set(town.volumes(0))


def test_without_a_ledger_keys_go_and_files_wait(town: Town) -> None:
    """The shred happens all the same; its fact is told when the ledger is back, once, and then the files go."""
    town.ledger.is_away = True
    town.look()
    assert town.living() == YOUNG
    assert len(town.volumes(0) + town.volumes(1)) == 5
    assert (town.status()["facts_owed"], town.status()["volumes_waiting"]) == (len(YOUNG) + 2 * len(OLD), 6)
    town.restart()
    town.ledger.is_away = False
    town.ledger.caught_up = False
    town.look()
    assert town.ledger.named("shred") == texts(OLD)
    assert len(town.volumes(0) + town.volumes(1)) == 5
    town.ledger.caught_up = True
    town.look()
    assert town.ledger.named("free") == texts(OLD)
    assert town.ledger.named("shred") == texts(OLD)
    assert len(town.volumes(0) + town.volumes(1)) == 3


def test_a_lost_answer_doubles_no_fact(town: Town) -> None:
    """Whoever is not told whether a fact is in looks before he enters it again."""
    town.ledger.loses = 3
    for _ in range(6):
        town.look()
    assert town.ledger.named("shred") == texts(OLD) == town.ledger.named("free")


def test_a_disk_that_was_away_is_cleared_when_it_is_back(town: Town) -> None:
    """Its volumes are unlinked and told of then; nothing that lies on it could be read meanwhile: the key is gone."""
    before = town.volumes(1)
    town.disk.fail("open_read", "/disk1/root.json", count=None)
    town.look()
    assert town.volumes(1) == before
    assert "disk-away /disk1" in town.keyring.alarms
    assert town.living() == YOUNG
    town.disk.heal()
    town.look()
    assert not set(town.volumes(1)) & set(texts(OLD))
    assert sorted(town.ledger.named("free")) == texts(OLD)
    assert not town.keyring.alarms


def test_a_hold_delays_the_unlinking_and_nothing_else(town: Town) -> None:
    """Ciphertext that is being copied stays until the copy is there; its key goes at its time."""
    held = next(path.name for path in town.disk.files() if path.name.startswith(str(OLD[0])[:10]))
    town.awaited = {held}
    town.look()
    assert town.living() == YOUNG
    assert str(OLD[0]) in town.volumes(0) + town.volumes(1)
    town.awaited = set()
    town.look()
    assert str(OLD[0]) not in town.volumes(0) + town.volumes(1)
    assert [act.values["files"] for act in town.ledger.facts("free")] == [2, 3, 1]


def test_a_hold_that_is_placed_while_the_ledger_is_told_delays_it_too(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another hold kept readable may be wanted until the very moment in which it would be unlinked."""
    held = next(path.name for path in town.disk.files() if path.name.startswith(str(OLD[0])[:10]))
    enter = town.ledger.enter

    def enter_and_hold(line: bytes) -> Entered:
        town.awaited = {held}
        return enter(line)

    monkeypatch.setattr(town.ledger, "enter", enter_and_hold)
    town.look()
    assert town.living() == YOUNG
    assert str(OLD[0]) in town.volumes(0) + town.volumes(1)


def test_a_side_index_goes_with_its_volume(town: Town) -> None:
    """No file of an hour that is gone is left behind."""
    for path in town.disk.files():
        if path.suffix == ".vol":
            town.disk.publish(path.with_suffix(".idx"), b"side")
    town.look()
    left = [path.name for path in town.disk.files() if path.name.startswith(tuple(str(name)[:10] for name in OLD))]
    assert left == []
    assert len([path for path in town.disk.files() if path.suffix == ".idx"]) == 9


def test_a_ring_that_is_away_takes_no_footage_with_it() -> None:
    """A volume without a key is unlinked when its time is over, not before: the ring may be put back."""
    town = Town()
    town.record(YOUNG[1])
    town.record(OLD[1])
    town.look()
    assert town.volumes() == texts(YOUNG[1:2])


def test_a_volume_under_a_false_name_is_told_and_left(town: Town) -> None:
    """A file that calls itself old and holds a living hour is not unlinked."""
    living = next(path for path in town.disk.files() if path.name.startswith(str(YOUNG[0])[:10]))
    false = living.with_name(str(OLD[0])[:10] + living.name[10:])
    town.disk.rename(living, false)
    town.look()
    assert false in town.disk.files()
    assert "its header says another hour" in town.keyring.alarms["retention-name"]


@pytest.mark.parametrize("days", [7, -1])
def test_a_clock_that_jumps_shreds_nothing(town: Town, days: int) -> None:
    """While clocks disagree no key goes, for whatever reason, and no file; people are told once it is late."""
    town.judge.now = Judgement(UtcTicks(NOW * HOUR), UtcTicks((NOW + 24 * max(0, days)) * HOUR), None, ())
    town.look()
    assert set(town.living()) == {*OLD, *YOUNG}
    assert not town.ledger.named("shred") + town.ledger.named("free")
    assert "the clocks do not agree" in town.keyring.alarms["retention-late"]
    assert load_forgotten(town.disk, HOME.keyring).before == {}


def test_a_shred_that_is_late_is_an_alarm() -> None:
    """Fifteen minutes after an hour should have gone people are told, whatever keeps it, and no minute earlier."""
    town = Town()
    town.draw(standard(-168))
    town.disk.fail("create", "/town/keyring/*", count=None)
    for minutes, is_late in ((0, False), (14, False), (16, True)):
        town.judge.now = agreeing((NOW * 60 + minutes - 2) * 60 * SECOND)
        town.look()
        assert ("retention-late" in town.keyring.alarms) == is_late
    assert "1 keys should be gone" in town.keyring.alarms["retention-late"]
    town.disk.heal()
    town.look()
    assert not town.keyring.alarms


def test_a_journal_that_cannot_be_read_stops_no_shred(town: Town) -> None:
    """What it said is kept beside it, and told; keys go on time all the same."""
    town.disk.publish(HOME.keyring / "retention.json", b"{")
    town.look()
    assert town.living() == YOUNG
    assert town.disk.content(HOME.keyring / "retention.lost") == b"{"


def test_what_the_chip_says_is_kept_for_whoever_doubts() -> None:
    """The fact has the hash of a statement, and the statement lies where its name is that hash."""
    town = Town(chip=Chip())
    town.draw(OLD)
    town.look()
    kept: dict[str, str] = {}
    for act in town.ledger.facts("shred"):
        digest = base64.b64decode(act.values["state"])
        kept = json.loads(town.disk.content(HOME.keyring / "statements" / f"{digest.hex()}.json"))
        assert hashlib.sha256(base64.b64decode(kept["statement"])).digest() == digest
        assert act.values["level"] == "tpm"
    assert base64.b64decode(kept["statement"])[8:] == town.keyring.store.ring.root()


def test_a_shred_that_another_one_followed_is_told_all_the_same(town: Town) -> None:
    """Even if somebody else shreds before a fact is owed, retention goes on, and both are told."""
    town.disk.fail("create", "*retention.json.new", nth=2)
    town.look()
    assert town.ledger.named("shred") == []
    town.keyring.store.shred([YOUNG[0]])
    town.restart()
    town.look()
    assert town.ledger.named("shred") == texts(OLD)
    assert town.living() == YOUNG[1:]


def test_each_birth_is_told_once_before_any_shred_that_counts_it() -> None:
    """Hours come and go, an answer is lost, the process dies, a key is replaced: the auditor's count of keys agrees."""
    town = Town()
    town.draw([*standard(-168, -167, -166), KeyName(NOW, "h72")])
    town.ledger.loses = 2
    for hour in range(3):
        town.draw(standard(hour))
        if hour == 1:
            town.restart()
        town.at(hour)
        town.look()
        town.look()
    assert len(town.ledger.facts("shred")) == 3
    assert len(town.ledger.facts("key")) == 7
    for rule in ("R2", "R7", "R8"):
        assert town.findings(rule) == []
    births = [line for line in town.ledger.entries if b'"kind":"key"' in line]
    for birth in births[:-1]:  # the last one came with the last shred's look
        assert town.findings(without=birth)


def test_a_birth_that_is_told_again_is_the_same_one() -> None:
    """What was told is forgotten with the journal: the same births are told anew, and no auditor minds."""
    town = Town()
    town.draw(standard(-167, 0, 1))
    town.look()
    town.disk.publish(HOME.keyring / "retention.json", b"{}")
    town.restart()
    town.at(1)
    town.look()
    assert [len(town.ledger.facts(kind)) for kind in ("key", "shred")] == [6, 1]
    assert town.findings() == []


def test_after_a_fork_the_new_log_is_told_of_all_living_keys() -> None:
    """Once the keyring is told to trust it: the auditor of the new log counts them from then on, and not before."""
    town = Town()
    town.guard.heads = Heads.of_town("town/rec", "town/act")
    town.draw(standard(-167, -166, -165))
    town.look()
    head = {"size": 60, "root": base64.b64encode(bytes(32)).decode()}
    person = {"month": "202611", **dict.fromkeys(("who", "p"), head["root"])}
    town.ledger.entries = [  # another log
        pack_act("fork", NOW * HOUR, {"log": log, **head, "why": "lost", **person}) for log in ("rec", "act")
    ]
    town.draw(standard(1))
    town.at(1)
    town.look()
    town.guard.heads = Heads.of_town("town/rec.2", "town/act.2")
    town.ledger.entries += [
        pack_act("trust", (NOW + 1) * HOUR, {"log": log, "size": 1, "root": head["root"]}) for log in ("rec", "act")
    ]
    for hour in (1.5, 2, 3):
        town.at(hour)
        town.look()
    assert len(town.ledger.facts("shred")) == 3
    assert town.ledger.findings(town.clock.utc()) == []


def test_a_draw_that_a_failing_disk_hid_is_told_before_the_shred() -> None:
    """A ring whose writer was told that it failed may live all the same: what is in it is born before it is left."""
    chip = Chip()
    town = Town(chip=chip)
    town.draw(standard(-168, 0))
    chip.fails = ["after"]
    with pytest.raises(Unavailable):
        town.draw(standard(1))
    town.look()
    assert town.living() == standard(0, 1)
    assert [act.values["left"] for act in town.ledger.facts("shred")] == [2]
    assert town.findings() == []
