# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`./dev bench PART [options]`; `./dev bench PART --help` tells them."""

import os
import sys

from bench import access, latency, ledger, live, outages, playback, record, verify, wall

PARTS = {
    "access": access.main,
    "record": record.main,
    "latency": latency.main,
    "ledger": ledger.main,
    "live": live.main,
    "outages": outages.main,
    "playback": playback.main,
    "verify": verify.main,
    "wall": wall.main,
}


def main() -> int:
    """Run one part."""
    if len(sys.argv) < 2 or sys.argv[1] not in PARTS:
        print(f"usage: ./dev bench {'|'.join(PARTS)} [options]")
        return 2
    os.environ.setdefault("TORRAZZO_TPM", "none")  # its towns are deleted: no counter may stay in the machine's TPM
    return PARTS[sys.argv[1]](sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
