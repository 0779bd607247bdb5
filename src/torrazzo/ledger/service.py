# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ledger over HTTP on a Unix socket, for processes of the same Unix user.

docs/3-formats/ledger.md, section Asking the ledger.

POST /rec   facts and a recorder's heartbeat          GET /status
POST /act   one act line; answered when it is on disk
POST /<log>/proofs                                    many entries, proven under one head
POST /anchors                                         GET /anchors, /anchors/<file>
POST /fork  begin anew, where nothing opens           GET /fork
GET  /<log>/proof?index=N, /rec/proof?stream=S&term=T&n=N, /<log>/consistency?old=N
GET  /<log>/checkpoint, /<log>/tile/…                 C2SP tlog-tiles; <log> is rec or act
GET  /act/statements/<hash>.json                      what the keyring's chip said after a shred
GET  /<log>/cosigned                                  the last head that the witnesses cosigned; also …&head=cosigned
"""

import json
import re
import socket
import urllib.parse
from collections.abc import Callable, Mapping
from typing import NamedTuple

import structlog

from torrazzo.base import SegmentId, StreamId, TermId
from torrazzo.base.errors import Damaged, Invalid, Refused, Stopped, TorrazzoError, Unavailable
from torrazzo.ledger.anchor_job import AnchorJob
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.errors import Pruned
from torrazzo.ledger.file_check import FileWatch
from torrazzo.ledger.identity import LogKind
from torrazzo.ledger.intake import read_line
from torrazzo.ledger.note import Note
from torrazzo.ledger.prove_many import prove_many
from torrazzo.ledger.reader import LogReader
from torrazzo.ledger.sequencer import Sequencer
from torrazzo.ledger.store import LedgerStore
from torrazzo.ledger.text import parse_number, to_base64
from torrazzo.ledger.witnessing import Witnessing
from torrazzo.town.bounded_server import JSON
from torrazzo.town.unix_server import Body, NotFound, UnixServer

MOST_CONNECTIONS = 64
MOST_BYTES = 16 << 20
MOST_FACTS = 4_000

_STATUS = ((Invalid, 400), (Pruned, 410), (Refused, 403), (Unavailable, 503), (Stopped, 503), (Damaged, 500))
_NODE = re.compile(r"[0-9a-f]{8}", re.ASCII)
_TEXT, _BYTES = "text/plain; charset=utf-8", "application/octet-stream"

log = structlog.get_logger(__name__)


class Open(NamedTuple):
    """A ledger that takes and tells."""

    store: LedgerStore
    sequencer: Sequencer
    anchors: AnchorJob
    witnessing: Witnessing
    files: FileWatch
    statement: Callable[[str], bytes]  # what the keyring's chip said, by its file's name


class Beat(NamedTuple):
    """The body of `POST /rec`, understood."""

    node: str | None
    streams: Mapping[StreamId, TermId]
    lines: tuple[bytes, ...]


class LedgerServer(UnixServer):
    """On a listening Unix socket. `ledger` is None, and `why` says why, while none is open."""

    def __init__(
        self,
        listener: socket.socket,
        status: Callable[[], Mapping[str, object]],
        uid: int,
        fork: Callable[[bytes | None], bytes],
    ) -> None:
        """`fork` answers `GET /fork`, and `POST /fork` with its body."""
        super().__init__("ledger", listener, self, most_connections=MOST_CONNECTIONS, most_bytes=MOST_BYTES, uid=uid)
        self.ledger: Open | None = None
        self.why = "the ledger is starting; try again"
        self.status, self.fork = status, fork

    def answer(self, method: str, target: str, body: bytes) -> Body:
        """One request."""
        if (method, target) == ("GET", "/status"):
            return Body(_json(self.status()))
        if target == "/fork":
            return Body(self.fork(body if method == "POST" else None))
        ledger = self.ledger
        if ledger is None:
            raise Unavailable(self.why)
        match method, target:
            case "POST", "/rec":
                return Body(take_facts(ledger, body))
            case "POST", "/act":
                return Body(enter_act(ledger, body))
            case "POST", "/rec/proofs" | "/act/proofs" | "/rec/proofs?head=cosigned" | "/act/proofs?head=cosigned":
                return Body(_proofs(ledger, target, body))
            case "POST", "/anchors":
                return Body(want_anchor(ledger, body))
            case "GET", "/anchors":
                return Body(_json(ledger.anchors.status()))
            case "GET", _:
                kind, data = look(ledger, target)
                return Body(data, kind)
        raise NotFound(f"{method} {target}: there are POST /rec, /act, their /proofs, and what can be read")

    def explain(self, error: TorrazzoError) -> Body:
        """An error as an answer."""
        class_, status = next((each for each in _STATUS if isinstance(error, each[0])), (TorrazzoError, 500))
        status = 404 if isinstance(error, NotFound) else status
        log.debug("ledger_refused", status=status, error=str(error))
        return Body(_json({"error": {"kind": class_.__name__, "text": str(error)}}), status=status)


def take_facts(ledger: Open, body: bytes) -> bytes:
    """`POST /rec`: the facts are taken once they are here; they are on a disk already, whatever becomes of us."""
    beat = parse_beat(body)
    facts = [read_line(line) for line in beat.lines]
    if beat.node is not None:
        ledger.sequencer.hear(beat.node, beat.streams)
    counts = ledger.sequencer.take(facts)
    return _json({"taken": counts.taken, "waiting": counts.waiting, "conflicts": counts.conflicts})


def enter_act(ledger: Open, body: bytes) -> bytes:
    """`POST /act`: the entry's index, and the proof that it is in."""
    index = ledger.sequencer.enter(body)
    return _json({"index": index, "proof": ledger.store.act.proof(index).pack().decode()})


def look(ledger: Open, address: str) -> tuple[str, bytes]:
    """All that is read of a log."""
    path, _, query = address.partition("?")
    name, _, rest = path.removeprefix("/").partition("/")
    if name == "anchors":
        return _BYTES, _there(ledger.anchors.resource, rest)
    if name not in {"rec", "act"}:
        raise NotFound(f"{path}: there are /status, /rec/… and /act/…")
    reader = ledger.store.rec if name == "rec" else ledger.store.act
    asked = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
    note = _cosigned(ledger, name) if rest == "cosigned" or asked.get("head") == "cosigned" else reader.note
    if rest == "cosigned":
        return _TEXT, note.pack()
    if name == "act" and rest.startswith("statements/"):
        return JSON, _there(ledger.statement, rest.removeprefix("statements/"))
    if rest == "proof":
        index, size = _index(ledger, name, asked), Checkpoint.parse(note.text).size
        if index >= size:
            raise NotFound(
                f"entry {index}: {reader.head.origin} has {size}{' cosigned ones' if 'head' in asked else ''}"
            )
        return _TEXT, reader.proof(index, note).pack()
    if rest == "consistency":
        return _TEXT, _consistency(reader, _number(asked, "old"), note)
    return _TEXT if rest == "checkpoint" else _BYTES, _there(reader.resource, rest)


def want_anchor(ledger: Open, body: bytes) -> bytes:
    """`POST /anchors`: the head that is to be stamped now, and whom that asks."""
    try:
        found = json.loads(body)
        kind, is_shown = found["log"], found["shown"]
        if found["v"] != 1 or kind not in {"rec", "act"} or not isinstance(is_shown, bool):
            raise ValueError("expected v = 1, log rec or act, shown true or false")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Invalid(f"what is to be stamped: {error!r}") from error
    head, asked = ledger.anchors.want(kind, is_shown=is_shown)
    return _json({"text": head.text, "asked": asked})


def _there(read: Callable[[str], bytes], name: str) -> bytes:
    try:
        return read(name)
    except Invalid as error:
        raise NotFound(str(error)) from error


def parse_beat(body: bytes) -> Beat:
    """The body of `POST /rec`; raises `Invalid`."""
    try:
        found = json.loads(body)
        if not isinstance(found, dict) or found.get("v") != 1:
            raise ValueError("expected an object with v = 1")
        facts, node, streams = found["facts"], found.get("node"), found.get("streams", {})
        if not isinstance(facts, list) or len(facts) > MOST_FACTS:
            raise ValueError(f"facts are a list of at most {MOST_FACTS}")
        if not (node is None or (isinstance(node, str) and _NODE.fullmatch(node))) or not isinstance(streams, dict):
            raise ValueError("node is eight hex digits, streams an object")
        terms = {StreamId.parse(stream): TermId.parse(term) for stream, term in streams.items()}
        return Beat(node, terms, tuple(line.encode() for line in facts))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Invalid(f"facts for the ledger: {error!r}") from error


def _index(ledger: Open, name: str, asked: Mapping[str, str]) -> int:
    if "index" in asked:
        return _number(asked, "index")
    if name != "rec" or not {"stream", "term", "n"} <= asked.keys():
        raise Invalid("proof: of which entry? index=…, or in rec stream=…&term=…&n=…")
    wanted = SegmentId(StreamId.parse(asked["stream"]), TermId.parse(asked["term"]), _number(asked, "n"))
    index = ledger.store.index_of(wanted)
    if index is None:
        raise NotFound(f"fact {wanted.n} of {wanted.stream}, term {wanted.term}: not in the ledger (yet)")
    return index


def _proofs(ledger: Open, target: str, body: bytes) -> bytes:
    name: LogKind = "rec" if target.startswith("/rec") else "act"
    return prove_many(ledger.store, name, body, _cosigned(ledger, name) if target.endswith("=cosigned") else None)


def _cosigned(ledger: Open, name: str) -> Note:
    note = ledger.witnessing.newest("rec" if name == "rec" else "act")
    if note is None:
        raise NotFound(f"no head of {name} was cosigned yet; see `torrazzo ledger status`")
    return note


def _consistency(reader: LogReader, old: int, note: Note) -> bytes:
    """As the body of a C2SP tlog-witness request has it."""
    path = reader.consistency(old, Checkpoint.parse(note.text).size)
    lines = "".join(f"{line}\n" for line in (f"old {old}", *map(to_base64, path), ""))
    return lines.encode() + note.pack()


def _number(asked: Mapping[str, str], key: str) -> int:
    if key not in asked:
        raise Invalid(f"{key}: missing")
    return parse_number(asked[key], key)


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
