# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Copies that were approved: what they are to hold, and the archive seen through a window that is open for them."""

import contextlib
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager

from torrazzo.access import Ask, Window, Windows, read_asks
from torrazzo.access.asks import Step
from torrazzo.base import SegmentId, StreamId
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Invalid, Refused, TorrazzoError
from torrazzo.base.ids import CameraId
from torrazzo.durable import Disk
from torrazzo.evidence.anchors import Stamps
from torrazzo.evidence.gather import Asked, Source
from torrazzo.evidence.pieces import ProvableFootage
from torrazzo.evidence.report import Custody
from torrazzo.ledger import Policy, Pruned
from torrazzo.ledger.act import Act
from torrazzo.ledger.anchor_settings import FILE as ANCHORS
from torrazzo.ledger.anchor_settings import load_anchor_settings
from torrazzo.ledger.client import LedgerClient
from torrazzo.ledger.identity import LogKind
from torrazzo.ledger.private import Private
from torrazzo.town.home import Home, load_settings

_NAME_LENGTH = 48


class Copies:
    """Of one home; `export_job` asks it. May be used by several threads."""

    def __init__(
        self,
        home: Home,
        disk: Disk,
        clock: Clock,
        windows: Windows,
        policy: Callable[[], Policy],
        footage: Callable[[Window], AbstractContextManager[ProvableFootage]],
        names: Callable[[], Mapping[CameraId, str]],
    ) -> None:
        self._home, self._disk, self._clock = home, disk, clock
        self._windows, self._policy, self._footage, self._names = windows, policy, footage, names
        self._ledger = LedgerClient(home.ledger_socket)

    def asked(self, ask: int, person: str) -> Asked:
        """What it is to hold; raises `Refused` unless another approved it, for this person to make."""
        found, private, _ = self._approved(ask, person)
        streams = tuple(sorted(found.wanted.streams, key=str))
        cameras = self._names()
        names = file_names(streams, cameras)
        called = {stream: cameras[stream.camera] for stream in streams if stream.camera in cameras}
        return Asked(ask, streams, found.wanted.span, private.case or f"ask {ask}", names, found.key, called)

    def custody(self, ask: int, person: str) -> Custody:
        """Who did what, for the report."""
        found, private, approval = self._approved(ask, person)
        settings = load_settings(self._home)
        return Custody(
            settings.name,
            settings.zone,
            private.person,
            found.asked.t,
            None if approval.private is None else approval.private.person,
            approval.t,
            found.purpose,
            found.to,
            private.recipient,
            None if private.person == person else person,
        )

    @contextlib.contextmanager
    def source(self, ask: int, person: str) -> Iterator[Source]:
        """Through an `export` window, which a fact closes."""
        _, private, approval = self._approved(ask, person)
        policy = self._policy()
        window = self._windows.open_export(private._replace(person=person), ask, approval.number)
        why = "failed"
        try:
            with self._footage(window) as footage:
                stamps = self._stamps()
                yield Source(footage, self._ledger.read, self._index_of, policy, stamps, window.number)
            why = "done"
        finally:
            window.close(why)

    def _stamps(self) -> Stamps:
        """There are; heads as they are now are to be stamped too, when the authorities are there: nothing waits."""
        kinds: tuple[LogKind, ...] = ("rec", "act")
        for kind in kinds:
            with contextlib.suppress(Refused):  # nobody is asked for stamps here
                self._ledger.want_anchor(kind, is_shown=True)
        certificates: dict[str, str] = {}
        with contextlib.suppress(TorrazzoError):  # the ledger tells what is wrong with this file
            found = load_anchor_settings(self._home.path / ANCHORS)
            certificates = {authority.name: authority.certificates for authority in found.authorities}
        return Stamps(self._ledger.anchors()["stamped"], certificates)

    def _approved(self, ask: int, person: str) -> tuple[Ask, Private, Step]:
        """The ask, its private part, and what approved it last, for this person to make."""
        found = next((each for each in read_asks(self._home, self._disk, self._clock) if each.number == ask), None)
        if found is None:
            raise Invalid(f"there is no ask {ask}; `torrazzo evidence list` shows those that there are")
        private = found.asked.private
        if private is None:
            raise Refused(f"ask {ask}: the secret of its month is destroyed, so nobody can tell who asked; ask anew")
        if found.rejections:
            raise Refused(f"ask {ask} was refused, or taken back; ask anew")
        others = [each for each in found.approvals if each.private is not None and each.private.person != person]
        mine = [each for each in others if self._windows.is_maker(*_acts(found.asked, each), person)]
        if not mine and private.person != person:
            raise Refused(
                f"ask {ask} is another person's: who asked for a copy makes it, or whom the approval names, and you "
                f"are {person}"
            )
        if not mine:
            raise Refused(f"ask {ask} was not approved yet; another person runs `torrazzo evidence approve {ask}`")
        return found, private, mine[-1]

    def _index_of(self, fact: SegmentId) -> int | None:
        try:
            (found,) = self._ledger.prove_many("rec", 0, [fact]).entries
        except Pruned:
            return None
        return None if found is None else found.number


def _acts(asked: Step, approved: Step) -> tuple[Act, Act]:
    assert asked.act is not None
    assert approved.act is not None
    return approved.act, asked.act


def file_names(streams: tuple[StreamId, ...], cameras: Mapping[CameraId, str]) -> dict[StreamId, str]:
    """Of clips: as the camera is called, in lower case without accents, then the stream; numbered where alike."""
    names: dict[StreamId, str] = {}
    for stream in streams:
        plain = unicodedata.normalize("NFKD", cameras.get(stream.camera, "")).encode("ascii", "ignore").decode().lower()
        word = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_NAME_LENGTH].strip("-") or stream.camera
        name, number = f"{word}-{stream.name}", 2
        while name in names.values():
            name, number = f"{word}-{stream.name}-{number}", number + 1
        names[stream] = name
    return names
