# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the facts of an archive add up to, by docs/3-formats alone: `-m tests.tools.second_account RING ROOT…`."""

import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

from tests.tools.second_reader import FACT_KEYS, Reader, Record, digest


class Archive(Reader):
    """An archive whose terms, chains and time line are checked too; `streams` has each one's ticks by kind."""

    def __init__(self, ring: Path, roots: list[Path]) -> None:
        super().__init__(ring, roots)
        self.streams = {stream: self._account(stream) for stream in sorted({stream for stream, _ in self.facts})}

    def _terms(self, stream: str) -> tuple[list[str], dict[str, str]]:
        """The terms as they follow each other, and by term the hash of its last fact if the next one names that."""
        terms = [term for of, term in self.facts if of == stream]
        firsts = {term: max(of[0], key=self._written) for term in terms if 0 in (of := self.facts[stream, term])}
        priors = {term: first.said["prior"] or {} for term, first in firsts.items()}
        nodes = list(dict.fromkeys(term[:8] for term in sorted(terms, key=lambda term: int(term.split("-")[2]))))
        order = list[str]()
        for term in sorted(terms, key=lambda term: (nodes.index(term[:8]), *map(int, term.split("-")[1:]))):
            line = [term]
            while (prior := priors.get(line[-1], {}).get("term")) in terms and prior not in order + line:
                line.append(prior)
            order += [each for each in reversed(line) if each not in order]
        return order, {prior["term"]: prior["hash"] for prior in priors.values() if "term" in prior}

    def _written(self, fact: Record) -> tuple[bool, bytes, int]:
        """Greater for a volume that was written later."""
        return fact.volume.id[:4] != fact.term[:4], fact.volume.id[8:12], self.reach[fact.volume.name]

    def _told(self, fact: Record) -> tuple[bool, bytes, int, int]:
        """Greater for the last fact of a chain that was written later."""
        return *self._written(fact)[:2], fact.said["m1"] or fact.said["m0"], fact.n

    def _chain(self, stream: str, term: str, end: str | None) -> list[Record]:
        """The facts of a term that count, in order; `end` is the hash of the last one, if it is known."""
        facts = [fact for several in self.facts[stream, term].values() for fact in several]
        below = dict(pairwise(sorted({fact.n for fact in facts}, reverse=True)))

        def before(fact: Record) -> list[Record]:
            of = self.facts[stream, term][below[fact.n]] if fact.n in below else []
            return sorted(of, key=lambda r: (r.hash == fact.said.get("prev"), self._written(r)))[-1:]

        def line(last: Record) -> list[Record]:
            """Down from this one, without what was never synced."""
            found = [last]
            while prior := before(found[-1]):
                found += prior
            late = next((at for at, fact in enumerate(found) if not fact.late), len(found))
            segments = [at for at in range(late) if found[at].said["kind"] == "seg"]
            return found[max((at + 1 for at in segments if not self._pieces_of(found[at])), default=0) :]

        followed = {prior.hash for fact in facts for prior in before(fact)}
        ends = [fact for fact in facts if fact.hash == end] or [fact for fact in facts if fact.hash not in followed]
        lines = [found for last in ends if (found := line(last))]
        inner = {fact.hash for found in lines for fact in found[1:]}
        lines = [found for found in lines if found[0].hash not in inner]
        chain = max(lines, key=lambda found: self._told(found[0]), default=[])
        for after, prior in pairwise(chain):
            linked = prior.said["by"] == "recovery" or prior.hash == after.said.get("prev")
            self._expect(linked, f"{prior.where}: not what the next fact follows")
        numbers = [fact.n for fact in reversed(chain)]
        self._expect(numbers == list(range(len(chain))), f"{stream} {term}: numbers are missing: {numbers}")
        return chain[::-1]

    def _account(self, stream: str) -> Counter[str]:
        """Ticks by cause of a gap, of `seg` and `step`, and `elapsed`."""
        total, elapsed, cursor, last, opened = Counter[str](), 0, 0, None, None
        terms, ends = self._terms(stream)
        for fact in (fact for term in terms for fact in self._chain(stream, term, ends.get(term))):
            said, kind, t0, t1 = fact.said, fact.said["kind"], fact.said["t0"], fact.said["t1"]
            if kind == "term":
                lost = said["prior"] is not None and "lost" in said["prior"]
                self._expect(lost or said["prior"] == last, f"{fact.where}: its prior is not {last}")
                if lost:
                    self.notes.append(f"{fact.where}: what was before {t0} is not accounted for")
                if lost or not last:  # the accounting begins (anew)
                    elapsed, cursor = elapsed + cursor - t0, t0
            last = {"term": said["term"], "n": fact.n, "hash": fact.hash}
            if kind not in FACT_KEYS:
                continue
            self._expect(t0 == cursor, f"{fact.where}: t0 is {t0}, the t1 before is {cursor}")
            closes = (said["of"], said["why"]) if said.get("of") is not None else None
            self._expect(closes == opened, f"{fact.where}: closes {closes}, open is {opened}")
            opened = (fact.n, said["why"]) if t1 is None else None
            cursor = t0 if t1 is None else t1  # an open gap counts for nothing
            if kind != "term":
                total[f"gap {said['why']}" if kind == "gap" else kind] += cursor - t0
            self._expect(cursor >= t0 or kind == "step", f"{fact.where}: ends before it begins")
            if kind == "seg":
                self._segment(fact)
        total["elapsed"] = elapsed + cursor
        self._expect(total.total() == 2 * total["elapsed"], f"{stream}: this does not add up: {dict(total)}")
        return total

    def _pieces_of(self, fact: Record) -> list[Record]:
        """The pieces that the fact of a segment tells of."""
        for found in self.pieces[fact.said["stream"], fact.said["term"], fact.n].values():
            of = found[: fact.said["count"]]
            if digest(b"".join(p.c for p in of)) == fact.said["c"]:
                return of
        return []

    def _segment(self, fact: Record) -> None:
        said, of = fact.said, self._pieces_of(fact)
        if not of:
            self.problems.append(f"{fact.where}: its pieces were not found")
            return
        sums = [sum(getattr(p, name) for p in of) for name in ("media", "frames", "lost", "plain_length")]
        want = [of[0].t0, of[-1].t1, of[0].m0, of[-1].m1, *sums, digest(b"".join(p.h for p in of))]
        told = [said[key] for key in ("t0", "t1", "m0", "m1", "media", "frames", "lost", "len", "h")]
        tiles = [p.t1 for p in of[:-1]] == [p.t0 for p in of[1:]]
        self._expect(told == want and tiles, f"{fact.where}: the pieces say {want}, or do not tile it")


if __name__ == "__main__":
    archive = Archive(Path(sys.argv[1]), [Path(root) for root in sys.argv[2:]])
    for name, ticks in archive.streams.items():
        print(f"{name}:", *(f"{what}={count}" for what, count in ticks.items()))
    for text in [f"note: {note}" for note in archive.notes] + [f"problem: {problem}" for problem in archive.problems]:
        print(text)
    sys.exit(bool(archive.problems))
