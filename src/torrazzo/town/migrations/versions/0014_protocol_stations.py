# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Of a protocol: its cameras, and the stations from where its people come (AC-06)."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Of those there are neither is said: groups alone hold, and any station."""
    for name, comment in (("cameras", "ids"), ("stations", "SHA-256 of their certificates")):
        column = sa.Column(name, sa.Text, nullable=False, server_default="", comment=f"{comment}; empty: not said")
        op.add_column("agreement", column)
