# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables of alarms in `office.db`; what each column means stands in town/migrations/versions."""

import sqlalchemy as sa

_TABLES = sa.MetaData()

ALARM = sa.Table(
    "alarm",
    _TABLES,
    sa.Column("number", sa.Integer, primary_key=True),
    *(sa.Column(name, sa.Text) for name in ("code", "place", "name", "kind", "details", "text", "taker")),
    *(sa.Column(name, sa.Integer) for name in ("priority", "came")),
    *(sa.Column(name, sa.BigInteger) for name in ("began", "seen", "rung", "grown", "over", "taken")),
)
ALARM_NOTE = sa.Table(
    "alarm_note",
    _TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("alarm", sa.Integer),
    sa.Column("what", sa.Text),
    sa.Column("person", sa.Text),
    sa.Column("at", sa.BigInteger),
    sa.Column("text", sa.Text),
    sa.Column("shift", sa.Integer),
)
