# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
import hashlib

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from torrazzo.base.errors import Damaged, Invalid
from torrazzo.ledger.private import MAX_PRIVATE, Private, case_hash, open_private, pseudonym, seal_private
from torrazzo.seal.chain import expand

SECRET, SALT, NONCE = b"s" * 32, b"t" * 32, b"n" * 12
PRIVATE = Private("anna.rossi", "furto in piazza, segnalazione 12", "2026/118", "sala-1")


def test_a_private_part_is_opened_with_its_month_s_secret() -> None:
    """What is sealed comes back; `p` is the hash of salt and JSON, so that whoever is given both can check it."""
    sealed = seal_private(PRIVATE, SECRET, "202611", SALT, NONCE)
    assert open_private(sealed.data, sealed.p, SECRET, "202611") == PRIVATE
    assert sealed.p == hashlib.sha256(SALT + PRIVATE.text()).digest()
    assert b"anna" not in sealed.data


def test_a_private_part_opens_in_no_other_place() -> None:
    """Another month, secret or fact, an altered byte and a cut are all damage."""
    sealed = seal_private(PRIVATE, SECRET, "202611", SALT, NONCE)
    other = seal_private(PRIVATE._replace(reason="another reason of some length"), SECRET, "202611", SALT, NONCE)
    attempts = [
        (sealed.data, sealed.p, SECRET, "202612"),
        (sealed.data, sealed.p, b"o" * 32, "202611"),
        (sealed.data, other.p, SECRET, "202611"),
        (sealed.data[:-1] + bytes((sealed.data[-1] ^ 1,)), sealed.p, SECRET, "202611"),
        (b"\2" + sealed.data[1:], sealed.p, SECRET, "202611"),
        (sealed.data[:60], sealed.p, SECRET, "202611"),
        (b"", sealed.p, SECRET, "202611"),
    ]
    for attempt in attempts:
        with pytest.raises(Damaged, match="private part"):
            open_private(*attempt)


def test_what_the_fact_does_not_commit_to_is_damage() -> None:
    """Whoever has the secret can seal something else for a fact, and it is not believed."""
    key = expand(SECRET, b"torrazzo.private.v1\0" + b"202611", 32)
    p = hashlib.sha256(SALT + PRIVATE.text()).digest()
    other = SALT + PRIVATE._replace(person="bruno").text()
    with pytest.raises(Damaged, match="is not the one that the fact commits to"):
        open_private(b"\1" + NONCE + AESGCM(key).encrypt(NONCE, other, p), p, SECRET, "202611")


def test_salt_nonce_and_secret_have_their_lengths() -> None:
    """What was cut is named, not padded."""
    for salt, nonce in ((SALT[1:], NONCE), (SALT, NONCE[1:])):
        with pytest.raises(Invalid, match="expected 32 and 12"):
            seal_private(PRIVATE, SECRET, "202611", salt, nonce)
    for secret in (b"", b"s" * 31):
        with pytest.raises(Invalid, match="secret of 202611"):
            seal_private(PRIVATE, secret, "202611", SALT, NONCE)
        with pytest.raises(Invalid, match="secret of 202611"):
            pseudonym(secret, "202611", "anna")


def test_a_private_part_has_a_limit() -> None:
    """The last byte is sealed, one more is refused, and so is what is no text."""
    room = MAX_PRIVATE - len(Private("", "").text())
    assert Private.parse(Private("", "x" * room).text()).reason == "x" * room
    for reason in ("x" * (room + 1), "\ud800"):
        with pytest.raises(Invalid, match="private part"):
            Private("", reason).text()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{}",
        b'{"person":"a","reason":"b"}',
        b'{"person":"a","reason":"b","case":null,"station":null,"recipient":null,"x":null}',
        b'{"person":"a","reason":"b","case":5,"station":null,"recipient":null}',
        b'{"person":null,"reason":"b","case":null,"station":null,"recipient":null}',
        b'{"person":"a","reason":"b","case":null,"recipient":null,"station":null}',
        b'{"person":"a","reason":"b","case":null,"station":null,"recipient":null} ',
        b'{"person":"\xff","reason":"b","case":null,"station":null,"recipient":null}',
    ],
)
def test_a_private_part_is_read_strictly(text: bytes) -> None:
    """Only what is written as we write it commits to one meaning."""
    with pytest.raises(Invalid, match="private part"):
        Private.parse(text)


def test_pseudonyms_tell_persons_of_one_month_apart_and_say_no_more() -> None:
    """One person has one pseudonym in a month, another in the next, under another secret and beside other persons."""
    anna = pseudonym(SECRET, "202611", "anna")
    assert pseudonym(SECRET, "202611", "anna") == anna
    others = [
        pseudonym(SECRET, "202611", "bruno"),
        pseudonym(SECRET, "202612", "anna"),
        pseudonym(b"o" * 32, "202611", "anna"),
    ]
    assert len({anna.who, *(other.who for other in others), case_hash(SECRET, "202611", "anna")}) == 5
