# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The log of all facts that a stranger can check: its hashes, signed heads, proofs.

Takes     entries, hashes of subtrees by a callback, notes, a policy that says whose signatures count.
Gives     roots, proofs, signed notes, names of tiles; Accepted for what fulfils a policy.
Promises  one spelling of each text: what was read is written again byte for byte; what is not proven is an error.
Never     keeps anything, reads a clock or a file, decides whom to trust.
Read      merkle.py, then proof.py. Formats: docs/3-formats/ledger.md
"""

from torrazzo.ledger.errors import Unproven
from torrazzo.ledger.policy import Accepted, Policy
from torrazzo.ledger.proof import Proof

__all__ = ["Accepted", "Policy", "Proof", "Unproven"]
