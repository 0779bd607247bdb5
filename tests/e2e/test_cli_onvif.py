# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cameras found and added over ONVIF, as a person types it."""

import asyncio
import contextlib
import io
import json
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from torrazzo.camera.onvif import discover
from torrazzo.cli import main
from torrazzo.testing import ClipSpec, FakeCamera, Habits, make_clip
from torrazzo.testing.onvif import FakeOnvif, Traits, hostile

USER, PASSWORD = "operatore", "tre-Caval1i"


class Town:
    """A new town's home, and commands in it."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._home, self._capsys, self._monkeypatch = home, capsys, monkeypatch

    def __call__(self, *words: str, stdin: str = "") -> tuple[int, str, str]:
        """Code, output, errors."""
        self._monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        self._capsys.readouterr()
        code = main([*words, "--home", str(self._home)])
        return code, *self._capsys.readouterr()

    def files(self) -> bytes:
        """All that lies in the home."""
        return b"".join(path.read_bytes() for path in sorted(self._home.rglob("*")) if path.is_file())


@pytest.fixture
def town(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Town:
    """Made by `init`."""
    town = Town(tmp_path / "town", capsys, monkeypatch)
    assert town("init", "--name", "Cremona")[0] == 0
    return town


@contextlib.contextmanager
def filming(path: str) -> Iterator[FakeCamera]:
    """An RTSP server with a loop of its own."""
    camera = FakeCamera(make_clip(ClipSpec(width=320, height=192, frames=60, gop=12)), habits=Habits(
        path=path, username=USER, password=PASSWORD
    ))  # fmt: skip
    loop, ready, over = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def run() -> None:
        await camera.start()
        ready.set()
        await over.wait()
        await camera.stop()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    assert ready.wait(60)
    try:
        yield camera
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(60)
        loop.close()


@pytest.mark.parametrize("sign_in", ["digest", "token"])
def test_a_camera_is_added_by_its_address_alone(town: Town, sign_in: str) -> None:
    """From the device's address, user and password come streams that can be recorded; the password stands nowhere."""
    with filming("/s0p0") as camera:
        traits = Traits(
            username=USER, password=PASSWORD, sign_in=sign_in, rtsp_port=camera.port, calls_itself="203.0.113.7",
            clock_seconds=3_600,
        )  # fmt: skip
        with FakeOnvif(traits).running() as device:
            words = ("camera", "add", "Piazza", "--onvif", device.where, "--user", USER, "--password-stdin")
            code, out, err = town(*words, stdin=f"{PASSWORD}\n")
            assert code == 0, err
        assert f"main rtsp://127.0.0.1:{camera.port}/s0p0 and sub" in out
        assert "device      Torrazzo Fake 1 1.0" in out
        assert "main        H.264, 1920x1080, 25 frames/s, 2048 kbit/s" in out
        assert "masks       0 of at most 8" in out
        assert re.search("clock is 3(600|5[0-9]{2}) s ahead", err), err
        assert "RuleEngine/FaceDetector/Face" in err
        code, probed, err = town("camera", "probe", "piazza", "--json")
        assert json.loads(probed)[0]["recordable"] is True, probed
    shown = town("camera", "show", "piazza", "--json")[1]
    assert [stream["url"] for stream in json.loads(shown)["streams"]] == [
        f"rtsp://127.0.0.1:{camera.port}/s0p0", f"rtsp://127.0.0.1:{camera.port}/s0p1",
    ]  # fmt: skip
    assert PASSWORD not in out + err + probed + shown + str(device.heads) + str(device.log)
    assert PASSWORD.encode() not in town.files()


def test_a_sub_stream_of_ones_own(town: Town) -> None:
    """What a person says goes before what the device says; JSON tells what the device is."""
    with FakeOnvif(Traits(sensors=2)).running() as device:
        code, out, err = town(
            "camera", "add", "Due", "--onvif", device.where, "--sensor", "2", "--sub", "rtsp://h/small", "--json"
        )
    assert code == 0, err
    told = json.loads(out)
    assert [stream["url"] for stream in told["streams"]] == ["rtsp://127.0.0.1:554/s1p0", "rtsp://h/small"]
    assert told["device"]["sensors"] == 2
    assert told["device"]["main"]["size"] == [1920, 1080]


def test_what_cannot_be_added_is_not(town: Town) -> None:
    """A wrong password, a device that lies, both addresses or none: told in a sentence, and no camera is added."""
    with FakeOnvif(Traits(username=USER, password=PASSWORD)).running() as device:
        refused = town(
            "camera", "add", "Uno", "--onvif", device.where, "--user", USER, "--password-stdin", stdin="no-Such1\n"
        )
        assert "does not take this user and password" in refused[2]
        assert "no-Such1" not in "".join(refused[1:])
        unknown = town("camera", "add", "Uno", "--onvif", f"{USER}:{PASSWORD}@127.0.0.1:{device.port}")
        assert PASSWORD not in "".join(unknown[1:])
        asked = len(device.log)
        assert town("camera", "add", "0123456789abcdef", "--onvif", device.where)[0] == 2
        assert len(device.log) == asked, "a name that is none is refused before anybody is asked"
    with FakeOnvif(Traits(raw={"GetProfiles": hostile()["bomb"]})).running() as device:
        lied = town("camera", "add", "Uno", "--onvif", device.where)
    for code, out, err in (refused, unknown, lied):
        assert code == 1
        assert out == ""
        assert err.startswith("torrazzo: ")
        assert "Traceback" not in err
    assert town("camera", "add", "Uno")[0] == 2
    assert town("camera", "add", "Uno", "rtsp://h/", "--onvif", "h")[0] == 2
    assert json.loads(town("camera", "list", "--json")[1]) == []


def test_who_is_there(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`discover` lists what answers, in words and for machines, without a town; where nobody does, it says so."""
    words = ["camera", "discover", "--seconds", "2", "--interface", "127.0.0.1"]
    with FakeOnvif(Traits(model="Cam 9")).running() as device:
        aim = ("127.0.0.1", device.discovery_port)
        monkeypatch.setattr("torrazzo.cli.onvif.discover", lambda seconds, interface: discover(seconds, interface, aim))
        heads, row = _listed(words, capsys).splitlines()
        assert heads.split() == ["ADDRESS", "NAME", "HARDWARE", "LOCATION"]
        assert row.split("  ")[:2] == [f"http://127.0.0.1:{device.port}/onvif/device_service", "Cam 9"]
        (found,) = json.loads(_listed([*words, "--json"], capsys))
        assert (found["name"], found["location"]) == ("Cam 9", "Piazza Stradivari")
        assert device.log == []
    assert main(words) == 0
    assert capsys.readouterr().out.startswith("No device answered.")


def _listed(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What is said, once the device was heard: on a busy machine it may answer too late."""
    said = ""
    for _ in range(10):
        assert main(words) == 0
        said = capsys.readouterr().out
        if "Cam 9" in said:
            break
    return said
