# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Commands and requests of another Unix user of this machine: `python -m tests.tools.other_user USER WORDS…`.

Started by root, it loads what it needs and then is that user for good: the interpreter itself may lie where only root
reads. `run` and `fetch` start it so; tests that use them are marked `needs_root`.
"""

import base64
import contextlib
import http.client
import importlib
import json
import os
import pkgutil
import pwd
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from tests.tools.served import Said

ROOT = Path(__file__).resolve().parents[2]


def run(user: str, *words: str) -> Said:
    """A command of `torrazzo` as this user."""
    return _ask(user, *words)


def fetch(user: str, address: str, form: str = "") -> str:
    """A page as this user's browser gets it, or sends its form; `<status> <where to>` before the body."""
    said = _ask(user, "fetch", address, form)
    assert said.code == 0, said.err
    return said.out


def ask(user: str, where: str, asked: Sequence[tuple[str, str, str]]) -> list[tuple[int, bytes]]:
    """Status and body of each of these (method, path, form or JSON), one after the other; `where`: port or socket."""
    said = _ask(user, "ask", where, json.dumps(asked))
    assert said.code == 0, said.err
    return [(status, base64.b64decode(body)) for status, body in json.loads(said.out)]


def open_folder() -> Path:
    """For a home that other users may pass through, as /var/lib/torrazzo is; to be removed by the caller."""
    folder = Path(tempfile.mkdtemp(prefix="torrazzo-"))
    folder.chmod(0o711)
    return folder


def _ask(*words: str) -> Said:
    command = (sys.executable, "-m", "tests.tools.other_user", *words)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    return Said(done.returncode, done.stdout, done.stderr)


def _become(user: str) -> None:
    entry = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


class _Stay(urllib.request.HTTPErrorProcessor):
    """Answers as they come: no redirect is followed, no status is an error."""

    def http_response(self, _request: object, response: object) -> object:
        return response


def _fetch(address: str, form: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay())
    with opener.open(address, form.encode() or None, timeout=60) as answer:
        print(answer.status, answer.headers.get("location", ""))
        print(answer.read().decode("utf-8", "replace"))


class _Local(http.client.HTTPConnection):
    """Over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


def _requests(where: str, asked: Sequence[tuple[str, str, str]]) -> None:
    found = []
    for method, path, body in asked:
        connection = (
            http.client.HTTPConnection("127.0.0.1", int(where), timeout=60) if where.isdigit() else _Local(where)
        )
        kind = "application/json" if body.startswith("{") else "application/x-www-form-urlencoded"
        with contextlib.closing(connection):
            connection.request(method, path, body.encode(), {"content-type": kind})
            answer = connection.getresponse()
            found.append((answer.status, base64.b64encode(answer.read()).decode()))
    print(json.dumps(found))


def main(user: str, *words: str) -> int:
    """Load, become that user, act."""
    import pydantic
    import typer

    import torrazzo.cli
    from torrazzo.cli import commands, evidence, footage, main, people  # noqa: F401 - loaded while root reads them

    for package in (typer, pydantic, torrazzo.cli):  # what a command loads as it goes
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                with contextlib.suppress(Exception):  # of another system, or wants what is not installed
                    importlib.import_module(found.name)
    "localhost".encode("idna")  # loads the codec
    _become(user)
    if words[0] == "fetch":
        _fetch(words[1], words[2])
        return 0
    if words[0] == "ask":
        _requests(words[1], json.loads(words[2]))
        return 0
    return main(words)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
