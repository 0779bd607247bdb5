# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reviews of the log, and what came out (LG-08)."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """None was done yet."""
    op.create_table(
        "log_review",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), nullable=False, comment="who looked it through"),
        sa.Column("at", sa.BigInteger, nullable=False, comment="UTC ticks"),
        sa.Column("since", sa.BigInteger, nullable=False, comment="UTC ticks; of the time that was looked at"),
        sa.Column("until", sa.BigInteger, nullable=False, comment="UTC ticks"),
        sa.Column("sample", sa.Integer, nullable=False, comment="how many entries were looked at"),
        sa.Column("outcome", sa.Text, nullable=False, comment="in-order, findings"),
        sa.Column("text", sa.Text, nullable=False, comment="what came out, in words"),
        sqlite_autoincrement=True,
    )
