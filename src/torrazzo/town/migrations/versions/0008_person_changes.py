# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What became of an account, and by whose hand, for those who see people."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """What was changed before stands in the ledger alone."""
    op.create_table(
        "person_change",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), nullable=False, index=True),
        sa.Column("at", sa.BigInteger, nullable=False, comment="UTC ticks"),
        sa.Column(
            "what",
            sa.Text,
            nullable=False,
            comment="created, roles, groups, designation, certified, suspended, reinstated, link; blanks between them",
        ),
        sa.Column("by", sa.Text, sa.ForeignKey("person.id"), comment="whose hand; null: the program, or the owner"),
        sa.Column("why", sa.Text, nullable=False, comment="the reason that was given"),
        sqlite_autoincrement=True,
    )
