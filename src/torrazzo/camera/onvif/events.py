# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What happens at a device: a subscription that is asked (PullPoint, event.wsdl ver10; WS-BaseNotification). Pure.

Only named topics are subscribed to, and what comes of others is dropped: a device that tells of faces or plates tells
it to nobody here (control AI-03).
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import NamedTuple
from zoneinfo import ZoneInfo

from torrazzo.base.errors import Invalid, TimeTextError
from torrazzo.base.times import UtcTicks, ticks_from_text
from torrazzo.camera import limits
from torrazzo.camera.onvif.soap import EVENTS, WSA, WSNT, Call, T, make, nothing
from torrazzo.camera.onvif.xml import Element, plain

_CONCRETE = "http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet"
_TOPIC = re.compile(r"tns1:\w+(/\w+){0,8}", re.ASCII)
_PEOPLE = re.compile(r"face|plate|person|people|human|pedestrian|gender|age(?![a-z])", re.IGNORECASE)
_UTC = ZoneInfo("UTC")
_MANAGER = "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager"


class Subscription(NamedTuple):
    """Where events can be asked for."""

    at: str
    parameters: tuple[Element, ...]  # of its reference: sent back with each question
    topics: tuple[str, ...]


class Event(NamedTuple):
    """One thing that happened, by the device's clock."""

    topic: str
    time: UtcTicks | None
    operation: str  # Initialized, Changed, Deleted, or empty
    source: dict[str, str]
    data: dict[str, str]


def get_topics() -> Call[list[str]]:
    """All that a device could tell: paths of topics."""
    return Call(EVENTS, make(EVENTS, "GetEventProperties"), _read_topics)


def _read_topics(answer: Element) -> list[str]:
    found: list[str] = []
    waiting = [(child, child.name) for child in (answer.find("TopicSet") or Element("x")).children]
    while waiting and len(found) < limits.ONVIF_ITEMS:
        element, path = waiting.pop(0)
        if element.name in {"MessageDescription", "documentation"}:
            continue
        if element.token("topic").lower() in {"true", "1"} or not element.children:
            found.append(plain(path))
        waiting += [(child, f"{path}/{child.name}") for child in element.children]
    return found


def about_people(topics: Collection[str]) -> list[str]:
    """Those by which a device would tell of persons, faces or plates: a finding (AI-03), never a subscription."""
    return sorted(topic for topic in topics if _PEOPLE.search(topic))


def create_pull_point(topics: Sequence[str], seconds: int) -> Call[Subscription]:
    """Subscribe to topics (`tns1:…/…`) for so long."""
    for topic in topics:
        if _TOPIC.fullmatch(topic) is None or about_people([topic]):
            raise Invalid(f"not a topic that can be subscribed to: {plain(topic)!r}")
    if not topics:
        raise Invalid("a subscription names its topics")
    expression = make(WSNT, "TopicExpression", "|".join(topics), Dialect=_CONCRETE)
    body = make(
        EVENTS,
        "CreatePullPointSubscription",
        make(EVENTS, "Filter", expression),
        make(EVENTS, "InitialTerminationTime", f"PT{seconds}S"),
    )
    action = f"{EVENTS}/EventPortType/CreatePullPointSubscriptionRequest"
    return Call(EVENTS, body, lambda answer: _read_subscription(answer, tuple(topics)), action)


def _read_subscription(answer: Element, topics: tuple[str, ...]) -> Subscription:
    reference = answer.find("SubscriptionReference") or Element("x")
    parameters = reference.find("ReferenceParameters") or Element("x")
    return Subscription(reference.get("Address"), parameters.children[:8], topics)


def pull(subscription: Subscription, seconds: int, most: int) -> Call[list[Event]]:
    """What happened; waits at the device until something does, at most so long."""
    body = make(
        EVENTS, "PullMessages", make(EVENTS, "Timeout", f"PT{seconds}S"), make(EVENTS, "MessageLimit", str(most))
    )
    action = f"{EVENTS}/PullPointSubscription/PullMessagesRequest"
    return _call(subscription, body, lambda answer: _read_events(answer, subscription.topics), action, seconds)


def renew(subscription: Subscription, seconds: int) -> Call[None]:
    """Go on for so long."""
    body = make(WSNT, "Renew", make(WSNT, "TerminationTime", f"PT{seconds}S"))
    return _call(subscription, body, nothing, f"{_MANAGER}/RenewRequest")


def unsubscribe(subscription: Subscription) -> Call[None]:
    """End it."""
    return _call(subscription, make(WSNT, "Unsubscribe"), nothing, f"{_MANAGER}/UnsubscribeRequest")


def _call(
    subscription: Subscription, body: Element, read: Callable[[Element], T], action: str, seconds: float = 0
) -> Call[T]:
    """Addressed as WS-Addressing wants it, with the reference's own parameters."""
    header = [make(WSA, "To", subscription.at), make(WSA, "Action", action)]
    for parameter in subscription.parameters:
        marked = {**parameter.attributes, f"{{{WSA}}}IsReferenceParameter": "true"}
        header.append(replace(parameter, attributes=marked))
    return Call(EVENTS, body, read, action, subscription.at, tuple(header), seconds)


def _read_events(answer: Element, topics: Sequence[str]) -> list[Event]:
    events = []
    for found in list(answer.all("NotificationMessage"))[: limits.ONVIF_ITEMS]:
        topic = plain(found.get("Topic"))
        message = found.find("Message", "Message")
        if message is None or not any(topic == wanted or topic.startswith(f"{wanted}/") for wanted in topics):
            continue
        events.append(
            Event(
                topic,
                _read_time(message.token("UtcTime")),
                plain(message.token("PropertyOperation"), 16),
                _read_items(message.find("Source")),
                _read_items(message.find("Data")),
            )
        )
    return events


def _read_items(found: Element | None) -> dict[str, str]:
    items = [] if found is None else list(found.all("SimpleItem"))[:32]
    return {plain(item.token("Name"), 64): plain(item.token("Value")) for item in items}


def _read_time(text: str) -> UtcTicks | None:
    try:
        return ticks_from_text(text[:40], _UTC)
    except (TimeTextError, OverflowError):
        return None
