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
from torrazzo.control_room.words import WORDS, age_text, bytes_text
from torrazzo.town.home import Home, load_settings


def status(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """State of every camera; exit code 0 when all record as declared, 1 when not, 4 when nothing runs."""
    place = find_home(home)
    load_settings(place)
    state, is_served = read_state(place)
    state = _with_unexplained(place, state)
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


def _with_unexplained(home: Home, state: Mapping[str, object]) -> Mapping[str, object]:
    """With an alarm where facts of the last month tell that somebody looked, and no book who."""
    from torrazzo.app import system_parts
    from torrazzo.cli.access import STATUS_SPAN, read_entries, unexplained_text
    from torrazzo.evidence.accesses import Opener, unexplained

    if state["ledger"] != "running":
        return state
    try:
        _, disk, clock = system_parts(home.path)
        entries = list(read_entries(home, clock.utc() - STATUS_SPAN))  # before the books, which are written first
        missing = unexplained(entries, Opener(home, disk, clock))
    except TorrazzoError:
        return state
    alarms = state["alarms"]
    assert isinstance(alarms, list | tuple)
    return {**state, "alarms": [*alarms, unexplained_text(missing)]} if missing else state


def is_fine(state: Mapping[str, object]) -> bool:
    """Every stream records, or was disabled on purpose."""
    return state["recorder"] == "running" and all(
        stream["state"] in {"recording", "disabled"} for _, stream in streams_of(state)
    )


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
    elif state["recorder"] != "running":
        print(
            "The recorder does not answer: whether it is recording is not known. `torrazzo serve` restarts it; see "
            "what that printed."
        )
    if is_served and state["ledger"] == "down":
        print("The ledger does not answer; facts wait in the archive. `torrazzo serve` restarts it.")
    elif state["ledger"] == "refused":
        print(f"The ledger takes nothing: {state['ledger_why']}")
    if is_served and state["keyring"] == "down":
        print("The keyring does not answer; nothing is erased until it does. `torrazzo serve` restarts it.")
    away = state["witnesses_away"]
    if isinstance(away, list | tuple) and away:
        print(f"Witnesses have not signed for more than a minute: {', '.join(away)}. See `torrazzo ledger status`.")
    if state["own_witness"]:
        print(WORDS["en"]["own_witness"])
    hours = state["keys_hours_left"]
    if isinstance(hours, int) and hours < 24:
        print(f"Keys last for {hours} more hours: the keyring is not making new ones.")
    for line in _end_of_footage(state):
        print(line)


def _end_of_footage(state: Mapping[str, object]) -> Iterator[str]:
    """When disks will be full, and the keyring's alarms: what should be gone among them."""
    roots, alarms = state["roots"], state["alarms"]
    assert isinstance(roots, list | tuple)
    assert isinstance(alarms, list | tuple)
    for root in roots:
        if root.get("days_left") is not None:
            yield f"{root['path']} will be full in about {root['days_left']} days at today's rate."
    for what in alarms:
        yield f"ALARM: {what}."


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
