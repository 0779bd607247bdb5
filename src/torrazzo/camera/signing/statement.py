# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What one signing SEI says: a camera's statement on a GOP, its certificates, or both (Media Signing, SEI format).

The specification writes integers in little endian, the reference implementation and its files in big endian: those that
matter are kept as bytes, and whoever compares them must allow for both.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from torrazzo.base.errors import Invalid
from torrazzo.camera import limits
from torrazzo.camera.codec.bits import rbsp

UUID = bytes.fromhex("005bc93f2d715e95ada4796f90877a6f")
AXIS_UUID = b"Signed Video...0"  # Axis Signed Video, from which the standard was made: seen, not checked

_USER_DATA = 5  # user_data_unregistered, H.264 and H.265 table D.1
_STOP = 0x80
_IS_CERTIFICATE, _IS_ESCAPED = 0x80, 0x40  # flags behind the UUID

_GENERAL, _HASHES, _SIGNATURE, _CRYPTO, _CERTIFICATES, _DATA = 1, 2, 3, 4, 6, 7  # tags
_VERSIONS: Mapping[int, tuple[int, ...]] = {
    _GENERAL: (1, 2), _HASHES: (1,), _SIGNATURE: (1,), _CRYPTO: (1,), _CERTIFICATES: (1,), _DATA: (1,),
}  # fmt: skip
_GENERAL_SIZE = {1: 18, 2: 26}  # without version and hashes

_SHA2 = "060960864801650304020"
_ALGORITHMS = {bytes.fromhex(_SHA2 + end): name for end, name in (("1", "sha256"), ("2", "sha384"), ("3", "sha512"))}
_HASH_SIZES = {32, 48, 64}


class BadStatement(Invalid):
    """It can't have been made so by a camera."""


class UnknownForm(Invalid):
    """It may be right, and is of a version or algorithm that is not known here."""


class Gop(NamedTuple):
    """What is said of the pictures, from one place where a signature was due to the next."""

    is_partial: bool  # it ends before the GOP does
    counter: bytes  # 4 bytes, one more in each statement
    nal_count: bytes  # 2 bytes
    hash: bytes  # over the hashes of its NAL units
    link: bytes  # hash of the first NAL unit of the one before; zeros: there is none


@dataclass(frozen=True, slots=True)
class Statement:
    """One signing SEI, in parts; nothing of it is checked yet."""

    gop: Gop | None  # None: it tells certificates, or data of the vendor
    hashes: tuple[bytes, ...]  # of the GOP's NAL units, where told
    algorithm: str | None  # of hashes, where told
    scheme: bytes  # OID in DER of how it is signed, where told
    chain: bytes | None  # certificates in PEM, the camera's own first
    user_chain: bytes | None  # the same, of a key that the owner put in
    signature: bytes | None
    is_certificate: bool
    document: bytes  # what is signed
    whole: bytes  # what a later statement hashes, where this one is not signed


def is_signing(nal: bytes, header: int) -> bool:
    """Whether an SEI NAL unit is of this standard; `header` is the size of a NAL unit's header."""
    place = nal.find(UUID, header + 2, header + 2 + limits.SIGNING_SEI // 255)
    return place > 0 and place == _payload(nal, header)[0]


def parse_statement(nal: bytes, header: int) -> Statement:
    """Read a NAL unit for which `is_signing` holds; raises `BadStatement` or `UnknownForm`."""
    if len(nal) > limits.SIGNING_SEI:
        raise BadStatement(f"signing SEI: at most {limits.SIGNING_SEI} bytes expected, found {len(nal)}")
    nal = nal.rstrip(b"\0")
    start, size = _payload(nal, header)
    end = start + size
    # Cameras exist that forget emulation prevention: the declared size tells whether it was applied.
    plain = nal if len(nal) == end + 1 else rbsp(nal)
    if len(plain) != end + 1 or plain[end] != _STOP or size < len(UUID) + 1:
        raise BadStatement(f"signing SEI: {size} bytes and a stop bit expected, found {len(plain) - start}")
    flags = plain[start + len(UUID)]
    fields, signature_at = _fields(plain, start + len(UUID) + 1, end)
    was_escaped = bool(flags & _IS_ESCAPED) and plain is not nal
    return Statement(
        gop=_gop(fields[_GENERAL][0]) if _GENERAL in fields else None,
        hashes=_hashes(fields),
        algorithm=_algorithm(fields),
        scheme=_scheme(fields),
        chain=_chain(fields, is_user=False),
        user_chain=_chain(fields, is_user=True),
        signature=_signature(fields),
        is_certificate=bool(flags & _IS_CERTIFICATE),
        document=nal[: _escaped_place(nal, signature_at)] if was_escaped else plain[:signature_at],
        whole=nal if was_escaped else plain,
    )


def _payload(nal: bytes, header: int) -> tuple[int, int]:
    """Where the first message of an SEI begins, and its size; (-1, 0) if it is not of unregistered user data."""
    if len(nal) < header + 2 or nal[header] != _USER_DATA:
        return -1, 0
    at = header + 1
    while at < len(nal) - 1 and nal[at] == 0xFF:
        at += 1
    return at + 1, 255 * (at - header - 1) + nal[at]


def _escaped_place(nal: bytes, plain_place: int) -> int:
    """Where in a NAL unit with emulation prevention so many bytes without it end."""
    at, removed = 0, 0
    while (at := nal.find(b"\0\0\3", at)) >= 0 and at + 2 - removed < plain_place:
        removed += 1
        at += 3
    return plain_place + removed


def _fields(data: bytes, at: int, end: int) -> tuple[dict[int, list[bytes]], int]:
    """The TLVs without their tags and lengths, and where that of the signature begins, which is the last."""
    found: dict[int, list[bytes]] = {}
    count = 0
    while at < end:
        count += 1
        if at + 3 > end or count > limits.SIGNING_FIELDS:
            raise BadStatement(f"signing SEI: at most {limits.SIGNING_FIELDS} whole fields expected")
        tag, size = struct.unpack_from(">BH", data, at)
        value = data[at + 3 : at + 3 + size]
        if at + 3 + size > end or not value:
            raise BadStatement(f"signing SEI: field {tag} of {size} bytes expected at {at}, found {end - at - 3}")
        if tag in found and tag != _CERTIFICATES:
            raise BadStatement(f"signing SEI: field {tag} stands there twice")
        if tag in _VERSIONS and value[0] not in _VERSIONS[tag]:
            raise UnknownForm(f"signing SEI, field {tag}: version {value[0]} is not known")
        found.setdefault(tag, []).append(value)
        if tag == _SIGNATURE:
            if at + 3 + size != end:
                raise BadStatement("signing SEI: the signature is not its end")
            return found, at
        at += 3 + size
    if _DATA in found and count > 1:
        raise BadStatement("signing SEI: a vendor's data stand beside other fields")
    return found, end


def _gop(value: bytes) -> Gop:
    fixed = 1 + _GENERAL_SIZE[value[0]]
    size, odd = divmod(len(value) - fixed, 2)
    if odd or size not in _HASH_SIZES:
        raise BadStatement(f"signing SEI: two hashes behind {fixed} bytes expected, found {len(value) - fixed} bytes")
    return Gop(
        is_partial=value[4] != 0,
        counter=value[fixed - 6 : fixed - 2],
        nal_count=value[fixed - 2 : fixed],
        hash=value[fixed : fixed + size],
        link=value[fixed + size :],
    )


def _hashes(fields: dict[int, list[bytes]]) -> tuple[bytes, ...]:
    if _HASHES not in fields:
        return ()
    if _GENERAL not in fields:
        raise BadStatement("signing SEI: a list of hashes without what it is of")
    value, size = fields[_HASHES][0], len(_gop(fields[_GENERAL][0]).hash)
    if (len(value) - 1) % size:
        raise BadStatement(f"signing SEI: hashes of {size} bytes expected, found {len(value) - 1} bytes")
    return tuple(value[at : at + size] for at in range(1, len(value), size))


def _algorithm(fields: dict[int, list[bytes]]) -> str | None:
    if _CRYPTO not in fields:
        return None
    value = fields[_CRYPTO][0]
    oid = value[2 : 2 + value[1]] if len(value) > 1 else b""
    name = _ALGORITHMS.get(oid)
    if name is None:
        raise UnknownForm(f"signing SEI: hashes by an unknown algorithm, OID {oid.hex()}")
    return name


def _scheme(fields: dict[int, list[bytes]]) -> bytes:
    if _CRYPTO not in fields:
        return b""
    rest = fields[_CRYPTO][0][2 + fields[_CRYPTO][0][1] :]
    return rest[1 : 1 + rest[0]] if rest else b""


def _chain(fields: dict[int, list[bytes]], *, is_user: bool) -> bytes | None:
    for value in fields.get(_CERTIFICATES, ()):
        if len(value) > 2 and (value[1] != 0) is is_user:
            return value[2:]
    return None


def _signature(fields: dict[int, list[bytes]]) -> bytes | None:
    if _SIGNATURE not in fields:
        return None
    value = fields[_SIGNATURE][0]
    size = int.from_bytes(value[1:3], "big")
    if not 0 < size <= len(value) - 3:
        raise BadStatement(f"signing SEI: a signature of {size} bytes expected, found {len(value) - 3}")
    return value[3 : 3 + size]
