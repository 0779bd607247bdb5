# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""In Chromium over the real API and a real ledger: groups, agreements and hours that two decide, the DPO's opinion."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tools.api_town import ApiTown
from tests.tools.officials import ADMIN, COMMANDER, DPO, OFFICER, activated, officials_town
from tests.tools.page_seen import Seen, until
from tests.tools.page_signed import WORDS, by_name, close, opened

pytestmark = pytest.mark.browser

SHOTS = Path(os.environ["TORRAZZO_SHOTS"]) if "TORRAZZO_SHOTS" in os.environ else None
WHY = "deciso in riunione di comando"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiTown]:
    with officials_town(tmp_path_factory.mktemp("policy") / "town") as town:
        yield town


def word(language: str, key: str, **values: object) -> str:
    screen, name = key.split(".")
    text = str(WORDS[language][screen][name])
    for slot, value in values.items():
        text = text.replace("{{" + slot + "}}", str(value))
    return text


def look(seen: Seen, name: str) -> None:
    assert seen.axe_in_all() == [], name
    seen.shot(SHOTS, name)


def test_a_group_is_made_by_two_and_loses_cameras_by_one(browser: Any, town: ApiTown) -> None:
    """By keyboard: applied for with its cameras, approved by another who reads which; one is taken out at once."""
    admin_api = town.signed_in(ADMIN)
    for name in ("Via Nord", "Via Sud"):
        admin_api.post("/cameras", {"name": name, "url": "rtsp://127.0.0.1:9/x", "synthetic": True})
    admin = opened(browser, town, ADMIN, "/people")
    admin.wait("Dino Rossi")
    by_name(admin, "tab", word("it", "camera_groups.title")).click()
    admin.wait(word("it", "camera_groups.text"))
    look(admin, "people-groups")
    by_name(admin, "button", word("it", "camera_groups.new")).press("Enter")
    until(lambda: admin.focused() == word("it", "camera_groups.name"), "no form")
    admin.type("Quartiere nord")
    for name in ("Via Nord", "Via Sud"):
        admin.tab_to(name)
        admin.press("Space")
    look(admin, "people-group-new")
    admin.tab_to(word("it", "people.reason"))
    admin.type(WHY)
    admin.tab_to(word("it", "people.propose"))
    admin.press("Enter")
    admin.wait(word("it", "people.proposed"))
    close(admin)

    commander = opened(browser, town, COMMANDER, "/people", "en", "dark")
    commander.wait(word("en", "people.waiting_go"))
    by_name(commander, "button", word("en", "people.waiting_go")).click()
    commander.wait(word("en", "people.title_group", name="Quartiere nord"))
    commander.wait("Via Nord, Via Sud")
    look(commander, "people-group-applied")
    by_name(commander, "button", word("en", "people.approve")).click()
    dialog = commander.page.get_by_role("dialog")
    dialog.get_by_label(word("en", "people.answer")).fill("the quarter has two new cameras")
    dialog.get_by_role("button", name=word("en", "people.approve")).click()
    commander.wait(word("en", "people.proposal_done"))
    close(commander)

    admin = opened(browser, town, ADMIN, "/people")
    admin.wait("Dino Rossi")
    by_name(admin, "tab", word("it", "camera_groups.title")).click()
    by_name(admin, "button", word("it", "camera_groups.do_fewer_named", name="Quartiere nord")).click()
    dialog = admin.page.get_by_role("dialog")
    dialog.get_by_label("Via Sud", exact=True).uncheck()
    dialog.get_by_label(word("it", "people.reason")).fill("è stata smontata")
    look(admin, "people-group-fewer")
    dialog.get_by_role("button", name=word("it", "camera_groups.do_fewer")).click()
    admin.wait(word("it", "camera_groups.done_fewer"))
    names = {str(each.id): each.name for each in town.cameras()}
    group = next(each for each in town.staffing.groups.all() if each.name == "Quartiere nord")
    assert {names[each] for each in group.cameras} == {"Via Nord"}
    by_name(admin, "tab", word("it", "people.agreements")).click()
    look(admin, "people-agreements")
    close(admin)


def test_hours_are_proposed_by_one_and_confirmed_by_another(browser: Any, town: ApiTown) -> None:
    """Who administers has no field for them; who commands proposes; the officer confirms; the DPO gives an opinion."""
    id_ = activated(town, "Via Ovest")
    path = f"/cameras?camera={id_}"
    admin = opened(browser, town, ADMIN, path)
    admin.wait(word("it", "camera_policy.text"))
    assert admin.page.get_by_label(word("it", "cameras.hours")).count() == 0
    assert admin.page.get_by_label(word("it", "camera_policy.new_hours")).count() == 0
    close(admin)
    commander = opened(browser, town, COMMANDER, path)
    commander.page.get_by_label(word("it", "camera_policy.new_hours")).fill("72")
    commander.page.get_by_label(word("it", "camera_policy.reason")).fill("lo dice il regolamento nuovo")
    by_name(commander, "button", word("it", "camera_policy.propose")).click()
    commander.wait(word("it", "masks.waits"))
    look(commander, "camera-retention")
    close(commander)
    officer = opened(browser, town, OFFICER, path, "en", "dark")
    officer.wait(word("en", "masks.waits"))
    officer.page.get_by_label(word("en", "masks.answer")).fill("the regulation says so")
    look(officer, "camera-retention-confirm")
    by_name(officer, "button", word("en", "camera_policy.approve")).click()
    until(lambda: town.cameras_of_town.one(id_).retention_hours == 72, "it is not confirmed")
    until(lambda: officer.page.get_by_label(word("en", "masks.answer")).count() == 0, "it still waits")
    close(officer)
    dpo = opened(browser, town, DPO, path)
    dpo.page.get_by_label(word("it", "activation.opinion_yours")).fill("favorevole, con il cartello nuovo")
    by_name(dpo, "button", word("it", "activation.opinion_give")).click()
    dpo.wait("«favorevole, con il cartello nuovo»")
    look(dpo, "camera-opinion")
    close(dpo)
