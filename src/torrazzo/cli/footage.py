# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo footage`: what is recorded, what is not, getting it out, checking it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from torrazzo.base.errors import Invalid, Refused
from torrazzo.base.ids import STREAM_NAMES, StreamId
from torrazzo.base.spans import Span
from torrazzo.base.times import DAY, SECOND, UtcTicks, iso_from_ticks, ticks_from_text, with_local_times
from torrazzo.cli.exits import FOUND
from torrazzo.cli.office import read_camera, read_cameras
from torrazzo.cli.options import FromOption, HomeOption, JsonOption, ProgressOption, ToOption
from torrazzo.cli.output import Progress, local_text, local_told, warn, write_json, write_table
from torrazzo.cli.process_options import find_home
from torrazzo.control_room.words import WORDS
from torrazzo.town.camera import Camera, UnknownCamera
from torrazzo.town.home import Home, load_settings

if TYPE_CHECKING:  # loads playback and keyring, which half of the commands do without
    from torrazzo.control_room.index import Index

app = typer.Typer(help="The footage: list, gaps, export, check.", no_args_is_help=True, rich_markup_mode=None)

SomeCamera = Annotated[str | None, typer.Argument(metavar="[CAMERA]", help="One camera; else all.")]
AnyStream = Annotated[str | None, typer.Option("--stream", metavar="main|sub", help="One stream; else all.")]


@app.command("list")
def list_footage(
    camera: SomeCamera = None,
    home: HomeOption = None,
    start: FromOption = None,
    end: ToOption = None,
    stream: AnyStream = None,
    as_json: JsonOption = False,
) -> None:
    """Recorded stretches, by default of the last 24 hours; what was erased early stands by itself."""
    from torrazzo.cli.index import fresh_index

    place = find_home(home)
    span, zone = _span(place, start, end), load_settings(place).zone
    with fresh_index(place) as index:
        found = [
            (owner, id_, part, is_erased)
            for owner, id_ in _streams(place, index, camera, stream)
            for part, is_erased in _parts(index.spans(id_, span), index.erased(id_, span))
        ]
    if as_json:
        write_json(
            [
                {**_who(owner, id_), **_ends(part), "seconds": _seconds(part), "erased": is_erased}
                for owner, id_, part, is_erased in found
            ]
        )
        return
    if not found:
        warn(f"nothing is recorded from {local_text(span.start, zone)} to {local_text(span.end, zone)}")
        return
    has_erased = any(is_erased for *_, is_erased in found)
    write_table(
        ("CAMERA", "STREAM", "FROM", "TO", "SECONDS", *(["WHAT"] if has_erased else [])),
        [
            (
                owner.name,
                id_.name,
                local_text(part.start, zone),
                local_text(part.end, zone),
                f"{_seconds(part):.1f}",
                *(["erased early, by order" if is_erased else "recorded"] if has_erased else []),
            )
            for owner, id_, part, is_erased in found
        ],
    )


@app.command("gaps")
def gaps(
    camera: SomeCamera = None,
    home: HomeOption = None,
    start: FromOption = None,
    end: ToOption = None,
    stream: AnyStream = None,
    as_json: JsonOption = False,
) -> None:
    """What is not recorded, and why; by default of the last 24 hours. A gap without end lasts."""
    from torrazzo.cli.index import fresh_index

    place = find_home(home)
    span, zone, words = _span(place, start, end), load_settings(place).zone, WORDS["en"]
    with fresh_index(place) as index:
        found = [
            (owner, id_, gap) for owner, id_ in _streams(place, index, camera, stream) for gap in index.gaps(id_, span)
        ]
    if as_json:
        write_json(
            [
                {
                    **_who(owner, id_),
                    "from": iso_from_ticks(gap.start),
                    "to": None if gap.end is None else iso_from_ticks(gap.end),
                    "why": gap.why,
                }
                for owner, id_, gap in found
            ]
        )
        return
    if not found:
        warn(f"no gaps from {local_text(span.start, zone)} to {local_text(span.end, zone)}")
        return
    write_table(
        ("CAMERA", "STREAM", "FROM", "TO", "WHY"),
        [
            (
                owner.name,
                id_.name,
                local_text(gap.start, zone),
                "lasts" if gap.end is None else local_text(gap.end, zone),
                f"{gap.why}: {words[gap.why]}" if gap.why in words else gap.why,
            )
            for owner, id_, gap in found
        ],
    )


@app.command("export")
def export(
    number: Annotated[int, typer.Option("--ask", metavar="NUMBER", help="Of an approved `evidence ask` of yours.")],
    out: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The MP4 file to write.")],
    camera: Annotated[
        str | None, typer.Option("--camera", metavar="CAMERA", help="Which, if it is of several.")
    ] = None,
    home: HomeOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False,
    progress: ProgressOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the copy that you asked for and another person approved: one MP4 that plays everywhere."""
    from torrazzo.cli.people import ask_people, fetch_copy, town_zone

    place = find_home(home)
    if out.exists() and not force:
        raise Refused(f"{out} exists; choose another name, or --force to replace it")
    bar = Progress(f"Export {number}", progress)
    try:
        copy = ask_people(place, "POST", f"/asks/{number}/copy", {"camera": camera})
        fetch_copy(place, copy["key"], copy["bytes"], out.absolute(), bar)
    finally:
        bar.close()
    zone = town_zone(place)
    for loss in copy["losses"]:
        warn(f"left out, shown as a gap: {with_local_times(loss, zone)}")
    if as_json:
        write_json({"ask": number, "file": str(out), **{k: v for k, v in copy.items() if k != "key"}})
    else:
        first, last = (local_told(copy[key], zone) for key in ("from", "to"))
        print(f"{out}: {copy['bytes']} bytes, {copy['stream']} from {first} to {last}")
    if copy["losses"]:
        raise typer.Exit(FOUND)


@app.command("check")
def check(
    home: HomeOption = None,
    deep: Annotated[bool, typer.Option("--deep", help="Read and hash every byte, not only the structure.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Name all streams that a finding concerns.")] = False,
    progress: ProgressOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check the archive; exit code 1 if something is damaged or missing."""
    from torrazzo.cli.checking import check_archive

    place = find_home(home)
    names = {camera.id: camera.name for camera in read_cameras(place, has_removed=True)}
    raise typer.Exit(check_archive(place, names, deep=deep, verbose=verbose, progress=progress, as_json=as_json))


def _parts(recorded: Sequence[Span], erased: Sequence[Span]) -> Iterator[tuple[Span, bool]]:
    """Recorded time in order, cut where something of it was erased."""
    for span in recorded:
        at = span.start
        for gone in [each for each in erased if each.start < span.end and span.start < each.end]:
            if at < gone.start:
                yield Span(at, gone.start), False
            at = min(gone.end, span.end)
            yield Span(max(gone.start, span.start), at), True
        if at < span.end:
            yield Span(at, span.end), False


def _span(home: Home, start: str | None, end: str | None) -> Span:
    from torrazzo.base.clock import SystemClock

    zone = load_settings(home).zone
    last = SystemClock().utc() if end is None else ticks_from_text(end, zone)
    first = UtcTicks(last - DAY) if start is None else ticks_from_text(start, zone)
    if first >= last:
        raise Invalid(f"--from {local_text(first, zone)} is not before --to {local_text(last, zone)}")
    return Span(first, last)


def _streams(home: Home, index: "Index", camera: str | None, stream: str | None) -> Iterator[tuple[Camera, StreamId]]:
    """Each stream asked for, with its camera; without a name all, those that the registry has lost included."""
    if stream is not None:
        _check_stream(stream)
    owners: Sequence[Camera] = _all_owners(home, index) if camera is None else (_owner(home, index, camera),)
    for owner in owners:
        for name in STREAM_NAMES:
            if stream in {None, name}:
                yield owner, StreamId(owner.id, name)


def _owner(home: Home, index: "Index", text: str) -> Camera:
    try:
        return read_camera(home, text, has_removed=True)
    except UnknownCamera:
        lost = [owner for owner in _all_owners(home, index) if owner.id == text]
        if not lost:
            raise
        return lost[0]


def _all_owners(home: Home, index: "Index") -> list[Camera]:
    """The registry's cameras, then those of which only footage is left: their id is their name."""
    known = list(read_cameras(home, has_removed=True))
    lost = sorted({stream.camera for stream in index.streams()} - {owner.id for owner in known})
    return known + [Camera(id_, id_, "", False, None, False, (), UtcTicks(0), UtcTicks(0)) for id_ in lost]


def _check_stream(stream: str) -> None:
    if stream not in STREAM_NAMES:
        raise Invalid(f"--stream {stream}: write main or sub")


def _who(camera: Camera, stream: StreamId) -> dict[str, object]:
    return {"camera": camera.name, "id": camera.id, "stream": stream.name}


def _ends(span: Span) -> dict[str, object]:
    return {"from": iso_from_ticks(span.start), "to": iso_from_ticks(span.end)}


def _seconds(span: Span) -> float:
    return round((span.end - span.start) / SECOND, 3)
