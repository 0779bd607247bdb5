# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""XML of devices: read within limits, without anything that grows."""

import tracemalloc

import pytest

from torrazzo.camera import limits
from torrazzo.camera.onvif.errors import NotOnvif
from torrazzo.camera.onvif.xml import Element, parse_xml, plain, read_integer, read_number, write_xml

BOMB = (
    '<!DOCTYPE a [<!ENTITY e0 "ha">'
    + "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    + "]><a>&e9;</a>"
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bomb", BOMB),
        ("outside", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'),
        ("plain-type", "<!DOCTYPE html><html/>"),
        ("unknown-entity", "<a>&nbsp;</a>"),
        ("deep", "<a>" * (limits.ONVIF_DEPTH + 1) + "</a>" * (limits.ONVIF_DEPTH + 1)),
        ("many", "<a>" + "<b/>" * limits.ONVIF_ELEMENTS + "</a>"),
        ("wide", "<a " + " ".join(f'x{n}=""' for n in range(limits.ONVIF_ATTRIBUTES + 1)) + "/>"),
        ("large", "<a>" + "x" * limits.ONVIF_ANSWER + "</a>"),
        ("open", "<a><b></b>"),
        ("two", "<a/><b/>"),
        ("empty", ""),
        ("no-encoding", '<?xml version="1.0" encoding="klingon"?><a>é</a>'),
        ("words", "Service Unavailable"),
    ],
)
def test_what_is_beyond_is_refused(name: str, text: str) -> None:
    """Entities, document types, depth, number and size end in a refusal, at the cost of a few times the input."""
    tracemalloc.start()
    try:
        with pytest.raises(NotOnvif) as told:
            parse_xml(text.encode())
        assert tracemalloc.get_traced_memory()[1] < 40 * 1024**2
    finally:
        tracemalloc.stop()
    assert len(str(told.value)) < 400


def test_names_and_texts_are_found_without_prefixes() -> None:
    """An element is found by its local name: with a namespace, with another, or with a prefix that nobody declared."""
    for text in (
        '<a xmlns="urn:1"><b k="v"> x </b></a>',
        '<q:a xmlns:q="urn:2"><q:b k="v">x</q:b></q:a>',
        "<q:a><q:b k='v'>x</q:b></q:a>",
    ):
        root = parse_xml(text.encode())
        found = root.find("b")
        assert root.name == "a"
        assert found is not None
        assert (found.text, found.token("k"), root.get("b"), root.get("c", "d")) == ("x", "v", "x", "")


def test_other_encodings_are_read() -> None:
    """A device may write in the encoding of its country."""
    assert parse_xml('<?xml version="1.0" encoding="gb2312"?><a>中</a>'.encode("gb2312")).text == "中"


def test_numbers_are_ascii_and_finite() -> None:
    """What Python would take for a number and XML would not is none: underscores, other digits, infinity."""
    assert [read_integer(text) for text in ("042", "-7", "4_2", "٤", "1e3", "9" * 10, "")] == [42, -7, *[None] * 5]
    assert [read_number(text) for text in ("25", "-0.5", ".5", "1e2")] == [25, -0.5, 0.5, 100]
    assert [read_number(text) for text in ("nan", "inf", "1_0", "0x1", "1e999", "")] == [None] * 6


def test_what_is_written_is_read_the_same() -> None:
    """Signs that XML uses itself come back as they were."""
    root = Element("{urn:x}a", {"k": '"<&&#38;'}, (Element("{urn:x}b", text="<&>'\""), Element("c")))
    assert parse_xml(write_xml(root, {"x": "urn:x"})) == root
    for wrong in (Element("a b"), Element("a", text="\0"), Element("{urn:x}")):
        with pytest.raises(NotOnvif):
            write_xml(wrong, {})


def test_a_device_cannot_write_on_our_terminal() -> None:
    """What people are shown holds no control characters, no turned text and no second line."""
    assert plain("a\x1b[31m\nb\u202ec\x9b1m  d" + "x" * 999) == ("a [31m b c 1m d" + "x" * 999)[: limits.ONVIF_SHOWN]
