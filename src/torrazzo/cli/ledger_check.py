# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo ledger check`: all files of the ledger, held against its signed heads."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import typer

from torrazzo.cli.options import HomeOption, JsonOption, ProgressOption
from torrazzo.cli.process_options import find_home

MOST_NAMED = 5

if TYPE_CHECKING:
    from torrazzo.ledger.touched import Touched


def check(home: HomeOption = None, as_json: JsonOption = False, progress: ProgressOption = None) -> None:
    """Whether all files of the ledger are as they were written: reads and hashes them all; `serve` may run or not.

    Exit code 1 for each that is changed, cut off or gone, with its entries, cameras and time.
    """
    from torrazzo.cli.exits import FOUND
    from torrazzo.cli.office import read_cameras
    from torrazzo.cli.output import Progress, write_json
    from torrazzo.durable import OsDisk
    from torrazzo.ledger.file_check import check_ledger, values_of
    from torrazzo.town.home import load_settings

    place = find_home(home)
    zone = load_settings(place).zone
    names = {str(camera.id): camera.name for camera in read_cameras(place)}
    bar = Progress("Reading the ledger", progress)
    told: list[Mapping[str, object]] = []
    for found in check_ledger(place.ledger_db, OsDisk(), place.ledger, bar):
        told.append(values_of(found))
        if not as_json:
            print(line_of(found, names, zone), flush=True)
    bar.close()
    if as_json:
        write_json(told)
    elif not told:
        print("All files of the ledger are as its heads say.")
    if told:
        raise typer.Exit(FOUND)


def line_of(found: "Touched", names: Mapping[str, str], zone: ZoneInfo) -> str:
    """For people: which cameras and what time it tells of, and what is wrong."""
    from torrazzo.cli.output import local_text

    ids = [stream.partition("/")[0] for stream in (found.told.stream or "").split(",") if stream]
    some = list(dict.fromkeys(names.get(id_, id_) for id_ in ids))
    more = [f"{len(some) - MOST_NAMED} more"] if len(some) > MOST_NAMED else []
    times = " to ".join(local_text(at, zone) for at in (found.told.at, found.told.until) if at is not None)
    about = ", ".join(filter(None, (*some[:MOST_NAMED], *more, times)))
    what = f"{found.plain}: {'entry' if len(found.entries) == 1 else 'entries'} {_entries(found.entries)}"
    return f"{about}: {what}" if about else what


def _entries(entries: Sequence[int]) -> str:
    if isinstance(entries, range):
        return f"{entries.start} to {entries.stop - 1}"
    more = f" and {len(entries) - MOST_NAMED} more" if len(entries) > MOST_NAMED else ""
    return ", ".join(map(str, entries[:MOST_NAMED])) + more
