# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Holds in the running keyring: what goes into the vault, what comes out of it, and when it ends."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.tools.gate_town import NOW, STREAM, TERM, digest, hold_values, person, segment_line, view_values
from tests.tools.gated import SEGMENT_KEY, Gated, serving
from torrazzo.base.errors import Damaged, KeyGone, Refused, Unavailable
from torrazzo.base.ids import SegmentId
from torrazzo.base.times import HOUR, SECOND, UtcTicks, hour_of, hour_text
from torrazzo.keyring.answer import Denied, parse_answer
from torrazzo.keyring.gate import Erased
from torrazzo.keyring.gate_refusal import Reason
from torrazzo.keyring.gate_request import CloseRequest, HoldRequest, KeyRequest
from torrazzo.keyring.pace import Pace
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.rekey import Rekeyed
from torrazzo.keyring.vault_file import HeldKeys
from torrazzo.keyring.vault_terms import PROVISIONAL, TERMS
from torrazzo.ledger.act import WINDOW
from torrazzo.ledger.identity import EntryName
from torrazzo.ledger.prune_job import keyring_held

NAME = KeyName(hour_of(NOW - 60), "standard")


class HeldTown(Gated):
    """With one segment, which somebody holds."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.segment = self.town.rec.append(segment_line())

    def place(self, **changes: object) -> EntryName:
        """A hold whose keys are in the vault; returns its name."""
        request = self.hold(**changes)
        assert self.said("/hold-keys", request) == {"held": 1, "new": 1}
        return self.name(request.window.number)

    def name(self, number: int) -> EntryName:
        return EntryName(self.town.act.key.verifier.name.rpartition("/")[2], number)

    def hold(self, **changes: object) -> KeyRequest:
        """Its window, opened now, and the segment."""
        values = hold_values(**{"until": self.clock.utc() + WINDOW, **changes})
        return self.asked(self.town.book("hold", values, t=self.clock.utc()))

    def asked(self, window: int) -> KeyRequest:
        """As `request`, also when the hour's key is gone: then its K can be anything."""
        if NAME in self.parts.store.ring.keys:
            return self.request(window, [self.segment])
        self._see()
        return self.town.request(window, [self.segment])

    def looked(self) -> KeyRequest:
        """A view of the segment, opened now."""
        values = view_values(until=self.clock.utc() + WINDOW)
        return self.asked(self.town.book("view", values, t=self.clock.utc()))

    def keys(self, request: KeyRequest) -> dict[int, bytes]:
        return parse_answer(self.desk.answer("POST", "/window-keys", request.text()).data, [1])

    def said(self, target: str, request: KeyRequest | CloseRequest | HoldRequest) -> object:
        return json.loads(self.desk.answer("POST", target, request.text()).data)

    def wish(self, hold: EntryName, kind: str, who: str) -> HoldRequest:
        fact = self.town.book(kind, {"hold": str(hold), **person(who)}, t=self.clock.utc())
        self._see()
        return self.town.wish(hold, fact)

    def expire(self) -> None:
        """A week later the hour's key is gone."""
        self.pass_time(168 * HOUR)
        self.parts.store.shred([NAME])

    def pass_time(self, ticks: int) -> None:
        """With looks, so that the clocks agree."""
        self.clock.advance(ticks / SECOND)
        for _ in range(3):
            self.turn()
            self.clock.advance(40)


@pytest.fixture
def town(tmp_path: Path) -> HeldTown:
    return HeldTown(tmp_path)


def test_what_is_held_is_read_when_the_hour_is_gone(town: HeldTown) -> None:
    """After a week a view gives the held segment's key, also in the keyring's next life."""
    hold = town.place()
    town.said("/confirm", town.wish(hold, "confirm", "bruno"))
    town.expire()
    town.live()
    town.pass_time(0)
    assert town.keys(town.looked()) == {1: SEGMENT_KEY}


def test_what_is_not_held_is_too_old(town: HeldTown) -> None:
    """The same without a hold is refused for its age."""
    town.expire()
    with pytest.raises(Denied) as denied:
        town.keys(town.looked())
    assert denied.value.reason is Reason.CONTENT


def test_a_holds_window_gives_no_reader_a_key(town: HeldTown) -> None:
    """Keys of a hold go nowhere but into the vault, and those of a view never go there."""
    with pytest.raises(Denied) as denied:
        town.keys(town.hold())
    assert denied.value.reason is Reason.KIND
    with pytest.raises(Denied) as denied:
        town.said("/hold-keys", town.looked())
    assert denied.value.reason is Reason.KIND
    assert town.parts.vault.holds == []


def test_nothing_is_held_of_what_is_just_being_erased(town: HeldTown, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the opening of an hour's keys until they lie in the vault no erasure begins; what comes then is refused."""
    orders, put = town.parts.orders, town.parts.vault.put
    erased = Erased(frozenset({STREAM}), NAME.hour, 1)
    steps: list[str] = []

    def look_and_put(*given: Any) -> int:
        steps.append(
            "erased between" if orders.no_erasure(NAME.hour).acquire(blocking=False) else "no erasure meanwhile"
        )
        assert not orders.no_erasure(NAME.hour + 1).locked()  # of other hours it may be erased and held
        return put(*given)

    class Now(Pace):
        def ask(self) -> None:
            orders.look()

    monkeypatch.setattr(town.parts.vault, "put", look_and_put)
    town.place()
    with pytest.raises(Refused, match="it is held"):
        orders.erase(erased, Now())
    assert steps == ["no erasure meanwhile"]
    monkeypatch.setattr(town.parts.vault, "holding", lambda *_: [])
    monkeypatch.setattr(orders.rekeys, "erase", lambda *_: int(orders.no_erasure(NAME.hour).locked()))
    assert orders.erase(erased, Now()) == 1


def test_nothing_is_held_while_it_is_not_known_what_was_erased(town: HeldTown, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look may still end an erasure that an earlier life began: until one was made a hold is told to come again."""
    with monkeypatch.context() as before_a_look:
        before_a_look.setattr(town.parts.orders.rekeys, "is_read", False)
        with pytest.raises(Unavailable, match="not known yet"):
            town.place()
    town.place()


def test_a_damaged_file_of_an_early_erasure_shuts_its_hour_alone(town: HeldTown) -> None:
    """In another hour people look and hold; in its own nothing opens until it was put back, and nobody is accused."""

    def told(name: KeyName) -> tuple[Path, bytes]:
        public = hashlib.sha256(town.parts.store.ring.keys[name].public()).digest()
        rekeyed = Rekeyed(name, public, 1, (str(STREAM),), {})
        values = {"hour": hour_text(name.hour), "class": name.class_, "of": 1, "streams": [str(STREAM)], "kept": 0}
        town.town.book("rekey", values, t=town.clock.utc())
        return town.home.keyring / rekeyed.file, rekeyed._replace(is_booked=True).pack()

    other, its = told(KeyName(NAME.hour - 1, NAME.class_))
    other.write_bytes(its[:-9])
    strange = other.with_name(f"{other.stem[:-16]}{0:016x}.json")
    strange.write_bytes(b"{")
    town.live()
    assert town.keys(town.looked())
    town.place()
    assert not strange.exists(), "its key is not the ring's"
    own, whole = told(NAME)
    own.write_bytes(whole[:-9])
    town.live()
    alarms = json.loads(town.desk.status())["alarms"]
    assert any(str(other) in alarm and str(own) in alarm for alarm in alarms)
    assert not any(alarm.startswith("ring: ") for alarm in alarms)
    for asked in (lambda: town.keys(town.looked()), town.place):
        with pytest.raises(Unavailable, match="cannot be read"):
            asked()
    own.write_bytes(whole)
    town.turn()
    with pytest.raises(KeyGone, match="erased early"):
        town.keys(town.looked())
    own.write_bytes(whole[:-9])  # what was read in this life is known
    town.turn()
    with pytest.raises(KeyGone, match="erased early"):
        town.keys(town.looked())


def test_who_looks_while_an_hour_is_sealed_anew_is_not_booked(town: HeldTown, monkeypatch: pytest.MonkeyPatch) -> None:
    """A K of before does not open with the key of after, for a moment: it is tried again behind the erasure."""
    rekeys, refused = town.parts.orders.rekeys, list[object]()
    sealed, tries = rekeys.sealed, iter([b"\x00" * 1_120])
    monkeypatch.setattr(rekeys, "sealed", lambda *given: next(tries, None) or sealed(*given))
    monkeypatch.setattr(town.parts.bookings, "refuse", lambda *given: refused.append(given))
    assert town.keys(town.looked())
    assert next(tries, None) is None
    assert refused == []
    monkeypatch.setattr(rekeys, "sealed", lambda *_: b"\x00" * 1_120)
    with pytest.raises(Damaged):
        town.keys(town.looked())
    assert len(refused) == 1


def test_no_key_lies_open_in_the_vault(town: HeldTown) -> None:
    """Neither the segment's key nor a private key stands in any file of it."""
    town.place()
    private = [key.seed for key in town.parts.vault._opened().ring.keys.values()]
    files = [path.read_bytes() for path in (town.home.path / "vault").rglob("*") if path.is_file()]
    assert len(files) > 3
    assert private
    assert not any(secret in data for data in files for secret in (SEGMENT_KEY, *private))


def test_a_released_hold_is_gone_at_once(town: HeldTown) -> None:
    """Its key is destroyed, the ledger has a fact of it, its files are away, and a copy of them opens no more."""
    hold = town.place()
    folder = town.home.path / "vault" / "holds" / str(hold)
    (copy,) = [HeldKeys.parse(path.read_bytes()) for path in folder.glob("*.keys")]
    private = town.parts.vault._opened().ring.keys[copy.hold]
    assert copy.open(private) == {1: SEGMENT_KEY}
    town.said("/release", town.wish(hold, "release", "anna"))
    town.turn()
    assert town.parts.vault.holds == []
    assert list(folder.iterdir()) == []
    assert copy.hold not in town.parts.vault._opened().ring.keys
    (fact,) = town.told("end")
    assert (fact["why"], fact["hold"], fact["left"]) == ("release", str(hold), 0)
    with pytest.raises(Denied):
        town.said("/release", town.wish(hold, "release", "anna"))


@pytest.mark.parametrize(("cause", "is_confirmed"), [("judge", False), *((cause, True) for cause in TERMS)])
def test_a_hold_ends_by_itself(town: HeldTown, cause: str, is_confirmed: bool) -> None:
    """After 72 hours, and, where a second person has confirmed it, after its cause's term: not a minute before."""
    hold = town.place(cause=cause)
    if is_confirmed:
        town.said("/confirm", town.wish(hold, "confirm", "bruno"))
    life = TERMS[cause] if is_confirmed else PROVISIONAL
    town.pass_time(life - 600 * SECOND)
    assert [each.name for each in town.parts.vault.holds] == [hold]
    town.pass_time(600 * SECOND)
    assert town.parts.vault.holds == []
    assert [fact["why"] for fact in town.told("end")] == ["lapse"]


def test_nobody_confirms_an_own_hold(town: HeldTown) -> None:
    """Who placed it is refused; the hold stays provisional."""
    hold = town.place()
    with pytest.raises(Denied) as denied:
        town.said("/confirm", town.wish(hold, "confirm", "anna"))
    assert denied.value.reason is Reason.PERSON
    assert town.parts.vault.holds[0].confirmed is None


def test_a_release_is_of_a_hold(town: HeldTown) -> None:
    """A release that names another hold, or none, or one of another log, releases nothing."""
    hold = town.place()
    other = town.name(town.looked().window.number)
    for asked, told in ((hold, other), (other, other), (hold, EntryName("act.2", hold.number))):
        with pytest.raises(Denied) as denied:
            town.said("/release", town.wish(told, "release", "anna")._replace(hold=asked))
        assert denied.value.reason is Reason.ORDER
    assert [each.name for each in town.parts.vault.holds] == [hold]


def test_a_renewed_window_is_of_the_same_hold(town: HeldTown) -> None:
    """What a renewing window gives belongs to the hold that it renews; one of another case is refused."""
    hold = town.place()
    again = town.hold(renews=hold.number)
    assert town.said("/hold-keys", again) == {"held": 1, "new": 0}
    assert town.parts.vault.holds[0].entries == (hold.number, again.window.number)
    with pytest.raises(Refused):
        town.said("/hold-keys", town.hold(renews=hold.number, case=digest("another")))
    with pytest.raises(Refused):
        town.said("/hold-keys", town.hold(renews=0))


def test_a_hold_is_prolonged_by_another(town: HeldTown) -> None:
    """A new hold takes its keys out of the vault when the hour is gone, and outlives the first."""
    first = town.place()
    town.said("/confirm", town.wish(first, "confirm", "bruno"))
    town.expire()
    second = town.place()
    town.said("/release", town.wish(first, "release", "anna"))
    assert [each.name for each in town.parts.vault.holds] == [second]
    assert town.keys(town.looked()) == {1: SEGMENT_KEY}


def test_the_ledger_is_told_from_when_on_proofs_are_needed(town: HeldTown) -> None:
    """The status says where the oldest held footage begins."""
    with serving(town) as socket:
        assert keyring_held(socket) is None
        town.place()
        assert keyring_held(socket) == NOW - 300 * SECOND


def test_a_damaged_file_costs_its_own_keys(town: HeldTown) -> None:
    """Keys that were altered are told as damage; the hold, and the keyring, go on."""
    hold = town.place()
    (path,) = (town.home.path / "vault" / "holds" / str(hold)).glob("*.keys")
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    town.live()
    with pytest.raises(Damaged):
        town.parts.vault.keys(STREAM, TERM, [1])
    path.write_bytes(b"nonsense")
    town.live()
    assert [town.parts.vault.count(each.name) for each in town.parts.vault.holds] == [0]


@pytest.mark.parametrize("is_anothers", [False, True])
def test_a_hold_that_cannot_be_read_stops_nothing_else(town: HeldTown, is_anothers: bool) -> None:
    """The hours' keys go on being drawn, other holds are read; the alarm says what is wrong, and nothing is pruned."""
    hold, other = town.place(), town.place()
    files = [town.home.path / "vault" / "holds" / str(name) / "hold.json" for name in (hold, other)]
    files[0].write_bytes(files[1].read_bytes() if is_anothers else b"{}")
    parts = town.live()
    assert parts.store.ring.keys
    assert [each.name for each in parts.vault.holds] == [other]
    assert parts.vault.keys(STREAM, TERM, [1]) == {1: SEGMENT_KEY}
    assert any("the vault cannot be read" in alarm for alarm in json.loads(town.desk.status())["alarms"])
    with serving(town) as socket, pytest.raises(Unavailable):
        keyring_held(socket)


def test_nothing_held_is_read_after_its_end_by_any_clock(town: HeldTown) -> None:
    """The latest clock decides, before anything is destroyed."""
    hold = town.place()
    (held,) = town.parts.vault.holds
    (file,) = town.parts.vault._files[hold].values()
    segment = next(iter(file.values()))
    id_ = SegmentId(segment.stream, segment.term, 1)
    assert town.parts.vault.holds_segment(id_, UtcTicks(held.ends - 1))
    assert not town.parts.vault.holds_segment(id_, held.ends)
