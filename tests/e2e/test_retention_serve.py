# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Footage at its end in a town that is served: real processes, and an hour that is a week old."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.tools.ring_keys import read_ring
from tests.tools.served import Served
from torrazzo.archive.fact import term_fact
from torrazzo.archive.root import open_root
from torrazzo.archive.volume import VolumeWriter
from torrazzo.auditor.act_rules import ActRules
from torrazzo.base.clock import SystemClock
from torrazzo.base.ids import CameraId, StreamId, TermId
from torrazzo.base.times import HOUR, BootNs, UtcTicks, hour_of, ticks_from_ns
from torrazzo.durable import OsDisk
from torrazzo.keyring.process import BOOT_ID
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.sealer_setup import set_up_sealer
from torrazzo.keyring.store import RingStore
from torrazzo.keyring.trust import TrustStore
from torrazzo.keyring.trusted_time import Mark, Reading, Times
from torrazzo.ledger.client import LedgerClient
from torrazzo.ledger.tiles import Tile, split_entries
from torrazzo.testing.town import SmallTown
from torrazzo.town.home import load_settings

DISK = OsDisk()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path / "town")
    with SmallTown.of_streets(1) as cameras:
        assert served.run("init", "--name", "Cremona").code == 0
        settings = served.home.settings_file
        settings.write_text(settings.read_text().replace('trusted = ["system"]', 'trusted = ["wall"]'))
        assert served.run("camera", "add", "Via Palestro", *cameras.urls, "--synthetic", "--keep", "72").code == 0
        yield served
        if served.process is not None:
            assert served.stop() == 0, served.log.read_text()[-4000:]


def live_a_week_ago(served: Served) -> KeyName:
    """A key, a volume with a fact, and clocks that have agreed for a while: as if the town had run for a week."""
    home, clock = served.home, SystemClock()
    settings = load_settings(home)
    name = KeyName(hour_of(clock.utc()) - 168, "standard")
    DISK.make_folder(home.keyring)
    store = RingStore(DISK, home.keyring, set_up_sealer(DISK, home.keyring))
    store.load()
    store.draw([name])
    TrustStore(DISK, home, settings).set_up()  # as the first start did
    boot = BOOT_ID.read_text("ascii").strip()
    now = Reading.now(clock, boot)
    begun = now._replace(utc=UtcTicks(now.utc - ticks_from_ns(now.boot_ns)), boot_ns=BootNs(0))
    DISK.publish(home.keyring / "times.json", Times(Mark(now, begun)).pack())
    start = UtcTicks(name.hour * HOUR)
    stream, term = StreamId(CameraId("3f9a1c0e5b7d2264"), "main"), TermId(settings.node, 0, start)
    writer = VolumeWriter.create(
        DISK,
        open_root(DISK, settings.roots[0]),
        hour=name.hour,
        retention_class=name.class_,
        fence=0,
        serial=0,
        utc=start,
        boot_ns=BootNs(1),
    )
    fact = term_fact(stream, term, t0=start, m0=1, boot="", software="", prior=None)
    writer.place(3, 0, stream=stream, term=term, n=0, t0=start, t1=start, payload=fact)
    writer.finish()
    return name


def lines(served: Served) -> list[bytes]:
    """Of the ledger's `act`, as many as are in its first bundle."""
    ledger = LedgerClient(served.home.ledger_socket)
    size = ledger.status()["act"]["size"]  # type: ignore[index]
    return list(split_entries(ledger.read(f"act/{Tile(None, 0, min(256, size))}"), min(256, size)))


def acts(served: Served) -> list[dict[str, object]]:
    return [json.loads(line) for line in lines(served)]


def test_an_hour_that_is_a_week_old_goes_and_the_town_goes_on(served: Served) -> None:
    """Key, file and rows are gone, its fact is in the ledger first; camera and keys of 72 hours go on."""
    name = live_a_week_ago(served)
    served.start()
    served.until(lambda: served.page() and served.all_record(1))

    def is_done() -> bool:
        said = served.run("retention", "run")
        return said.code == 0 and any(act["kind"] == "free" for act in acts(served))

    served.until(is_done)
    ring = read_ring(DISK, served.home.keyring)
    assert ring is not None
    assert name not in ring.keys
    assert {each.class_ for each in ring.keys} == {"standard", "h72"}
    volumes = sorted(path.name for path in (served.home.path / "archive" / "volumes").iterdir())
    assert volumes
    assert not [volume for volume in volumes if volume.startswith(str(name)[:10])]
    assert any("-h72-" in volume for volume in volumes)
    told = [act for act in acts(served) if act["kind"] in {"shred", "free"}]
    assert [(act["kind"], act["hour"], act["class"]) for act in told] == [
        (kind, *str(name).split("/")) for kind in ("shred", "free")
    ]
    assert (told[0]["why"], told[1]["files"]) == ("age", 1)
    rules, now = ActRules(), SystemClock().utc()
    found = [each for at, line in enumerate(lines(served)) for each in rules.check(at, line, None, now, lambda *_: b"")]
    assert rules.has_keys
    assert [each for each in found if each.rule == "R8"] == []
    status = served.json("retention", "status")
    assert {each["class"]: each["hours"] for each in status["classes"]} == {"standard": 168, "h72": 72}
    served.until(lambda: not _rows_before(served, (name.hour + 1) * HOUR))
    served.until(lambda: served.run("status").code == 0)  # no alarm: all that is to go has gone
    assert served.run("footage", "check").code == 0


def _rows_before(served: Served, moment: int) -> int:
    with closing(sqlite3.connect(served.home.catalogue_db)) as database:
        (count,) = database.execute("SELECT count(*) FROM term WHERE start < ?", (moment,)).fetchone()
        return int(count)
