# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Documents that cannot rot: links, names, paths and commands in them exist."""

import importlib
import importlib.util
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.architecture.tree import PACKAGE, ROOT, files, modules

DOCUMENTS = [path for path in files() if path.suffix == ".md"]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
OUR_PATH = re.compile(r"(?:src|tests|docs|bench|fuzz|vectors|requirements|changes|deploy|\.ci)/[\w./-]*\w")
SYMBOL = re.compile(r"torrazzo(?:\.\w+)+")
SOURCE_REFERENCE = re.compile(r"\b(?:docs/[\w./-]+\.md|[a-z_]+(?:/[a-z_]+)*/[a-z0-9_]+\.py)\b")


def _slugs(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", path.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def _ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", DOCUMENTS, ids=_ids)
def test_links_lead_somewhere(path: Path) -> None:
    """Each relative link of a document leads to a file that exists, each anchor to a heading in it."""
    for target in LINK.findall(FENCE.sub("", path.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        aim = (path.parent / name).resolve() if name else path
        assert aim.exists(), f"{path.name} links to {target}"
        if anchor:
            assert anchor in _slugs(aim), f"{path.name} links to {target}; headings: {sorted(_slugs(aim))}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=_ids)
def test_named_files_and_symbols_exist(path: Path) -> None:
    """Each path of ours and each `torrazzo.…` name that stands in code marks exists."""
    for code in CODE.findall(path.read_text("utf-8")):
        if OUR_PATH.fullmatch(code) and not re.search(r"[<>*{]|PART", code):
            assert (ROOT / code).exists(), f"{path.name} names {code}"
        if SYMBOL.fullmatch(code) and not code.endswith((".toml", ".service", ".socket")):
            assert _resolves(code), f"{path.name} names {code}"


def _resolves(name: str) -> bool:
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            thing: object = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        return all(hasattr(thing, part) and (thing := getattr(thing, part)) is not None for part in parts[end:])
    return False


def test_references_in_the_code_exist() -> None:
    """Each document and module that a docstring or comment names exists, seen from src/torrazzo or the repository."""
    missing = [
        f"{module.name}: {reference}"
        for module in modules()
        for reference in SOURCE_REFERENCE.findall(module.text)
        if not any((root / reference).exists() for root in (ROOT, PACKAGE, PACKAGE / module.folder))
    ]
    assert not missing, "\n".join(missing)


def test_nobody_refers_to_line_numbers() -> None:
    """Documents and comments name symbols and sections, never line numbers, which move."""
    pattern = re.compile(r"\b[\w/]+\.(?:py|md|sql|ts):\d+\b")
    texts = [(_ids(path), path.read_text("utf-8")) for path in DOCUMENTS] + [(m.name, m.text) for m in modules()]
    found = [f"{name}: {hit}" for name, text in texts for hit in pattern.findall(text)]
    assert not found, found


@pytest.mark.parametrize("path", DOCUMENTS, ids=_ids)
def test_named_tests_exist(path: Path) -> None:
    """Each test that a document names stands in the file that it names."""
    for file, name in re.findall(r"`(tests/[a-z0-9_/]+\.py)::(test_[a-z0-9_]+)`", path.read_text("utf-8")):
        assert re.search(rf"def {name}\(", (ROOT / file).read_text("utf-8")), f"{file} has no {name}"


def _commands() -> Iterator[tuple[str, list[str]]]:
    for path in DOCUMENTS:
        text = path.read_text("utf-8")
        lines = [line.strip() for block in FENCE.findall(text) for line in block.splitlines()]
        for line in lines + CODE.findall(text):
            words = re.sub(r"^\$ ", "", line).split()
            if words and words[0] in {"./dev", "torrazzo"}:
                yield path.name, words


def test_dev_commands_in_documents_exist() -> None:
    """Each `./dev` command that a document shows is one that ./dev knows."""
    usage = subprocess.run(("./dev", "help"), cwd=ROOT, capture_output=True, text=True, check=True).stdout
    known = set(re.findall(r"^\./dev (\w+)", usage, re.MULTILINE))
    assert {"run", "test", "fuzz", "bench", "lint", "check"} <= known
    for name, words in _commands():
        if words[0] == "./dev" and len(words) > 1:
            assert words[1] in known or "|" in words[1], f"{name}: {' '.join(words)}"


def test_torrazzo_commands_in_documents_exist() -> None:
    """Each `torrazzo` command that a document shows exists, with each of its options."""
    cli = importlib.import_module("torrazzo.cli")
    root = typer.main.get_command(cli.app)
    for name, words in _commands():
        if words[0] == "torrazzo":
            _check_command(root, words[1:], f"{name}: {' '.join(words)}")


def _check_command(command: Any, words: list[str], where: str) -> None:
    known = {option for parameter in command.params for option in parameter.opts + parameter.secondary_opts}
    commands = getattr(command, "commands", None)  # a group of commands has them
    for at, word in enumerate(words):
        if word.startswith("#") or word in {"|", "&&", ">"}:
            return
        if commands and re.fullmatch(r"[a-z][a-z-]*", word):
            assert word in commands, f"{where}: no command {word}"
            _check_command(commands[word], words[at + 1 :], where)
            return
        option = re.match(r"\[?(--[a-z-]+)", word)
        if option is not None:
            assert option[1] in known | {"--help"}, f"{where}: no option {option[1]}"


def test_the_first_screen_says_what_it_is_and_both_commands() -> None:
    """Both READMEs show within their first 30 lines what Torrazzo is, `./dev run` and `./dev test`."""
    for name in ("README.md", "README.it.md"):
        first = "\n".join((ROOT / name).read_text("utf-8").splitlines()[:30])
        for wanted in ("Torrazzo", "./dev run", "./dev test"):
            assert wanted in first, f"{name}: {wanted}"


def test_every_document_is_in_the_index() -> None:
    """docs/README.md links to each document below docs/."""
    index = {
        (ROOT / "docs" / target).resolve() for target in LINK.findall((ROOT / "docs/README.md").read_text("utf-8"))
    }
    missing = [
        str(path) for path in DOCUMENTS if "docs" in path.parts and path.name != "README.md" and path not in index
    ]
    assert not missing, missing


def test_each_cause_that_is_written_can_be_looked_up() -> None:
    """A cause that recorders write stands in the trouble table; what the format keeps free none of them writes."""
    table = (ROOT / "docs/3-formats/fact.md").read_text("utf-8").partition("| why | meaning |")[2].partition("\n\n")[0]
    rows = table.splitlines()[2:]
    written, free = (
        {cause for row in rows if ("kept free" in row) is is_free for cause in CODE.findall(row.split("|")[1])}
        for is_free in (False, True)
    )
    trouble = (ROOT / "docs/1-operate/install.md").read_text("utf-8")
    assert set(re.findall(r"^\| gap `(\w+)` \|", trouble, re.MULTILINE)) == written
    recorder = "".join(module.text for module in modules() if module.folder in {"recorder", "ingest"})
    assert {cause for cause in free if f'"{cause}"' in recorder} == set()
