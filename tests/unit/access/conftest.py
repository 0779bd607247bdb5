# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.staffed import StaffedTown


@pytest.fixture
def town(tmp_path: Path) -> Iterator[StaffedTown]:
    with StaffedTown(tmp_path / "town") as town:
        yield town
