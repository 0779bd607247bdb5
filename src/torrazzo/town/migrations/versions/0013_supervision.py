# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sessions of technicians, which an operator opens and supervises (AC-07)."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """There were none."""
    op.create_table(
        "supervision",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("technician", sa.Text, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("operator", sa.Text, sa.ForeignKey("person.id"), nullable=False, comment="who supervises now"),
        sa.Column("cameras", sa.Text, nullable=False, comment="JSON: ids"),
        sa.Column("reason", sa.Text, nullable=False, comment="what is to be done"),
        sa.Column("opened", sa.BigInteger, nullable=False, comment="UTC ticks"),
        sa.Column("until", sa.BigInteger, nullable=False, comment="UTC ticks: nothing may be done from then on"),
        sa.Column("ended", sa.BigInteger, comment="UTC ticks"),
        sa.Column("why", sa.Text, comment="done, left"),
        sa.Column("closer", sa.Text, sa.ForeignKey("person.id"), comment="who ended it"),
        sa.Column("outcome", sa.Text, comment="what was done, and how things were left"),
        sqlite_autoincrement=True,
    )
    is_open = sa.text("ended IS NULL")
    op.create_index("supervision_one", "supervision", ["technician"], unique=True, sqlite_where=is_open)
