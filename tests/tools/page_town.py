# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A small real server for the built page: static/ under the strict CSP, and just enough of /api/v1 to use it by hand.

`python -m tests.tools.page_town` serves it for as long as you look.
"""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.tools.page_server import PageServer

STATIC = Path(__file__).resolve().parents[2] / "src" / "torrazzo" / "control_room" / "static"
CSP = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; media-src blob:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
PASSWORD, CODE, RECOVERY, TOKEN, CSRF = "una frase di prova", "123456", "aaaa-bbbb-cccc", "one-time", "csrf-word"
OPERATOR = (
    "live",
    "playback",
    "cameras.see",
    "state.see",
    "alarms.see",
    "alarms.take",
    "shift",
    "shifts.see",
    "copy.ask",
)
AUDITOR = ("cameras.see", "state.see", "people.see", "logs.read")
NOW = "2026-11-24T21:04:41.250Z"


def system_state() -> dict[str, Any]:
    """One of everything: what records, what does not, what is late."""
    gap = {"from": "2026-11-24T09:12:00.000Z", "to": "2026-11-24T09:14:30.000Z", "why": "net"}
    lasting = {"from": "2026-11-24T20:58:00.000Z", "to": None, "why": "nosignal"}

    def camera(number: int, name: str, state: str, gaps: list[dict[str, Any]]) -> dict[str, Any]:
        stream = {"name": "main", "state": state, "why": gaps[-1]["why"] if state == "gap" else None, "since": NOW}
        shown = {**stream, "age_s": 400.0 if state == "gap" else 0.8, "gaps": gaps}
        place = f"Luogo {number}"
        return {
            "id": f"c{number}",
            "name": name,
            "place": place,
            "synthetic": True,
            "enabled": True,
            "streams": [shown],
        }

    return {
        "now": NOW,
        "recorder": {"state": "running", "keys_hours_left": 47, "queue_s": 0.0},
        "cameras": [
            camera(1, "Piazza Stradivari", "recording", [gap]),
            camera(2, "Corso Garibaldi", "gap", [gap, lasting]),
            camera(3, "Via Dante", "recording", []),
        ],
        "disks": [
            {"path": "/srv/video1", "state": "ok", "free": 3_400 * 10**9, "size": 8_000 * 10**9, "days_left": None},
            {"path": "/srv/video2", "state": "ok", "free": 120 * 10**9, "size": 8_000 * 10**9, "days_left": 2.4},
        ],
        "clock": {"state": "trusted", "source": "chrony", "offset_ms": 0.4},
        "ledger": {
            "state": "running", "why": None, "since": None, "waiting": 1204,
            "witnesses": [
                {"name": "provincia.example", "away_s": 12.0, "own": False},
                {"name": "cremona-own", "away_s": 3.0, "own": True},
            ],
        },
        "retention": {
            "state": "on-time", "hours": 168, "oldest": "2026-11-17T21:05:00.000Z",
            "last_erased": "2026-11-24T21:00:03.000Z",
        },
        "keyring": {"state": "running", "level": "file"},
        "alarms": [],
    }  # fmt: skip


class No(Exception):
    """A problem, as the API tells it."""

    def __init__(self, status: int, code: str, **more: object) -> None:
        super().__init__(code)
        self.status = status
        self.body = {"status": status, "code": code, "title": code.lower(), **more}


@dataclass(slots=True)
class PageTown:
    """What the API would know; tests set it, and read what was asked."""

    is_new: bool = False
    stage: str = "none"  # none, half, full, locked
    permissions: tuple[str, ...] = OPERATOR
    second: str = "totp"
    also: tuple[str, ...] = ("passkey", "recovery")
    after: str = "done"  # what comes after the second factor
    failures: int = 0
    is_told: bool = True
    shift: dict[str, Any] | None = None
    previous: dict[str, Any] | None = None
    left: list[str] = field(default_factory=lambda: ["admin", "designato"])
    made: list[dict[str, Any]] = field(default_factory=list)
    wishes: dict[str, Any] = field(default_factory=lambda: {"language": None, "theme": None})
    idle_s: float = 600
    system: dict[str, Any] = field(default_factory=system_state)
    alarms: list[dict[str, Any]] = field(default_factory=list)
    is_away: bool = False
    asked: list[str] = field(default_factory=list)

    @property
    def town(self) -> dict[str, Any]:
        return {"name": "Cremona", "zone": "Europe/Rome", "provider": None, "first_run": self.is_new, "demo": True}

    def me(self) -> dict[str, Any]:
        return {
            "town": self.town, "person": {"id": "p1", "name": "Anna Rossi"}, "roles": ["operator"],
            "permissions": list(self.permissions), "shift": self.shift, "csrf": CSRF, "leave": None,
            "idle_s": self.idle_s, "until": "2026-11-25T08:00:00.000Z", "wishes": self.wishes,
        }  # fmt: skip

    def step(self, step: str) -> dict[str, Any]:
        other = "Sala 2 (10.0.0.7)" if step == "elsewhere" else None
        self.stage = "full" if step == "done" else "half"
        return {"step": step, "also": list(self.also), "other": other, "csrf": CSRF, "is_told": self.is_told}

    # -- the routes: what was asked, and the body

    def answer(self, asked: str, said: dict[str, Any]) -> dict[str, Any] | None:
        if asked == "GET /town":
            return self.town
        if asked.startswith("POST /sign-in"):
            return self._sign_in(asked.removeprefix("POST /sign-in"), said)
        if asked == "GET /me/ways":
            return {
                "password": True,
                "totp": False,
                "passkeys": [],
                "recovery_codes": 0,
                "provider": None,
                "again": False,
            }
        if asked.startswith(("POST /first-run", "POST /link", "POST /enrol")):
            return self._begin(asked, said)
        if asked == "POST /unlock":
            if said["password"] != PASSWORD:
                raise No(401, "SIGN_IN_REFUSED")
            self.stage = "full"
            return self.me()
        if asked == "DELETE /session":
            self.stage = "none"
            return None
        if self.stage != "full":
            raise No(401, "SESSION_LOCKED", csrf=CSRF) if self.stage == "locked" else No(401, "SESSION_NONE")
        return self._inside(asked, said)

    def _sign_in(self, asked: str, said: dict[str, Any]) -> dict[str, Any]:
        right = {"": ("password", PASSWORD), "/totp": ("code", CODE), "/recovery": ("code", RECOVERY)}
        if asked in right:
            if self.failures >= 5:
                raise No(429, "SIGN_IN_LOCKED", until="2026-11-24T21:19:00.000Z")
            name, value = right[asked]
            if said[name] != value:
                self.failures += 1
                raise No(403, "SIGN_IN_REFUSED" if asked == "" else "CODE_WRONG")
            return self.step(self.second if asked == "" else self.after)
        if asked == "/passkey/options":
            return {"options": {"challenge": "AAAA", "rpId": "localhost", "userVerification": "required"}}
        if asked == "/passkey":
            assert said["credential"]["response"]["signature"]
            return self.step(self.after)
        assert asked in {"/take-over", "/password"}, asked
        return self.step("done")

    def _begin(self, asked: str, said: dict[str, Any]) -> dict[str, Any]:
        if asked == "POST /enrol/totp":
            secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
            return {"totp": {"secret": secret, "uri": f"otpauth://totp/Torrazzo:anna?secret={secret}&issuer=Torrazzo"}}
        if asked == "POST /enrol/totp/code":
            if said["code"] != CODE:
                raise No(403, "CODE_WRONG")
            self.stage = "full"
            return {"codes": [f"{n}aaa-bbbb-cccc-dddd" for n in range(10)]}
        if said["token"] != TOKEN:
            raise No(410, "LINK_GONE")
        if asked == "POST /first-run/person":
            act = said["designation"]
            if act["until"] < act["date"]:
                raise No(422, "NOT_VALID", fields={"designation.until": "finisce prima di cominciare"})
            self.made.append(said)
            self.left.remove(said["role"])
            self.is_new = bool(self.left)
            return self.step("enrol")
        if asked == "POST /link":
            return {"name": "Anna Rossi"}
        if asked == "POST /link/password":
            return self.step("enrol")
        return {"next": self.left[0] if self.left else None}

    def _inside(self, asked: str, said: dict[str, Any]) -> dict[str, Any] | None:
        if asked == "PATCH /me":
            self.wishes.update(said)
        if asked in {"GET /me", "PATCH /me"}:
            return self.me()
        if asked in {"GET /alarms", "GET /alarms/past", "GET /shifts", "GET /first-steps"}:
            return {"now": NOW, "items": self.alarms if asked == "GET /alarms" else []}
        if asked == "POST /shift":
            if len(said["reason"]) < 15:
                raise No(400, "REASON_REQUIRED")
            self.shift = {
                "id": "s1",
                "person": {"id": "p1", "name": "Anna Rossi"},
                "opened": NOW,
                "reason": said["reason"],
            }
        if asked == "POST /shift/close":
            self.previous = {"person": {"id": "p1", "name": "Anna Rossi"}, "closed": NOW, "note": said["note"]}
            self.shift = None
        if "/shift" in asked:
            return {"current": self.shift, "previous": self.previous}
        if asked == "POST /lock":
            self.stage = "locked"
        return self.system if asked == "GET /system" else None


class Strict:
    """The headers that the control room will send."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def strict(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = ((b"content-security-policy", CSP.encode()), (b"x-content-type-options", b"nosniff"))
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        await self._app(scope, receive, strict)


def make_app(town: PageTown, static: Path) -> ASGIApp:
    """Files, the API, and index.html for every address of a screen."""

    async def api(request: Request) -> Response:
        asked = f"{request.method} {request.url.path.removeprefix('/api/v1')}"
        town.asked.append(asked)
        body = await request.body()
        if town.is_away:
            return Response("gone", 502, media_type="text/plain")
        needs_word = request.method != "GET" and town.stage != "none"
        if needs_word and not asked.startswith(("POST /sign-in", "POST /first-run", "POST /link")):
            assert request.headers.get("x-torrazzo-csrf") == CSRF, asked
        try:
            found = town.answer(asked, json.loads(body) if body else {})
        except No as no:
            return JSONResponse(no.body, no.status, media_type="application/problem+json")
        return Response(status_code=204) if found is None else JSONResponse(found)

    async def page(_request: Request) -> Response:
        return FileResponse(static / "index.html")

    methods = ["GET", "POST", "PATCH", "DELETE"]
    files = StaticFiles(directory=static / "assets")
    routes = [
        Route("/api/v1/{path:path}", api, methods=methods),
        Mount("/assets", files),
        Route("/{path:path}", page),
    ]
    return Strict(Starlette(routes=routes))


@contextlib.contextmanager
def serve_page(town: PageTown, static: Path = STATIC, port: int = 0) -> Iterator[str]:
    """Its address, on `localhost`: passkeys refuse 127.0.0.1."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        config = uvicorn.Config(make_app(town, static), log_level="warning", lifespan="off")
        server = PageServer(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://localhost:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(60)


if __name__ == "__main__":
    with serve_page(PageTown(), port=8471) as address:
        print(address, f"password: {PASSWORD}, code: {CODE}, recovery: {RECOVERY}")
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)
