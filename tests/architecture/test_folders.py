# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Doors, sizes and order of the product's folders."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGE, ROOT, modules, project

DOOR = ("Takes", "Gives", "Promises", "Never", "Read")
FOLDERS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))


def _layers() -> list[str]:
    contract = next(c for c in project()["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
    return [re.sub(r"[() ]", "", name) for layer in contract["layers"] for name in layer.split("|")]


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_front_door_says_five_things(folder: str) -> None:
    """A folder's docstring has a heading and the five lines Takes, Gives, Promises, Never, Read, in this order."""
    docstring = ast.get_docstring(ast.parse((PACKAGE / folder / "__init__.py").read_text("utf-8"))) or ""
    found = [word for line in docstring.splitlines()[1:] if (word := line.split(" ", 1)[0]) in DOOR]
    assert tuple(found) == DOOR, f"{folder}/__init__.py: found {found}, expected {list(DOOR)}"


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_front_door_has_at_most_seven_names(folder: str) -> None:
    """A folder shows no more than seven names; a folder that needs more holds two concerns."""
    syntax = ast.parse((PACKAGE / folder / "__init__.py").read_text("utf-8"))
    for node in syntax.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__":
            names = ast.literal_eval(node.value)
            assert len(names) <= 7, f"{folder}: {names}"
            return
    pytest.fail(f"{folder}/__init__.py has no __all__")


def test_every_folder_stands_in_the_flow_order() -> None:
    """Each folder and single module of the product has its place in the import contract."""
    present = {module.folder for module in modules()} - {"__init__", "__main__"}
    assert present <= set(_layers()), f"not in pyproject.toml's layers: {sorted(present - set(_layers()))}"


def test_the_folder_list_is_generated_from_the_front_doors() -> None:
    """src/torrazzo/README.md lists the folders in flow order, each with the first line of its front door."""
    assert (PACKAGE / "README.md").read_text("utf-8") == folder_list(), (
        "write it anew: python -m tests.architecture.test_folders"
    )


def folder_list() -> str:
    """What src/torrazzo/README.md must hold."""
    lines = ["# The folders, in the order in which data flows", "", "A folder imports only folders above it.", ""]
    for name in reversed(_layers()):
        path = PACKAGE / name / "__init__.py" if (PACKAGE / name).is_dir() else PACKAGE / f"{name}.py"
        if path.is_file():
            first = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n", 1)[0]
            lines.append(f"- `{name}{'/' if path.name == '__init__.py' else '.py'}` {first}")
    return "\n".join(lines) + "\n"


def _python_files() -> list[Path]:
    return [p for name in ("src", "bench", "fuzz", "tests") for p in sorted((ROOT / name).rglob("*.py"))]


@pytest.mark.parametrize("path", _python_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_and_functions_stay_small(path: Path) -> None:
    """A module has at most 600 lines and a function at most 60; the verifier, a court's single file, at most 2,250."""
    text = path.read_text("utf-8")
    limit = 2_300 if path.parts[-2:] == ("torrazzo_verify", "verify.py") else 600
    assert len(text.splitlines()) <= limit, f"{path}: {len(text.splitlines())} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 60, f"{path}: {node.name} has {length} lines"


def test_no_folder_of_leftovers() -> None:
    """No module is called utils, helpers, common, manager or misc: each is called after the noun it holds."""
    leftovers = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "core"}
    found = [module.name for module in modules() if leftovers & set(re.split(r"[/.]", module.name))]
    assert not found, found


if __name__ == "__main__":
    (PACKAGE / "README.md").write_text(folder_list(), "utf-8")
