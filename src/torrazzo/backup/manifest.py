# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a backup says of itself: the last file in it, so that a backup that was cut off has none."""

import json
import re
from collections.abc import Mapping
from typing import NamedTuple, Self

from torrazzo.base.errors import Invalid
from torrazzo.base.times import UtcTicks

NAME = "manifest.json"
MAX_BYTES = 256 << 20  # a line for each file of a ledger that is never pruned

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Entry(NamedTuple):
    """One file."""

    size: int
    sha256: str  # hex


class Manifest(NamedTuple):
    """All files but itself."""

    created: UtcTicks
    town: str
    node: str
    software: str
    has_secrets: bool
    heads: Mapping[str, str]  # name of a log, with its generation → text of its head
    files: Mapping[str, Entry]

    def pack(self) -> bytes:
        """JSON, a line for each file."""
        files = ",\n".join(f"{json.dumps(name)}: {json.dumps(list(each))}" for name, each in self.files.items())
        rest = {"v": 1, **self._asdict()}
        del rest["files"]
        return (json.dumps(rest, ensure_ascii=False)[:-1] + ',\n"files": {\n' + files + "}}\n").encode()

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The inverse of `pack`; raises `Invalid`."""
        try:
            found = json.loads(data)
            if found["v"] != 1:
                raise ValueError(f"version {found['v']!r}, this program reads 1")
            files = {str(name): Entry(*each) for name, each in found["files"].items()}
            if not all(type(each.size) is int and _DIGEST.fullmatch(each.sha256) for each in files.values()):
                raise ValueError("a file without size or digest")
            texts = {key: found[key] for key in ("town", "node", "software")}
            heads = found["heads"]
            if not all(isinstance(text, str) for text in (*texts.values(), *heads.values())):
                raise TypeError("expected texts")
            if not isinstance(found["has_secrets"], bool) or type(found["created"]) is not int:
                raise TypeError("expected has_secrets and created")
            return cls(UtcTicks(found["created"]), **texts, has_secrets=found["has_secrets"], heads=heads, files=files)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Invalid(f"{NAME} of the backup: {error!r}") from error
