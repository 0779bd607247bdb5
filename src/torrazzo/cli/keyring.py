# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo keyring`: the hours' keys, two days ahead."""

import os
import signal
import sys
import threading
from collections.abc import Sequence

from torrazzo.cli.process_options import find_home, process_parser


def main(words: Sequence[str]) -> int:
    """Run until SIGTERM or SIGINT."""
    options = process_parser("keyring", "Make the hours' keys; give segment keys to readers.").parse_args(words)
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]  # structlog would load 7 MB for colours
    from torrazzo.app import prepare_process, system_parts
    from torrazzo.keyring import run_keyring
    from torrazzo.keyring.process import Manner

    prepare_process("keyring")
    home, disk, clock = system_parts(find_home(options.home).path)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    run_keyring(home.path, clock, disk, stop, Manner(sealing=os.environ.get("TORRAZZO_TPM", "auto")))
    return 0
