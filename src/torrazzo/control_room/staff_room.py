# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""People in the running control room: their stores, and the ledger that hears of each change before it is answered."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from torrazzo.access.staff import By, Done, Fact
from torrazzo.access.staffing import Staffing
from torrazzo.base.errors import Invalid, TorrazzoError
from torrazzo.control_room.accounts import link_path, list_accounts
from torrazzo.control_room.peered import requesting
from torrazzo.control_room.provider_office import change_provider, show_provider
from torrazzo.control_room.socket_app import read_json
from torrazzo.durable import Disk

log = structlog.get_logger(__name__)

T = TypeVar("T")

BODY = 64 << 10
FIRST_RUN = "/first-run"  # an address of that page
PAGE = Path(__file__).with_name("static") / "index.html"  # the page that has accounts, where it was built


class StaffRoom:
    """May be used by several threads. `tell` enters a fact in `act`."""

    def __init__(self, staffing: Staffing, tell: Callable[[Fact], object]) -> None:
        self.staffing = staffing
        self._tell = tell
        self._telling = threading.Lock()

    def told(self, done: Done[T]) -> T:
        """The value, once the ledger has the facts of it; raises `Unavailable` where that takes nothing."""
        self._enter(done.facts)
        return done.value

    def tend(self) -> None:
        """Now and then: suspend, forget, and tell what is owed, also by a life before."""
        self.staffing.tend()
        for fact in self.staffing.staff.owed():
            try_to("fact_not_told", partial(self._enter, (fact,)))

    def _enter(self, facts: Iterable[Fact]) -> None:
        with self._telling:  # so that none is told twice
            owed = {fact.id for fact in self.staffing.staff.owed()}
            for fact in facts:
                if fact.id in owed:
                    self._tell(fact)
                    self.staffing.staff.told([fact])

    # -- the first two people

    def offer_first_link(self, place: Path, page: str, disk: Disk, has_page: Callable[[], bool] = PAGE.exists) -> None:
        """Write the link for the first two people where `serve` finds it, for the owner alone; none if they are there.

        Passkeys know hosts by name: it leads to `localhost`, not to digits.
        """
        with contextlib.suppress(FileNotFoundError):
            disk.unlink(place)
        if has_page() and (token := self.staffing.links.first().value) is not None:
            disk.publish(place, f"{link_path(page, FIRST_RUN)}#{token}\n".encode(), 0o600)
            log.info("first_link_offered", file=str(place))

    # -- for the owner of the home

    def routes(self) -> tuple[Route, ...]:
        """On the socket that only our own Unix user opens: for `torrazzo account`."""
        return (
            Route("/accounts", self._list),
            Route("/accounts/{name}/link", self._link, methods=["POST"]),
            Route("/accounts/{name}/suspend", self._suspend, methods=["POST"]),
            Route("/provider", self._provider),
            Route("/provider/{what}", self._change_provider, methods=["POST"]),
        )

    def _list(self, _request: Request) -> Response:
        return JSONResponse({"accounts": list_accounts(self.staffing)})

    async def _link(self, request: Request) -> Response:
        by = await _by(request)
        account = self.staffing.accounts.named(request.path_params["name"])
        make = partial(self.staffing.links.make, account.id, by, is_all=True)
        return JSONResponse({"token": await asyncio.to_thread(lambda: self.told(make()))})

    def _provider(self, _request: Request) -> Response:
        return JSONResponse(show_provider(self.staffing))

    async def _change_provider(self, request: Request) -> Response:
        by, body = await _by(request), await read_json(request, BODY)
        assert isinstance(body, dict)
        change = partial(change_provider, self.staffing, request.path_params["what"], body, by)
        await asyncio.to_thread(lambda: self.told(change()))
        return JSONResponse({})

    async def _suspend(self, request: Request) -> Response:
        by = await _by(request)
        account = self.staffing.accounts.named(request.path_params["name"])
        suspend = partial(self.staffing.accounts.suspend, account.id, by)
        await asyncio.to_thread(lambda: self.told(suspend()))
        return JSONResponse({})


async def _by(request: Request) -> By:
    body = await read_json(request, BODY)
    reason = body.get("reason") if isinstance(body, dict) else None
    if not isinstance(reason, str) or not reason.strip():
        raise Invalid("reason: say why; it is told")
    return By(f"unix:{requesting(request).name}", reason)


def try_to(what: str, work: Callable[[], object]) -> None:
    """Do it; what can't be done now is logged, and tried again by whoever calls."""
    try:
        work()
    except (OSError, TorrazzoError) as error:
        log.warning(what, error=str(error))
