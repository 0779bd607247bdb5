# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo status`: the town at a glance."""

from collections.abc import Iterator, Mapping, Sequence

import typer

from torrazzo.base.errors import TorrazzoError, Unavailable
from torrazzo.cli.exits import FOUND, UNAVAILABLE
from torrazzo.cli.options import HomeOption, JsonOption
from torrazzo.cli.output import write_json, write_table
from torrazzo.cli.process_options import find_home
from torrazzo.control_room.client import ControlRoom
from torrazzo.control_room.html import LEVELS
from torrazzo.control_room.words import WORDS, age_text, bytes_text
from torrazzo.town.home import Home, load_settings

# The supervisor waits for ends, and asks nobody whether he is well.
AGAIN = (
    "One that ended `torrazzo serve` has started again within seconds; one that hangs it leaves: see its log, kill it."
)


def status(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """State of every camera; exit code 0 when all record as declared, 1 when not or at an alarm, 4 when none runs."""
    place = find_home(home)
    load_settings(place)
    state, is_served = read_state(place)
    state = _with_missing(place, state)
    if as_json:
        write_json({**state, "served": is_served})
    else:
        show_state(state, is_served)
    if not is_served:
        raise typer.Exit(UNAVAILABLE)
    if not is_fine(state):
        raise typer.Exit(FOUND)


def read_state(home: Home) -> tuple[Mapping[str, object], bool]:
    """The state, and whether the control room answered; without it the files and the recorder are asked."""
    try:
        return ControlRoom(home).state(), True
    except Unavailable:
        from torrazzo.app import system_parts
        from torrazzo.control_room.views import read_town_state

        return read_town_state(*system_parts(home.path)).to_json(), False


def _with_missing(home: Home, state: Mapping[str, object]) -> Mapping[str, object]:
    """With what is said where facts of the last month tell that somebody looked, and no book who: as it is now."""
    from torrazzo.app import system_parts
    from torrazzo.cli.access import read_entries
    from torrazzo.control_room.books import LOOKED_BACK, missing_text

    if state["ledger"] != "running":
        return state
    try:
        _, disk, clock = system_parts(home.path)
        entries = read_entries(home, clock.utc() - LOOKED_BACK)
        return {**state, "missing": missing_text(home, disk, clock, entries)}
    except TorrazzoError:
        return state


def is_fine(state: Mapping[str, object]) -> bool:
    """Every stream records, or was disabled on purpose; and there is no alarm."""
    is_recording = all(stream["state"] in {"recording", "disabled"} for _, stream in streams_of(state))
    return state["recorder"] == "running" and is_recording and not _alarms(state)


def streams_of(state: Mapping[str, object]) -> Iterator[tuple[Mapping[str, object], Mapping[str, object]]]:
    """Each camera with each of its streams."""
    cameras = state["cameras"]
    assert isinstance(cameras, list)
    for camera in cameras:
        for stream in camera["streams"]:
            yield camera, stream


def show_state(state: Mapping[str, object], is_served: bool) -> None:
    """As a table, with what stands out below it."""
    rows = state_rows(state)
    if rows:
        write_table(HEADS, rows)
        for line in reasons(state):
            print(line)
    else:
        print("There is no camera yet. Add one: torrazzo camera add NAME rtsp://…")
    if not is_served:
        print("The control room is not running: start `torrazzo serve`.")
    elif state["recorder"] == "down":
        print(f"The recorder does not answer: whether it is recording is not known. {AGAIN}")
    for line in (*_away(state, is_served), *_end_of_footage(state)):
        print(line)


def _away(state: Mapping[str, object], is_served: bool) -> Iterator[str]:
    """What of ledger, keyring and witnesses is not as it should be, and what is never more than it is."""
    if is_served and state["ledger"] == "down":
        yield f"The ledger does not answer; facts wait in the archive. {AGAIN}"
    elif state["ledger"] == "refused":
        yield f"The ledger takes nothing: {state['ledger_why']}"
    if state["keyring"] == "down" and state["keyring_why"]:
        yield f"The keyring does not come up: {state['keyring_why']}."
    elif is_served and state["keyring"] == "down":
        yield f"The keyring does not answer; nothing is erased until it does. {AGAIN}"
    away = state["witnesses_away"]
    if isinstance(away, list | tuple) and away:
        yield f"Witnesses have not signed for more than a minute: {', '.join(away)}. See `torrazzo ledger status`."
    if state["own_witness"]:
        yield WORDS["en"]["own_witness"]
    if state["keyring_level"] in LEVELS:
        yield WORDS["en"][f"level_{state['keyring_level']}"]
    hours = state["keys_hours_left"]
    if isinstance(hours, int) and hours < 24:
        yield f"Keys last for {hours} more hours: the keyring is not making new ones."


def _end_of_footage(state: Mapping[str, object]) -> Iterator[str]:
    """When disks will be full, and all alarms: the keyring's, with what should be gone, and others."""
    roots = state["roots"]
    assert isinstance(roots, list | tuple)
    for root in roots:
        if root.get("days_left") is not None:
            yield f"{root['path']} will be full in about {root['days_left']} days at today's rate."
    for what in _alarms(state):
        yield f"ALARM: {what}."


def _alarms(state: Mapping[str, object]) -> tuple[object, ...]:
    alarms, wrong, damaged = state["alarms"], state["settings_wrong"], state["damaged"]
    assert isinstance(alarms, list | tuple)
    assert isinstance(wrong, list | tuple)
    assert isinstance(damaged, list | tuple)
    return (*alarms, *wrong, *damaged, *filter(None, (state["missing"], state["recorder_why"])))


HEADS = ("CAMERA", "STREAM", "STATE", "LAST PICTURE", "RECEIVED", "GAPS TODAY")


def state_rows(state: Mapping[str, object]) -> list[tuple[str, ...]]:
    """One row per stream, in words."""
    rows: list[tuple[str, ...]] = []
    for camera, stream in streams_of(state):
        age, gaps = stream["age_s"], stream["gaps"]
        assert isinstance(gaps, list)
        rows.append(
            (
                str(camera["name"]),
                str(stream["name"]),
                _state_text(stream),
                "never" if age is None else f"{age_text(float(str(age)), 'en')} ago",
                bytes_text(int(str(stream["bytes"])), "en"),
                _gaps_text(gaps, str(stream["state"])),
            )
        )
    return rows


def reasons(state: Mapping[str, object]) -> Iterator[str]:
    """What the recorder says of each stream that is not recorded, beside the general cause."""
    for camera, stream in streams_of(state):
        if stream["state"] == "gap" and stream["message"]:
            yield f"{camera['name']} ({stream['name']}): {stream['message']}"


def _gaps_text(gaps: Sequence[Mapping[str, object]], state: str) -> str:
    causes = sorted({str(gap["why"]) for gap in gaps})
    known = f"{len(gaps)} ({', '.join(causes)})" if gaps else ""
    if state == "unknown":
        return f"{known}, then not known" if known else "not known"
    return known or "none"


def _state_text(stream: Mapping[str, object]) -> str:
    words, state, why = WORDS["en"], str(stream["state"]), stream["why"]
    if state == "gap":
        return words["gap"].format(why=words.get(str(why), str(why))) if why else words["gap_unknown"]
    return words.get(state, state)
