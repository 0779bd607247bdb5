# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why something does not prove what it says, and why the ledger refuses.

Invalid        not in its format: nothing can be read from it
  + Unproven   well formed, but a hash, a signature or the quorum is not as it must be
    + Uncosigned  the log signed it, and the quorum has not (yet)
Refused
  + Pruned     it was in the log, and was let go
  + RolledBack signing would fork the log
"""

from torrazzo.base.errors import Invalid, Refused


class Unproven(Invalid):
    """A proof that fails: believe nothing that came with it."""


class Uncosigned(Unproven):
    """A head of the log's own, that too few witnesses have cosigned: each is that when it is new."""


class Pruned(Refused):
    """Below the log's minimum index; proofs given out before stay valid."""


class RolledBack(Refused):
    """More was signed than the database knows: an older one was put back, or another one."""
