# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page for other machines: only with accounts, by TLS or behind a proxy, without the page of before."""

import json
import signal
import socket
import ssl
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tools.certificates import make_certificate
from tests.tools.ledger_process import until
from tests.tools.ports import free_port
from tests.tools.staffed import StaffedTown
from torrazzo.control_room.bind import bind_public
from torrazzo.durable import OsDisk
from torrazzo.law import Role
from torrazzo.town import Home
from torrazzo.town.home import PublicSettings, load_settings, save_settings

NAME = "sala.comune.example.it"


class Running:
    """The control room's process of a home whose settings have a public page."""

    def __init__(self, home: Home, folder: Path) -> None:
        self.home, self.log = home, folder / "log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = (sys.executable, "-m", "torrazzo", "control-room", "--port", "0", "--home", str(self.home.path))
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stderr=log, stdout=log, stdin=subprocess.DEVNULL)
        until(lambda: b"page_served" in self.log.read_bytes(), log=self.log)

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(60) == 0, self.log.read_text()
            self.process = None


def _ask(port: int, path: str, certificate: Path | None, **headers: str) -> tuple[int, str, str]:
    """Status, headers and body."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as plain:
        connection: socket.socket = plain
        if certificate is not None:
            context = ssl.create_default_context(cafile=str(certificate))
            connection = context.wrap_socket(plain, server_hostname=NAME)
        with connection:
            said = {"host": f"{NAME}:{port}", "connection": "close", **headers}
            lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items()), "", ""]
            connection.sendall("\r\n".join(lines).encode())
            answer = b"".join(iter(lambda: connection.recv(65_536), b"")).decode()
    head, _, body = answer.partition("\r\n\r\n")
    return int(head.split()[1]), head.lower(), body


@pytest.fixture
def town(tmp_path: Path) -> Home:
    with StaffedTown(tmp_path / "town") as town:
        return town.home


def _people(home: Home) -> None:
    """The first two; settings are as new."""
    with StaffedTown(home.path) as town:
        for name, role in (("ada.bianchi", Role.ADMIN), ("dino.rossi", Role.DESIGNATO)):
            town.person(name, role)


def _settings(home: Home, public: PublicSettings) -> None:
    save_settings(home, OsDisk(), replace(load_settings(home), public=public))
    assert load_settings(home).public == public


def test_with_accounts_it_is_served_by_tls(town: Home, tmp_path: Path) -> None:
    """Before the first two people it is not there; then by TLS, under its one name, and without the old page."""
    port, (certificate, key) = free_port(), make_certificate(tmp_path, NAME)
    public = PublicSettings(f"https://{NAME}:{port}", f"127.0.0.1:{port}", certificate, key)
    _settings(town, public)
    running = Running(town, tmp_path)
    try:
        running.start()
        until(lambda: b"public_page_waits" in running.log.read_bytes(), log=running.log)
        with pytest.raises(ConnectionRefusedError):
            _ask(port, "/", certificate)
        running.stop()
        _people(town)
        _settings(town, public)
        running.start()
        until(lambda: b"public_page_served" in running.log.read_bytes(), log=running.log)
        status, headers, body = _ask(port, "/api/v1/town", certificate)
        assert (status, json.loads(body)["first_run"]) == (200, False)
        assert "strict-transport-security: max-age=" in headers
        assert _ask(port, "/api/v1/town", certificate, host=f"localhost:{port}")[0] == 421
        assert "gaps" not in _ask(port, "/state.json", certificate)[2]
        assert _ask(port, "/state.json", certificate)[0] == 404
    finally:
        running.stop()


def test_a_certificate_that_is_none_stops_nothing_else(town: Home, tmp_path: Path) -> None:
    """The page on this machine goes on, and the log says why the other one is not there."""
    certificate, key = make_certificate(tmp_path, NAME)
    certificate.write_text("none")
    port = free_port()
    _people(town)
    _settings(town, PublicSettings(f"https://{NAME}", f"127.0.0.1:{port}", certificate, key))
    running = Running(town, tmp_path)
    try:
        running.start()
        until(lambda: b"public_page_not_served" in running.log.read_bytes(), log=running.log)
        assert town.page_address.read_text().startswith("http://127.0.0.1:")
    finally:
        running.stop()


def test_what_a_public_page_listens_on() -> None:
    """Any address of the machine, where the settings say so."""
    with bind_public("0.0.0.0:0") as listener:
        assert listener.getsockname()[0] == "0.0.0.0"  # noqa: S104 - it is what is meant


def test_behind_a_proxy_there_is_no_certificate(town: Home, tmp_path: Path) -> None:
    """Its word for who comes is taken; on this machine's own page nobody's is."""
    port = free_port()
    _people(town)
    _settings(town, PublicSettings(f"https://{NAME}", f"127.0.0.1:{port}"))
    running = Running(town, tmp_path)
    try:
        running.start()
        until(lambda: b"public_page_served" in running.log.read_bytes(), log=running.log)
        status, headers, _ = _ask(port, "/api/v1/town", None, host=NAME)
        assert status == 200
        assert "strict-transport-security" in headers
    finally:
        running.stop()
