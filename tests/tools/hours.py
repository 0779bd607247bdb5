# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The machine's hours: with each a recorder begins another volume."""

import time


def early_in_the_hour(seconds: float) -> None:
    """Return when so much of this hour is left; seldom that is a wait."""
    left = 3600 - time.time() % 3600
    if left < seconds:
        time.sleep(left + 0.5)
