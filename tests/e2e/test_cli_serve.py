# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town that is served: real processes, cameras of ours, the commands beside them."""

import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest

from tests.tools import other_user
from tests.tools.catalogue_dump import dump
from tests.tools.other_user import open_folder
from tests.tools.patience import PATIENCE_S
from tests.tools.served import Served
from torrazzo.base import Span
from torrazzo.base.times import SECOND, UtcTicks, iso_from_ticks, ticks_from_text
from torrazzo.ledger.client import LedgerClient
from torrazzo.testing.town import SmallTown

ANOTHER = "nobody"
PARTS = {"recorder", "control-room", "ledger", "keyring"}
ROME = ZoneInfo("Europe/Rome")
NAMES = ("Via degli Orti Romani", "Piazza Risorgimento")


@pytest.fixture(scope="module")
def cameras() -> Iterator[SmallTown]:
    with SmallTown.of_streets(3) as town:
        yield town


@pytest.fixture(scope="module")
def served(cameras: SmallTown, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = open_folder() if os.geteuid() == 0 else tmp_path_factory.mktemp("served")
    served = Served(folder / "town")
    assert served.run("init", "--name", "Cremona").code == 0
    settings = served.home.settings_file.read_text().replace('trusted = ["system"]', 'trusted = ["wall"]')
    served.home.settings_file.write_text(f'{settings}\n[people]\n{ANOTHER} = ["view", "approve"]\n')
    for name, url in zip(NAMES, cameras.urls, strict=False):
        assert served.run("camera", "add", name, url, "--synthetic").code == 0
    served.start()
    try:
        served.until(lambda: served.page() and served.all_record())
        yield served
    finally:
        if served.process is not None:
            assert served.stop() == 0, served.log.read_text()[-4000:]
        if folder.parent == Path(tempfile.gettempdir()):
            shutil.rmtree(folder)


def get(address: str, **headers: str) -> bytes:
    asked = urllib.request.Request(address, headers=headers)  # noqa: S310 - our own page
    with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:  # noqa: S310 - as above
        return bytes(answer.read())


def test_status_tells_that_all_record(served: Served) -> None:
    """Exit code 0 but at an alarm, as of a machine's clock; each camera in words; the page says the same."""
    said = served.run("status")
    assert said.code == ("ALARM: " in said.out), said.err
    for name in NAMES:
        assert name in said.out
    served.until(lambda: "Tutte le telecamere registrano." in get(served.page()).decode())


def test_there_is_one_serve_for_a_home(served: Served) -> None:
    """A second one is refused while the first runs, and disturbs nothing."""
    command = (sys.executable, "-m", "torrazzo", "--home", str(served.home.path), "serve", "--port", "0")
    again = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert again.returncode == 5, again.stderr
    served.until(served.all_record)


def test_a_change_reaches_the_recorder_through_the_socket(served: Served, cameras: SmallTown) -> None:
    """A camera added while serve runs records within moments; disabled, it stops; the others' terms go on."""
    terms = served.home.fence.read_text()
    assert served.run("camera", "add", "Via Giordano", cameras.urls[2], "--synthetic").code == 0
    served.until(lambda: served.all_record(3))
    assert served.run("camera", "set", "via giordano", "--disable").code == 0
    served.until(lambda: served.all_record(2))
    known = json.loads(terms)["terms"].items()
    assert known <= json.loads(served.home.fence.read_text())["terms"].items()


def asked_for(served: Served) -> str:
    """The number of an ask for the first stretch that is recorded."""
    (first, *_) = served.until(lambda: served.json("footage", "list", NAMES[0]))
    assert {"from", "to", "camera", "stream"} <= first.keys()
    assert served.json("footage", "gaps", NAMES[0], "--from", first["from"], "--to", first["to"]) == []
    words = (NAMES[0].upper(), first["from"], first["to"], "--purpose", "crime", "--to", "police", "--reason", "furto")
    asked = served.run("evidence", "ask", *words)
    assert asked.code == 0, asked.err
    return asked.out.strip()


def test_nobody_takes_anything_out_alone(served: Served, tmp_path: Path) -> None:
    """What one person asks for is not given before another approved, and nobody approves what is their own."""
    number = asked_for(served)
    assert served.run("evidence", "approve", number, "--reason", "mine").code == 5
    refused = served.run("footage", "export", "--ask", number, "-o", str(tmp_path / "none.mp4"))
    assert refused.code == 5
    assert "not approved" in refused.err
    assert list(tmp_path.iterdir()) == []
    assert served.run("footage", "export", "--ask", "999999", "-o", str(tmp_path / "none.mp4")).code == 2
    early = (NAMES[0], "2020-01-01T00:00Z", "2020-01-01T00:01Z")
    why = ("--purpose", "crime", "--to", "police", "--reason", "furto")
    assert served.run("evidence", "ask", *early, *why).code == 4
    checked = served.run("footage", "check", "--deep")
    assert checked.code == 0, checked.out + checked.err


@pytest.mark.needs_root
def test_what_two_people_want_is_taken_out_while_it_records(served: Served, tmp_path: Path) -> None:
    """Another Unix user approves through the people's socket, as whom the kernel knows them; then it is exported."""
    number = asked_for(served)
    home = ("--home", str(served.home.path))
    wish = ("evidence", "ask", NAMES[0], "2020-01-01", "2020-01-02", "--purpose", "x", "--to", "x", "--reason", "x")
    refused = other_user.run(ANOTHER, *wish, *home)
    assert refused.code == 5, refused.err
    assert f'{ANOTHER} = ["view", "ask", "approve"]' in refused.err
    approved = other_user.run(ANOTHER, "evidence", "approve", number, "--reason", "va bene", *home)
    assert approved.code == 0, approved.err
    out = tmp_path / "out.mp4"
    stolen = other_user.run(ANOTHER, "footage", "export", "--ask", number, "-o", "/tmp/never.mp4", *home)
    assert stolen.code == 5, stolen.err
    done = served.run("footage", "export", "--ask", number, "-o", str(out))
    assert done.code == 0, done.err
    (told,) = [ask for ask in served.json("evidence", "list") if str(ask["number"]) == number]
    assert (told["state"], told["by"], told["approvals"][0]["by"]) == ("opened", "root", ANOTHER)
    span = Span(*(ticks_from_text(told[key], ROME) for key in ("from", "to")))
    assert out.read_bytes()[4:8] == b"ftyp"
    assert out.stat().st_size > 5_000 * (span.end - span.start) / SECOND
    assert served.run("footage", "export", "--ask", number, "-o", str(out)).code == 5
    assert {path.name for path in tmp_path.iterdir()} == {"out.mp4"}


def test_the_page_shows_what_somebody_says_why_to_look_at(served: Served) -> None:
    """Purpose and reason give an address at which the file plays, by ranges and as HLS; without them there is none."""
    (first, *_) = served.until(lambda: served.json("footage", "list", NAMES[0]))
    watch = f"{served.page()}watch/{first['id']}/main"
    assert b"<video" not in get(watch)
    form = {"purpose": "crime", "reason": "furto", "from": first["from"], "to": first["to"]}
    look = served.until(lambda: sent(watch, form))
    whole = get(f"{look}/video.mp4")
    assert whole[4:8] == b"ftyp"
    assert get(f"{look}/video.mp4", Range="bytes=1000-1999") == whole[1000:2000]
    playlist = get(f"{look}/video.m3u8").decode()
    parts = [line for line in playlist.splitlines() if line.startswith("seg_")]
    assert "#EXT-X-PROGRAM-DATE-TIME" in playlist
    assert get(f"{look}/{parts[0]}")[4:8] == b"moof"
    if os.geteuid() == 0:
        assert other_user.fetch(ANOTHER, f"{look}/video.mp4").startswith("410 ")
        said = other_user.fetch(ANOTHER, watch, urlencode(form))
        assert said.startswith("303 /look/"), said
        assert "root" not in other_user.fetch(ANOTHER, watch)
        stranger = other_user.fetch("daemon", watch, urlencode(form))
        assert stranger.startswith("409 ")
        assert "daemon = [&quot;view&quot;]" in stranger


def test_a_killed_control_room_leaves_no_window_open(served: Served) -> None:
    """The next one closes what the one before left open, from what was noted, and the look is over."""
    (first, *_) = served.until(lambda: served.json("footage", "list", NAMES[0]))
    watch = f"{served.page()}watch/{first['id']}/main"
    form = {"purpose": "crime", "reason": "furto", "from": first["from"], "to": first["to"]}
    look = served.until(lambda: sent(watch, form))
    assert get(f"{look}/video.mp4")[4:8] == b"ftyp"
    ledger = LedgerClient(served.home.ledger_socket)
    (number, opened) = acts(ledger, "view")[-1]
    os.kill(served.children()["control-room"], signal.SIGKILL)
    closed = served.until(lambda: [act for _, act in acts(ledger, "close") if act["of"] == number])
    assert [act["why"] for act in closed] == ["restart"]
    assert closed[0]["shown"][0]["spans"] == [[opened["t0"], opened["t1"]]]
    served.until(lambda: served.page() and served.all_record())


def acts(ledger: LedgerClient, kind: str) -> list[tuple[int, dict[str, Any]]]:
    found = ledger.prove_many("act", 0, range(500)).entries
    parsed = [(entry.number, json.loads(entry.line)) for entry in found if entry is not None]
    return [(number, act) for number, act in parsed if act["kind"] == kind]


def sent(watch: str, form: dict[str, str]) -> str | None:
    """The address that the form leads to; None while what it asks for is not in the ledger."""
    try:
        with urllib.request.urlopen(watch, urlencode(form).encode(), timeout=PATIENCE_S) as answer:  # noqa: S310 - our own page
            address: str = answer.geturl()
            return address.partition("?")[0]
    except urllib.error.HTTPError as error:
        if error.code != 503:
            raise
        return None


def test_the_catalogue_can_be_made_anew_while_it_records(served: Served) -> None:
    """The running control room rebuilds it; what was found before is found after, and new facts come on top."""
    before = served.until(lambda: served.json("footage", "list", NAMES[0]))
    rebuilt = served.run("catalogue", "rebuild", "--json")
    assert rebuilt.code == 0, rebuilt.err
    after = served.json("footage", "list", NAMES[0])
    assert [part["from"] for part in after][: len(before)] == [part["from"] for part in before]
    served.until(lambda: served.json("footage", "list", NAMES[0])[-1]["to"] > after[-1]["to"])


def test_what_is_killed_comes_back(served: Served) -> None:
    """Killed, all but the recorder come back without a gap; a killed recorder comes back and declares its gap."""
    before = served.until(lambda: (found := served.children()).keys() >= PARTS and found)
    for name in ("control-room", "ledger", "keyring"):
        os.kill(before[name], signal.SIGKILL)
    served.until(lambda: served.children().keys() >= PARTS and served.all_record())
    assert served.children()["recorder"] == before["recorder"]
    # there is no gap after nothing: `all_record` says that pictures come, up to two seconds before the first is on disk
    served.until(lambda: served.json("footage", "list", NAMES[1]))
    os.kill(before["recorder"], signal.SIGKILL)
    served.until(lambda: served.children().get("recorder", before["recorder"]) != before["recorder"])
    served.until(served.all_record)
    served.until(lambda: "restart" in {gap["why"] for gap in served.json("footage", "gaps", NAMES[1]) if gap["to"]})
    gaps = served.json("footage", "gaps", NAMES[1])
    assert {gap["why"] for gap in gaps} <= {"restart", "nosignal"}, "on a busy machine a camera may stall; nothing else"


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
    later = served.until(lambda: [g for g in served.json("footage", "gaps", NAMES[0]) if g["to"] and g not in gaps])
    assert later[0]["why"] == "restart"
    tile_exactly(served, NAMES[0])


def test_damage_is_named_with_camera_and_time(served: Served, tmp_path: Path) -> None:
    """One flipped bit in a copy of the archive: exit code 1, and the finding says which camera and when."""
    copy = Served(tmp_path / "town")
    left_out = shutil.ignore_patterns("run", ".*")
    shutil.copytree(served.home.path, copy.home.path, ignore=left_out, copy_function=_copied)
    roots = copy.home.path / "archive" / "volumes"
    volume = max(roots.glob("*.vol"), key=lambda path: path.stat().st_size)
    data = bytearray(volume.read_bytes())
    data[len(data) // 2] ^= 4
    volume.write_bytes(data)
    damaged = copy.run("footage", "check", "--deep")
    assert damaged.code == 1
    assert any(name in damaged.out for name in NAMES)
    assert volume.name in damaged.out


def _copied(source: str, target: str) -> str:
    """What is still there: journals of databases come and go."""
    with contextlib.suppress(FileNotFoundError):
        shutil.copy2(source, target)
    return target


def tile_exactly(served: Served, name: str) -> None:
    """Recorded stretches and gaps of a camera follow each other without hole or overlap."""
    now = iso_from_ticks(UtcTicks(time.time_ns() // 100_000 * 9 + SECOND))
    parts = served.json("footage", "list", name, "--to", now) + served.json("footage", "gaps", name, "--to", now)
    parts.sort(key=lambda part: part["from"])
    for before, after in itertools.pairwise(parts):
        assert before["to"] == after["from"], parts
