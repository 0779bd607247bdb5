# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why something does not prove what it says.

Invalid        not in its format: nothing can be read from it
  + Unproven   well formed, but a hash, a signature or the quorum is not as it must be
"""

from torrazzo.base.errors import Invalid


class Unproven(Invalid):
    """A proof that fails: believe nothing that came with it."""
