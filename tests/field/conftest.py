# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Real material that is not part of this repository: left out, with a line that says so, where it is absent."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("TORRAZZO_SHARED") or Path(__file__).resolve().parents[3] / "shared")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Collect nothing of this folder without the material."""
    if (SHARED / "data").is_dir() or collection_path.suffix != ".py":
        return None
    print(f"left out: {collection_path.name} (no material at {SHARED}; set TORRAZZO_SHARED)")
    return True


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of the material: `data/protocol`, `data/video`."""
    return SHARED / "data"
