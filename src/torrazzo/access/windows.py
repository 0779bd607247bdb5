# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What one process writes about people: windows that open, copies that are asked for and approved.

1. The private part is sealed, and noted beside the ledger. 2. The fact that commits to it is entered. 3. Only then is
there a window. 4. Each window is closed by a fact: when it is done, renewed or expired, and after a crash by the
process that comes next, from what was noted (`settle`).
"""

import hashlib
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple, Self

import structlog

from torrazzo.access.book import Book, Deed
from torrazzo.access.gate import Gate, Keyring, Opened, log_name
from torrazzo.access.holding import Holding
from torrazzo.access.live_window import LIVE, LiveWindow
from torrazzo.access.months import Months
from torrazzo.access.staff import Fact
from torrazzo.access.window import Entered, Window
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Invalid, Refused, TorrazzoError, Unavailable
from torrazzo.base.ids import StreamId
from torrazzo.base.times import HOUR, UtcTicks
from torrazzo.durable import Disk
from torrazzo.keyring import KeyClient
from torrazzo.keyring.vault_file import Hold
from torrazzo.keyring.vault_terms import TERMS
from torrazzo.ledger import Policy
from torrazzo.ledger.act import WINDOW, Act, Wanted, pack_act, parse_act
from torrazzo.ledger.act_shown import shown_value
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.client import TIMEOUT_SECONDS, LedgerClient
from torrazzo.ledger.identity import EntryName
from torrazzo.ledger.private import NONCE_LENGTH, SALT_LENGTH, Private, case_hash, pseudonym, seal_private
from torrazzo.ledger.tail import act_head, acts_since
from torrazzo.ledger.text import to_base64
from torrazzo.town.home import Home

TOKEN_LENGTH = 32
LOOKING_S = 10.0  # patience with the ledger while somebody waits for a picture; what comes later is closed again
UNKNOWN = HOUR  # so long a fact may still come into the ledger whose entering was not answered: its disk may hang

_LOOKS = frozenset({"view", LIVE})
_CLOSE, _KIND_WITHIN = b'"kind":"close"', 32  # keys stand in a fixed order (docs/3-formats/act.md)

log = structlog.get_logger(__name__)


class Windows:
    """Of one process, which is the only one that writes its book. May be used by several threads."""

    def __init__(self, home: Home, disk: Disk, clock: Clock, part: str, keyring: Keyring | None = None) -> None:
        """`part` is the process's name; raises `Damaged` if its book is."""
        self._clock = clock
        self._months = Months(home, disk, clock)
        ledger = LedgerClient(home.ledger_socket)
        self._gate = Gate(ledger, keyring or KeyClient(home.path), clock, is_cosigned=demands_witness(home))
        self._book = Book.write(home, disk, part)
        self._unsure = {deed.id for deed in self._book.owed()}  # may be in the ledger, or closed there, unknown to us
        self._known: tuple[str, int] | None = None  # a log and how many entries it had at least
        self._live: set[int] = set()  # deeds of windows that somebody here holds
        self._closing: set[int] = set()  # deeds that somebody is closing at this moment
        self._lock = threading.Lock()  # over both; nobody waits for the ledger with it
        self._told: set[int] = set()  # deeds of which it was logged that they can't be settled yet

    @property
    def gate(self) -> Gate:
        """To ask what the ledger has."""
        return self._gate

    # -- opening

    def open_view(self, who: Private, wanted: Wanted, purpose: str, follows: int | None = None) -> Window:
        """Recorded pictures to look at. The span is as wide as the segments that will be shown.

        `follows`: the window before, where somebody who looks goes on to another span.
        """
        month = self._months.present()

        def entered(renews: int | None) -> Entered:
            return self._open("view", {**_named(wanted), "purpose": purpose, "renews": renews}, who, month)

        return self._window(wanted, entered, follows)

    def open_live(self, who: Private, streams: frozenset[StreamId], purpose: str) -> LiveWindow:
        """Live pictures of at most 32 streams; no key is given for them."""
        month = self._months.present()
        named = {"streams": sorted(map(str, streams)), "purpose": purpose}

        def entered(renews: int | None) -> Entered:
            now = self._clock.utc()
            until = UtcTicks(now + WINDOW)
            values = {**named, "until": until, "renews": renews}
            deed, number = self._enter(LIVE, values, who, month, now, is_window=True)
            return Entered(deed, Opened(number, b""), until)

        return LiveWindow(entered(None), entered, self, self._book, self._clock)

    def open_export(self, who: Private, ask: int, approve: int) -> Window:
        """Pictures for a copy that another person approved: entries of `act`.

        For who asked, or, where the approval names somebody to make it, for that person.
        """
        asked, approved = self._act(ask, "ask"), self._act(approve, "approve")
        month = asked.person.month
        person = pseudonym(self._months.secret(month), month, who.person)
        if approved.values["of"] != ask:
            raise Refused(f"entry {approve} approves ask {approved.values['of']}, not ask {ask}")
        if person != (approved.maker or asked.person):
            raise Refused(f"ask {ask} is another person's: who asked for a copy makes it, or whom the approval names")
        if person == approved.person:
            raise Refused(f"ask {ask} was approved by the person who makes the copy; another one has to approve it")

        def entered(renews: int | None) -> Entered:
            return self._open("export", {"of": approve, "renews": renews}, who, month, (ask, approve))

        return self._window(Wanted.of(asked), entered)

    def tell(self, fact: Fact) -> int:
        """What people did without pictures; returns the entry's number."""
        month = fact.month or self._months.present()
        return self._enter(fact.kind, fact.values, fact.who, month, self._clock.utc())[1]

    def ask(self, who: Private, wanted: Wanted, purpose: str, to: str) -> int:
        """A copy is wanted; returns the number by which it is approved and made."""
        values = {**_named(wanted), "purpose": purpose, "to": to}
        return self._enter("ask", values, who, self._months.present(), self._clock.utc())[1]

    def approve(self, who: Private, ask: int, maker: str | None = None) -> int:
        """By another person than who asked; returns the entry's number. `maker` makes the copy instead of who asked."""
        asked = self._act(ask, "ask")
        month = asked.person.month
        secret = self._months.secret(month)
        if pseudonym(secret, month, who.person) == asked.person:
            raise Refused(f"ask {ask} is your own; another person has to approve it")
        if maker is None:
            return self._follow_ask("approve", {"of": ask}, who, month)
        if maker == who.person:
            raise Refused(f"ask {ask}: nobody approves a copy and makes it")
        named = to_base64(pseudonym(secret, month, maker).who)
        return self._follow_ask("approve", {"of": ask, "maker": named}, who, month)

    def reject(self, who: Private, ask: int) -> int:
        """Nobody is to make this copy: said by another person, or taken back by who asked."""
        return self._follow_ask("reject", {"of": ask}, who, self._act(ask, "ask").person.month)

    def take(self, who: Private, ask: int, sha256: bytes) -> int:
        """What was made of this ask is about to be given to this person: a package, or its report, by its digest."""
        month = self._act(ask, "ask").person.month
        return self._follow_ask("take", {"of": ask, "digest": to_base64(sha256)}, who, month)

    def is_maker(self, approve: Act, asked: Act, name: str) -> bool:
        """Whether this person makes the copy that this fact approves; nobody can tell without the month's secret."""
        month = asked.person.month
        try:
            person = pseudonym(self._months.secret(month), month, name)
        except Unavailable:
            return False
        return person == (approve.maker or asked.person)

    def _follow_ask(self, kind: str, values: Mapping[str, object], who: Private, month: str) -> int:
        return self._enter(kind, values, who, month, self._clock.utc())[1]

    def open_hold(self, who: Private, wanted: Wanted, cause: str) -> Holding:
        """Footage that is to be kept for a case, which the private part names, for so long as its cause lets it."""
        if who.case is None:
            raise Invalid("a hold is for a case: name it")
        if cause not in TERMS:
            raise Invalid(f"cause {cause!r}: write one of {', '.join(TERMS)}")
        month = self._months.present()
        case = to_base64(case_hash(self._months.secret(month), month, who.case))

        def entered(renews: int | None) -> Entered:
            return self._open("hold", {**_named(wanted), "cause": cause, "case": case, "renews": renews}, who, month)

        return Holding(wanted, entered(None), entered, self, self._gate, self._book, self._clock)

    def confirm(self, who: Private, hold: Hold) -> int:
        """By another person than who placed it, also after a fork; returns the entry's number."""
        return self._follow(who, hold, "confirm", self._gate.confirm)

    def release(self, who: Private, hold: Hold) -> int:
        """It is over: its key is destroyed on return. Returns the entry's number."""
        return self._follow(who, hold, "release", self._gate.release)

    def is_case(self, case: str | None, hold: Act) -> bool:
        """Whether the hold of this fact is for that case; nobody can tell once its month's secret is destroyed."""
        month: str = hold.values["month"]
        try:
            secret = self._months.secret(month)
        except Unavailable:
            return False
        return case is not None and to_base64(case_hash(secret, month, case)) == hold.values["case"]

    def _follow(self, who: Private, hold: Hold, kind: str, tell: Callable[[EntryName, int], None]) -> int:
        placed, month = hold.act.person, hold.act.person.month
        if kind == "confirm" and pseudonym(self._months.secret(month), month, who.person) == placed:
            raise Refused(f"hold {hold.name} is your own; another person has to confirm it")
        number = self._enter(kind, {"hold": str(hold.name)}, who, month, self._clock.utc())[1]
        tell(hold.name, number)
        return number

    def erase(self, who: Private, ask: int, approved: int | None = None) -> int:
        """Approve an ask for erasure, by another person than who asked: it is done on return.

        `approved`: this person's approval of before, of which it is not known what came. Returns how many keys of
        others were sealed anew.
        """
        number = self.approve(who, ask) if approved is None else approved
        return self._gate.erase(ask, number)

    def _window(self, wanted: Wanted, entered: Callable[[int | None], Entered], follows: int | None = None) -> Window:
        return Window(wanted, entered(follows), entered, self, self._gate, self._book, self._clock)

    def _open(
        self,
        kind: str,
        values: Mapping[str, object],
        who: Private,
        month: str,
        approved: tuple[int, int] | None = None,
    ) -> Entered:
        token, now = secrets.token_bytes(TOKEN_LENGTH), self._clock.utc()
        until = UtcTicks(now + WINDOW)
        bind = to_base64(hashlib.sha256(token).digest())
        deed, number = self._enter(kind, {**values, "until": until, "bind": bind}, who, month, now, is_window=True)
        return Entered(deed, Opened(number, token, approved), until)

    def _enter(
        self,
        kind: str,
        values: Mapping[str, object],
        who: Private,
        month: str,
        now: UtcTicks,
        *,
        is_window: bool = False,
    ) -> tuple[int, int]:
        """The deed's id in the book, and its entry."""
        secret = self._months.secret(month)
        sealed = seal_private(who, secret, month, secrets.token_bytes(SALT_LENGTH), secrets.token_bytes(NONCE_LENGTH))
        person = {"month": month, "who": to_base64(pseudonym(secret, month, who.person).who), "p": to_base64(sealed.p)}
        line = pack_act(kind, now, {**values, **person})
        patience_s = LOOKING_S if kind in _LOOKS else TIMEOUT_SECONDS
        known = self._known or _size(act_head(self._gate.ledger, patience_s))
        with self._lock:  # what is noted here nobody settles before it is entered
            deed = self._book.note(kind, line, sealed.data, *known)
            self._live.add(deed)
        is_open = False
        try:
            number, proof = self._gate.ledger.enter(line, patience_s)
            self._known = name, _ = _size(Checkpoint.parse(proof.note.text))
            self._book.entered(deed, number, name)
            is_open = is_window
        finally:
            if not is_open:
                self._forsake(deed)
        log.info("deed_entered", kind=kind, entry=number)
        return deed, number

    def _act(self, number: int, kind: str) -> Act:
        line = self._gate.act(number)
        act = None if line is None else parse_act(line)
        if act is None or act.kind != kind:
            raise Invalid(f"{number}: there is no {kind} of this number; `torrazzo evidence list` tells them")
        return act

    # -- closing

    def close_deed(self, deed: int, why: str) -> None:
        """As `Opener` has it."""
        with self._claimed(lambda: [deed]) as mine:
            owed = self._book.owed_one(deed) if mine else None
            if owed is not None:
                self._close(owed, why, self._look([owed]))

    def is_present(self, deed: int) -> bool:
        """As `Opener` has it."""
        return self._book.log_of(deed) == self._gate.log()

    def settle(self) -> int:
        """Close windows that nobody holds any more, of this life and those before; returns how many are left to do.

        What was not answered, or was left by a life before, is looked for in the ledger first, however much came behind
        it; an hour after it was written it is taken for never entered.
        """
        with self._claimed(lambda: [deed.id for deed in self._book.owed() if deed.id not in self._live]) as mine:
            owed = [deed for deed in self._book.owed() if deed.id in mine] if mine else []
            if not owed:
                return 0
            try:
                found = self._look(owed)
            except TorrazzoError as error:
                for deed in owed:
                    self._tell(deed, error)
                return len(owed)
            return sum(not self._is_settled(deed, found) for deed in owed)

    @contextmanager
    def _claimed(self, which: Callable[[], Iterable[int]]) -> Iterator[frozenset[int]]:
        """Those that nobody else is closing, which are held by nobody from here on: others wait for none of them."""
        with self._lock:
            mine = frozenset(which()) - self._closing
            self._closing |= mine
            self._live -= mine
        try:
            yield mine
        finally:
            with self._lock:
                self._closing -= mine

    def close(self) -> None:
        """Close what is open and release the book. What can't be entered now is entered by the next life."""
        with self._lock:
            self._live.clear()
        self.settle()
        self._book.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _look(self, owed: Sequence[Deed]) -> "_Found":
        """What the ledger has of these, where that is not known. Asks it once, for all that came since."""
        head = act_head(self._gate.ledger)
        name, unsure = log_name(head), [deed for deed in owed if deed.entry is None or deed.id in self._unsure]
        found = _Found(name, {}, {})
        starts = [_start(deed, head) for deed in unsure]
        lines = {deed.line for deed in unsure if deed.entry is None}
        for number, line in acts_since(self._gate.ledger, head, min(starts, default=head.size)):
            if line in lines:
                found.entries[line] = number
            elif _CLOSE in line[:_KIND_WITHIN]:
                found.closes[parse_act(line).values["of"]] = number
        return found

    def _is_settled(self, deed: Deed, found: "_Found") -> bool:
        try:
            self._settle(deed, found)
        except TorrazzoError as error:
            self._tell(deed, error)
            return False
        return True

    def _tell(self, deed: Deed, error: TorrazzoError) -> None:
        if deed.id not in self._told:  # tried again every few seconds
            self._told.add(deed.id)
            log.warning("window_not_closed", entry=deed.entry, error=str(error))

    def _settle(self, deed: Deed, found: "_Found") -> None:
        act = parse_act(deed.line)
        if deed.entry is None:
            entry = found.entries.get(deed.line)
            if entry is None:
                if self._clock.utc() <= act.t + UNKNOWN:
                    raise Unavailable("whether its fact is in the ledger is not known yet")
                (self._book.forget if deed.log == found.log else self._book.never_closed)(deed.id)
                return
            deed = deed._replace(entry=entry, log=found.log)
            self._book.entered(deed.id, entry, deed.log)
        if "until" in act.values:
            self._close(deed, "expired" if act.values["until"] <= self._clock.utc() else "restart", found)

    def _close(self, deed: Deed, why: str, found: "_Found") -> None:
        if deed.entry is None or not self._book.is_owed(deed.id):
            return
        shown = shown_value(self._book.tell_given(deed.id))
        if deed.log != found.log:  # forked: the number is another fact's there
            self._book.never_closed(deed.id)
            log.warning("window_of_another_log", entry=deed.entry, log=deed.log, present=found.log, shown=shown)
            return
        number = found.closes.get(deed.entry)
        if number is None:
            self._unsure.add(deed.id)  # until the answer is noted
            values = {"of": deed.entry, "why": why, "shown": shown}
            number = self._gate.ledger.enter(pack_act("close", self._clock.utc(), values)).entry_index
        self._book.closed(deed.id, number)
        self._unsure.discard(deed.id)
        log.info("window_closed", entry=deed.entry, why=why)
        if deed.kind == LIVE:  # of which the keyring knows nothing
            return
        try:
            self._gate.close(deed.entry, number)
        except TorrazzoError as error:  # its keyring was away or has started since: it gives nothing for it any more
            log.info("keyring_not_told", entry=deed.entry, error=str(error))

    def _forsake(self, deed: int) -> None:
        with self._lock:
            self._live.discard(deed)


class _Found(NamedTuple):
    """In the log that acts are entered in now."""

    log: str
    entries: dict[bytes, int]  # by line
    closes: dict[int, int]  # numbers of closing facts, by what they close


def _size(head: Checkpoint) -> tuple[str, int]:
    return log_name(head), head.size


def _start(deed: Deed, head: Checkpoint) -> int:
    """From where on what is not known of it may stand in the log of this head."""
    if deed.entry is None:
        return deed.since if deed.log == log_name(head) else 0  # noted just before a fork, entered behind it
    return deed.entry if deed.log == log_name(head) else head.size


def demands_witness(home: Home) -> bool:
    """Whether the town's policy takes heads only with the signatures of witnesses."""
    try:
        return Policy.parse(home.policy.read_bytes()).quorum != "none"
    except FileNotFoundError:
        return False


def _named(wanted: Wanted) -> dict[str, object]:
    return {"streams": sorted(map(str, wanted.streams)), "t0": wanted.span.start, "t1": wanted.span.end}
