# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A folder, usually a disk of its own, that holds volumes (docs/3-formats/volume.md, section Names and places)."""

import json
import secrets
from pathlib import Path
from typing import NamedTuple

from torrazzo.base.errors import Damaged, Unavailable
from torrazzo.base.ids import NodeId, RootId
from torrazzo.durable import Disk

FILE = "root.json"
VOLUMES = "volumes"
_MAX_FILE = 4_096


class Root(NamedTuple):
    """One disk root; its id tells a disk that came back from another one mounted in its place."""

    id: RootId
    node: NodeId  # of the machine that made it
    path: Path

    @property
    def volumes(self) -> Path:
        """Where its volumes lie."""
        return self.path / VOLUMES


def make_root(disk: Disk, path: Path, node: NodeId) -> Root:
    """Make `path` a disk root with a fresh id; FileExistsError if it is one already."""
    disk.make_folder(path)
    if FILE in disk.list(path):
        raise FileExistsError(f"{path / FILE}: this folder is a disk root already")
    root = Root(RootId(secrets.randbits(32)), node, path)
    disk.make_folder(root.volumes)
    text = json.dumps({"v": 1, "root": f"{root.id:08x}", "node": f"{node:08x}"}, separators=(",", ":"))
    disk.publish(path / FILE, text.encode())
    return root


def open_root(disk: Disk, path: Path) -> Root:
    """The disk root at `path`.

    Raises `Unavailable` where there is none: a disk that is not mounted must not be taken for an empty archive.
    """
    try:
        file = disk.open_read(path / FILE)
    except FileNotFoundError as error:
        raise Unavailable(
            f"{path}: no {FILE} there; is the disk mounted? A new root has to be made on purpose"
        ) from error
    try:
        data = file.read(0, _MAX_FILE)
    finally:
        file.close()
    try:
        found = json.loads(data)
        if found["v"] != 1:
            raise ValueError("unknown version")
        return Root(RootId(int(found["root"], 16)), NodeId(int(found["node"], 16)), path)
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged(
            f'{path / FILE}: found {data[:80]!r}, expected {{"v":1,"root":"8 hex digits","node":"8 hex digits"}}'
        ) from error


def volume_names(disk: Disk, root: Root) -> list[str]:
    """Names of all volumes in the root, sorted: by hour, then class, node, root, fence, serial."""
    return [name for name in disk.list(root.volumes) if name.endswith(".vol")]
