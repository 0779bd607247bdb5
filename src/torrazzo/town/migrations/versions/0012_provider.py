# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town's provider of sign-ins (OpenID Connect), and by which of its subjects a person comes in."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """There is none."""
    op.create_table(
        "provider",
        sa.Column("issuer", sa.Text, primary_key=True, comment="at most one row"),
        sa.Column("name", sa.Text, nullable=False, comment="as people know it"),
        sa.Column("client", sa.Text, nullable=False, comment="our id there"),
        sa.Column("sealed", sa.LargeBinary, comment="our secret there; opens with secrets/box.key; null: none"),
        sa.Column("hosts", sa.Text, nullable=False, comment="JSON: of its endpoints, beside its own"),
        sa.Column("acr", sa.Text, nullable=False, comment="JSON: classes that mean a second factor"),
        sa.Column("ca", sa.Text, comment="PEM: who signed its certificate, where it is no public authority"),
    )
    op.create_table(
        "subject",
        sa.Column("issuer", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True, comment="as the issuer names the person"),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), nullable=False, unique=True),
        sa.Column("bound", sa.BigInteger, nullable=False, comment="UTC ticks"),
    )
