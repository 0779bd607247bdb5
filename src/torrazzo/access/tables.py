# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables about people in `office.db`; what each column means stands in town/migrations/versions."""

from typing import Any

import sqlalchemy as sa

_TABLES = sa.MetaData()


def _table(name: str, key: str, /, **columns: type[sa.types.TypeEngine[Any]]) -> sa.Table:
    return sa.Table(
        name, _TABLES, *(sa.Column(column, kind, primary_key=column in key.split()) for column, kind in columns.items())
    )


AGREEMENT = _table(
    "agreement", "id", id=sa.Text, kind=sa.Text, organisation=sa.Text, number=sa.Text, ends=sa.BigInteger,
    operations=sa.Text, cameras=sa.Text, stations=sa.Text,
)  # fmt: skip
PERSON = _table(
    "person", "id", id=sa.Text, name=sa.Text, full_name=sa.Text, act_number=sa.Text, act_date=sa.Text, tasks=sa.Text,
    ends=sa.BigInteger, agreement=sa.Text, created=sa.BigInteger, certified=sa.BigInteger, used=sa.BigInteger,
    suspended=sa.BigInteger, why=sa.Text,
)  # fmt: skip
PERSON_ROLE = _table("person_role", "person role", person=sa.Text, role=sa.Text)
CAMERA_GROUP = _table("camera_group", "id", id=sa.Text, name=sa.Text, is_all=sa.Boolean)
GROUP_MEMBER = _table("camera_group_member", "camera_group camera", camera_group=sa.Text, camera=sa.Text)
PERSON_GROUP = _table("person_camera_group", "person camera_group", person=sa.Text, camera_group=sa.Text)
LOG_REVIEW = _table(
    "log_review", "number", number=sa.Integer, person=sa.Text, at=sa.BigInteger, since=sa.BigInteger,
    until=sa.BigInteger, sample=sa.Integer, outcome=sa.Text, text=sa.Text,
)  # fmt: skip
PERSON_CHANGE = _table(
    "person_change", "number", number=sa.Integer, person=sa.Text, at=sa.BigInteger, what=sa.Text, by=sa.Text,
    why=sa.Text,
)  # fmt: skip

PASSWORD = _table(
    "password", "person", person=sa.Text, hash=sa.Text, must_change=sa.Boolean, changed=sa.BigInteger
)  # fmt: skip
CODE_DEVICE = _table(
    "code_device", "person", person=sa.Text, sealed=sa.LargeBinary, is_confirmed=sa.Boolean, last_step=sa.BigInteger
)  # fmt: skip
PASSKEY = _table(
    "passkey", "id", id=sa.LargeBinary, person=sa.Text, public_key=sa.LargeBinary, sign_count=sa.BigInteger,
    name=sa.Text, created=sa.BigInteger,
)  # fmt: skip
RECOVERY_CODE = _table("recovery_code", "person hash", person=sa.Text, hash=sa.LargeBinary)
LINK = _table("link", "hash", hash=sa.LargeBinary, person=sa.Text, is_all=sa.Boolean, until=sa.BigInteger)
FAILURE = _table("failure", "key", key=sa.Text, count=sa.Integer, since=sa.BigInteger, locked_until=sa.BigInteger)

PROVIDER = _table(
    "provider", "issuer", issuer=sa.Text, name=sa.Text, client=sa.Text, sealed=sa.LargeBinary, hosts=sa.Text,
    acr=sa.Text, ca=sa.Text,
)  # fmt: skip
SUBJECT = _table(
    "subject", "issuer subject", issuer=sa.Text, subject=sa.Text, person=sa.Text, bound=sa.BigInteger
)  # fmt: skip

SESSION = _table(
    "session", "hash", hash=sa.LargeBinary, person=sa.Text, stage=sa.Text, method=sa.Text, station=sa.Text,
    address=sa.Text, opened=sa.BigInteger, seen=sa.BigInteger, until=sa.BigInteger, is_locked=sa.Boolean,
    ended=sa.BigInteger, why=sa.Text, id=sa.Text, shown=sa.BigInteger,
)  # fmt: skip

SHIFT = _table(
    "shift", "number", number=sa.Integer, person=sa.Text, reason=sa.Text, opened=sa.BigInteger, ended=sa.BigInteger,
    why=sa.Text, note=sa.Text, takes=sa.Integer,
)  # fmt: skip
PROPOSAL = _table(
    "proposal", "number", number=sa.Integer, kind=sa.Text, what=sa.Text, proposer=sa.Text, reason=sa.Text,
    proposed=sa.BigInteger, until=sa.BigInteger, state=sa.Text, decider=sa.Text, answer=sa.Text, decided=sa.BigInteger,
    opinion=sa.Text, adviser=sa.Text, advised=sa.BigInteger, favours=sa.Boolean,
)  # fmt: skip
CURTAIN = _table(
    "curtain", "number", number=sa.Integer, station=sa.Text, person=sa.Text, reason=sa.Text, drawn=sa.BigInteger,
    opened=sa.BigInteger, opener=sa.Text,
)  # fmt: skip
VISITOR = _table(
    "visitor", "number", number=sa.Integer, name=sa.Text, office=sa.Text, reason=sa.Text, authorised=sa.Text,
    company=sa.Text, person=sa.Text, came=sa.BigInteger, left=sa.BigInteger, closer=sa.Text,
)  # fmt: skip
SUPERVISION = _table(
    "supervision", "number", number=sa.Integer, technician=sa.Text, operator=sa.Text, cameras=sa.Text, reason=sa.Text,
    opened=sa.BigInteger, until=sa.BigInteger, ended=sa.BigInteger, why=sa.Text, closer=sa.Text, outcome=sa.Text,
)  # fmt: skip
OWED_FACT = _table("owed_fact", "id", id=sa.Integer, body=sa.Text)

BOOKMARK = _table(
    "bookmark", "id", id=sa.Text, camera=sa.Text, at=sa.BigInteger, note=sa.Text, person=sa.Text, made=sa.BigInteger
)  # fmt: skip
