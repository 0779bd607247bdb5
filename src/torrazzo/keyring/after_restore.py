# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""After a backup was restored: no key is given before retention has run (docs/1-operate/backup.md).

`restored.json` lies in the home from before there is a town again until a look of the keyring, with clocks that agree,
has left no key in the ring whose hour is over.
"""

from collections.abc import Iterable, Mapping

import structlog

from torrazzo.base.errors import Unavailable
from torrazzo.durable import Disk
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.trusted_time import LEGAL_HOURS, Judgement
from torrazzo.town.home import Home

WAITS = "a backup was restored here: no key is given before retention has run, a minute or two after the clocks agree"

log = structlog.get_logger(__name__)


def expect_settled(home: Home) -> None:
    """Raises `Unavailable` while that is not so."""
    if home.restored.exists():
        raise Unavailable(WAITS)


def settle(home: Home, disk: Disk, judged: Judgement, ring: Iterable[KeyName], lives: Mapping[str, int]) -> None:
    """Called when the chores of a look are done."""
    if judged.agreed is None or not home.restored.exists():
        return
    if all(judged.may_read(name.hour, lives.get(name.class_, LEGAL_HOURS)) for name in ring):
        disk.unlink(home.restored)
        disk.sync_folder(home.path)
        log.warning("restored_home_opened")
