# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What commands write of times."""

from zoneinfo import ZoneInfo

import pytest

from torrazzo.base.times import with_local_times
from torrazzo.cli import auditor
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


def test_times_in_what_processes_say_are_told_as_the_towns() -> None:
    """Wherever they stand; what only looks like one is left as it is."""
    said = "2 keys should be gone, the oldest of 2026-11-17T21:00:00.000Z: no ledger; 2026-13-40T00:00:00.000Z"
    told = "2 keys should be gone, the oldest of 2026-11-17 22:00:00+01:00: no ledger; 2026-13-40T00:00:00.000Z"
    assert with_local_times(said, ROME) == told


def test_a_witness_and_an_auditor_tell_times_with_their_offset(capsys: pytest.CaptureFixture[str]) -> None:
    """Of what they have cosigned and found, in the zone that a new town has."""
    logs: dict[str, dict[str, object]] = {"a/rec": {"size": 3, "cosigned": 1_795_560_000, "contradictions": 0}}
    finding = {"number": 1, "notice": False, "text": "R7 act, 2026-11-17T21:00:00.000Z: late", "proofs": []}
    audited = {"logs": {kind: {"origin": f"a/{kind}", "size": 3} for kind in ("rec", "act")}, "trouble": None}
    silence = {"from": "2026-07-17T21:00:00.000Z", "to": None, "why": "away"}
    auditor._show({"logs": logs, "audited": audited, "findings": [finding], "silences": [silence]})
    said = capsys.readouterr().out
    assert "cosigned 2026-11-24 23:40:00+01:00" in said
    assert "1: R7 act, 2026-11-17 22:00:00+01:00: late" in said
    assert "Silence from 2026-07-17 23:00:00+02:00 to now: away" in said
