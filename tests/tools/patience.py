# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How long a test waits for what must come: on a machine that is busy, or four times slower, it comes late."""

PATIENCE_S = 120.0  # costs nothing where it comes; pytest's own limit is in pyproject.toml
