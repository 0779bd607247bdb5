# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a person does with a package without our programs: extract it, and type what its README says."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path


def extract(files: Mapping[str, bytes], folder: Path) -> None:
    """As unzip does."""
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def run_readme(folder: Path, readme: str) -> list[str]:
    """What the commands of the text answer, run as they stand by a plain shell; raises if one fails."""
    text = (folder / readme).read_text("utf-8")
    block = re.search(r"(?:^    .*\n)+", text[text.index("3. ") :], re.MULTILINE)
    assert block is not None
    done = subprocess.run(("sh", "-e"), input=block[0], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()
