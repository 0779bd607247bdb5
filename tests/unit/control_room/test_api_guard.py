# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What stands around the API: names, origins, the CSRF word, sizes, errors, headers; the built page and the old one."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.tools.api_town import CSRF, ApiTown, Browser, api_town
from tests.tools.asgi import Client
from tests.tools.staffed import PASSWORD
from torrazzo.control_room.api.app import ROOT, GatedRoute, check_declared, make_api
from torrazzo.control_room.api.declared import Door, Logged, Routes, Undeclared, by_endpoint
from torrazzo.control_room.api.gate import where_of
from torrazzo.control_room.api.guard import CSP, LARGEST_BODY, Guard
from torrazzo.control_room.front import Front, built_page
from torrazzo.law import Role
from torrazzo.town.camera import Camera

WHY = {"reason": "presa di servizio al turno serale"}
HOST = "localhost:8470"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiTown]:
    with api_town(tmp_path_factory.mktemp("guard") / "town") as town:
        town.somebody("gina.verdi", Role.OPERATOR)
        yield town


@pytest.fixture
def browser(town: ApiTown) -> Browser:
    return town.signed_in("gina.verdi")


# -- the registry


def test_an_undeclared_route_stops_the_start(town: ApiTown) -> None:
    """A route of the gate's kind that is in no registry, one that goes around it, and two that say the same."""
    app = make_api(town.room())
    with pytest.raises(Undeclared):
        app.router.add_api_route(f"{ROOT}/pictures", lambda: None, methods=["GET"], route_class_override=GatedRoute)
    app.router.add_route(f"{ROOT}/pictures", lambda _: PlainTextResponse("all of them"))
    with pytest.raises(Undeclared, match="pictures"):
        check_declared(app.routes)
    twice = Routes()
    for name in ("one", "two"):
        twice.add("GET", "/same", Logged.CONSULT, name, Door.ANYONE, None)(lambda: None)
    with pytest.raises(Undeclared):
        by_endpoint(twice.all)


# -- who sent it


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"host": "evil.example:80"}, "WRONG_HOST"),
        ({"sec-fetch-site": "cross-site"}, "CROSS_SITE"),
        ({"sec-fetch-site": "same-site"}, "CROSS_SITE"),
        ({"origin": "http://evil.example"}, "CROSS_SITE"),
        ({"origin": "null"}, "CROSS_SITE"),
        ({"origin": None, "sec-fetch-site": None}, "CROSS_SITE"),
        ({CSRF: None}, "CSRF"),
        ({CSRF: "guessed"}, "CSRF"),
        ({CSRF: "è"}, "CSRF"),
    ],
    ids=lambda found: found if isinstance(found, str) else "",
)
def test_a_page_elsewhere_changes_nothing(browser: Browser, changed: dict[str, str | None], code: str) -> None:
    """By our cookie alone nobody opens a shift: each of the four defences refuses by itself."""
    assert browser.ask("POST", f"{ROOT}/shift", WHY, changed).code == code
    assert browser.get("/shift").json()["current"] is None


def test_either_header_of_a_browser_does(browser: Browser) -> None:
    """Older browsers send only one of Origin and Sec-Fetch-Site."""
    assert browser.ask("POST", f"{ROOT}/active", {}, {"origin": None}).status == 204
    assert browser.ask("POST", f"{ROOT}/active", {}, {"sec-fetch-site": None}).status == 204


def test_signing_in_needs_no_word_but_an_origin(town: ApiTown) -> None:
    """There is no session yet whose word one could know; a page elsewhere signs nobody in all the same."""
    said, browser = {"name": "gina.verdi", "password": PASSWORD}, town.browser()
    assert browser.ask("POST", f"{ROOT}/sign-in", said, {"origin": "http://evil.example"}).code == "CROSS_SITE"
    assert browser.ask("POST", f"{ROOT}/sign-in", said).status == 200


def test_a_page_elsewhere_reads_nothing(browser: Browser) -> None:
    """Neither as a script nor as a picture."""
    answer = browser.ask("GET", f"{ROOT}/me", None, {"sec-fetch-site": "cross-site"})
    assert answer.code == "CROSS_SITE"


# -- errors


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/nothing", None, 404, "NOT_FOUND"),
        ("PUT", "/me", {}, 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/shift", b"{nonsense", 422, "NOT_VALID"),
        ("POST", "/shift", {"reason": WHY["reason"], "more": 1}, 422, "NOT_VALID"),
        ("POST", "/shift", {"reason": "x" * LARGEST_BODY}, 413, "TOO_LARGE"),
        ("GET", "/people/nobody", None, 403, "FORBIDDEN"),
    ],
    ids=lambda found: found if isinstance(found, str) else "",
)
def test_every_error_is_a_problem(
    browser: Browser, method: str, path: str, body: object, status: int, code: str
) -> None:
    """The framework's own, too: with a code, and by fields what is wrong."""
    answer = browser.ask(method, ROOT + path, body)
    assert (answer.status, answer.code, answer.json()["status"]) == (status, code, status)
    assert answer.headers["cache-control"] == "no-store"
    if code == "NOT_VALID":
        assert answer.json()["fields"]


def test_nothing_of_a_failure_is_told(town: ApiTown) -> None:
    """An error that nobody foresaw is 500 with our code; what it says stays here."""

    def broken() -> list[Camera]:
        raise RuntimeError("/secret/path of box.key")

    room = town.room()
    app = make_api(replace(room, cameras=broken))
    answer = Client(Guard(app, frozenset({HOST})), HOST).get(f"{ROOT}/town")
    assert (answer.status, answer.json()["code"]) == (500, "FAILED")
    assert "secret" not in answer.text
    assert "RuntimeError" not in answer.text


def test_a_form_of_another_kind_is_not_read(browser: Browser) -> None:
    """What forms of other pages can send without asking is no JSON."""
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        answer = browser.ask("POST", f"{ROOT}/shift", WHY, {"content-type": kind})
        assert (answer.status, answer.code) == (422, "NOT_VALID"), kind
    assert browser.get("/shift").json()["current"] is None


def test_every_answer_has_the_headers(town: ApiTown) -> None:
    """Of the API, of the page, of errors and of refusals by the guard."""
    browser = town.browser()
    for path, changed in (("/", {}), (f"{ROOT}/town", {}), (f"{ROOT}/nothing", {}), ("/", {"host": "evil.example"})):
        headers = browser.ask("GET", path, None, changed).headers
        assert headers["content-security-policy"] == CSP, path
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert "strict-transport-security" not in headers
    assert "unsafe" not in CSP


def test_a_body_says_how_long_it_is(town: ApiTown) -> None:
    """What comes in chunks without an end is not waited for."""
    with socket.create_connection(("127.0.0.1", town.port)) as connection:
        host = f"localhost:{town.port}"
        lines = (
            f"POST {ROOT}/sign-in HTTP/1.1",
            f"host: {host}",
            f"origin: http://{host}",
            "transfer-encoding: chunked",
        )
        connection.sendall("\r\n".join((*lines, "", "")).encode())
        assert b" 411 " in connection.recv(200).split(b"\r\n")[0]


def test_two_hosts_are_none(town: ApiTown) -> None:
    """A request that names two hosts is refused, whichever of them is ours."""
    with socket.create_connection(("127.0.0.1", town.port)) as connection:
        host = f"localhost:{town.port}"
        text = f"GET {ROOT}/town HTTP/1.1\r\nhost: {host}\r\nhost: {host}\r\nconnection: close\r\n\r\n"
        connection.sendall(text.encode())
        assert b" 400 " in (line := connection.recv(200).split(b"\r\n")[0]) or b" 421 " in line


@pytest.mark.parametrize(
    "lines", [["192.0.2.1, 10.9.0.7"], ["192.0.2.1", "10.9.0.7"], ["192.0.2.1, 192.0.2.2", "10.9.0.7"]]
)
def test_the_address_is_the_one_that_the_proxy_wrote(town: ApiTown, lines: list[str]) -> None:
    """Whoever comes says what they like before it, whether the proxy writes on in that line or in one of its own."""
    headers = [(b"x-forwarded-for", line.encode()) for line in lines]
    request = HTTPConnection({"type": "http", "headers": headers, "client": ("127.0.0.1", 4711)})
    assert where_of(request, replace(town.room(), is_behind_proxy=True)).address == "10.9.0.7"
    assert where_of(request, town.room()).address == "127.0.0.1"


def test_over_tls_the_cookie_is_the_host_s(town: ApiTown) -> None:
    """`__Host-`, Secure, and the browser is told to come by TLS only."""
    room = town.room()
    app = Guard(make_api(replace(room, is_secure=True)), frozenset({HOST}), is_secure=True)
    said = {"name": "gina.verdi", "password": PASSWORD}
    answer = Client(app, HOST).ask(
        "POST", f"{ROOT}/sign-in", said, origin=f"https://{HOST}", content_type="application/json"
    )
    assert answer.status == 200, answer.body
    assert answer.headers["set-cookie"].startswith("__Host-torrazzo")
    assert "; secure" in answer.headers["set-cookie"].lower()
    assert answer.headers["strict-transport-security"].startswith("max-age=")


# -- the pages


@pytest.fixture
def static(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html>new")
    (tmp_path / "assets" / "app-1.js").write_text("let a;" * 500)
    (tmp_path.parent / "secret.txt").write_text("secret")
    return tmp_path


def test_the_built_page_answers_for_all_its_addresses(static: Path) -> None:
    """The index wherever a screen may be, assets for ever and small; nothing outside of its folder."""
    page = Client(built_page(static), HOST)
    for path in ("/", "/first-run", "/link", "/people/4"):
        answer = page.get(path)
        assert (answer.status, answer.text, answer.headers["cache-control"]) == (200, "<!doctype html>new", "no-cache")
    asset = page.get("/assets/app-1.js", accept_encoding="gzip")
    assert "immutable" in asset.headers["cache-control"]
    assert asset.headers["content-encoding"] == "gzip"
    for path in (
        "/assets/../index.html",
        "/assets/..",
        "/assets/",
        "/assets/../../secret.txt",
        "/secret.txt",
        "/.env",
        "/assets/%00",
        f"/assets/{'a' * 300}",
        f"/assets/{'é' * 200}",
    ):
        assert page.get(path).status == 404, path
    assert page.ask("POST", "/").status == 405


def _named(name: str) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(f"{name} {scope['path']}")(scope, receive, send)

    return app


@pytest.mark.parametrize(
    ("path", "without", "with_accounts", "alone"),
    [
        ("/", "old /", "page /", "page /"),
        ("/old", "old /", "old /", "page /old"),
        ("/overview", "old /overview", "old /overview", "page /overview"),
        ("/watch/c/main", "old /watch/c/main", "old /watch/c/main", "page /watch/c/main"),
        ("/state.json", "old /state.json", "old /state.json", "page /state.json"),
        ("/assets/page.css", "old /assets/page.css", "old /assets/page.css", "page /assets/page.css"),
        ("/first-run", "page /first-run", "page /first-run", "page /first-run"),
        ("/api/v1/me", "api /api/v1/me", "api /api/v1/me", "api /api/v1/me"),
    ],
)
def test_who_answers_where(path: str, without: str, with_accounts: str, alone: str) -> None:
    """The old page until there are accounts, then beside the new one; nowhere where it may not be."""

    def answer(old: ASGIApp | None, has_accounts: Callable[[], bool]) -> str:
        return Client(Front(_named("api"), _named("page"), old, has_accounts), HOST).get(path).text

    assert answer(_named("old"), lambda: False) == without
    assert answer(_named("old"), lambda: True) == with_accounts
    assert answer(None, lambda: True) == alone
