# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a provider signs about who has left it: believed, or refused."""

from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from torrazzo.control_room.provider_token import EVENT, LEEWAY, LONGEST_WAY, Distrusted, UnknownKey, logged_out

NOW, ISSUER = 1_795_700_000, "https://id.example.it"
KEY, OTHER = (ECKey.generate_key("P-256", {"kid": name, "alg": "ES256"}) for name in ("ours", "other"))
GOOD: dict[str, Any] = {
    "iss": ISSUER, "aud": "torrazzo", "iat": NOW, "exp": NOW + 120, "jti": "1", "sub": "s-1", "sid": "a session",
    "events": {EVENT: {}},
}  # fmt: skip


def read(key: ECKey = KEY, typ: str = "logout+jwt", **changed: Any) -> str:
    claims = {name: value for name, value in {**GOOD, **changed}.items() if value is not None}
    token = jwt.encode({"alg": "ES256", "kid": key.kid, "typ": typ}, claims, key)
    return logged_out(token, KeySet([KEY]), ISSUER, "torrazzo", NOW).subject


def test_a_logout_token_names_who_has_left() -> None:
    """Ours, also among others' audiences, and within a minute of difference between clocks."""
    assert read() == "s-1"
    assert read(aud=["other", "torrazzo"]) == "s-1"
    assert read(iat=NOW + LEEWAY, sid=None) == "s-1"
    assert read(exp=NOW - LEEWAY + 1) == "s-1"


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://other.example"}, {"aud": "other"}, {"aud": None}, {"sub": None}, {"sub": ""}, {"sub": "a\n"},
        {"jti": None}, {"events": None}, {"events": {}}, {"events": {EVENT: True}}, {"nonce": "n"}, {"iat": None},
        {"exp": None}, {"exp": float("nan")}, {"iat": NOW + LEEWAY + 1}, {"exp": NOW - LEEWAY},
        {"iat": NOW - LONGEST_WAY}, {"typ": "JWT"},
    ],
)  # fmt: skip
def test_what_is_no_logout_token_is_refused(changed: dict[str, Any]) -> None:
    """An ID token, another one's, one without a subject, one that is over, of the future, or too old to count once."""
    with pytest.raises(Distrusted):
        read(**changed)


def test_who_signed_it_counts() -> None:
    """A key that it does not show may be a new one; none, a shared secret, and a broken signature are refused."""
    with pytest.raises(UnknownKey):
        read(OTHER)
    token = jwt.encode({"alg": "ES256", "kid": "ours"}, GOOD, KEY)
    head, claims, signature = token.split(".")
    unsigned = "eyJhbGciOiJub25lIn0"
    for bad in (f"{head}.{claims}.{signature[:-8]}AAAAAAAA", f"{unsigned}.{claims}.", "", "a.b.c", "x" * 20_000):
        with pytest.raises(Distrusted):
            logged_out(bad, KeySet([KEY]), ISSUER, "torrazzo", NOW)
