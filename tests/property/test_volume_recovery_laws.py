# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs that end in a power cut, one after another: what recovery makes of them adds up, and nothing synced is lost."""

import random
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tools.tape import NODE, START, Tape, camera, clock, volume
from torrazzo.archive import Root, VolumeWriter, make_root, recover
from torrazzo.archive.check import Manner, check
from torrazzo.archive.recovery import Recovery, finish_recovery
from torrazzo.base.times import SECOND
from torrazzo.testing.disk import FaultyDisk

STREAMS = 4
Flush = Callable[[], None]


class Run:
    """One life of a recorder: its volumes on two disks, a term per stream, what was synced when the power went."""

    def __init__(self, disk: FaultyDisk, roots: list[Root], fence: int, found: Recovery, dice: random.Random) -> None:
        self.start = START + fence * 300 * SECOND
        self.volumes = [volume(root, fence, 0, at=self.start, disk=disk) for root in roots]
        self.dice, self.found = dice, found
        self.waits = dice.random() < 0.2  # dies before recovery has ended: facts were never told
        self.tapes: list[Tape] = []
        self.synced: set[bytes] = set()
        self.pieces: dict[tuple[Tape, int], int] = {}  # synced pieces of segments
        self._placed: dict[Tape, tuple[int, int]] = {}
        for number in range(STREAMS):
            prior = found.last.get(camera(number))
            self.tapes.append(Tape(camera(number), fence, self.start, None if self.waits else prior))

    def live(self, rounds: int) -> None:
        if not self.waits:
            for owed in self.found.facts:
                owed.place(self.volumes[0], owed.fact)
            self.flush(0)
        for number in range(rounds):
            for volume_now in self.volumes:
                clock(volume_now, self.start + number * 4 * SECOND)
            for at, tape in enumerate(self.tapes):
                self._act(at % 2, tape, is_first=number == 0)
                self._maybe_flush()

    def flush(self, which: int) -> None:
        self.volumes[which].flush()
        for at, tape in enumerate(self.tapes):
            if at % 2 == which:
                self.synced.update(tape.lines)
                if tape in self._placed:
                    n, pieces = self._placed[tape]
                    self.pieces[tape, n] = pieces

    def _maybe_flush(self) -> None:
        for which in range(2):
            if self.dice.random() < 0.3:
                self.flush(which)

    def _act(self, which: int, tape: Tape, *, is_first: bool) -> None:
        place = self.volumes[which]
        if self.waits:
            self._segment_untold(tape, place, is_first=is_first)
            return
        if is_first:
            tape.begin(place)
            if tape.cursor < self.start:
                tape.gap(place, (self.start - tape.cursor) // SECOND, "restart")
                rest = self.start - tape.cursor
                assert rest >= 0
        elif tape._open_gap[2]:
            tape.close_gap(place, 4)
            tape._open_gap = 0, 0, ""
        elif self.dice.random() < 0.15:
            tape.gap(place, 4)
        elif self.dice.random() < 0.15:
            tape.open_gap(place)
        else:
            tape.pieces(place, 4, size=self.dice.choice((300, 3000)), then=self._note(tape))

    def _segment_untold(self, tape: Tape, place: VolumeWriter, *, is_first: bool) -> None:
        if is_first:
            tape.n = 2  # kept free: the term fact, and the gap between the terms
        tape.pieces(place, 4, size=2000, fact=False, then=self._note(tape))
        tape.cursor += 4 * SECOND
        tape.n += 1

    def _note(self, tape: Tape) -> Callable[[int], None]:
        def note(pieces: int) -> None:
            self._placed[tape] = (tape.n, pieces)
            self._maybe_flush()

        return note


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_what_power_cuts_leave_adds_up(seed: int) -> None:
    """After any run of power cuts, torn writes included, every line of facts is whole and names only what is intact."""
    dice = random.Random(seed)
    disk = FaultyDisk()
    roots = [make_root(disk, Path(f"/disk{number}"), NODE) for number in range(2)]
    found = Recovery([], {}, [], [])
    for fence in range(1, dice.randrange(2, 5)):
        run = Run(disk, roots, fence, found, dice)
        run.live(dice.randrange(1, 7))
        if dice.random() < 0.5 and not run.waits:
            finish_recovery(disk, found)
        for made in run.volumes:
            if dice.random() < 0.8:
                made.write()  # on its way to the disk when the power goes
        disk = disk.power_cut(dice.randrange(2**32)) if dice.random() < 0.8 else disk.kill()
        found = recover(disk, roots, fence + 1)
        assert recover(disk, roots, fence + 1) == found
        _nothing_synced_is_lost(run, found)
    last = volume(roots[0], 90, at=START + 3000 * SECOND, disk=disk)
    for owed in found.facts:
        owed.place(last, owed.fact)
    for number in range(STREAMS):
        tape = Tape(camera(number), 90, START + 3000 * SECOND, found.last.get(camera(number)))
        tape.begin(last)
    assert last.finish()
    finish_recovery(disk, found)
    findings = [finding.line({}) for finding in check(disk, roots, Manner(deep=True))]
    assert not findings
    after = recover(disk, roots, 91)
    assert (after.facts, after.volumes, after.damages) == ([], [], [])


def _nothing_synced_is_lost(run: Run, found: Recovery) -> None:
    owed = {(each.parsed.stream, each.parsed.term, each.parsed.n): each.parsed for each in found.facts}
    lines = {each.fact for each in found.facts}
    for tape in run.tapes:
        told = max((number for number, line in enumerate(tape.lines) if line in run.synced), default=-1)
        last = found.last.get(tape.stream)
        if told >= 0:
            assert last is not None
            assert last.term == tape.term
            assert last.n >= told
        assert not lines & run.synced
        for (of, n), pieces in run.pieces.items():
            if of is tape and n > told and pieces > 1:
                fact = owed.get((tape.stream, tape.term, n))
                assert last is not None
                assert last.n >= n
                if fact is not None:  # else the recorder's own fact survived without having been synced
                    assert fact.kind == "seg"
                    assert (fact.pieces or 0) >= pieces
