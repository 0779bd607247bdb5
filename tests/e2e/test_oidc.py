# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signing in by a provider that we did not write (npm oidc-provider): what is believed, refused and told."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests.tools.api_town import Answered, ApiTown, Browser, api_town
from tests.tools.oidc_provider import MAIN, OidcProvider, oidc_provider
from tests.tools.page_seen import Seen
from tests.tools.ports import free_port
from tests.tools.staffed import OWNER, PASSWORD
from torrazzo.access.providers import Identity
from torrazzo.access.sessions import FRESH
from torrazzo.base.clock import SystemClock
from torrazzo.base.times import SECOND
from torrazzo.control_room.provider_desk import AGAIN_NS, KEPT_NS
from torrazzo.law import Role

pytestmark = pytest.mark.skipif(not MAIN.exists(), reason="needs web/node_modules (./dev setup)")

BOTH, ONE = ["pwd", "otp"], ["pwd"]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiTown]:
    with api_town(tmp_path_factory.mktemp("oidc") / "town") as town:
        town.somebody("olga.verdi", Role.OPERATOR)
        yield town


@pytest.fixture
def provider(town: ApiTown) -> Iterator[OidcProvider]:
    """It runs, is set up, and calls Olga s-1."""
    with oidc_provider(free_port(), f"http://localhost:{town.port}/oidc") as provider:
        town.people.told(town.staffing.providers.set_up(provider.settings(), OWNER))
        bind(town, provider, "olga.verdi", "s-1")
        in_step(town, provider)
        yield provider


def bind(town: ApiTown, provider: OidcProvider, name: str, subject: str) -> None:
    person = town.staffing.accounts.named(name).id
    town.people.told(town.staffing.providers.bind(person, Identity(provider.issuer, subject, has_second=True), OWNER))


def in_step(town: ApiTown, provider: OidcProvider, ahead: float = 0) -> None:
    """The provider's clock is the town's, but for so many seconds."""
    provider.set(shift=((town.clock.utc() - SystemClock().utc()) / SECOND + ahead) * 1000)


def there(browser: Browser) -> str:
    answer = browser.post("/sign-in/provider")
    assert answer.status == 200, answer.body
    return str(answer.json()["url"])


def back(browser: Browser, brought: dict[str, str]) -> Answered:
    return browser.post("/sign-in/provider/answer", {name: brought[name] for name in ("state", "code", "iss")})


def what(town: ApiTown, since: int) -> list[object]:
    return [act.values["what"] for act in town.acts("auth")][since:]


def test_two_factors_there_are_enough(town: ApiTown, provider: OidcProvider) -> None:
    """Nothing else is asked; the session is a whole one, its fact is there, and leaving leads to the provider's end."""
    browser, before = town.browser(), len(town.acts("auth"))
    assert browser.get("/town").json()["provider"] == "Comune di Cremona"
    step = back(browser, provider.through(there(browser)))
    assert (step.status, step.json().get("step")) == (200, "done"), step.body
    me = browser.get("/me").json()
    assert me["person"]["name"] == "Olga Verdi"
    assert me["leave"].startswith(f"{provider.issuer}/session/end?client_id=torrazzo")
    assert browser.get("/me/sessions").json()["items"][0]["method"] == "oidc"
    assert what(town, before) == ["sign-in"]


def test_one_factor_there_asks_for_one_of_ours(town: ApiTown, provider: OidcProvider) -> None:
    """A password at the provider is half; a code of ours makes it whole. An agreed class counts as two."""
    provider.set(amr=ONE)
    browser = town.browser()
    step = back(browser, provider.through(there(browser)))
    assert step.json()["step"] == "totp", step.body
    assert browser.get("/me").code == "SIGN_IN_UNFINISHED"
    town.clock.advance(31)
    step = browser.post("/sign-in/totp", {"code": town.code(town.devices["olga.verdi"])})
    if step.json()["step"] == "elsewhere":
        step = browser.post("/sign-in/take-over")
    assert step.json()["step"] == "done", step.body
    assert browser.get("/me/sessions").json()["items"][0]["method"] == "oidc-code"
    in_step(town, provider)
    town.people.told(town.staffing.providers.set_up(provider.settings(acr=("gold",)), OWNER))
    provider.set(acr="gold")
    again = back(browser, provider.through(there(browser))).json()
    assert again["step"] == "done", again


def test_what_was_not_begun_here_is_refused(town: ApiTown, provider: OidcProvider) -> None:
    """Another state, another browser, twice, too late: told as a fact each time, and nobody is signed in."""
    browser, before = town.browser(), len(town.acts("auth"))
    brought = provider.through(there(browser))
    other = provider.through(there(browser))
    assert back(browser, {**brought, "state": "A" * 75}).code == "PROVIDER_ANSWER"
    assert back(town.browser(), brought).code == "PROVIDER_ANSWER"
    assert back(browser, {**brought, "iss": "http://localhost:9"}).code == "PROVIDER_ANSWER"
    assert back(browser, brought).code == "PROVIDER_ANSWER"  # it was answered, be it wrongly
    assert back(browser, {**other, "code": brought["code"]}).code == "PROVIDER_TOKEN"  # PKCE: of another way
    late = provider.through(there(browser))
    town.clock.advance(FRESH // SECOND)
    assert back(browser, late).code == "PROVIDER_ANSWER"
    assert what(town, before) == ["refused"] * 6
    assert browser.get("/me").code == "SESSION_NONE"


def test_another_nonce_is_refused(town: ApiTown, provider: OidcProvider) -> None:
    """A token that was made for another question is none, whatever else of it is right."""
    browser = town.browser()
    parts = urlsplit(there(browser))
    changed = urlencode([(key, "other" if key == "nonce" else value) for key, value in parse_qsl(parts.query)])
    answer = back(browser, provider.through(parts._replace(query=changed).geturl()))
    assert (answer.status, answer.code) == (403, "PROVIDER_TOKEN")
    assert "nonce" in answer.json()["detail"]


def test_clocks_that_differ_are_told(town: ApiTown, provider: OidcProvider) -> None:
    """A token that is over, or of the future, is refused with words about the clocks; a minute's difference is none."""
    browser = town.browser()
    brought = provider.through(there(browser))
    town.clock.advance(130)  # the token lives for a minute
    assert back(browser, brought).code == "PROVIDER_CLOCK"
    in_step(town, provider, 120)
    assert back(browser, provider.through(there(browser))).code == "PROVIDER_CLOCK"
    for ahead in (40, -40):
        in_step(town, provider, ahead)
        assert back(browser, provider.through(there(browser))).status == 200


def test_who_was_asked_long_ago_is_asked_anew(town: ApiTown, provider: OidcProvider) -> None:
    """A session that goes on at the provider opens nothing here: the station is shared."""
    browser = town.browser()
    url = there(browser)
    assert dict(parse_qsl(urlsplit(url).query))["prompt"] == "login"
    provider.set(ts=town.clock.utc() // SECOND - 200)
    answer = back(browser, provider.through(url))
    assert (answer.status, answer.code) == (403, "PROVIDER_NOT_ANEW")


def test_the_provider_makes_nobody(town: ApiTown, provider: OidcProvider) -> None:
    """Whom nobody bound is refused, and so is who was suspended or whose designation is over; each is a fact."""
    before, browser = len(town.acts("auth")), town.browser()
    provider.set(subject="s-9", amr=BOTH)
    answer = back(browser, provider.through(there(browser)))
    assert (answer.status, answer.code) == (403, "PROVIDER_UNKNOWN")
    account = town.person("elsa.fine", Role.OPERATOR, days=1)
    bind(town, provider, "elsa.fine", "s-9")
    town.people.told(town.staffing.accounts.end(account.id, OWNER))
    assert back(browser, provider.through(there(browser))).code == "ACCOUNT_SUSPENDED"
    assert what(town, before)[-1] == "refused"
    assert browser.get("/me").code == "SESSION_NONE"


def test_a_provider_that_is_away_stops_nobody(town: ApiTown, provider: OidcProvider) -> None:
    """It is told so, at the beginning and on the way back; the password and a code sign in all the same."""
    browser = town.browser()
    brought = provider.through(there(browser))
    provider.stop()
    answer = back(browser, brought)
    assert (answer.status, answer.code) == (503, "PROVIDER_AWAY")
    town.clock.advance(KEPT_NS // 1_000_000_000 + 1)
    answer = browser.post("/sign-in/provider")
    assert (answer.status, answer.code) == (503, "PROVIDER_AWAY")
    assert town.signed_in("olga.verdi").get("/me").status == 200


def test_who_leaves_there_is_signed_out_here(town: ApiTown, provider: OidcProvider) -> None:
    """By the provider's own word, signed and once: what began by it ends, with a fact; what began here goes on."""
    browser = town.browser()
    assert back(browser, provider.through(there(browser))).status == 200
    assert browser.get("/me").status == 200
    before = len(town.acts("auth"))
    assert provider.leave() == ""
    assert browser.get("/me").code == "SESSION_OVER"
    assert what(town, before) == ["sign-out"]
    own = town.signed_in("olga.verdi")
    in_step(town, provider)
    assert provider.leave() == ""
    assert own.get("/me").status == 200
    before = len(town.acts("auth"))
    in_step(town, provider, -600)
    assert "400" in provider.leave()
    assert what(town, before) == ["refused"]
    in_step(town, provider)
    path, form = "/api/v1/sign-in/provider/logout", b"logout_token=no.token.atall"
    changed = {"content-type": "application/x-www-form-urlencoded", "origin": None, "sec-fetch-site": None}
    answer = town.browser().ask("POST", path, form, {**changed, "cookie": None})
    assert (answer.status, answer.code) == (400, "PROVIDER_LOGOUT")
    assert own.ask("POST", path, form, changed).code == "CROSS_SITE"  # with a cookie it is a browser's
    assert town.browser().ask("POST", path, form, {**changed, "origin": "https://evil.example"}).code == "CROSS_SITE"


def test_a_replaced_key_is_fetched_once(town: ApiTown, provider: OidcProvider) -> None:
    """A token by a key that it did not show before is looked up anew, not oftener than each half minute."""
    browser = town.browser()
    assert back(browser, provider.through(there(browser))).status == 200
    provider.stop()
    provider.start()
    in_step(town, provider)
    assert back(browser, provider.through(there(browser))).code == "PROVIDER_TOKEN"
    town.clock.advance(AGAIN_NS // 1_000_000_000 + 1)
    in_step(town, provider)
    assert back(browser, provider.through(there(browser))).status == 200


def test_a_person_binds_themselves(town: ApiTown, provider: OidcProvider) -> None:
    """Signed in, and shown lately who they are; nobody takes a subject that is another's; unbound, it opens nothing."""
    town.somebody("ugo.bassi", Role.OPERATOR)
    browser = town.signed_in("ugo.bassi")
    in_step(town, provider)
    assert browser.get("/me/ways").json()["provider"] == {"name": "Comune di Cremona", "bound": False}
    for subject, code in (("s-1", "SUBJECT_TAKEN"), ("s-2", "")):
        provider.set(subject=subject, amr=BOTH)
        brought = provider.through(browser.post("/me/provider").json()["url"])
        answer = browser.post("/me/provider/answer", {name: brought[name] for name in ("state", "code", "iss")})
        assert answer.status == 204 if not code else answer.code == code, answer.body
    assert [act.values["what"] for act in town.acts("auth")][-1] == "provider"
    assert browser.get("/me/ways").json()["provider"]["bound"] is True
    found = town.browser()
    assert back(found, provider.through(there(found))).json()["step"] in {"done", "elsewhere"}
    town.clock.advance(FRESH // SECOND)
    assert browser.post("/me/provider").code == "AGAIN_REQUIRED"
    assert browser.ask("DELETE", "/api/v1/me/provider").code == "AGAIN_REQUIRED"
    assert browser.post("/me/again", {"password": PASSWORD}).status == 200
    assert browser.ask("DELETE", "/api/v1/me/provider").status == 204
    in_step(town, provider)
    assert back(found, provider.through(there(found))).code == "PROVIDER_UNKNOWN"


@pytest.mark.browser
def test_the_page_leads_there_and_back(browser: Any, town: ApiTown, provider: OidcProvider) -> None:
    """In Chromium: bound at one’s own ways in, then by the button alone; axe finds nothing."""
    town.somebody("rita.levi", Role.OPERATOR)
    provider.set(subject="s-7", amr=BOTH)
    seen = Seen(browser, f"http://localhost:{town.port}")
    cookies = town.signed_in("rita.levi").cookies.items()
    in_step(town, provider)
    seen.context.add_cookies([{"name": key, "value": value, "url": seen.address} for key, value in cookies])
    seen.open("/ways")
    wait(seen, "Se hai un’identità presso Comune di Cremona")
    seen.page.get_by_role("button", name="Collega la mia identità").click()
    seen.page.get_by_role("dialog").get_by_role("button", name="Vai da Comune di Cremona").click()
    wait(seen, "La tua identità è collegata")
    wait(seen, "Puoi entrare anche con Comune di Cremona")
    assert seen.axe_in_all() == []
    seen.context.clear_cookies()
    seen.open("/")
    wait(seen, "Entra con Comune di Cremona")
    assert seen.axe_in_all() == []
    seen.page.get_by_role("button", name="Entra con Comune di Cremona").click()
    wait(seen, "Una sessione è già aperta")  # the one above, at a station that this browser has forgotten
    seen.page.get_by_role("button", name="Continua qui").click()
    wait(seen, "Nuovo turno")
    assert "code=" not in str(seen.page.evaluate("location.href"))
    assert seen.complaints == []
    asked = {urlsplit(url).netloc for url in seen.asked}
    assert asked <= {f"localhost:{town.port}", f"localhost:{provider.port}"}
    seen.context.close()


def wait(seen: Seen, text: str) -> None:
    """Through any number of pages."""
    seen.page.get_by_text(text).first.wait_for()


@pytest.mark.browser
def test_the_page_says_what_to_do(browser: Any, town: ApiTown, provider: OidcProvider) -> None:
    """Who is nobody here, who says no there, and a provider that is away: words, and the password beside them."""
    seen = Seen(browser, f"http://localhost:{town.port}")
    provider.set(subject="s-99", amr=BOTH)
    seen.open("/")
    seen.page.get_by_role("button", name="Entra con Comune di Cremona").click()
    wait(seen, "non è collegata a nessuno qui")
    seen.page.get_by_role("button", name="Ricomincia da capo").click()
    provider.set(refuses=True)
    seen.page.get_by_role("button", name="Entra con Comune di Cremona").click()
    wait(seen, "non è arrivata nessuna identità")
    seen.page.get_by_role("button", name="Ricomincia da capo").click()
    provider.stop()
    town.clock.advance(KEPT_NS // 1_000_000_000 + 1)
    seen.page.get_by_role("button", name="Entra con Comune di Cremona").click()
    wait(seen, "non arriva risposta")
    assert seen.page.get_by_label("Nome utente").count() == 1
    assert seen.axe_in_all() == []
    seen.context.close()
