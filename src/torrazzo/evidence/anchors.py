# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Stamps of others on a log's heads, and how the package's head grew from each (docs/3-formats/anchors.md)."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from torrazzo.evidence.fixed_log import FixedLog, Read
from torrazzo.ledger.identity import LogKind
from torrazzo.ledger.text import to_base64

Receipt = Mapping[str, Any]  # as `act` has it


class Stamps(NamedTuple):
    """What the town has of others."""

    receipts: Sequence[Receipt] = ()
    certificates: Mapping[str, str] = {}  # PEM, by authority, as the town has pinned them


def find_anchors(log: FixedLog, kind: LogKind, stamps: Stamps, read: Read) -> dict[str, bytes]:
    """Files by name: of each authority the newest stamp on a head that this log's head continues."""
    newest: dict[str, int] = {}
    for receipt in stamps.receipts:
        authority, size = str(receipt["authority"]), int(receipt["size"])
        if receipt["log"] == kind and 0 < size <= log.size:
            newest[authority] = max(size, newest.get(authority, 0))
    files: dict[str, bytes] = {}
    for authority, size in newest.items():
        name = f"{kind}-{size}"
        files[f"{name}.txt"] = read(f"anchors/{name}.txt")
        files[f"{name}.{authority}.tst"] = read(f"anchors/{name}.{authority}.tst")
        if authority in stamps.certificates:
            files[f"{authority}.pem"] = stamps.certificates[authority].encode()
        files[f"{name}.consistency"] = "".join(f"{to_base64(each)}\n" for each in log.consistency(size)).encode()
    return files
