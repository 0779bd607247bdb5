# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""`torrazzo camera`: the registry."""

import contextlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from torrazzo.base.errors import Invalid, Refused, Unavailable
from torrazzo.base.ids import STREAM_NAMES, CameraId, StreamId
from torrazzo.base.secret import Secret
from torrazzo.base.times import ticks_from_text
from torrazzo.cli.exits import FOUND
from torrazzo.cli.office import changing_cameras, read_camera, read_cameras
from torrazzo.cli.options import HomeOption, JsonOption
from torrazzo.cli.output import local_text, warn, write_json, write_table
from torrazzo.cli.process_options import find_home
from torrazzo.cli.sectors import sectors
from torrazzo.law.alone import waits
from torrazzo.town.camera import Camera, StreamConfig, check_name, new_camera_id, parse_address
from torrazzo.town.home import Home, load_settings
from torrazzo.town.wire import camera_for_people

if TYPE_CHECKING:
    from torrazzo.camera.onvif import Description

app = typer.Typer(
    help="The cameras: discover, add, list, show, set, sectors, remove, probe.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.command("sectors")(sectors)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="A camera's name, in any case, or its id.")]
SubOption = Annotated[str | None, typer.Option("--sub", metavar="URL", help="The small stream, for live pictures.")]
PlaceOption = Annotated[str | None, typer.Option("--place", metavar="TEXT", help="Where it stands.")]
UserOption = Annotated[str | None, typer.Option("--user", metavar="USER", help="The user at the camera.")]
PasswordOption = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
TransportOption = Annotated[str | None, typer.Option("--transport", metavar="auto|tcp|udp", help="How RTP travels.")]
CaOption = Annotated[Path | None, typer.Option("--ca", metavar="FILE", help="Authority that vouches for rtsps (PEM).")]
KeepOption = Annotated[
    int | None, typer.Option("--keep", metavar="HOURS", help="How long its footage lives, from 2 to 168 hours.")
]
PinOption = Annotated[str | None, typer.Option("--pin", metavar="HEX", help="SHA-256 of the camera's own certificate.")]


@app.command("discover")
def discover(
    seconds: Annotated[float, typer.Option("--seconds", metavar="N", min=0.5, max=60, help="How long to listen.")] = 3,
    interface: Annotated[
        str, typer.Option("--interface", metavar="ADDRESS", help="An address of this machine: the network to ask.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Ask this network which cameras are there (ONVIF); no camera is signed in to, none is changed."""
    from torrazzo.cli.onvif import found_json, search, show_found

    devices = search(seconds, interface)
    if as_json:
        write_json([found_json(found) for found in devices])
    else:
        show_found(devices)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="How people call it.")],
    url: Annotated[str | None, typer.Argument(metavar="URL", help="Its main stream, rtsp://…")] = None,
    home: HomeOption = None,
    onvif: Annotated[
        str | None, typer.Option("--onvif", metavar="ADDRESS", help="The device; it is asked for its streams.")
    ] = None,
    sensor: Annotated[
        int, typer.Option("--sensor", metavar="N", min=1, help="Which, of a device that looks several ways.")
    ] = 1,
    sub: SubOption = None,
    place: PlaceOption = None,
    synthetic: Annotated[bool, typer.Option("--synthetic", help="Shows no real place or person.")] = False,
    keep: KeepOption = None,
    user: UserOption = None,
    password_stdin: PasswordOption = False,
    transport: TransportOption = None,
    ca: CaOption = None,
    pin: PinOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a camera: a synthetic one is recorded from now on, a real one once two have activated it on the page."""
    from torrazzo.town.office import new_camera

    if (url is None) == (onvif is None):
        raise Invalid("give either the address of its main stream, rtsp://…, or --onvif with that of the device")
    place_, name = find_home(home), check_name(name)
    id_ = new_camera_id()
    password = _read_password() if password_stdin else None
    device = None
    if onvif is not None:
        device = _ask_device(onvif, user, password, sensor, ca, pin)
        url, sub = device.main.url, sub or (device.sub.url if device.sub is not None else None)
    urls = {"main": url, "sub": sub or None}
    streams = [_stream(id_, stream, text) for stream, text in urls.items() if text is not None]
    streams = [_with(stream, user, password, transport, ca, pin) for stream in streams]
    camera = new_camera(id_, name, streams, place=(place or "").strip(), synthetic=synthetic)
    if keep is not None:
        camera = replace(camera, retention_hours=keep)
    with changing_cameras(place_) as office:
        camera = office.add(camera)
    _have_keys(place_, keep)
    _tell_added(camera, device, as_json)


@app.command("list")
def list_cameras(
    home: HomeOption = None,
    removed: Annotated[bool, typer.Option("--removed", help="Those that were removed, too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the cameras."""
    place = find_home(home)
    cameras = read_cameras(place, has_removed=removed)
    if as_json:
        write_json([camera_for_people(camera) for camera in cameras])
        return
    if not cameras:
        print("There is no camera yet. Add one: torrazzo camera add NAME rtsp://…")
        return
    zone = load_settings(place).zone
    write_table(
        ("NAME", "PLACE", "STREAMS", "STATE", "ID"),
        [
            (
                camera.name,
                camera.place,
                "+".join(s.id.name for s in camera.streams),
                _state_text(camera, zone),
                camera.id,
            )
            for camera in cameras
        ],
    )


@app.command("show")
def show(name: NameArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Everything that is declared about one camera; never its password."""
    place = find_home(home)
    camera, zone = read_camera(place, name, has_removed=True), load_settings(place).zone
    if as_json:
        write_json(camera_for_people(camera))
        return
    until = f"until {local_text(camera.permit_until, zone)}" if camera.permit_until else "no end known"
    print(f"{camera.name} ({camera.id})")
    print(f"  place       {camera.place or '-'}")
    print(f"  state       {_state_text(camera, zone)}")
    print(f"  pictures    {'synthetic' if camera.synthetic else 'real'}")
    print(f"  permitted   {until}")
    print(f"  kept        {camera.retention_hours} hours")
    print(f"  added       {local_text(camera.added, zone)}")
    for stream in camera.streams:
        secret = ", with a password" if stream.password is not None else ""
        user = f", user {stream.username}" if stream.username else ""
        print(f"  {stream.id.name:<11} {stream.shown_url} ({stream.transport}{user}{secret})")


@app.command("set")
def set_camera(
    name: NameArgument,
    home: HomeOption = None,
    new_name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="A new name.")] = None,
    url: Annotated[str | None, typer.Option("--url", metavar="URL", help="A new address of the main stream.")] = None,
    sub: SubOption = None,
    no_sub: Annotated[bool, typer.Option("--no-sub", help="Record the sub stream no more.")] = False,
    place: PlaceOption = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="T", help="End of the permission to record, or `none`.")
    ] = None,
    enable: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Record a synthetic one, or stop.", show_default=False)
    ] = None,
    keep: KeepOption = None,
    user: UserOption = None,
    password_stdin: PasswordOption = False,
    transport: TransportOption = None,
    ca: CaOption = None,
    pin: PinOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change what is declared about a camera; no other camera notices."""
    place_ = find_home(home)
    password = _read_password() if password_stdin else None
    if sub and no_sub:
        raise Invalid("--sub and --no-sub contradict each other; give one of them")
    with changing_cameras(place_) as office:
        before = read_camera(place_, name)
        streams = [_with(s, user, password, transport, ca, pin) for s in _new_streams(before, url, sub, no_sub)]
        camera = replace(before, streams=tuple(streams))
        if new_name is not None:
            camera = replace(camera, name=check_name(new_name))
        if place is not None:
            camera = replace(camera, place=place.strip())
        if until is not None:
            zone = load_settings(place_).zone
            camera = replace(camera, permit_until=None if until == "none" else ticks_from_text(until, zone))
        if enable is not None:
            camera = replace(camera, enabled=enable)
        if keep is not None:
            camera = replace(camera, retention_hours=keep)
        if camera != before:
            camera = office.change(camera)
    _have_keys(place_, keep)
    if as_json:
        write_json(camera_for_people(camera))
    else:
        print(f"{'Changed' if camera != before else 'Nothing to change in'} {camera.name} ({camera.id}).")


@app.command("remove")
def remove(
    name: NameArgument,
    home: HomeOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Stop recording a camera for good and forget its passwords; its footage stays until its time is over."""
    place = find_home(home)
    camera = read_camera(place, name)
    if not yes:
        if not sys.stdin.isatty():
            raise Refused(
                f"{camera.name}: nobody can be asked here whether to stop recording it and forget its passwords; "
                "--yes says so. Nothing was changed"
            )
        typer.confirm(f"Stop recording {camera.name} and forget its addresses and passwords?", abort=True)
    with changing_cameras(place) as office:
        office.remove(camera.id)
    print(f"Removed {camera.name} ({camera.id}). Its footage stays until its time is over.")


@app.command("probe")
def probe(
    name: Annotated[str, typer.Argument(metavar="NAME|URL", help="A camera of the town, or an address to try.")],
    home: HomeOption = None,
    user: UserOption = None,
    password_stdin: PasswordOption = False,
    transport: TransportOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask a camera what it sends, and whether that can be recorded; nothing is stored."""
    from torrazzo.cli.probing import probe_streams, show_probe

    password = _read_password() if password_stdin else None
    if "://" in name:
        streams: tuple[StreamConfig, ...] = (_stream(CameraId("0" * 16), "main", name),)
    else:
        streams = read_camera(find_home(home), name).streams
    results = probe_streams([_with(stream, user, password, transport, None, None) for stream in streams])
    if as_json:
        write_json([result.to_json() for result in results])
    else:
        show_probe(results)
    if not all(result.is_recordable for result in results):
        raise typer.Exit(FOUND)


def _ask_device(
    address: str, user: str | None, password: Secret | None, sensor: int, ca: Path | None, pin: str | None
) -> "Description":
    from torrazzo.camera.onvif.http import Trust
    from torrazzo.cli.onvif import ask_device

    trust = Trust(None if ca is None else _read_ca(ca), None if pin is None else pin.replace(":", "").lower())
    return ask_device(address, user, password, sensor, trust)


def _tell_added(camera: Camera, device: "Description | None", as_json: bool) -> None:
    from torrazzo.cli.onvif import description_json, show_description, warn_of

    if device is not None:
        warn_of(device)
    if as_json:
        write_json(camera_for_people(camera) | ({} if device is None else {"device": description_json(device)}))
        return
    print(f"Added {camera.name} ({camera.id}), {_streams_text(camera)}.")
    if waits(camera):
        print("It shows a real place, so it is not recorded yet: on the page one person proposes it with its file of")
        print("purpose, and another confirms (Cameras).")
    if device is not None:
        show_description(device)


def _stream(camera: CameraId, name: str, text: str) -> StreamConfig:
    address = parse_address(text)
    if address.password is not None:
        warn("the password in the address now stands in your shell's history; --password-stdin keeps it out of there")
    return StreamConfig(StreamId(camera, name), address.url, address.username, address.password)


def _new_streams(camera: Camera, url: str | None, sub: str | None, no_sub: bool) -> list[StreamConfig]:
    """Its streams with new addresses; user and password stay unless the new address brings its own."""
    streams = []
    for name in STREAM_NAMES:
        old, text = camera.stream(name), {"main": url, "sub": sub}[name]
        if text is None:
            streams += [old] if old is not None and not (name == "sub" and no_sub) else []
            continue
        new = _stream(camera.id, name, text)
        like = old or camera.stream("main")
        if like is not None:
            has_own = new.username is not None or new.password is not None
            new = replace(
                like,
                id=new.id,
                url=new.url,
                username=new.username if has_own else like.username,
                password=new.password if has_own else like.password,
            )
        streams.append(new)
    return streams


def _with(
    stream: StreamConfig,
    user: str | None,
    password: Secret | None,
    transport: str | None,
    ca: Path | None,
    pin: str | None,
) -> StreamConfig:
    """The stream with what the options say; options not given change nothing."""
    return replace(
        stream,
        username=stream.username if user is None else user or None,
        password=stream.password if password is None else password,
        transport=transport or stream.transport,
        ca_pem=stream.ca_pem if ca is None else _read_ca(ca),
        pin_sha256=stream.pin_sha256 if pin is None else pin.replace(":", "").lower() or None,
    )


def _read_ca(path: Path) -> str:
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise Invalid(f"{path}: {error}; give a file with a certificate in PEM form") from error
    if "-----BEGIN CERTIFICATE-----" not in text:
        raise Invalid(f"{path}: no certificate in PEM form in it")
    return text


def _have_keys(home: Home, keep: int | None) -> None:
    """Keys of a class that is new are made now, and not within a minute; without a keyring nobody waits for them."""
    if keep is not None:
        from torrazzo.keyring import KeyClient

        with contextlib.suppress(Unavailable, Refused):
            KeyClient(home.path).look()


def _read_password() -> Secret:
    if sys.stdin.isatty():
        import getpass

        return Secret(getpass.getpass("Password at the camera: "))
    text = sys.stdin.readline().rstrip("\r\n")
    if not text:
        raise Invalid("--password-stdin: nothing came from standard input")
    return Secret(text)


def _state_text(camera: Camera, zone: ZoneInfo) -> str:
    if camera.removed is not None:
        return f"removed {local_text(camera.removed, zone)}"
    return "waits" if waits(camera) else "enabled" if camera.enabled else "disabled"


def _streams_text(camera: Camera) -> str:
    return " and ".join(f"{stream.id.name} {stream.shown_url}" for stream in camera.streams)
