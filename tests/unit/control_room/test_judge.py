# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is wrong, from what the processes say: each thing by its code and place, nothing where all is well."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.tree import ROOT
from torrazzo.base.ids import CameraId, StreamId
from torrazzo.base.times import HOUR, SECOND, UtcTicks
from torrazzo.control_room.judge import Ways, judge
from torrazzo.control_room.papers import CODES
from torrazzo.control_room.state import GapState, TownState, town_state
from torrazzo.health import Finding
from torrazzo.town.camera import StreamConfig
from torrazzo.town.home import Home, new_settings
from torrazzo.town.office import new_camera

NOW = UtcTicks(161_592_408_450_000)
CAMERA = CameraId("3f9a1c0e5b7d2264")
RECORDER: Mapping[str, Any] = {
    "streams": {f"{CAMERA}/main": {"state": "recording", "last_frame": NOW}},
    "roots": [], "keys_hours_left": 47, "queue_seconds": 0.1, "facts_waiting_for_ledger": 0,
}  # fmt: skip
LEDGER: Mapping[str, Any] = {"state": "running", "waiting": 0, "witnesses": [{"name": "provincia", "away_s": None}]}
KEYRING: Mapping[str, Any] = {
    "level": "tpm", "alarms": [], "clock": {"trusted": ["chrony"], "latest": NOW, "agreed": NOW, "alarms": []},
}  # fmt: skip
RETENTION: Mapping[str, Any] = {"v": 1, "classes": [], "due": [], "disks": [], "alarms": {}}
ANCHORS: Mapping[str, Any] = {"silent": []}


def town(
    recorder: Mapping[str, Any] | None = RECORDER,
    ledger: Mapping[str, Any] | None = LEDGER,
    keyring: Mapping[str, Any] | None = KEYRING,
    retention: Mapping[str, Any] | None = RETENTION,
    gaps: tuple[GapState, ...] = (),
) -> TownState:
    settings = new_settings(Home(Path("town")), "Cremona")
    stream = StreamConfig(StreamId(CAMERA, "main"), "rtsp://192.0.2.1/main", transport="tcp")
    camera = new_camera(CAMERA, "Via Dante", [stream], place="Cremona")
    state = town_state(settings, [camera], recorder, lambda *_: gaps, NOW, ledger).with_keyring(keyring)
    return replace(state, said=state.said._replace(retention=retention))


def found(state: TownState, **more: Any) -> list[Finding]:
    return list(judge(state, **{"anchors": ANCHORS, **more}).findings)


def codes(state: TownState, **more: Any) -> list[tuple[str, str]]:
    return [finding.key for finding in found(state, **more)]


def stream(**said: Any) -> Mapping[str, Any]:
    return {**RECORDER, "streams": {f"{CAMERA}/main": said}}


def test_nothing_is_wrong_with_a_town_that_is_well() -> None:
    """No finding, and nothing that is not known."""
    assert judge(town(), ANCHORS) == judge(town(), ANCHORS)
    assert judge(town(), ANCHORS).findings == ()
    assert judge(town(), ANCHORS).unknown == frozenset()


@pytest.mark.parametrize("why", ["net", "nosignal", "auth", "codec", "disk", "a cause of a later version"])
def test_a_camera_that_is_lost_has_its_place_and_cause(why: str) -> None:
    """With the camera's name; what cannot be reached is one kind, whatever the words."""
    (finding,) = found(town(stream(state="gap", why=why)))
    assert (finding.code, finding.place, finding.name, finding.priority) == ("camera-lost", CAMERA, "Via Dante", 1)
    assert finding.values["why"] == why
    assert finding.kind == ("away" if why in {"net", "nosignal"} else why)


def test_what_somebody_wanted_is_no_alarm() -> None:
    """Maintenance, hours, a mask; a permission that lapsed is told as that."""
    for why in ("maintenance", "schedule", "mask"):
        assert codes(town(stream(state="gap", why=why))) == []
    assert codes(town(stream(state="gap", why="permit"))) == [("camera-permit", CAMERA)]


def test_of_a_camera_that_connects_nothing_is_known() -> None:
    """It is neither lost nor back."""
    judged = judge(town(stream(state="connecting")), ANCHORS)
    assert judged.findings == ()
    assert judged.is_unknown("camera-lost", CAMERA)


def test_footage_that_went_missing_unseen_is_told() -> None:
    """Gaps of the last hour with causes that nobody saw; not those of a camera that was away, nor old ones."""
    gap = GapState(UtcTicks(NOW - 600 * SECOND), UtcTicks(NOW - 590 * SECOND), "hole")
    (finding,) = found(town(gaps=(gap,)))
    assert (finding.key, finding.priority, finding.values) == (
        ("gap", CAMERA),
        3,
        {"count": 1, "why": "hole", "seconds": 10.0},
    )
    old = replace(gap, start=UtcTicks(NOW - 2 * HOUR), end=UtcTicks(NOW - HOUR))
    assert codes(town(gaps=(old, replace(gap, why="net"), replace(gap, why="schedule")))) == []


def test_while_the_recorder_is_away_nobody_knows_of_cameras() -> None:
    """One alarm for all of them; those that there were are not over."""
    judged = judge(town(None), ANCHORS)
    assert [finding.key for finding in judged.findings] == [("recorder-down", "")]
    assert judged.is_unknown("camera-lost", CAMERA)
    waits = judge(town({**RECORDER, "waits": "no plan"}), ANCHORS)
    assert [finding.key for finding in waits.findings] == [("recorder-waits", "")]
    assert waits.is_unknown("camera-lost", CAMERA)


@pytest.mark.parametrize(("days", "priority"), [(0.4, 1), (2.4, 2), (6.9, 3), (7.0, None), (None, None)])
def test_a_disk_that_fills_up_is_told_days_before(days: float | None, priority: int | None) -> None:
    """The sooner, the more urgent."""
    root = {"path": "/srv/video1", "state": "ok", "free": 10**9, "days_left": days}
    findings = found(town().with_roots([root]))
    assert [finding.priority for finding in findings] == ([] if priority is None else [priority])


def test_disks_that_fail_or_are_away_are_told_by_their_path() -> None:
    """Each its own."""
    roots: list[Mapping[str, Any]] = [
        {"path": "/srv/video1", "state": "failed", "error": "I/O error", "free": 10**9},
        {"path": "/srv/video2", "state": "ok", "free": None},
    ]
    assert codes(town().with_roots(roots)) == [("disk-failed", "/srv/video1"), ("disk-away", "/srv/video2")]


def test_clocks_that_do_not_agree() -> None:
    """All of them together, and each that is off or silent."""
    clock = {"latest": NOW, "agreed": None, "alarms": [{"clock": "chrony", "off": 3 * SECOND}]}
    findings = found(town(keyring={**KEYRING, "clock": clock, "alarms": ["clock chrony is off by 3.0 s"]}))
    assert [(each.code, each.kind) for each in findings] == [("clock", "differ"), ("clock-off", "")]
    assert findings[1].values == {"seconds": 3.0}
    none: Mapping[str, Any] = {"latest": None, "agreed": None, "alarms": []}
    assert [each.kind for each in found(town(keyring={**KEYRING, "clock": none}))] == ["none"]


def test_a_keyring_that_is_away_or_runs_out() -> None:
    """Down; hours that are left; what it says in words once, whatever the numbers in it, and nothing of retention's."""
    assert codes(town(keyring=None)) == [("keyring-down", "")]
    assert judge(town(keyring=None), ANCHORS).is_unknown("clock", "")
    refused = town(keyring=None).with_keyring(None, "ring-2: it was shredded")
    assert [(each.code, each.values) for each in found(refused)] == [("keyring-refuses", {"said": "other"})]
    (low,) = found(town({**RECORDER, "keys_hours_left": 5}))
    assert (low.code, low.priority, low.values) == ("keys-low", 1, {"count": 5})
    late = "3 keys should be gone, the oldest of 2026-11-19T10:00:00Z: no ledger"
    said = {**KEYRING, "alarms": ["head of act: 17 entries are not there", late]}
    retention = {**RETENTION, "alarms": {"retention-late": late}}
    first = codes(town(keyring=said, retention=retention))
    assert sorted(code for code, _ in first) == ["keyring", "retention-late"]
    again = {**said, "alarms": ["head of act: 18 entries are not there", late]}
    assert codes(town(keyring=again, retention=retention)) == first


def test_the_ledger_and_who_looks_at_it() -> None:
    """Down, refused; a witness by its name; stamps that do not come for an hour."""
    assert codes(town(ledger=None)) == [("ledger-down", "")]
    assert codes(town(ledger={"state": "refused", "why": "files differ"})) == [("ledger-down", "")]
    assert codes(town(ledger={"state": "starting"})) == []
    away = {"name": "provincia", "away_s": 61.0, "why": "refused"}
    assert codes(town(ledger={**LEDGER, "witnesses": [away, {"name": "procura", "forgot": True}]})) == [
        ("witness-away", "provincia"),
        ("witness-forgot", "procura"),
    ]
    silent = {"authority": "aruba", "since": NOW - HOUR, "failures": 3, "why": "503"}
    assert codes(town(), anchors={"silent": [silent]}) == [("anchor-late", "aruba")]
    assert codes(town(), anchors={"silent": [{**silent, "since": NOW - HOUR + 1}]}) == []


def test_files_of_the_ledger_that_are_damaged() -> None:
    """Each by its place, with the camera's name and the town's time; a stamp by its file; for the page and `status`."""
    file = {"log": "rec", "file": "tile/entries/000", "first": 3, "last": 3, "streams": f"{CAMERA}/main",
            "from": NOW, "to": None, "what": "…"}  # fmt: skip
    stamp = {"file": "act-42.aruba.tst", "what": "its hash is another one"}
    state = town(ledger={**LEDGER, "damaged": {"files": [file], "anchors": [stamp]}})
    assert codes(state) == [("ledger-file", "rec/tile/entries/000"), ("anchor-damaged", "act-42.aruba.tst")]
    assert "entries 3 to 3 of the ledger cannot be shown or proven (Via Dante, 2026-" in state.damaged[0]
    assert "+01:00" in state.damaged[0] or "+02:00" in state.damaged[0]
    assert state.all_alarms == state.damaged


def test_another_fact_for_a_time_that_has_one_is_told_with_camera_and_time() -> None:
    """At once: that is rewritten footage, or two recorders. Nonsense is no alarm."""
    (finding,) = found(
        town(ledger={**LEDGER, "contested": {f"{CAMERA}/main": NOW, "gone/main": "x", "far/main": 2**60}})
    )
    assert (finding.code, finding.place, finding.name, finding.priority) == ("fact-conflict", CAMERA, "Via Dante", 1)
    assert str(finding.values["at"]).startswith("2026-")
    assert judge(town(ledger=None), ANCHORS).is_unknown("fact-conflict", CAMERA)


def test_ways_in_are_told_without_names() -> None:
    """How many are locked out, how much was refused; who it was stands in the log (LG-05, WK-03)."""
    assert codes(town(), ways=Ways(1, 4)) == [("locked-out", "")]
    findings = found(town(), ways=Ways(0, 5))
    assert [(each.key, each.values) for each in findings] == [(("refusals", ""), {"count": 5})]


def test_files_that_people_write_and_books() -> None:
    """What is wrong with settings, and who looked that nobody can tell."""
    state = replace(town(), settings_wrong=("policy: differs",), missing="1 fact")
    assert [code for code, _ in codes(state)] == ["settings", "books"]


def test_a_camera_that_is_suspended_is_no_alarm() -> None:
    """By us: nobody has to look at it."""
    state = town(stream(state="gap", why="net"))
    (camera,) = state.cameras
    assert codes(replace(state, cameras=(replace(camera, enabled=False),))) == []


def test_every_code_has_words_in_both_languages() -> None:
    """What a judge finds the page can say, in Italian and English; and it has no words for what nobody finds."""
    files = (ROOT / "src/torrazzo/control_room" / name for name in ("judge.py", "papers.py", "attended.py"))
    source = "".join(file.read_text("utf-8") for file in files)
    written = set(re.findall(r'Finding\(\s*"([a-z-]+)"', source)) | {"cameras-lost", "gaps"}
    written |= {"retention-late", "room-waits", *CODES["agreement"], *CODES["pact"]}
    assert len(written) > 20
    for language in ("it", "en"):
        words = json.loads((ROOT / f"web/src/i18n/{language}.json").read_text("utf-8"))["alarms"]["codes"]
        assert {re.sub("(_(one|many|other)|-stream)$", "", word) for word in words} == written
