# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town under audit, for the tests of what its auditor finds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.audited import Audited, audited


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Audited]:
    with audited(tmp_path / "a") as found:
        yield found
