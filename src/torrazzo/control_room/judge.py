# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is wrong with the town, from what its processes say; pure. Each code has words in the page, below `alarms`.

What somebody does wrong is told without a name: who asked for what is read in the log, by those who may (LG-05, WK-03).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple
from zoneinfo import ZoneInfo

from torrazzo.base.times import HOUR, SECOND, UtcTicks, local_from_ticks, with_local_times
from torrazzo.control_room.damaged import LAST, Damage, damages
from torrazzo.control_room.sayings import said
from torrazzo.control_room.state import CameraState, StreamState, TownState, is_away, witnesses_of
from torrazzo.health import ANYWHERE, Finding, Judged
from torrazzo.health.finding import AT_ONCE, TO_KNOW, TODAY, Key, Value

DELIBERATE = frozenset({"maintenance", "schedule", "mask"})  # gaps that somebody wanted
UNEXPECTED = frozenset({"hole", "disk", "clock", "restart", "keys", "codec"})  # that come and go unseen
LATE_GAPS = HOUR  # looked back
LEAST_GAP = SECOND
DAYS = ((1, AT_ONCE), (3, TODAY), (7, TO_KNOW))  # a disk is full in less
KEYS_HOURS = ((6, AT_ONCE), (24, TODAY))  # they last for less
ANCHOR_LATE = HOUR
ANCHOR_FAILURES = 3
MANY_REFUSED = 5  # different things, in ten minutes

# What the keyring says in words and we say by a code of our own.
_OURS = ("clock ", "no clock is believed", "the clocks do not agree")
_DIGITS = re.compile(r"[0-9]+(?:[.,][0-9]+)?")


class Ways(NamedTuple):
    """Of ways in, and of what was refused: how many, of nobody by name."""

    locked_out: int = 0  # accounts and addresses of which too many attempts failed
    refused: int = 0  # different things that were refused to people in the last ten minutes


def judge(
    state: TownState,
    anchors: Mapping[str, object] | None = None,
    ways: Ways = Ways(),  # noqa: B008 - a value
    papers: Iterable[Finding] = (),
) -> Judged:
    """`anchors` is what the ledger says of stamps; None: nothing. `papers`: what ends or is missing there."""
    unknown = set(_unknown(state, anchors))
    findings = [
        *_recorder(state),
        *(finding for camera in state.cameras for finding in _camera(camera, state, unknown)),
        *(finding for root in state.roots for finding in _disk(root)),
        *_keyring(state),
        *_clock(state),
        *_retention(state),
        *_ledger(state),
        *_anchors(anchors, state.now),
        *_town(state),
        *_ways(ways),
        *papers,
    ]
    once = {finding.key: finding for finding in findings}
    return Judged(tuple(once.values()), frozenset(unknown))


def _unknown(state: TownState, anchors: Mapping[str, object] | None) -> Iterator[Key]:
    if state.recorder != "running":
        yield from (("camera-lost", ANYWHERE), ("camera-permit", ANYWHERE), ("gap", ANYWHERE), ("keys-low", ANYWHERE))
        yield ("disk-failed", ANYWHERE)
    if state.said.keyring is None:
        yield from ((code, ANYWHERE) for code in ("clock", "clock-off", "clock-silent", "keyring"))
    if state.said.retention is None:
        yield from (
            (code, ANYWHERE) for code in ("retention-late", "room-waits", "retention", "disk-full", "disk-forecast")
        )
    if state.ledger != "running":
        yield from (
            (code, ANYWHERE)
            for code in ("witness-away", "witness-forgot", "ledger-file", "anchor-damaged", "fact-conflict")
        )
    if state.ledger == "starting":
        yield ("ledger-down", ANYWHERE)
    if anchors is None:
        yield ("anchor-late", ANYWHERE)


def _recorder(state: TownState) -> Iterator[Finding]:
    if state.recorder == "down":
        yield Finding("recorder-down", priority=AT_ONCE, text="the recorder does not answer")
    elif state.recorder_why is not None:
        values = said(state.recorder_why)
        yield Finding("recorder-waits", priority=AT_ONCE, values=values, text=state.recorder_why)


# -- cameras


def _camera(camera: CameraState, state: TownState, unknown: set[Key]) -> Iterator[Finding]:
    if not camera.enabled or state.recorder != "running":
        return
    lost = [each for each in camera.streams if each.state == "gap" and each.why not in DELIBERATE]
    if any(each.why == "permit" for each in lost):
        yield Finding("camera-permit", camera.id, camera.name, TODAY, text="its permission has lapsed")
        return
    if lost:
        yield _lost(camera, lost)
    elif any(each.state not in {"recording", "disabled", "gap"} for each in camera.streams):
        unknown |= {("camera-lost", camera.id), ("camera-permit", camera.id), ("gap", camera.id)}
    elif gaps := _late_gaps(camera, state.now):
        yield gaps


def _lost(camera: CameraState, lost: list[StreamState]) -> Finding:
    is_main = any(each.name == "main" for each in lost) or len(lost) == len(camera.streams)
    why = str(lost[0].why)
    kind = "away" if why in {"net", "nosignal", "hole"} else why
    values = {"why": why, "streams": ", ".join(each.name for each in lost)}
    text = f"not recorded ({values['streams']}): {why}"
    return Finding("camera-lost", camera.id, camera.name, AT_ONCE if is_main else TODAY, kind, values, text)


def _late_gaps(camera: CameraState, now: UtcTicks) -> Finding | None:
    """Footage that is missing although the camera was there: nobody has seen it go."""
    since = now - LATE_GAPS
    found = [
        (gap.end - gap.start, gap.why)
        for stream in camera.streams
        for gap in stream.gaps
        if gap.why in UNEXPECTED and gap.end is not None and gap.end > since
    ]
    if sum(length for length, _ in found) < LEAST_GAP:
        return None
    _, why = max(found)
    seconds = round(sum(length for length, _ in found) / SECOND, 1)
    values: dict[str, Value] = {"count": len(found), "why": why, "seconds": seconds}
    text = f"{len(found)} gaps in the last hour, {seconds} s: {why}"
    return Finding("gap", camera.id, camera.name, TO_KNOW, "", values, text)


# -- disks


def _disk(root: Mapping[str, object]) -> Iterator[Finding]:
    path = str(root.get("path"))
    if root.get("free") is None:
        yield Finding("disk-away", path, path, AT_ONCE, text="cannot be read")
        return
    if root.get("state") == "failed":
        error = str(root.get("error") or "")
        yield Finding("disk-failed", path, path, AT_ONCE, "", said(error), f"failed: {error}")
    days = root.get("days_left")
    if isinstance(days, int | float):
        for most, priority in DAYS:
            if days < most:
                text = f"full in about {days} days at today's rate"
                yield Finding("disk-forecast", path, path, priority, f"{most}", {"count": max(1, int(days))}, text)
                return


# -- keys, clocks, what should be gone


def _keyring(state: TownState) -> Iterator[Finding]:
    heard = state.said.keyring
    if heard is None and state.keyring_why is not None:
        values = said(state.keyring_why)
        yield Finding("keyring-refuses", priority=AT_ONCE, values=values, text=f"the keyring: {state.keyring_why}")
        return
    if heard is None:
        yield Finding("keyring-down", priority=AT_ONCE, text="the keyring does not answer: nothing is erased or shown")
        return
    hours = state.keys_hours_left
    for most, priority in KEYS_HOURS if hours is not None else ():
        if hours is not None and hours < most:
            text = f"keys last for {hours} more hours"
            yield Finding("keys-low", priority=priority, kind=f"{most}", values={"count": hours}, text=text)
            break
    known = set(_texts(state.said.retention, ZoneInfo(state.zone)))
    for text in state.alarms:
        if text not in known and not text.startswith(_OURS):
            yield Finding("keyring", _gist(text), priority=TODAY, values=said(text), text=text)


def _clock(state: TownState) -> Iterator[Finding]:
    heard = None if state.said.keyring is None else state.said.keyring.get("clock")
    if not isinstance(heard, dict):
        return
    offs = [each for each in heard.get("alarms", ()) if isinstance(each, dict)]
    if heard.get("agreed") is None and (offs or heard.get("latest") is None):
        kind = "none" if heard.get("latest") is None else "differ"
        yield Finding("clock", priority=AT_ONCE, kind=kind, text="the clocks do not agree, or none is believed")
    for each in offs:
        name, off = str(each.get("clock")), each.get("off")
        seconds = round(off / SECOND, 1) if isinstance(off, int) else None
        if seconds is None:
            yield Finding("clock-silent", name, name, TODAY, text=f"clock {name} is silent")
        else:
            text = f"clock {name} is off by {seconds} s"
            yield Finding("clock-off", name, name, TODAY, "", {"seconds": seconds}, text)


def _retention(state: TownState) -> Iterator[Finding]:
    heard = state.said.retention
    alarms = None if heard is None else heard.get("alarms")
    for name, told in alarms.items() if isinstance(alarms, dict) else ():
        word, _, path = str(name).partition(" ")
        text = with_local_times(str(told), ZoneInfo(state.zone))
        values = said(text)
        if word in {"retention-late", "room-waits"}:
            yield Finding(word, priority=AT_ONCE, values=values, text=text)
        elif word == "disk-full" and "nearly full" in text:
            yield Finding("disk-full", path, path, AT_ONCE, "", values, text)
        elif word.startswith("retention-"):
            yield Finding("retention", word.removeprefix("retention-"), "", TODAY, "", values, text)


def _texts(retention: Mapping[str, object] | None, zone: ZoneInfo) -> Iterable[str]:
    """That stand among the keyring's too."""
    alarms = None if retention is None else retention.get("alarms")
    return (with_local_times(str(each), zone) for each in alarms.values()) if isinstance(alarms, dict) else ()


# -- ledger, and those who look at it


def _ledger(state: TownState) -> Iterator[Finding]:
    if state.ledger in {"down", "refused"}:
        values = {"why": state.ledger_why or ""}
        text = state.ledger_why or "the ledger does not answer: facts wait, nobody looks"
        yield Finding("ledger-down", priority=AT_ONCE, kind=state.ledger, values=values, text=text)
    for each in witnesses_of(state.said.ledger):
        name = str(each.get("name"))
        if is_away(each):
            values = {"why": str(each.get("why") or "")}
            yield Finding("witness-away", name, name, TODAY, "", values, "has signed nothing for a minute or more")
        if each.get("forgot") is True:
            yield Finding("witness-forgot", name, name, AT_ONCE, text="has forgotten heads that it had signed")
    names = {str(camera.id): camera.name for camera in state.cameras}
    yield from _contested(state, names)
    for damage in damages(state.said.ledger, names, state.zone):
        place, text = damage.place, damage.text
        if damage.is_stamp:
            yield Finding("anchor-damaged", place, place, TODAY, values=said(text), text=text)
        else:
            yield Finding("ledger-file", place, place, TODAY, values=_of_file(damage), text=text)


def _of_file(damage: Damage) -> dict[str, Value]:
    """Also for who does not have to do with all of its cameras."""
    about = {"named": ", ".join(damage.named), "at": ", ".join(damage.times)}
    return {**about, "entries": damage.entries, "plain": damage.plain, "cameras": ",".join(damage.cameras)}


def _contested(state: TownState, names: Mapping[str, str]) -> Iterator[Finding]:
    """Whoever writes facts anew under numbers that are taken changes what was recorded, or has two recorders run."""
    heard = (state.said.ledger or {}).get("contested")
    for stream, at in heard.items() if isinstance(heard, dict) else ():
        camera = str(stream).partition("/")[0]
        if isinstance(at, int) and 0 <= at < LAST:
            when = local_from_ticks(UtcTicks(at), ZoneInfo(state.zone))
            text = f"another fact came for a time that has one in the ledger, and was not entered: {when}"
            yield Finding("fact-conflict", camera, names.get(camera, camera), AT_ONCE, values={"at": when}, text=text)


def _anchors(said: Mapping[str, object] | None, now: UtcTicks) -> Iterator[Finding]:
    silent = None if said is None else said.get("silent")
    for each in silent if isinstance(silent, list) else ():
        since, failures = each.get("since"), each.get("failures")
        if not isinstance(since, int) or not isinstance(failures, int):
            continue
        if now - since >= ANCHOR_LATE and failures >= ANCHOR_FAILURES:
            name, values = str(each.get("authority")), {"why": str(each.get("why") or "")}
            yield Finding("anchor-late", name, name, TODAY, "", values, f"no stamp for an hour: {values['why']}")


# -- the town's own


def _town(state: TownState) -> Iterator[Finding]:
    for text in state.settings_wrong:
        yield Finding("settings", _gist(text), priority=TODAY, values=said(text), text=text)
    if state.missing is not None:
        yield Finding("books", priority=AT_ONCE, values=said(state.missing), text=state.missing)


def _ways(ways: Ways) -> Iterator[Finding]:
    if ways.locked_out:
        text = f"{ways.locked_out} accounts or addresses are locked out after wrong passwords or codes"
        yield Finding("locked-out", priority=TODAY, values={"count": ways.locked_out}, text=text)
    if ways.refused >= MANY_REFUSED:
        text = f"{ways.refused} things were refused in ten minutes"
        yield Finding("refusals", priority=TODAY, values={"count": ways.refused}, text=text)


def _gist(text: str) -> str:
    """Of a text whose numbers change while it lasts: the same for as long as it is the same thing."""
    return _DIGITS.sub("#", text)[:120]
