# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a chip said after a key was destroyed, kept for whoever doubts (docs/3-formats/ring.md)."""

import hashlib
from pathlib import Path

from torrazzo.durable import Disk
from torrazzo.keyring.document import base64_text, compact
from torrazzo.keyring.sealer import Attestation
from torrazzo.ledger.chip_statement import STATEMENTS


def keep_statement(disk: Disk, folder: Path, said: Attestation) -> None:
    """Under the name that the fact has it by; nothing where nothing was said."""
    if not said.statement:
        return
    texts = {key: base64_text(getattr(said, key)) for key in ("statement", "signature", "key")}
    disk.make_folder(folder / STATEMENTS)
    name = f"{hashlib.sha256(said.statement).hexdigest()}.json"
    disk.publish(folder / STATEMENTS / name, compact({"v": 1, **texts}))
