# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo recorder`: cameras to archive; the one process that must never wait for another."""

from collections.abc import Sequence

from torrazzo.cli.process_options import find_home, load_plainly, process_parser


def main(words: Sequence[str]) -> int:
    """Run until SIGTERM or SIGINT."""
    options = process_parser("recorder", "Record all cameras of the plan.").parse_args(words)
    load_plainly()
    from torrazzo.app import prepare_process, system_parts
    from torrazzo.recorder import run_recorder

    prepare_process("recorder")
    home, disk, clock = system_parts(find_home(options.home).path)
    return run_recorder(home, clock, disk)
