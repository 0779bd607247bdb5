# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page as a browser gets it, with states as the recorder gives them."""

import re
import urllib.parse
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pytest

from tests.tools.asgi import Client
from torrazzo.access import Peer
from torrazzo.base.errors import Unavailable
from torrazzo.base.ids import CameraId, NodeId, StreamId
from torrazzo.base.spans import Span
from torrazzo.base.times import SECOND, UtcTicks
from torrazzo.control_room.looks import Looks
from torrazzo.control_room.page_app import Views, make_page_app
from torrazzo.control_room.state import GapState, TownState, town_state
from torrazzo.control_room.words import WORDS, bytes_text, choose_language
from torrazzo.law.reason import PURPOSES
from torrazzo.testing.clock import START
from torrazzo.town.camera import Camera, StreamConfig
from torrazzo.town.home import Settings

ROME = ZoneInfo("Europe/Rome")
SETTINGS = Settings("Cremona <b>", ROME, NodeId(1), ())
NOW = UtcTicks(START + 3600 * SECOND)  # 2026-11-25, midnight in Rome, exactly


def camera(number: int, name: str, *, enabled: bool = True) -> Camera:
    id_ = CameraId(f"{number:016x}")
    stream = StreamConfig(StreamId(id_, "main"), "rtsp://10.0.0.1/")
    return Camera(id_, name, "<i>corner</i>", True, None, enabled, (stream,), START)


CAMERAS = (
    camera(1, "Via <script>alert(1)</script>"),
    camera(2, "Piazza Risorgimento"),
    camera(3, "Via Giordano", enabled=False),
)
RECORDER: Mapping[str, object] = {
    "streams": {
        f"{CAMERAS[0].id}/main": {
            "state": "recording", "why": None, "last_frame": NOW + 9 * SECOND, "frames": 250, "bytes": 1_234_567,
            "size": [1920, 1080], "codec": "h264", "fps": 25.0, "message": "",
        },
        f"{CAMERAS[1].id}/main": {"state": "gap", "why": "net", "last_frame": None, "message": "no route <to> host"},
    },
    "roots": [{"id": "0b51f00d", "state": "failed", "free": 5}],
    "keys_hours_left": 7,
}  # fmt: skip


def gaps(stream: StreamId, span: Span) -> tuple[GapState, ...]:
    assert span.start < span.end
    if stream.camera != CAMERAS[1].id:
        return ()
    return (GapState(UtcTicks(span.start), UtcTicks(span.start + SECOND), "hole"), GapState(span.start, None, "fire"))


def state(recorder: Mapping[str, object] | None = RECORDER, cameras: tuple[Camera, ...] = CAMERAS) -> TownState:
    return town_state(SETTINGS, cameras, recorder, gaps, UtcTicks(NOW + 10 * SECOND))


def views(town: Callable[[], TownState], last: UtcTicks | None = NOW) -> Views:
    return Views(SETTINGS, town, lambda _: last, gaps, cast("Looks", None))  # nobody looks here: test_looks.py


def client(town: TownState | None = None, last: UtcTicks | None = NOW) -> Client:
    app = make_page_app(views(lambda: town or state(), last), (), frozenset({"localhost:8470"}))
    return Client(app, peer=Peer(1000, "anna"))


class Structure(HTMLParser):
    """Notes tags, ids and links."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in {"href", "src"} and value]
        if tag not in {"meta", "link", "input"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_italian_comes_first_english_on_demand() -> None:
    """Without a wish the page is Italian; Accept-Language and ?lang= are followed, the latter wins."""
    page = client()
    assert '<html lang="it">' in page.get("/").text
    assert "non si raggiunge" in page.get("/").text
    english = page.get("/", accept_language="fr;q=0.9, en-GB;q=0.8, it;q=0.1").text
    assert '<html lang="en">' in english
    assert "cannot be reached" in english
    assert '<html lang="it">' in page.get("/?lang=it", accept_language="en").text
    assert '<html lang="it">' in page.get("/?lang=xx").text


@pytest.mark.parametrize("accepted", ["", ",,;q=", "en;q=abc", "*", "de", "en;q=0", "x" * 10_000])
def test_odd_wishes_give_italian(accepted: str) -> None:
    """What cannot be understood, or is not ours, gives Italian."""
    assert choose_language(None, accepted) == "it"


def test_both_languages_say_the_same_things() -> None:
    """Each word exists in both languages, with the same places to fill in."""
    assert WORDS["it"].keys() == WORDS["en"].keys()
    for key, text in WORDS["it"].items():
        assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", WORDS["en"][key])), key


def test_what_people_and_cameras_said_is_escaped() -> None:
    """Names, places and messages cannot add markup; the document stays well formed."""
    for path in ("/", "/overview", f"/watch/{CAMERAS[0].id}/main", "/nowhere"):
        text = client().get(path).text
        assert "<script>alert" not in text
        assert "<i>corner" not in text
        assert "<to>" not in text
        Structure(text)


def test_the_table_says_each_state_in_words() -> None:
    """State, age, bytes and gaps of each camera stand in the table; an unknown cause stands as it is."""
    text = client().get("/").text
    assert "registra</span>" in text
    assert "1 s fa" in text
    assert "1,2 MB" in text
    assert "non registra: non si raggiunge" in text
    assert "sospesa" in text
    assert "dalle 00:00:00 fire" in text
    assert "00:00:00–00:00:01 immagini mancanti" in text
    assert "Non registrano come dovrebbero: 1 su 3." in text
    assert "Le chiavi bastano per 7 ore" in text
    assert "Disco 0b51f00d: failed." in text


def test_the_table_is_made_for_everyone() -> None:
    """Headers carry their scope, each link to watch names its camera, and there is a way past the header."""
    text = client().get("/?lang=en").text
    assert text.count('scope="col"') == 7
    assert text.count('scope="rowgroup"') == 3
    assert "Watch the last minutes of Piazza Risorgimento, main stream" in text
    assert '<a class="skip" href="#main">' in text
    assert '<meta name="color-scheme" content="light dark">' in text


def test_empty_and_down_have_their_own_words() -> None:
    """A town without cameras says how to add one; a silent recorder is told, and nothing is shown as recording."""
    empty = client(state(cameras=())).get("/").text
    assert "Non c’è ancora nessuna telecamera" in empty
    assert "torrazzo camera add" in empty
    down = client(state(recorder=None)).get("/").text
    assert "Il registratore non risponde" in down
    assert "registra</span>" not in down


def test_a_silent_recorder_is_not_said_to_record() -> None:
    """That it records, or what is missing since, is claimed nowhere; gaps that are known stay."""
    down = client(state(recorder=None)).get("/?lang=en").text
    assert "whether it is recording is not known" in down
    assert "is safe" not in down
    assert "Not recording as they should" not in down
    assert down.count("<td>none</td>") == 1  # of the camera that is disabled
    assert down.count("not known while the recorder does not answer") == 2  # the third is disabled
    assert "since 00:00:00 fire" in down


def test_the_reason_stands_beside_the_state() -> None:
    """Of a camera that does not record the page says the recorder's own sentence, not only the cause."""
    for path in ("/?lang=it", f"/watch/{CAMERAS[1].id}/main"):
        assert "no route &lt;to&gt; host" in client().get(path).text


def test_italian_has_one_word_per_thing_too() -> None:
    """Where the English text has a word of the glossary, the Italian one has the word that stands beside it there."""
    glossary = Path("docs/2-design/00-glossary.md").read_text(encoding="utf-8")
    terms = re.findall(r"^\| \*([\w ]+)\* \((.+?)\) \|", glossary, re.MULTILINE)
    assert len(terms) > 5
    for key, text in WORDS["en"].items():
        for word, italian in terms:
            if re.search(rf"\b{word}s?\b(?!}})", text, re.IGNORECASE):
                assert italian[:-1] in WORDS["it"][key].lower(), (key, word, italian)


def test_nothing_comes_from_elsewhere() -> None:
    """All resources are our own, no style or script is inline, and the policy says so to the browser."""
    answer = client().get("/")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    structure = Structure(answer.text)
    assert all(link.startswith(("/", "#")) for link in structure.links)
    assert "style=" not in answer.text
    assert "onclick" not in answer.text
    for name in ("page.css", "page.js", "icon.svg"):
        asset = client().get(f"/assets/{name}")
        assert asset.status == 200
        assert "http:" not in asset.text.replace("http://www.w3.org/2000/svg", "")
    assert client().get("/assets/../words.py").status == 404


def test_only_our_own_names_are_answered() -> None:
    """A page elsewhere whose name points at loopback gets nothing."""
    assert client().get("/", host="evil.example").status == 421
    assert client().get("/", host="localhost").status == 421


def test_nothing_can_be_changed_here() -> None:
    """The page answers looks only."""
    page = client()
    for path in ("/", "/overview", "/cameras", "/facts"):
        assert page.ask("POST", path, {}).status in {404, 405}


def test_who_wants_to_look_is_asked_why() -> None:
    """The page of a stream asks for purpose and reason, in its language, says as whom, and shows no picture."""
    text = client().get(f"/watch/{CAMERAS[1].id}/main?minutes=1").text
    assert "Guardi come anna." in text
    assert "Ogni visione sta nel registro" in text
    assert 'name="minutes" value="1"' in text
    assert 'name="reason" required' in text
    assert "<video" not in text
    english = client().get(f"/watch/{CAMERAS[1].id}/main?lang=en").text
    for purpose in PURPOSES:
        assert f'<option value="{purpose}">{WORDS["en"][f"purpose_{purpose}"]}</option>' in english
    assert "appare dopo circa venti secondi" in client(last=None).get(f"/watch/{CAMERAS[1].id}/main").text
    assert 'name="minutes" value="5"' in client().get(f"/watch/{CAMERAS[1].id}/main").text
    for path in ("/watch/x/main", f"/watch/{CAMERAS[1].id}/third"):
        assert client().get(path).status == 404


@pytest.mark.parametrize("minutes", ["2", "0", "-5", "5x", "0005", "00150000", "99999", "9" * 40, "५"])
def test_no_other_minutes_than_those_offered(minutes: str) -> None:
    """A number that the page does not offer is refused in words, and is neither looked at nor taken for another."""
    path = f"/watch/{CAMERAS[1].id}/main"
    form = {"purpose": "crime", "reason": "furto", "minutes": minutes}
    asked = f"{path}?{urllib.parse.urlencode({'minutes': minutes})}"
    for answer in (client().get(asked), client().form(path, form)):
        assert answer.status == 400
        assert "Quanti minuti: uno tra 1, 5, 15" in answer.text


def test_trouble_is_told_on_a_page() -> None:
    """An error of ours gives its own text; another one only its kind."""

    def fail_known() -> TownState:
        raise Unavailable("office.db: <disk> full")

    def fail_unknown() -> TownState:
        raise KeyError("secret")

    for act, status, wanted in ((fail_known, 503, "office.db: &lt;disk&gt; full"), (fail_unknown, 500, "KeyError")):
        app = make_page_app(views(act, None), (), frozenset({"localhost:8470"}))
        answer = Client(app).get("/")
        assert answer.status == status
        assert wanted in answer.text
        assert "secret" not in answer.text


def test_the_state_for_machines_has_iso_times() -> None:
    """Times are ISO 8601 UTC; gaps have from, to and why."""
    found = client().get("/state.json").json()
    assert found["now"] == "2026-11-24T23:00:10.000Z"
    stream = found["cameras"][1]["streams"][0]
    assert stream["gaps"][0] == {"from": "2026-11-24T23:00:00.000Z", "to": "2026-11-24T23:00:01.000Z", "why": "hole"}
    assert stream["gaps"][1]["to"] is None
    assert found["cameras"][0]["streams"][0]["age_s"] == 1.0


@pytest.mark.parametrize(
    ("count", "italian"), [(0, "0 B"), (999, "999 B"), (1500, "1,5 kB"), (99_960, "100 kB"), (2 * 10**15, "2000 TB")]
)
def test_sizes_are_short(count: int, italian: str) -> None:
    """Three figures, decimal units, comma in Italian."""
    assert bytes_text(count, "it") == italian
