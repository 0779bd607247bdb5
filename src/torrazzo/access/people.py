# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may do what, until there are accounts: Unix users, in the table `[people]` of `torrazzo.toml`."""

from collections.abc import Mapping
from typing import NamedTuple

from torrazzo.access.peer import Peer
from torrazzo.base.errors import Refused

RIGHTS = ("view", "ask", "approve")


class People(NamedTuple):
    """The table; the owner of the home has all rights unless it names him."""

    rights: Mapping[str, tuple[str, ...]]
    owner: int  # uid

    @property
    def others(self) -> bool:
        """Whether anybody but the owner is to come in."""
        return bool(set(self.rights) - {Peer.of(self.owner).name})

    def check(self, peer: Peer, right: str) -> None:
        """Raises `Refused` with what would have to be written."""
        assert right in RIGHTS
        has = self.rights.get(peer.name)
        if has is None:
            has = RIGHTS if peer.uid == self.owner else ()
        if right not in has:
            line = ", ".join(f'"{each}"' for each in RIGHTS if each in {*has, right})
            raise Refused(
                f'user {peer.name} has no right "{right}" here; whoever answers for the footage writes below [people] '
                f"in torrazzo.toml: {peer.name} = [{line}], then starts the control room again"
            )
