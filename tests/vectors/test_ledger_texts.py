# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Notes, checkpoints, cosignatures, policies and proofs against values that we did not make."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from torrazzo.base.errors import Invalid
from torrazzo.ledger import Policy, Proof, Unproven
from torrazzo.ledger.checkpoint import Checkpoint, cosign, sign_checkpoint
from torrazzo.ledger.key import Kind, SigningKey, VerifierKey, cosigned_at
from torrazzo.ledger.merkle import EMPTY_ROOT, leaf_hash, verify_consistency
from torrazzo.ledger.note import Note, Signature, sign
from torrazzo.ledger.text import to_base64

VECTORS = Path(__file__).parents[2] / "vectors"


def _load(name: str) -> Any:
    return json.loads((VECTORS / f"ledger-{name}.json").read_text("utf-8"))


C2SP, FORMATS, GOLANG, SIGSUM, TORCHWOOD, TESSERA = map(
    _load, ("c2sp", "formats", "golang", "sigsum", "torchwood", "tessera")
)
PETER, ENOCH = VerifierKey.parse(GOLANG["peter"]), VerifierKey.parse(GOLANG["enoch"])
CHECKPOINT = SIGSUM["checkpoint"]  # of one that is good, to stand below the heads of proofs


def _named(cases: list[dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=lambda case: str(case["name"]))


def _text(case: dict[str, Any], name: str) -> str:
    times, more = case.get("then", (0, ""))
    return str(case[name] + times * more)


def test_all_of_them_are_here() -> None:
    """Each file holds as many cases as its origin has."""
    assert (len(GOLANG["notes"]), len(GOLANG["tree_heads"])) == (16, 6)
    assert (len(FORMATS["heads"]), len(FORMATS["refused"]), len(FORMATS["policies"])) == (12, 8, 11)
    assert [len(case["quorums"]) for case in SIGSUM["policies"]] == [9, 14, 64, 64]
    assert (len(SIGSUM["refused_policies"]), len(SIGSUM["proofs"]), len(TORCHWOOD["requests"])) == (13, 2, 9)


# ------------------------------------------------------------------------------------------------------------- keys


def test_whatever_is_not_the_whole_key_is_none() -> None:
    """Each part of a verifier's text, and each text in which one character is the next one, is refused."""
    text = GOLANG["peter"]
    assert str(PETER) == text
    parts = {text[start:end] for start in range(len(text)) for end in range(start, len(text) + 1)} - {text}
    changed = {text[:at] + chr(ord(text[at]) + 1) + text[at + 1 :] for at in range(len(text))}
    for bad in [*parts, *changed, *GOLANG["bad_verifiers"]]:
        with pytest.raises(Invalid):
            VerifierKey.parse(bad)


@pytest.mark.parametrize("case", FORMATS["verifiers"] + SIGSUM["verifiers"], ids=lambda case: case["text"][:40])
def test_keys_are_read_or_not_as_they_should(case: dict[str, Any]) -> None:
    """A key of a type that we use is read and written again; every other text is refused."""
    if case["valid"]:
        assert str(VerifierKey.parse(case["text"])) == case["text"]
    else:
        with pytest.raises(Invalid):
            VerifierKey.parse(case["text"])


@pytest.mark.parametrize("case", TESSERA["keys"], ids=lambda case: case["verifier"][:6])
def test_a_seed_gives_the_key_of_the_vectors(case: dict[str, Any]) -> None:
    """Name and seed give the public key, its id and its text."""
    key = VerifierKey.parse(case["verifier"])
    assert str(SigningKey(key.name, Kind.ED25519, bytes.fromhex(case["seed"])).verifier) == case["verifier"]


# ------------------------------------------------------------------------------------------------------------ notes


@_named(GOLANG["notes"])
def test_notes_open_or_not_as_they_should(case: dict[str, Any]) -> None:
    """The keys that signed are found; what cannot be read, or is not signed as it says, is refused."""
    data = base64.b64decode(case["note_base64"]) if "note_base64" in case else _text(case, "note").encode()
    keys = [{"peter": PETER, "enoch": ENOCH}[name] for name in case["keys"]]
    if "signed_by" in case:
        signed = Note.parse(data).signed_by(keys)
        assert [key.name for key in signed] == [GOLANG[name].partition("+")[0] for name in case["signed_by"]]
        return
    if case["error"] == "malformed":
        with pytest.raises(Invalid):
            Note.parse(data)
        return
    with pytest.raises(Unproven if case["error"] == "unproven" else Invalid, match=r"signature|leave one"):
        Note.parse(data).signed_by(keys)


def test_a_text_is_signed_to_the_bytes_of_the_vectors() -> None:
    """The known seed makes the known note."""
    key = SigningKey("PeterNeumann", Kind.ED25519, bytes.fromhex(GOLANG["seed"]))
    assert key.verifier == PETER
    assert sign(GOLANG["text"], key).pack().decode() == GOLANG["signed"]


def test_the_note_in_the_specification() -> None:
    """The example of signed-note is signed by the key beside it."""
    key = VerifierKey.parse(C2SP["verifier"])
    assert list(Note.parse(C2SP["note"].encode()).signed_by([key])) == [key]


@pytest.mark.parametrize("case", SIGSUM["signature_lines"], ids=lambda case: case["line"][:24] + case["line"][-3:])
def test_signature_lines_are_read_or_not_as_they_should(case: dict[str, Any]) -> None:
    """A line in the one right form is read and written again; every other one is refused."""
    if case["valid"]:
        assert str(Signature.parse(case["line"])) == case["line"]
    else:
        with pytest.raises(Invalid):
            Signature.parse(case["line"])


@pytest.mark.parametrize("case", SIGSUM["extra_signatures"], ids=lambda case: f"{len(case['lines'])} more")
def test_signatures_of_others_do_no_harm_if_they_can_be_read(case: dict[str, Any]) -> None:
    """Above and below the log's own, a line that can be read is ignored, and one that cannot refused."""
    key = SigningKey(CHECKPOINT.partition("\n")[0], Kind.ED25519, bytes.fromhex(SIGSUM["seed"])).verifier
    text, own = CHECKPOINT.split("\n\n")
    first, *others = [line + "\n" for line in case["lines"]]
    data = (text + "\n\n" + first + own + "".join(others)).encode()
    if case["valid"]:
        assert list(Note.parse(data).signed_by([key])) == [key]
    else:
        with pytest.raises(Invalid):
            Note.parse(data)


# ------------------------------------------------------------------------------------------------------ checkpoints


@_named(GOLANG["tree_heads"])
def test_tree_heads_are_read_or_not_as_they_should(case: dict[str, Any]) -> None:
    """Lines behind the third are left out; a third that is no hash, or a second that is no number, is refused."""
    if case["valid"]:
        head = GOLANG["tree_head"]
        checkpoint = Checkpoint(head["origin"], head["size"], leaf_hash(head["entry"].encode()))
        assert Checkpoint.parse(_text(case, "text")) == checkpoint
        assert str(checkpoint) == GOLANG["tree_heads"][0]["text"]
    else:
        with pytest.raises(Invalid):
            Checkpoint.parse(_text(case, "text"))


@_named(FORMATS["heads"])
def test_heads_without_a_hash_are_refused(case: dict[str, Any]) -> None:
    """Each of these heads has a root of another length: refused for it, and where nothing else is wrong only for it."""
    with pytest.raises(Invalid):
        Checkpoint.parse(case["text"])
    lines = case["text"].split("\n")
    if "valid_there" in case and "newlines" not in case["name"]:
        lines[2] = to_base64(EMPTY_ROOT)
        assert str(Checkpoint.parse("\n".join(lines))) == "\n".join([*lines[:3], ""])


@pytest.mark.parametrize("case", [TORCHWOOD["sumdb"], SIGSUM["sumdb"]], ids=["torchwood", "sigsum"])
def test_the_checksum_databases_heads_are_signed_by_its_key(case: dict[str, Any]) -> None:
    """A checkpoint of Go's checksum database as it was served is read, and its signature is good."""
    note, key = Note.parse(case["note"].encode()), VerifierKey.parse(case["verifier"])
    assert list(note.signed_by([key])) == [key]
    assert Checkpoint.parse(note.text)[:2] == (case["origin"], case["size"])


def test_the_checkpoint_in_the_specification() -> None:
    """The example of tlog-checkpoint is read; under the name it was signed with, its signature is good."""
    case, signed = C2SP["checkpoint"], C2SP["as_signed"]
    note = Note.parse(case["note"].encode())
    assert Checkpoint.parse(note.text)[:2] == (case["origin"], case["size"])
    renamed = Note.parse(
        case["note"].replace(case["origin"], signed["origin"], 1).replace(case["origin"], signed["key"]).encode()
    )
    key = VerifierKey.parse(signed["verifier"])
    assert list(renamed.signed_by([key])) == [key]


def test_the_cosignature_in_the_specification() -> None:
    """The example of tlog-cosignature says when, and by which key."""
    case = C2SP["cosigned"]
    signature = Note.parse(case["note"].encode()).signatures[1]
    assert (signature.name, signature.key_id.hex()) == (case["name"], case["key_id"])
    assert cosigned_at(signature.data) == case["time"]


def test_what_a_witness_is_sent_and_answers_in_the_specification() -> None:
    """The checkpoint in the example of tlog-witness is read, and the answer's lines can be put below it."""
    note = Note.parse(C2SP["request"]["note"].encode())
    assert len(note.signatures) == C2SP["request"]["signatures"]
    longer = Note.parse(note.pack() + "".join(line + "\n" for line in C2SP["answer"]).encode())
    assert [str(signature) for signature in longer.signatures[2:]] == C2SP["answer"]
    assert {len(signature.data) for signature in longer.signatures[2:]} == {72}


@pytest.mark.parametrize("case", FORMATS["cosignature_times"], ids=lambda case: str(case["time"]))
def test_cosignatures_say_when(case: dict[str, Any]) -> None:
    """A timestamped signature tells its time; one of another length is none."""
    data = base64.b64decode(case["signature"])[4:]
    if case["time"] is None:
        with pytest.raises(Unproven):
            cosigned_at(data)
    else:
        assert cosigned_at(data) == case["time"]


def test_a_checkpoint_is_signed_and_cosigned_to_the_bytes_of_the_vectors() -> None:
    """The known seed makes the known checkpoint and the known cosignature; the other lines are not its."""
    seed, origin = bytes.fromhex(SIGSUM["seed"]), CHECKPOINT.partition("\n")[0]
    checkpoint = Checkpoint.parse(Note.parse(CHECKPOINT.encode()).text)
    assert sign_checkpoint(checkpoint, SigningKey(origin, Kind.ED25519, seed)).pack().decode() == CHECKPOINT
    witness = SigningKey("example.org/witness", Kind.COSIGNATURE, seed)
    lines = SIGSUM["cosignatures"]
    note = Note(SIGSUM["cosigned_text"], tuple(map(Signature.parse, (lines[0], lines[2]))))
    assert not note.signed_by([witness.verifier])
    assert str(cosign(note, witness, SIGSUM["cosigned_at"])) == lines[1]
    good = note._replace(signatures=(Signature.parse(lines[1]),))
    assert list(good.signed_by([witness.verifier])) == [witness.verifier]
    with pytest.raises(Unproven):
        note._replace(signatures=(Signature.parse(lines[3]),)).signed_by([witness.verifier])


def test_a_session_with_a_witness_goes_as_recorded() -> None:
    """For each request, signature, size and proof decide as the witness's answer says."""
    policy = Policy.parse(f"log {TORCHWOOD['verifier']}\nquorum none\n".encode())
    size, root = 0, EMPTY_ROOT
    for request in TORCHWOOD["requests"]:
        if request["status"] == 403:
            with pytest.raises(Invalid):
                policy.accept(Note.parse(request["note"].encode()))
            continue
        checkpoint = policy.accept(Note.parse(request["note"].encode())).checkpoint
        path = [base64.b64decode(value) for value in request["path"]]
        if request["status"] == 409:
            assert request["old"] != size
        elif request["status"] == 422:
            with pytest.raises(Unproven):
                verify_consistency(size, root, checkpoint.size, checkpoint.root, path)
        else:
            if size:
                verify_consistency(size, root, checkpoint.size, checkpoint.root, path)
            assert (request["old"], request["status"]) == (size, 200)
            size, root = checkpoint.size, checkpoint.root
    assert size == 5


# ------------------------------------------------------------------------------------------------ policies and proofs


@_named(FORMATS["policies"])
def test_policies_are_read_or_not_as_they_should(case: dict[str, Any]) -> None:
    """A policy within the specification is read; every other one is refused."""
    if case["valid"]:
        groups = Policy.parse(case["policy"].encode()).groups
        assert [[group.threshold, len(group.members)] for group in groups] == case["groups"]
    else:
        with pytest.raises(Invalid):
            Policy.parse(case["policy"].encode())


@_named(SIGSUM["refused_policies"])
def test_policies_with_a_flaw_are_refused(case: dict[str, Any]) -> None:
    """Each has one flaw."""
    with pytest.raises(Invalid):
        Policy.parse(case["policy"].encode())


@_named([*SIGSUM["policies"], {"name": "the specification", "logs": 1, "witnesses": 6} | C2SP])
def test_quorums_are_fulfilled_or_not_as_they_should(case: dict[str, Any]) -> None:
    """Each set of witnesses is enough, or not, as the vectors say; keys of ours that sign stand in for theirs."""
    policy = Policy.parse(case["policy"].encode())
    assert (len(policy.logs), len(policy.witnesses)) == (case["logs"], case["witnesses"])
    keys = {
        witness.name: SigningKey(witness.key.name, Kind.COSIGNATURE, bytes([number]) * 32)
        for number, witness in enumerate(policy.witnesses)
    }
    log = SigningKey("log", Kind.ED25519, bytes([99]) * 32)
    ours = policy._replace(
        logs=(policy.logs[0]._replace(key=log.verifier),),
        witnesses=tuple(witness._replace(key=keys[witness.name].verifier) for witness in policy.witnesses),
    )
    note = sign_checkpoint(Checkpoint("log", 0, EMPTY_ROOT), log)
    for quorum in case["quorums"]:
        lines = tuple(cosign(note, keys[name], number) for number, name in enumerate(quorum["cosigned"]))
        cosigned = note._replace(signatures=note.signatures + lines)
        if quorum["fulfilled"]:
            assert dict(ours.accept(cosigned).cosigned) == {name: n for n, name in enumerate(quorum["cosigned"])}
        else:
            with pytest.raises(Unproven, match="quorum"):
                ours.accept(cosigned)


@_named(SIGSUM["proofs"])
def test_proofs_of_another_log_are_accepted(case: dict[str, Any]) -> None:
    """Leaf, path, signature and cosignature that another log made fulfil the policy, and only for this entry."""
    proof, policy = Proof.parse(case["proof"].encode()), Policy.parse(case["policy"].encode())
    assert proof.pack().decode() == case["proof"]
    entry = bytes.fromhex(case["entry"])
    assert dict(proof.accept(entry, policy).cosigned) == case["cosigned"]
    with pytest.raises(Unproven, match="leads to root"):
        proof.accept(entry + b"\0", policy)


@_named(FORMATS["packed"])
def test_proofs_are_written_as_the_vectors_say(case: dict[str, Any]) -> None:
    """Index, path and extra give the lines above the checkpoint, and come back out of them."""
    path = tuple(base64.b64decode(value) for value in case["path"])
    proof = Proof(case["index"], path, Note.parse(CHECKPOINT.encode()), base64.b64decode(case["extra"]))
    assert proof.pack().decode() == case["head"] + CHECKPOINT
    assert Proof.parse(proof.pack()) == proof


@_named(FORMATS["refused"])
def test_proofs_with_a_flaw_are_refused(case: dict[str, Any]) -> None:
    """Each has one flaw above its checkpoint."""
    with pytest.raises(Invalid, match="proof"):
        Proof.parse((_text(case, "head") + CHECKPOINT).encode())


def test_the_proof_in_the_specification() -> None:
    """The example of tlog-proof, with a signature in the place of those it elides, is read to its values."""
    case = C2SP["proof_head"]
    key = SigningKey(case["origin"], Kind.ED25519, bytes(32))
    checkpoint = Checkpoint(case["origin"], case["size"], base64.b64decode(case["root"]))
    note = sign_checkpoint(checkpoint, key)
    proof = Proof.parse(case["text"].encode() + b"\n" + note.pack())
    assert (proof.entry_index, len(proof.path)) == (case["index"], case["hashes"])
    assert (to_base64(proof.extra), proof.note) == (case["extra"], note)
