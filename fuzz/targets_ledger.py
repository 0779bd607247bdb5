# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can be fed with broken input in ledger/, and good input to break: the vectors.

A target takes any bytes; that it raises anything is a finding, and so is a text that is read but not written again the
same, or a proof that is accepted for what nobody signed. It returns whether the input was read.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from torrazzo.base.errors import Damaged, Invalid
from torrazzo.ledger import Policy, Proof
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.key import VerifierKey
from torrazzo.ledger.note import Note, Signature
from torrazzo.ledger.tiles import Tile, pack_entries, split_entries

VECTORS: Any = json.loads((Path(__file__).parents[1] / "vectors" / "ledger.json").read_text("utf-8"))
POLICY = Policy.parse(VECTORS["policy"].encode())
_PRINTABLE = bytes(10 if (byte < 32 and byte != 9) or byte == 127 else byte for byte in range(256))
_KEYS = (VECTORS["log"].encode(), *(text.encode() for text in VECTORS["witnesses"].values()))
HEADS = {head["note"].partition("\n\n")[0] + "\n" for head in VECTORS["heads"]}
HEADS |= {proof["proof"].split("\n\n")[1] + "\n" for proof in VECTORS["proofs"]}


def prove(data: bytes) -> bool:
    """A proof, for the entry of its index."""
    try:
        proof = Proof.parse(data)
    except Invalid:
        return False
    assert proof.pack() == data
    try:
        accepted = proof.accept(b"%d" % proof.entry_index, POLICY)
    except Invalid:
        return True
    assert str(accepted.checkpoint) in HEADS
    assert proof.entry_index < accepted.checkpoint.size
    return True


def read_note(data: bytes) -> bool:
    """A note, and a checkpoint in it."""
    try:
        note = Note.parse(data)
    except Invalid:
        return False
    assert note.pack() == data
    try:
        assert note.text.startswith(str(Checkpoint.parse(note.text)))
        note.signed_by([log.key for log in POLICY.logs] + [witness.key for witness in POLICY.witnesses])
    except Invalid:
        pass
    return True


def read_policy(data: bytes) -> bool:
    """A policy; written anew, it is the same policy.

    So that most inputs get behind the first checks, `@` and a digit stand for a key, a control character for a newline.
    """
    data = data.translate(_PRINTABLE) + b"\n"
    for number, key in enumerate(_KEYS):
        data = data.replace(b"@%d" % number, key)
    try:
        policy = Policy.parse(data)
    except Invalid:
        return False
    again = policy.pack()
    assert Policy.parse(again) == policy
    assert Policy.parse(again).pack() == again
    return True


def read_line(data: bytes) -> bool:
    """A verifier key, a signature line, or the path of a tile."""
    text = data.decode("utf-8", "surrogateescape")
    found = False
    for parse in (VerifierKey.parse, Signature.parse, Tile.parse):
        try:
            assert str(parse(text)) == text
        except Invalid:
            continue
        found = True
    return found


def read_bundle(data: bytes) -> bool:
    """The number of entries in a byte, and the bundle."""
    width, bundle = (data[0] + 1, data[1:]) if data else (1, b"")
    try:
        entries = split_entries(bundle, width)
    except Damaged:
        return False
    assert len(entries) == width
    assert pack_entries(entries) == bundle
    return True


def _proofs() -> Iterator[bytes]:
    for case in VECTORS["proofs"] + VECTORS["hostile_proofs"]:
        yield case["proof"].encode()


def _notes() -> Iterator[bytes]:
    for case in VECTORS["proofs"]:
        yield case["proof"].encode().partition(b"\n\n")[2]
    yield VECTORS["cosigned"].encode()


def _policies() -> Iterator[bytes]:
    yield b"quorum none\n"
    yield b"log @0\nwitness w @1\nquorum w\n"
    yield b"witness a @1\nwitness b @2 https://x/\ngroup g any a b\nquorum g\n"
    yield b"# deep\nlog @0\nwitness a @1\nwitness b @2\nwitness c @3\ngroup g 2 a b\ngroup h all g c\nquorum h\n"


def _lines() -> Iterator[bytes]:
    yield VECTORS["log"].encode()
    yield from (text.encode() for text in VECTORS["witnesses"].values())
    yield from VECTORS["cosigned"].encode().partition(b"\n\n")[2].splitlines()
    yield from (b"tile/0/x001/x234/067", b"tile/entries/000.p/17", b"tile/63/999")


def _bundles() -> Iterator[bytes]:
    for count in (1, 2, 7):
        yield bytes((count - 1,)) + pack_entries(b"x" * number * number * 9 for number in range(count))
    yield b"\0" + pack_entries([bytes(65_535)])


TARGETS: dict[str, tuple[Callable[[bytes], bool], Callable[[], Iterator[bytes]]]] = {
    "ledger-proof": (prove, _proofs),
    "ledger-note": (read_note, _notes),
    "ledger-policy": (read_policy, _policies),
    "ledger-line": (read_line, _lines),
    "ledger-bundle": (read_bundle, _bundles),
}

WORDS: dict[str, tuple[bytes, ...]] = {
    "ledger-proof": (
        b"\n",
        b"\n\n",
        b"\nindex ",
        b"\nextra ",
        b"index 0",
        b"A" * 43 + b"=\n",
        "— ".encode(),
        b"0",
        b"+",
        b"=",
    ),
    "ledger-note": (b"\n", b"\n\n", "— ".encode(), b" ", b"AAAAAAA=\n", b"0", b"="),
    "ledger-policy": (
        *(
            b"\n",
            b" ",
            b"\t",
            b"\nlog @0\n",
            b"\nwitness w @1\n",
            b"\ngroup g any w\n",
            b"\nquorum g\n",
            b"none",
            b"any ",
        ),
        *(b"all ", b"1 ", b"#", b"@1", b"@2", b"@3", b" w", b" vicino"),
    ),
    "ledger-line": (b"+", "— ".encode(), b"=", b"/x000", b".p/", b"tile/", b"entries/", b"255", b"256", *_KEYS),
}

MEASURED: dict[str, tuple[str, ...]] = {
    "ledger-proof": ("proof", "note", "checkpoint"),
    "ledger-note": ("note", "checkpoint"),
    "ledger-policy": ("policy",),
    "ledger-line": ("key", "note", "tiles"),
    "ledger-bundle": ("tiles",),
}
