# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A keyring whose parts run within a test: over two small logs, a clock that is moved, and a real folder."""

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.gate_town import NOW, STREAM, TERM, TOWN, GateTown, SmallLog, segment_line, view_values
from torrazzo.base.errors import Invalid, Unavailable
from torrazzo.base.ids import NodeId
from torrazzo.base.times import UtcTicks, hour_of
from torrazzo.durable import OsDisk
from torrazzo.durable.unix_socket import listen_unix
from torrazzo.keyring.answer import Denied
from torrazzo.keyring.client import KeyClient
from torrazzo.keyring.gate import State
from torrazzo.keyring.gate_refusal import Reason
from torrazzo.keyring.gate_request import MOST_BYTES, CloseRequest, KeyRequest
from torrazzo.keyring.process import Look, Manner, assemble
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.service import MOST_CONNECTIONS, KeyDesk, Parts
from torrazzo.ledger.act import WINDOW, parse_act
from torrazzo.ledger.client import Entered, LedgerClient
from torrazzo.ledger.policy import Policy
from torrazzo.ledger.proof import Proof
from torrazzo.ledger.text import to_base64
from torrazzo.ledger.tiles import WIDTH, pack_entries
from torrazzo.seal import seal_key, segment_key
from torrazzo.testing.clock import FakeClock
from torrazzo.town.home import Home, Settings, new_settings
from torrazzo.town.unix_server import UnixServer

K = bytes(range(32))
SEGMENT_KEY = segment_key(K, STREAM, TERM, 1)  # of `segment_line()`


class FakeLedger(LedgerClient):
    """What a ledger of these two logs answers."""

    def __init__(self, town: GateTown) -> None:
        super().__init__(Path("/nowhere"))
        self.town = town
        self.is_away = False
        self.cosigned_at: int | None = None  # POSIX seconds of the witness, in each head
        self.cosigned: dict[str, int] = {}  # of a log only so many entries: the witness is behind

    def enter(self, line: bytes, patience_s: float = 0.0) -> Entered:
        self._expect()
        parse_act(line)
        index = self.town.act.append(line)
        return Entered(index, Proof(index, (), self.town.act.note()))

    def status(self, patience_s: float = 0.0) -> dict[str, object]:
        self._expect()
        logs = {"rec": self.town.rec, "act": self.town.act}
        return {
            name: {"origin": log.key.verifier.name, "size": len(log.entries), "minimum": 0}
            for name, log in logs.items()
        }

    def read(self, path: str, patience_s: float = 0.0) -> bytes:
        self._expect()
        name, _, what = path.partition("/")
        log: SmallLog = getattr(self.town, name)
        if what.startswith("tile/entries/"):
            first = WIDTH * int(what.removeprefix("tile/entries/").partition(".")[0].replace("x", "").replace("/", ""))
            return pack_entries(log.entries[first : first + WIDTH])
        is_cosigned = what == "cosigned" or what.endswith("&head=cosigned")
        if is_cosigned and self.cosigned_at is None:
            raise Invalid("no head was cosigned yet")
        behind = self.cosigned.get(name, len(log.entries))
        size = behind if is_cosigned else len(log.entries)
        note = log.note(size, seconds=self.cosigned_at if size <= behind else None).pack()
        if what in {"checkpoint", "cosigned"}:
            return note
        old = int(what.removeprefix("consistency?old=").removesuffix("&head=cosigned"))
        if old > size:
            raise Invalid(f"tree of {old} entries: there are {size}")
        lines = "".join(f"{line}\n" for line in (f"old {old}", *map(to_base64, log.shown(old, size).path), ""))
        return lines.encode() + note

    def _expect(self) -> None:
        if self.is_away:
            raise Unavailable("no ledger answers")


class Gated:
    """One life after the other of a keyring in one folder. `say_synchronised` is what the machine says of its clock."""

    def __init__(self, path: Path, *, trusted: tuple[str, ...] = ("system",), now: UtcTicks = NOW) -> None:
        self.home, self.disk, self.clock = Home(path), OsDisk(), FakeClock(now)
        self.town = GateTown()
        self.ledger = FakeLedger(self.town)
        self.say_synchronised = True
        self.boot = "11111111-2222-3333-4444-555555555555"
        settings = new_settings(self.home, "Cremona")
        self.settings = Settings(settings.name, settings.zone, NodeId(7), settings.roots, ledger=TOWN, trusted=trusted)
        self.disk.make_folder(self.home.keyring)
        self.disk.make_folder(self.home.run)
        self.home.policy.write_bytes(self.town.rules.policy.pack())
        logs = self.town.rules.policy.logs
        (self.home.keyring / "policy").write_bytes(Policy(logs, (), (), "none").pack())
        self.parts = self.live()

    def live(self, disk: OsDisk | None = None) -> Parts:
        """Start anew, as after a crash."""
        local = {"system": lambda: self.say_synchronised}
        manner = Manner(local=local, boot=self.boot)
        self.parts = assemble(self.home, self.settings, self.clock, disk or self.disk, manner, self.ledger)
        self.turn()
        return self.parts

    def turn(self) -> None:
        """A minute's look, and one at the ledger."""
        Look(self.parts, Manner().lives).turn()
        self.parts.follower.look()

    @property
    def desk(self) -> KeyDesk:
        return KeyDesk(self.parts)

    def view(self, **changes: object) -> KeyRequest:
        """A window opened now, and one segment of it."""
        now = self.clock.utc()
        window = self.town.book("view", view_values(**{"until": now + WINDOW, **changes}), t=now)
        return self.request(window, [self.town.rec.append(segment_line())])

    def request(self, window: int, segments: list[int]) -> KeyRequest:
        """Against the newest heads, from those that the keyring has seen, with a K that opens."""
        self._see()
        name = KeyName(hour_of(NOW - 60), "standard")
        sealed = seal_key(K, self.parts.store.ring.keys[name].public(), STREAM, TERM, *name)
        return self.town.request(window, segments)._replace(sealed=sealed)

    def closing(self, window: int) -> CloseRequest:
        close = self.town.book("close", {"of": window, "why": "done", "shown": []}, t=self.clock.utc())
        self._see()
        return self.town.closing(window, close)

    def told(self, kind: str) -> list[dict[str, object]]:
        """Facts of that kind that the ledger has."""
        acts = [parse_act(entry) for entry in self.town.act.entries if entry.startswith(b"{")]
        return [dict(act.values) for act in acts if act.kind == kind]

    def _see(self) -> None:
        heads = self.parts.guard.heads
        assert heads is not None
        self.town.state = State.start(heads)


@contextlib.contextmanager
def serving(gated: Gated, uid: int | None = None) -> Iterator[Path]:
    """Its socket, answered."""
    path = gated.home.keyring_socket
    server = UnixServer(
        "keyring", listen_unix(path), gated.desk,
        most_connections=MOST_CONNECTIONS, most_bytes=MOST_BYTES, uid=os.getuid() if uid is None else uid,
    )  # fmt: skip
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield path
    finally:
        server.shutdown()
        server.server_close()
        thread.join(60)


def keys(gated: Gated, request: KeyRequest) -> dict[int, bytes]:
    with serving(gated):
        return KeyClient(gated.home.path).window_keys(request)


def reason(gated: Gated, request: KeyRequest) -> Reason:
    """Why it is refused; after a look of the keyring at the ledger that stands in `act`."""
    with pytest.raises(Denied) as denied:
        keys(gated, request)
    before = len(gated.told("refuse"))
    gated.parts.follower.look()
    told = [fact for fact in gated.told("refuse")[before:] if fact["of"] is not None]  # not what it saw itself
    assert [(fact["why"], fact["of"]) for fact in told] == [(str(denied.value.reason), request.window.number)]
    return denied.value.reason


def alarms(gated: Gated) -> tuple[str, ...]:
    with serving(gated):
        return KeyClient(gated.home.path).status().alarms
