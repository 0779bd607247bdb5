# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tests are held to rules too."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.tree import ROOT, dotted
from tests.conftest import CHAIN_OF, CHAINS, LONG


def _tests() -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield path, node


def test_each_test_says_what_must_hold() -> None:
    """Each test begins with a sentence that says what must hold."""
    silent = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path, node in _tests()
        if not (ast.get_docstring(node) or "").strip().endswith((".", "!", "?", ":"))
    ]
    assert not silent, "\n".join(silent)


def test_our_own_modules_are_never_mocked() -> None:
    """Tests use fakes with laws (testing/), never a mock: a mock agrees with whatever it is told."""
    found = [
        f"{path.relative_to(ROOT)} line {node.lineno}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("unittest"))
        or (isinstance(node, ast.Import) and any(alias.name.startswith("unittest") for alias in node.names))
    ]
    assert not found, found


def test_no_test_is_skipped_for_good() -> None:
    """A test that never runs is no test: `skip` needs a condition, `xfail` does not occur."""
    found = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path, node in _tests()
        for mark in node.decorator_list
        if dotted(mark.func if isinstance(mark, ast.Call) else mark) in {"pytest.mark.skip", "pytest.mark.xfail"}
    ]
    assert not found, found


def test_what_needs_the_machine_runs_one_at_a_time() -> None:
    """Each file of CHAINS is there, in one of them, and whatever plays in Chromium is among them; LONG has others."""
    texts = {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    mark = "pytest.mark." + "browser"
    assert {*CHAIN_OF, *LONG} <= texts.keys()
    assert CHAIN_OF.keys().isdisjoint(LONG)
    assert len(CHAIN_OF) == sum(map(len, CHAINS.values()))
    assert {name for name, text in texts.items() if mark in text} <= CHAIN_OF.keys()
