# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signing in."""

import re

import pytest

from torrazzo.base.secret import Secret
from torrazzo.camera.auth import Credentials, parse_challenges


def credentials(name: str = "Mufasa", password: str = "", nonce: str = "") -> Credentials:
    return Credentials(
        name, Secret(password or "Circle of Life"), lambda: nonce or "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    )


def field(header: str, name: str) -> str | None:
    found = re.search(rf'\b{name}="?([^",]*)', header)
    return found[1] if found else None


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616(algorithm: str, response: str) -> None:
    """Section 3.9.1, both algorithms."""
    one = credentials()
    challenge = (
        f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    assert one.take([challenge]) is not None
    header = one.authorize("GET", "/dir/index.html") or ""
    assert field(header, "response") == response
    assert field(header, "opaque") == "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
    assert field(header, "nc") == "00000001"
    assert field(one.authorize("GET", "/dir/index.html") or "", "nc") == "00000002"


def test_the_example_of_rfc_2617_without_qop() -> None:
    """A camera that offers no qop is answered as RFC 2069 says."""
    one = credentials("Mufasa", "CircleOfLife")
    one.take(['Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'])
    header = one.authorize("GET", "/dir/index.html") or ""
    assert field(header, "response") == "1949323746fe6a43ef61f9606e7febea"
    assert "qop" not in header
    assert "cnonce" not in header


def test_basic_is_the_example_of_rfc_7617() -> None:
    """Section 2."""
    one = credentials("Aladdin", "open sesame")
    one.take(['Basic realm="x"'])
    assert one.authorize("OPTIONS", "rtsp://c/") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="


def test_the_strongest_offer_is_taken() -> None:
    """SHA-256 before MD5 before Basic, in one header or several."""
    basic, md5 = 'Basic realm="a"', 'Digest realm="b", nonce="n1"'
    sha = 'Digest realm="c",nonce="n2",algorithm=SHA-256'
    for values in ([basic, md5, sha], [f"{sha}, {md5}, {basic}"], [f"{basic}, {sha}", md5]):
        found = credentials().take(values)
        assert found is not None
        assert found.nonce == "n2"
    weaker = credentials().take([basic, md5])
    assert weaker is not None
    assert weaker.nonce == "n1"


@pytest.mark.parametrize(
    ("text", "realm", "nonce"),
    [
        ('Digest realm="Surveillance Server", nonce="98481030"', "Surveillance Server", "98481030"),
        ('digest  Realm = "a\\"b" nonce=abc', 'a"b', "abc"),
        ("Digest realm=x,nonce=y,stale=false", "x", "y"),
        ('Digest realm="open, nonce="n"', "open, nonce=", None),
    ],
)
def test_challenges_are_read_tolerantly(text: str, realm: str, nonce: str | None) -> None:
    """Missing commas and quotes, other case; without nonce it is none."""
    found = parse_challenges([text])
    assert [(one.realm, one.nonce) for one in found] == ([(realm, nonce)] if nonce is not None else [])


@pytest.mark.parametrize(
    "text",
    ["", "0", 'Basic ="', 'Digest ="', 'Digest realm,nonce=""algorithm', 'Digest nonce="n", algorithm=SHA-512-256'],
)
def test_what_cannot_be_answered_is_no_offer(text: str) -> None:
    """Nothing is invented: unknown algorithms and broken challenges are passed over."""
    assert [one for one in parse_challenges([text]) if one.scheme == "digest" and one.nonce] == []


def test_session_algorithms_bind_both_nonces() -> None:
    """MD5-sess says its cnonce even without qop."""
    one = credentials(nonce="c")
    one.take(['Digest realm="r", nonce="n", algorithm=MD5-sess, qop="auth"'])
    header = one.authorize("PLAY", "rtsp://c/") or ""
    assert field(header, "cnonce") == "c"
    assert field(header, "algorithm") == "MD5-sess"


def test_after_a_redirection_basic_is_not_answered() -> None:
    """Another host doesn't get the password."""
    one = credentials()
    one.take(['Basic realm="x"'])
    assert one.authorize("PLAY", "rtsp://c/") is not None
    one.allows_basic = False
    assert one.authorize("PLAY", "rtsp://d/") is None
    assert one.take(['Basic realm="x"']) is None
    assert one.authorize("PLAY", "rtsp://c/") is None


def test_no_text_of_it_holds_the_password() -> None:
    """Neither repr nor a Digest answer shows it."""
    one = credentials(password="hunter2")
    one.take(['Digest realm="r", nonce="n"'])
    assert "hunter2" not in repr(one) + repr(vars(one)) + str(one.authorize("PLAY", "rtsp://c/"))
