# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A provider whose certificate no public authority signed (`--ca`)."""

import http.server
import json
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from tests.tools.certificates import make_certificate
from torrazzo.access.providers import Provider
from torrazzo.base import SystemClock
from torrazzo.base.errors import Unavailable
from torrazzo.control_room.provider_desk import WELL_KNOWN, ask_provider


def certificate(folder: Path, name: str) -> Path:
    """Of localhost, signed by itself; its key stands beside it in the file."""
    made, key = make_certificate(folder / name)
    path = folder / f"{name}.pem"
    path.write_bytes(key.read_bytes() + made.read_bytes())
    return path


class Answers(http.server.BaseHTTPRequestHandler):
    """What a provider says of itself."""

    def do_GET(self) -> None:
        assert isinstance(self.server, http.server.HTTPServer)
        issuer = f"https://localhost:{self.server.server_port}"
        key = ECKey.generate_key("P-256", {"kid": "1"}).as_dict(private=False)
        ends = {name: f"{issuer}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        said = {"issuer": issuer, **ends} if self.path == WELL_KNOWN else {"keys": [key]}
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    """It runs, with a certificate of its own."""
    path = certificate(tmp_path, "ours")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    pem = path.read_text()
    ca = pem[pem.index("-----BEGIN CERTIFICATE") :]
    yield Provider(f"https://localhost:{server.server_port}", "Comune", "torrazzo", None, ca=ca)
    server.shutdown()
    thread.join(60)
    server.server_close()


def test_a_certificate_of_one_s_own_is_believed_where_it_was_given(provider: Provider, tmp_path: Path) -> None:
    """By whoever has set it up with it; nobody else, and no other one in its place."""
    assert ask_provider(provider, SystemClock()).said["issuer"] == provider.issuer
    other = certificate(tmp_path, "other").read_text()
    for ca in (None, other[other.index("-----BEGIN CERTIFICATE") :], "no certificate at all"):
        with pytest.raises(Unavailable):
            ask_provider(provider._replace(ca=ca), SystemClock())
