# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tokens of a real `openssl ts`, good and forged, held against ours and against `openssl ts -verify`."""

import datetime as dt
import hashlib
import re
import ssl
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tools.tsa import POLICY, TEXT, Issuer, Pair, Responder, needs_openssl, openssl, verify
from torrazzo.base.errors import Invalid, Unavailable
from torrazzo.base.times import SECOND
from torrazzo.ledger.anchor import UNSORTED
from torrazzo.ledger.anchor_authority import Authority
from torrazzo.ledger.anchor_der import CONTEXT_0, SEQUENCE, body, element, elements, integer
from torrazzo.ledger.anchor_query import query
from torrazzo.ledger.anchor_token import open_answer, open_token
from torrazzo.ledger.errors import Unproven

pytestmark = needs_openssl

NONCE = 0xC0FFEE
DIGEST = hashlib.sha256(TEXT).digest()


class World(NamedTuple):
    """One authority below an issuer below a root."""

    folder: Path
    issuer: Issuer
    middle: Pair
    signer: Pair
    answer: bytes  # to a query with NONCE

    def responder(self, name: str, signer: Pair | None = None, chain: str = "", **more: str) -> Responder:
        return Responder(self.folder / name, signer or self.signer, chain=chain, **more)

    def authority(self, *more: Pair, policy: str | None = POLICY) -> Authority:
        certificates = "".join(pair.pem for pair in (self.issuer.root, self.middle, *more))
        return Authority(name="test", url="http://localhost/", certificates=certificates, policy=policy)

    @property
    def trusted(self) -> str:
        return self.issuer.root.pem + self.middle.pem


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("tsa")
    issuer = Issuer(folder / "ca")
    middle = issuer.issue("issuer", "Middle")
    signer = issuer.issue("signer", "Signer", middle)
    answer = Responder(folder / "good", signer).reply(query(DIGEST, NONCE, None))
    return World(folder, issuer, middle, signer, answer)


@pytest.fixture
def fresh(world: World, tmp_path: Path) -> World:
    """The same, with a folder of the test's own for its responders."""
    return world._replace(folder=tmp_path)


def serial_of(pair: Pair) -> str:
    return openssl("x509", "-in", pair.certificate, "-noout", "-serial").stdout.partition("=")[2].strip()


def token_of(answer: bytes) -> bytes:
    return elements(body(answer, SEQUENCE))[1]


def test_a_token_says_when_by_whom_and_how_exactly(world: World, tmp_path: Path) -> None:
    """Time, accuracy, policy and signer are those that openssl reads in the same answer."""
    anchor = open_answer(world.authority(), TEXT, NONCE, world.answer)
    (tmp_path / "answer").write_bytes(world.answer)
    said = openssl("ts", "-reply", "-in", "answer", "-text", folder=tmp_path).stdout
    ((time, year),) = re.findall(r"Time stamp: (.*?)(?:\.\d+)? (\d{4}) GMT", said)
    at = dt.datetime.strptime(f"{time} {year}+0000", "%b %d %H:%M:%S %Y%z")
    assert anchor.at == int(at.timestamp()) * SECOND
    assert "Accuracy: 0x01 seconds, 0x01F4 millis, 0x65 micros" in said
    assert anchor.accuracy == SECOND * 3 // 2 + 10  # 1.500101 s are 135009.09 ticks
    fingerprint = openssl("x509", "-in", world.signer.certificate, "-noout", "-fingerprint", "-sha256").stdout
    assert anchor.signer.hex() == fingerprint.partition("=")[2].strip().replace(":", "").lower()
    assert (anchor.authority, anchor.policy, anchor.marks) == ("test", POLICY, ())
    assert not verify(TEXT, anchor.token, world.trusted)


def test_the_stored_token_is_what_was_sent(world: World) -> None:
    """The token is a piece of the answer, byte for byte, and opens again alone, without the nonce."""
    anchor = open_answer(world.authority(), TEXT, NONCE, world.answer)
    assert world.answer.endswith(anchor.token)
    assert open_token(world.authority(), TEXT, anchor.token) == anchor


def test_a_pinned_signer_needs_no_policy(world: World) -> None:
    """With the signer's own certificate pinned, the token holds whatever its policy."""
    assert open_answer(world.authority(world.signer, policy=None), TEXT, NONCE, world.answer)


def test_certificates_out_of_order_are_taken_and_told(fresh: World) -> None:
    """A chain that openssl embeds stands in no DER order: it holds for both, is kept as it came, and bears a mark."""
    chain = fresh.middle.pem + fresh.issuer.root.pem
    marks = set()
    for at, one in enumerate((chain, fresh.issuer.root.pem + fresh.middle.pem)):
        answer = fresh.responder(f"chain{at}", chain=one).reply(query(DIGEST, NONCE, None))
        anchor = open_answer(fresh.authority(), TEXT, NONCE, answer)
        assert answer.endswith(anchor.token)
        assert not verify(TEXT, anchor.token, fresh.issuer.root.pem)
        marks.add(anchor.marks)
    assert (UNSORTED,) in marks


def test_a_reordered_token_without_its_mark_would_be_noticed(world: World) -> None:
    """Only the order of certificates is forgiven: every other element out of place makes the token unreadable."""
    kind, content = elements(body(token_of(world.answer), SEQUENCE))
    parts = elements(body(body(content, CONTEXT_0), SEQUENCE))
    for at in range(1, len(parts)):
        swapped = [*parts[: at - 1], parts[at], parts[at - 1], *parts[at + 1 :]]
        token = element(SEQUENCE, kind, element(CONTEXT_0, element(SEQUENCE, *swapped)))
        with pytest.raises(Invalid):
            open_token(world.authority(), TEXT, token)


def test_another_text_is_not_what_was_stamped(world: World) -> None:
    """A changed size, a missing newline: neither we nor openssl take the token for it."""
    for text in (TEXT.replace(b"42", b"43"), TEXT[:-1], TEXT + b"\n"):
        with pytest.raises(Unproven, match="Mismatch between messages"):
            open_answer(world.authority(), text, NONCE, world.answer)
        assert "message imprint mismatch" in verify(text, token_of(world.answer), world.trusted)


def test_an_old_answer_is_not_taken_for_a_new_one(world: World) -> None:
    """An answer to another query, or to one without nonce, is refused for its nonce."""
    with pytest.raises(Unproven, match="Nonce"):
        open_answer(world.authority(), TEXT, NONCE + 1, world.answer)


def test_a_time_that_may_be_hours_wrong_is_none(fresh: World) -> None:
    """An authority that vouches for no better than two hours anchors nothing."""
    vague = fresh.responder("vague", accuracy="secs:7200").reply(query(DIGEST, NONCE, None))
    with pytest.raises(Unproven, match="2 hours wrong"):
        open_answer(fresh.authority(), TEXT, NONCE, vague)


def test_another_policy_is_refused(fresh: World) -> None:
    """The policy that is pinned is the one that must stand in the token, whoever signed it."""
    answer = fresh.responder("other", policy="1.2.3.4.6").reply(query(DIGEST, NONCE, None))
    with pytest.raises(Unproven, match="Policy"):
        open_answer(fresh.authority(fresh.signer), TEXT, NONCE, answer)
    assert open_answer(fresh.authority(fresh.signer, policy=None), TEXT, NONCE, answer).policy == "1.2.3.4.6"


def test_a_policy_that_the_authority_has_not_is_a_refusal(fresh: World) -> None:
    """It is asked for its policy; where it has another, it says so, and nothing is stamped."""
    asked = fresh.responder("asked")
    assert open_answer(fresh.authority(policy="1.2.3.4.5"), TEXT, NONCE, asked.reply(query(DIGEST, NONCE, "1.2.3.4.5")))
    with pytest.raises(Unavailable, match="rejection 'Requested policy is not supported"):
        open_answer(fresh.authority(), TEXT, NONCE, asked.reply(query(DIGEST, NONCE, "1.2.3.4.7")))


def test_a_token_beside_a_refusal_is_none(world: World) -> None:
    """Only what was granted counts, even where a good token stands next to another status."""
    granted, *rest = elements(body(world.answer, SEQUENCE))
    for status in range(1, 6):
        refused = element(SEQUENCE, element(SEQUENCE, integer(status), *elements(body(granted, SEQUENCE))[1:]), *rest)
        with pytest.raises(Unavailable, match="gives no stamp"):
            open_answer(world.authority(), TEXT, NONCE, refused)


@pytest.mark.parametrize("is_pinned", [True, False])
def test_a_strangers_chain_in_the_token_is_not_trusted(fresh: World, is_pinned: bool) -> None:
    """Root, issuer and signer of the same names and number, embedded beside the true ones, make no token of theirs."""
    stranger = Issuer(fresh.folder / "stranger")
    middle = stranger.issue("issuer", "Middle")
    serial = serial_of(fresh.signer)
    signer = stranger.issue("signer", "Signer", middle, serial=serial)
    chain = middle.pem + stranger.root.pem + fresh.signer.pem
    answer = fresh.responder("forged", signer, chain).reply(query(DIGEST, NONCE, None))
    with pytest.raises(Unproven, match=r"signature failure|Embedded certificate does not match"):
        open_answer(fresh.authority(*((fresh.signer,) if is_pinned else ())), TEXT, NONCE, answer)
    assert verify(TEXT, token_of(answer), fresh.trusted)


def test_a_time_stamping_certificate_below_the_same_root_is_not_enough(fresh: World) -> None:
    """Another customer of the same root signs under the same policy: not the pinned issuer, so not this authority."""
    other = fresh.issuer.issue("issuer", "Other Middle")
    signer = fresh.issuer.issue("signer", "Other Signer", other)
    answer = fresh.responder("other", signer, other.pem).reply(query(DIGEST, NONCE, None))
    assert not verify(TEXT, token_of(answer), fresh.issuer.root.pem)  # openssl has only the root to go by
    root_only = Authority(name="a", url="http://h/", certificates=fresh.issuer.root.pem, policy=POLICY)
    for authority in (fresh.authority(), fresh.authority(fresh.signer), root_only):
        with pytest.raises(Unproven, match="not pinned"):
            open_answer(authority, TEXT, NONCE, answer)


def test_a_certificate_for_something_else_signs_no_token(fresh: World) -> None:
    """One of the same issuer, number and key, but for a web server, put in the signer's place: refused."""
    server = fresh.issuer.issue("server", "Signer", fresh.middle, serial=serial_of(fresh.signer), key=fresh.signer.key)
    old, new = (ssl.PEM_cert_to_DER_cert(pair.pem) for pair in (fresh.signer, server))
    kind, content = elements(body(token_of(fresh.answer), SEQUENCE))
    parts = elements(body(body(content, CONTEXT_0), SEQUENCE))
    assert element(CONTEXT_0, old) in parts
    changed = [element(CONTEXT_0, new) if part == element(CONTEXT_0, old) else part for part in parts]
    token = element(SEQUENCE, kind, element(CONTEXT_0, element(SEQUENCE, *changed)))
    with pytest.raises(Unproven, match="unsuitable certificate purpose"):
        open_token(fresh.authority(), TEXT, token)
    assert verify(TEXT, token, fresh.trusted)


@pytest.mark.parametrize(
    ("start", "end", "why"),
    [("20200101000000Z", "20240101000000Z", "expired"), ("20480101000000Z", "20490101000000Z", "not yet valid")],
)
def test_a_token_from_outside_the_certificates_life_is_refused(fresh: World, start: str, end: str, why: str) -> None:
    """Signed after the certificate's end or before its beginning: refused by us and by openssl, even if pinned."""
    signer = fresh.issuer.issue("signer", f"Signer {why}", fresh.middle, life=(start, end))
    answer = fresh.responder("late", signer).reply(query(DIGEST, NONCE, None))
    with pytest.raises(Unproven, match=f"certificate (has expired|is {why})"):
        open_answer(fresh.authority(signer), TEXT, NONCE, answer)
    assert why in verify(TEXT, token_of(answer), fresh.trusted)


def test_a_token_outlives_its_certificate(fresh: World) -> None:
    """Made while the certificate was valid: ours holds it against the token's own time; openssl with -attime does."""
    signer = fresh.issuer.issue("signer", "Signer of today", fresh.middle)
    anchor = open_answer(
        fresh.authority(), TEXT, NONCE, fresh.responder("today", signer).reply(query(DIGEST, NONCE, None))
    )
    year_2055 = 2_682_374_400
    assert "expired" in verify(TEXT, anchor.token, fresh.trusted, at=year_2055)
    assert not verify(TEXT, anchor.token, fresh.trusted, at=anchor.at // SECOND)


def test_the_commands_of_the_document_do_it(world: World, tmp_path: Path) -> None:
    """In a folder with the files of docs/3-formats/anchors.md, its commands verify the token and show its time."""
    document = (Path(__file__).parents[3] / "docs/3-formats/anchors.md").read_text("utf-8")
    commands = [line.split()[1:] for line in document.splitlines() if line.startswith("    openssl ts ")]
    assert len(commands) == 2
    (tmp_path / "act-42.txt").write_bytes(TEXT)
    (tmp_path / "act-42.aruba.tst").write_bytes(token_of(world.answer))
    (tmp_path / "aruba.pem").write_text(world.trusted)
    said = [openssl(*command, folder=tmp_path).stdout for command in commands]
    assert said[0] == "Verification: OK\n"
    assert f"Policy OID: {POLICY}" in said[1]
    (tmp_path / "act-42.txt").write_bytes(TEXT.replace(b"42", b"43"))
    assert openssl(*commands[0], folder=tmp_path, is_tried=True).returncode


def test_every_cut_is_noticed(world: World) -> None:
    """No beginning of an answer passes for one, nor one with bytes behind it."""
    for length in range(len(world.answer)):
        with pytest.raises(Invalid):
            open_answer(world.authority(), TEXT, NONCE, world.answer[:length])
    with pytest.raises(Invalid):
        open_answer(world.authority(), TEXT, NONCE, world.answer + b"\0")


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@settings(max_examples=400)
@given(data=st.data())
def test_no_change_gets_through(world: World, data: st.DataObject) -> None:
    """Bytes changed, put in or left out give an error of ours, or, outside of what is signed, the same statement."""
    broken = bytearray(world.answer)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(broken) - 1))
        broken[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    try:
        found = open_answer(world.authority(world.signer), TEXT, NONCE, bytes(broken))
    except (Invalid, Unavailable):
        return
    good = open_answer(world.authority(world.signer), TEXT, NONCE, world.answer)
    assert found._replace(token=b"", marks=()) == good._replace(token=b"", marks=())


@pytest.mark.parametrize(
    "answer", [b"", b"<html>please log in</html>", b"\x30\x00", bytes(100), b"\x30\x03\x02\x01\x02"]
)
def test_something_else_is_no_answer(world: World, answer: bytes) -> None:
    """A log-in page, nothing, zeros: an error that shows its beginning."""
    with pytest.raises(Invalid, match="is no answer of RFC 3161"):
        open_answer(world.authority(), TEXT, NONCE, answer)
