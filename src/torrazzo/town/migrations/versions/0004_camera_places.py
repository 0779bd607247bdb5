# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where each camera stands on the map and looks, at which ONVIF device it is, where it may turn, what it hides."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Of cameras that are there nothing of this is known."""
    for column in (
        sa.Column("latitude", sa.Float, comment="WGS 84, degrees; null: not on the map"),
        sa.Column("longitude", sa.Float, comment="WGS 84, degrees"),
        sa.Column("direction", sa.Float, comment="degrees clockwise from north; null: not declared"),
        sa.Column("angle", sa.Float, comment="of the field of view, degrees"),
        sa.Column("reach", sa.Float, comment="of the field of view, metres"),
        sa.Column("device", sa.Text, comment="address of the ONVIF device; null: not known"),
        sa.Column("sensor", sa.Integer, nullable=False, server_default="1", comment="of the device, counted from 1"),
        sa.Column("bounds", sa.Text, comment="where it may turn (MN-04), JSON; null: nobody has said"),
        sa.Column("masks", sa.Text, comment="what it has to hide (MN-02), JSON; null: nobody has decided"),
    ):
        op.add_column("camera", column)
