# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asking a real authority over real sockets, in good days and in bad ones."""

import base64
import dataclasses
import hashlib
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.tools.tsa import POLICY, TEXT, Issuer, Reply, Responder, Server, needs_openssl, serve, verify
from torrazzo.base.clock import SystemClock
from torrazzo.base.errors import Invalid, Unavailable
from torrazzo.base.secret import Secret
from torrazzo.base.times import SECOND, BootNs, UtcTicks
from torrazzo.ledger.anchor import CLOCK, Head, anchor_fact
from torrazzo.ledger.anchor_authority import Authority, Login
from torrazzo.ledger.anchor_http import Limits, ask
from torrazzo.ledger.anchor_query import query
from torrazzo.ledger.anchor_queue import AnchorQueue
from torrazzo.ledger.errors import Unproven

pytestmark = needs_openssl

SHORT = Limits(seconds=0.5)


class Town:
    """An authority with its certificates."""

    def __init__(self, folder: Any) -> None:
        self.issuer = Issuer(folder / "ca")
        self.responder = Responder(folder / "tsa", self.issuer.issue("signer", "Signer"))
        self.server = self.issuer.issue("server", "localhost")

    def authority(self, url: str, **more: Any) -> Authority:
        return Authority(name="test", url=url, certificates=self.issuer.root.pem, policy=POLICY, **more)

    def stamp(self, asked: bytes) -> Reply:
        return Reply(self.responder.reply(asked))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    return Town(tmp_path_factory.mktemp("tsa"))


@pytest.fixture
def server(town: Town) -> Iterator[Server]:
    with serve(town.stamp) as found:
        yield found


class OffClock:
    """The machine's clock, wrong by so many seconds."""

    def __init__(self, seconds: int) -> None:
        self._off = seconds * SECOND

    def utc(self) -> UtcTicks:
        return UtcTicks(SystemClock().utc() + self._off)

    def boot_ns(self) -> BootNs:
        return SystemClock().boot_ns()


class LateClock:
    """The machine's clock, on which so many seconds passed after it was first read."""

    def __init__(self, seconds: float) -> None:
        self._passed = [0, int(seconds * 1e9)]

    def utc(self) -> UtcTicks:
        return SystemClock().utc()

    def boot_ns(self) -> BootNs:
        return BootNs(self._passed.pop(0) if len(self._passed) > 1 else self._passed[0])


def test_a_text_is_stamped_now(town: Town, server: Server) -> None:
    """The authority is asked as RFC 3161 section 3.4 says, and openssl takes the token for the text."""
    before = SystemClock().utc()
    anchor = ask(town.authority(server.url), TEXT, SystemClock())
    assert before - SECOND <= anchor.at <= SystemClock().utc()
    assert anchor.marks == ()
    assert not verify(TEXT, anchor.token, town.issuer.root.pem)
    ((path, headers, asked),) = server.asked
    assert path == "/tsa?kind=test"
    assert headers["Content-Type"] == "application/timestamp-query"
    assert hashlib.sha256(TEXT).digest() in asked
    assert "Authorization" not in headers


def test_each_question_has_a_nonce_of_its_own(town: Town) -> None:
    """An answer kept from before, whoever sends it, is refused."""
    kept: list[Reply] = []

    def again(asked: bytes) -> Reply:
        kept.append(town.stamp(asked))
        return kept[0]

    with serve(again) as server:
        assert ask(town.authority(server.url), TEXT, SystemClock())
        with pytest.raises(Unproven, match="Nonce"):
            ask(town.authority(server.url), TEXT, SystemClock())


def test_an_answer_over_something_else_is_refused(town: Town) -> None:
    """A good token of the right authority over another digest anchors nothing."""
    other = hashlib.sha256(b"other").digest()
    digest = hashlib.sha256(TEXT).digest()
    with (
        serve(lambda asked: town.stamp(asked.replace(digest, other))) as server,
        pytest.raises(Unproven, match="Mismatch between messages"),
    ):
        ask(town.authority(server.url), TEXT, SystemClock())


@pytest.mark.parametrize(
    ("off", "marks"), [(0, ()), (2, ()), (-2, ()), (10, (CLOCK,)), (-10, (CLOCK,)), (86_400, (CLOCK,))]
)
def test_a_time_that_does_not_fit_ours_is_told(town: Town, server: Server, off: int, marks: tuple[str, ...]) -> None:
    """The token holds whichever clock is wrong; more than its accuracy and two seconds apart, it bears a mark."""
    assert ask(town.authority(server.url), TEXT, OffClock(off)).marks == marks


def test_over_https_the_server_must_be_known(town: Town) -> None:
    """A certificate by the configured CA is taken, and a password sent; else it is refused before that."""
    with serve(town.stamp, tls=town.server) as server:
        authority = town.authority(server.url, ca=town.issuer.root.pem, login=Login("town", Secret("wörd")))
        assert ask(authority, TEXT, SystemClock()).marks == ()
        given = server.asked[0][1]["Authorization"].removeprefix("Basic ")
        assert base64.b64decode(given).decode() == "town:wörd"
        with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
            ask(dataclasses.replace(authority, ca=None), TEXT, SystemClock())
        assert len(server.asked) == 1  # the password went to nobody else
        elsewhere = dataclasses.replace(authority, url=server.url.replace("localhost", "127.0.0.1"))
        with pytest.raises(Unavailable, match="certificate is not valid for"):
            ask(elsewhere, TEXT, SystemClock())


def test_nobody_there_is_unavailable(town: Town) -> None:
    """A refused connection and a name that leads nowhere are told with the address, at once."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with pytest.raises(Unavailable, match=f"test: {url}: .*refused"):
            ask(town.authority(url), TEXT, SystemClock(), SHORT)


def test_an_authority_that_listens_and_is_silent_costs_the_time_limit(town: Town) -> None:
    """Connected, never answered: given up after the limit, not later."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        _gives_up(town.authority(f"http://127.0.0.1:{silent.getsockname()[1]}/"))
        with pytest.raises(Unavailable):
            ask(town.authority(f"https://127.0.0.1:{silent.getsockname()[1]}/"), TEXT, SystemClock(), SHORT)


def test_an_authority_that_drips_costs_no_more(town: Town) -> None:
    """A byte now and then, each within any pause one would allow: the limit is on the whole."""
    with serve(lambda asked: town.stamp(asked)._replace(pause=0.1)) as server:
        _gives_up(town.authority(server.url))


@pytest.mark.parametrize("passed", [29.8, 31.0])
def test_time_spent_before_counts(town: Town, passed: float) -> None:
    """What looking up and connecting took is taken off: with 0.2 s left, or none, silence is given up then."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        begun = time.monotonic()
        authority = town.authority(f"http://127.0.0.1:{silent.getsockname()[1]}/")
        with pytest.raises(Unavailable, match="time"):
            ask(authority, TEXT, LateClock(passed), Limits(seconds=30))
    assert time.monotonic() - begun < 25


def _gives_up(authority: Authority) -> None:
    begun = time.monotonic()
    with pytest.raises(Unavailable, match="time"):
        ask(authority, TEXT, SystemClock(), SHORT)
    assert 0.4 < time.monotonic() - begun < 60


@pytest.mark.parametrize(
    ("reply", "error", "why"),
    [
        (Reply(bytes(10 << 20)), Unavailable, "longer than any stamp"),
        (Reply(bytes(10 << 20), length=900), Invalid, "no answer"),
        (Reply(b"", length=10**14), Unavailable, "longer than any stamp"),
        (Reply(b"", headers=tuple((f"X-{n}", "y" * 60_000) for n in range(50))), Unavailable, "longer than any stamp"),
    ],
    ids=["long", "longer than it says", "of a length that nobody has", "long headers"],
)
def test_an_answer_without_end_is_given_up(town: Town, reply: Reply, error: type[Exception], why: str) -> None:
    """Ten megabytes are not read: neither as body nor as headers, whatever their length is said to be."""
    with serve(lambda _: reply) as server, pytest.raises(error, match=why):
        ask(town.authority(server.url), TEXT, SystemClock())


@pytest.mark.parametrize(
    ("change", "error", "why"),
    [
        (lambda r: r._replace(body=r.body[:-9], length=len(r.body)), Unavailable, "IncompleteRead"),
        (lambda r: r._replace(body=r.body[:-9]), Invalid, "9 bytes are missing"),
        (lambda _: Reply(b""), Invalid, "no answer of RFC 3161"),
        (lambda _: Reply(b"<html>log in</html>"), Invalid, "log in"),
        (lambda r: r._replace(status=500), Unavailable, "HTTP status 500"),
        (lambda r: r._replace(status=401), Unavailable, "HTTP status 401"),
        (
            lambda _: Reply(b"", 302, headers=(("Location", "http://other/"),)),
            Unavailable,
            "302 'Found' to 'http://other/'",
        ),
    ],
    ids=["lost on the way", "cut off", "empty", "a page", "an error", "a stranger", "moved"],
)
def test_what_is_no_stamp_is_told(
    town: Town, change: Callable[[Reply], Reply], error: type[Exception], why: str
) -> None:
    """Cut off on the way, cut off at the source, empty, a page, an error, a redirection: each says what it is."""
    with serve(lambda asked: change(town.stamp(asked))) as server, pytest.raises(error, match=why):
        ask(town.authority(server.url), TEXT, SystemClock())


def test_a_created_token_is_as_good(town: Town) -> None:
    """Sigstore's authority answers 201 instead of 200."""
    with serve(lambda asked: town.stamp(asked)._replace(status=201)) as server:
        assert ask(town.authority(server.url), TEXT, SystemClock())


def test_the_refusal_of_an_authority_is_told(town: Town) -> None:
    """A query that it does not take comes back with its own words."""
    broken = query(b"short", 1, None)
    with serve(lambda _: town.stamp(broken)) as server, pytest.raises(Unavailable, match="rejection"):
        ask(town.authority(server.url), TEXT, SystemClock())


def test_what_an_authority_off_line_owes_is_stamped_later(town: Town) -> None:
    """A package shows a head while nobody answers: it is flagged, and stamped as soon as the authority is back."""
    clock, head = SystemClock(), Head.of(TEXT.decode())
    queue = AnchorQueue().want(head, ("test",), clock.utc(), is_shown=True)
    is_back = False

    def answer(asked: bytes) -> Reply:
        return town.stamp(asked) if is_back else Reply(b"", 503)

    with serve(answer) as server:
        authority = town.authority(server.url)
        with pytest.raises(Unavailable) as why:
            ask(authority, queue.due(clock.utc())[0].head.data, clock)
        queue = queue.failed(queue.wants[0], clock.utc(), str(why.value))
        assert not queue.due(clock.utc())
        assert [want.authority for want in queue.waiting("act", 42)] == ["test"]
        assert "HTTP status 503" in queue.silences[0].why
        is_back = True
        (want,) = queue.due(UtcTicks(clock.utc() + 61 * SECOND))
        anchor = ask(authority, want.head.data, clock)
        queue = queue.stamped(want)
    assert not queue.waiting("act", 42)
    assert not verify(TEXT, anchor.token, town.issuer.root.pem)
    assert anchor_fact(head, anchor)["d"] == base64.b64encode(hashlib.sha256(anchor.token).digest()).decode()
