# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The hours' public keys, as the keyring publishes them and the recorder reads them."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Self, TypeAlias

import structlog

from torrazzo.base.errors import Damaged, Invalid, Unavailable
from torrazzo.base.times import HOUR, UtcTicks, hour_from_text, hour_of, hour_text
from torrazzo.durable import Disk, OsDisk, read_whole
from torrazzo.keyring.document import base64_text, compact, expect_bytes, expect_names, expect_object, parse_object
from torrazzo.seal.envelope import PUBLIC_KEY_LENGTH

DEFAULT_CLASS = "standard"

_FILE_LIMIT = 16 << 20  # about 9,000 keys
_NAME = re.compile(r"(\d{10})/([a-z0-9_]{1,16})", re.ASCII)

log = structlog.get_logger(__name__)


class KeyName(NamedTuple):
    """Whose pair it is: a UTC hour and a retention class; text form `2026112422/standard`, as in facts."""

    hour: int  # hours since 1970
    class_: str

    def __str__(self) -> str:
        return f"{hour_text(self.hour)}/{self.class_}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The inverse of `str`; strict."""
        found = _NAME.fullmatch(text)
        if found is None:
            raise Invalid(f"not the name of a key: {text!r}; expected such as 2026112422/{DEFAULT_CLASS}")
        try:
            hour = hour_from_text(found[1])
        except Invalid as error:
            raise Invalid(f"not the name of a key: {text!r}: {error}") from error
        return cls(hour, found[2])


PublicKeys: TypeAlias = Mapping[KeyName, bytes]  # of 1,216 bytes each


def load_public_keys(path: Path, disk: Disk | None = None) -> PublicKeys:
    """Read `public-keys.json`; raises `Unavailable` if there is none yet, `Damaged` if it can't be understood."""
    try:
        data = read_whole(disk or OsDisk(), path, _FILE_LIMIT)
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}; the keyring publishes it when it starts") from error
    try:
        return parse_public_keys(data)
    except Invalid as error:
        raise Damaged(f"{path}: {error}; restart the keyring, which writes it anew") from error


def parse_public_keys(data: bytes) -> PublicKeys:
    """The content of the file; raises `Invalid`."""
    found = parse_object(data, "public keys", _FILE_LIMIT)
    expect_names(found, {"v", "keys"}, "public keys")
    if found["v"] != 1:
        raise Invalid(f"public keys: version {found['v']!r}, this program reads 1")
    keys = expect_object(found["keys"], "public keys")
    return {KeyName.parse(name): expect_bytes(value, PUBLIC_KEY_LENGTH, name) for name, value in keys.items()}


def public_keys_text(keys: PublicKeys) -> bytes:
    """The file's content, names in order; the inverse of `parse_public_keys`."""
    return compact({"v": 1, "keys": {str(name): base64_text(keys[name]) for name in sorted(keys)}})


def hours_left(keys: PublicKeys, now: UtcTicks, class_: str = DEFAULT_CLASS) -> int:
    """Whole hours from now for which there is a public key of this class without a hole."""
    return (_end(keys, now, class_) - now) // HOUR


def _end(keys: PublicKeys, now: UtcTicks, class_: str) -> UtcTicks:
    hour = hour_of(now)
    while (hour, class_) in keys:
        hour += 1
    return UtcTicks(max(now, hour * HOUR))
