# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Before and after everything: by which name we are called, who sent this, what browsers may do with the answer."""

from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from torrazzo.control_room.api.problem import problem

LARGEST_BODY = 64 << 10
SAFE = frozenset({"GET", "HEAD"})
PROVIDER_LOGOUT = (
    "/api/v1/sign-in/provider/logout"  # the one thing that another server says: signed, and no cookie counts
)

CSP = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), usb=(), serial=(), display-capture=()",
}
HSTS = "max-age=31536000"


class Guard:
    """Around an application. Its answers are kept by nobody, unless they say otherwise."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str], *, is_secure: bool = False) -> None:
        self._app, self._hosts, self._is_secure = app, hosts, is_secure
        headers = {**HEADERS, **({"strict-transport-security": HSTS} if is_secure else {})}
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # nothing else comes from outside

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                there = {name.lower() for name, _ in headers}
                headers += [pair for pair in self._headers if pair[0] not in there]
                if b"cache-control" not in there:
                    headers.append((b"cache-control", b"no-store"))
                message = {**message, "headers": headers}
            await send(message)

        await self._chosen(scope)(scope, receive, guarded)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Browsers open sockets to any host from any page, with our cookie: they always say from which one."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        hosts = [value.decode("latin-1").lower() for name, value in scope["headers"] if name == b"host"]
        origin = headers.get(b"origin", b"").decode("latin-1").lower()
        is_ours = len(hosts) == 1 and hosts[0] in self._hosts and origin == self._origin(hosts[0])
        if is_ours and headers.get(b"sec-fetch-site", b"same-origin") == b"same-origin":
            await self._app(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})  # 403, before it is open

    def _origin(self, host: str) -> str:
        return f"{'https' if self._is_secure else 'http'}://{host}"

    def _chosen(self, scope: Scope) -> ASGIApp:
        hosts = [value.decode("latin-1").lower() for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return problem("WRONG_HOST")
        if not _is_of_a_server(scope) and not is_ours(scope, hosts[0], is_secure=self._is_secure):
            return problem("CROSS_SITE", "a page elsewhere may not do that here")
        return _too_much(dict(scope["headers"])) or self._app


def _is_of_a_server(scope: Scope) -> bool:
    """What no browser sends: it would say from which page."""
    names = {name for name, _ in scope["headers"]}
    return scope["path"] == PROVIDER_LOGOUT and not names & {b"origin", b"sec-fetch-site", b"cookie"}


def _too_much(headers: Mapping[bytes, bytes]) -> ASGIApp | None:
    """A body says how long it is, before it comes; the server holds it to that."""
    if b"transfer-encoding" in headers:
        return problem("LENGTH_REQUIRED")
    length = headers.get(b"content-length", b"0")
    return None if length.isdigit() and int(length[:20]) <= LARGEST_BODY else problem("TOO_LARGE")


def is_ours(scope: Scope, host: str, *, is_secure: bool) -> bool:
    """Whether no page of another origin sent this. Browsers say which one did; what changes something has to say so."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
    if scope["method"] in SAFE:
        is_navigation = headers.get(b"sec-fetch-mode") == b"navigate"
        return site in {None, b"same-origin", b"none"} or is_navigation
    if site is not None and site != b"same-origin":
        return False
    if origin is not None:
        return origin.decode("latin-1").lower() == f"{'https' if is_secure else 'http'}://{host}"
    return site is not None
