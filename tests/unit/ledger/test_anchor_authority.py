# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The configuration of an authority: what is no pin is refused when it is configured, not when a token comes."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.tools.tsa import POLICY, Issuer, needs_openssl
from torrazzo.base.errors import Invalid
from torrazzo.base.secret import Secret
from torrazzo.ledger.anchor_authority import Authority, Login

pytestmark = needs_openssl

Make = Callable[..., Authority]


@pytest.fixture(scope="module")
def pems(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A root, one below it, and an authority's own."""
    issuer = Issuer(tmp_path_factory.mktemp("authority") / "ca")
    middle = issuer.issue("issuer", "Middle")
    found = {"middle": middle, "signer": issuer.issue("signer", "Signer", middle), "root": issuer.root}
    return {name: pair.pem for name, pair in found.items()}


def _made(pems: dict[str, str], which: str, **changes: Any) -> Authority:
    certificates = "".join(pems[name] for name in which.split())
    return Authority(**{"name": "test-1", "url": "http://tsa.example.it/", "certificates": certificates} | changes)


def test_certificates_are_sorted_out_in_any_order(pems: dict[str, str]) -> None:
    """What signs itself is a root, what is for time stamps a signer, the rest stands between."""
    for order in ("root middle signer", "signer root middle", "middle signer root"):
        pins = _made(pems, order).pins()
        subjects = [[c.subject.rfc4514_string() for c in found] for found in pins]
        assert subjects == [["CN=Root"], ["CN=Middle"], ["CN=Signer"]]


def test_a_signer_is_a_pin_and_so_is_an_issuer_with_a_policy(pems: dict[str, str]) -> None:
    """With the signer's certificate no policy is needed; with a policy no signer's."""
    assert _made(pems, "root middle signer").pins().signers
    assert not _made(pems, "root middle", policy=POLICY).pins().signers


@pytest.mark.parametrize(
    ("which", "changes", "why"),
    [
        ("root", {}, "no pin"),
        ("root middle", {}, "no pin"),
        ("signer middle", {}, "no root"),
        ("", {"policy": POLICY}, "can't be read"),
        ("root", {"policy": "1.2.x"}, "object identifier"),
        ("root signer", {"ca": "not PEM"}, "can't be read"),
        ("root signer", {"name": "../x"}, "a name has"),
        ("root signer", {"name": "Aruba"}, "a name has"),
        ("root signer", {"name": "a" * 33}, "a name has"),
        ("root signer", {"url": "ftp://tsa.example.it/"}, "expected http"),
        ("root signer", {"url": "tsa.example.it"}, "expected http"),
        ("root signer", {"url": "http:///tsa"}, "expected http"),
        ("root signer", {"url": "http://user:word@tsa.example.it/"}, "expected http"),
        ("root signer", {"url": "http://tsa.example.it/#x"}, "expected http"),
        ("root signer", {"url": "http://tsa.example.it/a b"}, "expected http"),
        ("root signer", {"url": "http://tsa.example.it:0/"}, "expected http"),
        ("root signer", {"url": "http://tsa.example.it:99999/"}, "Port"),
        ("root signer", {"url": f"http://{'a' * 64}.example.it/"}, "label"),
        ("root signer", {"login": Login("user", Secret("word"))}, "https only"),
    ],
)
def test_what_would_not_do_is_refused_at_once(
    pems: dict[str, str], which: str, changes: dict[str, Any], why: str
) -> None:
    """A missing pin or root, unreadable text, an unusable name or address, a password in clear: an error says which."""
    with pytest.raises(Invalid, match=why):
        _made(pems, which, **changes)


def test_a_password_is_not_printed(pems: dict[str, str]) -> None:
    """The configuration can be shown without its password."""
    made = _made(pems, "root signer", url="https://tsa.example.it/", login=Login("user", Secret("pass-word")))
    assert "pass-word" not in repr(made)
