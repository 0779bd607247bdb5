# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Real material that is not part of this repository: left out, with a line that says so, where it is absent."""

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("TORRAZZO_SHARED") or Path(__file__).resolve().parents[3] / "shared")


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Nothing of this folder can be collected without the material."""
    return None if (SHARED / "data").is_dir() else LeftOut.from_parent(parent, path=module_path)


class LeftOut(pytest.Module):
    """A file whose tests are left out."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Say so; its own lines read the material."""
        pytest.skip(
            f"left out: {self.path.name} (no material at {SHARED}; set TORRAZZO_SHARED)", allow_module_level=True
        )


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of the material: `data/protocol`, `data/video`."""
    return SHARED / "data"
