# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo control-room`: registry, catalogue and page."""

import asyncio
from collections.abc import Sequence

from torrazzo.cli.process_options import add_page_options, find_home, load_plainly, process_parser


def main(words: Sequence[str]) -> int:
    """Run until SIGTERM or SIGINT."""
    parser = process_parser("control-room", "Keep registry and catalogue; serve the page on this machine.")
    add_page_options(parser)
    options = parser.parse_args(words)
    from torrazzo.control_room.bind import check_loopback, check_port

    check_loopback(options.host)
    check_port(options.port or 0)
    load_plainly()
    from torrazzo.app import prepare_process, system_parts
    from torrazzo.control_room.process import run_control_room

    prepare_process("control-room")
    parts = system_parts(find_home(options.home).path)
    asyncio.run(run_control_room(*parts, options.host, options.port))
    return 0
