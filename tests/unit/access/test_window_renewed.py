# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A window that several threads use, and that one of them renews or closes while another waits for keys."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tools.look_town import LookTown, look_town
from torrazzo.base.errors import Refused

pytestmark = pytest.mark.timeout(90)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[LookTown]:
    with look_town(tmp_path) as town:
        yield town


def meanwhile(town: LookTown, window: Any, what: str) -> None:
    """The next keys come, and before they are noted another thread renews or closes the window."""
    gate, keys = window._gate, window._gate.keys

    def slowly(*asked: Any) -> Any:
        gate.keys = keys
        found = keys(*asked)
        getattr(window, what)()
        return found

    gate.keys = slowly


def test_what_is_given_while_a_window_is_renewed_is_told(town: LookTown) -> None:
    """Keys that came for the fact before are asked for anew: some closing fact tells of all that was given."""
    look = town.look()
    look.footage.forget()
    meanwhile(town, look.window, "_renew_now")
    assert look.file().size > 100_000
    look.end("done")
    closes = [act for _, act in town.acts("close")]
    assert [act.values["why"] for act in closes] == ["renewed", "done"]
    assert [shown["count"] for shown in closes[-1].values["shown"]] == [6]


def test_what_is_given_while_a_window_is_closed_is_not_used(town: LookTown) -> None:
    """No picture opens with keys that no closing fact tells of."""
    look = town.look()
    look.footage.forget()
    meanwhile(town, look.window, "close")
    with pytest.raises(Refused):
        look.file()
