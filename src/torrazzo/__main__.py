# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`python -m torrazzo` is the command `torrazzo`."""

import sys

from torrazzo.cli import main

sys.exit(main())
