# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How long each camera's footage lives."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """One column; cameras that are there keep what the law allows, as before."""
    column = sa.Column("retention_hours", sa.Integer, nullable=False, server_default="168", comment="from 2 to 168")
    op.add_column("camera", column)
