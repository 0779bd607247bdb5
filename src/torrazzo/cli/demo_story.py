# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What has happened in the demo's town before a visitor comes: a case, an export that waits, another that is finished.

Done through the API, by the demo's people, once: each step stands in the ledger with its person, as a visitor's would.
"""

import contextlib
import http.client
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from torrazzo.base.errors import TorrazzoError, Unavailable
from torrazzo.base.times import HOUR, SECOND, UtcTicks, iso_from_ticks
from torrazzo.cli.demo_people import Known
from torrazzo.town.camera import Camera

CASE = "2026/118"
WHY = "furto di una bicicletta in Piazza Risorgimento, querela 118 del 2026"
ANSWER = "richiesta motivata, telecamere e tratto limitati al fatto"
ASKED_H, FINISHED_H = 20.0, 30.0  # hours ago it was what is asked for
LASTS = 120 * SECOND
PATIENCE_S = 45.0

STOOD_STILL = "la dimostrazione era ferma: in quel tempo non si registrava"

_TRIES_S = 3.0
_LOOKS, _STANDS, _PAUSE_S = 20, 4, 1.0  # at alarms: cameras come one after the other


class Visitor:
    """One of the people, over HTTP as a browser is."""

    def __init__(self, address: str, word: str, account: str) -> None:
        """Signs in; raises `Unavailable` where that does not go (yet)."""
        self._host, self._csrf, self._cookies = urlsplit(address).netloc, "", dict[str, str]()
        people = self.ask("POST", "/demo", {"token": word})["items"]
        person = next(each["id"] for each in people if each["name"] == account)
        self.ask("POST", "/demo/sign-in", {"token": word, "person": person})

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The answer's JSON; raises `Unavailable` for a refusal."""
        headers = {"host": self._host, "sec-fetch-site": "same-origin", "content-type": "application/json"}
        headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        if method != "GET":
            headers |= {"origin": f"http://{self._host}", "x-torrazzo-csrf": self._csrf}
        data = None if body is None else json.dumps(body)
        connection = http.client.HTTPConnection(self._host, timeout=60)
        with contextlib.closing(connection):
            try:
                connection.request(method, f"/api/v1{path}", data, headers)
                answer = connection.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException) as error:
                raise Unavailable(f"{path}: {error}") from error
        if answer.status >= 400:
            raise Unavailable(f"{method} {path}: {answer.status} {text.decode(errors='replace')[:300]}")
        for line in answer.headers.get_all("set-cookie") or ():
            for name, morsel in SimpleCookie(line).items():
                self._cookies[name] = morsel.value
        found = json.loads(text) if text else {}
        self._csrf = found.get("csrf", self._csrf) if isinstance(found, dict) else self._csrf
        return found

    def leave(self) -> None:
        """Sign out."""
        self.ask("DELETE", "/session")


def tell_story(
    address: str, word: str, cameras: Sequence[Camera], end: UtcTicks, hours: int, stop: threading.Event
) -> bool:
    """Whether all of it was done; tries again while ledger and worker are starting."""
    steps: Sequence[Callable[[], None]] = (
        lambda: _finished(address, word, cameras, UtcTicks(end - round(min(FINISHED_H, hours * 0.5) * HOUR))),
        lambda: _asked(address, word, cameras, UtcTicks(end - round(min(ASKED_H, hours * 0.3) * HOUR))),
    )
    waited = 0.0
    for step in steps:
        while True:
            try:
                step()
                break
            except TorrazzoError:
                if waited > PATIENCE_S or stop.wait(_TRIES_S):
                    return False
                waited += _TRIES_S
    return True


def _asked(address: str, word: str, cameras: Sequence[Camera], at: UtcTicks) -> None:
    """An operator asks, and holds what is asked for: a visitor may approve the one and confirm the other."""
    operator = Visitor(address, word, "Operatore 1")
    if not operator.ask("GET", "/exports/asked")["items"]:
        operator.ask("POST", "/exports", _wanted(cameras[:2], at))
    if not operator.ask("GET", "/holds")["items"]:
        held = {key: value for key, value in _wanted(cameras[:1], at).items() if key in _HELD}
        operator.ask("POST", "/holds", {**held, "cause": "police"})
    operator.leave()


def _finished(address: str, word: str, cameras: Sequence[Camera], at: UtcTicks) -> None:
    """Asked by the other operator, approved by the commander, prepared by the officer."""
    operator = Visitor(address, word, "Operatore 2")
    known = operator.ask("GET", "/exports/asked")["items"]
    case = {"case": "2026/117", "reason": "incidente stradale con feriti, verbale 117 del 2026"}
    if not known:
        operator.ask("POST", "/exports", {**_wanted(cameras[:1], at), **case, "purpose": "road-accident"})
    operator.leave()
    commander = Visitor(address, word, "Comandante")
    for each in commander.ask("GET", "/exports/to-approve")["items"]:
        maker = next((one["id"] for one in each["makers"] if one["name"] == "Ufficiale di P.G."), None)
        if each["state"] == "asked" and each["case"] == case["case"] and maker is not None:
            commander.ask("POST", f"/exports/{each['number']}/approve", {"reason": ANSWER, "maker": maker})
    commander.leave()
    officer = Visitor(address, word, "Ufficiale di P.G.")
    for each in officer.ask("GET", "/exports/to-prepare")["items"]:
        if each["state"] in {"approved", "failed"}:
            officer.ask("POST", f"/exports/{each['number']}/prepare", {})
    officer.leave()


_HELD = frozenset({"cameras", "from", "to", "reason", "case"})


class Explained:
    """What is missing because nothing ran before this start: the commander takes notice of it, and says why."""

    def __init__(self, address: str, word: str) -> None:
        """Signs in; raises `Unavailable` where that does not go (yet)."""
        self._commander = Visitor(address, word, "Comandante")

    def explain(self, stop: threading.Event) -> None:
        """Once the list of it has stood for some seconds; not if a visitor has come as the same person meanwhile."""
        stood, told, found = 0, list[str](), list[Any]()
        with contextlib.suppress(Unavailable):
            for _ in range(_LOOKS):
                found = [each for each in self._commander.ask("GET", "/alarms")["items"] if _is_unexplained(each)]
                before, told = told, [f"{each['id']} {len(each['members'])}" for each in found]
                stood = stood + 1 if told and told == before else 0
                if stood >= _STANDS or stop.wait(_PAUSE_S):
                    break
            for each in found:
                self._commander.ask("POST", f"/alarms/{each['id']}/acknowledge", {"note": STOOD_STILL})
            self._commander.leave()


def _is_unexplained(alarm: Mapping[str, Any]) -> bool:
    return alarm["code"] in {"gap", "gaps"} and alarm["state"] == "new" and alarm["id"] != "0"


def _wanted(cameras: Sequence[Camera], at: UtcTicks) -> Mapping[str, Any]:
    return {
        "cameras": [str(camera.id) for camera in cameras],
        "from": iso_from_ticks(at),
        "to": iso_from_ticks(UtcTicks(at + LASTS)),
        "purpose": "crime",
        "reason": WHY,
        "case": CASE,
        "recipient_class": "judge",
        "recipient": "Procura della Repubblica di Cremona",
    }


def told_people(known: Known, cast: Sequence[tuple[str, str]]) -> list[str]:
    """Lines for the terminal: who there is, and how each signs in by hand."""
    width = max(len(name) for name, _ in cast)
    account_width = max(len(account) for _, account in cast)
    lines = [f"By hand each signs in with the password {known.password} and a code of its device:"]
    lines += [f"  {name:<{width}}  {account:<{account_width}}  {known.devices[account]}" for name, account in cast]
    return lines
