# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Of a proposal: the opinion of the data protection officer, who approves nothing (RT-06, AC-05)."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Null: nobody has given one, or it needs none."""
    for name, kind, comment in (
        ("opinion", sa.Text, "in words"),
        ("adviser", sa.Text, "account"),
        ("advised", sa.BigInteger, "UTC ticks"),
        ("favours", sa.Boolean, "whether it is for what is proposed"),
    ):
        op.add_column("proposal", sa.Column(name, kind, comment=comment))
