# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What holds for all tests: how hard Hypothesis tries, what is left out (with a line that says so), long results.

And what runs beside what, where several processes run them (`-n`): a file's tests share one process and its fixtures.
"""

import json
import os
import shutil
import socketserver
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from xdist.scheduler import LoadFileScheduling

os.environ.setdefault("TORRAZZO_TPM", "none")  # the machine's own TPM is no place for the rings of tests

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
MEASURED = (  # held to seconds on a real clock
    "tests/crash/test_kill_all.py",
    "tests/crash/test_kill_nine.py",
    "tests/crash/test_mounted_disk.py",
    "tests/e2e/test_browser_playback.py",
    "tests/e2e/test_churn.py",
    "tests/e2e/test_hostile_cameras.py",
    "tests/e2e/test_misbehaving_cameras.py",
    "tests/e2e/test_playback_screen.py",
    "tests/e2e/test_wall.py",
    "tests/interop/test_interop_camera.py",
    "tests/interop/test_interop_town.py",
)
TOWNS = (  # Chromium; each file has a town of processes
    "tests/e2e/test_alarms_screen.py",
    "tests/e2e/test_cli_demo.py",
    "tests/e2e/test_cli_page.py",
    "tests/e2e/test_exports_screen.py",
    "tests/e2e/test_guide.py",
    "tests/e2e/test_other_codec.py",
    "tests/e2e/test_page_tls.py",
    "tests/e2e/test_room_waits.py",
    "tests/e2e/test_whole_shift.py",
)
PAGES = (  # Chromium; the rest, so that these two take as long
    "tests/e2e/test_cameras_screen.py",
    "tests/e2e/test_erasures_screen.py",
    "tests/e2e/test_log_screen.py",
    "tests/e2e/test_map_screen.py",
    "tests/e2e/test_oidc.py",
    "tests/e2e/test_package_by_strangers.py",
    "tests/e2e/test_package_hour.py",
    "tests/e2e/test_page_built.py",
    "tests/e2e/test_page_parts.py",
    "tests/e2e/test_page_screens.py",
    "tests/e2e/test_page_served.py",
    "tests/e2e/test_people_screen.py",
    "tests/e2e/test_policy_screen.py",
    "tests/e2e/test_verify_html.py",
    "tests/e2e/test_verify_html_vectors.py",
    "tests/tamper/test_liars.py",
)
CHAINS = {"measured": MEASURED, "towns": TOWNS, "pages": PAGES}  # of each one file at a time, and first
CHAIN_OF = {file: name for name, files in CHAINS.items() for file in files}
NICE = 5  # a third of a share, where somebody wants more
SLOW = ("tests/e2e/", "tests/crash/", "tests/interop/")
LONG = (  # half a minute and more, on a busy machine: none of them is what the others wait for in the end
    "tests/property/test_api_document.py",
    "tests/unit/auditor/test_recorded.py",
    "tests/unit/backup/test_backup.py",
    "tests/unit/backup/test_restored.py",
    "tests/unit/catalogue/test_catalogue_forget.py",
    "tests/unit/control_room/test_after_a_fork.py",
    "tests/unit/control_room/test_api.py",
    "tests/unit/control_room/test_api_live.py",
    "tests/unit/control_room/test_holds.py",
    "tests/unit/control_room/test_holds_after_a_fork.py",
    "tests/unit/control_room/test_log_api.py",
    "tests/unit/control_room/test_looks.py",
    "tests/unit/control_room/test_playback_api.py",
    "tests/unit/control_room/test_public_page.py",
    "tests/unit/evidence/test_export_job.py",
    "tests/unit/evidence/test_jobs.py",
    "tests/unit/keyring/test_keyring_guard.py",
    "tests/unit/keyring/test_keyring_tpm.py",
    "tests/unit/ledger/test_anchor_job.py",
    "tests/unit/ledger/test_prune_job.py",
    "tests/unit/ledger/test_store_postgres.py",
    "tests/unit/ledger/test_witnessing.py",
)

socketserver.BaseServer.serve_forever.__defaults__ = (0.05,)  # seconds until a server ends; half a one as it comes

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
        result = LongResult(
            path, config.getoption("randomly_seed", None), is_written=not hasattr(config, "workerinput")
        )
        config.pluginmanager.register(result)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """Ours, whatever `--dist` says."""
    config.option.loadscopereorder = False
    return Files(config, log)


class Files(LoadFileScheduling):  # type: ignore[misc] # xdist has no types
    """Gives a process one file after another, in their order; each of CHAINS as if it were one file."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return CHAIN_OF.get(file, file)


def _turn(item: pytest.Item) -> int:
    """Chains first, so that each has a process; then what takes long."""
    file = item.location[0]
    if file in CHAIN_OF:
        return list(CHAINS).index(CHAIN_OF[file])
    return len(CHAINS) + (0 if file.startswith(SLOW) else 1 if file in LONG else 2)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what this machine cannot do, and say so; what takes long begins first, and ends with the rest."""
    items.sort(key=_turn)
    reasons = {
        "needs_root": None if os.geteuid() == 0 else "needs root",
        "browser": None if any(map(shutil.which, CHROMIUM)) else "needs chromium (apt-get install chromium)",
    }
    for item in items:
        for name, reason in reasons.items():
            if reason is not None and item.get_closest_marker(name) is not None:
                item.add_marker(pytest.mark.skip(reason=f"left out: {reason}"))


@pytest.fixture(scope="session", autouse=True)
def registries() -> Iterator[None]:
    """New ones are copies."""
    from tests.tools.new_registries import copied_registries  # slow to import

    with copied_registries():
        yield


_FIRST: list[str] = []  # file that this process began with


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Where several processes run tests, those that did not begin with what is measured leave it the machine."""
    if not _FIRST:
        _FIRST.append(item.location[0])
        if "PYTEST_XDIST_WORKER" in os.environ and item.location[0] not in MEASURED:
            os.nice(NICE)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Figures as they stand in a file: nothing but plain values goes from one of xdist's processes to another."""
    report.user_properties = [(name, json.loads(json.dumps(value))) for name, value in report.user_properties]


class LongResult:
    """The file of a long run: written after each test, so that a run can go on where an earlier one was cut off."""

    def __init__(self, path: Path, seed: object, *, is_written: bool) -> None:
        self._path, self._is_written = path, is_written
        self._head: dict[str, Any] = {"commit": _commit(), "seed": seed}
        self._tests: dict[str, Any] = {}
        if path.is_file() and not self._head["commit"].endswith("+"):
            earlier = json.loads(path.read_text("utf-8"))
            if earlier["commit"] == self._head["commit"]:
                self._tests = earlier["tests"]
        self._passed = {name for name, test in self._tests.items() if test["outcome"] == "passed"}

    def pytest_report_header(self) -> list[str]:
        """What will be left out, if it is asked for."""
        return [f"resumed: {len(self._passed)} tests have passed at this commit ({self._path})"] if self._passed else []

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out what has passed at this very commit."""
        passed = [item for item in items if item.nodeid in self._passed]
        if passed:
            config.hook.pytest_deselected(items=passed)
            items[:] = [item for item in items if item not in passed]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the outcome, and the figures that the test gave to `record_property`."""
        if self._is_written and (report.when == "call" or report.outcome != "passed"):
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
