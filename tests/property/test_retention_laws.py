# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What retention decides, for whatever ring, disks and clocks there are."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrazzo.base.errors import Invalid
from torrazzo.base.times import HOUR, SECOND, UtcTicks
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.trusted_time import Judgement
from torrazzo.retention.forecast import outlook
from torrazzo.retention.forgotten import Forgotten
from torrazzo.retention.journal import Debt, Freeing, Shredding, State
from torrazzo.retention.plan import AGE, DISK, LATE, Due, Seen, Volume, due, first_living, freed, late, life

NOW = 494_000
LEAD = 120 * SECOND
CLASSES = ("standard", "h2", "h24", "h72", "h167", "h999", "other")

names = st.builds(KeyName, st.integers(NOW - 200, NOW + 50), st.sampled_from(CLASSES))
moments = st.integers(NOW * HOUR, (NOW + 1) * HOUR).map(UtcTicks)
judgements = st.one_of(
    st.builds(lambda now: Judgement(now, now, now, ()), moments),
    st.builds(lambda now, off: Judgement(now, UtcTicks(now + off), None, ()), moments, st.integers(0, 200 * HOUR)),
    st.builds(lambda now: Judgement(now, None, None, ()), moments),
)
volumes = st.lists(
    st.builds(Volume, st.just(Path("/d")), st.uuids().map(str), names, st.integers(0, 1 << 30)), max_size=12
)


@st.composite
def seens(draw: st.DrawFn) -> Seen:
    found = draw(volumes)
    keys = draw(st.sets(st.one_of(names, *([st.sampled_from([each.key for each in found])] if found else []))))
    gone = sorted({each.key for each in found} - keys)
    early = draw(st.sets(st.sampled_from(gone))) if gone else set()
    awaited = draw(st.sets(st.sampled_from([each.name for each in found]))) if found else set()
    floor = draw(st.integers(2, 168))
    return Seen(draw(judgements), keys, found, floor, draw(st.booleans()), early, awaited)


@given(seens())
def test_no_key_goes_before_its_time_but_for_want_of_room(seen: Seen) -> None:
    """For its age from two minutes before its end on; for want of room only past the floor, if there is none."""
    for name, why in due(seen):
        assert name in seen.keys
        assert seen.now.agreed is not None, "clocks that disagree shred nothing"
        if why == AGE:
            assert seen.now.agreed >= (name.hour + life(name)) * HOUR - LEAD
        else:
            assert why == DISK
            assert seen.is_tight
            assert seen.now.agreed >= (name.hour + 1 + seen.floor_hours) * HOUR


@given(seens())
def test_every_key_whose_time_it_is_goes(seen: Seen) -> None:
    """Whatever is on the disks, held, or wanted: retention has no exceptions. After that none is late."""
    if seen.now.agreed is None:
        return
    gone = {each.name for each in due(seen)}
    over = {name for name in seen.keys if seen.now.agreed >= (name.hour + life(name)) * HOUR - LEAD}
    assert over <= gone
    assert late(seen._replace(keys=set(seen.keys) - gone)) == ()


@given(seens(), st.booleans())
def test_what_goes_for_its_age_does_not_depend_on_disks_or_holds(seen: Seen, is_tight: bool) -> None:
    """The same ring and clocks give the same keys, with any volumes, holds and floors."""
    other = seen._replace(volumes=(), awaited=(), is_tight=is_tight, floor_hours=168, early=())
    assert [each for each in due(seen) if each.why == AGE] == [each for each in due(other) if each.why == AGE]


@given(seens())
def test_room_takes_one_hour_the_oldest_and_only_what_lies_there(seen: Seen) -> None:
    """One hour at a time, none older that could go is left, and none while files wait to be unlinked."""
    early = [name for name, why in due(seen) if why == DISK]
    if not early:
        return
    assert len({name.hour for name in early}) == 1
    assert set(early) <= {volume.key for volume in seen.volumes}
    older = {volume.key for volume in seen.volumes if volume.key.hour < early[0].hour}
    assert not older & set(seen.keys)
    assert freed(seen._replace(awaited=())) == ()


@given(seens())
def test_only_what_nobody_can_read_is_unlinked(seen: Seen) -> None:
    """Its key is not in the ring, it went early or its time is over, its hour is over, and nobody copies it."""
    for volume in freed(seen):
        assert volume.key not in seen.keys
        assert volume.name not in seen.awaited
        is_over = seen.now.agreed is not None and seen.now.agreed >= (volume.key.hour + life(volume.key)) * HOUR - LEAD
        assert is_over or volume.key in seen.early


@given(seens(), st.sampled_from(CLASSES))
def test_the_index_forgets_only_what_is_gone(seen: Seen, class_: str) -> None:
    """No hour of a class before the first living one has a key or may have one."""
    first = first_living(seen, class_)
    assert not [name for name in seen.keys if name.class_ == class_ and name.hour < first]
    if first:
        assert seen.now.may_shred(first - 1, life(KeyName(0, class_)))


@given(seens())
def test_a_class_lives_as_its_name_says_and_never_above_the_law(seen: Seen) -> None:
    """RT-01: whatever a class calls itself, its keys are due at 168 hours at the latest, and its reading ends."""
    for name in seen.keys:
        assert 2 <= life(name) <= 168
        if seen.now.latest is not None and seen.now.latest >= (name.hour + 168) * HOUR:
            assert not seen.now.may_read(name.hour, life(name))
        if seen.now.agreed is not None and seen.now.agreed >= (name.hour + 168) * HOUR - LEAD:
            assert Due(name, AGE) in due(seen)


@given(seens())
def test_late_is_a_quarter_of_an_hour(seen: Seen) -> None:
    """An alarm names just the keys that live fifteen minutes after they may go, by the latest clock there is."""
    moment = seen.now.earliest if seen.now.latest is None else seen.now.latest
    assert set(late(seen)) == {name for name in seen.keys if moment - LATE >= (name.hour + life(name)) * HOUR - LEAD}


@given(volumes, st.integers(0, 1 << 40), st.integers(0, 1 << 40))
def test_more_room_never_lasts_shorter(held: list[Volume], free: int, more: int) -> None:
    """A forecast grows with the room there is; a disk that is nearly full has no time left."""
    now, later = outlook(held, free, NOW), outlook(held, free + more, NOW)
    assert later.hours_left is None or (now.hours_left is not None and now.hours_left <= later.hours_left)
    assert now.is_tight == (now.hours_left == 0)


debts = st.builds(
    Debt,
    st.sampled_from(["shred", "free"]),
    st.dictionaries(st.text(max_size=5), st.one_of(st.none(), st.integers(0, 1 << 62), st.text(max_size=5))),
    st.one_of(st.none(), st.integers(0, 1 << 62)),
)
states = st.builds(
    State,
    st.one_of(
        st.none(),
        st.builds(
            Shredding, names, st.sampled_from([AGE, DISK]), st.integers(0, 999), st.just({"rec": None, "act": {}})
        ),
    ),
    st.one_of(
        st.none(), st.builds(Freeing, names, st.dictionaries(st.text(max_size=9), st.integers(0, 1 << 40), max_size=3))
    ),
    st.lists(debts, max_size=3).map(tuple),
    st.frozensets(names, max_size=3),
    st.frozensets(names, max_size=3),
)


@given(states)
def test_the_journal_comes_back_as_it_was_written(state: State) -> None:
    """What is owed, begun and gone early outlives the process, whatever it is."""
    assert State.parse(state.pack()) == state
    assert State.parse(state.pack()).pack() == state.pack()


@given(states, st.data())
def test_a_journal_that_is_cut_off_is_not_read(state: State, data: st.DataObject) -> None:
    """Half a journal is none: it says nothing that was not written."""
    packed = state.pack()
    with pytest.raises(Invalid):
        State.parse(packed[: data.draw(st.integers(0, len(packed) - 1))])


@given(st.dictionaries(st.sampled_from(CLASSES), st.integers(1, 800_000)), st.frozensets(names, max_size=4))
def test_what_is_forgotten_comes_back_as_it_was_written(before: dict[str, int], also: frozenset[KeyName]) -> None:
    """The index reads the very hours that retention wrote."""
    assert Forgotten.parse(Forgotten(before, also).pack()) == Forgotten(before, also)
