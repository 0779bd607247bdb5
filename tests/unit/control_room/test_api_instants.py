# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later

import pytest

from torrazzo.base.errors import Invalid
from torrazzo.base.times import SECOND
from torrazzo.control_room.api.instants import instant


@pytest.mark.parametrize("text", ["2026-11-24T22:00:00Z", "2026-11-24T23:00:00+01:00", "2026-11-24T21:30-00:30"])
def test_a_moment_is_the_same_with_any_offset(text: str) -> None:
    """Written with Z or an offset, or as ticks."""
    assert instant(text) == instant(str(1_795_557_600 * SECOND))


@pytest.mark.parametrize(
    "text",
    ["2026-11-24T22:00:00+91:58", "2026-11-24T22:00:00-24:00", "2026-11-24T25:00:00Z", "0000-01-01T00:00:00Z",
     "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "²", "٣", "9" * 5000, "-1", "", "boh"],
)  # fmt: skip
def test_what_is_no_moment_is_refused(text: str) -> None:
    """As a fault of who asks, whatever the calendar or Python says of it: never as one of ours."""
    with pytest.raises(Invalid):
        instant(text)
