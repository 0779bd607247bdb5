# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reading at the end of a life, at the gate as it runs, with nobody there who erases."""

from pathlib import Path

import pytest

from tests.tools.gate_town import NOW
from tests.tools.gated import Gated
from torrazzo.base.times import HOUR, SECOND, hour_of
from torrazzo.keyring.answer import Denied
from torrazzo.keyring.gate_refusal import Reason
from torrazzo.keyring.public import KeyName


def test_what_is_too_old_is_refused_although_key_and_file_are_there(tmp_path: Path) -> None:
    """RT-01: at 167 h 59 m 59 s its keys are given, at 168 h 00 m 00 s they are not, though nobody has shredded."""
    gated = Gated(tmp_path)
    end = (hour_of(NOW - 60 * SECOND) + 168) * HOUR
    while end - gated.clock.utc() > 24 * HOUR:
        gated.clock.advance(24 * 3_600)
        gated.turn()
    gated.clock.advance((end - gated.clock.utc()) / SECOND - 1)
    gated.turn()
    assert gated.parts.guard.grant(gated.view()).ns == (1,)
    gated.clock.advance(1)
    with pytest.raises(Denied) as denied:
        gated.parts.guard.grant(gated.view())
    assert denied.value.reason is Reason.CONTENT
    assert KeyName(hour_of(NOW - 60 * SECOND), "standard") in gated.parts.store.ring.keys
