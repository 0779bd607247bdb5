# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`serve` with a healthy camera and, beside it, cameras that say what none may say: it loses nothing."""

import asyncio
import hashlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bench import town as bench_town
from tests.tools.lab import check_chain, check_elapsed
from tests.tools.patience import PATIENCE_S
from tests.tools.rtp_wire import Packetizer, interleave
from tests.unit.camera.test_native_server import KEY, PLAIN, Server, pictures
from torrazzo.archive.fact import Fact
from torrazzo.base import StreamId
from torrazzo.testing import ClipSpec, make_clip
from torrazzo.testing.player import SENT
from torrazzo.testing.town import SmallTown
from torrazzo.town.home import Home

FPS = 12.5
SPEC = ClipSpec(fps="25/2", frames=600, gop=12, width=320, height=192, bitrate=150_000, noise=0.02)  # no picture twice
LIFE_S = 15
FLOOD = 24 << 20  # bytes
MOST_LAG_MS = 4_000  # generous; it was 9,000 where one camera's packets could take any time


def _leaps() -> bytes:
    """Packets without content, each half of all numbers ahead: 2^32 packets seem lost, between two pictures."""
    maker = Packetizer(number=0)
    parts = [interleave([*maker.picture([KEY], 0), *maker.picture([PLAIN], 3600)], 4)]
    for _ in range(131_200):
        maker.number = maker.number + 0x7FFE & 0xFFFF
        parts.append(interleave([maker.packet(b"", 3600)], 4))
    rest = (maker.picture([PLAIN if at % 10 else KEY], at * 3600) for at in range(2, 40))
    return b"".join(parts) + b"".join(interleave(picture, 4) for picture in rest)


def _repeated(part: bytes) -> bytes:
    return part * (FLOOD // len(part))


def _each_its_own(payload: bytes, size: int) -> bytes:
    """Packets, numbered on from two pictures, each with this content and a time of its own."""
    maker = Packetizer(number=0)
    parts = [interleave([*maker.picture([KEY], 0), *maker.picture([PLAIN], 3600)], 4)]
    flood = range(2, size // (16 + len(payload)))
    return b"".join(parts) + b"".join(interleave([maker.packet(payload, at * 3600, marker=True)], 4) for at in flood)


HOSTILE: dict[str, Callable[[], Server]] = {
    "a session with a line break": lambda: Server(SETUP=b"Session: 1\r2;timeout=5\r\n\r\n"),
    "a realm with a line break": lambda: Server(
        DESCRIBE=b'RTSP/1.0 401 No\r\nWWW-Authenticate: Digest realm="a\rb", nonce="x"\r\n\r\n'
    ),
    "a request with a line break": lambda: Server(after=pictures(20) + b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r2\r\n\r\n"),
    "numbers that leap": lambda: Server(after=_leaps()),
    "empty packets": lambda: Server(after=pictures(20) + _repeated(interleave([b"\x80\x60" + bytes(10)], 4))),
    "aggregates of tiny units": lambda: Server(after=_each_its_own(b"\x78" + b"\x00\x01\x09" * 20_000, FLOOD)),
    "small aggregates of tiny units": lambda: Server(after=_each_its_own(b"\x78" + b"\x00\x01\x09" * 20, FLOOD // 4)),
    "packets of one byte": lambda: Server(after=_each_its_own(b"\x09", FLOOD // 6)),
    "start codes in a message": lambda: Server(after=_each_its_own(b"\x06" + b"\x00\x00\x01\x09" * 15_000, FLOOD)),
    "requests without end": lambda: Server(after=pictures(20) + _repeated(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")),
}


@contextmanager
def _serving(servers: Sequence[Server]) -> Iterator[list[str]]:
    """Their addresses, while they answer in a thread of their own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start(server: Server) -> asyncio.Server:
        return await asyncio.start_server(server.serve, "127.0.0.1", 0)

    async def stop() -> None:
        for each, server in zip(listening, servers, strict=True):
            each.close()
            server.hang_up()
        await asyncio.sleep(0.1)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    listening = [asyncio.run_coroutine_threadsafe(start(server), loop).result(5) for server in servers]
    try:
        yield [f"rtsp://127.0.0.1:{each.sockets[0].getsockname()[1]}/x" for each in listening]
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
        loop.close()


class Played(NamedTuple):
    """What is left."""

    facts: dict[StreamId, list[Fact]]
    streams: list[StreamId]  # the healthy one first
    recorded: list[str]  # of the healthy one: digest of each picture
    sent: list[str]
    status: dict[str, Any]
    log: str
    tries: dict[str, int]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A town of all of them, for a while."""
    servers = [make() for make in HOSTILE.values()]
    with SmallTown([make_clip(SPEC)]) as town, _serving(servers) as urls:
        home, streams = bench_town.make(tmp_path_factory.mktemp("hostile") / "town", [*town.urls, *urls])
        log = home.path / "serve.log"
        command = (sys.executable, "-m", "torrazzo", "serve", "--home", str(home.path), "--port", "0")
        with log.open("wb") as out:
            serving = subprocess.Popen(command, stdout=out, stderr=out)
        try:
            status = _live(home, log)
        finally:
            serving.terminate()
            serving.wait(PATIENCE_S)
        sent = [hashlib.sha256(each.unit.nals[-1]).hexdigest() for each in town.cameras[0].log if each.fate == SENT]
    recorded = [nals[-1] for nals in bench_town.frames(home, streams[0])]
    tries = dict(zip(HOSTILE, (server.asked.count("DESCRIBE") for server in servers), strict=True))
    return Played(bench_town.facts(home), streams, recorded, sent, status, log.read_text(), tries)


def _live(home: Home, log: Path) -> dict[str, Any]:
    """Until some time after the first picture; what the recorder says then."""
    end = time.monotonic() + PATIENCE_S
    while not any(stream["frames"] for stream in bench_town.status(home).get("streams", {}).values()):
        assert time.monotonic() < end, log.read_text()[-4000:]
        time.sleep(0.2)
    time.sleep(LIFE_S)
    return bench_town.status(home)


def test_the_healthy_camera_loses_no_frame(played: Played, record_property: Callable[[str, object], None]) -> None:
    """All that it sent from the first recorded picture on is recorded, in one term, without a gap."""
    record_property("worst lag in ms", played.status["worst_lag_ms"])
    facts = played.facts[played.streams[0]]
    check_chain(facts)
    check_elapsed(facts)
    assert len({fact.term for fact in facts}) == 1
    assert [fact for fact in facts if fact.kind == "gap" and fact.t1 != fact.t0] == []
    first = played.sent.index(played.recorded[0])
    assert played.recorded == played.sent[first : first + len(played.recorded)]
    assert len(played.sent) - first - len(played.recorded) <= 1.5 * FPS, "the end is missing"
    assert len(played.recorded) > (LIFE_S - 3) * FPS
    assert played.status["worst_lag_ms"] <= MOST_LAG_MS


def test_the_recorder_lives_and_made_no_mistake(played: Played) -> None:
    """No process died, no error of ours showed, and each hostile camera was asked again and again, not all the time."""
    assert "process_died" not in played.log
    assert "stream_fault" not in played.log
    assert played.status["faults"] == 0
    assert all(1 <= count <= LIFE_S * 8 for count in played.tries.values()), played.tries


@pytest.mark.parametrize("index", range(len(HOSTILE)), ids=list(HOSTILE))
def test_the_account_of_a_hostile_camera_holds(played: Played, index: int) -> None:
    """What it brought about is declared like any other absence."""
    facts = played.facts[played.streams[index + 1]]
    check_chain(facts)
    check_elapsed(facts)
    assert all((fact.lost or 0) <= len(facts) * 0xFFFF_FFFF for fact in facts)
