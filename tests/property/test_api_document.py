# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The API against its own document: schemathesis asks all that the document allows, and what it does not."""

from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.tools.api_town import CSRF, ApiTown, Browser, api_town
from torrazzo.access.factors import check_code, new_device
from torrazzo.control_room.api.app import DECLARED, DOCUMENT, make_api
from torrazzo.control_room.api.declared import Declared
from torrazzo.law import Operation, Role
from torrazzo.law.roles import TABLE

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 10  # of each kind, a route
PEOPLE = {
    Role.ADMIN: "ada.bianchi",
    Role.DESIGNATO: "dino.rossi",
    Role.OPERATOR: "olga.neri",
    Role.AUDITOR: "aldo.prova",
}
PEOPLE |= {Role.PG_OFFICER: "piero.gialli", Role.DPO: "dora.viola"}
LOCK_IS_OVER = 16 * 60  # seconds: many examples are wrong passwords


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiTown]:
    with api_town(tmp_path_factory.mktemp("api") / "town") as town:
        for role, name in PEOPLE.items():
            town.somebody(name, role)
        yield town


@pytest.fixture(scope="module")
def operations(town: ApiTown) -> dict[tuple[str, str], Any]:
    """As the document that the server gives has them, by method and path."""
    document = town.browser().ask("GET", DOCUMENT).json()
    schema = from_dict(document)
    schema.config.update(base_url=f"http://localhost:{town.port}")
    results = list(schema.get_all_operations())
    found = [result.ok() for result in results if isinstance(result, Ok)]
    assert len(found) == len(results)
    return {(each.method.upper(), each.path): each for each in found}


@pytest.fixture(scope="module")
def browsers() -> dict[Role, Browser]:
    """Those that are signed in, by role."""
    return {}


def _signed_in(town: ApiTown, browsers: dict[Role, Browser], role: Role) -> Browser:
    """Anew where the examples before have ended or locked the session."""
    if role not in browsers or browsers[role].get("/me").status != 200:
        town.clock.advance(LOCK_IS_OVER)
        _with_device(town, PEOPLE[role])
        browsers[role] = town.signed_in(PEOPLE[role])
    return browsers[role]


def _with_device(town: ApiTown, name: str) -> None:
    """Another one, where the examples before have removed it."""
    staffing, account = town.staffing, town.staffing.accounts.named(name)
    if not staffing.credentials.ways(account.id).device:
        with staffing.staff.change() as change:
            town.devices[name] = pyotp.TOTP(new_device(change, account.id, staffing.staff.box))
            code = town.code(town.devices[name])
            assert check_code(change, account.id, staffing.staff.box, code, confirms=True)


def _role(route: Declared) -> Role:
    if not isinstance(route.permission, Operation):
        return Role.OPERATOR
    return next(role for role in PEOPLE if role in TABLE[route.permission])


def _headers(browser: Browser) -> dict[str, str]:
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    return {"sec-fetch-site": "same-origin", "cookie": cookie, CSRF: browser.csrf}


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["allowed", "not-allowed"])
@pytest.mark.parametrize("route", DECLARED, ids=lambda route: f"{route.method} {route.path}")
def test_no_route_fails_or_says_what_it_does_not_tell(
    town: ApiTown,
    browsers: dict[Role, Browser],
    operations: dict[tuple[str, str], Any],
    route: Declared,
    mode: GenerationMode,
) -> None:
    """Whatever comes, the answer is none of ours that failed, and one that the document has, in its form."""
    operation = operations[route.method, f"/api/v1{route.path}"]
    if mode is GenerationMode.NEGATIVE and not (operation.body or operation.path_parameters):
        return  # nothing of it can be wrong
    headers = _headers(_signed_in(town, browsers, _role(route)))

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        answer = case.call(headers=headers)
        case.validate_response(answer, checks=CHECKS)

    ask()


def test_the_document_tells_of_all_routes(town: ApiTown) -> None:
    """Each declared one with its permission and its refusals; the version is ours."""
    document = make_api(town.room()).openapi()
    told = {(method.upper(), path) for path, of_path in document["paths"].items() for method in of_path}
    assert told == {(route.method, f"/api/v1{route.path}") for route in DECLARED}
    for of_path in document["paths"].values():
        for operation in of_path.values():
            assert {"x-torrazzo-operation", "x-torrazzo-permission"} <= operation.keys()
            assert {"403", "422", "500", "503"} <= operation["responses"].keys()
