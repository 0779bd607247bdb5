# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The log of all facts that a stranger can check: its hashes, signed heads, proofs.

Takes     facts and deeds as lines, a database and a disk; notes, a policy that says whose signatures count.
Gives     LedgerStore: two logs that only grow, their heads, proofs, files; Accepted for what fulfils a policy.
Promises  what was appended is on disk, once, and proven; one spelling of each text; what is not proven is an error.
Never     understands what it enters, reads a clock, signs when more was signed than it knows, decides whom to trust.
Read      merkle.py, proof.py; then store.py, start.py. Formats: docs/3-formats/ledger.md
"""

from torrazzo.ledger.errors import Pruned, RolledBack, Unproven
from torrazzo.ledger.policy import Accepted, Policy
from torrazzo.ledger.proof import Proof

__all__ = ["Accepted", "Policy", "Proof", "Pruned", "RolledBack", "Unproven"]
