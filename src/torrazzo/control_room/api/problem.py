# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Refusals as they travel: application/problem+json (RFC 9457) with a stable code. Nothing of an error's inside."""

import re
from collections.abc import Mapping
from types import MappingProxyType

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket

from torrazzo.access.accounts import UnknownAccount, UnknownAgreement
from torrazzo.access.camera_groups import UnknownGroup
from torrazzo.access.staff import Denial
from torrazzo.base.errors import Invalid, Refused, TorrazzoError, Unavailable
from torrazzo.base.times import UtcTicks, iso_from_ticks
from torrazzo.law.reason import MOST
from torrazzo.town.camera import UnknownCamera

log = structlog.get_logger(__name__)

TYPE = "application/problem+json"

# By code; a refusal that stands here not is 403.
STATUS: Mapping[str, int] = {
    "SESSION_NONE": 401, "SESSION_OVER": 401, "SESSION_TAKEN": 401, "SESSION_LOCKED": 401, "ACCOUNT_SUSPENDED": 401,
    "SIGN_IN_UNFINISHED": 401, "SIGN_IN_REFUSED": 401, "SIGN_IN_LOCKED": 429,
    "LINK_GONE": 410, "LINK_SPENT": 410,
    "AGAIN_REQUIRED": 403,
    "PROVIDER_NONE": 409, "PROVIDER_AWAY": 503, "PROVIDER_ANSWER": 410, "PROVIDER_UNKNOWN": 403, "SUBJECT_TAKEN": 409,
    "PROVIDER_TOKEN": 403, "PROVIDER_CLOCK": 403, "PROVIDER_NOT_ANEW": 403, "PROVIDER_LOGOUT": 400,
    "CODE_WRONG": 422, "PASSKEY_WRONG": 422, "PASSWORD_OLD": 422, "PASSWORD_WEAK": 422, "NOT_VALID": 422,
    "REASON_REQUIRED": 422, "REASON_TOO_LONG": 422, "PURPOSE_NOT_ALLOWED": 422,
    "STATION_UNKNOWN": 403,
    "NOT_NOW": 409, "SHIFT_THERE": 409, "SHIFT_TAKEN": 409, "DEVICE_THERE": 409, "PASSKEYS_MANY": 409,
    "LAST_FACTOR": 409, "VISITORS_MANY": 409, "NOT_INSIDE": 409,
    "NO_TECHNICIAN": 409, "SUPERVISION_THERE": 409,
    "ALARM_TAKEN": 409, "ALARMS_CHANGED": 409, "NOTES_MANY": 409,
    "ROLE_CONFLICT": 409, "AGREEMENT_REQUIRED": 409, "DESIGNATION_ENDED": 409, "NOT_WHAT_WAS_APPROVED": 409,
    "PASSKEYS_NEED_A_NAME": 409, "CONFLICT": 409,
    "CAMERA_NAME_TAKEN": 409, "CAMERA_NOT_LAWFUL": 409, "CAMERA_JOBS_MANY": 409, "PASSWORD_AGAIN": 409,
    "RETENTION_BY_TWO": 409, "SECTORS_BY_TWO": 409, "GROUP_USED": 409, "GROUP_BY_TWO": 409,
    "MAKER_REQUIRED": 422, "NOTHING_RECORDED": 409, "HELD_ONLY": 403, "PACKAGE_GONE": 410,
    "HELD": 409, "OPINION_REQUIRED": 409, "OPINION_CHANGED": 409,
    "LOOK_OVER": 410, "FOOTAGE_EXPIRED": 410, "FOOTAGE_ERASED": 410, "FOOTAGE_DAMAGED": 410,
    "LOOKS_MANY": 429, "TOO_BUSY": 429,
    "NOT_YET": 404, "EVENT_REQUIRED": 422, "CASE_REQUIRED": 422,
    "KEYS_REFUSED": 403, "NOT_YOURS": 403, "CURTAIN_DRAWN": 409,
    "TURNING_UNDECLARED": 409, "TURNING_NONE": 409, "HOME_OUTSIDE": 409, "CAMERA_AWAY": 409,
    "NOT_FOUND": 404, "METHOD_NOT_ALLOWED": 405, "LENGTH_REQUIRED": 411, "TOO_LARGE": 413, "WRONG_HOST": 421,
    "LEDGER_AWAY": 503, "AWAY": 503, "FAILED": 500,
}  # fmt: skip

_TITLES: Mapping[int, str] = {
    400: "Not in order",
    401: "Sign in", 403: "Not allowed", 404: "There is nothing here", 405: "Not in this way", 409: "Not as things are",
    410: "Not any more", 411: "How long is it?", 413: "Too large", 421: "Another name is ours",
    422: "Something is not valid", 429: "Too many attempts", 500: "Something failed here", 503: "Not now",
}  # fmt: skip

_NOTHING: Mapping[str, object] = MappingProxyType({})
_OF_HTTP: Mapping[int, str] = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 413: "TOO_LARGE"}

# access/ says of a field in its text's first word; here its place in the body.
_FIELDS: Mapping[str, str] = {
    "act_number": "designation.number", "act_date": "designation.date", "tasks": "designation.tasks",
    "ends": "designation.until", "full_name": "name", "name": "account", "password": "password", "note": "note",
    "office": "office", "reason": "reason", "authorised": "authorised", "company": "company", "hour": "hour",
}  # fmt: skip
_FIELD = re.compile(r"([a-z_]+)(?: '[^']*')?: ")


class No(TorrazzoError):
    """A refusal of the API's own, by its code."""

    def __init__(self, code: str, detail: str = "", **more: object) -> None:
        super().__init__(detail or code)
        self.code, self.detail, self.more = code, detail, more


class LedgerAway(Unavailable):
    """The ledger takes nothing, so that nothing is changed; or it was changed, and will be told.

    `since`: None where the answer tells what the room knows of it.
    """

    def __init__(self, text: str, since: UtcTicks | None = None) -> None:
        super().__init__(text)
        self.since = since


def problem(
    code: str, detail: str = "", more: Mapping[str, object] = _NOTHING, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """As an answer."""
    status = STATUS.get(code, 403)
    body: dict[str, object] = {"status": status, "code": code, "title": _TITLES[status]}
    if detail:
        body["detail"] = detail
    body |= {name: value for name, value in more.items() if value is not None}
    return JSONResponse(body, status, headers, media_type=TYPE)


def answer_errors(app: FastAPI) -> None:
    """All of them."""
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(TorrazzoError, _known)
    app.add_exception_handler(Exception, _unknown)


async def refuse_socket(socket: WebSocket, error: TorrazzoError) -> None:
    """A browser hears a code only of a socket that was opened: 4000 and what HTTP would have said."""
    code = getattr(error, "code", "AWAY" if isinstance(error, Unavailable) else "FORBIDDEN")
    status = 409 if code == "SHIFT_REQUIRED" else STATUS.get(code, 403)
    await socket.accept()
    await socket.close(4000 + status, code)


async def _not_valid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields: dict[str, str] = {}
    for each in error.errors():
        place = ".".join(map(str, each["loc"][1:])) or str(each["loc"][0])
        fields.setdefault(place[:100], str(each["msg"])[:200])
    return problem("NOT_VALID", more={"fields": dict(list(fields.items())[:50])})


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _OF_HTTP.get(error.status_code, "NOT_VALID" if error.status_code < 500 else "FAILED")
    kept = {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
    return problem(code, headers=kept)


async def _known(request: Request, error: Exception) -> Response:
    assert isinstance(error, TorrazzoError)
    match error:
        case No():
            return problem(error.code, error.detail, error.more)
        case Denial():
            most = MOST if error.code == "REASON_TOO_LONG" else None
            return problem(error.code, str(error), {"clause": error.clause, "most": most})
        case UnknownAccount() | UnknownCamera() | UnknownGroup() | UnknownAgreement():
            return problem("NOT_FOUND", str(error))
        case Invalid():
            return _invalid(error)
        case Refused():
            return problem("CONFLICT", str(error))
        case LedgerAway():
            since = request.app.state.room.ledger_away() if error.since is None else error.since
            told = None if since is None else iso_from_ticks(since)
            return problem("LEDGER_AWAY", str(error), {"since": told})
        case Unavailable():
            log.warning("api_away", path=request.url.path, error=str(error))
            return problem("AWAY")
    return await _unknown(request, error)


def _invalid(error: Invalid) -> Response:
    text = str(error)
    found = _FIELD.match(text)
    field = None if found is None else _FIELDS.get(found[1])
    if found is None or field is None:
        return problem("NOT_VALID", text)
    said = text[found.end() :]
    return problem("PASSWORD_WEAK" if field == "password" else "NOT_VALID", said, {"fields": {field: said}})


async def _unknown(request: Request, error: Exception) -> Response:
    log.error("api_failed", method=request.method, path=request.url.path, error=repr(error))
    return problem("FAILED")
