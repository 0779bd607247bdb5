# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
from dataclasses import replace
from pathlib import Path

import pytest

from torrazzo.base.errors import Damaged, Invalid, Refused, Unavailable
from torrazzo.base.ids import CameraId, StreamId
from torrazzo.base.secret import Secret
from torrazzo.durable import OsDisk
from torrazzo.town import Home, StreamConfig, load_box, load_settings
from torrazzo.town.box import make_box
from torrazzo.town.camera import check_name, parse_address
from torrazzo.town.home import new_settings, save_settings


def test_settings_come_back_as_written(tmp_path: Path) -> None:
    """Names with quotes, several roots and the node id survive the round through the file."""
    home = Home(tmp_path)
    written = new_settings(home, 'Cre"mona \\ città', roots=(Path("/mnt/a"), Path("archive")))
    written = replace(written, floor_hours=96)
    save_settings(home, OsDisk(), written)
    assert load_settings(home) == written
    assert load_settings(home).roots == (Path("/mnt/a"), tmp_path / "archive")


GOOD = '[town]\nname = "C"\ntime_zone = "Europe/Rome"\nnode = "7f3a91c2"\n[[roots]]\npath = "archive"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = [", "not TOML"),
        ("", r"\[town\] is missing"),
        (GOOD.replace("Europe/Rome", "Europe/Roma"), "unknown time zone 'Europe/Roma'"),
        (GOOD.replace("Europe/Rome", "../../etc/passwd"), "unknown time zone"),
        (GOOD.replace("7f3a91c2", "7F3A91C2"), "town.node"),
        (GOOD.replace("name =", "nome ="), r"unknown setting town\.nome"),
        (GOOD + 'size = "4"\n', r"unknown setting roots\.size"),
        ("colour = 1\n" + GOOD, "unknown setting colour"),
        (GOOD + '[[roots]]\npath = "./archive"\n', "twice"),
        (GOOD + "[page]\nport = 70000\n", r"page\.port"),
        (GOOD + '[public]\naddress = "http://sala.example.it"\nlisten = "0.0.0.0:443"\n', r"public\.address"),
        (GOOD + '[public]\naddress = "https://sala.example.it/x"\nlisten = "0.0.0.0:443"\n', r"public\.address"),
        (GOOD + '[public]\naddress = "https://sala.example.it"\nlisten = "443"\n', r"public\.listen"),
        (GOOD + '[public]\naddress = "https://sala.example.it"\nlisten = "0.0.0.0:443"\n', "proxy = true"),
        (GOOD + '[public]\naddress = "https://sala.example.it"\nlisten = "[::]:443"\nkey = "k"\n', "certificate"),
        (GOOD + "[retention]\nfloor_hours = true\n", r"retention\.floor_hours"),
        (GOOD + "[retention]\nfloor_hours = 1\n", "from 2 to 168"),
        (GOOD + "[retention]\nhours = 100\n", r"unknown setting retention\.hours"),
        (GOOD.split("[[", maxsplit=1)[0], "at least one"),
    ],
)
def test_bad_settings_are_told(tmp_path: Path, text: str, told: str) -> None:
    """Each mistake in the file is named together with the file."""
    (tmp_path / "torrazzo.toml").write_text(text)
    with pytest.raises(Invalid, match=told) as error:
        load_settings(Home(tmp_path))
    assert "torrazzo.toml" in str(error.value)


def test_settings_above_the_legal_term_are_refused(tmp_path: Path) -> None:
    """RT-01: nobody can set up a town to keep, even at the least, more than 168 hours."""
    (tmp_path / "torrazzo.toml").write_text(GOOD + "[retention]\nfloor_hours = 169\n")
    with pytest.raises(Refused, match="ABOVE_LEGAL_MAX"):
        load_settings(Home(tmp_path))


def test_a_folder_without_a_town_says_what_to_run(tmp_path: Path) -> None:
    """The first command in an empty folder is told to run init."""
    with pytest.raises(Unavailable, match="torrazzo init --home"):
        load_settings(Home(tmp_path))


def test_the_box_key_is_ours_alone(tmp_path: Path) -> None:
    """A key that others may read is refused; so is making a second one."""
    path = tmp_path / "secrets" / "box.key"
    box = make_box(OsDisk(), path)
    assert load_box(path) == box
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Refused):
        make_box(OsDisk(), path)
    path.chmod(0o640)
    with pytest.raises(Refused, match="chmod 600"):
        load_box(path)


def test_a_sealed_value_opens_in_its_place_only(tmp_path: Path) -> None:
    """What was sealed for one stream does not open for another, nor with a bit flipped; repr hides the key."""
    box = make_box(OsDisk(), tmp_path / "box.key")
    sealed = box.seal("segreto", "a/main")
    assert box.open(sealed, "a/main") == "segreto"
    for bad, place in ((sealed, "a/sub"), (sealed[:-1] + bytes([sealed[-1] ^ 1]), "a/main"), (b"", "a/main")):
        with pytest.raises(Damaged):
            box.open(bad, place)
    assert box.key.hex() not in repr(box)


@pytest.mark.parametrize(
    ("text", "url", "user", "password"),
    [
        ("rtsp://h/p", "rtsp://h/p", None, None),
        ("rtsp://u:p%40ss@h:8554/p?x=1", "rtsp://h:8554/p?x=1", "u", "p@ss"),
        ("rtsp://u@h/p", "rtsp://h/p", "u", None),
        ("rtsp://u:a@b@h/p", "rtsp://h/p", "u", "a@b"),
        ("rtsps://u:@[::1]:322/p", "rtsps://[::1]:322/p", "u", ""),
        ("file:///srv/clip.mp4", "file:///srv/clip.mp4", None, None),
    ],
)
def test_user_and_password_are_split_off(text: str, url: str, user: str | None, password: str | None) -> None:
    """What is left of an address carries no user information."""
    found = parse_address(text)
    assert found == (url, user, None if password is None else Secret(password))


@pytest.mark.parametrize(
    "text",
    [
        "h/p",
        "gopher://u:pw123@h/",
        "rtsp:///p",
        "rtsp://u:pw123@",
        "rtsp://u:pw123@h:99999/",
        "rtsp://[u:pw123@h/",
        "rtsp://h/a b",
    ],
)
def test_a_bad_address_is_refused_without_repeating_it(text: str) -> None:
    """The error never carries the password."""
    with pytest.raises(Invalid) as error:
        parse_address(text)
    assert "pw123" not in str(error.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://h/a?user=x&password=geheim&ch=1", "rtsp://h/a?user=x&password=•••&ch=1"),
        ("rtsp://h/user=admin_password=tlJwpbo6_channel=1.sdp", "rtsp://h/user=admin_password=•••"),
        ("rtsp://h/a?channel=2", "rtsp://h/a?channel=2"),
    ],
)
def test_secrets_within_an_address_are_not_shown(url: str, shown: str) -> None:
    """Addresses of some cameras carry their password themselves."""
    assert StreamConfig(StreamId(CameraId("0" * 16), "main"), url).shown_url == shown


@pytest.mark.parametrize("name", ["", " ", "a" * 81, "a\x00b", "3f9a1c0e5b7d2264", "3f9a1c0e5b7d2264/main"])
def test_a_name_must_be_sayable(name: str) -> None:
    """A name that is empty, unprintable, or looks like an id is refused."""
    with pytest.raises(Invalid):
        check_name(name)
    assert check_name("  Via   Giordano ") == "Via Giordano"
