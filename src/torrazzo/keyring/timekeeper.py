# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The keyring's clocks as they run: sources heard, all of them held against each other, what is known kept on disk."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import structlog

from torrazzo.base.clock import Clock
from torrazzo.base.errors import Invalid
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.durable import Disk, read_whole
from torrazzo.keyring.kernel_clock import is_synchronised
from torrazzo.keyring.trusted_time import Alarm, Judgement, Reading, Times, Tolerances, carried, judge

TIMES = "times.json"
SYSTEM, WITNESS, WALL = "system", "witness", "wall"
KEPT = 30 * SECOND  # by which the agreement on disk may be behind: as far as clocks that agree may lie apart
ASK_NS = 5_000_000_000  # between two questions to this machine's sources
BEHIND = 15 * SECOND  # a witness's time that lags more than this was under way for long: it tells nothing new

_LIMIT = 64 << 10

log = structlog.get_logger(__name__)

# The sources that tell whether this machine's own clock is right; a witness tells a time of its own.
LOCAL: Mapping[str, Callable[[], bool]] = MappingProxyType({SYSTEM: is_synchronised, WALL: lambda: True})


class Alert(NamedTuple):
    """An alarm that began or ended, as a `clock` fact has it."""

    clock: str
    why: str  # off, silent, agrees
    off: int | None

    def values(self) -> dict[str, object]:
        """Of the fact."""
        return {"part": "keyring", "clock": self.clock, "why": self.why, "off": self.off}


class Timekeeper:
    """May be used by several threads."""

    def __init__(
        self,
        disk: Disk,
        folder: Path,
        clock: Clock,
        boot: str,
        rules: Tolerances,
        local: Mapping[str, Callable[[], bool]] = LOCAL,
    ) -> None:
        """`boot` names this boot of this machine; `local` says of sources other than witnesses whether they agree."""
        self.rules = rules
        self.is_lost = False  # what was kept could not be read
        self._path, self._disk, self._clock, self._boot, self._local = folder / TIMES, disk, clock, boot, local
        self._lock = threading.RLock()
        self._alarms: Mapping[str, Alarm] = {}
        self._doubted: frozenset[str] = frozenset()  # sources that were off at the last look
        self._begun_ns = clock.boot_ns()
        self._asked_ns: int | None = None
        self._witnessed = -1  # POSIX seconds
        self._kept = self._load()
        self._times = self._kept
        if WITNESS in self._kept.heard:
            self._witnessed = self._kept.heard[WITNESS].at.utc // SECOND

    def judge(self) -> Judgement:
        """What may be done now."""
        with self._lock:
            self._ask()
            self._times, now = judge(self._times, self._reading(), self.rules)
            self._keep()
            return now

    def look(self) -> tuple[Alert, ...]:
        """Once a minute: which alarms have begun or ended, for people to be told."""
        with self._lock:
            found = self.judge().alarms
            alarms = {alarm.clock: alarm for alarm in found if self._is_due(alarm)}
            self._doubted = frozenset(alarm.clock for alarm in found if alarm.off is not None)
            before, self._alarms = self._alarms, alarms
            began = [
                Alert(alarm.clock, "silent" if alarm.off is None else "off", alarm.off)
                for alarm in alarms.values()
                if alarm.clock not in before or (before[alarm.clock].off is None) != (alarm.off is None)
            ]
            ended = [Alert(name, "agrees", None) for name in before if name not in alarms]
            return (*began, *ended)

    def hear_witness(self, seconds: int) -> None:
        """The time of a cosignature; one that is not later than those heard before is a replay, and tells nothing."""
        with self._lock:
            if WITNESS not in self.rules.sources or seconds <= self._witnessed:
                return
            self._witnessed = seconds
            reading, utc = self._reading(), UtcTicks(seconds * SECOND)
            if not self._is_behind(utc, reading):
                self._times = self._times.hear(WITNESS, utc, reading)
                self._keep()

    def advice(self) -> str:
        """What people may do about a clock that is not believed."""
        if not self.rules.sources:
            return 'torrazzo.toml names no source of time: write trusted = ["system"] or ["witness"] under [keyring]'
        todo = {
            SYSTEM: "a time service such as chrony that has synchronised this machine's clock",
            WITNESS: "a head that a witness of the policy has cosigned since",
        }
        waits = " or ".join(todo.get(name, name) for name in self.rules.sources)
        return f"waits for {waits}, and for the clocks to agree; see `torrazzo keyring status`"

    def set_anew(self) -> Alert:
        """People say that the wall clock is right; safe on disk on return. Who calls this closes all windows.

        Raises OSError, and then nothing has changed.
        """
        with self._lock:
            reading = self._reading()
            mark = self._times.mark
            off = None if mark is None else reading.utc - carried(mark.at, reading)
            times = self._times.set_anew(reading)
            self._disk.publish(self._path, times.pack())
            self._times = self._kept = times
            self._asked_ns = None
            self._witnessed = min(self._witnessed, reading.utc // SECOND)  # also one that spoke of the far future
            return Alert(WALL, "order", off)

    def _ask(self) -> None:
        """The sources on this machine."""
        now_ns = self._clock.boot_ns()
        if self._asked_ns is not None and now_ns - self._asked_ns < ASK_NS:
            return
        self._asked_ns = now_ns
        for name, agrees in self._local.items():
            if name in self.rules.sources and agrees():
                reading = self._reading()
                self._times = self._times.hear(name, reading.utc, reading)

    def _reading(self) -> Reading:
        return Reading.now(self._clock, self._boot)

    def _is_behind(self, utc: UtcTicks, reading: Reading) -> bool:
        """Whether a witness said not long ago that it is later than this."""
        last = self._times.heard.get(WITNESS)
        if last is None or last.at.boot != reading.boot or carried(last.at, reading) - utc <= BEHIND:
            return False
        return carried(last.at, reading) - last.at.utc <= self.rules.fresh

    def _is_due(self, alarm: Alarm) -> bool:
        """A source has to be off at two looks: its word may have been under way. Silent, for as long as it may be."""
        if alarm.off is not None:
            return alarm.clock not in self.rules.sources or alarm.clock == WALL or alarm.clock in self._doubted
        said = self._times.heard.get(alarm.clock)
        if said is not None and said.at.boot == self._boot:
            return True
        return (self._clock.boot_ns() - self._begun_ns) * SECOND >= self.rules.fresh * 1_000_000_000

    def _keep(self) -> None:
        """On disk when it tells something else, or has gone on by so much that a boot could matter."""
        mark, kept = self._times.mark, self._kept.mark
        is_near = mark == kept or (
            mark is not None and kept is not None and mark.first == kept.first
            and 0 <= mark.at.utc - kept.at.utc < KEPT
        )  # fmt: skip
        if is_near and not self._is_heard_later():
            return
        try:
            self._disk.publish(self._path, self._times.pack())
            self._kept = self._times
        except OSError as error:
            log.error("times_not_saved", error=str(error), effect="tried again with the next look")  # noqa: TRY400

    def _is_heard_later(self) -> bool:
        """Whether the disk does not know what would be a replay after a boot: of a witness, whatever it has said."""
        kept = self._kept.heard
        return any(
            name not in kept
            or said.at.boot != kept[name].at.boot
            or abs(said.at.utc - kept[name].at.utc) >= (1 if name == WITNESS else KEPT)
            for name, said in self._times.heard.items()
        )

    def _load(self) -> Times:
        try:
            return Times.parse(read_whole(self._disk, self._path, _LIMIT))
        except FileNotFoundError:
            return Times()
        except (OSError, Invalid) as error:
            log.error("times_lost", path=str(self._path), error=str(error))  # noqa: TRY400
            self.is_lost = True
            return Times()
