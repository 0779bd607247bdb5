# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""When a session's person last showed who it is; a name of the session that stays while its token changes."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Of a session that is there it is known when it began."""
    op.add_column("session", sa.Column("id", sa.Text, nullable=False, server_default="", comment="opens nothing"))
    shown = sa.Column("shown", sa.BigInteger, nullable=False, server_default="0", comment="UTC ticks")
    op.add_column("session", shown)
    op.execute("UPDATE session SET id = lower(hex(hash)), shown = opened")
    op.create_index("session_id", "session", ["id"], unique=True)
