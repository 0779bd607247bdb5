# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A camera that signs (ONVIF Media Signing 26.06), from the specification: the other side of camera/signing/."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from torrazzo.testing.clips import Clip, ClipUnit, is_picture, nal_type

UUID = bytes.fromhex("005bc93f2d715e95ada4796f90877a6f")
OIDS = {"sha256": "0609608648016503040201", "sha384": "0609608648016503040202", "sha512": "0609608648016503040203"}
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Chain:
    """A key and the certificates over it."""

    key: Key
    pem: bytes  # the camera's own first, the root left out
    root: bytes


@cache
def make_chain(name: str, kind: str = "ec", intermediates: int = 0, *, may_issue: bool = True) -> Chain:
    """Certificates for a camera, valid from 2020 to 2040."""
    root_key = _key(f"{name} root", ec.SECP256R1())
    root = _certificate(f"{name} root", root_key, None, None, is_ca=True)
    issuer, issuer_key = root, root_key
    chain: list[x509.Certificate] = []
    for index in range(intermediates):
        key = _key(f"{name} {index}", ec.SECP256R1())
        issuer = _certificate(f"{name} {index}", key, issuer, issuer_key, is_ca=may_issue)
        issuer_key = key
        chain.insert(0, issuer)
    camera_key: Key = (
        _key(name, {"ec": ec.SECP256R1(), "ec521": ec.SECP521R1()}[kind])
        if kind != "rsa"
        else rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    )
    chain.insert(0, _certificate(name, camera_key, issuer, issuer_key, is_ca=False))
    pem = b"".join(each.public_bytes(Encoding.PEM) for each in chain)
    return Chain(camera_key, pem, root.public_bytes(Encoding.PEM))


def _key(name: str, curve: ec.EllipticCurve) -> ec.EllipticCurvePrivateKey:
    """The same in each run."""
    return ec.derive_private_key(int.from_bytes(hashlib.sha256(name.encode()).digest(), "big") >> 1, curve)


def _certificate(
    name: str, key: Key, issuer: x509.Certificate | None, issuer_key: ec.EllipticCurvePrivateKey | None, *, is_ca: bool
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begins = datetime(2020, 1, 1, tzinfo=UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=7_305))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .sign(key if issuer_key is None else issuer_key, hashes.SHA256(), ecdsa_deterministic=True)
    )


@dataclass(frozen=True, kw_only=True)
class How:
    """How a camera signs."""

    chain: Chain = field(default_factory=lambda: make_chain("Camera"))
    owner: Chain | None = None  # whose key signs pictures, if not the maker's
    algorithm: str = "sha256"
    version: int = 2
    order: str = "big"  # of integers
    has_list: bool = True
    partial: int = 0  # pictures after which a part of a GOP is signed
    every: int = 1  # GOPs to a signature
    delay: int = 0  # pictures until a statement is there
    repeats: int = 1
    certificates: str = "each"  # or "sei": one of their own, at the start; or "none"
    escape: str = "after"  # emulation prevention: after signing, "before" it, or "never"
    data: bytes = b""  # of the vendor, in an SEI of its own in each GOP
    scheme: str = ""  # OID of the signature, in hex


class Signer:
    """Signs a stream, access unit by access unit."""

    def __init__(self, codec: str, how: How) -> None:
        self.codec, self.how = codec, how
        self._hash = getattr(hashlib, how.algorithm)
        self._size = self._hash().digest_size
        self._lead = b""
        self._list: list[bytes] = []
        self._pictures = 0
        self._counter = 0
        self._links = [bytes(self._size), bytes(self._size)]
        self._unsigned = 0
        self._queue: list[tuple[int, bytes, bool]] = []
        self._place = 0
        self._began = False
        self._is_fresh = True  # nothing of the next statement's pictures came yet

    def sign(self, nals: Sequence[bytes]) -> tuple[bytes, ...]:
        """One picture's NAL units, with the statements that are ready in front of its slices."""
        first = next(at for at, nal in enumerate(nals) if is_picture(self.codec, nal))
        is_start = self._begins_gop(nals[first])
        if self._list and (is_start or (self.how.partial and self._pictures >= self.how.partial)):
            self._close(is_partial=not is_start)
        if self.how.data and self._pictures == 2:
            self._queue.insert(0, (self._place, self._sei(_tlv(7, b"\1" + self.how.data), 0), False))
        out = [*nals[:first], *self._ready()]
        for nal in nals[first:]:
            out.append(nal)
            if is_picture(self.codec, nal):
                self._picture(nal, is_first=is_start and nal is nals[first])
        self._pictures += 1
        self._place += 1
        return tuple(out)

    def _begins_gop(self, nal: bytes) -> bool:
        kind = nal_type(self.codec, nal)
        return 16 <= kind <= 21 if self.codec == "h265" else kind == 5

    def _ready(self) -> Iterator[bytes]:
        if not self._began and self.how.certificates == "sei":
            yield self._certificate_sei()
        self._began = True
        while self._queue and self._queue[0][0] <= self._place:
            _, nal, is_signed = self._queue.pop(0)
            for _ in range(self.how.repeats):
                yield nal
                if not is_signed:
                    self._list.append(self._hash(self._hashed(nal)).digest())

    def _picture(self, nal: bytes, *, is_first: bool) -> None:
        digest = self._hash(nal).digest()
        if is_first:
            self._lead = digest
        else:
            digest = self._hash(self._lead + digest).digest()
        if self._is_fresh:
            self._links, self._is_fresh = [self._links[1], digest], False
        self._list.append(digest)

    def _close(self, *, is_partial: bool) -> None:
        self._counter += 1
        how = self.how
        order = how.order
        count = len(self._list)
        general = bytes((how.version, 25, 12, 0, is_partial)) + bytes(8 * how.version)
        general += self._counter.to_bytes(4, order) + count.to_bytes(2, order)  # type: ignore[arg-type] # big or little
        general += self._hash(b"".join(self._list)).digest() + self._links[0]
        body = _tlv(1, general)
        if how.has_list:
            body += _tlv(2, b"\1" + b"".join(self._list))
        if how.certificates == "each":
            body = self._crypto() + _tlv(6, b"\1\0" + how.chain.pem) + body
        self._unsigned += not is_partial
        is_signed = is_partial or self._unsigned >= how.every
        if is_signed:
            self._unsigned = 0
        nal = self._sei(body, 0, (how.owner or how.chain).key if is_signed else None)
        self._queue.append((self._place + how.delay, nal, is_signed))
        self._list, self._pictures, self._is_fresh = [], 0, True

    def _crypto(self) -> bytes:
        oid, scheme = bytes.fromhex(OIDS[self.how.algorithm]), bytes.fromhex(self.how.scheme)
        return _tlv(4, bytes((1, len(oid))) + oid + bytes((len(scheme),)) + scheme + bytes(2))

    def _certificate_sei(self) -> bytes:
        body = self._crypto() + _tlv(5, bytes((1, 0, 0, 0))) + _tlv(6, b"\1\0" + self.how.chain.pem)
        if self.how.owner is not None:
            body += _tlv(6, b"\1\1" + self.how.owner.pem)
        return self._sei(body, 0x80, self.how.chain.key)

    def _sei(self, body: bytes, flags: int, key: Key | None = None) -> bytes:
        """A whole SEI NAL unit; signed, if there is a key."""
        if self.how.escape == "before":
            flags |= 0x40
        most = 0 if key is None else 3 + 3 + (key.key_size // 8 if isinstance(key, rsa.RSAPrivateKey) else 160)
        size = len(UUID) + 1 + len(body) + most
        head = bytes((39 << 1, 1)) if self.codec == "h265" else bytes((6,))
        document = head + b"\5" + b"\xff" * (size // 255) + bytes((size % 255,)) + UUID + bytes((flags,)) + body
        if key is None:
            return self._escaped(document + b"\x80")
        signature = self._sign(key, escape(document) if self.how.escape == "before" else document)
        value = b"\1" + len(signature).to_bytes(2, "big") + signature.ljust(most - 6, b"\1")
        return self._escaped(document + _tlv(3, value) + b"\x80")

    def _sign(self, key: Key, document: bytes) -> bytes:
        hash_ = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}[self.how.algorithm]
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key.sign(document, ec.ECDSA(hash_, deterministic_signing=True))
        if self.how.scheme.startswith("06092a864886f70d01010b"):
            return key.sign(document, padding.PKCS1v15(), hashes.SHA256())
        return key.sign(document, padding.PSS(padding.MGF1(hash_), padding.PSS.MAX_LENGTH), hash_)

    def _escaped(self, nal: bytes) -> bytes:
        return nal if self.how.escape == "never" else escape(nal)

    def _hashed(self, nal: bytes) -> bytes:
        return nal.replace(b"\0\0\3", b"\0\0") if self.how.escape == "after" else nal


def escape(nal: bytes) -> bytes:
    """With emulation prevention bytes (H.264 section 7.4.1)."""
    out, zeros = bytearray(), 0
    for byte in nal:
        if zeros == 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)


def _tlv(tag: int, value: bytes) -> bytes:
    return bytes((tag,)) + len(value).to_bytes(2, "big") + value


def sign_clip(clip: Clip, how: How | None = None) -> Clip:
    """The clip as a camera that signs would send it."""
    signer = Signer(clip.codec, how or How())
    units = tuple(unit._replace(nals=signer.sign(unit.nals)) for unit in clip.units)
    return replace(clip, units=units)


def long_clip(clip: Clip, seconds: float) -> Clip:
    """The clip again and again, as one: what is signed has no end that dangles before it."""
    rounds = round(seconds * 90_000 / clip.period)
    units = [
        ClipUnit(unit.pts + turn * clip.period, unit.dts + turn * clip.period, unit.is_key, unit.nals, unit.number)
        for turn in range(rounds)
        for unit in clip.units
    ]
    return replace(clip, units=tuple(units), period=rounds * clip.period)


def boxed(unit: ClipUnit) -> bytes:
    """Its NAL units behind 4-byte lengths."""
    return b"".join(len(nal).to_bytes(4) + nal for nal in unit.nals)
