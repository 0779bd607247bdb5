# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""AC-06: police of the State by a protocol: its end, its cameras, its stations, and to whom pictures go."""

import asyncio
import hashlib
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tools.api_town import ApiTown, Browser, api_town
from tests.tools.certificates import make_certificate
from tests.tools.staffed import OWNER
from torrazzo.access.account import Agreement
from torrazzo.access.camera_groups import CameraGroup
from torrazzo.base.errors import Invalid
from torrazzo.base.ids import CameraId, StreamId
from torrazzo.base.times import DAY, UtcTicks
from torrazzo.control_room.api import make_api
from torrazzo.control_room.api.guard import Guard
from torrazzo.control_room.bind import bind_page
from torrazzo.control_room.serving import make_server
from torrazzo.law import Operation, Role
from torrazzo.town.camera import StreamConfig
from torrazzo.town.home import PublicSettings
from torrazzo.town.office import new_camera

INSPECTOR = "paolo.neri"
ONE, OTHER = "1" * 16, "2" * 16


@pytest.fixture
def town(tmp_path: Path) -> Iterator[ApiTown]:
    """An inspector by a protocol for ten days, who has the group of all cameras."""
    with api_town(tmp_path / "town") as town:
        for id_ in (ONE, OTHER):
            streams = [StreamConfig(StreamId(CameraId(id_), "main"), "rtsp://127.0.0.1:1/")]
            town.office.add(new_camera(CameraId(id_), f"Via {id_[0]}", streams, synthetic=True))
        every = town.staffing.groups.save(CameraGroup("", "tutte", True, frozenset()), OWNER).value.id
        town.somebody(INSPECTOR, Role.POLICE, agreement=town.agreement("protocol", days=10).id)
        account = town.staffing.accounts.named(INSPECTOR)
        town.people.told(town.staffing.accounts.give(account.id, {Role.POLICE}, {every}, OWNER))
        yield town


def agreed(town: ApiTown, **said: object) -> None:
    """The protocol as it is from now on."""
    (found,) = town.staffing.accounts.agreements()
    town.people.told(town.staffing.accounts.add_agreement(found._replace(**said), OWNER))  # type: ignore[arg-type]


def seen(browser: Browser) -> set[str]:
    return {each["id"] for each in browser.get("/cameras").json()["items"]}


def test_a_protocol_that_ended_yesterday_is_403(town: ApiTown) -> None:
    """Until its last moment it holds; from then on neither cameras nor pictures, with its code and clause."""
    assert seen(town.signed_in(INSPECTOR)) == {ONE, OTHER}
    town.clock.advance(11 * 24 * 3600)
    browser = town.signed_in(INSPECTOR)
    for refused in (browser.get("/cameras"), browser.post("/live", {"cameras": [ONE]})):
        assert (refused.status, refused.code, refused.json()["clause"]) == (403, "PROTOCOL_EXPIRED", "AC-06")


def test_a_protocol_names_its_cameras(town: ApiTown) -> None:
    """Whatever groups the account has, no other camera is seen; without names, those of its groups are."""
    agreed(town, cameras=frozenset({OTHER}))
    browser = town.signed_in(INSPECTOR)
    assert seen(browser) == {OTHER}
    assert browser.post("/live", {"cameras": [ONE]}).code == "OUT_OF_SCOPE"
    assert town.staffing.decide(town.staffing.accounts.named(INSPECTOR), Operation.LIVE, [OTHER])


def test_a_station_that_is_taken_out_sees_nothing_more(town: ApiTown) -> None:
    """What it looks at ends within the second in which looks are judged, and the fact says why."""
    browser = town.signed_in(INSPECTOR)
    said = {"purpose": "crime", "reason": "ricerca di un veicolo segnalato", "case": "12/2026"}
    assert browser.post("/live", {"cameras": [ONE], **said}).status == 200
    town.live.tend()
    before = len(town.acts("close"))
    agreed(town, stations=frozenset({"a" * 64}))
    town.live.tend()
    assert [act.values["why"] for act in town.acts("close")[before:]] == ["station-unknown"]


def test_what_is_no_protocol_has_neither_cameras_nor_stations(town: ApiTown) -> None:
    """A firm's contract is refused with them, and a fingerprint that is none."""
    ends = UtcTicks(town.clock.utc() + DAY)
    for kind, stations in (("contract", "a" * 64), ("protocol", "A" * 64), ("protocol", "a" * 63)):
        wrong = Agreement("", kind, "Questura", "8/2026", ends, stations=frozenset({stations}))
        with pytest.raises(Invalid):
            town.staffing.accounts.add_agreement(wrong, OWNER)


class Stations:
    """The API over TLS, and stations with certificates that one authority signed, or with none."""

    def __init__(self, town: ApiTown, folder: Path) -> None:
        self.town = town
        self.own = make_certificate(folder / "own")
        self.files = {name: make_certificate(folder / name, name) for name in ("questura", "other")}
        self.ca = folder / "stations.pem"
        self.ca.write_text("".join(certificate.read_text() for certificate, _ in self.files.values()))
        self.port = 0

    def fingerprint(self, name: str) -> str:
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(self.files[name][0].read_text())).hexdigest()

    def browser(self, name: str | None) -> Browser:
        context = ssl.create_default_context(cafile=str(self.own[0]))
        if name is not None:
            context.load_cert_chain(*self.files[name])
        return self.town.signed_in(INSPECTOR, Browser(self.port, tls=context))

    @contextmanager
    def serving(self) -> Iterator[None]:
        with bind_page("127.0.0.1", 0) as listener:
            self.port = listener.getsockname()[1]
            host = f"localhost:{self.port}"
            public = PublicSettings(f"https://{host}", f"127.0.0.1:{self.port}", *self.own, self.ca)
            api = make_api(replace(self.town.room(), is_secure=True))
            server = make_server(Guard(api, frozenset({host}), is_secure=True), public)
            loop = asyncio.new_event_loop()
            thread = threading.Thread(target=lambda: loop.run_until_complete(server.serve(sockets=[listener])))
            thread.start()
            try:
                yield
            finally:
                loop.call_soon_threadsafe(server.end)
                thread.join(60)
                loop.close()


def test_a_certificate_of_another_station_is_refused(town: ApiTown, tmp_path: Path) -> None:
    """From the named station one works; from another one, or from none, it is 403 whatever is asked, and a fact."""
    with ExitStack() as stack:
        stations = Stations(town, tmp_path)
        stack.enter_context(stations.serving())
        assert seen(stations.browser(None)) == {ONE, OTHER}
        agreed(town, stations=frozenset({stations.fingerprint("questura")}))
        before = len(town.acts("auth"))
        for name in ("other", None):
            browser = stations.browser(name)
            for refused in (browser.get("/cameras"), browser.get("/me"), browser.post("/live", {"cameras": [ONE]})):
                assert (refused.status, refused.code, refused.json()["clause"]) == (403, "STATION_UNKNOWN", "AC-06")
        assert "refused" in [act.values["what"] for act in town.acts("auth")[before:]]
        assert seen(stations.browser("questura")) == {ONE, OTHER}
    assert town.signed_in(INSPECTOR).get("/me").code == "STATION_UNKNOWN"
