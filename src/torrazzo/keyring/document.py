# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""JSON from a file or a peer, read strictly: one reading or an error that says where."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import TypeAlias

from torrazzo.base.errors import Invalid
from torrazzo.base.strict_json import parse_strictly

Object: TypeAlias = Mapping[str, object]


def parse_object(data: bytes, where: str, limit: int) -> Object:
    """A JSON object without doubled names, fractions or NaN, of at most `limit` bytes; raises `Invalid`."""
    if len(data) > limit:
        raise Invalid(f"{where}: {len(data)} bytes, at most {limit} are read")
    try:
        found = parse_strictly(data)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{where}: not JSON as we write it: {error}") from error
    if not isinstance(found, dict):
        raise Invalid(f"{where}: expected a JSON object, found {type(found).__name__}")
    return found


def expect_names(found: Object, names: set[str], where: str) -> None:
    """Raises `Invalid` unless the object has exactly these names."""
    if missing := sorted(names - set(found)):
        raise Invalid(f"{where}: no {missing[0]!r}; expected {', '.join(sorted(names))}")
    if unknown := sorted(set(found) - names):
        raise Invalid(f"{where}: unknown {unknown[0]!r}; expected {', '.join(sorted(names))}")


def expect_object(found: object, where: str) -> Object:
    """The same value, known to be an object."""
    if not isinstance(found, dict):
        raise Invalid(f"{where}: expected an object, found {type(found).__name__}")
    return found


def expect_text(found: object, where: str) -> str:
    """The same value, known to be a text."""
    if not isinstance(found, str):
        raise Invalid(f"{where}: expected a text, found {type(found).__name__}")
    return found


def expect_number(found: object, where: str) -> int:
    """A whole number from 0 to 2^63 - 1."""
    if type(found) is not int or not 0 <= found < 1 << 63:
        raise Invalid(f"{where}: {found!r} is not a number from 0 to 2^63 - 1")
    return found


def expect_bytes(found: object, length: int, where: str) -> bytes:
    """Bytes of this length from canonical base64 (RFC 4648 section 4, with padding)."""
    data = expect_any_bytes(found, length, where)
    if len(data) != length:
        raise Invalid(f"{where}: {len(data)} bytes in base64, expected {length}")
    return data


def expect_any_bytes(found: object, limit: int, where: str) -> bytes:
    """The same, of at most this length."""
    text = expect_text(found, where)
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid(f"{where}: not base64: {error}") from error
    if len(data) > limit or base64_text(data) != text:
        raise Invalid(f"{where}: {len(data)} bytes in base64, expected at most {limit} in canonical form")
    return data


def base64_text(data: bytes) -> str:
    """Standard alphabet, with padding."""
    return base64.b64encode(data).decode("ascii")


def compact(found: Object) -> bytes:
    """The object as one line without spaces."""
    return json.dumps(found, separators=(",", ":")).encode("ascii")
