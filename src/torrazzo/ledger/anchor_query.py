# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is sent to an authority: TimeStampReq (RFC 3161 section 2.4.1)."""

import secrets

from torrazzo.ledger.anchor_der import BOOLEAN, NULL, OCTETS, SEQUENCE, element, integer, oid

_SHA256 = "2.16.840.1.101.3.4.2.1"


def draw_nonce() -> int:
    """64 random bits: no answer made before can bear it."""
    return secrets.randbits(64)


def query(digest: bytes, nonce: int, policy: str | None) -> bytes:
    """Asks for a token over a SHA-256, under this policy if one is named, with the signer's certificate in it."""
    imprint = element(SEQUENCE, element(SEQUENCE, oid(_SHA256), element(NULL)), element(OCTETS, digest))
    wanted = oid(policy) if policy else b""
    return element(SEQUENCE, integer(1), imprint, wanted, integer(nonce), element(BOOLEAN, b"\xff"))
