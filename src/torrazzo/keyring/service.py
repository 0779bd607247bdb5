# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The keyring over HTTP on its Unix socket, for processes of the same Unix user (docs/3-formats/act.md).

POST /window-keys   segment keys of a window, if all is proven        GET /status
POST /close         that window gives no more
POST /hold-keys     those of a hold's window go into the vault, and to nobody
POST /erase         what two people want gone is
POST /confirm       a second person has confirmed that hold            POST /release       that hold is over
POST /trust-clock   the wall clock is right, people say               POST /trust-heads   the ledger is right, they say
POST /look          what is done once a minute, done now
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

import structlog

from torrazzo.base.clock import Clock
from torrazzo.base.errors import Damaged, Invalid, Refused, TorrazzoError, Unavailable
from torrazzo.base.times import iso_from_ticks
from torrazzo.keyring.after_restore import WAITS, expect_settled
from torrazzo.keyring.answer import answer_text, error_text
from torrazzo.keyring.bookings import Bookings
from torrazzo.keyring.chore import Keyring
from torrazzo.keyring.destroyed import Destroyed
from torrazzo.keyring.document import compact
from torrazzo.keyring.follower import Follower
from torrazzo.keyring.gate import Granted
from torrazzo.keyring.gate_request import CloseRequest, HoldRequest, KeyRequest
from torrazzo.keyring.guard import Guard
from torrazzo.keyring.heads import Heads
from torrazzo.keyring.orders import Orders
from torrazzo.keyring.public import hours_left
from torrazzo.keyring.store import RingStore
from torrazzo.keyring.timekeeper import Timekeeper
from torrazzo.keyring.trusted_time import Judgement
from torrazzo.keyring.vault import Vault
from torrazzo.keyring.vault_file import Hold
from torrazzo.keyring.vault_terms import SOON
from torrazzo.ledger.act import parse_act
from torrazzo.town.unix_server import Body, NotFound

MOST_CONNECTIONS = 16
STANDS_NS = 180_000_000_000  # without a look ended: people are told

SEALED = "sealed"  # `why` of the fact of a refusal: all was proven, and the sealed K is not that stream's and hour's
_STATUS = ((NotFound, 404), (Invalid, 400), (Refused, 403), (Damaged, 422), (Unavailable, 503))
_ADDRESSES = "GET /status; POST /window-keys, /close, /hold-keys, /confirm, /release, /erase, /trust-…, /look"

Asked = TypeVar("Asked", KeyRequest, CloseRequest, HoldRequest)

log = structlog.get_logger(__name__)


class Parts(NamedTuple):
    """What answers are made from."""

    clock: Clock
    level: str
    why: str  # the level is so
    store: RingStore
    times: Timekeeper
    guard: Guard
    bookings: Bookings
    follower: Follower
    keyring: Keyring  # as chores see it
    vault: Vault
    orders: Orders
    destroyed: Destroyed


class KeyDesk:
    """Called by several threads."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._posts: Mapping[str, Callable[[bytes], bytes]] = {
            "/window-keys": self._window_keys,
            "/close": self._close,
            "/hold-keys": self._hold_keys,
            "/confirm": self._confirm,
            "/release": self._release,
            "/erase": self._erase,
            "/trust-clock": self._trust_clock,
            "/trust-heads": self._trust_heads,
            "/look": self._look,
        }

    def answer(self, method: str, target: str, body: bytes) -> Body:
        """One request."""
        if (method, target) == ("GET", "/status"):
            return Body(self.status())
        if method == "POST" and target in self._posts:
            return Body(self._posts[target](body))
        raise NotFound(f"{method} {target}: there are {_ADDRESSES}")

    def explain(self, error: TorrazzoError) -> Body:
        """An error as an answer."""
        status = next((status for class_, status in _STATUS if isinstance(error, class_)), 500)
        log.warning("keyring_refused", status=status, error=str(error))
        return Body(error_text(error), status=status)

    def status(self) -> bytes:
        """The body of `GET /status`."""
        parts, ring, now = self._parts, self._parts.store.ring, self._parts.clock.utc()
        keys = dict.fromkeys(ring.keys, b"")
        judged = parts.times.judge()
        heads = parts.guard.heads or Heads.of_town("", "")
        return compact(
            {
                "v": 1,
                "keys": len(ring.keys),
                "first": str(min(ring.keys)) if ring.keys else None,
                "last": str(max(ring.keys)) if ring.keys else None,
                "hours_left": {
                    class_: hours_left(keys, now, class_) for class_ in sorted({name.class_ for name in ring.keys})
                },
                "level": parts.level,
                "level_why": parts.why,
                "heads": heads.values(),
                "clock": _clock(judged, parts.times),
                "owed": parts.bookings.waiting,
                "ledger": "away" if parts.follower.is_away else "answers",
                "holds": _holds(parts.vault),
                "alarms": self._alarms(judged),
            }
        )

    def _alarms(self, judged: Judgement) -> list[str]:
        """In words, for people."""
        parts = self._parts
        found = [f"head of {name}: {refusal.text}" for name, refusal in parts.follower.alarms.items()]
        if parts.guard.why:
            found.append(f"the policy or the heads cannot be read: {parts.guard.why}")
        for clock, off in judged.alarms:
            found.append(f"clock {clock} is silent" if off is None else f"clock {clock} is off by {off / 90_000:.1f} s")
        if judged.latest is None:
            found.append(f"no clock is believed: nothing is read or shredded; {parts.times.advice()}")
        elif judged.agreed is None and judged.alarms:
            found.append("the clocks do not agree: nothing is shredded")
        if parts.keyring.home.restored.exists():
            found.append(WAITS)
        if (stands_ns := parts.clock.boot_ns() - parts.keyring.looked_ns) >= STANDS_NS:
            found.append(f"no look was ended for {stands_ns // 60_000_000_000} minutes: nothing is drawn or shredded")
        if parts.destroyed.alarm:
            found.append(parts.destroyed.alarm)
        endings = (_ending(hold, parts.clock.utc()) for hold in parts.vault.holds)
        found += [ending for ending in endings if ending is not None]
        return [*found, *parts.vault.troubles, *parts.keyring.alarms.values()]

    def _window_keys(self, body: bytes) -> bytes:
        expect_settled(self._parts.keyring.home)
        request = self._parsed(KeyRequest, body)
        granted = self._parts.guard.grant(request)
        try:
            return answer_text(self._opened(granted, request))
        except Damaged:
            with self._parts.orders.no_erasure(granted.name.hour):  # for another camera of it all K were sealed anew
                return answer_text(self._opened(granted, request, is_last=True))

    def _hold_keys(self, body: bytes) -> bytes:
        expect_settled(self._parts.keyring.home)
        request = self._parsed(KeyRequest, body)
        granted = self._parts.guard.grant_hold(request)
        act = parse_act(request.window.line)
        with self._parts.orders.no_erasure(granted.name.hour):
            self._parts.orders.rekeys.expect_settled(granted.name.hour)
            keys = self._opened(granted, request, is_last=True)
            new = self._parts.vault.put(granted.window, act, granted.stream, granted.term, granted.name, keys)
        return compact({"held": len(keys), "new": new})

    def _opened(self, granted: Granted, request: KeyRequest, *, is_last: bool = False) -> dict[int, bytes]:
        """Out of the ring, or, where the hour's key is gone, out of the vault.

        Raises `Damaged` where a K does not open, which is booked if it was the last try.
        """
        stream, term, name, ns = granted.stream, granted.term, granted.name, granted.ns
        ring = self._parts.store.ring
        if name not in ring.keys or self._parts.destroyed.has(name, stream):
            held = self._parts.vault.keys(stream, term, ns)
            if held.keys() == set(ns):
                return held
        self._parts.destroyed.expect_alive(name, stream)
        sealed = self._parts.orders.rekeys.sealed(name, stream, term, request.sealed)
        try:
            return ring.segment_keys(sealed, stream, term, name, ns)
        except Damaged:
            if is_last:
                self._parts.bookings.refuse(SEALED, request.window.number)
            raise

    def _close(self, body: bytes) -> bytes:
        request = self._parsed(CloseRequest, body)
        self._parts.guard.close(request)
        return compact({"closed": request.window.number})

    def _confirm(self, body: bytes) -> bytes:
        wished = self._parts.guard.confirm(self._parsed(HoldRequest, body))
        self._parts.vault.confirm(wished.hold, wished.fact)
        return compact({"confirmed": str(wished.hold)})

    def _release(self, body: bytes) -> bytes:
        wished = self._parts.guard.release(self._parsed(HoldRequest, body))
        self._parts.vault.release(wished.hold)
        return compact({"released": str(wished.hold)})

    def _erase(self, body: bytes) -> bytes:
        """Done by the clockwork, which alone may change the ring."""
        request = self._parsed(CloseRequest, body)
        return compact({"kept": self._parts.orders.erase(self._parts.guard.erase(request), self._parts.keyring.pace)})

    def _parsed(self, form: type[Asked], body: bytes) -> Asked:
        try:
            return form.parse(body)
        except Invalid:
            self._parts.guard.deny_invalid()
            raise

    def _trust_clock(self, _: bytes) -> bytes:
        """1. The order is on disk. 2. All windows are closed. 3. It is booked."""
        try:
            alert = self._parts.times.set_anew()  # 1
        except OSError as error:
            raise Unavailable(f"the order cannot be stored ({error}); nothing has changed") from error
        self._parts.guard.start_anew()  # 2
        log.warning("clock_trusted_by_order", off=alert.off)
        self._parts.bookings.add("clock", alert.values())  # 3
        return compact({"off": alert.off})

    def _trust_heads(self, _: bytes) -> bytes:
        """The fact is booked with the first head that is then trusted."""
        try:
            self._parts.guard.trust_anew(self._parts.keyring.ledger)
        except OSError as error:
            raise Unavailable(f"the order cannot be stored ({error})") from error
        log.warning("heads_trusted_by_order")
        self._parts.follower.wake()
        return compact({})

    def _look(self, _: bytes) -> bytes:
        self._parts.keyring.pace.ask()
        return compact({})


def _holds(vault: Vault) -> list[object] | None:
    """None where some may be missing: the ledger then prunes nothing that they need to be proven by."""
    return None if vault.troubles else [_hold(hold, vault.count(hold.name)) for hold in vault.holds]


def _hold(hold: Hold, count: int) -> dict[str, object]:
    start: int = hold.act.values["t0"]
    confirmed = None if hold.confirmed is None else str(hold.confirmed)
    return {
        "hold": str(hold.name), "from": start, "confirmed": confirmed, "ends": hold.ends, "segments": count,
    }  # fmt: skip


def _ending(hold: Hold, now: int) -> str | None:
    """What is told of a confirmed one before its end; of others whoever placed them was."""
    if hold.confirmed is None or hold.ends > now + SOON:
        return None
    return f"hold {hold.name} ends {iso_from_ticks(hold.ends)}: what is still needed is to be held anew before"


def _clock(judged: Judgement, times: Timekeeper) -> dict[str, object]:
    return {
        "trusted": list(times.rules.sources),
        "earliest": judged.earliest,
        "latest": judged.latest,
        "agreed": judged.agreed,
        "alarms": [{"clock": alarm.clock, "off": alarm.off} for alarm in judged.alarms],
    }
