# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The conversation, spoken by both sides without a socket."""

from collections.abc import Callable

import pytest

from torrazzo.base.secret import Secret
from torrazzo.camera import CameraError
from torrazzo.camera.address import parse_rtsp_url
from torrazzo.camera.auth import Credentials
from torrazzo.camera.errors import NotNative
from torrazzo.camera.rtsp import Request, Response, find_header, parse_message
from torrazzo.camera.session import Conversation, Redirected

URL = "rtsp://10.0.0.9/live"
SDP = (
    b"v=0\r\na=control:*\r\nm=audio 0 RTP/AVP 0\r\na=control:sound\r\n"
    b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:picture\r\n"
)
PASSWORD = "s3cret-Passw0rd"
Talk = tuple[Conversation, Callable[..., Request]]


def parse(data: bytes) -> Request:
    message, at = parse_message(data, 0, len(data)) or (None, 0)
    assert isinstance(message, Request)
    assert at == len(data)
    return message


def begin(username: str | None = "admin") -> tuple[Conversation, Request]:
    conversation = Conversation(parse_rtsp_url(URL), Credentials(username, Secret(PASSWORD), lambda: "c"))
    return conversation, parse(conversation.start())


def answer(request: Request, status: int = 200, *headers: tuple[str, str], body: bytes = b"") -> Response:
    return Response(status, "Said", (("cseq", find_header(request.headers, "cseq") or ""), *headers), body)


def until(method: str, username: str | None = "admin") -> tuple[Conversation, Request]:
    """A conversation up to the request of that method; OPTIONS is the one that asks how to be kept alive."""
    conversation, request = begin(username)
    replies: dict[str, tuple[tuple[tuple[str, str], ...], bytes]] = {
        "DESCRIBE": ((("content-base", URL + "/"),), SDP),
        "SETUP": ((("session", "77;timeout=30"), ("transport", "RTP/AVP/TCP;interleaved=2-3")), b""),
        "PLAY": ((("session", "77"),), b""),
    }
    while request.method != method:
        headers, body = replies[request.method]
        request = parse(conversation.receive(answer(request, 200, *headers, body=body)))
    return conversation, request


def test_only_the_video_track_is_set_up() -> None:
    """DESCRIBE, one SETUP over TCP, PLAY of the whole, then pictures flow on the channels the camera chose."""
    conversation, request = begin()
    assert (request.method, request.url) == ("DESCRIBE", URL)
    assert find_header(request.headers, "accept") == "application/sdp"
    request = parse(conversation.receive(answer(request, 200, ("content-base", URL + "/"), body=SDP)))
    assert (request.method, request.url) == ("SETUP", URL + "/picture")
    assert find_header(request.headers, "transport") == "RTP/AVP/TCP;unicast;interleaved=0-1"
    reply = answer(request, 200, ("session", "77;timeout=30"), ("transport", "RTP/AVP/TCP;interleaved=2-3"))
    request = parse(conversation.receive(reply))
    assert (request.method, request.url, find_header(request.headers, "session")) == ("PLAY", URL + "/", "77")
    request = parse(conversation.receive(answer(request)))
    assert (conversation.state, conversation.channels, conversation.timeout) == ("playing", (2, 3), 30)
    assert request.method == "OPTIONS"


@pytest.mark.parametrize(
    ("public", "status", "expected"),
    [
        ("OPTIONS, DESCRIBE, GET_PARAMETER", 200, "GET_PARAMETER"),
        ("OPTIONS, DESCRIBE", 200, "OPTIONS"),
        ("DESCRIBE, SET_PARAMETER", 200, "SET_PARAMETER"),
        ("", 200, "GET_PARAMETER"),
        ("", 501, "GET_PARAMETER"),
    ],
)
def test_each_camera_is_kept_alive_as_it_says(public: str, status: int, expected: str) -> None:
    """The Public header decides."""
    conversation, request = until("OPTIONS")
    assert conversation.receive(answer(request, status, ("public", public))) == b""
    request = parse(conversation.keep_alive())
    assert request.method == expected
    assert find_header(request.headers, "session") == "77"


def test_a_keep_alive_that_is_not_known_is_replaced_at_once() -> None:
    """501 or 405: the next method without waiting, never the end of the stream, and no endless talk."""
    conversation, request = until("OPTIONS")
    conversation.receive(answer(request, 200, ("public", "OPTIONS, GET_PARAMETER, SET_PARAMETER")))
    request = parse(conversation.keep_alive())
    methods = [request.method]
    for status in (501, 405):
        request = parse(conversation.receive(answer(request, status)))
        methods.append(request.method)
    assert methods == ["GET_PARAMETER", "SET_PARAMETER", "OPTIONS"]
    assert conversation.receive(answer(request, 551)) == b""
    assert parse(conversation.keep_alive()).method == "OPTIONS"


def test_keep_alives_that_are_never_answered_hold_no_memory() -> None:
    """Some cameras don't answer while they stream."""
    conversation, _ = until("OPTIONS")
    for _ in range(1_000):
        conversation.keep_alive()
    assert len(conversation._sent) < 20


def test_digest_signs_every_request_after_the_challenge() -> None:
    """One 401, then signatures with a growing count."""
    conversation, request = begin()
    challenge = ("www-authenticate", 'Digest realm="r", nonce="n", qop="auth"')
    request = parse(conversation.receive(answer(request, 401, challenge)))
    assert request.method == "DESCRIBE"
    assert "nc=00000001" in (find_header(request.headers, "authorization") or "")
    request = parse(conversation.receive(answer(request, 200, body=SDP)))
    assert "nc=00000002" in (find_header(request.headers, "authorization") or "")
    assert f'uri="{request.url}"' in (find_header(request.headers, "authorization") or "")


@pytest.mark.parametrize("scheme", ['Digest realm="r", nonce="%d"', 'Basic realm="%d"'])
def test_a_wrong_password_is_tried_once(scheme: str) -> None:
    """A second refusal ends it, whatever nonce it brings: cameras lock users out."""
    conversation, request = begin()
    request = parse(conversation.receive(answer(request, 401, ("www-authenticate", scheme % 1))))
    with pytest.raises(CameraError, match="refuses the user or the password") as caught:
        conversation.receive(answer(request, 401, ("www-authenticate", scheme % 2)))
    assert caught.value.why == "auth"
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("second", ['realm="r", nonce="2", stale=TRUE', 'realm="r", nonce="2"', 'realm="s", nonce="1"'])
def test_an_old_nonce_or_realm_is_renewed_once(second: str) -> None:
    """A signature made for an older challenge may be refused: sign anew, once, then give up."""
    conversation, request = begin()
    first = ("www-authenticate", 'Digest realm="r", nonce="1"')
    request = parse(conversation.receive(answer(request, 401, first)))
    setup = parse(conversation.receive(answer(request, 200, body=SDP)))
    again = parse(conversation.receive(answer(setup, 401, ("www-authenticate", f"Digest {second}"))))
    assert again.method == "SETUP"
    assert find_header(again.headers, "transport") == find_header(setup.headers, "transport")
    with pytest.raises(CameraError, match="refuses the user"):
        conversation.receive(answer(again, 401, ("www-authenticate", 'Digest realm="r", nonce="3", stale=true')))


def test_a_refusal_in_mid_stream_is_the_cause_auth() -> None:
    """A camera that answers keep-alives with 401 has changed its password."""
    conversation, request = until("OPTIONS")
    request = parse(conversation.receive(answer(request, 401, ("www-authenticate", 'Digest realm="r", nonce="1"'))))
    with pytest.raises(CameraError) as caught:
        conversation.receive(answer(request, 401, ("www-authenticate", 'Digest realm="r", nonce="2"')))
    assert caught.value.why == "auth"


@pytest.mark.parametrize(
    ("username", "challenge", "text"),
    [
        (None, 'Digest realm="r", nonce="1"', "none are set"),
        ("admin", "Negotiate", "not known here"),
        ("admin", "", "not known here"),
    ],
)
def test_why_signing_in_fails_is_said(username: str | None, challenge: str, text: str) -> None:
    """No user, or no common method: two different things to do."""
    conversation, request = begin(username)
    with pytest.raises(CameraError, match=text) as caught:
        conversation.receive(answer(request, 401, ("www-authenticate", challenge)))
    assert caught.value.why == "auth"


@pytest.mark.parametrize(
    ("method", "status", "why"),
    [("DESCRIBE", 404, "nosignal"), ("DESCRIBE", 403, "auth"), ("SETUP", 453, "nosignal"), ("PLAY", 503, "nosignal")],
)
def test_refusals_have_causes(method: str, status: int, why: str) -> None:
    """What is refused, with which number, is in the error; the cause is the gap's."""
    conversation, request = until(method)
    with pytest.raises(CameraError, match=str(status)) as caught:
        conversation.receive(answer(request, status))
    assert caught.value.why == why


def test_options_comes_first_only_where_it_must() -> None:
    """A camera that refuses DESCRIBE for that reason gets OPTIONS, then DESCRIBE again, once."""
    conversation, request = begin()
    request = parse(conversation.receive(answer(request, 455)))
    assert request.method == "OPTIONS"
    request = parse(conversation.receive(answer(request, 200, ("public", "GET_PARAMETER"))))
    assert request.method == "DESCRIBE"
    with pytest.raises(CameraError):
        conversation.receive(answer(request, 455))


def test_a_refused_range_is_left_out() -> None:
    """457 Invalid Range: PLAY without it."""
    conversation, request = until("PLAY")
    again = parse(conversation.receive(answer(request, 457)))
    assert again.method == "PLAY"
    assert find_header(request.headers, "range") is not None
    assert find_header(again.headers, "range") is None


@pytest.mark.parametrize(("status", "is_proxy"), [(301, False), (302, False), (303, False), (305, True)])
def test_redirections_are_told_to_the_caller(status: int, is_proxy: bool) -> None:
    """Another connection is needed: the conversation ends here."""
    conversation, request = begin()
    with pytest.raises(Redirected) as caught:
        conversation.receive(answer(request, status, ("location", "rtsp://other/x")))
    assert (caught.value.location, caught.value.is_proxy) == ("rtsp://other/x", is_proxy)


@pytest.mark.parametrize("location", ["", "http://other/", "file:///etc/passwd"])
def test_redirections_to_elsewhere_are_refused(location: str) -> None:
    """Only RTSP is followed."""
    conversation, request = begin()
    with pytest.raises(CameraError, match="not RTSP"):
        conversation.receive(answer(request, 302, ("location", location)))


def test_a_camera_without_tcp_is_not_for_this_client() -> None:
    """461, or an answer that chose UDP all the same."""
    for reply in (461, 200):
        conversation, request = until("SETUP")
        with pytest.raises(NotNative):
            conversation.receive(
                answer(request, reply, ("session", "7"), ("transport", "RTP/AVP;unicast;client_port=1-2"))
            )


def test_channels_mean_tcp_whatever_the_protocol_is_called() -> None:
    """Some cameras leave the last part of RTP/AVP/TCP out."""
    conversation, request = until("SETUP")
    reply = answer(request, 200, ("session", "7"), ("transport", "RTP/AVP;unicast;interleaved=6-7"))
    assert parse(conversation.receive(reply)).method == "PLAY"
    assert conversation.channels == (6, 7)


def test_a_promise_of_an_answer_is_no_answer() -> None:
    """100 Continue leaves the request open."""
    conversation, request = begin()
    assert conversation.receive(answer(request, 100)) == b""
    assert parse(conversation.receive(answer(request, 200, body=SDP))).method == "SETUP"


def test_what_the_camera_asks_is_answered() -> None:
    """Its OPTIONS and GET_PARAMETER get 200, what we can't do gets 501, its TEARDOWN ends the stream."""
    conversation, _ = until("OPTIONS")
    for method, status in (("OPTIONS", 200), ("GET_PARAMETER", 200), ("ANNOUNCE", 200), ("RECORD", 501)):
        reply = conversation.receive(Request(method, "*", (("cseq", "5"),), b""))
        message, _ = parse_message(reply, 0, len(reply)) or (None, 0)
        assert isinstance(message, Response)
        assert (message.status, find_header(message.headers, "cseq")) == (status, "5")
    for method in ("TEARDOWN", "REDIRECT"):
        with pytest.raises(CameraError) as caught:
            conversation.receive(Request(method, "*", (), b""))
        assert caught.value.why == "net"


def test_a_lost_session_ends_the_stream() -> None:
    """454: the camera has forgotten us."""
    conversation, request = until("OPTIONS")
    with pytest.raises(CameraError, match="no longer knows"):
        conversation.receive(answer(request, 454))


@pytest.mark.parametrize("number", ["", "99", "x"])
def test_answers_without_their_number_are_understood(number: str) -> None:
    """Some cameras leave CSeq out, or count on their own: while one request is open it is clear."""
    conversation, _ = begin()
    reply = Response(200, "OK", (("cseq", number),), SDP)
    assert parse(conversation.receive(reply)).method == "SETUP"


def test_answers_to_nothing_are_passed_over() -> None:
    """An answer that nobody waits for changes nothing."""
    conversation, request = begin()
    conversation.receive(answer(request, 200, body=SDP))
    conversation._sent.clear()
    assert conversation.receive(answer(request, 200, body=SDP)) == b""


def test_teardown_is_said_only_to_a_session() -> None:
    """Before SETUP there is nothing to tear down."""
    conversation, _ = begin()
    assert conversation.teardown() == b""
    conversation, _ = until("PLAY")
    assert parse(conversation.teardown()).method == "TEARDOWN"


def test_a_timeout_that_cannot_be_is_bounded() -> None:
    """Neither a flood of keep-alives nor none."""
    for text, seconds in (("0", 2), ("999999999", 3_600)):
        conversation, request = until("PLAY")
        conversation.receive(answer(request, 200, ("session", f"77;timeout={text}")))
        assert conversation.timeout == seconds


def test_setup_without_session_is_refused() -> None:
    """There would be nothing to keep alive."""
    conversation, request = until("SETUP")
    with pytest.raises(CameraError, match="without a session"):
        conversation.receive(answer(request))
