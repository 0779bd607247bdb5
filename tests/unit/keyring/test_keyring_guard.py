# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The gate as it runs: over a folder, a ledger that comes and goes, and clocks that people set."""

from pathlib import Path

import pytest

from tests.tools.gated import SEGMENT_KEY, Gated, serving
from torrazzo.keyring.answer import Denied
from torrazzo.keyring.client import KeyClient
from torrazzo.keyring.gate_refusal import Reason


def test_a_window_in_the_ledger_opens_its_segments(tmp_path: Path) -> None:
    """Through socket and client: the keys of a window's segments, and none after it is closed."""
    gated = Gated(tmp_path)
    request = gated.view()
    with serving(gated):
        client = KeyClient(gated.home.path)
        assert client.window_keys(request) == {1: SEGMENT_KEY}
        client.close(gated.closing(request.window.number))
        with pytest.raises(Denied) as denied:
            client.window_keys(gated.request(request.window.number, [request.segments[0].number]))
        assert denied.value.reason == Reason.CLOSED
        heads = client.status().heads.act.head
        assert heads is not None
        assert heads.size == len(gated.town.act.entries)
    gated.turn()
    assert [(fact["why"], fact["of"], fact["count"]) for fact in gated.told("refuse")] == [
        ("closed", request.window.number, 1)
    ]
