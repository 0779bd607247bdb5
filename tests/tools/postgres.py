# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A PostgreSQL of a test's own (Debian package `postgresql`), on a socket in a temporary folder."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from torrazzo.ledger.schema import Database

_SETTINGS = ("-c", "listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "max_connections=20")


def postgres_database(url: str, schema: str = "ledger") -> Database:
    """A schema of it, made if it isn't there: the ledger's tables go there as they go into SQLite."""
    path = f"-csearch_path={schema}"
    writer = sa.create_engine(url, pool_size=1, max_overflow=0, connect_args={"options": path}, hide_parameters=True)
    with writer.begin() as connection:
        connection.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
    options = f"{path} -cdefault_transaction_read_only=on"
    reader = sa.create_engine(url, connect_args={"options": options}, hide_parameters=True)
    return Database(writer, reader)


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """The URL of an empty one, gone when the block ends. A machine without it leaves the test out and says so."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        pytest.skip("left out: needs PostgreSQL (apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    options = _as_somebody(folder)
    try:
        data = folder / "data"
        made: list[str | Path] = [programs[-1] / "initdb", "-D", data, "-A", "trust", "-U", "torrazzo", "-E", "UTF8"]
        made += ["--locale=C", "--no-sync"]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, **options)
        control: list[str | Path] = [programs[-1] / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-s"]
        settings = " ".join([*_SETTINGS, "-k", str(folder)])
        subprocess.run([*control, "-o", settings, "start"], check=True, stdout=subprocess.DEVNULL, **options)
        try:
            yield f"postgresql+psycopg://torrazzo@/postgres?host={folder}"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, **options)
    finally:
        shutil.rmtree(folder)


def _as_somebody(folder: Path) -> dict[str, Any]:
    """PostgreSQL does not run as root: then it is nobody's."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "cwd": folder}
