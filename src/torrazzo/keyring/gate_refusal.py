# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why the keyring gives no key, for programs and for people."""

from enum import StrEnum
from typing import NamedTuple

from torrazzo.base.ids import StreamId
from torrazzo.base.times import UtcTicks, iso_from_ticks


class Reason(StrEnum):
    """What a `refuse` fact has in `why`, and an error in `reason`."""

    # the request itself
    INVALID = "invalid"  # not in its form
    # its heads
    HEAD_FORGED = "head-forged"  # not signed by the log
    HEAD_UNCOSIGNED = "head-uncosigned"  # not (yet) cosigned as the policy demands
    HEAD_LOG = "head-log"  # of another log, or another town's
    HEAD_UNKNOWN = "head-unknown"  # the keyring has never been told which head to begin with
    HEAD_STALE = "head-stale"  # smaller than one that was seen: ask anew, from the size that the error names
    HEAD_FORK = "head-fork"  # not shown to be a continuation of the one that was seen
    # its window
    UNPROVEN = "unproven"  # a fact is not in the log where it is said to be
    KIND = "kind"  # a fact of another kind stands where one is expected
    ORDER = "order"  # facts name each other in another order than they were written in
    CLOCK = "clock"  # no clock is believed now
    EARLY = "early"  # the window's time has not come yet: the ledger's clock is ahead of the keyring's
    EXPIRED = "expired"  # its 15 minutes are over
    RESTARTED = "restarted"  # it was opened before the keyring started: open a new one
    CLOSED = "closed"  # a closing fact was shown
    BIND = "bind"  # whoever asks does not hold the window's token
    PERSON = "person"  # one person only, or not the one who may make it
    # its segments
    SEGMENT = "segment"  # a segment is not in `rec` where it is said to be, or the fact is none of a segment
    MIXED = "mixed"  # segments of several streams, terms or keys, or one twice
    STREAM = "stream"  # another camera or stream than the window's
    SPAN = "span"  # not within the window's span
    KEY = "key"  # its hour is not that of its key, or its class has no life in the rules
    CONTENT = "content"  # older than it may be


ALARMS = frozenset({Reason.HEAD_FORGED, Reason.HEAD_LOG, Reason.HEAD_FORK, Reason.CLOCK})


class Refusal(NamedTuple):
    """No key."""

    reason: Reason
    text: str
    stream: StreamId | None = None  # whose pictures were asked for, as the request says, proven or not
    at: UtcTicks | None = None  # where they begin
    log: str | None = None  # rec, act: whose head it is about

    @property
    def asked(self) -> str:
        """Both in words; nothing where they are not known."""
        return "" if self.stream is None or self.at is None else f"{self.stream} {iso_from_ticks(self.at)}"

    @property
    def is_alarm(self) -> bool:
        """Whether people are told at once: no reader comes here by mistake."""
        return self.reason in ALARMS


class Refuse(Exception):
    """Carries a refusal to the one place where it becomes a decision."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.refusal = Refusal(reason, text)
