# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""XML as devices write it, read within limits.py and without anything that grows: no document type, no entity. Pure.

Devices differ in prefixes and versions of namespaces, and some declare none: what is read is found by local names.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lxml import etree

from torrazzo.camera import limits
from torrazzo.camera.onvif.errors import NotOnvif

_INTEGER = re.compile(r"[+-]?\d{1,9}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d{1,12}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,2})?", re.ASCII)
_NAME = re.compile(r"(?:\{[^{}]*\})?[^\W\d][\w.-]*")


@dataclass(frozen=True, slots=True)
class Element:
    """One element: `{namespace}name`, its attributes, what is in it; text without outer space."""

    tag: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: tuple["Element", ...] = ()
    text: str = ""

    @property
    def name(self) -> str:
        """Without namespace."""
        return self.tag.rpartition("}")[2]

    @property
    def namespace(self) -> str:
        """Empty if it has none."""
        return self.tag[1:].rpartition("}")[0]

    def all(self, name: str) -> Iterator["Element"]:
        """Its children of that name."""
        return (child for child in self.children if child.name == name)

    def find(self, *path: str) -> "Element | None":
        """The first child of the first name, in it the first of the second, and so on."""
        found: Element | None = self
        for name in path:
            found = next(found.all(name), None) if found is not None else None
        return found

    def get(self, *path: str) -> str:
        """The text there; empty if there is none."""
        found = self.find(*path)
        return "" if found is None else found.text

    def token(self, name: str = "token") -> str:
        """An attribute by its local name; empty if there is none."""
        return next((value for key, value in self.attributes.items() if key.rpartition("}")[2] == name), "")

    def integer(self, *path: str) -> int | None:
        """The whole number there; None if there is none."""
        return read_integer(self.get(*path))

    def number(self, *path: str) -> float | None:
        """The number there; None if there is none."""
        return read_number(self.get(*path))

    def flag(self, *path: str) -> bool:
        """Whether it says true there."""
        return self.get(*path).lower() in {"true", "1"}


def read_integer(text: str) -> int | None:
    """A decimal number of at most nine digits."""
    return int(text) if _INTEGER.fullmatch(text) else None


def read_number(text: str) -> float | None:
    """A finite decimal number."""
    return float(text) if _NUMBER.fullmatch(text) else None


def plain(text: str, length: int = limits.ONVIF_SHOWN) -> str:
    """What people may be shown of a text of a device: one line, no control characters, not long."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:length]


def parse_xml(data: bytes) -> Element:
    """The root of a document. Raises `NotOnvif`."""
    if len(data) > limits.ONVIF_ANSWER:
        raise NotOnvif(f"an answer of more than {limits.ONVIF_ANSWER} bytes")
    parser = etree.XMLParser(
        target=_Builder(),
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.LxmlError, ValueError, LookupError) as error:  # the last: an encoding that nobody knows
        raise NotOnvif(f"an answer that is not XML: {plain(str(error))}") from error
    if not isinstance(root, Element):
        raise NotOnvif("an answer that is not XML: it ends before it is complete")
    return root


class _Builder:
    """Builds the tree while the parser reads; what is beyond a limit ends the reading there."""

    def __init__(self) -> None:
        self._open: list[tuple[str, dict[str, str], list[Element], list[str]]] = []
        self._root: Element | None = None
        self._count = 0

    def doctype(self, *_: Any) -> None:
        """SOAP has none (SOAP 1.2 part 1 section 5); what entities can do begins here."""
        raise NotOnvif("an answer with a document type, which SOAP forbids")

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """A start tag."""
        self._count += 1
        if self._count > limits.ONVIF_ELEMENTS or len(self._open) >= limits.ONVIF_DEPTH:
            raise NotOnvif(f"an answer of more than {limits.ONVIF_ELEMENTS} elements, or {limits.ONVIF_DEPTH} deep")
        if len(attributes) > limits.ONVIF_ATTRIBUTES:
            raise NotOnvif(f"an element with more than {limits.ONVIF_ATTRIBUTES} attributes")
        # libxml2 hands over `&` so when it must expand no entities.
        self._open.append((tag, {name: value.replace("&#38;", "&") for name, value in attributes.items()}, [], []))

    def data(self, text: str) -> None:
        """Text, in pieces."""
        if self._open:
            self._open[-1][3].append(text)

    def end(self, _tag: str) -> None:
        """An end tag."""
        tag, attributes, children, texts = self._open.pop()
        element = Element(tag, attributes, tuple(children), "".join(texts).strip())
        if self._open:
            self._open[-1][2].append(element)
        else:
            self._root = element

    def close(self) -> Element | None:
        """What was read."""
        return self._root


def write_xml(root: Element, prefixes: Mapping[str, str]) -> bytes:
    """A document in UTF-8 whose root declares `prefixes`, since some devices look for them and some texts use them.

    Raises `NotOnvif` for text that XML cannot hold, or a name that is none.
    """
    try:
        made = etree.Element(_name(root), dict(root.attributes), nsmap=dict(prefixes))
        _fill(made, root)
        return bytes(etree.tostring(made, xml_declaration=True, encoding="utf-8"))
    except ValueError as error:
        raise NotOnvif(f"this cannot be written as XML: {plain(str(error))}") from error


def _fill(made: Any, element: Element) -> None:
    made.text = element.text or None
    for child in element.children:
        _fill(etree.SubElement(made, _name(child), dict(child.attributes)), child)


def _name(element: Element) -> str:
    if _NAME.fullmatch(element.tag) is None:
        raise ValueError("a name that is none")
    return element.tag


def replaced_tag(element: Element, tag: str) -> Element:
    """The same under another name."""
    return replace(element, tag=tag)
