# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Self

import pytest

from tests.tools.tampering import Original, make_original
from torrazzo.base.errors import Invalid
from torrazzo.evidence import write_package
from torrazzo.evidence.asic import Content, content_of, measure, write_zip
from torrazzo_verify.verify import Finding, Malformed, Package, verify


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    """Two cameras."""
    return make_original(tmp_path_factory.mktemp("original"))


def test_a_package_is_a_zip_that_others_read(original: Original) -> None:
    """Python's own reader finds every entry whole, the media type first, and nothing compressed."""
    with zipfile.ZipFile(original.path) as archive:
        assert archive.testzip() is None
        assert archive.infolist()[0].filename == "mimetype"
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        assert {name: archive.read(name) for name in archive.namelist()} == original.files


def test_equal_values_give_equal_bytes(original: Original) -> None:
    """Two packages of the same parts do not differ."""
    assert b"".join(write_package(original.dossier.parts)) == original.dossier.bytes


def test_salts_of_pieces_that_are_not_handed_over_stay_secret(original: Original) -> None:
    """Of pieces outside the clip neither bytes nor salts are in the package, only their h."""
    rows = [row.split() for row in original.files["pieces/3f9a1c0e5b7d2264-main-1.txt"].decode().splitlines()]
    without = [row for row in rows if row[2] == "-"]
    assert without
    assert {tuple(row[2:5]) for row in without} == {("-", "-", "-")}


def test_parts_that_do_not_fit_are_refused(original: Original) -> None:
    """A proof against another head, two clips of one name, a name that is a path: nothing is written."""
    parts = original.dossier.parts
    other = parts._replace(rec=parts.rec._replace(signatures=parts.rec.signatures[:1]))
    twice = parts._replace(clips=[parts.clips[0], parts.clips[0]])
    named = parts._replace(clips=[parts.clips[0]._replace(name="../x")])
    anchor = parts._replace(anchors={"../x": b""})
    for bad in (other, twice, named, anchor):
        with pytest.raises(Invalid):
            b"".join(write_package(bad))


# ---------------------------------------------------------------------------------------------------------------- ZIP


def test_what_is_measured_is_what_is_written() -> None:
    """Content given in chunks stands in the file as if it had been given whole."""
    chunks: Iterable[bytes] = [b"abc", b"", b"defgh"]
    assert b"".join(write_zip({"a": measure(lambda: chunks)})) == b"".join(write_zip({"a": content_of(b"abcdefgh")}))


def test_files_beyond_four_gigabytes_are_found(tmp_path: Path) -> None:
    """Sizes and places that need 64 bits are read back by our reader and by Python's."""
    hole = 5 << 30
    path = tmp_path / "large.zip"
    with path.open("wb") as file:
        entries = {"clip": Content(hole, 0, b"", lambda: [b""]), "after": content_of(b"text")}
        parts = _Sparse(entries, hole)
        for part in parts.write():
            if part is None:
                file.seek(hole, 1)
            else:
                file.write(part)
    with path.open("rb") as file:
        package = Package(file)
        assert package.read("after") == b"text"
        assert package.entries["clip"][1] == hole
    with zipfile.ZipFile(path) as archive:
        assert archive.read("after") == b"text"
        assert archive.getinfo("clip").file_size == hole


class _Sparse:
    """Writes a large entry as a hole."""

    def __init__(self, entries: dict[str, Content], hole: int) -> None:
        self._hole = hole
        marker = _Marker(hole)
        self._entries = {**entries, "clip": entries["clip"]._replace(chunks=lambda: [marker])}

    def write(self) -> Iterable[bytes | None]:
        for part in write_zip(self._entries):
            yield None if isinstance(part, _Marker) else part


class _Marker(bytes):
    """Stands for so many zero bytes."""

    _size: int

    def __new__(cls, size: int) -> Self:
        made = super().__new__(cls)
        made._size = size
        return made

    def __len__(self) -> int:
        return self._size


def _zip(**files: bytes) -> bytes:
    return b"".join(write_zip({name: content_of(data) for name, data in files.items()}))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty", b""),
        ("cut", _zip(a=b"x")[:-1]),
        ("before", b"#!" + _zip(a=b"x")),
        ("behind", _zip(a=b"x") + b"\0"),
        ("between", _zip(a=b"x", b=b"y").replace(b"aPK", b"a PK")),
        ("local header", _zip(a=b"x").replace(b"PK\3\4\x2d\0\0\x08", b"PK\3\4\x2d\0\1\x08", 1)),
        ("local name", _zip(a=b"x").replace(b"\0\0ax", b"\0\0bx", 1)),
        ("packed", _zip(a=b"x").replace(b"\x2d\0\0\x08\0\0", b"\x2d\0\0\x08\x08\0")),
        ("size", _zip(a=b"x").replace(b"\1\0\0\0\1\0\0\0\1\0", b"\2\0\0\0\2\0\0\0\1\0")),
        ("path", _zip(a=b"x").replace(b"ax", b"/x").replace(b"a" + b"PK", b"/PK")),
    ],
)
def test_another_form_of_zip_is_refused(name: str, data: bytes) -> None:
    """What other programs might read in another way is not read at all."""
    Package(io.BytesIO(_zip(a=b"x", b=b"y")))
    with pytest.raises(Malformed):
        Package(io.BytesIO(data))


def test_a_zip_made_by_another_program_is_refused() -> None:
    """A package that was packed anew, compressed, is refused rather than trusted."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"x" * 100)
    with pytest.raises(Malformed, match="packed anew"):
        Package(file)


def test_no_change_of_the_zips_own_bytes_goes_unnoticed() -> None:
    """Each bit of headers and directory that is flipped is refused."""
    data = _zip(a=b"first", b=b"second")
    contents = {at for begin, size in Package(io.BytesIO(data)).entries.values() for at in range(begin, begin + size)}
    for at in {*range(len(data))} - contents:
        for bit in range(8):
            with pytest.raises(Malformed):
                Package(io.BytesIO(data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]))


def test_another_program_may_add_a_seal(original: Original, tmp_path: Path) -> None:
    """A file under META-INF that Python's own ZIP writer appends is told as open; the rest is verified as before."""
    path = tmp_path / "sealed.asice"
    path.write_bytes(original.path.read_bytes())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("META-INF/timestamp.tst", b"a token")
    found: list[Finding] = []
    assert verify(str(path), None, found.append) == 3
    assert [each.values for each in found if each.code == "seal-open"] == [("META-INF/timestamp.tst",)]
