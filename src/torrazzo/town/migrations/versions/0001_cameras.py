# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cameras, their streams, and the registry's version."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """The first tables."""
    op.create_table(
        "camera",
        sa.Column("id", sa.Text, primary_key=True, comment="16 lower-case hex digits, drawn once"),
        sa.Column("name", sa.Text, nullable=False, comment="as people say it"),
        sa.Column("name_key", sa.Text, nullable=False, comment="the name in the form in which names are compared"),
        sa.Column("place", sa.Text, nullable=False, server_default="", comment="where it stands"),
        sa.Column("synthetic", sa.Boolean, nullable=False, comment="shows no real place or person"),
        sa.Column("permit_until", sa.BigInteger, comment="UTC ticks; null: no end known"),
        sa.Column("enabled", sa.Boolean, nullable=False, comment="recorded, as far as permitted"),
        sa.Column("added", sa.BigInteger, nullable=False, comment="UTC ticks"),
        sa.Column("removed", sa.BigInteger, comment="UTC ticks; its streams are gone then, its footage not"),
    )
    op.create_index("camera_name_key", "camera", ["name_key"], unique=True, sqlite_where=sa.text("removed IS NULL"))
    op.create_table(
        "stream",
        sa.Column("camera", sa.Text, sa.ForeignKey("camera.id"), primary_key=True),
        sa.Column("name", sa.Text, primary_key=True, comment="main or sub"),
        sa.Column("sealed", sa.LargeBinary, nullable=False, comment="url, user, password; opens with secrets/box.key"),
        sa.Column("transport", sa.Text, nullable=False, server_default="auto", comment="auto, tcp or udp"),
        sa.Column("ca_pem", sa.Text, comment="the authority that vouches for a rtsps camera"),
        sa.Column("pin_sha256", sa.Text, comment="or its one certificate, SHA-256 of the DER form, hex"),
    )
    version = op.create_table(
        "registry",
        sa.Column("one", sa.Integer, sa.CheckConstraint("one = 1"), primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False, comment="grows with each change that the recorder follows"),
        sa.Column("changed", sa.BigInteger, nullable=False, comment="UTC ticks of the last one"),
    )
    op.bulk_insert(version, [{"one": 1, "version": 0, "changed": 0}])
