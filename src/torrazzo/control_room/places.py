# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How many look at a time; pure. Who loads a page anew is not refused for the looks that the one before left behind."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol, TypeVar


class Placed(Protocol):
    """A look, live or recorded."""

    seen_ns: int  # when its page said something last

    @property
    def account(self) -> str:
        """Whose it is."""
        ...

    @property
    def is_shown(self) -> bool:
        """Whether a picture of it is on its way to a screen at this moment."""
        ...


L = TypeVar("L", bound=Placed)


class Places(NamedTuple):
    """For looks of one kind."""

    most: int  # of all people
    most_of_one: int
    left_ns: int  # unseen for so long, a look was left: its page says more often that it is there

    def are_free(self, looks: Iterable[L], account: str) -> bool:
        """Whether there is one more place for this person."""
        everybody_s = list(looks)
        own = sum(look.account == account for look in everybody_s)
        return len(everybody_s) < self.most and own < self.most_of_one

    def left_behind(self, looks: Iterable[L], account: str, now_ns: int) -> list[L]:
        """What is in the way of this person's next look, and was left; nothing while there is a place."""
        own = [look for look in looks if look.account == account]
        if len(own) < self.most_of_one:
            return []
        return [look for look in own if not look.is_shown and now_ns - look.seen_ns >= self.left_ns]
