# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo serve`: all processes of one box, kept alive."""

import asyncio
from collections.abc import Sequence

from torrazzo.cli.exits import FOUND, OK
from torrazzo.cli.process_options import add_page_options, find_home, load_plainly, process_parser


def main(words: Sequence[str]) -> int:
    """Run until SIGTERM or SIGINT; a second one ends at once, as a power cut would."""
    parser = process_parser("serve", "Record: keyring, recorder, ledger and control room, restarted when they die.")
    add_page_options(parser)
    options = parser.parse_args(words)
    from torrazzo.control_room.bind import bind_page

    if options.port or options.host != "127.0.0.1":
        bind_page(options.host, options.port or 0).close()  # told here, before anything starts
    load_plainly()
    from torrazzo.app import PageOptions, prepare_process, serve, system_parts
    from torrazzo.town.home import load_settings

    home, disk, clock = system_parts(find_home(options.home).path)
    load_settings(home)
    prepare_process("serve")

    def say(address: str) -> None:
        print(f"The page: {address}", flush=True)

    def say_first(link: str) -> None:
        print(f"For the first administrator and the first commander, within a day: {link}", flush=True)

    page = PageOptions(options.host, options.port)
    is_clean = asyncio.run(serve(home, disk, clock, page, say, say_first))
    return OK if is_clean else FOUND
