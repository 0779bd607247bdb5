# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the law wants on paper, that ends soon, has ended or is missing (LB-01, LB-02, MN-02, AC-06, LG-08); pure."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from torrazzo.access.account import Account, Agreement
from torrazzo.access.camera_groups import CameraGroup
from torrazzo.access.log_reviews import EACH, LogReview
from torrazzo.base.times import DAY, UtcTicks
from torrazzo.health import Finding
from torrazzo.health.finding import TO_KNOW, TODAY
from torrazzo.law.activation import URBAN_SECURITY, has_group, missing
from torrazzo.town.camera import Camera

CODES = {"agreement": ("agreement-ends", "agreement-over"), "pact": ("pact-ends", "pact-over")}
STEPS = (7, 30, 90)  # days before an end; each is news, also to who has taken notice of the one before
PACT, MASKS = frozenset({"pact_over"}), frozenset({"masks", "masks_set"})


class Papers(NamedTuple):
    """As they are kept. `today`: the town's day, YYYY-MM-DD."""

    cameras: Sequence[Camera]
    groups: Sequence[CameraGroup]
    agreements: Sequence[Agreement]
    accounts: Sequence[Account]
    reviews: Sequence[LogReview]  # of the log, newest first
    now: UtcTicks
    today: str


def lapsing(papers: Papers) -> Iterator[Finding]:
    """Of agreements and pacts one alarm each, however many people and cameras hang on it; of cameras what they lack."""
    real = [each for each in papers.cameras if each.enabled and not each.synthetic and each.removed is None]
    yield from _agreements(papers)
    yield from _pacts(real, dt.date.fromisoformat(papers.today))
    yield from _review(papers)
    for camera in real:
        yield from _lacks(camera, papers)


def _agreements(papers: Papers) -> Iterator[Finding]:
    used = {each.agreement.id for each in papers.accounts if each.agreement is not None and each.suspended is None}
    for each in papers.agreements:
        if each.id in used:  # one on which nobody hangs any more may end
            days = (each.ends - papers.now) // DAY if each.ends > papers.now else -1
            yield from _ends("agreement", each.id, each.organisation, days)


def _pacts(cameras: Iterable[Camera], today: dt.date) -> Iterator[Finding]:
    until: dict[str, dt.date] = {}
    for camera in cameras:
        file = camera.file
        if file is not None and file.purpose == URBAN_SECURITY and file.pact and (day := _day(file.pact_until)):
            until[file.pact] = min(day, until.get(file.pact, day))
    for pact, last in until.items():
        yield from _ends("pact", pact[:120], pact, (last - today).days)


def _review(papers: Papers) -> Iterator[Finding]:
    """The first is due as long after the first person came as the next one after it."""
    begun = min((each.created for each in papers.accounts), default=papers.now)
    due = EACH + max((each.at for each in papers.reviews), default=begun)
    if papers.now >= due:
        yield Finding("log-review", priority=TO_KNOW, text="the month's review of the log was not done")


def _ends(what: str, place: str, name: str, days: int) -> Iterator[Finding]:
    """`days` until it ends; less than none: it has."""
    soon, over = CODES[what]
    if days < 0:
        yield Finding(over, place, name, TODAY, text=f"the {what} has ended")
        return
    step = next((most for most in STEPS if days <= most), None)
    if step is not None:
        priority = TODAY if step == STEPS[0] else TO_KNOW
        yield Finding(soon, place, name, priority, f"{step}", {"count": days}, f"it ends in {days} days")


def _lacks(camera: Camera, papers: Papers) -> Iterator[Finding]:
    lacks = set(missing(camera, papers.today, has_group=has_group(camera, papers.groups))) - PACT
    if lacks & MASKS:
        kind = "undecided" if "masks" in lacks else "away"
        text = "nobody has decided what it hides" if kind == "undecided" else "it has its masks not"
        yield Finding("camera-masks", camera.id, camera.name, TODAY, kind, text=text)
    if file := sorted(lacks - MASKS):
        text = f"its file lacks {', '.join(file)}"
        yield Finding("camera-file", camera.id, camera.name, TODAY, values={"count": len(file)}, text=text)


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
