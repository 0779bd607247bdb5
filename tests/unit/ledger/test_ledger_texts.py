# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
import pytest

from torrazzo.base.errors import Invalid
from torrazzo.ledger import Policy, Proof, Unproven
from torrazzo.ledger.checkpoint import Checkpoint, cosign, origin_of, sign_checkpoint
from torrazzo.ledger.key import Kind, SigningKey, VerifierKey, cosigned_at
from torrazzo.ledger.merkle import EMPTY_ROOT, leaf_hash
from torrazzo.ledger.note import MAX_BYTES, Note, Signature, sign, signature_of

LOG = SigningKey("town.example/rec", Kind.ED25519, bytes(32))
WITNESS = SigningKey("witness.example", Kind.COSIGNATURE, bytes([1]) * 32)
OTHER = SigningKey("another.example", Kind.COSIGNATURE, bytes([2]) * 32).verifier
ENTRY = b"the only one"
HEAD = sign_checkpoint(Checkpoint("town.example/rec", 1, leaf_hash(ENTRY)), LOG)
POLICY = f"log {LOG.verifier}\nwitness office {WITNESS.verifier}\nquorum office\n"


def _with(note: Note, *signatures: Signature) -> Note:
    return note._replace(signatures=note.signatures + signatures)


def _policy(text: str = POLICY) -> Policy:
    return Policy.parse(text.encode())


# ------------------------------------------------------------------------------------------------------------- keys


def test_a_signing_key_does_not_show_its_seed() -> None:
    """Neither `repr` nor `str` of a signing key holds the seed."""
    key = SigningKey("town.example/rec", Kind.ED25519, b"0123456789abcdef0123456789abcdef")
    assert "0123456789" not in repr(key) + str(key) + repr(key.verifier)


def test_a_seed_of_another_length_is_refused() -> None:
    """A key that was cut is named, not padded."""
    with pytest.raises(Invalid, match=r"town\.example/rec: a seed of 31 bytes, expected 32"):
        SigningKey("town.example/rec", Kind.ED25519, bytes(31))


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\u2028b", "a\nb", "\x01", "\ud800", "é" * 128])
def test_no_key_has_such_a_name(name: str) -> None:
    """A name that a signature line could not carry makes no key."""
    with pytest.raises(Invalid, match="key name"):
        SigningKey(name, Kind.ED25519, bytes(32))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("x", "expected name"),
        ("x+00000000+", "expected name"),
        ("x+0000000+AQ==", "expected name"),
        ("x+00000000+BgAA", "signature type 0x06 is not one that we verify"),
        ("x+00000000+AQAA", "2 bytes of key, expected 32"),
        ("x+00000000+AQ=", "is not base64"),
        (str(OTHER) + "=", "is not base64|another spelling"),
    ],
)
def test_an_error_says_what_is_wrong_with_a_key(text: str, error: str) -> None:
    """Parts missing, a type for which there is no code here, and a key cut short are told apart."""
    with pytest.raises(Invalid, match=error):
        VerifierKey.parse(text)


def test_a_key_makes_its_own_kind_of_signature_only() -> None:
    """A log's key does not cosign, a witness's key does not sign notes: what each says stays one thing."""
    with pytest.raises(Invalid, match="type 0x01, not 0x04"):
        cosign(HEAD, LOG, 1)
    with pytest.raises(Invalid, match="type 0x04, not 0x01"):
        sign("text\n", WITNESS)


def test_one_secret_in_two_kinds_has_two_ids() -> None:
    """The same seed and name as log and as witness are two keys, and neither's signature passes for the other's."""
    twin = SigningKey(LOG.verifier.name, Kind.COSIGNATURE, bytes(32)).verifier
    assert twin.public == LOG.verifier.public
    assert twin.id != LOG.verifier.id
    assert HEAD.signed_by([twin]) == {}


@pytest.mark.parametrize("seconds", [-1, 2**63])
def test_a_cosignature_has_a_time_of_63_bits(seconds: int) -> None:
    """A time that C2SP has no room for is neither signed nor read."""
    with pytest.raises(Invalid, match="is not in 0 to"):
        cosign(HEAD, WITNESS, seconds)
    with pytest.raises(Unproven, match="expected at most"):
        cosigned_at((2**63).to_bytes(8, "big") + bytes(64))


def test_the_last_time_and_the_longest_name_are_read() -> None:
    """2^63 - 1 seconds and 255 bytes of name are still within the limits, as signature and as key."""
    key = SigningKey("x" * 255, Kind.COSIGNATURE, bytes(32))
    line = cosign(HEAD, key, 2**63 - 1)
    assert cosigned_at(Signature.parse(str(line)).data) == 2**63 - 1
    assert list(_with(HEAD, line).signed_by([VerifierKey.parse(str(key.verifier))])) == [key.verifier]


def test_a_key_that_is_no_point_verifies_nothing() -> None:
    """Any 32 bytes can be read as a key; one that is no point of the curve just never verifies."""
    key = VerifierKey.parse(str(VerifierKey("x", Kind.ED25519, b"\xff" * 32)))
    with pytest.raises(Unproven):
        key.verify(b"text\n", bytes(64))


# ------------------------------------------------------------------------------------------------------------ notes


def test_a_note_has_at_most_100_signatures_and_a_mebibyte() -> None:
    """The hundredth signature and the last byte are read, one more is refused."""
    line = str(signature_of(WITNESS.verifier, b"x")) + "\n"
    data = HEAD.pack() + line.encode() * 99
    assert len(Note.parse(data).signatures) == 100
    with pytest.raises(Invalid, match="101 signatures, at most 100"):
        Note.parse(data + line.encode())
    filler = b"x" * (MAX_BYTES - len(HEAD.pack()))
    assert len(Note.parse(filler + HEAD.pack()).text) > 1_000_000
    with pytest.raises(Invalid, match="1048577 bytes, at most 1048576"):
        Note.parse(b"x" + filler + HEAD.pack())


def test_a_signature_line_has_more_than_an_id() -> None:
    """Four bytes of id and nothing behind them are no signature; one byte is one that can be read, of whatever key."""
    with pytest.raises(Invalid, match="4 bytes, expected an id of 4 and a signature"):
        Signature.parse("— x AAAAAA==")
    assert Signature.parse("— x AAAAAAA=") == Signature("x", bytes(4), bytes(1))


def test_a_text_ends_above_the_last_empty_line() -> None:
    """A text may hold empty lines, and lines that look like signatures: only those below the last one count."""
    text = f"a\n\n— {LOG.verifier.name} AAAAAAA=\n"
    note = Note.parse(sign(text, LOG).pack())
    assert note.text == text
    assert list(note.signed_by([LOG.verifier])) == [LOG.verifier]


@pytest.mark.parametrize("text", ["", "no newline", "a\r\n", "a\tb\n", "a\0\n", "\ud800\n"])
def test_no_such_text_is_signed(text: str) -> None:
    """What could not be read again is not signed in the first place."""
    with pytest.raises(Invalid, match="text of a note"):
        sign(text, LOG)


def test_of_two_good_signatures_by_one_key_the_first_counts() -> None:
    """A witness that signed twice is one witness, at its first time."""
    note = _with(HEAD, cosign(HEAD, WITNESS, 20), cosign(HEAD, WITNESS, 10))
    assert _policy().accept(note).cosigned == {"office": 20}


def test_a_bad_signature_behind_a_good_one_spoils_the_note() -> None:
    """Each line that claims to be of a known key must be good; nobody may hide behind another."""
    good = cosign(HEAD, WITNESS, 20)
    bad = good._replace(data=good.data[:-1] + bytes([good.data[-1] ^ 1]))
    with pytest.raises(Unproven, match=r"witness\.example\+[0-9a-f]{8}: not made by this key over this text"):
        _policy().accept(_with(HEAD, good, bad))


def test_two_keys_of_one_name_and_id_are_an_error_where_they_matter() -> None:
    """If a line could be of either, the caller must say of which; a note without such a line is read."""
    assert HEAD.signed_by([LOG.verifier, WITNESS.verifier, WITNESS.verifier]).keys() == {LOG.verifier}
    with pytest.raises(Invalid, match="2 of the keys given have name and id"):
        HEAD.signed_by([LOG.verifier, LOG.verifier])


# ------------------------------------------------------------------------------------------------------ checkpoints


def test_a_log_signs_only_under_its_own_name() -> None:
    """The key of `rec` does not sign for `act`, nor a key for an origin that has no key's name."""
    for origin in ("town.example/act", "town.example/rec\n5"):
        with pytest.raises(Invalid, match="does not sign for it"):
            sign_checkpoint(Checkpoint(origin, 0, EMPTY_ROOT), LOG)


@pytest.mark.parametrize(("size", "root"), [(-1, EMPTY_ROOT), (2**63, EMPTY_ROOT), (1, b"short")])
def test_no_such_head_is_signed(size: int, root: bytes) -> None:
    """A head that nobody could read is not signed."""
    with pytest.raises(Invalid, match="checkpoint"):
        sign_checkpoint(Checkpoint(LOG.verifier.name, size, root), LOG)


def test_the_largest_head_is_read() -> None:
    """A tree of 2^63 - 1 entries has a head like any other; one more is no number of these formats."""
    largest = Checkpoint("town.example/rec", 2**63 - 1, EMPTY_ROOT)
    assert Checkpoint.parse(str(largest)) == largest
    with pytest.raises(Invalid, match="checkpoint's size: '9223372036854775808', expected a decimal number"):
        Checkpoint.parse(str(largest._replace(size=2**63)))


def test_an_origin_has_at_most_255_bytes() -> None:
    """An origin is counted in bytes of UTF-8, not in letters; spaces are others' affair."""
    for origin in ("a", "go.sum database tree", "é" * 127 + "a"):
        assert Checkpoint.parse(str(Checkpoint(origin, 1, EMPTY_ROOT))).origin == origin
    with pytest.raises(Invalid, match="an origin of more than 255 bytes"):
        Checkpoint.parse(str(Checkpoint("é" * 128, 1, EMPTY_ROOT)))


def test_a_witness_cosigns_checkpoints_only() -> None:
    """A text of two lines is no head of a log: no time is put on it."""
    with pytest.raises(Invalid, match="expected three lines or more"):
        cosign(sign("two\nlines\n", LOG), WITNESS, 1)


def test_extension_lines_are_signed_but_not_read() -> None:
    """Another log's lines behind the third are covered by the cosignature, and are no part of the checkpoint."""
    note = sign(HEAD.text + "more\n", LOG)
    cosigned = _with(note, cosign(note, WITNESS, 5))
    assert _policy().accept(cosigned).checkpoint == Checkpoint.parse(HEAD.text)
    with pytest.raises(Unproven):
        cosigned._replace(text=HEAD.text + "less\n").signed_by([WITNESS.verifier])


@pytest.mark.parametrize(
    "town", ["", "Town.example", "town..example", ".example", "town/", "/rec", "a b", "à.it", "x" * 252]
)
def test_no_town_has_such_a_name(town: str) -> None:
    """The name of a log is made of a name in the DNS, in its one spelling, and fits in 255 bytes."""
    with pytest.raises(Invalid, match="name of a town"):
        origin_of(town, "rec")


def test_a_town_has_two_logs() -> None:
    """A town's two origins are its name with rec and act behind it, with a path or without, up to 255 bytes."""
    assert origin_of("torrazzo.comune.example.it", "rec") == "torrazzo.comune.example.it/rec"
    assert origin_of("example.it/torrazzo_2", "act") == "example.it/torrazzo_2/act"
    assert len(origin_of("x" * 251, "act")) == 255


# ------------------------------------------------------------------------------------------------ policies and proofs


def test_an_accepted_head_says_who_and_when() -> None:
    """Log, witnesses and their times are told, also of witnesses that the quorum did not need."""
    accepted = _policy(POLICY.replace("quorum office", "quorum none")).accept(_with(HEAD, cosign(HEAD, WITNESS, 7)))
    assert accepted.log == LOG.verifier
    assert accepted.cosigned == {"office": 7}
    assert accepted.checkpoint == Checkpoint("town.example/rec", 1, leaf_hash(ENTRY))


def test_a_head_without_its_quorum_is_refused_by_name() -> None:
    """The error says who cosigned, and what the policy asks for."""
    with pytest.raises(Unproven, match=r"cosigned by nobody, quorum 'office'"):
        _policy().accept(HEAD)


def test_a_log_speaks_for_its_own_origin_only() -> None:
    """A key of the policy signed, but the head is of another log: refused, even if that log is in the policy too."""
    other = SigningKey("town.example/act", Kind.ED25519, bytes([9]) * 32)
    policy = _policy(f"log {LOG.verifier}\nlog {other.verifier}\nquorum none\n")
    note = sign(HEAD.text, other)
    with pytest.raises(Unproven, match="not signed by a log of this name"):
        policy.accept(note)
    assert policy.accept(_with(note, *HEAD.signatures)).log == LOG.verifier


def test_a_policy_without_logs_accepts_nothing() -> None:
    """Such a policy can be read, and believes nobody."""
    with pytest.raises(Unproven, match="not signed by a log"):
        _policy("quorum none\n").accept(HEAD)


def test_an_error_in_a_policy_names_its_line() -> None:
    """Whoever writes a policy is told where it is wrong, comments and empty lines counted."""
    with pytest.raises(Invalid, match="policy line 4: 'nobody' is not the name of a witness or group on a line before"):
        _policy(f"# ours\n\nlog {LOG.verifier}\nquorum nobody\n")
    with pytest.raises(Invalid, match=r"policy line 1: .*makes signatures of type 0x04, expected 0x01"):
        _policy(f"log {WITNESS.verifier}\nquorum none\n")


def test_a_policy_may_be_laid_out_freely() -> None:
    """Tabs, spaces, comments and the order of logs and witnesses are the writer's; names are any bytes."""
    text = f"\t# ours\n\n  quorum \t none  \n   log\t{LOG.verifier}  https://x/ \nwitness \xe9 {WITNESS.verifier}\n"
    policy = Policy.parse(text.encode("latin-1"))
    assert (policy.logs[0].url, policy.quorum) == ("https://x/", "none")
    assert b"witness \xe9 " in policy.pack()
    assert Policy.parse(policy.pack()) == policy


def test_a_policy_that_was_cut_off_is_refused() -> None:
    """Cut at the end of a name that is a name too, a policy would ask for less: without its last newline it is none."""
    text = f"witness w {WITNESS.verifier}\nwitness w2 {OTHER}\nquorum w2\n"
    assert _policy(text).quorum == "w2"
    for cut in (text[:-1], text[:-2]):
        with pytest.raises(Invalid, match="it was cut"):
            _policy(cut)


def test_a_policy_has_at_most_64_kibibytes() -> None:
    """A longer file is refused before it is looked at."""
    with pytest.raises(Invalid, match="policy: 65537 bytes, at most 65536"):
        _policy("#" * (65_536 - len(POLICY)) + "\n" + POLICY)
    assert _policy("#" * (65_535 - len(POLICY)) + "\n" + POLICY) == _policy()


def test_a_proof_is_for_one_entry_under_one_policy() -> None:
    """It holds for its entry; for another entry, or under a policy that asks for more, it proves nothing."""
    proof = Proof(0, (), HEAD)
    relaxed = _policy(POLICY.replace("quorum office", "quorum none"))
    assert proof.accept(ENTRY, relaxed).checkpoint.size == 1
    with pytest.raises(Unproven, match="leads to root"):
        proof.accept(b"another", relaxed)
    with pytest.raises(Unproven, match="quorum"):
        proof.accept(ENTRY, _policy())


def test_the_longest_path_has_63_hashes() -> None:
    """A tree of 2^63 - 1 entries needs no more: so many are read, and one more refused."""
    proof = Proof(0, (EMPTY_ROOT,) * 63, HEAD)
    assert Proof.parse(proof.pack()) == proof
    with pytest.raises(Invalid, match="64 hashes, at most 63"):
        Proof.parse(proof._replace(path=(EMPTY_ROOT,) * 64).pack())


def test_a_proof_has_at_most_a_mebibyte() -> None:
    """A longer file is refused before it is looked at."""
    with pytest.raises(Invalid, match="proof: 1048577 bytes, at most 1048576"):
        Proof.parse(bytes(MAX_BYTES + 1))
