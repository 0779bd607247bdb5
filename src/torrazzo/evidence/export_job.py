# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The job "export": a copy that was asked for and approved becomes a package that lies where it was wanted.

    begin ─ clip, clip, … ─ package, and its report ─ place

Each is a step: after a crash the job goes on with the one that was not over. The package lies in the folder where it
is wanted, as `.<name>.new`, mode 0600, until it was checked; clips lie nowhere else. With a recipient it lies there
veiled (draft.py) until it is encrypted: never in the clear. Its digest is known before it has its name: by that a job
that fails, or is cancelled in whichever life, knows what it has put there (`take_back`), and leaves what others have.
"""

import contextlib
import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

import structlog

from torrazzo.access.asks import named_key
from torrazzo.base import StreamId
from torrazzo.base.clock import Clock
from torrazzo.base.errors import Damaged, Invalid, KeyGone, Refused, Unavailable
from torrazzo.base.times import UtcTicks
from torrazzo.durable import Disk, move_into_place
from torrazzo.evidence.draft import Draft, clear_drafts, report_draft, sealed_draft
from torrazzo.evidence.gather import NOTHING_LEFT, Asked, Gathering, Measured, Progress, Source, why_of
from torrazzo.evidence.jobs import Steps, Values
from torrazzo.evidence.package import PackageParts, write_package
from torrazzo.evidence.report import Custody, HandedOver, report_pdf
from torrazzo.ledger import Unproven
from torrazzo_verify import verify as verifier

PACKAGE = "package"  # the step after which its digest is known

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
        out, packaged = Path(order["out"]), Values()
        is_done = False
        try:
            found = self._run(out, order, steps, packaged)
            clear_drafts(self._disk, out)  # also of a life before
            is_done = True
            return found
        finally:
            if not is_done:  # cancelled or failed, be it in the very last moment
                self._leave_nothing(out, packaged)

    def _leave_nothing(self, out: Path, packaged: Values) -> None:
        """What has its name goes first; what cannot be removed hides neither the rest nor why the job ended."""
        try:
            take_back(self._disk, out, packaged)
        except Unavailable as error:
            log.error("package_left", error=str(error))  # noqa: TRY400 - why it failed is told besides
        try:
            clear_drafts(self._disk, out)
        except OSError as error:
            log.error("draft_left", error=str(error))  # noqa: TRY400

    def _run(self, out: Path, order: Values, steps: Steps, packaged: Values) -> Values:
        """What may have to be waited for is asked for within steps."""
        ask, person = int(order["ask"]), str(order["person"])
        key = named_key(order.get("recipient"))
        begun = steps.step("begin", (0, 0.01), lambda _: self._begin(ask, person, out, key))
        names = {StreamId.parse(stream): name for stream, name in begun["names"].items()}
        with contextlib.ExitStack() as stack:

            def gather() -> Gathering:
                asked = self._town.asked(ask, person)._replace(names=names)
                return Gathering(asked, stack.enter_context(self._town.source(ask, person)))

            gathering = _Late(gather)
            clips = self._clips(names, gathering, steps)
            left_out = {str(stream): found["left_out"] for stream, found in clips.items() if "left_out" in found}
            measured = {
                stream: [Measured(**clip) for clip in found["clips"]]
                for stream, found in clips.items()
                if "clips" in found
            }
            if not measured:
                told = [f"{names[stream]}: {found['left_out']}" for stream, found in clips.items()]
                raise Invalid(f"ask {ask}: {'; '.join(told)}")
            missing = {stream: found.get("why", "nothing") for stream, found in clips.items() if "left_out" in found}
            wanted = _Wanted(out, order.get("recipient"), UtcTicks(begun["made"]), left_out, missing)

            def package(tell: Progress) -> Values:
                return self._package(gathering.it, measured, wanted, lambda: self._town.custody(ask, person), tell)

            packaged |= steps.step(PACKAGE, (0.5, 0.99), package)
        steps.step("place", (0.99, 1), lambda _: self._place(out, order.get("recipient"), packaged))
        found = {name: value for name, value in packaged.items() if name != "report_sha256"}
        return {**found, "file": str(out), "left_out": left_out}

    def _begin(self, ask: int, person: str, out: Path, key: str | None) -> Values:
        asked = self._town.asked(ask, person)
        if asked.key not in {None, key}:
            raise Refused(f"ask {ask} was approved for one key: export it with --recipient '{asked.key}', or ask anew")
        if not out.parent.is_dir():
            raise Refused(f"{out.parent}: no such folder; make it, then export again")
        for path in (out, report_of(out)):
            if path.exists():
                raise Refused(f"{path} exists; choose another name")
        return {"made": self._clock.utc(), "names": {str(stream): asked.names[stream] for stream in asked.streams}}

    def _clips(self, names: Mapping[StreamId, str], gathering: "_Late", steps: Steps) -> Mapping[StreamId, Values]:
        found: dict[StreamId, Values] = {}
        for at, (stream, name) in enumerate(names.items()):
            part = (0.01 + 0.49 * at / len(names), 0.01 + 0.49 * (at + 1) / len(names))

            def measure(tell: Progress, stream: StreamId = stream) -> Values:
                try:
                    return {"clips": [clip._asdict() for clip in gathering.it.measure(stream, tell)]}
                except NOTHING_LEFT as error:
                    return {"left_out": str(error), "why": why_of(error)}

            found[stream] = steps.step(f"clip {name}", part, measure)
        return found

    # -- the package

    def _package(
        self,
        gathering: Gathering,
        measured: Mapping[StreamId, Sequence[Measured]],
        wanted: "_Wanted",
        custody: Callable[[], Custody],
        tell: Progress,
    ) -> Values:
        """Written beside its place, checked as a court would, sealed, its report beside it: nothing slow behind."""
        out, draft = wanted.out, Draft(self._disk, wanted.out, wanted.recipient)
        try:
            parts = self._write(gathering, measured, wanted, draft, lambda done: tell(0.6 * done))
            with draft.open() as written:
                findings = check(written, parts, lambda done: tell(0.6 + 0.3 * done))
            size, sha256 = draft.seal(lambda _: tell(0.9))
            file = HandedOver(out.name, size, sha256, wanted.recipient, gathering.unshown(), wanted.left_out, findings)
            report = self._report(gathering.ask, parts, custody(), file)
            if report is not None:
                with contextlib.closing(self._disk.create(report_draft(out))) as beside:
                    beside.append([report])
                    beside.sync()
            tell(0.99)
        except OSError as error:
            clear_drafts(self._disk, out)
            raise Unavailable(
                f"{out}: {error.strerror}; choose another place or make room, then export again"
            ) from error
        return {
            "bytes": size,
            "sha256": sha256,
            "verdict": "verified",
            "losses": gathering.losses(),
            "report": None if report is None else str(report_of(out)),
            "report_sha256": None if report is None else hashlib.sha256(report).hexdigest(),
        }

    def _place(self, out: Path, recipient: str | None, packaged: Values) -> Values:
        """Both get their names, unless an earlier life gave them. What has such a name and is not ours stays."""
        drafts = [(sealed_draft(out, recipient), out, packaged["sha256"])]
        if packaged["report"] is not None:
            drafts.append((report_draft(out), report_of(out), packaged["report_sha256"]))
        try:
            for draft, path, sha256 in drafts:
                if is_ours(path, sha256):
                    continue
                if path.exists():
                    raise Refused(f"{path} exists, and was not there when this export began; choose another name")
                if not is_ours(draft, sha256):
                    raise Damaged(f"{draft}: what was checked is gone, or another; export again")
                move_into_place(draft, path)
        except OSError as error:
            raise Unavailable(f"{out}: {error.strerror}; choose another place, then export again") from error
        return {}

    def _report(self, ask: int, parts: PackageParts, custody: Custody, file: HandedOver) -> bytes | None:
        """None where the machine cannot draw it: the package is worth the same without."""
        try:
            return report_pdf(ask, parts, custody, file)
        except Unavailable as error:
            log.warning("report_not_drawn", error=str(error))
            return None

    def _write(
        self,
        gathering: Gathering,
        measured: Mapping[StreamId, Sequence[Measured]],
        wanted: "_Wanted",
        draft: Draft,
        tell: Progress,
    ) -> PackageParts:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                parts = gathering.parts(measured, wanted.made, lambda _: tell(0), wanted.missing)
            except Unproven as error:
                raise Unavailable(f"the ledger's head is not signed as the policy demands (yet): {error}") from error
            size = sum(clip.video.size for clip in parts.clips)
            room = size * (1 if wanted.recipient is None else 2) + _ROOM
            if self._disk.free_bytes(wanted.out.parent) < room:
                raise Unavailable(f"{wanted.out.parent}: no room for {room >> 20} MiB; make room, then export again")
            try:
                draft.write(write_package(parts), _share_of(size, tell))
            except (Damaged, KeyGone):
                if attempt == _ATTEMPTS:
                    raise
                gathering.forget()
            else:
                return parts
        raise AssertionError("unreachable")


def check(package: BinaryIO, parts: PackageParts, tell: Progress) -> Sequence[verifier.Finding]:
    """What the court's own verifier says, with the town's policy. Raises `Damaged` if it fails."""
    findings: list[verifier.Finding] = []

    def said(finding: verifier.Finding) -> None:
        tell(0.5)
        findings.append(finding)

    code = verifier.verify_file(package, verifier.parse_policy(parts.policy.pack()), said)
    failed = [finding for finding in findings if finding.level == verifier.FAILED]
    if code or failed:
        first = f"{failed[0].code} {failed[0].camera}" if failed else f"code {code}"
        raise Damaged(f"the package does not verify ({first}), so it is not handed over; run `torrazzo footage check`")
    return findings


def _share_of(size: int, tell: Progress) -> Callable[[int], None]:
    return lambda done: tell(min(1.0, done / (size + 1)))


def report_of(package: Path) -> Path:
    """Where the hand-over report lies: beside the package."""
    return package.with_name(f"{package.name}.pdf")


def is_ours(path: Path, sha256: str) -> bool:
    """Whether a file is there, and these are its bytes."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except (FileNotFoundError, NotADirectoryError):
        return False


def take_back(disk: Disk, out: Path, packaged: Values) -> None:
    """Remove what has its name already, by what the step `PACKAGE` gave; what others have put there stays."""
    for path, sha256 in ((out, packaged.get("sha256")), (report_of(out), packaged.get("report_sha256"))):
        try:
            if sha256 is not None and is_ours(path, sha256):
                disk.unlink(path)
        except OSError as error:
            raise Unavailable(f"{path}: if it is there, it is whole, and was not taken away: {error}") from error


class _Wanted(NamedTuple):
    """Beside the clips."""

    out: Path
    recipient: str | None
    made: UtcTicks
    left_out: Mapping[str, str]
    missing: Mapping[StreamId, str]  # the same in one word


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
        from torrazzo.durable.age import parse_recipient

        parse_recipient(recipient)
    return {"ask": ask, "out": str(out), "person": person, "recipient": recipient}
