# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo evidence export|jobs|verify`: the package of an approved copy, made by the worker; and its check."""

import contextlib
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from torrazzo.base.errors import Damaged, Refused, TorrazzoError, Unavailable
from torrazzo.base.times import with_local_times
from torrazzo.cli.exits import FOUND
from torrazzo.cli.options import HomeOption, JsonOption, ProgressOption
from torrazzo.cli.output import Progress, local_text, warn, write_json, write_table
from torrazzo.cli.process_options import find_home
from torrazzo.town.home import Home, load_settings

_LOOK_S = 0.3
_ANSWER_S = 30.0

AskArgument = Annotated[int, typer.Argument(metavar="NUMBER", help="What `evidence ask` printed.")]


def export(
    number: AskArgument,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="The package.", show_default="ask-NUMBER.asice"),
    ] = None,
    recipient: Annotated[
        str | None, typer.Option("--recipient", metavar="KEY", help="Encrypt it to this public key, age1… or ssh-…")
    ] = None,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="End the job that makes it, and remove what it wrote.")
    ] = False,
    home: HomeOption = None,
    progress: ProgressOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the evidence package of a copy that you asked for and another person approved."""
    place = find_home(home)
    if cancel:
        _cancel(place, number)
        return
    file = (out or Path(f"ask-{number}.asice{'.age' if recipient else ''}")).absolute()
    if file.exists():
        raise Refused(f"{file} exists; choose another name")
    is_owner = place.path.stat().st_uid == os.getuid()
    order = {"v": 1, "kind": "export", "ask": number, "out": str(file) if is_owner else None, "recipient": recipient}
    job = _ask(place, "POST", "/jobs", order)["job"]
    found = _follow(place, job, progress)
    if not is_owner:
        found["report"] = _fetch(place, job, file, found)
    _tell({**found, "file": str(file)}, _zone(place), as_json=as_json)


def jobs(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """What the worker has to do and has done; of others' jobs only the owner of the home is told."""
    place = find_home(home)
    found = _ask(place, "GET", "/jobs")["jobs"]
    if as_json:
        write_json(found)
        return
    if not found:
        warn("no job yet")
        return
    write_table(
        ("JOB", "ASK", "STATE", "DONE", "FILE", "AT"),
        [
            (
                job["id"], str(job["order"].get("ask", "")), job["state"], f"{100 * job['done']:.0f} %",
                str(job["order"].get("out", "")), _note(job),
            )
            for job in found
        ],
    )  # fmt: skip
    for damage in (each for job in found for each in (job["result"] or {}).get("damages", ())):  # told to the owner
        when = "" if damage["start"] is None else f", {local_text(damage['start'], load_settings(place).zone)}"
        warn(f"damaged: {damage['stream'] or 'a volume'}{when}, {damage['volume']}: {damage['what']}")


def package_states(home: Home) -> dict[int, str]:
    """By ask: `done` where a package was made, else how its newest job stands; of jobs that the worker still knows."""
    states: dict[int, str] = {}
    with contextlib.suppress(TorrazzoError):  # nobody to ask, or not for us
        for job in _ask(home, "GET", "/jobs")["jobs"]:
            number = job["order"].get("ask")
            if number is not None and (number not in states or job["state"] == "done"):
                states[number] = job["state"]
    return states


def _note(job: Mapping[str, Any]) -> str:
    """What it is at, or what came of it."""
    result = job["result"] or {}
    if "bad" in result:
        return f"{result['ok']} pieces intact, {result['bad']} damages"
    return str(job["error"] or job["step"])


def verify(
    package: Annotated[Path, typer.Argument(metavar="FILE", help="An evidence package.")],
    policy: Annotated[
        Path | None,
        typer.Option("--policy", metavar="FILE", help="What `ledger policy` or `ledger keys` printed, as published."),
    ] = None,
    keys: Annotated[
        list[str] | None, typer.Option("--key", metavar="KEY", help="A published key; once for each, no --policy then.")
    ] = None,
    language: Annotated[str, typer.Option("--lang", metavar="it|en", help="Language of what it says.")] = "en",
    is_all: Annotated[bool, typer.Option("--all", help="Tell each finding, however many alike there are.")] = False,
) -> None:
    """Check a package as a court does; without --policy or --key only with the keys it brings along: less proof."""
    from torrazzo_verify.verify import main

    given = [word for key in keys or () for word in ("--key", key)] + (["--policy", str(policy)] if policy else [])
    words = [str(package), *given, "--lang", language, *(["--all"] if is_all else [])]
    raise typer.Exit(main(words))


def _follow(home: Home, job: str, progress: bool | None) -> dict[str, Any]:
    """Until it is over; returns its result."""
    bar, told = Progress(job, progress), ""
    try:
        while True:
            with contextlib.suppress(Unavailable):  # a worker that is started again goes on
                found = _ask(home, "GET", f"/jobs/{job}")
                bar(found["done"])
                if "waits:" in found["step"] and found["step"] != told:
                    told = found["step"]
                    warn(told)
                match found["state"]:
                    case "done":
                        result: dict[str, Any] = found["result"]
                        return result
                    case "failed":
                        raise Refused(f"{job}: {found['error']}")
                    case "cancelled":
                        raise Refused(f"{job} was cancelled")
            threading.Event().wait(_LOOK_S)
    except KeyboardInterrupt:
        warn(f"{job} goes on; `torrazzo evidence jobs` shows it, `--cancel` ends it")
        raise
    finally:
        bar.close()


def _fetch(home: Home, job: str, file: Path, found: Mapping[str, Any]) -> str | None:
    """Read it in parts, as the user who runs this; where its report lies, if it has one."""
    from torrazzo.durable import OsDisk, move_into_place

    disk, new, report = OsDisk(), file.with_name(f".{file.name}.new"), file.with_name(f"{file.name}.pdf")
    with contextlib.suppress(FileNotFoundError):
        disk.unlink(new)
    with contextlib.closing(disk.create(new)) as writer:
        while writer.size < found["bytes"]:
            writer.append([_read(home, f"/jobs/{job}/package?at={writer.size}")])
        writer.sync()
    if found["report"]:
        disk.publish(report, _read(home, f"/jobs/{job}/report"))
    move_into_place(new, file)
    with contextlib.suppress(TorrazzoError):  # else the worker removes it in a day
        _ask(home, "POST", f"/jobs/{job}/taken", {})
    return str(report) if found["report"] else None


def _read(home: Home, target: str) -> bytes:
    from torrazzo.town.ask import UnixHttp

    connection = UnixHttp(home.worker_socket, _ANSWER_S)
    with contextlib.closing(connection):
        connection.request("GET", target)
        answer = connection.getresponse()
        part = answer.read()
    if answer.status != 200 or not part:
        raise Unavailable(f"{target}: the worker gives nothing ({answer.status}); export again")
    return part


def _cancel(home: Home, number: int) -> None:
    running = [
        job
        for job in _ask(home, "GET", "/jobs")["jobs"]
        if job["order"].get("ask") == number and job["state"] in {"waiting", "running"}
    ]
    if not running:
        raise Refused(f"no job makes a package of ask {number} now")
    for job in running:
        _ask(home, "POST", f"/jobs/{job['id']}/cancel", {})
        print(f"{job['id']} ends and leaves nothing.")


def _zone(home: Home) -> ZoneInfo:
    """The town's; the package is there, also where nobody can say which that is."""
    from torrazzo.cli.people import town_zone

    try:
        return town_zone(home)
    except TorrazzoError:
        return ZoneInfo("UTC")


def _tell(found: Mapping[str, Any], zone: ZoneInfo, *, as_json: bool) -> None:
    for loss in found["losses"]:
        warn(f"could not be read, shown as a gap, told in the package: {with_local_times(loss, zone)}")
    for stream, why in found["left_out"].items():
        warn(f"not in the package: {stream}: {with_local_times(why, zone)}")
    if as_json:
        write_json(dict(found))
    else:
        print(f"{found['file']}: {found['bytes']} bytes, sha256 {found['sha256']}; our verifier found nothing wrong")
        if found["report"]:
            print(f"{found['report']}: the report to be signed")
    if found["losses"] or found["left_out"]:
        raise typer.Exit(FOUND)


def _ask(home: Home, method: str, target: str, body: object = None) -> dict[str, Any]:
    from torrazzo.control_room.answers import parse_error
    from torrazzo.town.ask import ask

    status, answer = ask(home.worker_socket, method, target, body, _ANSWER_S)
    if status != 200:
        raise parse_error(answer, status)
    if not isinstance(answer, dict):
        raise Damaged(f"{home.worker_socket}: what answered is no worker of ours; restart `torrazzo serve`")
    return answer
