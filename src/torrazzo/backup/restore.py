# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A home from a backup: whole or not at all.

1. Nobody runs there. 2. All files are unpacked beside their places and checked. 3. `ready.json` is the order: from here
on it is finished, after a crash by whoever restores next. 4. The settings file goes aside: no process starts without
it. 5. Each old thing goes aside, each new one to its place. 6. `restored.json` says to the keyring that retention has
to run first. 7. The settings file comes to its place: there is a town again.
"""

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from torrazzo.backup.contents import SECRETS, is_database
from torrazzo.backup.copies import check_database, copied_logs
from torrazzo.backup.manifest import Manifest
from torrazzo.backup.tarball import read_tar
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Damaged, Invalid, Refused, Unavailable
from torrazzo.base.times import UtcTicks, iso_from_ticks
from torrazzo.durable import Disk, OsDisk
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.files import LogFiles
from torrazzo.ledger.identity import LogName
from torrazzo.ledger.note import Note
from torrazzo.town.home import Home, load_settings

STAGE, READY, NEW = ".restore", "ready.json", "new"
KEPT = ("archive", "lost+found", "run", SECRETS, STAGE)  # what a home may have and still be an empty one

_SIDES = ("", "-wal", "-shm", "-journal")  # of a database
_SETTINGS = "torrazzo.toml"
_NEEDED = (f"{SECRETS}/box.key", f"{SECRETS}/ledger-rec.key", f"{SECRETS}/ledger-act.key")


class Restored(NamedTuple):
    """What became of it."""

    created: UtcTicks  # when the backup was made
    files: int
    aside: Path | None  # where lies what was there before
    missing: tuple[str, ...]  # secrets without which something does not work


def restore_backup(
    home: Home, disk: OsDisk, clock: Clock, file: Path, identities: str | None = None, *, is_replacing: bool = False
) -> Restored:
    """`identities` are private keys of age, as their file has them. `is_replacing` lets a town be there already.

    Raises `Refused` if one is there, or runs, or is another one; `Damaged` for a backup that is not whole. Then nothing
    was changed.
    """
    disk.make_folder(home.run)
    with contextlib.ExitStack() as locks:
        for path in _locks(home, disk):
            locks.enter_context(disk.lock(path))  # 1
        if not (home.path / STAGE / READY).exists():
            _check_place(home, is_replacing=is_replacing)
            _unpack(home, disk, clock, file, identities)  # 2, 3
        return _finish(home, disk)


def _locks(home: Home, disk: Disk) -> list[Path]:
    """All that a process of the town may hold."""
    found = {home.serve_lock, home.office_lock, home.ledger_lock}
    found |= {home.run / name for name in disk.list(home.run) if name.endswith(".lock")}
    return sorted(found) + [home.keyring / "lock"] * home.keyring.is_dir()


def _check_place(home: Home, *, is_replacing: bool) -> None:
    names = sorted(entry.name for entry in home.path.iterdir() if entry.name not in KEPT)
    if names and not is_replacing:
        raise Refused(
            f"{home.path}: not empty ({', '.join(names[:5])}); restore into an empty folder, or say --replace: what is"
            " there then goes aside"
        )


def _unpack(home: Home, disk: OsDisk, clock: Clock, file: Path, identities: str | None) -> None:
    stage = home.path / STAGE
    _remove(disk, stage)
    disk.make_folder(stage / NEW)
    try:
        with _opened(file, identities) as source:
            manifest = read_tar(source, lambda name, piece: _put(disk, stage / NEW / name, piece))
        _check(home, stage / NEW, manifest)
        _remember(home, disk, stage / NEW)
        for folder in sorted(path for path in (stage / NEW).rglob("*") if path.is_dir()):
            disk.sync_folder(folder)
        disk.sync_folder(stage / NEW)
    except BaseException:
        _remove(disk, stage)
        raise
    now = clock.utc()
    order = {
        "v": 1,
        "backup": manifest.created,
        "restored": now,
        "files": len(manifest.files),
        "items": list(_items(stage / NEW)),
        "aside": f"before-restore-{iso_from_ticks(now).replace(':', '')}",
    }
    disk.publish(stage / READY, json.dumps(order).encode())


@contextlib.contextmanager
def _opened(file: Path, identities: str | None) -> Iterator[BinaryIO]:
    from torrazzo.durable.age import MAGIC, decrypted

    try:
        source = file.open("rb")
    except OSError as error:
        raise Unavailable(f"{file}: {error.strerror}") from error
    with source:
        is_encrypted = source.read(len(MAGIC)) == MAGIC
        source.seek(0)
        if not is_encrypted:
            yield source
        elif identities is None:
            raise Invalid(f"{file}: encrypted; give the private key of age with --identity")
        else:
            with decrypted(source, identities) as inner:
                yield inner


def _put(disk: Disk, path: Path, piece: Callable[[], bytes]) -> None:
    disk.make_folder(path.parent)
    with contextlib.closing(disk.create(path)) as file:
        while data := piece():
            file.append([data])
        file.sync()


def _check(home: Home, new: Path, manifest: Manifest) -> None:
    """What is unpacked is a town, whole, and the one that is here, if one is."""
    for name in manifest.files:
        if is_database(name):
            check_database(new / name)
    if not (new / _SETTINGS).is_file():
        raise Damaged(f"the backup has no {_SETTINGS}")
    load_settings(Home(new))
    ledger = new / "ledger.db"
    heads = {log.name: log.text for log in copied_logs(ledger)} if ledger.exists() else {}
    if heads != manifest.heads:
        raise Damaged("the backup's ledger has other heads than its manifest says; take another one")
    if home.settings_file.exists() and f"{load_settings(home).node:08x}" != manifest.node:
        raise Refused(f"{home.path} is another town's: its node is not {manifest.node}, the one of the backup")


def _remember(home: Home, disk: Disk, new: Path) -> None:
    """The heads that the ledger before had published: with them the restored one knows whether it is older."""
    if not home.ledger.is_dir():
        return
    for name in filter(None, map(LogName.parse, disk.list(home.ledger))):
        old = LogFiles(disk, home.ledger / str(name))
        heads = [data for data in (old.read_checkpoint(), old.read_cosigned()) if data is not None]
        if heads:
            LogFiles(disk, new / "ledger" / str(name)).publish_cosigned(max(heads, key=_size))


def _size(note: bytes) -> int:
    try:
        return Checkpoint.parse(Note.parse(note).text).size
    except Invalid:
        return -1


def _items(new: Path) -> Iterator[str]:
    """What is moved as one."""
    for entry in sorted(new.iterdir()):
        if entry.name in {"access", SECRETS}:
            yield from (f"{entry.name}/{each.name}" for each in sorted(entry.iterdir()))
        elif entry.name != _SETTINGS:
            yield entry.name


def _finish(home: Home, disk: OsDisk) -> Restored:
    stage = home.path / STAGE
    order = _order(stage / READY)
    aside, new = home.path / order["aside"], stage / NEW
    if (new / _SETTINGS).exists():
        _move_aside(home, disk, aside, (_SETTINGS,))  # 4
        for item in order["items"]:  # 5
            if (new / item).exists():
                sides = _SIDES if item.endswith(".db") else ("",)
                _move_aside(home, disk, aside, [f"{item}{side}" for side in sides])
                disk.make_folder((home.path / item).parent)
                disk.move(new / item, home.path / item)
        _move_aside(home, disk, aside, [f"catalogue.db{side}" for side in _SIDES])
        marker = {key: order[key] for key in ("v", "backup", "restored")}
        disk.publish(home.restored, json.dumps(marker, separators=(",", ":")).encode())  # 6
        disk.move(new / _SETTINGS, home.settings_file)  # 7
    _remove(disk, stage)
    missing = tuple(name for name in _NEEDED if not (home.path / name).exists())
    return Restored(order["backup"], order["files"], aside if aside.is_dir() else None, missing)


def _order(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except ValueError as error:
        raise Damaged(f"{path}: {error}; remove the folder {path.parent} if nothing of it is needed") from error
    return found


def _move_aside(home: Home, disk: OsDisk, aside: Path, names: Sequence[str]) -> None:
    for name in names:
        if (home.path / name).exists():
            disk.make_folder((aside / name).parent)
            disk.move(home.path / name, aside / name)


def _remove(disk: OsDisk, folder: Path) -> None:
    """The folder with all that is in it, the order last."""
    if not folder.is_dir():
        return
    for path in sorted(folder.rglob("*"), key=lambda path: (path.name == READY, -len(path.parts), path)):
        if path.is_dir():
            disk.remove_folder(path)
        else:
            disk.unlink(path)
    disk.remove_folder(folder)
