# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The socket's application with a real office behind it."""

import asyncio
import json
import socket
from pathlib import Path

import pytest

from tests.tools.asgi import Client
from torrazzo.access import Peer
from torrazzo.base.errors import Damaged, Invalid, Refused, TorrazzoError, Unavailable
from torrazzo.base.ids import StreamId
from torrazzo.base.secret import Secret
from torrazzo.control_room.answers import error_body, error_status, parse_error
from torrazzo.control_room.bind import allowed_hosts, bind_page, check_loopback, page_address
from torrazzo.control_room.socket_app import make_socket_app
from torrazzo.control_room.state import TownState, town_state
from torrazzo.durable import OsDisk
from torrazzo.testing.clock import FakeClock
from torrazzo.town import Camera, Home, StreamConfig, load_box, load_plan, load_settings
from torrazzo.town.camera import UnknownCamera, new_camera_id
from torrazzo.town.home import new_settings
from torrazzo.town.office import Office, found_town, new_camera
from torrazzo.town.wire import camera_for_people, camera_from_wire, camera_to_wire


def declared(name: str = "Via Giordano") -> Camera:
    id_ = new_camera_id()
    stream = StreamConfig(StreamId(id_, "main"), "rtsp://h/p?password=geheim", "u", Secret("pa55wörd"))
    return new_camera(id_, name, [stream], place="here", synthetic=True)


def test_a_camera_survives_the_wire() -> None:
    """Every field comes back equal; the form for people shows no secret."""
    camera = declared()
    assert camera_from_wire(json.loads(json.dumps(camera_to_wire(camera)))) == camera
    shown = json.dumps(camera_for_people(camera), ensure_ascii=False)
    assert "pa55" not in shown
    assert "geheim" not in shown


@pytest.mark.parametrize(
    "broken",
    [None, [], {}, {"id": "x"}, {"enabled": 1}, {"added": True}, {"streams": {}}, {"streams": [{"name": "third"}]}],
)
def test_a_broken_camera_is_refused(broken: object) -> None:
    """Anything that is not a whole camera is Invalid."""
    body = {**camera_to_wire(declared()), **broken} if isinstance(broken, dict) and broken else broken
    with pytest.raises(Invalid):
        camera_from_wire(body)


@pytest.mark.parametrize("kind", [Invalid, UnknownCamera, Refused, Unavailable, Damaged, TorrazzoError])
def test_an_error_travels(kind: type[TorrazzoError]) -> None:
    """The other side raises the same kind with the same text."""
    error = parse_error(json.loads(json.dumps(error_body(kind("perché")))), error_status(kind("")))
    assert type(error) is kind
    assert str(error) == "perché"
    assert isinstance(parse_error("?", 502), Unavailable)


def test_changes_reach_the_plan(tmp_path: Path) -> None:
    """Add, change, remove over HTTP; each is in the plan on disk when the answer comes, errors keep their kind."""
    clock, home = FakeClock(), Home(tmp_path)
    found_town(home, OsDisk(), clock, new_settings(home, "C"))
    settings, box = load_settings(home), load_box(home.box_key)
    taken: list[object] = []

    def take(body: object) -> int:
        taken.append(body)
        return 1

    def state() -> TownState:
        return town_state(settings, office.registry.cameras(), None, lambda *_: (), clock.utc())

    with Office(home, OsDisk(), clock) as office:
        http = Client(make_socket_app(lambda _: office, state, take, lambda: {"facts": 3}), peer=Peer(0, "root"))
        camera = declared()
        added = http.ask("POST", "/cameras", camera_to_wire(camera))
        assert added.status == 200
        assert [entry.stream for entry in load_plan(home.plan, box).entries] == list(camera.streams)
        assert http.ask("POST", "/cameras", camera_to_wire(declared("VIA giordano"))).status == 409
        assert http.ask("POST", "/cameras", b"{").status == 400
        moved = {**added.json(), "enabled": False}
        assert http.ask("PUT", f"/cameras/{camera.id}", moved).json()["enabled"] is False
        assert load_plan(home.plan, box).entries == ()
        assert http.ask("PUT", "/cameras/0000000000000001", moved).status == 400
        assert http.get("/state").json()["cameras"][0]["streams"][0]["state"] == "disabled"
        assert http.ask("DELETE", f"/cameras/{camera.id}").status == 200
        assert http.ask("DELETE", f"/cameras/{camera.id}").status == 404
        assert http.ask("POST", "/facts", {"facts": []}).json() == {"taken": 1}
        assert taken == [{"facts": []}]
        assert http.ask("POST", "/catalogue/rebuild").json() == {"facts": 3}


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "192.168.1.4", "example.org", "", "127.0.0.1.example.org", "2130706433"],  # noqa: S104 - refused
)
def test_the_page_stays_on_this_machine(host: str) -> None:
    """Any address that others can reach is refused, with the way to do it instead."""
    with pytest.raises(Refused, match="ssh -L"):
        check_loopback(host)


def test_loopback_is_bound() -> None:
    """Loopback addresses are bound; a taken port says so; the address told is the one that answers."""
    assert check_loopback("localhost") == "127.0.0.1"
    assert check_loopback("[::1]") == "::1"
    with bind_page("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        assert page_address(listener) == f"http://127.0.0.1:{port}/"
        assert f"localhost:{port}" in allowed_hosts(listener)
        with pytest.raises(Unavailable, match="--port"):
            bind_page("127.0.0.1", port)


def test_no_answer_waits_for_an_acknowledgement() -> None:
    """What is served on the page's socket leaves at once (TCP_NODELAY), however small its last part is."""

    async def told() -> int:
        found = asyncio.get_running_loop().create_future()

        def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = writer.get_extra_info("socket")
            found.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listener = bind_page("127.0.0.1", 0)
        host, port = listener.getsockname()
        async with await asyncio.start_server(connected, sock=listener):
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
            return int(await found)

    assert asyncio.run(told())
