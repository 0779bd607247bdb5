# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""DER, as far as time stamps need it, and the query written with it."""

import hashlib
import re
from pathlib import Path

import pytest
import rfc3161_client
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.tsa import needs_openssl, openssl
from torrazzo.base.errors import Invalid
from torrazzo.ledger.anchor_der import OCTETS, SEQUENCE, body, element, elements, integer, oid
from torrazzo.ledger.anchor_query import draw_nonce, query

DIGEST = hashlib.sha256(b"text").digest()


@given(st.lists(st.tuples(st.sampled_from([0x02, 0x04, 0x30, 0xA0]), st.binary(max_size=300)), max_size=5))
def test_what_was_put_together_is_cut_into_the_same_parts(parts: list[tuple[int, bytes]]) -> None:
    """Elements one after another come back as they were, each with its content."""
    made = [element(tag, content) for tag, content in parts]
    assert elements(b"".join(made)) == made
    assert [body(one, tag) for one, (tag, _) in zip(made, parts, strict=True)] == [content for _, content in parts]


@pytest.mark.parametrize("length", [0, 127, 128, 255, 256, 65_535, 65_536])
def test_a_length_has_its_shortest_form(length: int) -> None:
    """Lengths at the edges are written in as few bytes as can be, and read again."""
    made = element(OCTETS, bytes(length))
    extra = 0 if length < 128 else (length.bit_length() + 7) // 8
    assert len(made) == 2 + extra + length
    assert len(body(made, OCTETS)) == length


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("30", "cut off"),
        ("3003020100ff", "cut off"),
        ("300302010030", "cut off"),
        ("3003020100020101", "one element"),
        ("0203020100", "one element"),
        ("30050201", "3 bytes are missing"),
        ("3080020100", "indefinite"),
        ("308103020100", "shortest"),
        ("30820003020100", "shortest"),
        ("30ff", "missing"),
        ("3f03020100", "tag"),
        ("", "one element"),
    ],
)
def test_what_is_no_der_is_refused(data: str, why: str) -> None:
    """Missing bytes, more bytes, indefinite or longer lengths and long tags are errors that say so."""
    with pytest.raises(Invalid, match=why):
        body(bytes.fromhex(data), SEQUENCE)


@given(st.integers(0, 2**200))
def test_integers_are_never_negative(value: int) -> None:
    """The number comes back when its bytes are read as signed, in as few bytes as can be."""
    content = body(integer(value), 0x02)
    assert int.from_bytes(content, "big", signed=True) == value
    assert len(content) == value.bit_length() // 8 + 1


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("1.2.840.113549", "06062a864886f70d"),
        ("2.999.3", "0603883703"),
        ("1.3.6.1.4.1.57264.2", "06092b0601040183bf3002"),
    ],
)
def test_object_identifiers_are_written_as_in_the_standard(text: str, data: str) -> None:
    """X.690 section 8.19: the first two numbers in one, seven bits a byte."""
    assert oid(text).hex() == data


@pytest.mark.parametrize("text", ["", "1", "3.1", "1.40", "1.2.03", "1.2.", "1.2.x", " 1.2", "1.2.٣"])
def test_other_text_is_no_object_identifier(text: str) -> None:
    """What is no dotted OID is refused before it is sent."""
    with pytest.raises(Invalid):
        oid(text)


def test_our_query_is_the_librarys() -> None:
    """With the same nonce, our bytes are those of a client that we did not write."""
    builder = rfc3161_client.TimestampRequestBuilder().data(b"text")
    theirs = builder.hash_algorithm(rfc3161_client.HashAlgorithm.SHA256).build()
    assert theirs.nonce is not None
    assert query(DIGEST, theirs.nonce, None) == theirs.as_bytes()


@needs_openssl
def test_openssl_reads_policy_nonce_and_digest(tmp_path: Path) -> None:
    """`openssl ts` sees in our query what we meant."""
    (tmp_path / "query").write_bytes(query(DIGEST, 0xFEDCBA9876543210, "1.2.3.4.5"))
    said = openssl("ts", "-query", "-in", "query", "-text", folder=tmp_path).stdout
    digits = "".join(re.findall(r"^ +00[01]0 - ([0-9a-f -]{47})", said, re.MULTILINE))
    assert bytes.fromhex(re.sub("[ -]", "", digits)) == DIGEST
    assert "Hash Algorithm: sha256" in said
    assert "Policy OID: 1.2.3.4.5" in said
    assert "Nonce: 0xFEDCBA9876543210" in said
    assert "Certificate required: yes" in said


def test_nonces_do_not_come_twice() -> None:
    """A thousand of them are a thousand, of up to 64 bits."""
    drawn = {draw_nonce() for _ in range(1000)}
    assert len(drawn) == 1000
    assert max(drawn).bit_length() == 64
