# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The living private keys, one per hour and retention class, and the only place where a sealed K is opened.

Takes     clocks, a disk, a TPM where there is one; from a reader a sealed K and proofs of what the ledger says.
Gives     the hours' public keys two days ahead; segment keys, never K; facts of its own for the ledger.
Promises  no segment key without an entry; what is shredded opens from no older copy; no one clock is believed.
Never     sees footage; gives anything to another Unix user.
Read      gate.py, store.py, then process.py. Formats: docs/3-formats/act.md, docs/3-formats/ring.md
"""

from torrazzo.keyring.answer import Denied
from torrazzo.keyring.client import KeyClient
from torrazzo.keyring.process import run_keyring
from torrazzo.keyring.public import KeyName, hours_left, load_public_keys

__all__ = ["Denied", "KeyClient", "KeyName", "hours_left", "load_public_keys", "run_keyring"]
