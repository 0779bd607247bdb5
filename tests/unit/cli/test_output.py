# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What commands write of times."""

from zoneinfo import ZoneInfo

import pytest

from torrazzo.cli.output import key_told, local_told

ROME = ZoneInfo("Europe/Rome")


@pytest.mark.parametrize(
    ("utc", "local"),
    [
        ("2026-11-24T22:04:41.250Z", "2026-11-24 23:04:41+01:00"),
        ("2026-10-25T00:30:00.000Z", "2026-10-25 02:30:00+02:00"),
        ("2026-10-25T01:30:00.000Z", "2026-10-25 02:30:00+01:00"),
    ],
)
def test_what_a_process_tells_in_utc_is_shown_as_the_towns_time(utc: str, local: str) -> None:
    """A table says when by the town's clock, and with which offset: an hour may happen twice."""
    assert local_told(utc, ROME) == local


def test_a_keys_hour_is_shown_as_the_towns_time() -> None:
    """Its name is in UTC, which nobody reads off a wall."""
    assert key_told("2026112422/standard", ROME) == "2026-11-24 23:00:00+01:00 (standard)"
