# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the verifier says of untouched packages, and of those that a forger changed."""

from pathlib import Path

import pytest

from tests.tools.tampering import CASES, Case, Original, forge, make_original
from torrazzo.base.times import SECOND
from torrazzo_verify.verify import FAILED, Finding, Policy, parse_policy, verify


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    """Two cameras; untouched."""
    return make_original(tmp_path_factory.mktemp("original"))


def run(path: Path, policy: Policy | None) -> tuple[int, list[Finding]]:
    """The exit code, and what failed."""
    found: list[Finding] = []
    code = verify(str(path), policy, found.append)
    return code, [finding for finding in found if finding.level == FAILED]


def test_the_untouched_package_is_verified(original: Original) -> None:
    """With the published keys all is good; with the package's own it says that this proves less."""
    policy = parse_policy((original.folder / "policy.txt").read_bytes())
    assert run(original.path, policy) == (0, [])
    assert run(original.path, None) == (3, [])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_manipulation_is_found_and_named(case: Case, original: Original) -> None:
    """The untouched package passes; with this one change it fails, and camera and time are told."""
    policy = parse_policy((original.folder / "policy.txt").read_bytes())
    assert run(original.path, policy) == (0, [])
    code, failed = run(forge(original, case), policy)
    assert code == 1
    for wanted in case.failures:
        assert any(_is(finding, wanted, original.start) for finding in failed), f"{wanted} not among {failed}"


def _is(finding: Finding, wanted: tuple[str, str, float | None], start: int) -> bool:
    code, camera, seconds = wanted
    time = None if seconds is None else start + round(seconds * SECOND)
    return (finding.code, finding.camera) == (code, camera) and (seconds is None or finding.time == time)
