# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Act facts, and requests for keys and to close a window, fed with broken input; good input to break: the vectors.

That anything is raised is a finding, and so is a request that is granted for another window or segment than those which
the vectors' logs have. So that most inputs get behind the JSON, one that begins with a control character is an order:
which good text, which place in it, and what to put there.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from torrazzo.base.errors import Invalid
from torrazzo.base.times import UtcTicks
from torrazzo.keyring.gate import Closed, Granted, Rules, State, close, decide
from torrazzo.keyring.gate_refusal import Refusal
from torrazzo.keyring.gate_request import CloseRequest, Entry, KeyRequest
from torrazzo.keyring.heads import Heads, Shown
from torrazzo.keyring.trusted_time import Judgement, Times
from torrazzo.ledger import Policy
from torrazzo.ledger.act import pack_act, parse_act
from torrazzo.ledger.act_forms import KINDS
from torrazzo.ledger.checkpoint import Checkpoint, sign_checkpoint
from torrazzo.ledger.key import Kind, SigningKey
from torrazzo.ledger.merkle import consistency_proof, inclusion_proof, leaf_hash, root_of
from torrazzo.ledger.private import Private

VECTORS: Any = json.loads((Path(__file__).parents[1] / "vectors" / "act.json").read_text("utf-8"))
RULES = Rules(Policy.parse(VECTORS["policy"].encode()), VECTORS["life_hours"])
NOW = UtcTicks(int(VECTORS["now"]))
CLOCKS = Judgement(NOW, NOW, NOW, ())
STATE = State(Heads.parse(VECTORS["requests"][0]["seen"].encode()), 0, {})
FACTS = [case["line"].encode() for case in VECTORS["facts"][:32]]
KEPT = [
    VECTORS["requests"][0]["seen"].encode(),
    VECTORS["private"]["json"].encode(),
    b'{"v":1,"mark":{"utc":5,"boot":"a","boot_ns":7,"first_ns":0},"heard":{"w":{"utc":5,"boot":"a","boot_ns":7,"floor":1}}}',
]
REQUESTS = [case["request"].encode() for case in VECTORS["requests"]]
PROVEN = [KeyRequest.parse(case["request"].encode()) for case in VECTORS["requests"] if case["reason"] is None]
_WINDOWS = {request.window.line for request in PROVEN}
_SEGMENTS = {entry.line for request in PROVEN for entry in request.segments}


ACTS = [b"the first", *FACTS[:1]]  # a log with a window, and two facts that close it
ACTS += [pack_act("close", NOW, {"of": 1, "why": why, "shown": []}) for why in ("done", "expired")]
_LEAVES = list(map(leaf_hash, ACTS))


def _subtree(level: int, index: int) -> bytes:
    return root_of(_LEAVES[index << level : (index + 1) << level])


def _closes() -> Iterator[CloseRequest]:
    """Both, as they are asked for."""
    origin = STATE.heads.act.origin
    key = SigningKey(origin, Kind.ED25519, bytes.fromhex(VECTORS["seeds"]["act"]))
    note = sign_checkpoint(Checkpoint(origin, len(ACTS), root_of(_LEAVES)), key)
    shown = Shown(note, 1, tuple(consistency_proof(1, len(ACTS), _subtree)))
    proven = [Entry(line, at, tuple(inclusion_proof(at, len(ACTS), _subtree))) for at, line in enumerate(ACTS)]
    for entry in proven[2:]:
        yield CloseRequest(shown, proven[1], entry)


CLOSES = [request.text() for request in _closes()]


def read_fact(data: bytes) -> bool:
    """An act fact; what was read has all keys of its kind."""
    line = _edited(FACTS, data)
    try:
        act = parse_act(line)
    except Invalid:
        return False
    assert act.line == line
    assert set(KINDS.get(act.kind, ())) <= set(act.values)
    return True


def ask(data: bytes) -> bool:
    """A request for keys; granted only for lines that are in the logs."""
    try:
        request = KeyRequest.parse(_edited(REQUESTS, data))
    except Invalid:
        return False
    assert KeyRequest.parse(request.text()) == request
    decision = decide(STATE, request, RULES, CLOCKS)
    if isinstance(decision.outcome, Granted):
        assert request.window.line in _WINDOWS
        assert {entry.line for entry in request.segments} <= _SEGMENTS
    else:
        assert isinstance(decision.outcome, Refusal)
    return True


def end(data: bytes) -> bool:
    """A request to close a window; it is closed only by a fact that names it."""
    try:
        request = CloseRequest.parse(_edited(CLOSES, data))
    except Invalid:
        return False
    assert CloseRequest.parse(request.text()) == request
    decision = close(STATE, request, RULES, CLOCKS)
    if isinstance(decision.outcome, Closed):
        assert request.window.line == ACTS[1]
        assert request.close.line in ACTS[2:]
        assert decision.outcome.window == 1
        assert 1 in decision.state.closed
    else:
        assert isinstance(decision.outcome, Refusal)
        assert not decision.state.closed
    return True


def read_kept(data: bytes) -> bool:
    """What the keyring keeps in a line, and a private part; written anew it is the same."""
    text = _edited(KEPT, data)
    found = False
    for again in (_heads, _times, _private):
        try:
            assert again(text) == text
        except Invalid:
            continue
        found = True
    return found


def _heads(text: bytes) -> bytes:
    return Heads.parse(text).pack()


def _times(text: bytes) -> bytes:
    return Times.parse(text).pack()


def _private(text: bytes) -> bytes:
    return Private.parse(text).text()


def _edited(texts: Sequence[bytes], data: bytes) -> bytes:
    if len(data) < 2 or data[0] >= 32:
        return data
    document = json.loads(texts[data[0] % len(texts)])
    places = list(_places(document))
    place, key = places[data[1] % len(places)]
    try:
        place[key] = json.loads(data[2:])
    except (ValueError, RecursionError):
        place[key] = data[2:].decode("utf-8", "replace")
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = range(len(value)) if isinstance(value, list) else value if isinstance(value, dict) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _facts() -> Iterator[bytes]:
    for case in VECTORS["facts"] + VECTORS["hostile"]:
        yield case["line"].encode()
    yield from _orders(FACTS)


def _requests() -> Iterator[bytes]:
    for case in VECTORS["requests"]:
        yield case["request"].encode()
    yield from _orders(REQUESTS)


def _ends() -> Iterator[bytes]:
    yield from (*CLOSES, *_orders(CLOSES))


def _kept() -> Iterator[bytes]:
    yield from (*KEPT, *_orders(KEPT))


def _orders(texts: Sequence[bytes]) -> Iterator[bytes]:
    """Each place of each text, put back as it was."""
    for number, text in enumerate(texts):
        for at, (place, key) in enumerate(_places(json.loads(text))):
            yield bytes((number, at % 256)) + json.dumps(place[key], separators=(",", ":")).encode()


TARGETS: dict[str, tuple[Callable[[bytes], bool], Callable[[], Iterator[bytes]]]] = {
    "act-fact": (read_fact, _facts),
    "act-request": (ask, _requests),
    "act-close": (end, _ends),
    "act-kept": (read_kept, _kept),
}

WORDS: dict[str, tuple[bytes, ...]] = {
    "act-fact": (
        *(b'"%s":' % key.encode() for key in sorted({key for keys in KINDS.values() for key in keys})),
        *(b'"kind":"%s"' % kind.encode() for kind in KINDS),
        *(b"null", b"true", b"0", b"-1", b"{}", b"[]", b'"', b",", b"\\u0000", b"9223372036854775808"),
    ),
    "act-request": (b"null", b"0", b"1", b"-1", b"[]", b"{}", b"\\n", b'\\"', b"\\ud800", b'"ask":', b'"path":', b"="),
    "act-close": (b"null", b"0", b"1", b"-1", b"[]", b"{}", b"\\n", b'\\"', b'"of":', b'"close"', b'"path":', b"="),
    "act-kept": (b"null", b"0", b"-1", b"{}", b'"', b",", b'"head":', b'"heard":', b'"mark":', b"\\u00e8"),
}

MEASURED: dict[str, dict[str, tuple[str, ...]]] = {
    "ledger": {"act-fact": ("act", "act_forms"), "act-kept": ("private",)},
    "keyring": {
        "act-request": ("gate", "gate_request", "heads"),
        "act-close": ("gate", "gate_request", "heads"),
        "act-kept": ("heads", "trusted_time"),
    },
}
