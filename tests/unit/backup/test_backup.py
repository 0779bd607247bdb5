# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A backup: what is in it and what is not, taken while others write, and a home from it, whole or not at all."""

import contextlib
import errno
import io
import itertools
import sqlite3
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyrage
import pytest

from tests.tools.ledger import deeds, facts, lines
from torrazzo.access.book import Book
from torrazzo.backup import create_backup, restore_backup
from torrazzo.backup.manifest import NAME, Manifest
from torrazzo.base import SystemClock
from torrazzo.base.errors import Damaged, Invalid, Refused, TorrazzoError, Unavailable
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.cli import main
from torrazzo.cli.init import make_town
from torrazzo.cli.office import changing, read_cameras
from torrazzo.durable import OsDisk
from torrazzo.keyring.public import KeyName
from torrazzo.keyring.sealer_setup import set_up_sealer
from torrazzo.keyring.store import RingStore
from torrazzo.ledger.fork import fork_ledger
from torrazzo.ledger.merkle import leaf_hash, root_of, verify_inclusion
from torrazzo.ledger.schema import sqlite_database
from torrazzo.ledger.secret import make_identity
from torrazzo.ledger.start import open_ledger
from torrazzo.ledger.store import LedgerStore
from torrazzo.town import Home
from torrazzo.town.home import load_settings
from torrazzo.town.office import new_camera

DISK, CLOCK = OsDisk(), SystemClock()
FACTS = facts(1_000)
SETTINGS = {"torrazzo.toml", "anchors.toml", "aruba.pem"}
SECRETS = {"secrets/box.key", "secrets/ledger-rec.key", "secrets/ledger-act.key", "secrets/aruba.password", "page.pem"}
ANCHORS = """
[[authority]]
name = "aruba"
url = "https://tsa.example"
certificates = "aruba.pem"
user = "town"
password_file = "secrets/aruba.password"
"""


@contextlib.contextmanager
def opened(home: Home) -> Iterator[LedgerStore]:
    identity = make_identity(home, load_settings(home), DISK)
    with (
        contextlib.closing(sqlite_database(home.ledger_db)) as database,
        open_ledger(database, DISK, home.ledger, identity) as store,
    ):
        yield store


def make_home(path: Path) -> Home:
    """With everything that a home may have."""
    make_town(path, "Cremona", "Europe/Rome")
    home = Home(path)
    with changing(home) as office:
        office.add(new_camera(FACTS[0].id.stream.camera, "Via Solferino", ()))  # type: ignore[union-attr]
    with opened(home) as store:
        for at in range(0, 1_000, 100):
            store.append(FACTS[at : at + 100], deeds(30, at))
        store.prune("rec", 300)
    book = Book.write(home, DISK, "control-room")
    book.note("ask", b"{}", b"sealed")
    book.close()
    (path / "anchors.toml").write_text(ANCHORS)
    (path / "aruba.pem").write_text("PEM")
    (path / "page.pem").write_text("-----BEGIN PRIVATE " + "KEY-----\ngeheimer\n-----END PRIVATE " + "KEY-----\n")
    (path / "secrets/aruba.password").write_text("geheim")
    anchors = home.ledger / "act/anchors"
    anchors.mkdir()
    for name in ("act-300.txt", "act-300.aruba.tst", "act-9999.txt"):
        (anchors / name).write_text(name)
    DISK.make_folder(home.keyring)
    store_of(home).draw([KeyName(1, "standard")])
    for other in ("witness/heads.db", "vault/1.key", "jobs.db", "catalogue.db", "secrets/other", "keyring/owed.json"):
        (path / other).parent.mkdir(exist_ok=True)
        (path / other).write_text("never")
    return home


def store_of(home: Home) -> RingStore:
    ring = RingStore(DISK, home.keyring, set_up_sealer(DISK, home.keyring))
    ring.load()
    return ring


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return make_home(tmp_path_factory.mktemp("backup") / "town")


@pytest.fixture(scope="module")
def backup(town: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "backup.tar"
    create_backup(town, DISK, CLOCK, out)
    return out


KEY = pyrage.x25519.Identity.generate()


@pytest.fixture(scope="module")
def sealed(town: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "backup.tar.age"
    create_backup(town, DISK, CLOCK, out, [str(KEY.to_public())])
    return out


def names_in(data: bytes) -> set[str]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return set(tar.getnames())


def ledger_files() -> set[str]:
    """1,000 entries of which 300 are pruned: tile 0 is gone, 1 and 2 are full; 300 acts: tile 0 is full."""
    rec = {
        f"ledger/rec/{name}" for name in ("checkpoint", *(f"tile/{n}/00{k}" for n in ("0", "entries") for k in (1, 2)))
    }
    act = {f"ledger/act/{name}" for name in ("checkpoint", "tile/0/000", "tile/entries/000")}
    return rec | act | {"ledger/act/anchors/act-300.txt", "ledger/act/anchors/act-300.aruba.tst"}


def test_what_is_in_it_and_nothing_else(town: Home, backup: Path, sealed: Path) -> None:
    """Databases, ledger, settings; keys and passwords only where it is encrypted; nothing that opens footage, ever."""
    common = {"office.db", "ledger.db", "access/control-room.db", NAME} | SETTINGS | ledger_files()
    assert names_in(backup.read_bytes()) == common
    inner = pyrage.decrypt(sealed.read_bytes(), [KEY])
    assert names_in(inner) == common | SECRETS
    for data in (backup.read_bytes(), inner):
        assert b"never" not in data
        for path in town.keyring.iterdir():
            content = path.read_bytes()
            assert len(content) < 16 or content not in data, path
    secrets = [(town.path / name).read_bytes() for name in SECRETS]
    assert not any(secret in backup.read_bytes() or secret in sealed.read_bytes() for secret in secrets)
    with tarfile.open(fileobj=io.BytesIO(inner)) as tar:
        last = tar.getmembers()[-1]
        file = tar.extractfile(last)
        assert file is not None
        manifest = Manifest.parse(file.read())
    assert (last.name, set(manifest.files)) == (NAME, (common | SECRETS) - {NAME})
    assert not (town.run / "backup").exists() or not list((town.run / "backup").iterdir())


def test_a_home_from_it_goes_on_where_it_was(town: Home, sealed: Path, tmp_path: Path) -> None:
    """Cameras, ledger with its proofs, books, stamps, keys; the next facts enter behind the old ones."""
    home = Home(tmp_path / "new")
    done = restore_backup(home, DISK, CLOCK, sealed, str(KEY))
    assert (done.aside, done.missing) == (None, ())
    assert [camera.name for camera in read_cameras(home)] == ["Via Solferino"]
    with opened(town) as old, opened(home) as new:
        assert (new.rec.note, new.act.note) == (old.rec.note, old.act.note)
        new.append(facts(100, first=1_000))
        assert new.rec.head.root == root_of(map(leaf_hash, lines(facts(1_100))))
        verify_inclusion(leaf_hash(FACTS[300].line), 300, 1_100, new.rec.inclusion(300), new.rec.head.root)
    for name in SECRETS | SETTINGS | {"ledger/act/anchors/act-300.txt"}:
        assert (home.path / name).read_bytes() == (town.path / name).read_bytes(), name
        assert (home.path / name).stat().st_mode & 0o077 == 0
    assert home.restored.exists(), "the keyring is told"
    assert not (home.path / ".restore").exists()
    assert not home.keyring.exists()


def test_without_secrets_it_says_what_is_missing(backup: Path, town: Home, tmp_path: Path) -> None:
    """A plain backup brings no key: what lies in `secrets` is used, or named as missing."""
    done = restore_backup(Home(tmp_path / "bare"), DISK, CLOCK, backup)
    assert done.missing == ("secrets/box.key", "secrets/ledger-rec.key", "secrets/ledger-act.key")
    home = Home(tmp_path / "kept")
    home.box_key.parent.mkdir(parents=True)
    for name in done.missing:
        (home.path / name).write_bytes((town.path / name).read_bytes())
        (home.path / name).chmod(0o600)
    assert restore_backup(home, DISK, CLOCK, backup).missing == ()
    with opened(home) as store:
        assert store.rec.head.size == 1_000


def test_taken_while_others_write_it_is_of_one_moment(tmp_path: Path) -> None:
    """Facts enter, files fill up and are pruned, the registry changes: each backup opens, and is one that was."""
    home = make_home(tmp_path / "town")
    over, roots = threading.Event(), {}

    def write() -> None:
        with opened(home) as store:
            for n in itertools.count(1_000, 40):
                roots[store.rec.head.size] = store.rec.head.root
                if over.is_set():
                    return
                store.append(facts(40, first=n), deeds(3, n))
                if n % 400 == 0:
                    store.prune("rec", n - 600)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for number in range(6):
            create_backup(home, DISK, CLOCK, tmp_path / f"{number}.age", [str(KEY.to_public())])
    finally:
        over.set()
        thread.join()
    sizes = []
    for number in range(6):
        copy = Home(tmp_path / f"copy-{number}")
        restore_backup(copy, DISK, CLOCK, tmp_path / f"{number}.age", str(KEY))
        with opened(copy) as store:
            assert roots[store.rec.head.size] == store.rec.head.root
            sizes.append(store.rec.head.size)
            list(store.rec.entries(store.rec.minimum, store.rec.head.size))
    assert len(set(sizes)) > 1, sizes
    assert sizes == sorted(sizes)


def refused(home: Home, path: Path, identities: str | None = None) -> str:
    with pytest.raises(TorrazzoError) as error:
        restore_backup(home, DISK, CLOCK, path, identities)
    assert not home.settings_file.exists()
    assert not (home.path / ".restore").exists()
    return str(error.value)


def test_what_is_not_whole_is_not_restored(backup: Path, sealed: Path, tmp_path: Path) -> None:
    """Cut off, altered anywhere, encrypted for others, no backup at all: it says so, and nothing is there."""
    home, bad = Home(tmp_path / "new"), tmp_path / "bad"
    data = backup.read_bytes()
    for at in range(0, len(data), len(data) // 40):
        changed = bytearray(data)
        changed[at] ^= 0x20
        bad.write_bytes(changed)
        if changed[at] == data[at] ^ 0x20 and is_padding(data, at):
            continue
        refused(home, bad)
    for end in (0, 100, 1_024, len(data) // 2, len(data) - 20_000):
        bad.write_bytes(data[:end])
        assert refused(home, bad)
    hidden = sealed.read_bytes()
    for at in (10, 300, len(hidden) // 2, len(hidden) - 5):
        bad.write_bytes(hidden[:at] + bytes([hidden[at] ^ 1]) + hidden[at + 1 :])
        assert refused(home, bad, str(KEY))
    bad.write_bytes(hidden[:-100])
    assert "whole" in refused(home, bad, str(KEY))
    assert "does not open" in refused(home, sealed, str(pyrage.x25519.Identity.generate()))
    assert "--identity" in refused(home, sealed)
    assert refused(home, sealed, "x")
    assert refused(home, tmp_path / "none")
    restore_backup(home, DISK, CLOCK, backup)


def is_padding(data: bytes, at: int) -> bool:
    """Whether this byte belongs to no file and no header that is read."""
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return not any(
            member.offset_data <= at < member.offset_data + member.size or member.offset <= at < member.offset_data
            for member in tar
        )


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("../evil", tarfile.REGTYPE),
        ("/etc/evil", tarfile.REGTYPE),
        ("keyring/ring-1", tarfile.REGTYPE),
        ("keyring/heads.json", tarfile.REGTYPE),
        ("restored.json", tarfile.REGTYPE),
        ("access/../x.db", tarfile.REGTYPE),
        ("ledger/rec/../../x", tarfile.REGTYPE),
        ("policy", tarfile.SYMTYPE),
        ("torrazzo.toml", tarfile.REGTYPE),
        ("ledger", tarfile.DIRTYPE),
    ],
)
def test_a_hostile_backup_writes_nothing_elsewhere(backup: Path, tmp_path: Path, name: str, kind: bytes) -> None:
    """A name that no backup has, a link, a file that stands twice, in an otherwise good one: refused whole."""
    bad = tmp_path / "bad.tar"
    with tarfile.open(backup) as old, tarfile.open(bad, "w") as new:
        extra = tarfile.TarInfo(name)
        extra.type, extra.linkname = kind, "/etc/passwd"
        for member in old:
            if member.name == "office.db" and name != "torrazzo.toml":
                new.addfile(extra, io.BytesIO())
            if member.name == NAME and name == "torrazzo.toml":
                new.addfile(extra, io.BytesIO())
            new.addfile(member, old.extractfile(member))
    with pytest.raises(Damaged):
        restore_backup(Home(tmp_path / "new"), DISK, CLOCK, bad)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.tar", "new"]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["run"]


def sparse(name: str, size: int) -> bytes:
    """Headers of a file that is all hole, as GNU tar wrote it, and as pax does."""
    info = tarfile.TarInfo(name)
    info.type, info.size = tarfile.GNUTYPE_SPARSE, 0
    old = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    old[483:495] = f"{size:o}".rjust(11, "0").encode() + b"\0"
    old[148:156] = b"%06o\0 " % tarfile.calc_chksums(old)[0]  # type: ignore[attr-defined]
    return bytes(old)


def pax(name: str, size: int, headers: dict[str, str]) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.pax_headers = size, headers
    return info.tobuf(tarfile.PAX_FORMAT) + bytes(-(-size // 512) * 512)


HUGE = 1 << 40
HOLES = {"GNU.sparse.size": str(HUGE), "GNU.sparse.numblocks": "1", "GNU.sparse.map": f"{HUGE},0"}


@pytest.mark.parametrize(
    "first",
    [
        sparse("policy", HUGE),
        pax("policy", 0, HOLES),
        pax("policy", 33 << 20, {}),
        pax("policy", 0, {"comment": "x" * (1 << 20)}),
    ],
    ids=["sparse", "sparse of pax", "longer than any", "long header"],
)
def test_no_file_is_longer_than_what_is_there_of_it(tmp_path: Path, first: bytes, monkeypatch: Any) -> None:
    """Holes, which a restore would write out until the disk is full, long headers, long files: refused unwritten."""
    bad = tmp_path / "bad.tar"
    bad.write_bytes(first)
    monkeypatch.setattr(OsDisk, "create", lambda *_: pytest.fail("something is written"))
    with pytest.raises(Damaged, match=r"bytes, at most|where it cannot be|no file of a backup"):
        restore_backup(Home(tmp_path / "new"), DISK, CLOCK, bad)


def test_a_town_that_is_there_is_replaced_only_by_order(backup: Path, town: Home, tmp_path: Path) -> None:
    """Else refused; also where something runs, or another town is. Ring and footage stay, the rest goes aside."""
    home = make_home(tmp_path / "other")
    with pytest.raises(Refused, match="another town"):
        restore_backup(home, DISK, CLOCK, backup, is_replacing=True)
    create_backup(home, DISK, CLOCK, tmp_path / "own.tar")
    ring = store_of(home).ring
    with opened(home) as store:
        store.append(facts(24, first=1_000), deeds(2))
    with pytest.raises(Refused, match="--replace"):
        restore_backup(home, DISK, CLOCK, tmp_path / "own.tar")
    for lock in (home.ledger_lock, home.office_lock, home.keyring / "lock", home.run / "any.lock"):
        with DISK.lock(lock), pytest.raises(Refused, match="held"):
            restore_backup(home, DISK, CLOCK, tmp_path / "own.tar", is_replacing=True)
    done = restore_backup(home, DISK, CLOCK, tmp_path / "own.tar", is_replacing=True)
    assert done.aside is not None
    assert {path.name for path in done.aside.iterdir()} >= {"office.db", "ledger.db", "ledger", "torrazzo.toml"}
    assert not (home.path / "catalogue.db").exists(), "it is made anew from the volumes"
    assert store_of(home).ring.keys.keys() == ring.keys.keys()
    assert done.missing == ()
    with pytest.raises(Refused, match="1024 was cosigned"), opened(home):
        pass


class DyingDisk(OsDisk):
    """Ends before its n-th act."""

    def __init__(self, left: int) -> None:
        self.left = left

    def _act(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt

    def publish(self, *arguments: Any) -> None:
        self._act()
        super().publish(*arguments)

    def move(self, old: Path, new: Path) -> None:
        self._act()
        super().move(old, new)

    def unlink(self, path: Path) -> None:
        self._act()
        super().unlink(path)

    def remove_folder(self, path: Path) -> None:
        self._act()
        super().remove_folder(path)

    def create(self, path: Path) -> Any:
        self._act()
        return super().create(path)

    def make_folder(self, path: Path) -> None:
        if not path.is_dir():
            self._act()
        super().make_folder(path)


def test_after_the_end_at_each_step_it_is_the_old_home_or_none_or_the_new_one(tmp_path: Path) -> None:
    """Nothing half restored ever starts; the same command again gives the new home, whole."""
    home = Home(tmp_path / "town")
    make_town(home.path, "Cremona", "Europe/Rome")
    with opened(home) as store:
        store.append(facts(260), deeds(2))
    create_backup(home, DISK, CLOCK, tmp_path / "old.tar")
    old = {path.name: path.read_bytes() for path in (home.path / "secrets").iterdir()}
    steps = set()
    for step in itertools.count():
        with opened(home) as store:
            store.append(facts(1, first=1_000 + step))
        heads = {store_head(home)}
        try:
            restore_backup(home, DyingDisk(step), CLOCK, tmp_path / "old.tar", is_replacing=True)
        except KeyboardInterrupt:
            steps.add(_state(home, heads))
            if not (home.path / ".restore/ready.json").exists() and home.restored.exists():
                (home.path / ".restore").rmdir()  # it had ended: what is left is an empty folder
                _begin_anew(home)
                continue
            restore_backup(home, DISK, CLOCK, tmp_path / "old.tar", is_replacing=True)
        else:
            steps.add("through")
        assert home.restored.exists()
        assert not (home.path / ".restore").exists()
        with pytest.raises(Refused, match="was cosigned"), opened(home):
            pass
        assert old == {path.name: path.read_bytes() for path in (home.path / "secrets").iterdir()}
        _begin_anew(home)
        if "through" in steps:
            break
    assert steps == {"old", "none", "new", "through"}


def store_head(home: Home) -> int:
    with contextlib.closing(sqlite3.connect(home.ledger_db)) as database:
        return int(database.execute("SELECT size FROM log WHERE name = 'rec'").fetchone()[0])


def _state(home: Home, heads: set[int]) -> str:
    try:
        load_settings(home)
    except Unavailable:
        return "none"
    if home.restored.exists():
        assert store_head(home) == 260
        return "new"
    assert store_head(home) in heads
    return "old"


def _begin_anew(home: Home) -> None:
    """The newest ledger is found on the old disk: put back, with its folder."""
    import shutil

    (aside,) = home.path.glob("before-restore-*")
    for name in ("ledger.db", "ledger"):
        path = home.path / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        (aside / name).rename(path)
    for side in ("-wal", "-shm"):
        (home.path / f"ledger.db{side}").unlink(missing_ok=True)
    shutil.rmtree(aside)
    home.restored.unlink()


def test_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`backup create` and `restore`, with the exit codes of all commands."""
    make_town(tmp_path / "town", "Cremona", "Europe/Rome")
    at, out = ("--home", str(tmp_path / "town")), str(tmp_path / "b.age")
    (tmp_path / "key").write_text(f"# created by age-keygen\n{KEY}\n")
    assert main(["backup", "create", out, "--recipient", "age1x", *at]) == 2
    assert main(["backup", "create", out, "--recipient", str(KEY.to_public()), *at]) == 0
    assert main(["backup", "create", out, *at]) == 5, "it is there already"
    assert main(["backup", "create", str(tmp_path / "plain"), *at]) == 0
    assert "not encrypted" in capsys.readouterr().err
    new = ("--home", str(tmp_path / "new"))
    assert main(["backup", "restore", out, *new]) == 2
    assert main(["backup", "restore", out, "--identity", out, *new]) == 2, "the backup in place of the key"
    assert main(["backup", "restore", out, "--identity", str(tmp_path / "key"), *new]) == 0
    assert main(["backup", "restore", out, "--identity", str(tmp_path / "key"), *new]) == 5
    assert main(["backup", "restore", out, "--identity", str(tmp_path / "key"), "--replace", *new]) == 0
    assert main(["backup", "restore", str(tmp_path / "none"), *new]) == 5
    (tmp_path / "plain").write_bytes(b"no tar")
    assert main(["backup", "restore", str(tmp_path / "plain"), "--home", str(tmp_path / "third")]) == 6
    assert main(["backup", "create", str(tmp_path / "x"), "--home", str(tmp_path / "nowhere")]) == 4


def test_the_manifest_reads_what_it_writes_and_nothing_else() -> None:
    """Each part has its form; what is missing or of another kind is refused."""
    manifest = Manifest(UtcTicks(5 * SECOND), "Città", "0a", "0.1", has_secrets=True, heads={"rec": "x"}, files={})
    assert Manifest.parse(manifest.pack()) == manifest
    for old, new in (
        (b'"v": 1', b'"v": 2'),
        (b"true", b"1"),
        (b'"files": {', b'"files": {"a": [1, "zz"]'),
        (b'"rec": "x"', b'"rec": 1'),
        (b"450000", b'"x"'),
    ):
        assert old in manifest.pack()
        with pytest.raises(Invalid):
            Manifest.parse(manifest.pack().replace(old, new))


def test_a_ledger_that_was_forked_comes_back_with_both_pairs_of_logs(tmp_path: Path) -> None:
    """The old logs' files are in it as well: who holds a proof of theirs may still ask for more."""
    home = make_home(tmp_path / "town")
    identity = make_identity(home, load_settings(home), DISK)
    with contextlib.closing(sqlite_database(home.ledger_db)) as database:
        fork_ledger(database, DISK, home.ledger, identity, lambda _: [b'{"v":1,"kind":"fork"}'])
    with opened(home) as store:
        store.append(facts(300), deeds(2))
        store.append(facts(1, first=300))  # with which the rows go that are in files
    create_backup(home, DISK, CLOCK, tmp_path / "b.age", [str(KEY.to_public())])
    inner = names_in(pyrage.decrypt((tmp_path / "b.age").read_bytes(), [KEY]))
    new_ones = {"act.2/checkpoint", "rec.2/checkpoint", "rec.2/tile/0/000", "rec.2/tile/entries/000"}
    found = {name.removeprefix("ledger/") for name in inner if name.startswith("ledger/")}
    assert found == {name.removeprefix("ledger/") for name in ledger_files()} | new_ones
    new = Home(tmp_path / "new")
    restore_backup(new, DISK, CLOCK, tmp_path / "b.age", str(KEY))
    with opened(home) as old, opened(new) as store:
        assert store.rec.note == old.rec.note
        assert store.rec.head.origin.endswith("/rec.2")


class FullDisk(OsDisk):
    """No room for the backup after so many bytes."""

    def __init__(self, room: int) -> None:
        self._room = room

    def create(self, path: Path) -> Any:
        file = super().create(path)
        return _Full(file, self._room) if path.name.endswith(".new") else file


class _Full:
    def __init__(self, file: Any, room: int) -> None:
        self._file, self._room = file, room

    def append(self, buffers: Any) -> int:
        self._room -= sum(map(len, buffers))
        if self._room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return int(self._file.append(buffers))

    def sync(self) -> None:
        self._file.sync()

    def close(self) -> None:
        self._file.close()


@pytest.mark.parametrize("recipients", [(), (str(KEY.to_public()),)], ids=["plain", "encrypted"])
def test_where_there_is_no_room_nothing_is_left(town: Home, tmp_path: Path, recipients: tuple[str, ...]) -> None:
    """Neither half a backup nor copies of databases; and the next one works."""
    for room in (0, 100_000):
        with pytest.raises(OSError, match="No space"):
            create_backup(town, FullDisk(room), CLOCK, tmp_path / "full", recipients)
        assert list(tmp_path.iterdir()) == []
        assert list((town.run / "backup").iterdir()) == []
    assert create_backup(town, DISK, CLOCK, tmp_path / "full", recipients).size == (tmp_path / "full").stat().st_size
