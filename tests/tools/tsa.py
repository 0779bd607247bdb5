# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A time-stamping authority that is not ours: `openssl ts`, its certificates made anew, behind a small HTTP server."""

import secrets
import shutil
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

TEXT = b"torrazzo.comune.example.it/act\n42\nqINS1GRFhWHwdkUeqLEoP4yEMkTBBzxBkGwGQlVlVcs=\n"
LIFE = ("20200101000000Z", "20491231235959Z")
ACCURACY = "secs:1, millisecs:500, microsecs:101"
POLICY = "1.3.6.1.4.1.57264.2"

needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="left out: needs openssl (apt-get install openssl)"
)

# One section for each kind of certificate, as `openssl ca -extensions` takes them.
_CA = """
[ca]
default_ca = here
[here]
database = index
new_certs_dir = .
serial = serial
default_md = sha256
policy = any
email_in_dn = no
[any]
commonName = supplied
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[issuer]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[signer]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[server]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost
authorityKeyIdentifier = keyid
"""

_TSA = """
[tsa]
default_tsa = here
[here]
serial = serial
signer_cert = signer.pem
signer_key = signer.key
signer_digest = sha256
default_policy = {policy}
other_policies = 1.2.3.4.5
digests = sha256, sha384, sha512
accuracy = {accuracy}
clock_precision_digits = 3
ess_cert_id_alg = sha256
"""


class Pair(NamedTuple):
    """A certificate and its key, in files."""

    certificate: Path
    key: Path

    @property
    def pem(self) -> str:
        return self.certificate.read_text()


def openssl(*arguments: object, folder: Path | None = None, is_tried: bool = False) -> subprocess.CompletedProcess[str]:
    """One command; raises with what it said if it fails, unless it is only tried."""
    done = subprocess.run(
        ("openssl", *map(str, arguments)), cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert is_tried or done.returncode == 0, done.stderr
    return done


class Issuer:
    """A root, and what it issues."""

    def __init__(self, folder: Path, name: str = "Root") -> None:
        self._folder = folder
        folder.mkdir()
        (folder / "ca.cnf").write_text(_CA)
        self.root = self._key("root")
        self._sign("root", name, "-selfsign", "-keyfile", self.root.key, "-extensions", "root")

    def issue(
        self,
        kind: str,
        name: str,
        by: Pair | None = None,
        *,
        life: tuple[str, str] = LIFE,
        serial: str = "",
        key: Path | None = None,
    ) -> Pair:
        """A certificate of a kind that is a section above; its key and serial number (hex) are new unless given."""
        issuer = by or self.root
        pair = self._key(f"{kind}-{name}".replace(" ", "-"), key)
        signed = ("-cert", issuer.certificate, "-keyfile", issuer.key, "-extensions", kind)
        self._sign(pair.key.stem, name, *signed, life=life, serial=serial)
        return pair

    def _key(self, stem: str, key: Path | None = None) -> Pair:
        pair = Pair(self._folder / f"{stem}.pem", self._folder / f"{stem}.key")
        if key is None:
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", pair.key)
        else:
            shutil.copy(key, pair.key)
        return pair

    def _sign(self, stem: str, name: str, *how: object, life: tuple[str, str] = LIFE, serial: str = "") -> None:
        (self._folder / "serial").write_text((serial or secrets.token_hex(8)) + "\n")
        (self._folder / "index").write_text("")  # nobody's numbers are taken
        openssl("req", "-new", "-key", f"{stem}.key", "-subj", f"/CN={name}", "-out", "ask.csr", folder=self._folder)
        here = ("-batch", "-config", "ca.cnf", "-notext", "-in", "ask.csr", "-out", f"{stem}.pem")
        openssl("ca", *here, *how, "-startdate", life[0], "-enddate", life[1], folder=self._folder)


class Responder:
    """`openssl ts -reply` with this signer; `chain` goes into each token besides the signer's certificate."""

    def __init__(
        self, folder: Path, signer: Pair, *, chain: str = "", policy: str = POLICY, accuracy: str = ACCURACY
    ) -> None:
        self._folder = folder
        self.signer = signer
        folder.mkdir()
        shutil.copy(signer.certificate, folder / "signer.pem")
        shutil.copy(signer.key, folder / "signer.key")
        (folder / "serial").write_text("01\n")
        (folder / "chain.pem").write_text(chain)
        text = _TSA.format(policy=policy, accuracy=accuracy) + ("certs = chain.pem\n" if chain else "")
        (folder / "tsa.cnf").write_text(text)
        self._lock = threading.Lock()  # the file of serial numbers

    def reply(self, query: bytes) -> bytes:
        """What the authority answers to a query."""
        with self._lock:
            (self._folder / "query").write_bytes(query)
            openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply", folder=self._folder)
            return (self._folder / "reply").read_bytes()


def verify(text: bytes, token: bytes, trusted: str, *, sent: str = "", at: int | None = None) -> str:
    """`openssl ts -verify` of a token over a text: empty, or why it refuses. `sent` are certificates not trusted."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "text").write_bytes(text)
        (folder / "token").write_bytes(token)
        (folder / "trusted.pem").write_text(trusted)
        (folder / "sent.pem").write_text(sent)
        untrusted = ("-untrusted", "sent.pem") if sent else ()
        when = () if at is None else ("-attime", at)
        what = ("-data", "text", "-in", "token", "-token_in", "-CAfile", "trusted.pem")
        done = openssl("ts", "-verify", *what, *untrusted, *when, folder=folder, is_tried=True)
        return "" if done.returncode == 0 else done.stderr


class Reply(NamedTuple):
    """What the server below sends, and how."""

    body: bytes
    status: int = 200
    length: int | None = None  # what it says of its length, if not the truth
    pause: float = 0  # seconds before each byte
    headers: tuple[tuple[str, str], ...] = ()


class Server:
    """Where an authority listens, and what it was sent."""

    def __init__(self, server: ThreadingHTTPServer, scheme: str) -> None:
        self.url = f"{scheme}://localhost:{server.server_address[1]}/tsa?kind=test"
        self.asked: list[tuple[str, dict[str, str], bytes]] = []


@contextmanager
def serve(answer: Callable[[bytes], Reply], tls: Pair | None = None) -> Iterator[Server]:
    """An HTTP server on loopback that gives these answers to what is posted."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            found.asked.append((self.path, dict(self.headers), query))
            reply = answer(query)
            self.send_response(reply.status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(reply.body) if reply.length is None else reply.length))
            for header in reply.headers:
                self.send_header(*header)
            self.end_headers()
            for at in range(0, len(reply.body), 1 if reply.pause else 1 << 20):
                if over.wait(reply.pause):
                    return
                self.wfile.write(reply.body[at : at + (1 if reply.pause else 1 << 20)])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A client that hangs up is what some tests are about."""

    server = Quiet(("127.0.0.1", 0), Handler)
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls.certificate, tls.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    found = Server(server, "https" if tls else "http")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield found
    finally:
        over.set()
        server.shutdown()
        thread.join()
        server.server_close()
