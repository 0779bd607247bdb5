# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""People: accounts, how they sign in, sessions, shifts, what needs a second person, groups of cameras."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Nobody is in it: the first two people come by a link."""
    _people()
    _ways_in()
    _sessions()
    _work()


def _people() -> None:
    op.create_table(
        "agreement",
        sa.Column("id", sa.Text, primary_key=True, comment="16 lower-case hex digits, drawn once"),
        sa.Column("kind", sa.Text, nullable=False, comment="protocol (police), contract (a firm that maintains)"),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False, comment="of the act"),
        sa.Column("ends", sa.BigInteger, nullable=False, comment="UTC ticks"),
        sa.Column("operations", sa.Text, nullable=False, comment="that a protocol allows, with blanks between them"),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Text, primary_key=True, comment="16 lower-case hex digits, drawn once"),
        sa.Column("name", sa.Text, nullable=False, unique=True, comment="of the account: signs in, never given anew"),
        sa.Column("full_name", sa.Text, nullable=False, comment="of the one natural person"),
        sa.Column("act_number", sa.Text, nullable=False, comment="of the designation"),
        sa.Column("act_date", sa.Text, nullable=False, comment="its day, ISO 8601"),
        sa.Column("tasks", sa.Text, nullable=False, comment="for which the person is designated"),
        sa.Column("ends", sa.BigInteger, nullable=False, comment="UTC ticks; nobody is designated without an end"),
        sa.Column("agreement", sa.Text, sa.ForeignKey("agreement.id")),
        sa.Column("created", sa.BigInteger, nullable=False, comment="UTC ticks"),
        sa.Column("certified", sa.BigInteger, nullable=False, comment="UTC ticks: when somebody last confirmed it"),
        sa.Column("used", sa.BigInteger, nullable=False, comment="UTC ticks of the last sign-in; first, of its making"),
        sa.Column("suspended", sa.BigInteger, comment="UTC ticks; null: may sign in"),
        sa.Column("why", sa.Text, comment="suspended: ended, uncertified, unused, order"),
    )
    op.create_table(
        "person_role",
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("role", sa.Text, primary_key=True),
    )
    op.create_table(
        "camera_group",
        sa.Column("id", sa.Text, primary_key=True, comment="16 lower-case hex digits, drawn once"),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("is_all", sa.Boolean, nullable=False, comment="every camera, also those to come"),
    )
    op.create_table(
        "camera_group_member",
        sa.Column("camera_group", sa.Text, sa.ForeignKey("camera_group.id"), primary_key=True),
        sa.Column("camera", sa.Text, sa.ForeignKey("camera.id"), primary_key=True),
    )
    op.create_table(
        "person_camera_group",
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("camera_group", sa.Text, sa.ForeignKey("camera_group.id"), primary_key=True),
    )


def _ways_in() -> None:
    op.create_table(
        "password",
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("hash", sa.Text, nullable=False, comment="argon2id, as the library writes it"),
        sa.Column("must_change", sa.Boolean, nullable=False, comment="somebody else knows it"),
        sa.Column("changed", sa.BigInteger, nullable=False, comment="UTC ticks"),
    )
    op.create_table(
        "code_device",
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False, comment="base32 secret; opens with secrets/box.key"),
        sa.Column("is_confirmed", sa.Boolean, nullable=False, comment="a code of it was given once"),
        sa.Column("last_step", sa.BigInteger, nullable=False, comment="RFC 6238: no code of it or before counts again"),
    )
    op.create_table(
        "passkey",
        sa.Column("id", sa.LargeBinary, primary_key=True, comment="as the authenticator names it"),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), nullable=False, index=True),
        sa.Column("public_key", sa.LargeBinary, nullable=False, comment="COSE"),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, nullable=False, comment="as its owner calls it"),
        sa.Column("created", sa.BigInteger, nullable=False, comment="UTC ticks"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("hash", sa.LargeBinary, primary_key=True, comment="SHA-256"),
    )
    op.create_table(
        "link",
        sa.Column("hash", sa.LargeBinary, primary_key=True, comment="SHA-256 of its token"),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), comment="null: for the first two people"),
        sa.Column("is_all", sa.Boolean, nullable=False, comment="codes and passkeys are lost too, and removed"),
        sa.Column("until", sa.BigInteger, nullable=False, comment="UTC ticks"),
    )
    op.create_table(
        "failure",
        sa.Column("key", sa.Text, primary_key=True, comment="account:NAME, whether there is one or not; address:IP"),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False, comment="UTC ticks of the first one that counts"),
        sa.Column("locked_until", sa.BigInteger, comment="UTC ticks"),
    )


def _sessions() -> None:
    op.create_table(
        "session",
        sa.Column("hash", sa.LargeBinary, primary_key=True, comment="SHA-256 of its token"),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), nullable=False, index=True),
        sa.Column("stage", sa.Text, nullable=False, comment="half, elsewhere, full"),
        sa.Column("method", sa.Text, nullable=False, comment="code, passkey, recovery, link"),
        sa.Column("station", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("opened", sa.BigInteger, nullable=False, comment="UTC ticks"),
        sa.Column("seen", sa.BigInteger, nullable=False, comment="UTC ticks: when its person last did something"),
        sa.Column("until", sa.BigInteger, nullable=False, comment="UTC ticks"),
        sa.Column("is_locked", sa.Boolean, nullable=False),
        sa.Column("ended", sa.BigInteger, comment="UTC ticks"),
        sa.Column("why", sa.Text, comment="ended: out, expired, taken, suspended, changed"),
    )
    op.create_index(
        "session_one", "session", ["person"], unique=True, sqlite_where=sa.text("ended IS NULL AND stage = 'full'")
    )


def _work() -> None:
    op.create_table(
        "shift",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), nullable=False, index=True),
        sa.Column("reason", sa.Text, nullable=False, comment="that stands for live pictures"),
        sa.Column("opened", sa.BigInteger, nullable=False, comment="UTC ticks"),
        sa.Column("ended", sa.BigInteger, comment="UTC ticks"),
        sa.Column("why", sa.Text, comment="ended: hand-over, close, forgotten"),
        sa.Column("note", sa.Text, comment="to whoever comes next"),
        sa.Column("takes", sa.Integer, sa.ForeignKey("shift.number"), unique=True, comment="handed over by that one"),
        sqlite_autoincrement=True,
    )
    op.create_index("shift_one", "shift", ["person"], unique=True, sqlite_where=sa.text("ended IS NULL"))
    op.create_table(
        "proposal",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False, comment="JSON"),
        sa.Column("proposer", sa.Text, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("proposed", sa.BigInteger, nullable=False, comment="UTC ticks"),
        sa.Column("until", sa.BigInteger, nullable=False, comment="UTC ticks"),
        sa.Column("state", sa.Text, nullable=False, comment="open, approved, refused, withdrawn, expired, done"),
        sa.Column("decider", sa.Text, sa.ForeignKey("person.id")),
        sa.Column("answer", sa.Text, comment="the decider's reason"),
        sa.Column("decided", sa.BigInteger, comment="UTC ticks"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "owed_fact",
        sa.Column("id", sa.Integer, primary_key=True, comment="of a change that is done, and not yet known to be told"),
        sa.Column("body", sa.Text, nullable=False, comment="JSON: kind, values, who, month"),
        sqlite_autoincrement=True,
    )
