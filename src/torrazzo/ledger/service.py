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
GET  /<log>/cosigned                                  the last head that the witnesses cosigned; also …&head=cosigned
"""

import json
import socket
import struct
import sys
import threading
import traceback
import urllib.parse
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingUnixStreamServer
from typing import Any, NamedTuple, cast

import structlog

from torrazzo.base import SegmentId, StreamId, TermId
from torrazzo.base.errors import Invalid, Refused, Stopped, TorrazzoError, Unavailable
from torrazzo.ledger.anchor_job import AnchorJob
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.errors import Pruned
from torrazzo.ledger.intake import read_line
from torrazzo.ledger.note import Note
from torrazzo.ledger.prove_many import prove_many
from torrazzo.ledger.reader import LogReader
from torrazzo.ledger.sequencer import Sequencer
from torrazzo.ledger.store import LedgerStore
from torrazzo.ledger.text import parse_number, to_base64
from torrazzo.ledger.witnessing import Witnessing

MOST_CONNECTIONS = 64
TIMEOUT_SECONDS = 10  # of silence within a request
MOST_BYTES = 16 << 20
MOST_FACTS = 4_000

_STATUS = ((Invalid, 400), (Pruned, 410), (Refused, 403), (Unavailable, 503), (Stopped, 503))
_CREDENTIALS = struct.Struct("=iII")  # struct ucred: pid, uid, gid
_JSON, _TEXT, _BYTES = "application/json", "text/plain; charset=utf-8", "application/octet-stream"

log = structlog.get_logger(__name__)


class NotFound(Invalid):
    """No such address, or nothing there (yet)."""


class Open(NamedTuple):
    """A ledger that takes and tells."""

    store: LedgerStore
    sequencer: Sequencer
    anchors: AnchorJob
    witnessing: Witnessing


class Beat(NamedTuple):
    """The body of `POST /rec`, understood."""

    node: str | None
    streams: Mapping[StreamId, TermId]
    lines: tuple[bytes, ...]


class LedgerServer(ThreadingUnixStreamServer):
    """On a listening Unix socket. `ledger` is None, and `why` says why, while none is open."""

    daemon_threads = True
    block_on_close = False

    def __init__(
        self,
        listener: socket.socket,
        status: Callable[[], Mapping[str, object]],
        uid: int,
        fork: Callable[[bytes | None], bytes],
    ) -> None:
        """`fork` answers `GET /fork`, and `POST /fork` with its body."""
        super().__init__("", LedgerHandler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.ledger: Open | None = None
        self.why = "the ledger is starting; try again"
        self.status, self.uid, self.fork = status, uid, fork
        self._places = threading.BoundedSemaphore(MOST_CONNECTIONS)

    def process_request(self, request: Any, client_address: Any) -> None:
        """A thread for it, if there is a place."""
        if not self._places.acquire(blocking=False):
            log.warning("ledger_busy", connections=MOST_CONNECTIONS)
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """In its thread; the place is free again whatever happens."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - as the base class has it
        """A request that failed costs itself only."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):  # who asked and went away is no news
            log.error("ledger_request_failed", trace="".join(traceback.format_exception(error)))


class LedgerHandler(BaseHTTPRequestHandler):
    """One request."""

    timeout = TIMEOUT_SECONDS
    protocol_version = "HTTP/1.1"
    server_version = "torrazzo-ledger"
    sys_version = ""

    @property
    def _server(self) -> LedgerServer:
        return cast("LedgerServer", self.server)

    def do_GET(self) -> None:
        """What is known."""
        self._answer(b"")

    def do_POST(self) -> None:
        """What comes."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or int(length[:9]) > MOST_BYTES:
            self._fail(Invalid(f"request: Content-Length is {length!r}; at most {MOST_BYTES} bytes are read"))
            return
        self._answer(self.rfile.read(int(length)))

    def _answer(self, body: bytes) -> None:
        try:
            kind, answer = self._dispatch(body)
        except TorrazzoError as error:
            self._fail(error)
        else:
            self._send(200, answer, kind)

    def _dispatch(self, body: bytes) -> tuple[str, bytes]:
        peer = self.connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        uid = _CREDENTIALS.unpack(peer)[1]
        if uid != self._server.uid:
            raise Refused(f"user {uid} asked; the ledger answers user {self._server.uid} only, whose it is")
        if (self.command, self.path) == ("GET", "/status"):
            return _JSON, _json(self._server.status())
        if self.path == "/fork":
            return _JSON, self._server.fork(body if self.command == "POST" else None)
        ledger = self._server.ledger
        if ledger is None:
            raise Unavailable(self._server.why)
        if (self.command, self.path) == ("POST", "/rec"):
            return _JSON, take_facts(ledger, body)
        if (self.command, self.path) == ("POST", "/act"):
            return _JSON, enter_act(ledger, body)
        if (self.command, self.path) == ("POST", "/rec/proofs"):
            return _JSON, prove_many(ledger.store, "rec", body)
        if (self.command, self.path) == ("POST", "/act/proofs"):
            return _JSON, prove_many(ledger.store, "act", body)
        if (self.command, self.path) == ("POST", "/anchors"):
            return _JSON, want_anchor(ledger, body)
        if self.command == "GET" and self.path == "/anchors":
            return _JSON, _json(ledger.anchors.status())
        if self.command == "GET":
            return look(ledger, self.path)
        raise NotFound(f"{self.command} {self.path}: there are POST /rec, /act, their /proofs, and what can be read")

    def _fail(self, error: TorrazzoError) -> None:
        status = 404 if isinstance(error, NotFound) else 500
        if status != 404:
            status = next((status for class_, status in _STATUS if isinstance(error, class_)), 500)
        log.debug("ledger_refused", status=status, error=str(error))
        kind = next((class_.__name__ for class_, _ in _STATUS if isinstance(error, class_)), "TorrazzoError")
        self._send(status, _json({"error": {"kind": kind, "text": str(error)}}), _JSON)

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        """Nobody has one."""
        return "unix"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """What the base class says about bad request lines."""
        log.debug("ledger_http", said=format % args)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: requests are not news."""


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
        if not (node is None or isinstance(node, str)) or not isinstance(streams, dict):
            raise ValueError("node is a text, streams an object")
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
