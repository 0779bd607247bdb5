# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A window through which keys go into the vault, and to nobody who reads."""

from collections.abc import Sequence

from torrazzo.access.book import Given
from torrazzo.access.window import RENEWED, Window
from torrazzo.base.errors import Refused
from torrazzo.base.ids import SegmentId
from torrazzo.keyring.answer import Denied
from torrazzo.ledger.identity import EntryName


class Holding(Window):
    """Its closing fact tells what the vault was given."""

    @property
    def hold(self) -> EntryName:
        """Its own name if it was not renewed yet: that is what the hold is called."""
        return EntryName(self._book.log_of(self.deed), self.number)

    def put(self, segments: Sequence[SegmentId], sealed: bytes) -> None:
        """Keys of segments of one stream, term and key: safe in the vault, and noted, on return."""
        self.keep_open()
        entered = self._entered
        try:
            spans = self._gate.hold(entered.opened, segments, sealed)
        except Denied as error:
            if error.reason not in RENEWED:
                raise
            entered = self._renewed(entered)
            spans = self._gate.hold(entered.opened, segments, sealed)
        self._book.give(entered.deed, (Given(one, spans[one.n]) for one in segments))
        if self._is_closed:
            raise Refused("this hold's window was closed meanwhile; place it again")
