# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The running ledger, as processes of the same Unix user see it."""

import http.client
import json
import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import Path
from socket import socket
from typing import Any, NamedTuple, cast

from torrazzo.base import SegmentId, SystemClock
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Damaged, Invalid, Refused, TorrazzoError, Unavailable
from torrazzo.base.times import BootNs
from torrazzo.ledger.anchor import Head
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.errors import Pruned
from torrazzo.ledger.fork import Heads
from torrazzo.ledger.forking import parse_heads
from torrazzo.ledger.identity import LogKind
from torrazzo.ledger.limited_reader import LimitedReader
from torrazzo.ledger.merkle import leaf_hash, verify_inclusion
from torrazzo.ledger.proof import Proof
from torrazzo.ledger.prove_many import ProvenMany, ask_for
from torrazzo.ledger.tiles import WIDTH, Tile, split_entries, tile_width
from torrazzo.town.ask import UnixHttp, WholeResponse

TIMEOUT_SECONDS = 30  # the ledger itself gives an act 20

_MOST_BYTES = 16 << 20
_MOST_HEAD = 64 << 10
_CLOCK = SystemClock()
_KINDS = {kind.__name__: kind for kind in (Invalid, Pruned, Refused, Unavailable, Damaged)}


class Entered(NamedTuple):
    """An act that is on disk."""

    entry_index: int
    proof: Proof


class LedgerClient:
    """Each method raises what the ledger raised, or `Unavailable` when none answers."""

    def __init__(self, path: Path, clock: Clock = _CLOCK) -> None:
        self._path, self._clock = path, clock

    def status(self, patience_s: float = TIMEOUT_SECONDS) -> Mapping[str, object]:
        """What it says of itself; also a ledger that refuses to open does."""
        found = self._json("GET", "/status", patience_s=patience_s)
        if not isinstance(found, dict):
            raise Damaged(f"{self._path}: the status is not an object; restart `torrazzo serve`")
        return found

    def enter(self, line: bytes, patience_s: float = TIMEOUT_SECONDS) -> Entered:
        """An act; returns when it is on disk. Whoever has no more patience does not know whether it comes there."""
        found = self._json("POST", "/act", line, patience_s)
        try:
            assert isinstance(found, dict)
            return Entered(int(found["index"]), Proof.parse(str(found["proof"]).encode()))
        except (AssertionError, KeyError, TypeError, ValueError, OverflowError, Invalid) as error:
            raise Damaged(f"{self._path}: what answered is no ledger of ours: {error!r:.200}") from error

    def prove(self, fact: SegmentId) -> bytes:
        """The tlog-proof of a fact in `rec`, under its present head."""
        return self.read(f"rec/proof?{_asked(fact)}")

    def prove_whole(self, what: SegmentId | int, *, is_cosigned: bool = False) -> Proof:
        """A fact of `rec`, or an act by its number: the proof with the entry itself as its `extra`, held against it.

        `is_cosigned`: under the last head that the witnesses cosigned; `Invalid` if that does not cover it (yet).
        """
        log, asked = ("act", f"index={what}") if isinstance(what, int) else ("rec", _asked(what))
        proof = Proof.parse(self.read(f"{log}/proof?{asked}{'&head=cosigned' if is_cosigned else ''}"))
        head = Checkpoint.parse(proof.note.text)
        number, at = divmod(proof.entry_index, WIDTH)
        bundle = Tile(None, number, tile_width(0, number, head.size))
        line = split_entries(self.read(f"{log}/{bundle}"), bundle.width)[at]
        verify_inclusion(leaf_hash(line), proof.entry_index, head.size, proof.path, head.root)
        return proof._replace(extra=line)

    def want_anchor(self, log: LogKind, *, is_shown: bool = False) -> tuple[Head, tuple[str, ...]]:
        """Have its present head stamped now; returns that, and whom it asks. `is_shown`: a package shows this head.

        Raises `Refused` where nobody is configured to be asked.
        """
        body = json.dumps({"v": 1, "log": log, "shown": is_shown}).encode()
        found = self._json("POST", "/anchors", body)
        try:
            assert isinstance(found, dict)
            return Head.of(str(found["text"])), tuple(map(str, found["asked"]))
        except (AssertionError, KeyError, TypeError, Invalid) as error:
            raise Damaged(f"{self._path}: what answered is no ledger of ours: {error!r}") from error

    def anchors(self) -> Mapping[str, Any]:
        """Who is asked for stamps, what waits, who is silent, and the last stamps; files: `read("anchors/<name>")`."""
        found = self._json("GET", "/anchors")
        if not isinstance(found, dict):
            raise Damaged(f"{self._path}: what answered is no ledger of ours; restart `torrazzo serve`")
        return found

    def prove_many(
        self,
        log: LogKind,
        since: int,
        what: Sequence[SegmentId] | Sequence[int],
        *,
        is_cosigned: bool = False,
        patience_s: float = TIMEOUT_SECONDS,
    ) -> ProvenMany:
        """Up to 512 entries under the present head, and how that continues the one of `since` entries.

        `is_cosigned`: under the last head that the witnesses cosigned.
        """
        body = json.dumps(ask_for(since, what)).encode()
        end = "?head=cosigned" if is_cosigned else ""
        return ProvenMany.parse(self._json("POST", f"/{log}/proofs{end}", body, patience_s))

    def fork_heads(self) -> Heads:
        """The last heads that are known of a ledger that refuses to open; raises `Refused` for one that does not."""
        return parse_heads(self._ask("GET", "/fork"))

    def fork(self, lines: Sequence[bytes]) -> None:
        """Begin both logs anew; the lines are `fork` facts of those heads."""
        self._ask("POST", "/fork", json.dumps({"v": 1, "lines": [line.decode() for line in lines]}).encode())

    def read(self, path: str, patience_s: float = TIMEOUT_SECONDS) -> bytes:
        """What stands at an address below the root: `rec/checkpoint`, `act/tile/0/000`, `rec/consistency?old=5`."""
        return self._ask("GET", f"/{path}", patience_s=patience_s)

    def _json(self, method: str, target: str, body: bytes = b"", patience_s: float = TIMEOUT_SECONDS) -> object:
        answer = self._ask(method, target, body, patience_s)
        try:
            found: object = json.loads(answer)
        except (ValueError, RecursionError) as error:
            raise Damaged(
                f"{self._path}: {method} {target}: the answer is not JSON; restart `torrazzo serve`"
            ) from error
        return found

    def _ask(self, method: str, target: str, body: bytes = b"", patience_s: float = TIMEOUT_SECONDS) -> bytes:
        """`patience_s` is for all of it, however the answer trickles in."""
        connection = UnixHttp(self._path, patience_s)
        until = BootNs(self._clock.boot_ns() + int(patience_s * 1_000_000_000))
        try:
            connection.request(method, target, body)
            reader = LimitedReader(connection.sock, self._clock, until, _MOST_HEAD + _MOST_BYTES, "it answers too much")
            answer = WholeResponse(cast("socket", reader), method=method)  # it only asks for `makefile`
            answer.begin()
            text = answer.read(_MOST_BYTES + 1)
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(f"{self._path}: no ledger answers ({error}); is `torrazzo serve` running?") from error
        finally:
            connection.close()
        if answer.status != 200:
            raise _error(text, answer.status, self._path)
        return text


def _asked(fact: SegmentId) -> str:
    return urllib.parse.urlencode({"stream": str(fact.stream), "term": str(fact.term), "n": str(fact.n)})


def _error(text: bytes, status: int, path: Path) -> TorrazzoError:
    try:
        found = json.loads(text)["error"]
        return _KINDS.get(found["kind"], TorrazzoError)(found["text"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return Unavailable(f"{path}: it answered {status}; restart `torrazzo serve`")
