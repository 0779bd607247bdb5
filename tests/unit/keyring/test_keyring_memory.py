# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The keyring's memory leaves no trace on a disk."""

import subprocess
import sys
from pathlib import Path

from torrazzo.cli.init import make_town

PROGRAM = """
import ctypes, os, resource, sys
import torrazzo.keyring
from torrazzo.cli import keyring

def run(*_):
    print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), *resource.getrlimit(resource.RLIMIT_CORE), flush=True)
    os.abort()

torrazzo.keyring.run_keyring = run
keyring.main(["--home", sys.argv[1]])
"""


def test_a_keyring_that_dies_leaves_no_core_file(tmp_path: Path) -> None:
    """Whatever the limits were: its process, and what it starts, cannot be dumped, and is read by root alone."""
    make_town(tmp_path, "Cremona", "Europe/Rome")
    words = ("sh", "-c", 'ulimit -c unlimited; exec "$@"', "sh", sys.executable, "-c", PROGRAM, str(tmp_path))
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == -6, done.stderr
    assert done.stdout.split() == ["0", "0", "0"]
    assert not list(tmp_path.glob("core*"))
