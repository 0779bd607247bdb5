# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""LB-01, LB-02, MN-02, AC-06, LG-08: what ends soon, has ended or is missing on paper is an alarm, one for each."""

from dataclasses import replace

import pytest

from torrazzo.access.account import Account, Agreement, Designation
from torrazzo.access.camera_groups import CameraGroup
from torrazzo.access.log_reviews import LogReview
from torrazzo.base.ids import StreamId
from torrazzo.base.times import DAY, UtcTicks
from torrazzo.control_room.papers import Papers, lapsing
from torrazzo.health import Finding
from torrazzo.town.camera import Camera, StreamConfig, new_camera_id
from torrazzo.town.masks import Mask, Masks
from torrazzo.town.office import new_camera
from torrazzo.town.purpose import PurposeFile

NOW, TODAY = UtcTicks(20_000 * DAY), "2026-11-26"
WHOLE = PurposeFile(
    "urban-security", "G", "atto 1", "street", "patto 3/2025", "2099-01-01", "sì", "DPIA 1", "palo 1", "no", "vista"
)
NOTHING_HIDDEN = Masks(1, decided=NOW)
WINDOW = Mask(((0, 0), (0.5, 0), (0.5, 0.5)))


def camera(name: str, file: PurposeFile | None = WHOLE, masks: Masks | None = NOTHING_HIDDEN) -> Camera:
    id_ = new_camera_id()
    made = new_camera(id_, name, [StreamConfig(StreamId(id_, "main"), "rtsp://h/")])
    return replace(made, file=file, masks=masks)


def people_of(agreement: Agreement, suspended: UtcTicks | None = None) -> Account:
    act = Designation("1", "2026-01-01", "t", UtcTicks(NOW + 900 * DAY))
    return Account(
        "a" * 16, "gino.stato", "Gino", act, frozenset(), frozenset(), agreement, NOW, NOW, NOW, suspended, None
    )


def found(*cameras: Camera, agreement: Agreement | None = None, account: Account | None = None) -> list[Finding]:
    every = CameraGroup("g", "tutte", True, frozenset())
    agreements = [] if agreement is None else [agreement]
    return list(lapsing(Papers(cameras, [every], agreements, [] if account is None else [account], [], NOW, TODAY)))


@pytest.mark.parametrize(
    ("days", "code", "kind"),
    [(91, None, ""), (90, "agreement-ends", "90"), (8, "agreement-ends", "30"), (1, "agreement-ends", "7"),
     (0, "agreement-over", ""), (-5, "agreement-over", "")],
)  # fmt: skip
def test_an_agreement_that_ends_is_told_before_and_after(days: int, code: str | None, kind: str) -> None:
    """Ninety days before, anew at thirty and seven, and once it is over, as long as somebody's account hangs on it."""
    agreement = Agreement("p1", "protocol", "Questura", "7/2026", UtcTicks(NOW + days * DAY))
    told = found(agreement=agreement, account=people_of(agreement))
    assert [(each.code, each.place, each.kind) for each in told] == ([] if code is None else [(code, "p1", kind)])
    assert found(agreement=agreement, account=people_of(agreement, suspended=NOW)) == []


@pytest.mark.parametrize(
    ("until", "code"),
    [("2027-02-25", None), ("2027-02-24", "pact-ends"), ("2026-11-26", "pact-ends"), ("2026-11-25", "pact-over")],
)
def test_a_pact_of_many_cameras_is_one_notice(until: str, code: str | None) -> None:
    """LB-02: thirteen cameras hang on it; its last day still holds; what is not recorded is not counted."""
    file = WHOLE._replace(pact_until=until)
    told = found(*(camera(f"Via {at}", file) for at in range(13)))
    assert [(each.code, each.name) for each in told] == ([] if code is None else [(code, "patto 3/2025")])
    assert found(replace(camera("Via 1", file), enabled=False)) == []
    assert found(camera("Via 2", file._replace(purpose="property"))) == []


def test_what_a_recorded_camera_lacks_is_told() -> None:
    """Masks that nobody decided or that it has not, statements that are missing; of real, recorded ones alone."""
    bare = camera("Via Nuda", file=None)
    unmasked, unset = (
        camera("Via Aperta", masks=None),
        camera("Via Vista", masks=NOTHING_HIDDEN._replace(areas=(WINDOW,))),
    )
    told = found(bare, unmasked, unset, camera("Via Intera"))
    assert [(each.code, each.name, each.kind) for each in told] == [
        ("camera-file", "Via Nuda", ""),
        ("camera-masks", "Via Aperta", "undecided"),
        ("camera-masks", "Via Vista", "away"),
    ]
    assert told[0].values == {"count": 9}
    assert found(replace(bare, synthetic=True), replace(bare, enabled=False), replace(bare, removed=NOW)) == []


@pytest.mark.parametrize(
    ("since_person", "since_review", "is_told"),
    [(31, None, True), (30, None, False), (400, 31, True), (400, 30, False), (400, 0, False)],
)
def test_a_month_whose_log_nobody_reviewed_is_told(since_person: int, since_review: int | None, is_told: bool) -> None:
    """LG-08: 31 days after the review before, or after the first person; the review that is done ends it."""
    account = people_of(Agreement("p1", "protocol", "Questura", "7/2026", UtcTicks(NOW + 400 * DAY)))
    account = account._replace(created=UtcTicks(NOW - since_person * DAY), agreement=None)
    done = [] if since_review is None else [review(since_review), review(since_review + 90)]
    told = list(lapsing(Papers([], [], [], [account], done, NOW, TODAY)))
    assert [each.code for each in told] == (["log-review"] if is_told else [])
    assert list(lapsing(Papers([], [], [], [], [], NOW, TODAY))) == []


def review(days: int) -> LogReview:
    """Done so many days ago."""
    at = UtcTicks(NOW - days * DAY)
    return LogReview(1, "a" * 16, at, UtcTicks(at - 30 * DAY), at, 20, "in-order", "venti visioni, tutte motivate")
