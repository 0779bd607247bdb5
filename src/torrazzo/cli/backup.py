# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo backup`: what a town needs to go on when its machine is lost, as one file; and a home from it."""

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from torrazzo.base.times import iso_from_ticks
from torrazzo.cli.options import HomeOption, JsonOption, ProgressOption
from torrazzo.cli.output import Progress, warn, write_json
from torrazzo.cli.process_options import find_home

app = typer.Typer(
    help="Databases, ledger and settings in one file: never footage, never what opens it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("create")
def create(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")],
    home: HomeOption = None,
    recipient: Annotated[
        list[str] | None,
        typer.Option("--recipient", metavar="KEY", help="Encrypt to this public key of age (age1…, ssh-…); repeat."),
    ] = None,
    progress: ProgressOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a backup, also while the town is served. Keys and passwords are in it only with --recipient."""
    from torrazzo.app import system_parts
    from torrazzo.backup import create_backup

    place, disk, clock = system_parts(find_home(home).path)
    bar, total, done = Progress("Backup", progress), _size(place.path), 0

    def told(size: int) -> None:
        nonlocal done
        done += size
        bar(done / total)

    try:
        made = create_backup(place, disk, clock, file.absolute(), recipient or (), told)
    finally:
        bar.close()
    if as_json:
        write_json({"file": str(file), "bytes": made.size, "files": made.files, "encrypted": made.is_encrypted})
        return
    print(f"{file}: {made.files} files, {made.size} bytes{', encrypted' if made.is_encrypted else ''}")
    if not made.is_encrypted:
        warn("not encrypted, so without keys and passwords: keep a copy of secrets/ elsewhere, or name --recipient")
        warn("people's names, hashes of their passwords, notes and visitors are in it for whoever has the file")


@app.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    home: HomeOption = None,
    identity: Annotated[
        Path | None, typer.Option("--identity", metavar="FILE", help="The private key of age, if it is encrypted.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Let a town be there already: what it has goes aside.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a home from a backup, in an empty folder; whole or not at all. Nothing may run there."""
    from torrazzo.backup import restore_backup
    from torrazzo.base.clock import SystemClock
    from torrazzo.base.errors import Unavailable
    from torrazzo.cli.output import local_text
    from torrazzo.durable import OsDisk
    from torrazzo.town.home import Home, load_settings

    place = Home(find_home(home).path.absolute())
    try:
        keys = None if identity is None else identity.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise Unavailable(f"{identity}: {error.strerror}") from error
    done = restore_backup(place, OsDisk(), SystemClock(), file, keys, is_replacing=replace)
    if as_json:
        aside = None if done.aside is None else str(done.aside)
        created = iso_from_ticks(done.created)
        write_json({"created": created, "files": done.files, "aside": aside, "missing": list(done.missing)})
    else:
        told = local_text(done.created, load_settings(place).zone)
        print(f"{place.path}: as it was at {told}. Next: docs/1-operate/backup.md")
        if done.aside is not None:
            print(f"What was there before lies in {done.aside}: remove it when nothing of it is needed.")
    for name in done.missing:
        warn(f"{name} is missing: put its copy back")


def _size(home: Path) -> int:
    """About how many bytes will be read."""
    found = [home / "office.db", home / "ledger.db", *(home / "ledger").rglob("*"), *(home / "access").glob("*.db")]
    size = 0
    for path in found:
        with contextlib.suppress(FileNotFoundError):  # the ledger prunes meanwhile
            size += path.stat().st_size if path.is_file() else 0
    return size or 1
