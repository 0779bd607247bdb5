# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The job "export": a copy that was asked for and approved becomes a package that lies where it was wanted.

    begin ─ clip, clip, … ─ package, and its report

Each is a step: after a crash the job goes on with the one that was not over. The unencrypted package lies in the
folder where it is wanted, as `.<name>.new`, mode 0600, until it was checked; clips lie nowhere else. With a recipient
it is encrypted then, and that file removed (not overwritten: a journal or a worn flash block may keep parts of it).
"""

import contextlib
import hashlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol

import structlog

from torrazzo.base import StreamId
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Damaged, Invalid, Refused, Unavailable
from torrazzo.base.times import UtcTicks
from torrazzo.durable import Disk, DiskFile, move_into_place
from torrazzo.evidence.gather import Asked, Gathering, Measured, Progress, Source
from torrazzo.evidence.jobs import Steps, Values
from torrazzo.evidence.package import PackageParts, write_package
from torrazzo.evidence.report import Custody, HandedOver, report_pdf
from torrazzo.ledger import Unproven
from torrazzo_verify import verify as verifier

_ATTEMPTS = 3  # a piece may be damaged between planning and writing

_ROOM = 16 << 20  # beside the clips

log = structlog.get_logger(__name__)


class Town(Protocol):
    """What an export needs of the town."""

    def asked(self, ask: int, person: str) -> Asked:
        """Raises `Refused` unless this person asked for it and another approved."""
        ...

    def custody(self, ask: int, person: str) -> Custody:
        """Who asked and approved, for the report."""
        ...

    def source(self, ask: int, person: str) -> AbstractContextManager[Source]:
        """Through a window that is open within the block: it is closed by a fact that tells what was shown."""
        ...


class ExportJob:
    """What `Jobs` runs; its order is made by `order`."""

    def __init__(self, town: Town, disk: Disk, clock: Clock) -> None:
        self._town, self._disk, self._clock = town, disk, clock

    def run(self, order: Values, steps: Steps) -> Values:
        """The result tells file, size, digest, verdict, and what had to be left out."""
        out, ask, person = Path(order["out"]), int(order["ask"]), str(order["person"])
        begun = steps.step("begin", (0, 0.01), lambda _: self._begin(ask, person, out))
        asked = self._town.asked(ask, person)
        with contextlib.ExitStack() as stack:
            gathering = _Late(lambda: Gathering(asked, stack.enter_context(self._town.source(ask, person))))
            clips = self._clips(asked, gathering, steps)
            left_out = {str(stream): found["left_out"] for stream, found in clips.items() if "left_out" in found}
            measured = {stream: Measured(**found) for stream, found in clips.items() if "left_out" not in found}
            if not measured:
                told = [f"{asked.names[stream]}: {found['left_out']}" for stream, found in clips.items()]
                raise Invalid(f"ask {ask}: {'; '.join(told)}")
            wanted = _Wanted(out, order.get("recipient"), UtcTicks(begun["made"]), left_out)

            def package(tell: Progress) -> Values:
                return self._package(gathering.it, measured, wanted, lambda: self._town.custody(ask, person), tell)

            found = steps.step("package", (0.5, 1), package)
        return {**found, "file": str(out), "left_out": left_out}

    def _begin(self, ask: int, person: str, out: Path) -> Values:
        self._town.asked(ask, person)
        if not out.parent.is_dir():
            raise Refused(f"{out.parent}: no such folder; make it, then export again")
        for path in (out, report_of(out)):
            if path.exists():
                raise Refused(f"{path} exists; choose another name")
        return {"made": self._clock.utc()}

    def _clips(self, asked: Asked, gathering: "_Late", steps: Steps) -> Mapping[StreamId, Values]:
        found: dict[StreamId, Values] = {}
        for at, stream in enumerate(asked.streams):
            part = (0.01 + 0.49 * at / len(asked.streams), 0.01 + 0.49 * (at + 1) / len(asked.streams))

            def measure(tell: Progress, stream: StreamId = stream) -> Values:
                try:
                    return gathering.it.measure(stream, tell)._asdict()
                except Invalid as error:
                    return {"left_out": str(error)}

            found[stream] = steps.step(f"clip {asked.names[stream]}", part, measure)
        return found

    # -- the package

    def _package(
        self,
        gathering: Gathering,
        measured: Mapping[StreamId, Measured],
        wanted: "_Wanted",
        custody: Callable[[], Custody],
        tell: Progress,
    ) -> Values:
        """Written beside its place, checked as a court would, then put there, with its report."""
        out, new = wanted.out, wanted.out.with_name(f".{wanted.out.name}.new")
        try:
            parts, sha256 = self._write(gathering, measured, wanted.made, new, lambda done: tell(0.6 * done))
            verdict = check(new, parts, lambda done: tell(0.6 + 0.3 * done))
            size = new.stat().st_size
            if wanted.recipient is not None:
                sha256, size = self._encrypt(new, out, wanted.recipient)
            else:
                move_into_place(new, out)
            file = HandedOver(out.name, size, sha256, wanted.recipient, gathering.losses(), wanted.left_out)
            report = self._report(gathering.ask, parts, custody(), file, out)
        except OSError as error:
            raise Unavailable(
                f"{out}: {error.strerror}; choose another place or make room, then export again"
            ) from error
        finally:
            with contextlib.suppress(FileNotFoundError):
                self._disk.unlink(new)
        return {"bytes": size, "sha256": sha256, "verdict": verdict, "losses": list(file.losses), "report": report}

    def _report(self, ask: int, parts: PackageParts, custody: Custody, file: HandedOver, out: Path) -> str | None:
        """Where it lies; None where the machine cannot draw it: the package is worth the same without."""
        try:
            data = report_pdf(ask, parts, custody, file)
        except Unavailable as error:
            log.warning("report_not_drawn", error=str(error))
            return None
        self._disk.publish(report_of(out), data)
        return str(report_of(out))

    def _write(
        self, gathering: Gathering, measured: Mapping[StreamId, Measured], made: UtcTicks, new: Path, tell: Progress
    ) -> tuple[PackageParts, str]:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                parts = gathering.parts(measured, made, lambda _: tell(0))
            except Unproven as error:
                raise Unavailable(f"the ledger's head is not signed as the policy demands (yet): {error}") from error
            size = sum(clip.video.size for clip in parts.clips)
            if self._disk.free_bytes(new.parent) < size + _ROOM:
                raise Unavailable(f"{new.parent}: no room for {size >> 20} MiB; make room, then export again")
            try:
                return parts, self._write_once(parts, new, size, tell)
            except Damaged:
                if attempt == _ATTEMPTS:
                    raise
                gathering.forget()
        raise AssertionError("unreachable")

    def _write_once(self, parts: PackageParts, new: Path, size: int, tell: Progress) -> str:
        with contextlib.suppress(FileNotFoundError):
            self._disk.unlink(new)  # of an export that was killed
        digest, done = hashlib.sha256(), 0
        with contextlib.closing(self._disk.create(new)) as file:
            for chunk in write_package(parts):
                file.append([chunk])
                digest.update(chunk)
                done += len(chunk)
                tell(done / (size + 1))
            file.sync()
        return digest.hexdigest()

    def _encrypt(self, new: Path, out: Path, recipient: str) -> tuple[str, int]:
        """With age (age-encryption.org/v1): digest and size of what lies at `out`."""
        hidden = out.with_name(f".{out.name}.age")
        try:
            with contextlib.suppress(FileNotFoundError):
                self._disk.unlink(hidden)
            with contextlib.closing(self._disk.create(hidden)) as file, new.open("rb") as clear:
                writer = _Writer(file)
                import pyrage

                pyrage.encrypt_io(clear, writer, [parse_recipient(recipient)])
                file.sync()
            move_into_place(hidden, out)
        finally:
            with contextlib.suppress(FileNotFoundError):
                self._disk.unlink(hidden)
        return writer.digest.hexdigest(), writer.size


def check(path: Path, parts: PackageParts, tell: Progress) -> str:
    """The court's own verifier, with the town's policy: what it says in one word. Raises `Damaged` if it fails."""
    findings: list[verifier.Finding] = []

    def said(finding: verifier.Finding) -> None:
        tell(0.5)
        findings.append(finding)

    code = verifier.verify(str(path), verifier.parse_policy(parts.policy.pack()), said)
    failed = [finding for finding in findings if finding.level == verifier.FAILED]
    if code or failed:
        first = f"{failed[0].code} {failed[0].camera}" if failed else f"code {code}"
        raise Damaged(f"the package does not verify ({first}), so it is not handed over; run `torrazzo footage check`")
    return "verified"


def parse_recipient(text: str) -> object:
    """An age recipient, `age1…`; raises `Invalid`."""
    import pyrage

    try:
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise Invalid(f"recipient {text[:80]!r}: expected a public key of age, age1…: {error}") from error


def report_of(package: Path) -> Path:
    """Where the hand-over report lies: beside the package."""
    return package.with_name(f"{package.name}.pdf")


class _Wanted(NamedTuple):
    """Beside the clips."""

    out: Path
    recipient: str | None
    made: UtcTicks
    left_out: Mapping[str, str]


class _Writer:
    """What age writes to."""

    def __init__(self, file: DiskFile) -> None:
        self._file = file
        self.digest, self.size = hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        self._file.append([data])
        self.digest.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Synced when all is there."""


class _Late:
    """Made when it is first used: a life that has nothing left to read opens no window."""

    def __init__(self, make: Callable[[], Gathering]) -> None:
        self._make = make
        self._made: Gathering | None = None

    @property
    def it(self) -> Gathering:
        """The one."""
        if self._made is None:
            self._made = self._make()
        return self._made


def order(ask: int, out: Path, person: str, recipient: str | None = None) -> Values:
    """For `Jobs.start`; raises `Invalid`."""
    if not out.is_absolute():
        raise Invalid(f"{out}: a worker has no folder of its own; give the whole path")
    if recipient is not None:
        parse_recipient(recipient)
    return {"ask": ask, "out": str(out), "person": person, "recipient": recipient}
