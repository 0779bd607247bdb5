# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The language-neutral vectors of docs/3-formats/ledger.md; and its steps, walked with nothing of ours."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from torrazzo.base.errors import Damaged, Invalid
from torrazzo.ledger import Policy, Proof, Unproven
from torrazzo.ledger.checkpoint import Checkpoint, cosign, origin_of, sign_checkpoint
from torrazzo.ledger.key import Kind, SigningKey, VerifierKey
from torrazzo.ledger.merkle import consistency_proof, inclusion_proof, leaf_hash, root_of, verify_consistency
from torrazzo.ledger.note import Note
from torrazzo.ledger.tiles import Tile, split_entries

VECTORS: Any = json.loads((Path(__file__).parents[2] / "vectors" / "ledger.json").read_text("utf-8"))
POLICY = Policy.parse(VECTORS["policy"].encode())
SEEDS = {name: bytes.fromhex(seed) for name, seed in VECTORS["seeds"].items()}
LOG = SigningKey(VECTORS["origin"], Kind.ED25519, SEEDS["log"])
LEAVES = [leaf_hash(str(number).encode()) for number in range(300)]
ROOTS = {head["size"]: bytes.fromhex(head["root"]) for head in VECTORS["heads"]}


def _named(cases: list[dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=lambda case: str(case["name"]))


def _subtree(level: int, index: int) -> bytes:
    return root_of(LEAVES[index << level : (index + 1) << level])


def test_keys_and_names_are_those_of_the_vectors() -> None:
    """Seeds and names give the verifier keys, the town its log's name, the policy its log."""
    assert origin_of("torrazzo.example.it", "rec") == VECTORS["origin"]
    assert str(LOG.verifier) == str(POLICY.logs[0].key) == VECTORS["log"]
    for name, text in VECTORS["witnesses"].items():
        key = VerifierKey.parse(text)
        assert SigningKey(key.name, Kind.COSIGNATURE, SEEDS[name]).verifier == key


@pytest.mark.parametrize("head", VECTORS["heads"], ids=lambda head: str(head["size"]))
def test_heads_are_those_of_the_vectors(head: dict[str, Any]) -> None:
    """Entries give the root, root and seed the signed head."""
    assert root_of(LEAVES[: head["size"]]) == ROOTS[head["size"]]
    checkpoint = Checkpoint(VECTORS["origin"], head["size"], ROOTS[head["size"]])
    assert sign_checkpoint(checkpoint, LOG).pack().decode() == head["note"]


def test_the_cosigned_head_is_that_of_the_vectors() -> None:
    """Two witnesses put their lines below the log's, and the policy is fulfilled."""
    note = Note.parse(VECTORS["heads"][-1]["note"].encode())
    names = ("prefettura", "lontano")
    for name, seconds in zip(names, VECTORS["cosigned_at"], strict=True):
        witness = SigningKey(VerifierKey.parse(VECTORS["witnesses"][name]).name, Kind.COSIGNATURE, SEEDS[name])
        note = note._replace(signatures=(*note.signatures, cosign(note, witness, seconds)))
    assert note.pack().decode() == VECTORS["cosigned"]
    accepted = POLICY.accept(note)
    assert (accepted.checkpoint, accepted.log) == (Checkpoint(VECTORS["origin"], 300, ROOTS[300]), LOG.verifier)
    assert dict(accepted.cosigned) == dict(zip(names, VECTORS["cosigned_at"], strict=True))


@pytest.mark.parametrize("case", VECTORS["consistency"], ids=lambda case: f"{case['old']} to {case['new']}")
def test_consistency_proofs_are_those_of_the_vectors(case: dict[str, Any]) -> None:
    """The tree gives the vector's hashes, and they hold."""
    path = [base64.b64decode(value) for value in case["path"]]
    assert consistency_proof(case["old"], case["new"], _subtree) == path
    verify_consistency(case["old"], ROOTS.get(case["old"], LEAVES[0]), case["new"], ROOTS[case["new"]], path)


@pytest.mark.parametrize("case", VECTORS["proofs"], ids=lambda case: f"{case['index']} of {case['size']}")
def test_proofs_are_those_of_the_vectors(case: dict[str, Any]) -> None:
    """The tree gives the vector's hashes, its file is read and written again, and it is accepted for its entry."""
    proof = Proof.parse(case["proof"].encode())
    assert proof.pack().decode() == case["proof"]
    assert (proof.entry_index, base64.b64encode(proof.extra).decode()) == (case["index"], case.get("extra", ""))
    assert list(proof.path) == inclusion_proof(case["index"], case["size"], _subtree)
    assert proof.accept(case["entry"].encode(), POLICY).checkpoint.size == case["size"]


@_named(VECTORS["hostile_proofs"])
def test_a_hostile_proof_is_refused(case: dict[str, Any]) -> None:
    """Each has one flaw: of form, and it cannot be read; or of substance, and it is not accepted."""
    data = case["proof"].encode()
    if case["flaw"] == "invalid":
        with pytest.raises(Invalid):
            Proof.parse(data)
    else:
        with pytest.raises(Unproven):
            Proof.parse(data).accept(case["entry"].encode(), POLICY)


@_named(VECTORS["hostile_verifiers"])
def test_a_hostile_key_is_refused(case: dict[str, Any]) -> None:
    """Each has one flaw."""
    with pytest.raises(Invalid):
        VerifierKey.parse(case["text"])


@_named(VECTORS["hostile_policies"])
def test_a_hostile_policy_is_refused(case: dict[str, Any]) -> None:
    """Each has one flaw."""
    with pytest.raises(Invalid):
        Policy.parse(case["text"].encode())


@pytest.mark.parametrize("path", VECTORS["hostile_paths"], ids=ascii)
def test_a_hostile_path_is_refused(path: str) -> None:
    """Each has one flaw."""
    with pytest.raises(Invalid):
        Tile.parse(path)


@_named(VECTORS["hostile_bundles"])
def test_a_hostile_bundle_is_damage(case: dict[str, Any]) -> None:
    """Each has one flaw."""
    with pytest.raises(Damaged):
        split_entries(bytes.fromhex(case["data"]), case["width"])


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _signature(note: str, verifier: str) -> tuple[bytes, Ed25519PublicKey]:
    """The bytes of the one line of this key, and the key."""
    name, _, rest = verifier.partition("+")
    material = base64.b64decode(rest.partition("+")[2])
    key_id = _sha256(name.encode() + b"\n" + material)[:4]
    (line,) = [line for line in note.split("\n\n")[1].splitlines() if line.startswith(f"— {name} ")]
    data = base64.b64decode(line.split(" ")[2])
    assert data[:4] == key_id
    return data[4:], Ed25519PublicKey.from_public_bytes(material[1:])


@pytest.mark.parametrize("case", VECTORS["proofs"], ids=lambda case: f"{case['index']} of {case['size']}")
def test_a_proof_is_checked_by_the_steps_of_the_document(case: dict[str, Any]) -> None:
    """The signatures of log and witnesses, and the steps of section 'Proof', hold by hashing and Ed25519 alone."""
    top, note = case["proof"].split("\n\n", 1)
    text = note.partition("\n\n")[0].encode() + b"\n"
    signature, key = _signature(note, VECTORS["log"])
    key.verify(signature, text)
    for name in ("prefettura", "lontano"):
        signature, key = _signature(note, VECTORS["witnesses"][name])
        seconds = int.from_bytes(signature[:8], "big")
        key.verify(signature[8:], f"cosignature/v1\ntime {seconds}\n".encode() + text)
    _, size, root = text.decode().splitlines()
    hashes = [
        base64.b64decode(line) for line in top.splitlines() if not line.startswith(("c2sp.org", "extra", "index"))
    ]
    h, i, n = _sha256(b"\0" + case["entry"].encode()), case["index"], int(size) - 1
    while n:
        if i % 2:
            h = _sha256(b"\1" + hashes.pop(0) + h)
        elif i < n:
            h = _sha256(b"\1" + h + hashes.pop(0))
        i, n = i // 2, n // 2
    assert not hashes
    assert h == base64.b64decode(root)
