# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Facts that nobody was told of, in volumes that recovery has not seen yet (docs/3-formats/volume.md)."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from torrazzo.archive.chain import Place, Written, chain, counts
from torrazzo.archive.fact import Fact
from torrazzo.archive.reader import VolumeReader
from torrazzo.archive.root import Root
from torrazzo.archive.survey import CutOff, Tenure, is_backed, read_facts, survey_cut_off, volume_paths
from torrazzo.base.errors import Damaged
from torrazzo.durable import Disk


def ghosts(disk: Disk, roots: Sequence[Root]) -> frozenset[Place]:
    """Facts in volumes without an index that do not count: recovery will leave them out, so must who reads before it.

    These volumes may be being written. What cannot be read is passed over in silence: whoever reads it tells.
    """
    cut_off: list[CutOff] = []
    indexed: list[Path] = []
    for path in volume_paths(disk, roots):
        with contextlib.suppress(Damaged, OSError), VolumeReader.open(disk, path) as reader:
            if reader.is_indexed:
                indexed.append(path)
            else:
                cut_off.append(survey_cut_off(reader, is_dead=False))
    found: dict[Tenure, dict[int, list[Written]]] = {}
    rivals = _rivals(disk, indexed, cut_off) if cut_off else ()
    for each in (*(written for volume in cut_off for written in volume.facts), *rivals):
        of_term = found.setdefault((each.fact.stream, each.fact.term), {})
        of_term.setdefault(each.fact.n, []).append(each._replace(is_backed=is_backed(each, cut_off)))
    firsts = [each.fact for of_term in found.values() for each in of_term.get(0, ())]
    ends = {(fact.stream, fact.prior[0]): fact.prior[1:] for fact in firsts if fact.prior is not None}
    passed: set[Place] = set()
    for tenure, of_term in found.items():
        chosen = chain(of_term, ends.get(tenure))
        every = (each for several in of_term.values() for each in several)
        passed.update(each.place for each in every if each.is_suspect and not counts(each, chosen))
    return frozenset(passed)


class _Window(NamedTuple):
    """What one volume's last ten seconds tell of a term."""

    numbers: set[int]
    t0: int
    t1: int


def _rivals(disk: Disk, indexed: Sequence[Path], cut_off: Sequence[CutOff]) -> Iterator[Written]:
    """Facts that were told in place of ghosts: of two lines that part, the first facts begin at the same moment."""
    windows: dict[Tenure, list[_Window]] = {}
    for volume in cut_off:
        suspects: dict[Tenure, list[Fact]] = {}
        for each in volume.facts:
            if each.is_suspect:
                suspects.setdefault((each.fact.stream, each.fact.term), []).append(each.fact)
        for tenure, facts in suspects.items():
            numbers = {fact.n + step for fact in facts for step in (-1, 0, 1)}
            window = _Window(numbers, min(fact.t0 for fact in facts), max(fact.t0 for fact in facts))
            windows.setdefault(tenure, []).append(window)
    for path in indexed:
        with contextlib.suppress(Damaged, OSError), VolumeReader.open(disk, path) as reader:
            wanted: dict[Tenure, set[int]] = {}
            for tenure, held in reader.summary().items():
                for window in windows.get(tenure, ()):
                    if held.offset and held.t0 <= window.t1 and window.t0 <= held.t1:
                        wanted.setdefault(tenure, set()).update(window.numbers)
            if wanted:
                yield from read_facts(reader, wanted)
