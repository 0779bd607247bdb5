# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Copies that were asked for, as the control room's book has them, with names as long as their month's secret lives."""

from typing import NamedTuple

from torrazzo.access.book import Book, Deed, book_path
from torrazzo.access.months import Months
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Damaged, Unavailable
from torrazzo.base.times import UtcTicks
from torrazzo.durable import Disk
from torrazzo.ledger.act import Act, Wanted, parse_act
from torrazzo.ledger.private import Private, open_private
from torrazzo.ledger.secret import log_names
from torrazzo.ledger.text import parse_hash
from torrazzo.town.home import Home

MOST_HOURS = 100  # in one copy, of all its cameras together: what is held in memory grows with them

CONTROL_ROOM = "control-room"  # the process that notes what is asked for and approved
WORKER = "worker"  # makes packages

_KINDS = ("ask", "approve", "reject", "export", "take")


class Step(NamedTuple):
    """What a person did about it."""

    number: int  # of its entry in `act`
    t: UtcTicks
    private: Private | None  # None: the month's secret is destroyed
    act: Act | None = None


class Ask(NamedTuple):
    """A copy that somebody wants."""

    asked: Step
    wanted: Wanted
    purpose: str
    to: str  # class of its recipient
    approvals: tuple[Step, ...]
    exports: tuple[Step, ...]  # windows that were opened for it: by the control room, then by the worker
    rejections: tuple[Step, ...] = ()  # also by who asked
    takings: tuple[Step, ...] = ()  # of what was made

    @property
    def number(self) -> int:
        """By which people name it."""
        return self.asked.number

    @property
    def key(self) -> str | None:
        """The public key that it names as its recipient: nothing else than packages encrypted to it was approved."""
        private = self.asked.private
        return None if private is None else named_key(private.recipient)

    def approved_by(self, person: str) -> int | None:
        """The number of this person's last approval."""
        mine = [step.number for step in self.approvals if step.private is not None and step.private.person == person]
        return mine[-1] if mine else None


def named_key(recipient: str | None) -> str | None:
    """A recipient's public key, of age or of SSH without its comment, where that is how the recipient is named."""
    words = (recipient or "").split()
    return " ".join(words[:2]) if words and words[0].startswith(("age1", "ssh-")) else None


def read_asks(home: Home, disk: Disk, clock: Clock) -> list[Ask]:
    """All of the present log, oldest first, for any process of our Unix user: after a fork people ask anew."""
    noted = [*_deeds(home, CONTROL_ROOM, *_KINDS), *_deeds(home, WORKER, "export")]
    present = next(str(name) for name in log_names(home) if name.kind == "act")
    deeds = [deed for deed in noted if deed.log == present]
    months = Months(home, disk, clock)
    asks: dict[int, Ask] = {}
    of_approval: dict[int, int] = {}
    for deed in deeds:
        act, step = parse_act(deed.line), _step(deed, months)
        if act.kind == "ask":
            asks[step.number] = Ask(step, Wanted.of(act), act.values["purpose"], act.values["to"], (), ())
        elif act.kind == "approve":
            of_approval[step.number] = act.values["of"]
            _add(asks, act.values["of"], approvals=(step,))
        elif act.kind == "reject":
            _add(asks, act.values["of"], rejections=(step,))
        elif act.kind == "take":
            _add(asks, act.values["of"], takings=(step,))
        elif act.values["renews"] is None:
            _add(asks, of_approval.get(act.values["of"]), exports=(step,))
    return list(asks.values())


def _deeds(home: Home, part: str, *kinds: str) -> list[Deed]:
    path = book_path(home, part)
    if not path.exists():
        return []
    book = Book.read(path)
    try:
        return book.of_kind(*kinds)
    finally:
        book.close()


def open_part(act: Act, data: bytes, months: Months) -> Private | None:
    """Who and why; None where the month's secret is destroyed, or these bytes are not what the fact commits to."""
    month: str = act.values["month"]
    try:
        return open_private(data, parse_hash(act.values["p"], "p"), months.secret(month), month)
    except (Unavailable, Damaged):
        return None


def _step(deed: Deed, months: Months) -> Step:
    assert deed.entry is not None
    act = parse_act(deed.line)
    return Step(deed.entry, act.t, open_part(act, deed.private, months), act)


def _add(asks: dict[int, Ask], number: int | None, **steps: tuple[Step, ...]) -> None:
    ask = None if number is None else asks.get(number)
    if ask is not None:
        asks[ask.number] = ask._replace(**{name: getattr(ask, name) + more for name, more in steps.items()})
