# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Chromium without a window, and a small server that gives it what a test wants played."""

import re
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from tests.tools.patience import PATIENCE_S
from torrazzo.playback import VirtualFile
from torrazzo.testing.picture import Label, label_from_pixels

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
)  # fmt: skip
PAGE = b"<!doctype html><meta charset=utf-8><title>player</title><video id=v muted></video>"

# `event` waits for one, `look` returns two rows of the picture's brightness, where its number stands.
_SCRIPT = """
window.v = document.getElementById('v');
window.event = (name) => new Promise((done, failed) => {
  const late = setTimeout(() => failed(new Error('no ' + name + ' in 100 s')), 100000);
  v.addEventListener(name, () => { clearTimeout(late); done(); }, {once: true});
  v.addEventListener('error', () => { clearTimeout(late); failed(new Error(v.error.message)); }, {once: true});
});
window.painted = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
window.look = () => {
  const canvas = new OffscreenCanvas(v.videoWidth, v.videoHeight), ink = canvas.getContext('2d');
  ink.drawImage(v, 0, 0);
  const strip = Math.floor(canvas.height / 10);
  return [strip >> 1, strip + (strip >> 1)].map((y) =>
    Array.from(ink.getImageData(0, y, canvas.width, 1).data.filter((_, at) => at % 4 === 1)));
};
window.load = async (url) => { const loaded = event('loadeddata'); v.src = url; await loaded; await painted(); };
window.seek = async (to) => { const sought = event('seeked'); v.currentTime = to; await sought; await painted(); };
null;
"""


def patient(page: Any) -> Any:
    """It waits for what must come as long as we do."""
    page.set_default_timeout(PATIENCE_S * 1000)
    return page


class Seen(NamedTuple):
    """What is on the screen."""

    width: int
    label: Label | None


class Player:
    """A page with one video element."""

    def __init__(self, page: Any, address: str) -> None:
        self._page = page
        self.address = address
        page.goto(address)
        page.evaluate(_SCRIPT)

    def load(self, path: str) -> float:
        """Open a path of the server; the duration that the player shows."""
        self._page.evaluate("(url) => load(url)", path)
        return float(self._page.evaluate("v.duration"))

    def seek(self, seconds: float, number: int | None = None) -> Seen:
        """Go there, and look."""
        self._page.evaluate("(to) => seek(to)", seconds)
        return self.look(number)

    def look(self, number: int | None = None) -> Seen:
        """The picture that is shown now, after some time the wanted one: a busy machine shows it after its event."""
        for _ in range(100):
            label = (seen := self._look()).label
            if label is not None and number in {None, label.number}:
                return seen
            self._page.wait_for_timeout(100)
        return self._look()

    def _look(self) -> Seen:
        rows: list[list[int]] = self._page.evaluate("look()")
        width = len(rows[0])
        strip = 10  # label_from_pixels looks at two heights: which, is ours to say
        found = label_from_pixels(lambda x, y: rows[y // strip][x], width, 10 * strip)
        return Seen(width, found)

    def run(self, script: str, argument: Any = None) -> Any:
        """Evaluate in the page."""
        return self._page.evaluate(script, argument)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        found = self.server.answers.get(self.path) if self.path != "/" else ("text/html", PAGE)  # type: ignore[attr-defined]
        if found is None:
            self.send_error(404)
        elif isinstance(found, VirtualFile):
            self._send_range(found)
        else:
            self._send(200, found[0], found[1])

    def _send(self, status: int, kind: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _send_range(self, file: VirtualFile) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "bytes=0-"))
        assert asked is not None, self.headers
        start, end = int(asked[1]), int(asked[2]) + 1 if asked[2] else file.size
        self.send_response(206)
        self.send_header("Content-Type", file.media_type)
        self.send_header("Content-Range", f"bytes {start}-{end - 1}/{file.size}")
        self.send_header("Content-Length", str(end - start))
        self.end_headers()
        try:
            for part in file.read(start, end):
                self.wfile.write(part)
        except ConnectionError:  # the player has what it wants
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, answers: dict[str, tuple[str, bytes] | VirtualFile]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers

    def handle_error(self, request: object, client_address: object) -> None:
        """A player may hang up whenever it likes; anything else is printed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextmanager
def open_browser() -> Iterator[Any]:
    """Playwright's browser."""
    from playwright.sync_api import sync_playwright  # slow to import

    executable = next(path for path in map(shutil.which, NAMES) if path is not None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def open_player(answers: dict[str, tuple[str, bytes] | VirtualFile]) -> Iterator[Player]:
    """A player whose server gives `answers` by path; more may be added while it is open."""
    server = _Server(answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        with open_browser() as browser:
            yield Player(patient(browser.new_page()), f"http://127.0.0.1:{server.server_port}/")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
