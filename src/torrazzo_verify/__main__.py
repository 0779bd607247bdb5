# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`python -m torrazzo_verify PACKAGE`."""

import sys

from torrazzo_verify.verify import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
