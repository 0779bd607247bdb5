# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later

import ast
import shlex
import shutil
import string
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import torrazzo_verify
from tests.tools.tampering import CASES, CLIP_A, Original, forge, make_original
from torrazzo.cli.commands import app
from torrazzo_verify.verify import COUNTED, TEXTS, Finding, Printer, main, sentence

FILE = Path(torrazzo_verify.__file__).with_name("verify.py")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    """Two cameras."""
    return make_original(tmp_path_factory.mktemp("original"))


def _alone(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The one file, copied out, by a Python without site packages and without this repository."""
    copy = folder / "verify.py"
    shutil.copyfile(FILE, copy)
    command = (sys.executable, "-I", "-S", str(copy), *words)
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, encoding="utf-8")


def test_the_file_alone_verifies(original: Original, tmp_path: Path) -> None:
    """Copied out, it says in Italian and in English whose keys it believes, then what it checked."""
    policy = str(original.folder / "policy.txt")
    italian = _alone(tmp_path, str(original.path), "--policy", policy)
    english = _alone(tmp_path, str(original.path), "--policy", policy, "--lang", "en")
    assert (italian.returncode, italian.stderr, english.returncode) == (0, "", 0)
    assert italian.stdout.splitlines()[0] == "OK      Le chiavi usate sono quelle date da chi verifica."
    assert english.stdout.splitlines()[0] == "OK      The keys used are those that you gave."
    assert italian.stdout.splitlines()[-1] == "VERIFICATO con le chiavi date."
    assert "OPEN    Can't be checked: that the camera saw the real thing" in english.stdout


def test_who_stops_listening_is_no_fault_of_the_package(original: Original, tmp_path: Path) -> None:
    """Its output goes into a pipe that is closed, or on a disk that is full: it ends with code 2, and says why."""
    policy = str(original.folder / "policy.txt")
    shutil.copyfile(FILE, tmp_path / "verify.py")
    command = (sys.executable, "-I", "-S", str(tmp_path / "verify.py"), str(original.path), "--policy", policy)
    for target in ("| true", "> /dev/full"):
        words = f"{shlex.join(command)} {target}; exit ${{PIPESTATUS[0]}}"
        done = subprocess.run(("bash", "-c", words), capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert "LEGGIBILE" not in done.stdout + done.stderr
        assert done.stderr.startswith("torrazzo_verify: ")


def test_with_keys_as_words(original: Original, tmp_path: Path) -> None:
    """The published verifier keys are enough; without the witness's nobody's cosignature is asked for."""
    keys = original.dossier.keys
    words = [part for key in (keys.rec, keys.act, keys.witness) for part in ("--key", str(key.verifier))]
    assert _alone(tmp_path, str(original.path), *words).returncode == 0
    assert _alone(tmp_path, str(original.path), *words[:4]).returncode == 0
    assert _alone(tmp_path, str(original.path), *words[:2]).returncode == 1  # act is signed by a key that was not given


def test_with_the_keys_as_the_ledger_prints_them(original: Original, tmp_path: Path) -> None:
    """A file of keys, one a line, is worth what they are as words: by verify.py alone and by `evidence verify`."""
    keys = original.dossier.keys
    published = [str(key.verifier) for key in (keys.rec, keys.act, keys.witness)]
    for name, text, code in (
        ("logs", "\n".join(published[:2]) + "\n", 0),
        ("copied by hand", "# Cremona\r\n\r\n" + "\r\n".join(published), 0),
        ("one log of two", published[0] + "\n", 1),
        ("cut", "\n".join(published)[:-1], 2),
        ("twice", "\n".join([*published, published[0]]), 2),
        ("empty", "", 2),
    ):
        file = tmp_path / f"{name}.txt"
        file.write_bytes(text.encode())
        assert _alone(tmp_path, str(original.path), "--policy", str(file)).returncode == code, name
        words = ["evidence", "verify", str(original.path), "--policy", str(file)]
        assert CliRunner().invoke(app, words).exit_code == code, name
    words = ["evidence", "verify", str(original.path), *(part for key in published for part in ("--key", key))]
    assert CliRunner().invoke(app, words).exit_code == 0


def test_with_the_packages_own_keys_it_says_so_first_and_last(original: Original, tmp_path: Path) -> None:
    """Nothing is verified against the package's own policy without a word, and the exit code is another one."""
    done = _alone(tmp_path, str(original.path), "--lang", "en")
    assert done.returncode == 3
    assert done.stdout.startswith("OPEN    The keys used come from the package itself")
    assert done.stdout.endswith("CONSISTENT, but verified only with the keys in the package itself.\n")


def test_a_failure_is_named_with_camera_and_time(original: Original, tmp_path: Path) -> None:
    """The line says which camera, in words and by its id, when, and which fragment."""
    forged = forge(original, CASES[0])
    done = _alone(tmp_path, str(forged), "--policy", str(original.folder / "policy.txt"), "--lang", "en")
    assert done.returncode == 1
    assert (
        f"FAILED  camera {CLIP_A} (3f9a1c0e5b7d2264/main), 2026-11-24T22:00:10.000Z:"
        " Fragment 3 of this segment is not the recorded one.\n"
    ) in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["no such file"],
        ["PACKAGE", "--policy", "no such file"],
        ["PACKAGE", "--key", "x+y+z"],
        ["PACKAGE", "--lang", "de"],
        ["PACKAGE", "another"],
        ["PACKAGE", "--unknown"],
        ["PACKAGE", "--policy"],
    ],
)
def test_what_cannot_be_read_is_told(words: list[str], original: Original, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong command, keys or a package that can't be read end with 2 and a word."""
    assert main([str(original.path) if word == "PACKAGE" else word for word in words]) == 2
    said = capsys.readouterr()
    assert said.out + said.err


def test_a_package_cut_anywhere_is_unreadable(original: Original, tmp_path: Path) -> None:
    """A cut file is no package."""
    data = original.path.read_bytes()
    for part in (0, 1, 21, 22, len(data) // 2, len(data) - 1):
        path = tmp_path / "cut"
        path.write_bytes(data[:part])
        assert main([str(path)]) == 2


def test_each_sentence_exists_in_both_languages_with_the_same_values() -> None:
    """Italian and English tell the same of each finding."""
    for code, both in TEXTS.items():
        italian, english = ({field for _, field, _, _ in string.Formatter().parse(text) if field} for text in both)
        assert italian == english, code


def test_the_code_runs_on_python_3_9() -> None:
    """No syntax newer than 3.9, and nothing imported but the standard library."""
    tree = ast.parse(FILE.read_text("utf-8"), feature_version=(3, 9))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {(node.module or "").partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names <= sys.stdlib_module_names | {"__future__"}


def test_what_is_not_printed_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """Of 207 gaps of a camera 200 are printed and 7 counted; with `--all` each is. Of another camera all are."""
    for most, lines in ((COUNTED, COUNTED + 2), (float("inf"), 208)):
        printer = Printer(1, most)
        for at in range(207):
            printer.say(Finding("told", "gap", "c", at * 90_000, ("later", f"{at} s", "net")))
        printer.say(Finding("told", "gap", "d", 0, ("later", "1 s", "net")))
        printer.rest()
        said = capsys.readouterr().out.splitlines()
        assert len(said) == lines
        assert ("and 7 more like this: camera c" in said[-1]) == (most == COUNTED)


def test_causes_and_entries_are_told_in_words() -> None:
    """A judge reads neither our codes nor English in an Italian sentence; a code that is not known stays as it is."""
    gap = Finding("told", "gap", "c", 0, ("later", "3.000 s", "net"))
    entry = Finding("told", "history-entry", "", 0, ("4", "approve"))
    assert sentence(gap, 0).endswith("later (3.000 s): la telecamera non era raggiungibile.")
    assert sentence(gap, 1).endswith("later (3.000 s): the camera could not be reached.")
    assert sentence(entry, 0).endswith("voce 4: approvata la richiesta")
    assert sentence(entry._replace(values=("4", "ask-erase")), 1).endswith("their early erasure was asked for")
    assert sentence(entry._replace(values=("4", "novel")), 1).endswith("entry 4: novel")
