# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
import json
from typing import Any

import pytest

from tests.tools.gate_town import GateTown, segment_line, view_values
from torrazzo.base.errors import Invalid
from torrazzo.keyring.gate_request import MOST_SEGMENTS, CloseRequest, KeyRequest


def _request() -> KeyRequest:
    town = GateTown()
    window = town.book("view", view_values())
    return town.request(window, [town.rec.append(segment_line())], (0, 0))


def test_a_request_is_read_as_it_was_written() -> None:
    """Both requests come back the same, with and without an approval."""
    request = _request()
    assert KeyRequest.parse(request.text()) == request
    view = request._replace(approved=None)
    assert KeyRequest.parse(view.text()) == view
    last = request._replace(window=request.window._replace(number=2**63 - 1))
    assert KeyRequest.parse(last.text()) == last
    closing = CloseRequest(request.act, request.window, request.segments[0])
    assert CloseRequest.parse(closing.text()) == closing


def test_a_request_has_at_most_so_many_segments() -> None:
    """An hour fits, a day is asked for in pieces, and nothing is not asked for."""
    request = _request()
    assert len(KeyRequest.parse(request._replace(segments=request.segments * MOST_SEGMENTS).text()).segments) == 512
    for count in (0, MOST_SEGMENTS + 1):
        with pytest.raises(Invalid, match="segments: expected a list of 1 to 512"):
            KeyRequest.parse(request._replace(segments=request.segments * count).text())


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("v",), 2),
        (("v",), True),
        (("token",), "AA=="),
        (("token",), None),
        (("more",), 1),
        (("act",), None),
        (("act", "head"), "x"),
        (("act", "head"), "\ud800"),
        (("act", "since"), -1),
        (("act", "since"), True),
        (("act", "path"), ["AA=="]),
        (("act", "path"), ["A" * 43 + "="] * 127),
        (("rec", "path"), {}),
        (("window", "index"), -1),
        (("window", "index"), 2**63),
        (("window", "index"), "1"),
        (("window", "line"), "\udfff"),
        (("window", "line"), 1),
        (("window", "path"), ["A" * 43 + "="] * 64),
        (("window", "more"), 1),
        (("ask",), None),
        (("approve",), None),
        (("segments",), {}),
        (("segments", 0), 1),
        (("sealed",), ""),
    ],
)
def test_what_is_not_in_its_form_is_refused(where: tuple[Any, ...], value: object) -> None:
    """Another version, a name too many, a number, hash or text that is none: each is an error."""
    found: Any = json.loads(_request().text())
    place = found
    for name in where[:-1]:
        place = place[name]
    place[where[-1]] = value
    with pytest.raises(Invalid):
        KeyRequest.parse(json.dumps(found).encode())


def test_a_close_request_is_read_strictly() -> None:
    """Its version and names are held to as well."""
    request = _request()
    text = CloseRequest(request.act, request.window, request.window).text()
    for old, new in ((b'{"v":1', b'{"v":2'), (b'{"v":1', b'{"v":1,"w":1')):
        with pytest.raises(Invalid):
            CloseRequest.parse(text.replace(old, new, 1))
