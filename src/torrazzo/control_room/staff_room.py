# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""People in the running control room: their stores, and the ledger that hears of each change before it is answered."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

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
PATIENCE_S = 8.0  # with the ledger, of whoever may go on without it
FIRST_RUN = "/first-run"  # an address of that page
PAGE = Path(__file__).with_name("static") / "index.html"  # the page that has accounts, where it was built


class StaffRoom:
    """May be used by several threads. `tell` enters a fact in `act`."""

    def __init__(self, staffing: Staffing, tell: Callable[[Fact], object]) -> None:
        self.staffing = staffing
        self._tell = tell
        self._telling: set[int] = set()  # facts that somebody tells at this moment
        self._late = 0  # how many tell, and have had no answer for long
        self._turn = threading.Condition()  # over both; nobody waits for the ledger with it

    def told(self, done: Done[T]) -> T:
        """The value, once the ledger has the facts of it; raises `Unavailable` where that takes nothing."""
        self._enter(done.facts)
        return done.value

    def told_or_owed(self, done: Done[T]) -> tuple[T, bool]:
        """The value within some seconds, and whether the ledger had the facts of it by then."""
        try:
            return done.value, self._is_told_soon(done.facts)
        except TorrazzoError:
            return done.value, False

    def tend(self) -> None:
        """Now and then: suspend, forget, and tell what is owed, also by a life before."""
        self.staffing.tend()
        for fact in self.staffing.staff.owed():
            if self._late:  # it hangs, as it would for each of these
                return
            try_to("fact_not_told", partial(self._is_told_soon, (fact,)))

    def _is_told_soon(self, facts: Sequence[Fact]) -> bool:
        """Raises what the ledger raises. False: it has not answered yet, or hangs; who tells goes on behind."""
        if not facts:
            return True
        if self._late:
            return False
        answer: Future[None] = Future()
        threading.Thread(target=self._answer, args=(facts, answer), name="telling", daemon=True).start()
        try:
            answer.result(PATIENCE_S)
        except TimeoutError:
            with self._turn:
                self._late += 1
            answer.add_done_callback(self._answered_late)
            return False
        return True

    def _answer(self, facts: Sequence[Fact], answer: "Future[None]") -> None:
        """In a thread of its own: what it raised would reach nobody, and be taken for an answer that is late."""
        try:
            self._enter(facts)
        except Exception as error:  # noqa: BLE001 - raised again by whoever waits for it, or told by who does no more
            answer.set_exception(error)
        else:
            answer.set_result(None)

    def _answered_late(self, answer: "Future[None]") -> None:
        with self._turn:
            self._late -= 1
        if (error := answer.exception()) is not None:
            log.warning("fact_not_told", error=str(error))

    def _enter(self, facts: Iterable[Fact]) -> None:
        for fact in facts:
            with self._claimed(fact.id):
                if self.staffing.staff.is_owed(fact.id):
                    self._tell(fact)
                    self.staffing.staff.told([fact])

    @contextlib.contextmanager
    def _claimed(self, fact: int) -> Iterator[None]:
        """So that none is told twice: who comes second waits for what comes of it, and for nothing else."""
        with self._turn:
            self._turn.wait_for(lambda: fact not in self._telling)
            self._telling.add(fact)
        try:
            yield
        finally:
            with self._turn:
                self._telling.discard(fact)
                self._turn.notify_all()

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
        by, said = await _said(request)
        change = partial(change_provider, self.staffing, request.path_params["what"], said, by)
        await asyncio.to_thread(lambda: self.told(change()))
        return JSONResponse({})

    async def _suspend(self, request: Request) -> Response:
        by = await _by(request)
        account = self.staffing.accounts.named(request.path_params["name"])
        suspend = partial(self.staffing.accounts.suspend, account.id, by)
        await asyncio.to_thread(lambda: self.told(suspend()))
        return JSONResponse({})


async def _by(request: Request) -> By:
    return (await _said(request))[0]


async def _said(request: Request) -> tuple[By, Mapping[str, Any]]:
    """Whose hand it is, and all of the body, which can be read once."""
    body = await read_json(request, BODY)
    reason = body.get("reason") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(reason, str) or not reason.strip():
        raise Invalid("reason: say why; it is told")
    return By(f"unix:{requesting(request).name}", reason), body


def try_to(what: str, work: Callable[[], object]) -> None:
    """Do it; what can't be done now is logged, and tried again by whoever calls."""
    try:
        work()
    except (OSError, TorrazzoError) as error:
        log.warning(what, error=str(error))
