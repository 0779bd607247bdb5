# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town that is served: real processes, cameras of ours, the commands beside them."""

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.served import Served
from torrazzo.base.times import SECOND, UtcTicks, iso_from_ticks
from torrazzo.catalogue import dump
from torrazzo.testing.town import SmallTown

NAMES = ("Via degli Orti Romani", "Piazza Risorgimento")


@pytest.fixture(scope="module")
def cameras() -> Iterator[SmallTown]:
    with SmallTown.of_streets(3) as town:
        yield town


@pytest.fixture(scope="module")
def served(cameras: SmallTown, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("served") / "town")
    assert served.run("init", "--name", "Cremona").code == 0
    for name, url in zip(NAMES, cameras.urls, strict=False):
        assert served.run("camera", "add", name, url, "--synthetic").code == 0
    served.start()
    served.until(lambda: served.page() and served.all_record())
    yield served
    if served.process is not None:
        assert served.stop() == 0, served.log.read_text()[-4000:]


def get(address: str, **headers: str) -> bytes:
    asked = urllib.request.Request(address, headers=headers)  # noqa: S310 - our own page
    with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310 - as above
        return bytes(answer.read())


def test_status_tells_that_all_record(served: Served) -> None:
    """Exit code 0, each camera in words; the page says the same, at the address that serve printed."""
    said = served.run("status")
    assert said.code == 0, said.err
    for name in NAMES:
        assert name in said.out
    text = get(served.page()).decode()
    assert "Tutte le telecamere registrano." in text


def test_there_is_one_serve_for_a_home(served: Served) -> None:
    """A second one is refused while the first runs, and disturbs nothing."""
    command = (sys.executable, "-m", "torrazzo", "--home", str(served.home.path), "serve", "--port", "0")
    again = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert again.returncode == 5, again.stderr
    assert served.all_record()


def test_a_change_reaches_the_recorder_through_the_socket(served: Served, cameras: SmallTown) -> None:
    """A camera added while serve runs records within moments; disabled, it stops; the others' terms go on."""
    terms = served.home.fence.read_text()
    assert served.run("camera", "add", "Via Giordano", cameras.urls[2], "--synthetic").code == 0
    served.until(lambda: served.all_record(3), 20)
    assert served.run("camera", "set", "via giordano", "--disable").code == 0
    served.until(lambda: served.all_record(2), 20)
    known = json.loads(terms)["terms"].items()
    assert known <= json.loads(served.home.fence.read_text())["terms"].items()


def test_what_is_recorded_can_be_taken_out_while_it_records(served: Served, tmp_path: Path) -> None:
    """List, gaps, export and the page's file agree on a stretch that was recorded moments ago."""
    (first, *_) = served.until(lambda: served.json("footage", "list", NAMES[0]), 60)
    assert {"from", "to", "camera", "stream"} <= first.keys()
    span = ("--from", first["from"], "--to", first["to"])
    assert served.json("footage", "gaps", NAMES[0], *span) == []
    out = tmp_path / "out.mp4"
    done = served.run("footage", "export", NAMES[0].upper(), *span, "-o", str(out))
    assert done.code == 0, done.err
    assert out.stat().st_size > 5_000 * first["seconds"]
    assert served.run("footage", "export", NAMES[0], *span, "-o", str(out)).code == 5
    early = ("--from", "2020-01-01T00:00Z", "--to", "2020-01-01T00:01Z", "-o", str(tmp_path / "none.mp4"))
    assert served.run("footage", "export", NAMES[0], *early).code == 3
    checked = served.run("footage", "check", "--deep")
    assert checked.code == 0, checked.out + checked.err
    target = f"{served.page()}footage/{first['id']}/main"
    query = f"?from={first['from']}&to={first['to']}"
    assert get(f"{target}.mp4{query}") == out.read_bytes()
    assert get(f"{target}.mp4{query}", Range="bytes=1000-1999") == out.read_bytes()[1000:2000]
    playlist = get(f"{target}.m3u8{query}").decode()
    parts = [line for line in playlist.splitlines() if "/seg_" in line]
    assert "#EXT-X-PROGRAM-DATE-TIME" in playlist
    assert get(f"{target.rpartition('/')[0]}/{parts[0]}")[4:8] == b"moof"


def test_the_catalogue_can_be_made_anew_while_it_records(served: Served) -> None:
    """The running control room rebuilds it; what was found before is found after, and new facts come on top."""
    before = served.until(lambda: served.json("footage", "list", NAMES[0]), 60)
    rebuilt = served.run("catalogue", "rebuild", "--json")
    assert rebuilt.code == 0, rebuilt.err
    after = served.json("footage", "list", NAMES[0])
    assert [part["from"] for part in after][: len(before)] == [part["from"] for part in before]
    served.until(lambda: served.json("footage", "list", NAMES[0])[-1]["to"] > after[-1]["to"], 60)


def test_what_is_killed_comes_back(served: Served) -> None:
    """Killed, all but the recorder come back without a gap; a killed recorder comes back and declares its gap."""
    before = served.until(lambda: len(found := served.children()) == 4 and found)
    for name in ("control-room", "ledger", "keyring"):
        os.kill(before[name], signal.SIGKILL)
    served.until(lambda: len(served.children()) == 4 and served.run("status").code == 0)
    assert served.children()["recorder"] == before["recorder"]
    os.kill(before["recorder"], signal.SIGKILL)
    served.until(lambda: served.children().get("recorder", before["recorder"]) != before["recorder"])
    served.until(served.all_record)
    gaps = served.until(lambda: [gap for gap in served.json("footage", "gaps", NAMES[1]) if gap["to"]], 60)
    assert {gap["why"] for gap in gaps} == {"restart"}


def test_the_end_is_clean_and_goes_on(served: Served) -> None:
    """SIGTERM ends all in order; the archive is complete, its catalogue rebuilt is identical; then it goes on."""
    assert served.stop() == 0, served.log.read_text()[-4000:]
    assert not served.home.page_address.exists()
    volumes = list((served.home.path / "archive" / "volumes").iterdir())
    assert {path.suffix for path in volumes} <= {".vol", ".idx"}
    assert served.json("footage", "check", "--deep") == []
    gaps = served.json("footage", "gaps", NAMES[0])
    before = list(dump(served.home.catalogue_db))
    assert served.run("catalogue", "rebuild").code == 0
    assert list(dump(served.home.catalogue_db)) == before
    served.home.catalogue_db.unlink()
    assert served.json("footage", "gaps", NAMES[0]) == gaps
    served.start()
    served.until(lambda: served.page() and served.all_record())
    later = served.until(lambda: [g for g in served.json("footage", "gaps", NAMES[0]) if g["to"] and g not in gaps], 60)
    assert [gap["why"] for gap in later] == ["restart"]
    tile_exactly(served, NAMES[0])


def test_damage_is_named_with_camera_and_time(served: Served, tmp_path: Path) -> None:
    """One flipped bit in a copy of the archive: exit code 1, and the finding says which camera and when."""
    copy = Served(tmp_path / "town")
    shutil.copytree(served.home.path, copy.home.path, ignore=shutil.ignore_patterns("run", ".*"))
    roots = copy.home.path / "archive" / "volumes"
    volume = max(roots.glob("*.vol"), key=lambda path: path.stat().st_size)
    data = bytearray(volume.read_bytes())
    data[len(data) // 2] ^= 4
    volume.write_bytes(data)
    damaged = copy.run("footage", "check", "--deep")
    assert damaged.code == 1
    assert any(name in damaged.out for name in NAMES)
    assert volume.name in damaged.out


def tile_exactly(served: Served, name: str) -> None:
    """Recorded stretches and gaps of a camera follow each other without hole or overlap."""
    now = iso_from_ticks(UtcTicks(time.time_ns() // 100_000 * 9 + SECOND))
    parts = served.json("footage", "list", name, "--to", now) + served.json("footage", "gaps", name, "--to", now)
    parts.sort(key=lambda part: part["from"])
    for before, after in itertools.pairwise(parts):
        assert before["to"] == after["from"], parts
