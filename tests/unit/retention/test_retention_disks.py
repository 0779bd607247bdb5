# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What retention sees on the disks."""

import os
from pathlib import Path

from tests.tools.tape import START, Tape, camera, close, root_at, volume
from torrazzo.base.times import hour_of
from torrazzo.durable import OsDisk
from torrazzo.retention.disks import Disks


def test_what_is_no_regular_file_is_not_ours(tmp_path: Path) -> None:
    """A pipe or a folder that is named like a volume takes the disk away from nobody."""
    root = root_at(tmp_path / "root")
    made = volume(root, 1)
    Tape(camera(1), 1).begin(made)
    path = close(made)
    os.mkfifo(path.with_name(path.name.replace("-00000000.vol", "-00000007.vol")))
    path.with_name(path.name.replace("-00000000.vol", "-00000008.vol")).mkdir()
    found = Disks(OsDisk(), [root.path]).look(hour_of(START))
    assert [volume.name for volume in found.volumes] == [path.name]
    assert found.away == {}
