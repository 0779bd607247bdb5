# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an authority sends, checked: TimeStampResp and TimeStampToken (RFC 3161 section 2.4.2).

Not checked: whether a certificate was revoked; ESSCertID, which says what the pins say.
"""

import re

import rfc3161_client
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from torrazzo.base.errors import Invalid, Unavailable
from torrazzo.base.times import HOUR, SECOND, UtcTicks
from torrazzo.ledger.anchor import UNSORTED, Anchor
from torrazzo.ledger.anchor_authority import UNREADABLE, Authority, is_issued_by
from torrazzo.ledger.anchor_der import CONTEXT_0, SEQUENCE, body, element, elements, integer
from torrazzo.ledger.errors import Unproven
from torrazzo.ledger.text import shown

_GRANTED = element(SEQUENCE, integer(0))  # PKIStatusInfo
_REASON = re.compile(r'(?:reason|data): "([^"]*)"')  # as OpenSSL's errors stand in the library's


def open_answer(authority: Authority, data: bytes, nonce: int, answer: bytes) -> Anchor:
    """The token of an answer to a query with this nonce, checked as by `open_token`.

    Raises `Unavailable` if the authority gives none, with what it says.
    """
    try:
        status, *token = elements(body(answer, SEQUENCE)) or [b""]
        is_granted = elements(body(status, SEQUENCE))[:1] == [integer(0)]
    except Invalid as error:
        raise Invalid(f"authority {authority.name}: {answer[:40]!a}… is no answer of RFC 3161: {error}") from error
    if not is_granted or len(token) != 1:
        raise Unavailable(f"authority {authority.name} gives no stamp: {_refusal(answer)}")
    return open_token(authority, data, token[0], nonce)


def open_token(authority: Authority, data: bytes, token: bytes, nonce: int | None = None) -> Anchor:
    """What the token says, once it is known to be this authority's, and over these bytes.

    1. It can be read. 2. One signer; its certificate is pinned, or its issuer's and the policy are. 3. Signature; chain
    up to a pinned root as of the token's own time; purpose; policy; nonce, where one is given. 4. SHA-2 of the data.
    Raises `Invalid` for 1, `Unproven` for the others.
    """
    try:
        ordered = _ordered(token)
        response = rfc3161_client.decode_timestamp_response(element(SEQUENCE, _GRANTED, ordered))  # 1
        info = response.tst_info
        signer = _signer(authority, response.signed_data)  # 2
        _verifier(authority, signer, nonce).verify_message(response, data)  # 3, 4
        return Anchor(
            authority=authority.name,
            token=token,
            at=UtcTicks(int(info.gen_time.timestamp()) * SECOND),
            accuracy=_ticks(info.accuracy),
            policy=_policy(info.policy),
            signer=signer.fingerprint(hashes.SHA256()),
            marks=() if ordered == token else (UNSORTED,),
        )
    except rfc3161_client.VerificationError as error:
        said = str(error)
        reasons = ": ".join(_REASON.findall(said)) or said
        raise Unproven(f"authority {authority.name}: the token does not hold: {reasons}") from error
    except Unproven:
        raise
    except (*UNREADABLE, Invalid) as error:
        raise Invalid(f"authority {authority.name}: the token can't be read: {error}") from error


def _ordered(token: bytes) -> bytes:
    """The same token with its certificates in DER's order (X.690 section 11.6).

    No signature is over that order. `openssl ts` writes another, and the library refuses it.
    """
    kind, content = elements(body(token, SEQUENCE))
    parts = elements(body(body(content, CONTEXT_0), SEQUENCE))
    sorted_parts = (
        element(CONTEXT_0, *sorted(elements(body(p, CONTEXT_0)))) if p[0] == CONTEXT_0 else p for p in parts
    )
    return element(SEQUENCE, kind, element(CONTEXT_0, element(SEQUENCE, *sorted_parts)))


def _signer(authority: Authority, signed: rfc3161_client.SignedData) -> x509.Certificate:
    """The certificate that the token names as its signer's, if it is pinned, or issued as is pinned."""
    if len(signed.signer_infos) != 1:
        raise Unproven(f"authority {authority.name}: {len(signed.signer_infos)} signers, expected one")
    named = signed.signer_infos.pop()
    pins = authority.pins()
    sent = map(x509.load_der_x509_certificate, sorted(signed.certificates))
    for certificate in pins.signers or sent:
        if (certificate.issuer, certificate.serial_number) == (named.issuer, named.serial_number) and (
            certificate in pins.signers or any(is_issued_by(certificate, ca) for ca in pins.issuers + pins.roots)
        ):
            return certificate
    who = f"certificate {named.serial_number:x} of {shown(named.issuer.rfc4514_string())}"
    raise Unproven(f"authority {authority.name}: signed with {who}, which is not pinned; is it a new one?")


def _verifier(authority: Authority, signer: x509.Certificate, nonce: int | None) -> rfc3161_client.Verifier:
    pins = authority.pins()
    return rfc3161_client.VerifierBuilder(
        policy_id=x509.ObjectIdentifier(authority.policy) if authority.policy else None,
        tsa_certificate=signer,
        intermediates=list(pins.issuers),
        roots=list(pins.roots),
        nonce=nonce,
    ).build()


def _policy(found: x509.ObjectIdentifier | None) -> str:
    if found is None:
        raise Invalid("it names no policy")
    return found.dotted_string


def _ticks(accuracy: rfc3161_client.Accuracy | None) -> int | None:
    if accuracy is None:
        return None
    micros = (accuracy.seconds or 0) * 1_000_000 + (accuracy.millis or 0) * 1_000 + (accuracy.micros or 0)
    ticks = -(-micros * SECOND // 1_000_000)
    if ticks > HOUR:
        raise Unproven(f"a token that may be {ticks // HOUR} hours wrong anchors nothing")
    return ticks


def _refusal(answer: bytes) -> str:
    """What the authority says for its refusal."""
    try:
        found = rfc3161_client.decode_timestamp_response(answer)
        return " ".join([rfc3161_client.PKIStatus(found.status).name.lower(), *map(shown, found.status_string)])
    except ValueError:
        return "for a reason that can't be read"
