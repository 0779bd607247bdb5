# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can be fed with broken input in camera/signing/: a stream that signs, and the certificates to trust."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.tools.signed import UUID, How, make_chain, sign_clip
from torrazzo.base.times import SECOND
from torrazzo.camera import limits
from torrazzo.camera.signing import Makers, Signing, Verdict, read_makers, shows_signing
from torrazzo.camera.signing.signer import check_signature, read_signer
from torrazzo.camera.signing.statement import BadStatement, UnknownForm
from torrazzo.testing.clips import Clip, ClipSpec, encode, is_picture

_IN_FORCE = 1_800_000_000 * SECOND
_PACE_NS = 3_000_000_000
_SEEDS = (
    How(),
    How(delay=1, partial=2, has_list=False),
    How(delay=1, every=2, data=b"vendor", version=1),
    How(certificates="sei", owner=make_chain("Owner"), algorithm="sha512"),
    How(chain=make_chain("Camera", intermediates=1), escape="before", order="little", repeats=2),
)


def judge(data: bytes) -> bool:
    """A stream: a byte for codec and makers; then units, each behind its count of NAL units, these behind their sizes.

    Given whole, and then unit by unit to another one and to a copy of it.
    """
    if not data:
        return False
    codec = "h265" if data[0] & 1 else "h264"
    samples = list(_samples(data))
    signing = Signing(codec, _makers() if data[0] & 2 else ())
    signs = shows_signing(codec, samples)
    found = signing.take(samples, 0, _IN_FORCE)
    one = Signing(codec)
    for at, sample in enumerate(samples):
        kept = one.copy()
        verdict = one.take([sample], at * _PACE_NS, _IN_FORCE)
        assert kept.take([sample], at * _PACE_NS, _IN_FORCE) == verdict
        assert verdict is None or verdict in Verdict
        if at % 7 == 6:
            one.pass_gap()
    for each in (signing, one):
        assert len(each._waiting.hashes) <= limits.SIGNING_HASHES
    return signs and found is not None


def read_chain(data: bytes) -> bool:
    """Certificates in DER, each behind its size in two bytes. `BadStatement`, `UnknownForm` or a signer."""
    pem, at = b"", 0
    while at + 2 < len(data):
        size = int.from_bytes(data[at : at + 2], "big")
        body = base64.encodebytes(data[at + 2 : at + 2 + size])
        pem += b"-----BEGIN CERTIFICATE-----\n" + body + b"-----END CERTIFICATE-----\n"
        at += 2 + size
    try:
        signer = read_signer(pem, _makers())
        signer.is_valid(_IN_FORCE)
        check_signature(signer.key, data[:70], data, "sha256", b"")
    except UnknownForm:
        return True
    except BadStatement:
        return False
    return True


def _samples(data: bytes) -> Iterator[bytes]:
    at = 1
    while at < len(data):
        count, at = data[at] % 16 + 1, at + 1
        unit = bytearray()
        for _ in range(count):
            size = int.from_bytes(data[at : at + 4], "big") % 65_536
            nal = data[at + 4 : at + 4 + size]
            at += 4 + size
            if nal:
                unit += len(nal).to_bytes(4, "big") + nal
        if unit:
            yield bytes(unit)


@cache
def _makers() -> Makers:
    return read_makers(make_chain("Camera").root)


@cache
def _clip(codec: str) -> Clip:
    """Pictures of forty bytes: what is in them is hashed, not read."""
    clip = encode(ClipSpec(codec=codec, width=320, height=180, frames=12, gop=4, slices=2 if codec == "h264" else 1))
    units = (unit._replace(nals=tuple(nal[:40] for nal in unit.nals if is_picture(codec, nal))) for unit in clip.units)
    return replace(clip, units=tuple(units))


def _streams() -> Iterator[bytes]:
    for codec in ("h264", "h265"):
        for flags, how in enumerate(_SEEDS):
            units = (
                bytes((len(unit.nals) - 1,)) + b"".join(len(nal).to_bytes(4, "big") + nal for nal in unit.nals)
                for unit in sign_clip(_clip(codec), how).units
            )
            yield bytes((flags % 2 * 2 + (codec == "h265"),)) + b"".join(units)


def _chains() -> Iterator[bytes]:
    for kind, intermediates in (("ec", 0), ("ec521", 1), ("rsa", 0), ("ec", 3)):
        certificates = x509.load_pem_x509_certificates(make_chain("Camera", kind, intermediates).pem)
        ders = (each.public_bytes(Encoding.DER) for each in certificates)
        yield b"".join(len(der).to_bytes(2, "big") + der for der in ders)


TARGETS: dict[str, tuple[Callable[[bytes], bool], Callable[[], Iterator[bytes]]]] = {
    "signing": (judge, _streams),
    "signing-chain": (read_chain, _chains),
}
WORDS: dict[str, tuple[bytes, ...]] = {
    "signing": (UUID, UUID + b"\x80", UUID + b"\x40", *(bytes((tag, 0, 3, 1)) for tag in range(1, 8)), b"\0\0\3\x80")
}
MEASURED: dict[str, tuple[str, ...]] = {"signing": ("signing/*",), "signing-chain": ("signing/signer",)}
