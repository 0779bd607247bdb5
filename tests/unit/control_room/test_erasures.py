# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""An hour of a camera erased early through the people's socket: asked by one, approved by another."""

from pathlib import Path

import pytest

from tests.tools.held_town import OTHER, held_town
from tests.tools.ledger_process import until
from tests.tools.look_town import STRANGER
from torrazzo.base.errors import TorrazzoError
from torrazzo.base.times import HOUR, UtcTicks, hour_of, iso_from_ticks
from torrazzo.testing.clock import START


def test_asked_by_one_approved_by_another(tmp_path: Path) -> None:
    """Nothing goes before another person with the right has approved; then nobody can look at it any more."""
    with held_town(tmp_path) as town:
        town.pass_time(3 * 3_600)
        said = {"camera": "Piazza", "hour": iso_from_ticks(UtcTicks(hour_of(START) * HOUR)), "reason": "ordine"}
        said |= {"ground": "unlawful-capture", "reference": "verbale 12/2026"}
        assert town.socket(STRANGER).ask("POST", "/erasures", said).status == 409
        for hour in (iso_from_ticks(UtcTicks(START + 60 * 90_000)), iso_from_ticks(town.clock.utc())):
            assert town.socket().ask("POST", "/erasures", {**said, "hour": hour}).status == 400
        for missing in ({"ground": "wish"}, {"ground": None}, {"reference": ""}):
            assert town.socket().ask("POST", "/erasures", {**said, **missing}).status == 400, missing
        number = town.said(town.socket().ask("POST", "/erasures", said))["number"]
        advised = {"opinion": "favorevole, prot. 91 del 26 novembre 2026"}
        assert town.socket().ask("POST", f"/erasures/{number}/approve", {"reason": "io", **advised}).status == 409
        assert town.socket(OTHER).ask("POST", f"/erasures/{number}/approve", {"reason": "visto"}).status == 400
        assert town.pictures()
        approved = town.socket(OTHER).ask("POST", f"/erasures/{number}/approve", {"reason": "visto", **advised})
        assert town.said(approved) == {"number": number, "kept": 0}
        with pytest.raises(TorrazzoError):
            town.pictures()
        until(lambda: town.acts("rekey"))
        assert [act.values["of"] for _, act in town.acts("rekey")] == [entry for entry, _ in town.acts("approve")]
