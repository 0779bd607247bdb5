# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Facts go with the volumes they lie in: a recorder, its recovery and the check live on without them."""

import pytest

from tests.tools.lab import Lab, check_chain, check_elapsed
from torrazzo.archive.check import check
from torrazzo.archive.root import volume_names
from torrazzo.testing import ClipSpec, FakeClock, FaultyDisk, make_clip
from torrazzo.testing.clock import run_virtual

HOUR_S = 3_600


def erase(lab: Lab, *, all_but: int) -> None:
    """The volumes of the oldest hours, as retention does it; those of so many hours stay."""
    folder = lab.roots[0].volumes
    hours = sorted({name[:10] for name in volume_names(lab.disk, lab.roots[0])})
    for name in lab.disk.list(folder):
        if name[:10] in hours[: len(hours) - all_but]:
            lab.disk.unlink(folder / name)
    lab.disk.sync_folder(folder)


@pytest.mark.parametrize("all_but", [1, 0])
@pytest.mark.parametrize("dies", [False, True])
def test_a_recorder_starts_where_the_life_before_was_erased(all_but: int, dies: bool) -> None:
    """With the last hour left it goes on from there; with nothing left it says that what was before is lost."""
    clock = FakeClock()
    disk = FaultyDisk()
    lab = Lab(disk, clock, make_clip(ClipSpec(fps="1", frames=20, gop=5, width=160, height=96)), 2)

    async def life() -> None:
        lab.start()
        for _ in range(3):
            await lab.run(20, 1.0)
            clock.advance(HOUR_S)
        await lab.run(20, 1.0)
        await (lab.leave() if dies else lab.stop())
        if dies:
            lab.disk = disk.kill()
        erase(lab, all_but=all_but)
        clock.advance(30)
        lab.start()
        await lab.run(30, 1.0)
        await lab.stop()

    run_virtual(clock, life())
    for facts in lab.facts().values():
        newest = [fact for fact in facts if fact.term == facts[-1].term]
        check_elapsed(newest)
        if all_but:
            check_chain(facts)
            assert newest[0].prior is not None
        else:
            assert newest[0].lost_term is not None
            assert {fact.term for fact in facts} == {newest[0].term}
        assert [fact for fact in newest if fact.kind == "seg"]
    found = [finding.what for finding in check(lab.disk, lab.roots)]
    assert found == []
