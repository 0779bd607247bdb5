# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a camera's signatures say of pictures."""

from enum import IntEnum


class Verdict(IntEnum):
    """Best first: of several, the largest holds."""

    OK = 1  # the camera signed just these
    NONE = 2  # nobody knows: no certificate yet, or signed in a way that is not known here
    MISSING = 3  # pictures that no signature covers, or signed ones that are not there
    BAD = 4  # pictures, order, signature or certificate contradict each other
