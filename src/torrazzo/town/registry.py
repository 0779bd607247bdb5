# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The registry of cameras in `office.db`: one writing process, any number of readers.

Every change grows the version by one in the same transaction; the caller then publishes the plan (office.py).
"""

import sqlite3
import urllib.parse
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from torrazzo.base.closing import Closing
from torrazzo.base.errors import Invalid, Refused, Unavailable
from torrazzo.base.ids import STREAM_NAMES, CameraId, StreamId
from torrazzo.base.times import UtcTicks
from torrazzo.town.bounds import Bounds
from torrazzo.town.box import Box
from torrazzo.town.camera import Camera, StreamConfig, UnknownCamera, name_key
from torrazzo.town.masks import Masks
from torrazzo.town.plan import open_address, seal_address
from torrazzo.town.position import Position
from torrazzo.town.purpose import PurposeFile

_WAIT_S = 10.0
_WRITER = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON")
_READER = ("query_only = ON",)

_MIGRATIONS = Path(__file__).with_name("migrations")
_SELECT_REVISION = sa.text("SELECT version_num FROM alembic_version")

_TABLES = sa.MetaData()
CAMERA = sa.Table(
    "camera",
    _TABLES,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text),
    sa.Column("name_key", sa.Text),
    sa.Column("place", sa.Text),
    sa.Column("synthetic", sa.Boolean),
    sa.Column("permit_until", sa.BigInteger),
    sa.Column("enabled", sa.Boolean),
    sa.Column("added", sa.BigInteger),
    sa.Column("removed", sa.BigInteger),
    sa.Column("retention_hours", sa.Integer),
    *(sa.Column(name, sa.Float) for name in Position._fields),
    sa.Column("device", sa.Text),
    sa.Column("sensor", sa.Integer),
    sa.Column("bounds", sa.Text),
    sa.Column("masks", sa.Text),
    sa.Column("file", sa.Text),
)
STREAM = sa.Table(
    "stream",
    _TABLES,
    sa.Column("camera", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("sealed", sa.LargeBinary),
    sa.Column("transport", sa.Text),
    sa.Column("ca_pem", sa.Text),
    sa.Column("pin_sha256", sa.Text),
)
REGISTRY = sa.Table(
    "registry",
    _TABLES,
    sa.Column("one", sa.Integer, primary_key=True),
    sa.Column("version", sa.BigInteger),
    sa.Column("changed", sa.BigInteger),
)


class OlderRegistry(Unavailable):
    """The file was written by an older version: its one writer upgrades it when it opens it."""


class Registry(Closing):
    """Cameras and streams. Open it with `open_registry`; not for two threads at once."""

    def __init__(self, engine: sa.Engine, box: Box) -> None:
        self._engine = engine
        self._box = box
        self._read: tuple[int, tuple[Camera, ...]] | None = None  # the version, and all cameras that it had, or newer

    @property
    def engine(self) -> sa.Engine:
        """Of `office.db`, for what else stands in it: `access/` keeps the tables about people."""
        return self._engine

    def version(self) -> int:
        """Grows with each change."""
        with self._engine.connect() as connection:
            return int(connection.execute(sa.select(REGISTRY.c.version)).scalar_one())

    def cameras(self, *, has_removed: bool = False) -> tuple[Camera, ...]:
        """All cameras by name; removed ones only on demand.

        What has not changed is not read again: each address is opened with the box's key.
        """
        version, read = self.version(), self._read
        if read is None or read[0] != version:
            self._read = read = (version, self._all())
        return read[1] if has_removed else tuple(camera for camera in read[1] if camera.removed is None)

    def _all(self) -> tuple[Camera, ...]:
        query = sa.select(CAMERA).order_by(CAMERA.c.name_key, CAMERA.c.added, CAMERA.c.id)
        with self._engine.connect() as connection:
            streams = self._streams(connection)
            return tuple(_camera(row, streams.get(row["id"], {})) for row in connection.execute(query).mappings())

    def add(self, camera: Camera, within: sa.Connection | None = None) -> None:
        """A new camera; raises `Refused` if another one has its name. `within`: a transaction that is open."""
        with self._changing(within) as connection:
            self._free_name(connection, camera)
            connection.execute(sa.insert(CAMERA).values(**_row(camera)))
            self._write_streams(connection, camera)
            _grow(connection, camera.added)

    def change(self, camera: Camera, now: UtcTicks, within: sa.Connection | None = None) -> None:
        """Replace all that is known of a camera; its id and `added` stay."""
        with self._changing(within) as connection:
            self._free_name(connection, camera)
            done = connection.execute(sa.update(CAMERA).where(CAMERA.c.id == camera.id).values(**_row(camera)))
            if done.rowcount != 1:
                raise UnknownCamera(
                    f"camera {camera.id} is not in the registry (any more); list them with `camera list`"
                )
            connection.execute(sa.delete(STREAM).where(STREAM.c.camera == camera.id))
            self._write_streams(connection, camera)
            _grow(connection, now)

    def remove(self, camera: Camera, now: UtcTicks, within: sa.Connection | None = None) -> None:
        """Forget its addresses and passwords; name and id stay for the footage that is left."""
        self.change(replace(camera, removed=now, enabled=False, streams=(), device=None), now, within)

    def close(self) -> None:
        """Release the file."""
        self._engine.dispose()

    def _changing(self, within: sa.Connection | None) -> AbstractContextManager[sa.Connection]:
        return self._engine.begin() if within is None else nullcontext(within)

    def _streams(self, connection: sa.Connection) -> dict[str, dict[str, StreamConfig]]:
        found: dict[str, dict[str, StreamConfig]] = {}
        for row in connection.execute(sa.select(STREAM)).mappings():
            id_ = StreamId(CameraId(row["camera"]), row["name"])
            url, username, password = open_address(row["sealed"], id_, self._box)
            found.setdefault(row["camera"], {})[row["name"]] = StreamConfig(
                id_, url, username, password, row["transport"], row["ca_pem"], row["pin_sha256"]
            )
        return found

    def _write_streams(self, connection: sa.Connection, camera: Camera) -> None:
        for stream in camera.streams:
            if stream.id.camera != camera.id:
                raise Invalid(f"stream {stream.id} does not belong to camera {camera.id}")
            connection.execute(
                sa.insert(STREAM).values(
                    camera=camera.id,
                    name=stream.id.name,
                    sealed=seal_address(stream, self._box),
                    transport=stream.transport,
                    ca_pem=stream.ca_pem,
                    pin_sha256=stream.pin_sha256,
                )
            )

    def _free_name(self, connection: sa.Connection, camera: Camera) -> None:
        if camera.removed is not None:
            return
        query = sa.select(CAMERA.c.id, CAMERA.c.name).where(
            CAMERA.c.name_key == name_key(camera.name), CAMERA.c.removed.is_(None), CAMERA.c.id != camera.id
        )
        other = connection.execute(query).first()
        if other is not None:
            raise Refused(f"there is already a camera named {other.name} ({other.id}); give this one another name")


def open_registry(path: Path, box: Box, *, may_write: bool = False) -> Registry:
    """Open `office.db`; the one writer (who holds `run/office.lock`) creates and upgrades it."""
    if not may_write and not path.exists():
        raise Unavailable(f"{path} does not exist; run `torrazzo init`, then `torrazzo camera add`")
    engine = _engine(path, may_write=may_write)
    try:
        found = _revision(engine) if may_write else _first_read(engine)
        if may_write and (found is None or found < _newest()):
            _upgrade(engine)
            found = _newest()
    except sa.exc.DatabaseError as error:
        engine.dispose()
        raise Unavailable(f"{path}: {error.orig}; check the disk, and that the file is this town's registry") from error
    if found != _newest():
        engine.dispose()
        raise _other_version(path, found)
    return Registry(engine, box)


def _engine(path: Path, *, may_write: bool) -> sa.Engine:
    address = f"file:{urllib.parse.quote(str(path))}?mode={'rwc' if may_write else 'ro'}"
    pragmas = _WRITER if may_write else _READER

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(address, uri=True, timeout=_WAIT_S, check_same_thread=False)
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
        return connection

    return sa.create_engine("sqlite+pysqlite://", creator=connect, poolclass=sa.pool.QueuePool, pool_size=1)


def _first_read(engine: sa.Engine) -> str:
    """The revision. Once more if it fails: opening just after the writer's clean close can find the WAL half gone."""
    try:
        return _read_revision(engine)
    except sa.exc.OperationalError:
        return _read_revision(engine)


def _read_revision(engine: sa.Engine) -> str:
    with engine.connect() as connection:
        connection.execute(sa.select(REGISTRY.c.version)).one()
        return str(connection.execute(_SELECT_REVISION).scalar_one())


@cache
def _newest() -> str:
    """The revision that this version's code reads and writes."""
    return max(path.name.partition("_")[0] for path in _MIGRATIONS.joinpath("versions").glob("[0-9]*.py"))


def _other_version(path: Path, found: str | None) -> Unavailable:
    """Whose the file is, and what to do."""
    if found is not None and found > _newest():
        return Unavailable(
            f"{path} was written by a newer Torrazzo (its form is {found}, this one knows {_newest()}): use that one"
        )
    return OlderRegistry(f"{path} was written by an older Torrazzo; `torrazzo serve` brings it up to date at its start")


def _upgrade(engine: sa.Engine) -> None:
    """Run the steps that are missing; where none is, Alembic is not even loaded."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _revision(engine: sa.Engine) -> str | None:
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(_SELECT_REVISION).scalar_one_or_none()


def _grow(connection: sa.Connection, now: UtcTicks) -> None:
    connection.execute(sa.update(REGISTRY).values(version=REGISTRY.c.version + 1, changed=now))


def _row(camera: Camera) -> dict[str, object]:
    return {
        "id": camera.id,
        "name": camera.name,
        "name_key": name_key(camera.name),
        "place": camera.place,
        "synthetic": camera.synthetic,
        "permit_until": camera.permit_until,
        "enabled": camera.enabled,
        "added": camera.added,
        "removed": camera.removed,
        "retention_hours": camera.retention_hours,
        **(dict.fromkeys(Position._fields) if camera.position is None else camera.position._asdict()),
        "device": camera.device,
        "sensor": camera.sensor,
        "bounds": None if camera.bounds is None else camera.bounds.to_text(),
        "masks": None if camera.masks is None else camera.masks.to_text(),
        "file": None if camera.file is None else camera.file.to_text(),
    }


def _camera(row: sa.RowMapping, streams: Mapping[str, StreamConfig]) -> Camera:
    values = {key: value for key, value in row.items() if key not in {"name_key", *Position._fields}}
    values["position"] = None if row["latitude"] is None else Position(*(row[name] for name in Position._fields))
    values["bounds"] = None if row["bounds"] is None else Bounds.from_text(row["bounds"])
    values["masks"] = None if row["masks"] is None else Masks.from_text(row["masks"])
    values["file"] = None if row["file"] is None else PurposeFile.from_text(row["file"])
    ordered = tuple(streams[name] for name in STREAM_NAMES if name in streams)
    return Camera(**values, streams=ordered)  # the other columns are fields, by name and type
