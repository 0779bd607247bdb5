# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from collections.abc import Iterator
from typing import Any

import pytest

from tests.tools.page_seen import open_chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium: one for all tests of a file, since nothing else may use asyncio in a process while it is open."""
    with open_chromium() as found:
        yield found
