# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The verifier's own notes, heads, trees, policies and proofs against all vectors of the ledger that concern a reader.

Keys of ours sign in the place of those whose private halves nobody has; the product's signer makes them, so that each
of the two implementations is checked by the other.
"""

import base64
import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from torrazzo.ledger.checkpoint import Checkpoint, cosign, sign_checkpoint
from torrazzo.ledger.key import Kind, SigningKey
from torrazzo.ledger.merkle import EMPTY_ROOT
from torrazzo_verify.verify import (
    Key,
    Malformed,
    Policy,
    Unproven,
    accept_head,
    check_consistency,
    check_inclusion,
    check_proof,
    cosigned_at,
    leaf_hash,
    node_hash,
    parse_head,
    parse_key,
    parse_note,
    parse_policy,
    parse_proof,
    parse_signature,
    signed_by,
)

VECTORS = Path(__file__).parents[2] / "vectors"


def _load(name: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_text("utf-8"))


OURS, MERKLE = _load("ledger"), _load("ledger-merkle")
C2SP, FORMATS, GOLANG, SIGSUM, TORCHWOOD, TESSERA = (
    _load(f"ledger-{name}") for name in ("c2sp", "formats", "golang", "sigsum", "torchwood", "tessera")
)
POLICY = parse_policy(OURS["policy"].encode())
CHECKPOINT = SIGSUM["checkpoint"]


def _named(cases: list[dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=lambda case: str(case["name"]))


def _text(case: dict[str, Any], name: str) -> str:
    times, more = case.get("then", (0, ""))
    return str(case[name] + times * more)


def _path(case: dict[str, Any]) -> list[bytes]:
    return [base64.b64decode(value) for value in case["path"]]


def _accept(proof: bytes, entry: bytes, policy: Policy) -> dict[str, int]:
    parsed = parse_proof(proof)
    accepted = accept_head(policy, parse_note(parsed.note))
    check_proof(parsed, entry, accepted.head)
    return accepted.cosigned


# ------------------------------------------------------------------------------------------------------------- trees


def test_leaves_and_nodes_are_those_of_the_vectors() -> None:
    """Eight entries give each subtree's hash."""
    rows = [[bytes.fromhex(node) for node in row] for row in MERKLE["rows"]]
    assert [leaf_hash(bytes.fromhex(entry)) for entry in MERKLE["entries"]] == rows[0]
    for below, row in itertools.pairwise(rows):
        assert [node_hash(*below[at : at + 2]) for at in range(0, len(below), 2)] == row


@_named(MERKLE["inclusion"])
def test_inclusion_proofs_hold_or_not_as_they_should(case: dict[str, Any]) -> None:
    """A good proof is accepted, and one with a flaw refused."""
    leaf, root = base64.b64decode(case["leaf"]), base64.b64decode(case["root"])
    if case["valid"]:
        check_inclusion(leaf, case["index"], case["size"], _path(case), root)
    else:
        with pytest.raises(Unproven):
            check_inclusion(leaf, case["index"], case["size"], _path(case), root)


@_named(MERKLE["consistency"])
def test_consistency_proofs_hold_or_not_as_they_should(case: dict[str, Any]) -> None:
    """A good proof is accepted, and one with a flaw refused."""
    old, new = base64.b64decode(case["old_root"]), base64.b64decode(case["new_root"])
    if case["valid"]:
        check_consistency(case["old"], old, case["new"], new, _path(case))
    else:
        with pytest.raises(Unproven):
            check_consistency(case["old"], old, case["new"], new, _path(case))


@pytest.mark.parametrize("case", OURS["consistency"], ids=lambda case: f"{case['old']} to {case['new']}")
def test_our_consistency_proofs_hold(case: dict[str, Any]) -> None:
    """The heads of the vectors follow from each other, and not with one bit changed."""
    roots = {head["size"]: bytes.fromhex(head["root"]) for head in OURS["heads"]}
    old = roots.get(case["old"], leaf_hash(b"0"))
    check_consistency(case["old"], old, case["new"], roots[case["new"]], _path(case))
    with pytest.raises(Unproven):
        check_consistency(case["old"], bytes(32), case["new"], roots[case["new"]], _path(case))


# ------------------------------------------------------------------------------------------------------------- texts


def test_whatever_is_not_the_whole_key_is_none() -> None:
    """Each part of a verifier's text, and each text in which one character is the next one, is refused."""
    text = GOLANG["peter"]
    assert str(parse_key(text)) == text
    parts = {text[start:end] for start in range(len(text)) for end in range(start, len(text) + 1)} - {text}
    changed = {text[:at] + chr(ord(text[at]) + 1) + text[at + 1 :] for at in range(len(text))}
    hostile = [case["text"] for case in OURS["hostile_verifiers"]]
    for bad in [*parts, *changed, *GOLANG["bad_verifiers"], *hostile]:
        with pytest.raises(Malformed):
            parse_key(bad)


@pytest.mark.parametrize("case", FORMATS["verifiers"] + SIGSUM["verifiers"], ids=lambda case: case["text"][:40])
def test_keys_are_read_or_not_as_they_should(case: dict[str, Any]) -> None:
    """A key of a type that we use is read and written again; every other text is refused."""
    if case["valid"]:
        assert str(parse_key(case["text"])) == case["text"]
    else:
        with pytest.raises(Malformed):
            parse_key(case["text"])


@_named(GOLANG["notes"])
def test_notes_open_or_not_as_they_should(case: dict[str, Any]) -> None:
    """The keys that signed are found; what cannot be read, or is not signed as it says, is refused."""
    data = base64.b64decode(case["note_base64"]) if "note_base64" in case else _text(case, "note").encode()
    keys = [parse_key(GOLANG[name]) for name in case["keys"]]
    if "signed_by" in case:
        found = [key.name for key in signed_by(parse_note(data), keys)]
        assert found == [GOLANG[name].partition("+")[0] for name in case["signed_by"]]
        return
    with pytest.raises(Unproven if case["error"] == "unproven" else Malformed):
        signed_by(parse_note(data), keys)


@pytest.mark.parametrize("case", SIGSUM["signature_lines"], ids=lambda case: case["line"][:24] + case["line"][-3:])
def test_signature_lines_are_read_or_not_as_they_should(case: dict[str, Any]) -> None:
    """A line in the one right form is read; every other one is refused."""
    if case["valid"]:
        parse_signature(case["line"])
    else:
        with pytest.raises(Malformed):
            parse_signature(case["line"])


@pytest.mark.parametrize("case", SIGSUM["extra_signatures"], ids=lambda case: f"{len(case['lines'])} more")
def test_signatures_of_others_do_no_harm_if_they_can_be_read(case: dict[str, Any]) -> None:
    """Above and below the log's own, a line that can be read is ignored, and one that cannot refused."""
    signer = SigningKey(CHECKPOINT.partition("\n")[0], Kind.ED25519, bytes.fromhex(SIGSUM["seed"])).verifier
    key = parse_key(str(signer))
    text, own = CHECKPOINT.split("\n\n")
    first, *others = [line + "\n" for line in case["lines"]]
    data = (text + "\n\n" + first + own + "".join(others)).encode()
    if case["valid"]:
        assert list(signed_by(parse_note(data), [key])) == [key]
    else:
        with pytest.raises(Malformed):
            parse_note(data)


@_named(GOLANG["tree_heads"])
def test_tree_heads_are_read_or_not_as_they_should(case: dict[str, Any]) -> None:
    """Lines behind the third are left out; a third that is no hash, or a second that is no number, is refused."""
    if case["valid"]:
        head = GOLANG["tree_head"]
        assert parse_head(_text(case, "text")) == (head["origin"], head["size"], leaf_hash(head["entry"].encode()))
    else:
        with pytest.raises(Malformed):
            parse_head(_text(case, "text"))


@_named(FORMATS["heads"])
def test_heads_without_a_hash_are_refused(case: dict[str, Any]) -> None:
    """Each of these heads has a root of another length."""
    with pytest.raises(Malformed):
        parse_head(case["text"])


@pytest.mark.parametrize(
    "case",
    [TORCHWOOD["sumdb"], SIGSUM["sumdb"], {"note": C2SP["note"], "verifier": C2SP["verifier"]}],
    ids=["torchwood", "sigsum", "c2sp"],
)
def test_notes_that_others_published_are_signed_by_their_keys(case: dict[str, Any]) -> None:
    """Two heads of Go's checksum database as served, and the example of signed-note."""
    key = parse_key(case["verifier"])
    assert list(signed_by(parse_note(case["note"].encode()), [key])) == [key]


@pytest.mark.parametrize("size", range(16))
def test_the_sample_logs_heads_are_signed(size: int) -> None:
    """Tessera's sample log signs each of its sixteen heads."""
    key = parse_key(TESSERA["verifier"])
    note = parse_note(TESSERA["checkpoints"][size].encode())
    assert list(signed_by(note, [key])) == [key]
    assert parse_head(note.text)[:2] == (key.name, size)


def test_the_checkpoint_in_the_specification() -> None:
    """The example of tlog-checkpoint is read; under the name it was signed with, its signature is good."""
    case, signed = C2SP["checkpoint"], C2SP["as_signed"]
    assert parse_head(parse_note(case["note"].encode()).text)[:2] == (case["origin"], case["size"])
    text = case["note"].replace(case["origin"], signed["origin"], 1).replace(case["origin"], signed["key"])
    key = parse_key(signed["verifier"])
    assert list(signed_by(parse_note(text.encode()), [key])) == [key]


def test_the_cosignature_in_the_specification() -> None:
    """The example of tlog-cosignature says when, and by which key."""
    case = C2SP["cosigned"]
    signature = parse_note(case["note"].encode()).signatures[1]
    assert (signature.name, signature.key_id.hex()) == (case["name"], case["key_id"])
    assert cosigned_at(signature.data) == case["time"]


@pytest.mark.parametrize("case", FORMATS["cosignature_times"], ids=lambda case: str(case["time"]))
def test_cosignatures_say_when(case: dict[str, Any]) -> None:
    """A timestamped signature tells its time; one of another length is none."""
    data = base64.b64decode(case["signature"])[4:]
    if case["time"] is None:
        with pytest.raises(Unproven):
            cosigned_at(data)
    else:
        assert cosigned_at(data) == case["time"]


def test_a_session_with_a_witness_goes_as_recorded() -> None:
    """For each request, signature, size and proof decide as the witness's answer says."""
    policy = parse_policy(f"log {TORCHWOOD['verifier']}\nquorum none\n".encode())
    size, root = 0, EMPTY_ROOT
    for request in TORCHWOOD["requests"]:
        if request["status"] == 403:
            with pytest.raises(Malformed):
                accept_head(policy, parse_note(request["note"].encode()))
            continue
        head = accept_head(policy, parse_note(request["note"].encode())).head
        if request["status"] == 422:
            with pytest.raises(Unproven):
                check_consistency(size, root, head.size, head.root, _path(request))
        elif request["status"] == 200:
            if size:
                check_consistency(size, root, head.size, head.root, _path(request))
            size, root = head.size, head.root
    assert size == 5


# ------------------------------------------------------------------------------------------------ policies and proofs


@_named([*FORMATS["policies"], *({**case, "valid": False} for case in SIGSUM["refused_policies"])])
def test_policies_are_read_or_not_as_they_should(case: dict[str, Any]) -> None:
    """A policy within the specification is read; every other one is refused."""
    if case["valid"]:
        groups = parse_policy(case["policy"].encode()).groups
        assert [[least, len(members)] for least, members in groups.values()] == case["groups"]
    else:
        with pytest.raises(Malformed):
            parse_policy(case["policy"].encode())


@_named(OURS["hostile_policies"])
def test_a_hostile_policy_is_refused(case: dict[str, Any]) -> None:
    """Each has one flaw."""
    with pytest.raises(Malformed):
        parse_policy(case["text"].encode())


@_named([*SIGSUM["policies"], {"name": "the specification", "logs": 1, "witnesses": 6} | C2SP])
def test_quorums_are_fulfilled_or_not_as_they_should(case: dict[str, Any]) -> None:
    """Each set of witnesses is enough, or not, as the vectors say."""
    policy = parse_policy(case["policy"].encode())
    assert (len(policy.logs), len(policy.witnesses)) == (case["logs"], case["witnesses"])
    signers = {
        name: SigningKey(key.name, Kind.COSIGNATURE, bytes([number]) * 32)
        for number, (name, key) in enumerate(policy.witnesses.items())
    }
    log = SigningKey("log", Kind.ED25519, bytes([99]) * 32)
    ours = policy._replace(logs=(_key(log),), witnesses={name: _key(signer) for name, signer in signers.items()})
    note = sign_checkpoint(Checkpoint("log", 0, EMPTY_ROOT), log)
    for quorum in case["quorums"]:
        lines = tuple(cosign(note, signers[name], number) for number, name in enumerate(quorum["cosigned"]))
        cosigned = parse_note(note._replace(signatures=note.signatures + lines).pack())
        if quorum["fulfilled"]:
            assert accept_head(ours, cosigned).cosigned == {name: n for n, name in enumerate(quorum["cosigned"])}
        else:
            with pytest.raises(Unproven, match="quorum"):
                accept_head(ours, cosigned)


def _key(signer: SigningKey) -> Key:
    return parse_key(str(signer.verifier))


@_named(SIGSUM["proofs"])
def test_proofs_of_another_log_are_accepted(case: dict[str, Any]) -> None:
    """Leaf, path, signature and cosignature that another log made fulfil the policy, and only for this entry."""
    policy, entry = parse_policy(case["policy"].encode()), bytes.fromhex(case["entry"])
    assert _accept(case["proof"].encode(), entry, policy) == case["cosigned"]
    with pytest.raises(Unproven, match="another root"):
        _accept(case["proof"].encode(), entry + b"\0", policy)


@pytest.mark.parametrize("case", OURS["proofs"], ids=lambda case: f"{case['index']} of {case['size']}")
def test_our_proofs_are_accepted(case: dict[str, Any]) -> None:
    """Each proof of our vectors is accepted for its entry, and for no other."""
    _accept(case["proof"].encode(), case["entry"].encode(), POLICY)
    with pytest.raises(Unproven):
        _accept(case["proof"].encode(), case["entry"].encode() + b" ", POLICY)


@_named(OURS["hostile_proofs"])
def test_a_hostile_proof_is_refused(case: dict[str, Any]) -> None:
    """Each has one flaw: of form, and it cannot be read; or of substance, and it is not accepted."""
    with pytest.raises(Malformed) as caught:
        _accept(case["proof"].encode(), case["entry"].encode(), POLICY)
    assert isinstance(caught.value, Unproven) is (case["flaw"] != "invalid")


@_named(FORMATS["packed"])
def test_proofs_are_read_as_the_vectors_say(case: dict[str, Any]) -> None:
    """Index and path come out of the lines above the checkpoint."""
    proof = parse_proof((case["head"] + CHECKPOINT).encode())
    assert (proof.entry, list(proof.path), proof.note) == (case["index"], _path(case), CHECKPOINT.encode())


@_named(FORMATS["refused"])
def test_proofs_with_a_flaw_are_refused(case: dict[str, Any]) -> None:
    """Each has one flaw above its checkpoint."""
    with pytest.raises(Malformed):
        parse_proof((_text(case, "head") + CHECKPOINT).encode())
