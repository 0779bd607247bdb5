# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How long what is held lives, by the cause of the hold: RT-03 and RT-04 (docs/3-formats/vault.md, section Terms)."""

from collections.abc import Mapping

from torrazzo.base.times import DAY, HOUR

PROVISIONAL = 72 * HOUR  # a hold that nobody confirmed, whatever its cause
SOON = 7 * DAY  # before its end it is announced

# Cause → life once a second person has confirmed it, from the fact that placed it. Longer is a new hold, by two people.
TERMS: Mapping[str, int] = {
    "judge": 1_096 * DAY,  # until released, and three years at most: nothing is held without an end
    "police": 180 * DAY,  # also a case of the Local Police's own
    "defence": 180 * DAY,
    "citizen": 30 * DAY,
    "rights": 30 * DAY,  # of who is in the pictures
    "office": 30 * DAY,  # ex officio: nobody has asked yet
}
