# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may do what, until there are accounts: Unix users, in the table `[people]` of `torrazzo.toml`."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from torrazzo.access.peer import Peer
from torrazzo.base.errors import Refused
from torrazzo.town.home import RIGHTS


class NoRight(Refused):
    """Who asks may not; `line` is what would have to be written."""

    def __init__(self, person: str, right: str, line: str) -> None:
        super().__init__(
            f'user {person} has no right "{right}" here; whoever answers for the footage writes below [people] '
            f"in torrazzo.toml: {line}, then starts the control room again"
        )
        self.person, self.right, self.line = person, right, line


class People(NamedTuple):
    """The table; the owner of the home has all rights unless it names him."""

    rights: Mapping[str, tuple[str, ...]]
    owner: int  # uid

    @property
    def others(self) -> bool:
        """Whether anybody but the owner is to come in."""
        return bool(set(self.rights) - {Peer.of(self.owner).name})

    def may(self, peer: Peer, right: str) -> bool:
        """Whether this person has that right."""
        return right in self._rights_of(peer)

    def check(self, peer: Peer, right: str) -> None:
        """Raises `NoRight` with what would have to be written."""
        assert right in RIGHTS
        has = self._rights_of(peer)
        if right not in has:
            line = ", ".join(f'"{each}"' for each in RIGHTS if each in {*has, right})
            raise NoRight(peer.name, right, f"{peer.name} = [{line}]")

    def _rights_of(self, peer: Peer) -> Sequence[str]:
        return self.rights.get(peer.name, RIGHTS if peer.uid == self.owner else ())
