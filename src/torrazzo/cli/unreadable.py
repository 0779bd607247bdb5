# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which cameras and hours nobody can look at while the ring does not open: all of which the catalogue tells."""

from collections.abc import Mapping
from typing import NamedTuple
from zoneinfo import ZoneInfo

from torrazzo.base.errors import TorrazzoError
from torrazzo.base.ids import StreamId
from torrazzo.base.spans import Span
from torrazzo.base.times import HOUR, UtcTicks
from torrazzo.town.home import Home

MOST_NAMED = 5


class Unreadable(NamedTuple):
    """What was recorded of one stream, of which the keys may still live: from its first picture to its last."""

    stream: StreamId
    span: Span


def unreadable(home: Home, now: UtcTicks) -> list[Unreadable]:
    """Nothing where there is no catalogue to ask."""
    from torrazzo.catalogue import Catalogue
    from torrazzo.keyring.trusted_time import LEGAL_HOURS

    life = Span(UtcTicks(max(0, now - LEGAL_HOURS * HOUR)), now)
    try:
        with Catalogue(home.catalogue_db) as catalogue:
            found = [(stream, catalogue.spans(stream, life)) for stream in catalogue.streams()]
    except (OSError, TorrazzoError):
        return []
    return [Unreadable(stream, Span(spans[0].start, spans[-1].end)) for stream, spans in found if spans]


def unreadable_text(found: list[Unreadable], names: Mapping[str, str], zone: ZoneInfo) -> str:
    """For people, behind what the keyring says; empty for nothing."""
    from torrazzo.cli.output import local_text

    if not found:
        return ""
    cameras = list(dict.fromkeys(names.get(str(each.stream.camera), str(each.stream.camera)) for each in found))
    more = f" and {len(cameras) - MOST_NAMED} more" if len(cameras) > MOST_NAMED else ""
    start, end = min(each.span.start for each in found), max(each.span.end for each in found)
    told = f"{local_text(start, zone)} to {local_text(end, zone)}"
    return f". Until then nobody can look at {', '.join(cameras[:MOST_NAMED])}{more}, {told}"
