# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""AC-06 behind a proxy: who it is, what it says of a station's certificate, and that nobody else says it."""

import asyncio
import base64
import contextlib
import getpass
import hashlib
import http.client
import os
import shutil
import socket
import ssl
import subprocess
import threading
import urllib.parse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tools.api_town import ApiTown, Browser, api_town
from tests.tools.certificates import make_certificate
from tests.tools.page_seen import until
from tests.tools.ports import free_port
from tests.tools.staffed import OWNER
from tests.tools.tls_proxy import tls_proxy
from torrazzo.access.camera_groups import CameraGroup
from torrazzo.base.errors import Invalid
from torrazzo.cli.init import make_town
from torrazzo.control_room.api import make_api
from torrazzo.control_room.api.guard import Guard
from torrazzo.control_room.bind import bind_public
from torrazzo.control_room.serving import make_server
from torrazzo.control_room.stationed import LONGEST, handed_on
from torrazzo.durable import OsDisk
from torrazzo.law import Role
from torrazzo.town import Home
from torrazzo.town.home import PublicSettings, load_settings, save_settings

INSPECTOR = "paolo.neri"
ME = getpass.getuser()
WORKER = "games" if os.geteuid() == 0 else ME  # as whom nginx works
DEPLOYED = Path(__file__).resolve().parents[3] / "deploy" / "torrazzo-nginx.conf"


class Station:
    """Certificates of two stations and of the proxy; the inspector's protocol names one of the stations."""

    def __init__(self, town: ApiTown, folder: Path) -> None:
        self.town, self.folder = town, folder
        self.own = make_certificate(folder / "own")
        self.files = {name: make_certificate(folder / name, name) for name in ("questura", "other")}
        self.ca = folder / "stations.pem"
        self.ca.write_text("".join(certificate.read_text() for certificate, _ in self.files.values()))
        (found,) = town.staffing.accounts.agreements()
        named = found._replace(stations=frozenset({hashlib.sha256(self.der("questura")).hexdigest()}))
        town.people.told(town.staffing.accounts.add_agreement(named, OWNER))

    def der(self, name: str) -> bytes:
        return ssl.PEM_cert_to_DER_cert(self.files[name][0].read_text())

    def header(self, name: str) -> str:
        return f":{base64.b64encode(self.der(name)).decode()}:"

    def browser(self, port: int, name: str | None) -> Browser:
        """Signed in at the proxy."""
        context = ssl.create_default_context(cafile=str(self.own[0]))
        if name is not None:
            context.load_cert_chain(*self.files[name])
        return self.town.signed_in(INSPECTOR, Browser(port, tls=context))

    @contextlib.contextmanager
    def serving(self, port: int, inner: int, **said: object) -> Iterator[None]:
        """What is behind the proxy, which is at `port`."""
        host = f"localhost:{port}"
        public = replace(PublicSettings(f"https://{host}", f"127.0.0.1:{inner}"), **said)  # type: ignore[arg-type]
        api = make_api(replace(self.town.room(), is_secure=True, is_behind_proxy=True))
        server = make_server(Guard(api, frozenset({host}), is_secure=True), public)
        loop = asyncio.new_event_loop()
        with bind_public(public.listen) as listener:
            thread = threading.Thread(target=lambda: loop.run_until_complete(server.serve(sockets=[listener])))
            thread.start()
            try:
                yield
            finally:
                loop.call_soon_threadsafe(server.end)
                thread.join(60)
                loop.close()

    def expect_known(self, port: int) -> None:
        """From the named station all is as it should be; from another one, or from none, nothing."""
        assert self.browser(port, "questura").get("/me").status == 200
        for name in ("other", None):
            browser = self.browser(port, name)
            assert browser.get("/me").code == "STATION_UNKNOWN", name
            forged = browser.ask("GET", "/api/v1/me", changed={"client-cert": self.header("questura")})
            assert forged.code == "STATION_UNKNOWN", name


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with api_town(tmp_path / "town") as town:
        every = town.staffing.groups.save(CameraGroup("", "tutte", True, frozenset()), OWNER).value.id
        town.somebody(INSPECTOR, Role.POLICE, agreement=town.agreement("protocol").id)
        account = town.staffing.accounts.named(INSPECTOR)
        town.people.told(town.staffing.accounts.give(account.id, {Role.POLICE}, {every}, OWNER))
        yield Station(town, tmp_path)


def asked(inner: int, host: int, header: str, source: str = "127.0.0.1") -> int:
    """The status that somebody gets who comes around the proxy."""
    where = http.client.HTTPConnection("127.0.0.1", inner, timeout=60, source_address=(source, 0))
    with contextlib.closing(where) as connection:
        connection.request("GET", "/api/v1/town", headers={"host": f"localhost:{host}", "client-cert": header})
        return connection.getresponse().status


def test_a_proxy_says_which_certificate_a_station_showed(station: Station) -> None:
    """RFC 9440: by the proxy's word the named station is known; what a client writes there counts for nothing."""
    inner = free_port()
    with tls_proxy(*station.own, stations=station.ca) as proxy:
        proxy.to = inner
        with station.serving(proxy.port, inner, proxy_user=ME, has_client_cert=True):
            station.expect_known(proxy.port)
        with station.serving(proxy.port, inner, proxy_address="127.0.0.1", has_client_cert=True):
            assert station.browser(proxy.port, "questura").get("/me").status == 200
        with station.serving(proxy.port, inner, proxy_user=ME):
            assert station.browser(proxy.port, "questura").get("/me").code == "STATION_UNKNOWN"


def test_nginx_as_it_is_deployed(station: Station) -> None:
    """The file in deploy/ does it, with a real nginx: PEM with escapes, and no header of a client's comes through."""
    nginx = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if nginx is None:
        pytest.skip("left out: no nginx on this machine")
    port, inner, folder = free_port(), free_port(), station.folder
    text = DEPLOYED.read_text().replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
    for before, after in {
        "127.0.0.1:8480": f"127.0.0.1:{inner}", "/etc/torrazzo/fullchain.pem": str(station.own[0]),
        "/etc/torrazzo/privkey.pem": str(station.own[1]), "/etc/torrazzo/stations.pem": str(station.ca),
        "sala.comune.example.it;": "localhost;",
    }.items():  # fmt: skip
        assert before in text
        text = text.replace(before, after)
    places = (f"{what}_temp_path {folder}/{what};" for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    head = f"user {WORKER}; worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;"
    conf = folder / "nginx.conf"
    conf.write_text(f"{head}\nevents {{}}\nhttp {{\naccess_log off;\n{' '.join(places)}\n{text}\n}}\n")
    running = subprocess.Popen((nginx, "-p", str(folder), "-c", str(conf)), stderr=subprocess.DEVNULL)
    try:
        until(lambda: _listens(port), lambda: f"nginx does not listen: {(folder / 'nginx.log').read_text()}")
        with station.serving(port, inner, proxy_user=WORKER, has_client_cert=True):
            station.expect_known(port)
    finally:
        running.terminate()
        running.wait(60)


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


def test_nobody_else_comes_in_by_the_proxy_s_port(station: Station) -> None:
    """Another user of the machine, or another address, is hung up on before a word is read."""
    inner, host = free_port(), 443
    strangers = [({"proxy_user": "daemon"}, "127.0.0.1"), ({"proxy_address": "127.0.0.1"}, "127.0.0.2")]
    for said, source in strangers:
        with (
            station.serving(host, inner, has_client_cert=True, **said),
            pytest.raises((ConnectionError, http.client.HTTPException)),
        ):
            asked(inner, host, station.header("questura"), source)
    with station.serving(host, inner, proxy_address="127.0.0.2", has_client_cert=True):
        assert asked(inner, host, station.header("questura"), "127.0.0.2") == 200
    with pytest.raises(Invalid), station.serving(host, inner, proxy_user="nobody-of-this-name"):
        pass


def test_what_is_no_certificate_is_none(tmp_path: Path) -> None:
    """Both forms tell the same; two headers, half a form, what is too long or no base64 tell nothing."""
    pem = make_certificate(tmp_path)[0].read_text()
    der = ssl.PEM_cert_to_DER_cert(pem)
    known, form = hashlib.sha256(der).hexdigest(), f":{base64.b64encode(der).decode()}:"
    assert [handed_on([each]) for each in (form, f" {form} ", urllib.parse.quote(pem))] == [known] * 3
    wrong = (":", "::", form[1:], form[:-1], ":###:", "%", "%ff", f":{'A' * LONGEST}:", "(null)", f"{form}, {form}")
    for values in ([], [""], [form, form], ["", form], *([each] for each in wrong)):
        assert handed_on(values) == "", values


def test_the_settings_say_who_the_proxy_is(tmp_path: Path) -> None:
    """They come back as they were written; stations without knowing the proxy, or with a certificate, are refused."""
    make_town(tmp_path / "town", "Cremona", "Europe/Rome")
    home = Home(tmp_path / "town")
    plain, before = PublicSettings("https://sala.example.it", "127.0.0.1:8480"), load_settings(home)
    for said in ({}, {"proxy_user": "www-data"}, {"proxy_address": "10.1.0.5", "has_client_cert": True}):
        public = replace(plain, **said)
        save_settings(home, OsDisk(), replace(before, public=public))
        assert load_settings(home).public == public
    save_settings(home, OsDisk(), before)
    text = (
        home.settings_file.read_text() + '\n[public]\naddress = "https://sala.example.it"\nlisten = "127.0.0.1:8480"\n'
    )
    for wrong in (
        'proxy = true\nstations = "Client-Cert"', 'proxy = true\nproxy_user = "a"\nstations = "/etc/stations.pem"',
        'proxy = true\nproxy_user = "a"\nproxy_address = "10.1.0.5"', 'proxy = true\nproxy_address = "proxy.example"',
        'certificate = "a"\nkey = "b"\nproxy_user = "a"', 'proxy = true\ncertificate = "a"\nproxy_user = "a"',
    ):  # fmt: skip
        home.settings_file.write_text(f"{text}{wrong}\n")
        with pytest.raises(Invalid, match="public"):
            load_settings(home)
