# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is stated of each camera before it may record a real place."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Of cameras that are there nothing is stated; those that record go on."""
    op.add_column("camera", sa.Column("file", sa.Text, comment="its purpose file (LB-01), JSON; null: none yet"))
