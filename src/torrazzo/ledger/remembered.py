# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Heads of the ledger that the keyring beside it has seen: an older ledger put back does not have them."""

import json
from pathlib import Path

import structlog

from torrazzo.base.errors import Invalid
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.identity import Identity
from torrazzo.ledger.text import parse_hash

FILE = "heads.json"  # in the keyring's folder

log = structlog.get_logger(__name__)


def keyring_heads(folder: Path, identity: Identity) -> list[Checkpoint]:
    """Those of this town's logs; none where the keyring has seen none, or its folder is not for us to read."""
    try:
        found = json.loads((folder / FILE).read_bytes())
        heads = [
            Checkpoint(seen["origin"], seen["head"]["size"], parse_hash(seen["head"]["root"], "head"))
            for seen in (found["rec"], found["act"])
            if seen["head"] is not None
        ]
        for head in heads:
            identity.name_of(head.origin)
    except (FileNotFoundError, PermissionError):
        return []
    except (OSError, ValueError, KeyError, TypeError, Invalid) as error:
        log.warning("keyring_heads_not_read", error=str(error))
        return []
    return heads
