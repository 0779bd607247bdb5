# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can be fed with broken input in witness/ and auditor/: requests to a witness, and entries of the logs.

A target takes any bytes; that it raises anything is a finding, and so is a request that is read and not written again
the same. An auditor may find what it likes in a line, but must be able to go on, and to keep what it remembers.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from torrazzo.auditor.act_rules import ActRules
from torrazzo.auditor.rec_rules import RecRules
from torrazzo.base.errors import Invalid
from torrazzo.ledger.key import VerifierKey
from torrazzo.ledger.witness_request import AddCheckpoint, parse_signatures, parse_size

_FOLDER = Path(__file__).parents[1] / "vectors"
SESSION: Any = json.loads((_FOLDER / "ledger-torchwood.json").read_text("utf-8"))
KEY = VerifierKey.parse(SESSION["verifier"])
NOW = 161_600_000_000_000


def ask(data: bytes) -> bool:
    """A request to a witness, and what it signs."""
    try:
        asked = AddCheckpoint.parse(data)
    except Invalid:
        return False
    assert asked.pack() == data
    try:
        note = asked.opened()
        assert note.text.startswith(str(asked.checkpoint))
        note.signed_by([KEY])
    except Invalid:
        pass
    return True


def answer(data: bytes) -> bool:
    """What a witness answers: signatures, or a size."""
    found = False
    for parse in (parse_size, lambda body: parse_signatures(body, "o\n1\nAAAA\n")):
        try:
            parse(data)
        except Invalid:
            continue
        found = True
    return found


def audit(data: bytes) -> bool:
    """Lines of `rec`, one behind the other, and of `act`."""
    rec, act, lines = RecRules(), ActRules(), data.split(b"\n")
    findings = 0
    for number, line in enumerate(lines):
        findings += len([str(found) for found in rec.check(number, line, NOW, NOW)])
        rec = RecRules.parse(json.loads(json.dumps(rec.pack())))
        act.recorded(rec.take_keys())
        findings += len([str(found) for found in act.check(number, line, NOW, NOW, lambda _kind, _size: b"")])
        act = ActRules.parse(json.loads(json.dumps(act.pack())))
    assert all(str(found) for found in act.overdue(NOW * 2, len(lines)))
    return findings < 2 * len(lines)


def _requests() -> Iterator[bytes]:
    for case in SESSION["requests"]:
        lines = [f"old {case['old']}", *case["path"], ""]
        yield "".join(f"{line}\n" for line in lines).encode() + case["note"].encode()


def _answers() -> Iterator[bytes]:
    yield from (b"0\n", b"17\n")
    for case in SESSION["requests"]:
        yield case["note"].encode().partition(b"\n\n")[2]


def _entries() -> Iterator[bytes]:
    facts = [case["line"].encode() for case in json.loads((_FOLDER / "fact.json").read_text("utf-8"))["facts"]]
    acts = [case["line"].encode() for case in json.loads((_FOLDER / "act.json").read_text("utf-8"))["facts"]]
    yield from (*facts, *acts, b"\n".join(facts), b"\n".join(acts), b"\n".join(reversed(facts)))


TARGETS: dict[str, tuple[Callable[[bytes], bool], Callable[[], Iterator[bytes]]]] = {
    "office-request": (ask, _requests),
    "office-answer": (answer, _answers),
    "office-audit": (audit, _entries),
}

WORDS: dict[str, tuple[bytes, ...]] = {
    "office-request": (b"\n", b"\n\n", b"old ", b"old 0\n", "— ".encode(), b"A" * 43 + b"=\n", b"0", b"="),
    "office-answer": (b"\n", "— ".encode(), b" ", b"0", b"="),
    "office-audit": (
        *(b'"kind":"%s"' % kind for kind in (b"term", b"seg", b"gap", b"step", b"late", b"silent", b"shred", b"rec")),
        *(b'"n":', b'"t0":', b'"t1":null', b'"prior":null', b'"of":0', b"null", b"-1", b"[]", b"{}", b"\n", b"9" * 20),
    ),
}  # fmt: skip

MEASURED: dict[str, dict[str, tuple[str, ...]]] = {
    "ledger": {"office-request": ("witness_request",), "office-answer": ("witness_request",)},
    "auditor": {"office-audit": ("rec_rules", "act_rules")},
}
