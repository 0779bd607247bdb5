# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Numbers and hashes as the C2SP formats write them: one spelling for each, every other one refused."""

import base64
import re

from torrazzo.base.errors import Invalid

HASH_LENGTH = 32
MAX_NUMBER = 2**63 - 1  # sizes, indexes and POSIX seconds: what a reader with signed 64 bits holds

_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


def parse_number(text: str, what: str) -> int:
    """A decimal number without sign or leading zero, at most 2^63 - 1."""
    if _NUMBER.fullmatch(text) is None or int(text) > MAX_NUMBER:
        raise Invalid(f"{what}: {shown(text)}, expected a decimal number without leading zero, at most {MAX_NUMBER}")
    return int(text)


def parse_base64(text: str, what: str) -> bytes:
    """Bytes in the standard alphabet, padded, the unused bits zero (RFC 4648 sections 3.5 and 4)."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Invalid(f"{what}: {shown(text)} is not base64: {error}") from error
    if to_base64(data) != text:
        raise Invalid(f"{what}: {shown(text)} is another spelling of {shown(to_base64(data))}; only that one is read")
    return data


def parse_hash(text: str, what: str) -> bytes:
    """A SHA-256 in base64."""
    data = parse_base64(text, what)
    if len(data) != HASH_LENGTH:
        raise Invalid(f"{what}: {len(data)} bytes, expected {HASH_LENGTH}")
    return data


def to_base64(data: bytes) -> str:
    """The inverse of `parse_base64`."""
    return base64.b64encode(data).decode("ascii")


def shown(text: str) -> str:
    """The beginning of what was found, for an error's text."""
    return ascii(text if len(text) <= 80 else text[:80] + "…")
