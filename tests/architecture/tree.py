# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The repository as the architecture tests read it: parsed once, named as people name it."""

import ast
import functools
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "torrazzo"


class Module(NamedTuple):
    """One parsed source file."""

    name: str  # as in an error message: `archive/writer.py`
    folder: str  # the first folder under src/torrazzo, or the file's own stem
    text: str
    syntax: ast.Module


@functools.cache
def modules() -> tuple[Module, ...]:
    """Every module of the product."""
    return tuple(_parse(path) for path in sorted(PACKAGE.rglob("*.py")))


def _parse(path: Path) -> Module:
    relative = path.relative_to(PACKAGE)
    text = path.read_text("utf-8")
    folder = relative.parts[0] if len(relative.parts) > 1 else relative.stem
    return Module(str(relative), folder, text, ast.parse(text, str(relative)))


@functools.cache
def files() -> tuple[Path, ...]:
    """Every file that a clone holds or would hold: known to git, or new and not ignored."""
    listed = subprocess.run(
        ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"),
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = sorted(set(listed.stdout.decode().split("\0")) - {""})
    return tuple(path for name in names if (path := ROOT / name).is_file())


def texts() -> Iterator[tuple[str, str]]:
    """(name, content) of every file that is text; a very large one is data, not text."""
    for path in files():
        data = path.read_bytes()
        if len(data) < 4_000_000 and b"\0" not in data[:4096]:
            yield str(path.relative_to(ROOT)), data.decode("utf-8", "replace")


@functools.cache
def project() -> dict[str, Any]:
    """The content of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def dotted(node: ast.expr) -> str:
    """`os.path.join` of such an expression; a part that is no name is `?`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return f"{dotted(node.func)}()"
    return "?"
