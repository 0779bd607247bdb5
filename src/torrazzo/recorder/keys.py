# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A stream's keys: drawn here, sealed to the hour, forgotten when the hour is over."""

import os
from collections.abc import Callable
from typing import NamedTuple

from torrazzo.base import StreamId, TermId
from torrazzo.seal import seal_key

PublicKey = Callable[[int, str], bytes | None]  # (hour, class) → the hour's public key, None if it is not known


class HourKey(NamedTuple):
    """K of one (stream, term, hour), and K as readers will find it."""

    k: bytes
    sealed: bytes


class StreamKeys:
    """Draws one K per hour for one tenure. The recorder writes the past and can't read it."""

    def __init__(self, stream: StreamId, term: TermId, retention_class: str, public_key: PublicKey) -> None:
        self._stream, self._term, self._class = stream, term, retention_class
        self._public_key = public_key
        self._keys: dict[int, HourKey] = {}

    def for_hour(self, hour: int) -> HourKey | None:
        """K of this hour; None where the keyring has published no key for it."""
        key = self._keys.get(hour)
        if key is None:
            public = self._public_key(hour, self._class)
            if public is None:
                return None
            k = os.urandom(32)
            key = HourKey(k, seal_key(k, public, self._stream, self._term, hour, self._class))
            self._keys[hour] = key
        return key

    def forget_before(self, hour: int) -> None:
        """Drop the keys of hours that are over."""
        for past in [known for known in self._keys if known < hour]:
            del self._keys[past]
