# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who signs: a camera's certificate, the chain it hangs on, and the check of one signature.

The chain is checked here, not by `cryptography.x509.verification`: that one has the rules of web servers and refuses
certificates of X.509 version 1, which cameras carry.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from torrazzo.base.errors import Invalid
from torrazzo.base.times import SECOND
from torrazzo.camera import limits
from torrazzo.camera.signing.statement import BadStatement, UnknownForm

Key = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
Makers = Sequence[x509.Certificate]  # of makers whom the town trusts; empty: it names none

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512(),
}  # fmt: skip
_RSA_BITS = range(2_048, 8_193)

# How a document is signed, by OID in DER. Cameras with elliptic curves leave it out: the hash is that of NAL units.
_SCHEMES = {
    b"": (None, "pss"),
    bytes.fromhex("06082a8648ce3d040302"): ("sha256", "ecdsa"),
    bytes.fromhex("06082a8648ce3d040303"): ("sha384", "ecdsa"),
    bytes.fromhex("06082a8648ce3d040304"): ("sha512", "ecdsa"),
    bytes.fromhex("06092a864886f70d01010a"): (None, "pss"),
    bytes.fromhex("06092a864886f70d01010b"): ("sha256", "pkcs1"),
    bytes.fromhex("06092a864886f70d01010c"): ("sha384", "pkcs1"),
    bytes.fromhex("06092a864886f70d01010d"): ("sha512", "pkcs1"),
}


class Signer(NamedTuple):
    """A camera's certificate."""

    pem: bytes  # its chain, as the camera told it
    digest: bytes  # SHA-256 of its DER form
    key: Key
    is_trusted: bool  # it hangs on the certificate of a maker whom the town trusts
    begins: datetime  # of the time in which all certificates of the chain are valid
    ends: datetime

    def is_valid(self, utc: int) -> bool:
        """Whether all certificates of the chain are valid at this time (UTC ticks)."""
        return self.begins <= datetime.fromtimestamp(utc // SECOND, UTC) <= self.ends


def read_makers(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Certificates to trust, as their makers publish them; raises `Invalid`."""
    try:
        return tuple(x509.load_pem_x509_certificates(pem))
    except ValueError as error:
        raise Invalid(f"certificates in PEM expected, found {pem[:60]!r}: {error}") from error


def read_signer(pem: bytes, makers: Makers) -> Signer:
    """The camera's certificate, first of a chain; raises `BadStatement` or `UnknownForm`."""
    try:
        chain = x509.load_pem_x509_certificates(pem)
        key = chain[0].public_key()
        spans = [(each.not_valid_before_utc, each.not_valid_after_utc) for each in chain]
    except (ValueError, TypeError, x509.InvalidVersion) as error:
        raise BadStatement(f"certificates in PEM expected, found {pem[:60]!r}: {error}") from error
    except UnsupportedAlgorithm as error:
        raise UnknownForm(f"the camera's certificate has a key of an unknown kind: {error}") from error
    if len(chain) > limits.SIGNING_CERTIFICATES:
        raise BadStatement(f"at most {limits.SIGNING_CERTIFICATES} certificates expected, found {len(chain)}")
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size not in _RSA_BITS:
            raise UnknownForm(f"an RSA key of {_RSA_BITS[0]} to {_RSA_BITS[-1]} bits expected, found {key.key_size}")
    elif not isinstance(key, ec.EllipticCurvePublicKey):
        raise UnknownForm(f"a key of RSA or an elliptic curve expected, found {type(key).__name__}")
    return Signer(
        pem,
        chain[0].fingerprint(hashes.SHA256()),
        key,
        _hangs_on(chain, makers),
        max(begins for begins, _ in spans),
        min(ends for _, ends in spans),
    )


def check_signature(key: Key, signature: bytes, document: bytes, algorithm: str, scheme: bytes) -> bool:
    """Whether the key signed the document; raises `UnknownForm`."""
    if scheme not in _SCHEMES:
        raise UnknownForm(f"signed by an unknown algorithm, OID {scheme.hex()}")
    named, kind = _SCHEMES[scheme]
    hash_ = _HASHES[named or algorithm]
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, document, ec.ECDSA(hash_))
        elif kind == "pkcs1":
            key.verify(signature, document, padding.PKCS1v15(), hash_)
        else:
            pss = padding.PSS(padding.MGF1(hash_), padding.PSS.AUTO)
            key.verify(signature, document, pss, hash_)
    except InvalidSignature:
        return False
    except (UnsupportedAlgorithm, ValueError) as error:
        raise UnknownForm(f"the signature can't be checked: {error}") from error
    return True


def _hangs_on(chain: Sequence[x509.Certificate], makers: Makers) -> bool:
    """Whether the first is one of the makers', or each was issued by the next and the last by one of them."""
    if chain[0] in makers:
        return True
    for below, (one, issuer) in enumerate(pairwise(chain)):
        if not (_may_issue(issuer, below) and _is_by(one, issuer)):
            return False
    return any(_is_by(chain[-1], maker) for maker in makers)


def _is_by(one: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        one.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _may_issue(issuer: x509.Certificate, below: int) -> bool:
    """Whether it is a certificate authority with room for so many others below it (RFC 5280 section 4.2.1.9)."""
    try:
        found = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError):
        return False
    return found.ca and (found.path_length is None or below <= found.path_length)
