# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Access units → frames in UTC; what is missing → gaps; what can't be slewed → steps.

The camera's clock makes time, arrival only bounds it: a frame can't arrive before it was taken, so the smallest
lateness of ten seconds tells how far the two clocks have drifted apart, and the mapping is turned by at most 500 ppm.
A `cursor` moves over UTC; each item starts where the cursor is and moves it to its end, which is why
recorded + gaps + steps = elapsed holds by construction.
"""

from collections.abc import Iterable
from typing import NamedTuple

from torrazzo.base.times import SECOND
from torrazzo.camera import AccessUnit
from torrazzo.ingest.server_time import ServerTime

HOLE_TICKS = SECOND  # a hole is longer than this and than three frame intervals
OPEN_AFTER_TICKS = 5 * SECOND  # silence that opens a gap (within 15 s of the last frame)
FUTURE_TICKS = 2 * SECOND  # a frame this far ahead of its arrival tells a jump of the camera's clock
LATE_TICKS = 30 * SECOND  # a frame this long before its arrival tells the same
JUMP_TICKS = SECOND // 2  # … and at a hole this far, for then nothing was absent in between
STEP_TICKS = SECOND  # a standing difference above this is not slewed
WINDOW_TICKS = 10 * SECOND  # lateness is judged over this much media time
PATIENCE_WINDOWS = 6  # a late stream must stay late this long before its time is corrected in one step
KEY_WAIT_NS = 60_000_000_000  # some cameras refresh gradually and never send another key frame
MAX_PPB = 500_000
USUAL_INTERVAL = 3_600  # 25 frames a second, until the stream has shown its own


class Frame(NamedTuple):
    """An access unit in time; [t0, t1) in UTC ticks, `end_dts` = decoding time of what follows it."""

    unit: AccessUnit
    t0: int
    t1: int
    end_dts: int
    breaks: bool  # the time line was interrupted before it: a new segment begins


class GapOpened(NamedTuple):
    """Absence that has begun and goes on."""

    t0: int
    why: str
    m0: int


class GapClosed(NamedTuple):
    """Absence that is over; the end of the open one if there is one."""

    t0: int
    t1: int
    why: str
    m0: int
    m1: int


class Step(NamedTuple):
    """A correction of the time line; t1 < t0 when it goes backwards."""

    t0: int
    t1: int
    m0: int


Item = Frame | GapOpened | GapClosed | Step


class Timeline:
    """The time line of one stream. `server` is shared; `cursor` is the UTC tick up to which all is accounted for."""

    def __init__(self, server: ServerTime, now_ns: int) -> None:
        self._server = server
        self.cursor = server.utc(now_ns)
        self.gap_why: str | None = None  # cause of the open gap
        self._cause: str | None = None  # why the next gap will have been
        self._gap_m0 = now_ns
        self._held: AccessUnit | None = None  # its end is known when the next one comes
        self._begun = False
        self._anchored = False
        self._need_key = False
        self._need_since_ns = 0
        self._blocked = False
        self._breaks = True
        self._base_dts = 0
        self._base_utc = 0
        self._ppb = 0
        self._interval = USUAL_INTERVAL
        self._last_hole = 0
        self._window_end = 0
        self._lateness = 1 << 62
        self._last_lateness = 0  # of the window before
        self._late_windows = 0
        self._last_ns = now_ns

    @property
    def interval(self) -> int:
        """The stream's usual distance between frames, in ticks."""
        return self._interval

    @property
    def held(self) -> AccessUnit | None:
        """The newest unit, whose end is not known yet."""
        return self._held

    @property
    def server_offset(self) -> int:
        """UTC minus boot time, in ticks."""
        return self._server.offset

    def place(self, units: Iterable[AccessUnit]) -> list[Item]:
        """Put units, in decoding order, on the time line; the newest is held until its end is known."""
        items: list[Item] = []
        if self._blocked:
            return items
        for unit in units:
            if self._need_key:
                self._need_since_ns = self._need_since_ns or unit.arrived_ns
                if not unit.is_key and unit.arrived_ns - self._need_since_ns < KEY_WAIT_NS:
                    continue
                self._need_key, self._need_since_ns = False, 0
            held = self._held
            arrived = unit.arrived_ns * 9 // 100_000 + self._server.offset
            if held is None:
                self._resume(unit, arrived, items)
            else:
                dts = unit.dts
                step = dts - held.dts
                past = dts - self._base_dts
                t1 = self._base_utc + past + past * self._ppb // 1_000_000_000
                if (
                    step <= 0
                    or unit.discontinuity
                    or not self._anchored
                    or not -FUTURE_TICKS <= arrived - t1 <= LATE_TICKS
                    or (step > HOLE_TICKS and self._is_hole(step))  # learns from it: only if it can be true
                ):
                    self._resume(unit, arrived, items, jumped=t1 - arrived > self._lead() + JUMP_TICKS)
                else:
                    t1 = max(t1, self.cursor)
                    items.append(Frame(held, self.cursor, t1, dts, self._breaks))
                    self._breaks = False
                    self.cursor = t1
                    self._interval += (step - self._interval) >> 3
                    self._lateness = min(self._lateness, arrived - t1)
                    if dts >= self._window_end:
                        self._turn(unit, items)
            self._held = unit
            self._last_ns = unit.arrived_ns
        return items

    def tick(self, now_ns: int, silence: str = "nosignal") -> list[Item]:
        """What silence means by now; call it about once a second. `silence` is its cause if no other is known."""
        items: list[Item] = []
        silent = (now_ns - self._last_ns) * 9 // 100_000
        if self._held is not None and silent > max(HOLE_TICKS, 3 * self._interval) + SECOND // 2:
            self._flush(items)
        if self._held is None and self.gap_why is None and self._server.utc(now_ns) - self.cursor > OPEN_AFTER_TICKS:
            self._open(self._cause or silence, now_ns, items)
        return items

    def cause(self, why: str, now_ns: int) -> list[Item]:
        """The source is gone or refused, for this cause; changes the cause of an open gap from now on."""
        items: list[Item] = []
        self._anchored = False
        self._cause = why
        if self.gap_why is not None and self.gap_why != why and not self._blocked:
            self._close(self._server.utc(now_ns), now_ns, items)
            self._open(why, now_ns, items)
        return items

    def lose(self, why: str, now_ns: int) -> list[Item]:
        """What was being placed is lost, and the source with it: absence from now on, for this cause."""
        self._held, self._anchored, self._cause, self._breaks = None, False, why, True
        items: list[Item] = []
        if self.gap_why is None:
            self._open(why, now_ns, items)
        return items + self.cause(why, now_ns)

    def block(self, why: str, now_ns: int) -> list[Item]:
        """From now on nothing may be recorded, for this cause; an open gap changes its cause."""
        items: list[Item] = []
        self._flush(items)
        if self.gap_why != why:
            if self.gap_why is not None:
                self._close(self._server.utc(now_ns), now_ns, items)
            self._open(why, now_ns, items)
        self._blocked = True
        return items

    def unblock(self) -> None:
        """Record again, from the next key frame on."""
        self._blocked = False
        self._need_key = True

    def step(self, moved: int, now_ns: int) -> list[Item]:
        """The machine's clock was set by `moved` ticks, and `server` already says so."""
        items: list[Item] = []
        self._flush(items)
        why = self.gap_why
        if why is not None:
            self._close(self._server.utc(now_ns) - moved, now_ns, items)
        self._correct(moved, now_ns, items)
        if why is not None:
            self._open(why, now_ns, items)
        return items

    def finish(self, now_ns: int) -> list[Item]:
        """The end of the tenure: nothing is held, no gap stays open."""
        items: list[Item] = []
        self._flush(items)
        if self.gap_why is not None:
            self._close(self._server.utc(now_ns), now_ns, items)
        return items

    def _is_hole(self, step: int) -> bool:
        """Whether a distance above one second is a hole, or how this camera counts its slow frames."""
        slow = self._last_hole and step <= 2 * self._last_hole and self._last_hole <= 2 * step
        self._last_hole = step
        if slow:
            self._interval = step
        return step > 3 * self._interval

    def _lead(self) -> int:
        """How far before their place on the time line this camera's frames were seen to arrive."""
        return max(0, -self._last_lateness, -self._lateness)

    def _utc(self, dts: int) -> int:
        past = dts - self._base_dts
        return self._base_utc + past + past * self._ppb // 1_000_000_000

    def _flush(self, items: list[Item]) -> None:
        """Give out the held unit with its usual duration."""
        held = self._held
        if held is not None:
            end_dts = held.dts + max(self._interval, 1)
            self._end_held(max(self._utc(end_dts), self.cursor), end_dts, items)

    def _resume(self, unit: AccessUnit, arrived: int, items: list[Item], *, jumped: bool = False) -> None:
        """The first unit after a start, a hole or a jump: decide where on the time line it belongs.

        After a connection that was lost every missing frame is a gap, however short; else only what makes a hole.
        """
        known = self._anchored and not unit.discontinuity and not jumped
        t0 = self._utc(unit.dts) if known else arrived
        if known and not -FUTURE_TICKS <= arrived - t0 <= LATE_TICKS:
            known, t0 = False, arrived
        if not self._begun:
            self._begun, self.cursor = True, t0
        near = max(HOLE_TICKS, 3 * self._interval)
        slack = near if self._cause is None else self._interval // 2
        if self._held is not None and self.cursor < t0 <= self.cursor + self._interval + slack:
            self._end_held(t0, self._held.dts + t0 - self.cursor, items)
        self._flush(items)
        if self.gap_why is not None or t0 - self.cursor > slack or self.cursor - t0 > near:
            if t0 < self.cursor:
                self._close_at_cursor(unit.arrived_ns, items)
                if t0 < self.cursor - FUTURE_TICKS:
                    self._correct(t0 - self.cursor, unit.arrived_ns, items)
            else:
                self._close(t0, unit.arrived_ns, items)
        if not known:
            self._anchor(unit.dts, self.cursor)
        if not self._anchored and unit.format.interval:
            self._interval = unit.format.interval
        self._anchored = self._breaks = True
        self._cause = None

    def _end_held(self, t1: int, end_dts: int, items: list[Item]) -> None:
        """The held unit lasts until t1."""
        held = self._held
        if held is not None:
            items.append(Frame(held, self.cursor, t1, end_dts, self._breaks))
        self._held, self.cursor, self._breaks = None, t1, True

    def _anchor(self, dts: int, utc: int) -> None:
        self._base_dts, self._base_utc, self._ppb = dts, utc, 0
        self._window_end = dts + WINDOW_TICKS
        self._lateness, self._last_lateness = 1 << 62, 0
        self._late_windows = 0

    def _turn(self, unit: AccessUnit, items: list[Item]) -> None:
        """At the end of a window: turn the mapping towards the arrivals, or correct it in one step."""
        late = self._lateness
        self._base_utc, self._base_dts = self._utc(unit.dts), unit.dts
        self._late_windows = self._late_windows + 1 if late > STEP_TICKS else 0
        if self._late_windows >= PATIENCE_WINDOWS or late < -STEP_TICKS:
            self._correct(late, unit.arrived_ns, items)
            self._ppb, self._late_windows = 0, 0
            self._breaks = True
        else:
            self._ppb = max(-MAX_PPB, min(MAX_PPB, late * 1_000_000_000 // WINDOW_TICKS))
        self._window_end = unit.dts + WINDOW_TICKS
        self._lateness, self._last_lateness = 1 << 62, late

    def _correct(self, moved: int, now_ns: int, items: list[Item]) -> None:
        items.append(Step(self.cursor, self.cursor + moved, now_ns))
        self.cursor += moved
        self._base_utc += moved
        self._breaks = True

    def _open(self, why: str, now_ns: int, items: list[Item]) -> None:
        self.gap_why, self._gap_m0, self._begun = why, now_ns, True
        items.append(GapOpened(self.cursor, why, now_ns))

    def _close(self, t1: int, now_ns: int, items: list[Item]) -> None:
        """End the open gap, or tell one that is over already, at t1 (not before the cursor)."""
        t1 = max(t1, self.cursor)
        why = self.gap_why or self._cause or "hole"
        opened_ns = self._gap_m0 if self.gap_why else self._last_ns
        items.append(GapClosed(self.cursor, t1, why, opened_ns, now_ns))
        self.cursor, self.gap_why, self._cause = t1, None, None

    def _close_at_cursor(self, now_ns: int, items: list[Item]) -> None:
        if self.gap_why is not None:
            self._close(self.cursor, now_ns, items)
        self._cause = None
