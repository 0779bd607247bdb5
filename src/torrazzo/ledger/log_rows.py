# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The rows of one log: read at the start, grown by each batch."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from torrazzo.base.errors import Damaged, Invalid, Stopped
from torrazzo.ledger.checkpoint import Checkpoint, sign_checkpoint
from torrazzo.ledger.edge import TILE_BYTES, edge_tiles, full_tiles, grow
from torrazzo.ledger.key import SigningKey
from torrazzo.ledger.merkle import EMPTY_ROOT, tree_root
from torrazzo.ledger.note import Note
from torrazzo.ledger.schema import ENTRY, LOG, TILE
from torrazzo.ledger.snapshot import Snapshot
from torrazzo.ledger.text import HASH_LENGTH
from torrazzo.ledger.tiles import MAX_ENTRY, WIDTH, Tile, pack_entries, read_subtree
from torrazzo.ledger.touched import Touched


class LogRow(NamedTuple):
    """The row of a log, as it stands there."""

    name: str
    generation: int
    origin: str
    size: int
    note: bytes
    filed: int
    minimum: int
    pruned: int


def read_logs(connection: sa.Connection) -> list[LogRow]:
    """All of them, the latest generation last."""
    rows = connection.execute(sa.select(LOG).order_by(LOG.c.generation, LOG.c.name)).all()
    return [LogRow(*row)._replace(note=bytes(row.note)) for row in rows]


def insert_log(connection: sa.Connection, name: str, generation: int, key: SigningKey) -> Snapshot:
    """A new one, empty; its origin is the key's name."""
    head = Checkpoint(key.verifier.name, 0, EMPTY_ROOT)
    note = sign_checkpoint(head, key)
    row = LogRow(name, generation, head.origin, 0, note.pack(), 0, 0, 0)
    connection.execute(sa.insert(LOG).values(**row._asdict()))
    return Snapshot(name, head, note, (), (), {}, 0, 0)


def load(connection: sa.Connection, row: LogRow) -> Snapshot:
    """What the rows say; raises `Damaged` where one is missing or has another size. Nothing is hashed yet."""
    what = f"ledger database, log {row.name}"
    try:
        note = Note.parse(row.note)
        head = Checkpoint.parse(note.text)
    except Invalid as error:
        raise Damaged(f"{what}: its head is not readable: {error}") from error
    if (head.origin, head.size) != (row.origin, row.size):
        raise Damaged(f"{what}: its head says {head.origin}, {head.size} entries; expected {row.origin}, {row.size}")
    lines = _lines(connection, row, what)
    tiles = _tiles(connection, row, what)
    whole = len(lines) - len(lines) % WIDTH
    pending = {tile: tiles[tile] for tile in full_tiles(row.filed, row.size)}
    pending |= _bundles(row.filed, lines[:whole])
    edge = [b""] * ((row.size.bit_length() + 7) // 8)
    for tile in edge_tiles(row.size):
        edge[tile.level or 0] = tiles[tile]
    return Snapshot(row.name, head, note, tuple(edge), tuple(lines[whole:]), pending, row.filed, row.minimum)


def _lines(connection: sa.Connection, row: LogRow, what: str) -> list[bytes]:
    query = sa.select(ENTRY.c.i, ENTRY.c.line).where(ENTRY.c.log == row.name).order_by(ENTRY.c.i)
    found = connection.execute(query).all()
    lines = {each.i: bytes(each.line) for each in found}
    if odd := [at for at, line in lines.items() if not 0 < len(line) <= MAX_ENTRY]:
        raise Touched(f"{what}: rows of entries that no entry can be", row.name, odd, lines)
    if [each.i for each in found] != list(range(row.filed, row.size)):
        text = f"{what}: rows of entries {row.filed} to {row.size - 1} expected, found {len(found)} others"
        raise Touched(text, row.name, {*range(row.filed, row.size)} ^ lines.keys(), lines)
    return list(lines.values())


def _tiles(connection: sa.Connection, row: LogRow, what: str) -> dict[Tile, bytes]:
    """The edge's and those not filed yet, by name, each of its width."""
    query = sa.select(TILE.c.level, TILE.c.number, TILE.c.hashes).where(TILE.c.log == row.name)
    found = {
        Tile(each.level, each.number, len(each.hashes) // HASH_LENGTH): bytes(each.hashes)
        for each in connection.execute(query)
    }
    wanted = {*edge_tiles(row.size), *full_tiles(row.filed, row.size)}
    if set(found) != wanted or any(len(data) % HASH_LENGTH for data in found.values()):
        odd = ", ".join(sorted(map(str, wanted ^ set(found)))) or "one of a broken hash"
        raise Damaged(f"{what}: rows of tiles missing or too many: {odd}")
    return found


def check_lines(entries: Iterable[bytes]) -> None:
    """Raises `Invalid` unless each is a line, without its newline, that a bundle can hold."""
    for line in entries:
        if not 0 < len(line) <= MAX_ENTRY or b"\n" in line:
            raise Invalid(f"entry of {len(line)} bytes: expected a line of 1 to {MAX_ENTRY} without its newline")


class Grown(NamedTuple):
    """What a batch made of a log, before it is committed."""

    snapshot: Snapshot
    changed: list[Tile]


def grown(snapshot: Snapshot, entries: Sequence[tuple[bytes, bytes]], key: SigningKey) -> Grown:
    """The log with these entries, each given with its leaf; signed, as nobody may see before it is committed."""
    size = snapshot.size + len(entries)
    growth = grow(snapshot.size, snapshot.edge, (leaf for _, leaf in entries))
    lines = [*snapshot.tail, *(line for line, _ in entries)]
    whole = len(lines) - len(lines) % WIDTH
    pending = {**snapshot.pending, **growth.full, **_bundles(snapshot.size - len(snapshot.tail), lines[:whole])}

    def tile(level: int, number: int) -> bytes:
        return pending[full] if (full := Tile(level, number)) in growth.full else growth.edge[level]

    root = tree_root(size, lambda level, index: read_subtree(level, index, tile))
    head = Checkpoint(snapshot.head.origin, size, root)
    made = snapshot._replace(
        head=head, note=sign_checkpoint(head, key), edge=growth.edge, tail=tuple(lines[whole:]), pending=pending
    )
    return Grown(made, [*growth.full, *edge_tiles(size)])


def check_alone(connection: sa.Connection, snapshots: Sequence[Snapshot]) -> None:
    """Raises `Stopped` if a log has other entries than its snapshot, or was forked: another program wrote."""
    rows = read_logs(connection)
    found = {row.name: row.size for row in rows if row.generation == rows[-1].generation}
    if found != {snapshot.name: snapshot.size for snapshot in snapshots}:
        raise Stopped(f"ledger database: logs {found} (with entries); another program writes to it, end one of the two")


def write(connection: sa.Connection, before: Snapshot, after: Grown, entries: Sequence[tuple[bytes, bytes]]) -> None:
    """The rows of that."""
    name, snapshot = before.name, after.snapshot
    rows = [{"log": name, "i": i, "line": line} for i, (line, _) in enumerate(entries, before.size)]
    connection.execute(sa.insert(ENTRY), rows)
    data = [
        {"log": name, "level": tile.level, "number": tile.number, "hashes": _hashes(snapshot, tile)}
        for tile in after.changed
    ]
    for row in data:
        connection.execute(_one_tile(row))
    connection.execute(sa.insert(TILE), data)
    change = sa.update(LOG).where(LOG.c.name == name)
    connection.execute(change.values(size=snapshot.size, note=snapshot.note.pack()))


def drop_filed(connection: sa.Connection, name: str, start: int, end: int) -> None:
    """Delete the rows of the entries from `start` to below `end` and of the full tiles over them: they are in files."""
    connection.execute(sa.delete(ENTRY).where(ENTRY.c.log == name, ENTRY.c.i < end))
    levels = {tile.level for tile in full_tiles(start, end)}
    for level in sorted(level for level in levels if level is not None):
        old = sa.and_(TILE.c.log == name, TILE.c.level == level, TILE.c.number < end >> 8 * (level + 1))
        connection.execute(sa.delete(TILE).where(old))
    connection.execute(sa.update(LOG).where(LOG.c.name == name).values(filed=end))


def _hashes(snapshot: Snapshot, tile: Tile) -> bytes:
    assert tile.level is not None, "bundles have no rows of their own"
    data = snapshot.pending[tile] if tile.width == WIDTH else snapshot.edge[tile.level]
    assert len(data) <= TILE_BYTES, "a tile has 256 hashes"
    return data


def _one_tile(row: Mapping[str, object]) -> sa.Delete:
    return sa.delete(TILE).where(*(TILE.c[column] == row[column] for column in ("log", "level", "number")))


def _bundles(first: int, lines: Sequence[bytes]) -> dict[Tile, bytes]:
    """Full bundles of the entries from `first` on, both a multiple of 256."""
    return {
        Tile(None, (first + at) // WIDTH): pack_entries(lines[at : at + WIDTH]) for at in range(0, len(lines), WIDTH)
    }
