# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""One stream's pictures held against its camera's statements: hash, match, and a verdict for each GOP.

A statement on a GOP comes after it, sometimes several GOPs later. So hashes wait; a statement is on that run of them
whose hash it gives, wherever that lies. What stands before it, the link and the counter tell what is between.
"""

import copy
import hashlib
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from torrazzo.camera import limits
from torrazzo.camera.codec import h264, h265
from torrazzo.camera.signing.credit import Known, judge_signature
from torrazzo.camera.signing.signer import Makers, Signer
from torrazzo.camera.signing.statement import (
    AXIS_UUID,
    UUID,
    BadStatement,
    Gop,
    Statement,
    UnknownForm,
    is_signing,
    parse_statement,
)
from torrazzo.camera.signing.verdict import Verdict
from torrazzo.camera.signing.waiting import Waiting

PATIENCE_NS = 10_000_000_000  # how long after a GOP's end its statement may come
LONGEST_NS = 60_000_000_000  # … and after the verdict before, where a GOP does not end

_HASHES = {"sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}
_SUFFIX_SEI = 40  # H.265 table 7-1
_ORDERS: tuple[Literal["big", "little"], ...] = ("big", "little")


class _Doubt(NamedTuple):
    """A statement that fits nothing, while it is not known which GOPs they are on."""

    counter: bytes
    at_ns: int


class _Provisional(NamedTuple):
    """A verdict that holds if the unsigned statement it comes from is covered by a signed one."""

    hash: bytes  # of that statement
    verdict: Verdict
    at_ns: int


def shows_signing(codec: str, samples: Iterable[bytes], marks: Sequence[bytes] = (UUID, AXIS_UUID)) -> bool:
    """Whether a signing SEI stands in front of one of the pictures. Looks at no picture."""
    is_h264 = codec == "h264"
    for data in samples:
        at, end = 4, len(data)
        while at < end:
            kind = data[at] & 0x1F if is_h264 else data[at] >> 1 & 0x3F
            if (1 << kind & h264.VCL_MASK) if is_h264 else kind < 32:
                break
            size = int.from_bytes(data[at - 4 : at], "big")
            if kind == (h264.SEI if is_h264 else h265.PREFIX_SEI):
                nal = data[at : at + size]
                if any(mark in nal for mark in marks):
                    return True
            at += size + 4
    return False


class Signing:
    """What is known of one stream that signs. Of a fragment that may have to be taken again, keep a copy before."""

    def __init__(self, codec: str, makers: Makers = ()) -> None:
        self._codec, self._makers = codec, makers
        self._header = 1 if codec == "h264" else 2
        self._has_stated = False  # by this standard; until then nothing is hashed
        self._known = Known()
        self._lead: bytes | None = None  # hash of the NAL unit that leads the running GOP; None: it was not seen
        self._waiting = Waiting()
        self._provisional: list[_Provisional] = []
        self._doubts: list[_Doubt] = []
        self._counter: bytes | None = None  # of the last statement that was on something
        self._previous: bytes | None = None  # the first hash of what it was on, if all of that was there
        self._since_ns = 0  # of the last verdict
        self._now_ns = self._utc = self._work = 0  # of the fragment that is being taken
        self._verdict: Verdict | None = None

    def copy(self) -> "Signing":
        """Another, which goes on by itself."""
        new = copy.copy(self)
        vars(new).update(
            _waiting=self._waiting.copy(), _provisional=self._provisional.copy(), _doubts=self._doubts.copy()
        )
        return new

    @property
    def signer(self) -> Signer | None:
        """Whose signature of pictures was right last."""
        return self._known.current

    def take(self, samples: Sequence[bytes], now_ns: int, utc: int) -> Verdict | None:
        """Take pictures, NAL units behind 4-byte lengths, that came until now; the worst verdict that was due."""
        self._now_ns, self._utc, self._work, self._verdict = now_ns, utc, limits.SIGNING_WORK, None
        self._has_stated = self._has_stated or shows_signing(self._codec, samples, (UUID,))
        if not self._waiting.hashes:
            self._since_ns = now_ns
        for data in samples:
            self._walk(data)
        self._lose_patience()
        return self._verdict

    def pass_gap(self) -> None:
        """Pictures are missing, and that is told elsewhere: what waits for a statement is not judged."""
        self._known = self._known._replace(is_settled=False)
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._lead = self._counter = self._previous = None
        self._waiting, self._provisional, self._doubts = Waiting(), [], []

    # -- NAL units

    def _walk(self, data: bytes) -> None:
        is_h264 = self._codec == "h264"
        view = memoryview(data)
        at, end = 4, len(data)
        while at < end:
            size = int.from_bytes(data[at - 4 : at], "big")
            kind = data[at] & 0x1F if is_h264 else data[at] >> 1 & 0x3F
            if size <= self._header:
                pass
            elif (1 << kind & h264.VCL_MASK) if is_h264 else kind < 32:
                self._on_picture(view[at : at + size], kind)
            elif kind == h264.SEI if is_h264 else kind in {h265.PREFIX_SEI, _SUFFIX_SEI}:
                self._on_message(data[at : at + size])
            at += size + 4

    def _on_picture(self, nal: memoryview, kind: int) -> None:
        is_intra = kind == h264.IDR if self._codec == "h264" else bool(1 << kind & h265.IRAP_MASK)
        is_first = is_intra and nal[self._header] & 0x80 != 0  # first_mb_in_slice 0, first_slice_segment_in_pic_flag
        if not self._has_stated:
            return
        if not is_first and self._lead is None:
            self._waiting = Waiting()  # a statement of a GOP whose beginning was not seen
            return
        if nal[-1] == 0:
            nal = memoryview(bytes(nal).rstrip(b"\0"))  # some writers of MP4 add zeros
        digest = self._hash(nal)
        if is_first:
            self._lead = digest
        elif self._lead is not None:
            digest = self._hash(self._lead + digest)
        self._waiting.add_picture(digest, self._now_ns, is_first=is_first)
        self._bound()

    def _on_message(self, nal: bytes) -> None:
        if AXIS_UUID in nal[:64]:
            self._judge(Verdict.NONE)
        if not is_signing(nal, self._header):
            return
        self._work -= 1
        try:
            found = parse_statement(nal, self._header)
            if self._work < 0:
                raise BadStatement(f"more than {limits.SIGNING_WORK} statements in a fragment")
            credit, known = judge_signature(found, self._known, self._makers, self._utc)
        except BadStatement:
            self._judge(Verdict.BAD)
        except UnknownForm:
            self._judge(Verdict.NONE)
            self._drop(max((start.place for start in self._waiting.starts), default=0))
        else:
            if known.algorithm != self._known.algorithm:
                self._begin_anew()
            self._known = known
            self._on_statement(found, credit)

    def _hash(self, data: bytes | memoryview) -> bytes:
        return _HASHES[self._known.algorithm](data).digest()

    # -- statements

    def _on_statement(self, found: Statement, credit: Verdict) -> None:
        gop = found.gop
        if gop is not None:
            place = self._waiting.find(gop, found.hashes, self._hash)
            if place is None:
                self._contradict(found, gop, credit)
            else:
                self._confirm(found, gop, credit, *place)
        elif credit is Verdict.BAD:
            self._judge(credit)
        if found.signature is None and (self._lead is not None or gop is not None):
            self._waiting.add_message(self._hash(found.whole), is_statement=gop is not None)
            self._bound()

    def _confirm(self, found: Statement, gop: Gop, credit: Verdict, start: int, end: int) -> None:
        """The statement is on these; what lies before them has none."""
        if start:
            self._judge(self._of_skipped(gop, start))
        verdict = max(credit, self._of_order(gop, start))
        self._settle(found, gop, end, verdict, self._waiting.lead_at(start))

    def _of_skipped(self, gop: Gop, start: int) -> Verdict:
        """Pictures before those that a statement is on: did one on them come, and not fit?"""
        count = sum(each.place < start for each in self._waiting.starts)
        was_told = any(0 < _distance(doubt.counter, gop.counter) <= count for doubt in self._doubts)
        return Verdict.BAD if was_told else Verdict.MISSING

    def _of_order(self, gop: Gop, start: int) -> Verdict:
        """Does the statement follow the one before?"""
        if self._counter is None:
            return Verdict.OK
        step = _distance(self._counter, gop.counter)
        if step == 1:
            return Verdict.OK if self._previous in {None, gop.link} else Verdict.BAD
        if step > 1:
            return Verdict.OK if start else Verdict.MISSING
        return Verdict.BAD if any(gop.link) else Verdict.MISSING  # a camera that begins anew links to nothing

    def _contradict(self, found: Statement, gop: Gop, credit: Verdict) -> None:
        """The statement fits nothing that waits."""
        if credit is Verdict.BAD:
            self._judge(credit)
        if self._counter is None:
            self._doubts = [*self._doubts[1 - limits.SIGNING_STARTS :], _Doubt(gop.counter, self._now_ns)]
            return
        step = _distance(self._counter, gop.counter)
        if step < 1:
            return  # an old one, or the last once more; those that it stands for will be missed
        skipped = self._waiting.place_after(step - 1)
        if skipped:
            self._judge(Verdict.MISSING)
            self._drop(skipped)
        end = self._waiting.ends(gop, 0)[0]
        verdict = max(_of_list(self._waiting.hashes[:end], found.hashes), self._of_order(gop, skipped))
        self._settle(found, gop, end, max(credit, verdict), None)

    def _settle(self, found: Statement, gop: Gop, end: int, verdict: Verdict, lead: bytes | None) -> None:
        """The first hashes are judged, and with them the unsigned statements among them."""
        provisional = self._provisional
        dropped = self._drop(end)
        covered = [each for each in provisional if each.hash in dropped]
        verdict = max([verdict, *(each.verdict for each in covered)])
        if found.signature is None:
            at_ns = min([self._now_ns, *(each.at_ns for each in covered)])
            self._provisional.append(_Provisional(self._hash(found.whole), verdict, at_ns))
        else:
            self._judge(verdict)
        self._counter, self._previous = gop.counter, lead

    # -- what waits

    def _lose_patience(self) -> None:
        """GOPs whose statement should have come."""
        waiting = self._waiting
        while len(waiting.starts) > 1 and waiting.starts[1].at_ns + PATIENCE_NS < self._now_ns:
            self._give_up(waiting.first_end)
        if waiting.hashes and self._since_ns + LONGEST_NS < self._now_ns:
            self._give_up(len(waiting.hashes))
        if any(each.at_ns + LONGEST_NS < self._now_ns for each in self._provisional):
            self._judge(Verdict.MISSING)
            self._provisional = []

    def _bound(self) -> None:
        if len(self._waiting.hashes) > limits.SIGNING_HASHES:
            self._give_up(self._waiting.first_end)

    def _give_up(self, end: int) -> None:
        """These are judged without a statement of their own."""
        starts = self._waiting.starts
        ended_ns = starts[1].at_ns if len(starts) > 1 else self._now_ns
        was_told = any(doubt.at_ns >= ended_ns for doubt in self._doubts)
        self._judge(Verdict.BAD if was_told else Verdict.MISSING)
        self._drop(end)
        self._counter = self._previous = None

    def _drop(self, end: int) -> frozenset[bytes]:
        """The first hashes wait no longer, nor the verdicts that hang on them."""
        dropped = self._waiting.drop(end)
        self._provisional = [each for each in self._provisional if each.hash not in dropped]
        self._since_ns = self._now_ns
        return dropped

    def _judge(self, verdict: Verdict) -> None:
        self._verdict = verdict if self._verdict is None else max(self._verdict, verdict)


def _of_list(found: Sequence[bytes], told: Sequence[bytes]) -> Verdict:
    """NAL units held one by one against the list of a statement."""
    if found and tuple(found) == told:
        return Verdict.OK
    remaining = iter(told)
    return Verdict.MISSING if all(each in remaining for each in found) else Verdict.BAD


def _distance(before: bytes, after: bytes) -> int:
    """From one counter to another, modulo 2³²: in that of the two byte orders in which it is the smaller."""
    steps = (int.from_bytes(after, order) - int.from_bytes(before, order) for order in _ORDERS)
    return min(((step + (1 << 31)) % (1 << 32) - (1 << 31) for step in steps), key=abs)
