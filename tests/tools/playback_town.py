# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town's API over a real archive: two cameras, a gap, a real keyring and ledger, people of each role."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.tools.api_town import ApiTown, Browser, serving_api
from tests.tools.keyring_process import running_keyring
from tests.tools.ledger_process import deliver, size, until
from tests.tools.recording import STREAM, Recording
from tests.tools.staffed import OWNER
from torrazzo.access.camera_groups import CameraGroup
from torrazzo.archive.fact import parse_fact
from torrazzo.base import StreamId
from torrazzo.base.ids import CameraId
from torrazzo.base.times import SECOND, UtcTicks, iso_from_ticks
from torrazzo.catalogue import CatalogueWriter, Delivered
from torrazzo.law import Role
from torrazzo.law.roles import sees_media
from torrazzo.testing import ClipSpec, make_clip
from torrazzo.testing.clock import START
from torrazzo.town.camera import Camera, StreamConfig

SQUARE, BRIDGE = STREAM, StreamId(CameraId("00000000000000aa"), "main")
CLIP = ClipSpec(width=320, height=240, b_frames=2, frames=200)
OPERATOR, OFFICER, COMMANDER, ADMIN = "olga.neri", "piero.galli", "dino.rossi", "ada.bianchi"
PEOPLE = {
    OPERATOR: Role.OPERATOR, OFFICER: Role.PG_OFFICER, COMMANDER: Role.DESIGNATO, ADMIN: Role.ADMIN,
    "elio.conti": Role.EXTRACTOR, "dora.sala": Role.DPO, "tito.riva": Role.TITOLARE,
}  # fmt: skip
WHY = {"purpose": "crime", "reason": "furto di una bicicletta in piazza", "event": "allarme 118"}


class PlaybackTown(ApiTown):
    """35 s of pictures of both cameras from START on, a gap of 10 s, 15 s more. Open it with `playback_town`."""

    names: tuple[str, ...] = ("Piazza d’Armi", "Ponte")

    def __init__(self, folder: Path) -> None:
        self.made = self.shot(folder)
        self.square, self.bridge = self.made[:2]
        with CatalogueWriter(self.square.home.catalogue_db) as writer:
            for made in self.made:
                writer.insert(Delivered(told.fact, told.volume, told.pieces) for told in made.deliveries)
        super().__init__(folder, UtcTicks(self.square.now))
        text = self.home.settings_file.read_text()
        self.home.settings_file.write_text(text.replace('trusted = ["system"]', 'trusted = ["wall"]'))
        for name, made in zip(self.names, self.made, strict=True):
            config = StreamConfig(made.stream, "rtsp://10.0.0.1/")
            self.office.add(Camera(made.stream.camera, name, "", True, None, True, (config,), START))

    def shot(self, folder: Path) -> list[Recording]:
        """What each camera recorded, in the order of `names`."""
        square = Recording(folder)
        found = [square, Recording(folder, stream=BRIDGE, beside=square, fence=18)]
        for made in found:
            made.shoot(make_clip(CLIP), 35)
            made.gap(10)
            made.shoot(make_clip(CLIP), 15)
            made.finish()
        return found

    def deliver(self) -> None:
        """All facts are in the ledger."""
        facts = [parse_fact(told.fact) for made in self.made for told in made.deliveries]
        deliver(self.home, facts)
        self.clock.advance(11)
        until(lambda: size(self.ledger) >= len(facts))

    def at(self, seconds: float) -> str:
        """So long after the start, as a request says it."""
        return iso_from_ticks(START + round(seconds * SECOND))

    def ask(self, start: float = 0, end: float = 60, **changed: Any) -> dict[str, Any]:
        """The body of a look at both cameras."""
        return {"cameras": [SQUARE.camera, BRIDGE.camera], "from": self.at(start), "to": self.at(end), **WHY, **changed}

    def look(self, browser: Browser, start: float = 0, end: float = 60, **changed: Any) -> dict[str, Any]:
        """Begun."""
        answer = browser.post("/looks", self.ask(start, end, **changed))
        assert answer.status == 200, answer.body
        found: dict[str, Any] = answer.json()
        return found


@contextlib.contextmanager
def playback_town(folder: Path, kind: type[PlaybackTown] = PlaybackTown) -> Iterator[PlaybackTown]:
    """With everything running, all facts in the ledger, and people."""
    with kind(folder) as town, serving_api(town):
        town.deliver()
        with running_keyring(town.home, town.clock):
            every = town.staffing.groups.save(CameraGroup("", "tutte", True, frozenset()), OWNER).value
            for name, role in PEOPLE.items():
                town.somebody(name, role)
                account = town.staffing.accounts.named(name)
                if sees_media(role):
                    town.staffing.accounts.give(account.id, {role}, {every.id}, OWNER)
            town.people.tend()
            yield town
            town.playback.close()
