# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""An hour that the package says was erased early: told as ordered where the history holds it, as claimed elsewhere."""

import json
from pathlib import Path

import pytest

from tests.tools.archived import POLICY, Archived, archived
from tests.tools.dossier import files_of, pack
from tests.tools.recording import STREAM, Recording
from torrazzo.archive.fact import parse_fact
from torrazzo.base.times import HOUR, SECOND, UtcTicks
from torrazzo.testing import ClipSpec, make_clip
from torrazzo.testing.clock import START
from torrazzo_verify.verify import OPEN, TOLD, Finding, parse_policy, verify, when

PO = "00c0ffee00c0ffee/main"
EDGE = (START // HOUR + 1) * HOUR  # the recording begins 20 s before
HOUR_OF = EDGE // HOUR - 1


def _film(made: Recording) -> None:
    made.shoot(make_clip(ClipSpec(width=160, height=120, frames=100)), 40)


def _told(made: Archived, out: Path) -> list[Finding]:
    """What is said of the erasure."""
    found: list[Finding] = []
    path = made.package(made.asked(2, 39), out)
    assert verify(str(path), parse_policy(POLICY.pack()), found.append) == 0
    return [each for each in found if each.code.startswith("erased-")]


@pytest.mark.parametrize("late", [0, SECOND // 50])
def test_an_erasure_is_told_as_ordered_where_two_people_ordered_it(late: int, tmp_path: Path) -> None:
    """One person alone, another camera or hour, or an order that was not carried out prove nothing of this one.

    The last picture of an hour may end in the next one: that is no part of it that nobody ordered.
    """
    cameras = [("duomo", str(STREAM), _film), ("po", PO, _film)]
    with archived(tmp_path, cameras, UtcTicks(EDGE - 20 * SECOND + late)) as made:
        made.enter()
        facts = [parse_fact(told.fact) for told in made.filmed[1].made.deliveries]
        first = {fact.n for fact in facts if fact.kind == "seg" and fact.t0 < EDGE}
        made.rings.gone = lambda stream, n: "erased" if str(stream) == PO and n in first else None
        made.erase(PO, HOUR_OF, by="anna")
        made.erase(str(STREAM), HOUR_OF)
        made.erase(PO, HOUR_OF + 1)
        made.erase(PO, HOUR_OF, done=False)
        (claimed,) = _told(made, tmp_path / "1.asice")
        assert (claimed.level, claimed.code, claimed.camera) == (OPEN, "erased-claimed", PO)
        assert (claimed.time, claimed.values) == (made.start, (when(EDGE),))
        made.erase(PO, HOUR_OF)
        (ordered,) = _told(made, tmp_path / "2.asice")
        assert (ordered.level, ordered.code, ordered.camera) == (TOLD, "erased-ordered", PO)
        assert (ordered.time, ordered.values[0]) == (made.start, when(EDGE))
        lines = files_of(tmp_path / "2.asice")["history.jsonl"].splitlines()
        kinds = [json.loads(lines[int(number) - 1])["kind"] for number in ordered.values[1:]]
        assert kinds == ["ask", "approve", "rekey"]


def test_an_order_that_is_not_in_the_log_orders_nothing(tmp_path: Path) -> None:
    """The same entries, without one's proof: that fails, and the erasure is only claimed. So is what lies beyond."""
    with archived(tmp_path, [("po", PO, _film)], UtcTicks(EDGE - 20 * SECOND)) as made:
        made.enter()
        made.erase(PO, HOUR_OF)
        files = files_of(made.package(made.asked(2, 15), tmp_path / "1.asice"))
        left_out = {"stream": PO, "from": EDGE - 2 * HOUR, "to": EDGE, "why": "erased"}
        later = {**left_out, "from": EDGE - HOUR, "to": EDGE + SECOND}
        manifest = json.loads(files["manifest.json"]) | {"left_out": [left_out, later]}
        files["manifest.json"] = json.dumps(manifest).encode()
        (tmp_path / "2.asice").write_bytes(pack(files))
        del files["proofs/history/2.tlog-proof"]
        (tmp_path / "3.asice").write_bytes(pack(files))
        said = []
        for number, code in ((2, 0), (3, 1)):
            found: list[Finding] = []
            assert verify(str(tmp_path / f"{number}.asice"), parse_policy(POLICY.pack()), found.append) == code
            said.append([(each.code, each.time) for each in found if each.code.startswith("erased-")])
        both = [("erased-claimed", EDGE - 2 * HOUR), ("erased-ordered", EDGE - HOUR), ("erased-ordered", EDGE - HOUR)]
        both += [("erased-claimed", EDGE)]
        assert said == [both, [("erased-claimed", EDGE - 2 * HOUR), ("erased-claimed", EDGE - HOUR)]]
