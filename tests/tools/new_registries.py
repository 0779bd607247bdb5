# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hundreds of tests make a town: of each process only the first new registry goes through all of Alembic's steps."""

import contextlib
import sqlite3
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from torrazzo.town import registry


@contextlib.contextmanager
def copied_registries() -> Iterator[None]:
    """Each later one begins as a copy of that; one of an older version takes its own steps."""
    upgrade, first = registry._upgrade, sqlite3.connect(":memory:", check_same_thread=False)
    is_made = False

    def make(engine: sa.Engine) -> None:
        nonlocal is_made
        if registry._revision(engine) is not None:
            upgrade(engine)
            return
        if not is_made:
            upgrade(engine)
        with contextlib.closing(engine.raw_connection()) as pooled:
            own = pooled.driver_connection
            assert isinstance(own, sqlite3.Connection)
            (first if is_made else own).backup(own if is_made else first)
        is_made = True

    with contextlib.closing(first), pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "_upgrade", make)
        yield
