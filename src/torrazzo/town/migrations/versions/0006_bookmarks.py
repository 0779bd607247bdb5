# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bookmarks: a time of a camera, with a note."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Nobody has made one."""
    op.create_table(
        "bookmark",
        sa.Column("id", sa.Text, primary_key=True, comment="16 lower-case hex digits, drawn once"),
        sa.Column("camera", sa.Text, sa.ForeignKey("camera.id"), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False, comment="UTC ticks"),
        sa.Column("note", sa.Text, nullable=False, comment="goes with the footage that it points at"),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), nullable=False, comment="who made it"),
        sa.Column("made", sa.BigInteger, nullable=False, comment="UTC ticks"),
    )
    op.create_index("bookmark_at", "bookmark", ["camera", "at"])
