# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is stated of a camera before it may record a real place (LB-01): its purpose file. Pure."""

import hashlib
import json
from typing import NamedTuple

from torrazzo.base.errors import Damaged, Invalid

MOST = 200  # characters of one statement
MOST_OPINION = 1_000


class PurposeFile(NamedTuple):
    """Words of people, acts by number and date; empty: not stated. law/activation.py says what is needed."""

    purpose: str = ""  # of law/reason.py
    regime: str = ""  # G: GDPR; L: law enforcement
    act: str = ""  # by which it was decided
    area: str = ""  # street, open (to the public), building, workplace
    pact: str = ""  # with the Prefect
    pact_until: str = ""  # its last day, YYYY-MM-DD
    committee: str = ""  # what the provincial Committee, or the Prefecture, said
    dpia: str = ""
    sign: str = ""  # where it stands
    workers: str = ""  # no workplace, or by which agreement
    view: str = ""  # who saw that it looks at nothing else, and when
    opinion: str = ""  # of the data protection officer, on what is stated above
    opinion_by: str = ""  # account
    opinion_at: str = ""  # ISO 8601 UTC
    opinion_of: str = ""  # `digest` of what it is about

    def stated(self) -> dict[str, str]:
        """What is stated, without what is thought of it."""
        return {name: text for name, text in self._asdict().items() if not name.startswith("opinion")}

    def digest(self) -> str:
        """Of what is stated: an opinion is about that, and about nothing that is stated later."""
        return hashlib.sha256(json.dumps(self.stated(), sort_keys=True).encode()).hexdigest()

    def checked(self) -> "PurposeFile":
        """The same; raises `Invalid`."""
        for name, text in self._asdict().items():
            most = MOST_OPINION if name == "opinion" else MOST
            if not isinstance(text, str) or len(text) > most or (text and not text.isprintable()):
                raise Invalid(f"{name}: at most {most} printable characters")
        return self

    def to_text(self) -> str:
        """As a column holds it."""
        return json.dumps(self._asdict(), ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> "PurposeFile":
        """The inverse."""
        try:
            return cls(**json.loads(text)).checked()
        except (ValueError, TypeError, Invalid) as error:
            raise Damaged(f"the purpose file of a camera cannot be read: {error}") from error
