# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The register of the control room: curtains that were drawn, visitors that came."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Both begin empty."""
    op.create_table(
        "curtain",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("station", sa.Text, nullable=False, comment="the browser's name"),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("drawn", sa.BigInteger, nullable=False, comment="UTC ticks"),
        sa.Column("opened", sa.BigInteger, comment="UTC ticks"),
        sa.Column("opener", sa.Text, sa.ForeignKey("person.id")),
        sqlite_autoincrement=True,
    )
    op.create_index("curtain_one", "curtain", ["station"], unique=True, sqlite_where=sa.text("opened IS NULL"))
    op.create_table(
        "visitor",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("office", sa.Text, nullable=False, comment="or firm"),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("authorised", sa.Text, nullable=False, comment="by whom"),
        sa.Column("company", sa.Text, nullable=False, comment="who goes with them"),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), nullable=False, comment="wrote it down"),
        sa.Column("came", sa.BigInteger, nullable=False, comment="UTC ticks"),
        sa.Column("left", sa.BigInteger, comment="UTC ticks"),
        sa.Column("closer", sa.Text, sa.ForeignKey("person.id"), comment="wrote down that they left"),
        sqlite_autoincrement=True,
    )
