# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What holds for all tests: how hard Hypothesis tries, what is left out (with a line that says so), long results."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import hypothesis
import pytest

os.environ.setdefault("TORRAZZO_TPM", "none")  # the machine's own TPM is no place for the rings of tests

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")

hypothesis.settings.register_profile("local", deadline=None, max_examples=100)
hypothesis.settings.register_profile("ci", deadline=None, max_examples=100, derandomize=True)
hypothesis.settings.register_profile("long", deadline=None, max_examples=20_000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "local"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--result", type=Path, help="write commit, seed, n and figures of long tests into this file")


@pytest.hookimpl(trylast=True)  # pytest-randomly draws the seed in its own
def pytest_configure(config: pytest.Config) -> None:
    path: Path | None = config.getoption("--result")
    if path is not None:
        config.pluginmanager.register(LongResult(path, config.getoption("randomly_seed", None)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what this machine cannot do, and say so."""
    reasons = {
        "needs_root": None if os.geteuid() == 0 else "needs root",
        "browser": None if any(map(shutil.which, CHROMIUM)) else "needs chromium (apt-get install chromium)",
    }
    for item in items:
        for name, reason in reasons.items():
            if reason is not None and item.get_closest_marker(name) is not None:
                item.add_marker(pytest.mark.skip(reason=f"left out: {reason}"))


class LongResult:
    """The file of a long run: written after each test, so that a run can go on where an earlier one was cut off."""

    def __init__(self, path: Path, seed: object) -> None:
        self._path = path
        self._head: dict[str, Any] = {"commit": _commit(), "seed": seed}
        self._tests: dict[str, Any] = {}
        if path.is_file() and not self._head["commit"].endswith("+"):
            earlier = json.loads(path.read_text("utf-8"))
            if earlier["commit"] == self._head["commit"]:
                self._tests = earlier["tests"]

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out what has passed at this very commit."""
        passed = [item for item in items if self._tests.get(item.nodeid, {}).get("outcome") == "passed"]
        if passed:
            print(f"resumed: {len(passed)} tests passed already at this commit ({self._path})")
            config.hook.pytest_deselected(items=passed)
            items[:] = [item for item in items if item not in passed]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the outcome, and the figures that the test gave to `record_property`."""
        if report.when == "call" or report.outcome != "passed":
            self._tests[report.nodeid] = {
                "outcome": report.outcome,
                "seconds": round(report.duration, 3),
                "figures": dict(report.user_properties),
            }
            document = {**self._head, "n": len(self._tests), "tests": dict(sorted(self._tests.items()))}
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps(document, indent=1) + "\n", "utf-8")


def _commit() -> str:
    """The commit that is tested, with `+` when the work tree differs from it."""

    def git(*arguments: str) -> str:
        done = subprocess.run(("git", *arguments), cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", ":!bench/results")
    return git("rev-parse", "HEAD") + ("+" if changed else "")
