# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town's API with those who decide about cameras: who commands, who confirms, who administers, who only reads."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.tools.api_town import Answered, ApiTown, Browser, api_town
from tests.tools.staffed import OWNER
from torrazzo.access.camera_groups import CameraGroup
from torrazzo.law import Role

COMMANDER, OFFICER, ADMIN, DPO, OPERATOR = "dino.rossi", "piero.gialli", "ada.bianchi", "dora.neri", "olga.verdi"
PEOPLE = {
    COMMANDER: Role.DESIGNATO,
    OFFICER: Role.PG_OFFICER,
    ADMIN: Role.ADMIN,
    DPO: Role.DPO,
    OPERATOR: Role.OPERATOR,
}
WHY = "il fascicolo è completo da oggi"
WHOLE = {
    "purpose": "urban-security",
    "regime": "G",
    "act": "delibera 12 del 2 novembre 2026",
    "area": "street",
    "pact": "patto del 3 marzo 2026",
    "pact_until": "2099-03-02",
    "committee": "prot. 4411 del 10 ottobre 2026, favorevole",
    "dpia": "DPIA 3/2026",
    "sign": "palo 14, prima dell’incrocio",
    "workers": "nessun luogo di lavoro inquadrato",
    "view": "vista sul posto dal comandante il 20 novembre 2026",
}


@contextlib.contextmanager
def officials_town(folder: Path) -> Iterator[ApiTown]:
    """Two officials have all cameras; the operator has none."""
    with api_town(folder) as town:
        every = town.staffing.groups.save(CameraGroup("", "tutte", True, frozenset()), OWNER).value.id
        for name, role in PEOPLE.items():
            town.somebody(name, role)
            if role in {Role.DESIGNATO, Role.PG_OFFICER}:
                account = town.staffing.accounts.named(name)
                town.people.told(town.staffing.accounts.give(account.id, {role}, {every}, OWNER))
        yield town


def waiting(town: ApiTown, name: str, **said: object) -> str:
    """A real camera that an administrator has added."""
    body = {"name": name, "url": "rtsp://127.0.0.1:9/x", "synthetic": False, **said}
    return str(town.signed_in(ADMIN).post("/cameras", body).json()["id"])


def state(browser: Browser, id_: str, **file: Any) -> Answered:
    """All of its file."""
    return browser.ask("PUT", f"/api/v1/cameras/{id_}/file", {**WHOLE, **file})


def unmasked(town: ApiTown, id_: str) -> None:
    """Nothing has to be hidden: decided by two."""
    body = {"areas": [], "reason": "nessuna finestra inquadrata"}
    found = town.signed_in(COMMANDER).post(f"/cameras/{id_}/masks", body).json()["proposal"]["number"]
    answer = {"reason": "visto sul posto, nessuna"}
    assert town.signed_in(OFFICER).post(f"/mask-proposals/{found}/approve", answer).json()["version"] == 1


def activated(town: ApiTown, name: str, **said: object) -> str:
    """A real camera that two have activated."""
    id_ = waiting(town, name, **said)
    unmasked(town, id_)
    commander = town.signed_in(COMMANDER)
    assert state(commander, id_).json()["missing"] == []
    number = commander.post(f"/cameras/{id_}/activation", {"reason": WHY}).json()["proposal"]["number"]
    answer = {"reason": "fascicolo letto, è completo"}
    assert town.signed_in(OFFICER).post(f"/activation-proposals/{number}/approve", answer).json()["is_active"] is True
    return id_
