# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Alarms, and what people said of them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Both begin empty: what is wrong now is found anew within seconds."""
    op.create_table(
        "alarm",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("code", sa.Text, nullable=False, comment="what is wrong: health/queue.py, control_room/judge.py"),
        sa.Column("place", sa.Text, nullable=False, comment="a camera's id, a disk's path …; empty: the town"),
        sa.Column("name", sa.Text, nullable=False, comment="of the place, for people"),
        sa.Column("priority", sa.Integer, nullable=False, comment="1 at once, 2 today, 3 to know"),
        sa.Column("kind", sa.Text, nullable=False, comment="another kind of the same is news"),
        sa.Column("details", sa.Text, nullable=False, comment="JSON: values, kinds that were acknowledged, members"),
        sa.Column("text", sa.Text, nullable=False, comment="in English"),
        sa.Column("began", sa.BigInteger, nullable=False, comment="UTC ticks"),
        sa.Column("seen", sa.BigInteger, nullable=False, comment="UTC ticks: found then, and perhaps later"),
        sa.Column("rung", sa.BigInteger, nullable=False, comment="UTC ticks: when it last was news"),
        sa.Column("grown", sa.BigInteger, nullable=False, comment="UTC ticks: when a member was last added"),
        sa.Column("over", sa.BigInteger, comment="UTC ticks", index=True),
        sa.Column("came", sa.Integer, nullable=False, comment="how often"),
        sa.Column("taker", sa.Text, sa.ForeignKey("person.id"), comment="who took notice"),
        sa.Column("taken", sa.BigInteger, comment="UTC ticks"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "alarm_note",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("alarm", sa.Integer, sa.ForeignKey("alarm.number"), nullable=False, index=True),
        sa.Column("what", sa.Text, nullable=False, comment="acknowledged, note, left, took"),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False, comment="UTC ticks"),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("shift", sa.Integer, sa.ForeignKey("shift.number"), comment="left by, taken by that one"),
    )
