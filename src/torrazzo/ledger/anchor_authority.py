# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whose tokens count: one time-stamping authority, where it is reached and what it is pinned to."""

import re
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID

from torrazzo.base.errors import Invalid
from torrazzo.base.secret import Secret
from torrazzo.ledger.anchor_der import oid
from torrazzo.ledger.text import shown

_ADDRESS = re.compile(r"https?://[!-~]+", re.ASCII)
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?", re.ASCII)  # it names files in packages

# What reading somebody's certificate may raise.
UNREADABLE = (
    ValueError, LookupError, TypeError, UnsupportedAlgorithm,
    x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType,
)  # fmt: skip


class Pins(NamedTuple):
    """The pinned certificates by what they are for."""

    roots: tuple[x509.Certificate, ...]  # self-signed: where every chain must end
    issuers: tuple[x509.Certificate, ...]  # between, roots excluded
    signers: tuple[x509.Certificate, ...]  # the authority's own


class Login(NamedTuple):
    """HTTP Basic authentication, as authorities that are paid by the piece ask for."""

    user: str
    password: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Raises `Invalid` unless it is pinned: by its signer's certificate, or by its signer's issuer and a policy.

    A root alone is no pin: whoever gets a time-stamping certificate anywhere below it could sign in this one's name.
    """

    name: str
    url: str
    certificates: str  # PEM, any order: the chain up to the root; with the signer's, only that one counts
    policy: str | None = None  # OID: asked for and demanded
    ca: str | None = None  # PEM: what the server of an https address is checked against, instead of the system's list
    login: Login | None = None

    def __post_init__(self) -> None:
        if _NAME.fullmatch(self.name) is None:
            raise Invalid(f"authority {shown(self.name)}: a name has 1 to 32 of a-z, 0-9 and -, and no - at its ends")
        address = self.address()
        if self.login is not None and address.scheme != "https":
            raise Invalid(f"authority {self.name}: {self.url}: a password is sent over https only")
        if self.policy is not None:
            oid(self.policy)
        if self.ca is not None:
            self._read(self.ca)
        pins = self.pins()
        if not pins.roots:
            raise Invalid(f"authority {self.name}: no root among its certificates; add the self-signed one")
        if not pins.signers and self.policy is None:
            raise Invalid(f"authority {self.name}: a root is no pin; add the signer's certificate, or give the policy")

    def address(self) -> SplitResult:
        """The URL in its parts."""
        try:
            found = urlsplit(self.url)
            host = (found.hostname or "").encode("idna")
            is_plain = _ADDRESS.fullmatch(self.url) and "@" not in found.netloc and not found.fragment
            if is_plain and host and found.port != 0:
                return found
        except ValueError as error:
            raise Invalid(f"authority {self.name}: {shown(self.url)}: {error}") from error
        raise Invalid(
            f"authority {self.name}: {shown(self.url)}: expected http(s)://HOST[:PORT][/PATH], no login in it"
        )

    def pins(self) -> Pins:
        """The certificates, sorted out."""
        found = self._read(self.certificates)
        roots = tuple(c for c in found if is_issued_by(c, c))
        signers = tuple(c for c in found if c not in roots and _is_for_stamps(c))
        return Pins(roots, tuple(c for c in found if c not in roots + signers), signers)

    def _read(self, pem: str) -> list[x509.Certificate]:
        try:
            return x509.load_pem_x509_certificates(pem.encode())
        except UNREADABLE as error:
            raise Invalid(f"authority {self.name}: certificates that can't be read: {error}; give PEM") from error


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's name and signature are on it."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (*UNREADABLE, InvalidSignature):
        return False
    return True


def _is_for_stamps(certificate: x509.Certificate) -> bool:
    """Whether it is an authority's own, for signing tokens (RFC 3161 section 2.3); a CA's may be so restricted, too."""
    try:
        found = certificate.extensions
        usage = found.get_extension_for_class(x509.ExtendedKeyUsage).value
        is_ca = any(e.value.ca for e in found if isinstance(e.value, x509.BasicConstraints))
    except (x509.ExtensionNotFound, *UNREADABLE):
        return False
    return ExtendedKeyUsageOID.TIME_STAMPING in usage and not is_ca
