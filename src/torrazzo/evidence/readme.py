# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""LEGGIMI.txt and README.txt: what the package is, three ways to check it, what it does not prove."""

from collections.abc import Mapping, Sequence

from torrazzo.base import StreamId
from torrazzo.base.times import iso_from_ticks
from torrazzo.evidence.clip import ClipPart, LeftOut
from torrazzo.ledger import Policy
from torrazzo.ledger.checkpoint import Checkpoint
from torrazzo.ledger.key import Kind, VerifierKey, cosigned_at
from torrazzo.ledger.note import Note
from torrazzo.ledger.text import to_base64
from torrazzo_verify.verify import is_for_show

# The commands below are run by tests/unit/evidence/test_readme.py as they stand.

_TEXTS = {
    "it": {
        "title": "PLICO DI VIDEOSORVEGLIANZA, fascicolo {case}",
        "what": """\
Questo file ZIP (ASiC-E) contiene filmati registrati da Torrazzo e ciò che serve a un estraneo per verificarli, senza
rete e senza i nostri programmi: che le immagini sono quelle registrate, quando, e se ne manca qualcuna.""",
        "clips": "Filmati",
        "span": "  clips/{name}.mp4   telecamera {camera}\n      dal {start} al {end} (UTC)",
        "names": """\
  Tra parentesi l'identificativo della telecamera con il flusso: solo quello sta nei fatti e nelle prove. Il nome è
  quello che il Comune usa, e nulla lo prova.""",
        "missing": "Chiesto, e non nel plico",
        "left_out": "  telecamera {camera}\n      dal {start} al {end} (UTC): {why}",
        "why_erased": "cancellata prima del tempo per ordine; il verificatore dice se la storia lo prova",
        "why_gone": "le sue chiavi non ci sono più, e nessuno può aprirla",
        "why_damaged": "non leggibile",
        "why_nothing": "nessuna immagine registrata",
        "files": """\
  clips/       i filmati; si aprono con qualunque lettore
  facts/       i fatti: una riga per ogni segmento registrato e per ogni lacuna, come sta nel registro
  pieces/      per ogni frammento: riga del fatto, numero, posizione e lunghezza nel filmato, sale, impronta
  proofs/      per ogni fatto la prova (C2SP tlog-proof) che sta nel registro
  rec.checkpoint, act.checkpoint   le teste firmate dei due registri
  policy.txt   le chiavi di chi firma (confrontarle con quelle pubblicate!)
  history.jsonl   chi ha fatto che cosa con queste immagini (voci del registro act)
  anchors/     marche temporali di terzi""",
        "keys": """\
PRIMA DI TUTTO: le chiavi. Procurarsele da fuori (verbale, siti dei due uffici) e confrontarle; con le sole chiavi di
policy.txt si prova soltanto che il plico è coerente con sé stesso. Quelle di questo plico sono:""",
        "for_show": """\
ATTENZIONE: {name} è un testimone dimostrativo, per sola mostra:
sta accanto al registro che firma, e a estranei non prova nulla.""",
        "parts": """\
  Più filmati di una telecamera (-part-1, -part-2, …): ha cambiato codifica, e un file non può contenerne due. Sono in
  ordine, e ognuno finisce dove comincia il successivo.""",
        "ways": """\
TRE MODI DI VERIFICARE
1. Aprire verify.html in un navigatore (anche senza rete), dargli il file ZIP e le chiavi.
2. python3 -I -S verify.py PLICO.asice --policy CHIAVI.txt        (Python 3.9 o successivo, nient'altro)
3. A mano, con openssl, sha256sum, head, tail, cat, base64, in una cartella in cui si è estratto lo ZIP:""",
        "limits": """\
CHE COSA NON PROVA
- Che la telecamera abbia ripreso il vero: la prova comincia quando il registratore riceve le immagini.
- Che l'ora sia esatta: è quella degli orologi del Comune, delimitata da firme dei testimoni e marche temporali.
- Che nessuno abbia visto le immagini senza lasciare voce: nessun registro lo può mostrare. Il secondo ufficio controlla
  soltanto che le voci che ci sono restino come sono.""",
        "files_again": "# i file sono quelli elencati",
        "signature": "# la testa del registro è firmata: risponde «Signature Verified Successfully»",
        "witness": "# anche il testimone {name} l'aveva vista, il {when}",
        "fragment": "# un frammento (riga {fact}, numero {piece}) del filmato {name} dà la sua impronta {h}",
        "segment": "# le impronte di quel segmento danno l'h del fatto {fact}: {h}",
        "leaf": "# il fatto, come sta nel registro, conduce alla radice che sta nella testa (terza riga)",
    },
    "en": {
        "title": "VIDEO SURVEILLANCE EVIDENCE {case}",
        "what": """\
This ZIP file (ASiC-E) holds clips recorded by Torrazzo and what a stranger needs to check them, without
a network and without our programs: that the pictures are those recorded, when, and whether any is missing.""",
        "clips": "Clips",
        "span": "  clips/{name}.mp4   camera {camera}\n      from {start} to {end} (UTC)",
        "names": """\
  In brackets the camera's identifier with its stream: that alone stands in facts and proofs. The name is the one that
  the town uses, and nothing proves it.""",
        "missing": "Asked for, and not in the package",
        "left_out": "  camera {camera}\n      from {start} to {end} (UTC): {why}",
        "why_erased": "erased before its time by order; a verifier says whether the history proves it",
        "why_gone": "its keys are no more, and nobody can open it",
        "why_damaged": "not readable",
        "why_nothing": "no picture was recorded",
        "files": """\
  clips/       the clips; any player opens them
  facts/       the facts: a line for each recorded segment and each gap, as it stands in the log
  pieces/      for each fragment: line of its fact, number, place and length in the clip, salt, hash
  proofs/      for each fact the proof (C2SP tlog-proof) that it is in the log
  rec.checkpoint, act.checkpoint   the signed heads of the two logs
  policy.txt   the keys of those who sign (compare them with the published ones!)
  history.jsonl   who did what with these pictures (entries of the log act)
  anchors/     time stamps of third parties""",
        "keys": """\
FIRST OF ALL: the keys. Get them from elsewhere (the minutes, the two offices' sites) and compare; with the keys of
policy.txt alone you only prove that the package is consistent with itself. Those of this package are:""",
        "for_show": """\
CAUTION: {name} is a demonstration's witness, for show:
it stands beside the log that it signs, and proves nothing to strangers.""",
        "parts": """\
  Several clips of one camera (-part-1, -part-2, …): it changed its codec, and one file can't hold two. They are in
  order, and each ends where the next one begins.""",
        "ways": """\
THREE WAYS TO CHECK
1. Open verify.html in a browser (off line too), give it the ZIP file and the keys.
2. python3 -I -S verify.py PACKAGE.asice --policy KEYS.txt        (Python 3.9 or later, nothing else)
3. By hand, with openssl, sha256sum, head, tail, cat, base64, in a folder into which you extracted the ZIP:""",
        "limits": """\
WHAT IT DOES NOT PROVE
- That the camera saw the real thing: the proof begins when the recorder receives the pictures.
- That the time is exact: it is that of the town's clocks, bounded by the witnesses' signatures and the time stamps.
- That nobody saw the pictures without leaving an entry: no log can show that. The second office only checks that the
  entries that are there stay as they are.""",
        "files_again": "# the files are those listed",
        "signature": '# the log\'s head is signed: it answers "Signature Verified Successfully"',
        "witness": "# the witness {name} had seen it, too, at {when}",
        "fragment": "# a fragment (line {fact}, number {piece}) of clip {name} gives its hash {h}",
        "segment": "# that segment's hashes give the h of fact {fact}: {h}",
        "leaf": "# the fact, as it stands in the log, leads to the root that is in the head (third line)",
    },
}

# SubjectPublicKeyInfo of Ed25519 (RFC 8410), without the key
_DER = r"\060\052\060\005\006\003\053\145\160\003\041\000"
_SHA = "openssl dgst -sha256 -binary | base64"
_LAST = 'while read row; do echo "${row##* }" | base64 -d; done'  # the last word of each line, decoded


def readme(
    case: str,
    clips: Sequence[ClipPart],
    left_out: Sequence[LeftOut],
    rec: Note,
    policy: Policy,
    cameras: Mapping[StreamId, str],
    language: str,
) -> bytes:
    """The text; its commands name this package's own files and values."""
    say = _TEXTS[language]
    keys = [log.key for log in policy.logs] + [witness.key for witness in policy.witnesses]
    spans = [
        say["span"].format(
            name=clip.name,
            camera=named(clip.stream, cameras),
            start=iso_from_ticks(clip.span.start),
            end=iso_from_ticks(clip.span.end),
        )
        for clip in clips
    ]
    missing = [
        say["left_out"].format(
            camera=named(each.stream, cameras),
            start=iso_from_ticks(each.span.start),
            end=iso_from_ticks(each.span.end),
            why=say[f"why_{each.why}"],
        )
        for each in left_out
    ]
    has_parts = len({clip.stream for clip in clips}) < len(clips)
    commands = [*_signatures(rec, keys, say), *(_clip(clips[0], rec, say) if clips else [])]
    parts = [
        say["title"].format(case=case),
        say["what"],
        "\n".join([say["clips"], *spans, *([say["names"]] if cameras else []), *([say["parts"]] if has_parts else [])]),
        *(["\n".join([say["missing"], *missing])] if missing else []),
        say["files"],
        "\n".join([say["keys"], *(f"  {key}" for key in keys)]),
        *(say["for_show"].format(name=key.name) for key in keys if is_for_show(key.name)),
        say["ways"],
        "\n".join(
            f"    {line}" for line in [say["files_again"], "sha256sum --quiet -c manifest-sha256.txt", *commands]
        ),
        say["limits"],
    ]
    return ("\n\n".join(parts) + "\n").encode()


def named(stream: StreamId | str, cameras: Mapping[StreamId, str]) -> str:
    """As people call it, and the id, which alone is in facts and proofs."""
    name = " ".join(next((name for each, name in cameras.items() if str(each) == str(stream)), "").split())
    return f"{name} ({stream})" if name else str(stream)


def _signatures(note: Note, keys: Sequence[VerifierKey], say: dict[str, str]) -> list[str]:
    """For each signature of a known key."""
    lines = []
    for number, signature in enumerate(note.signatures, 5):
        for key in (key for key in keys if signature.made_by(key)):
            seconds = cosigned_at(signature.data) if key.kind == Kind.COSIGNATURE else None
            lines += _signature(number, key, seconds, say)
    return lines


def _signature(number: int, key: VerifierKey, seconds: int | None, say: dict[str, str]) -> list[str]:
    title, cosigned = say["signature"], ""
    if seconds is not None:
        title = say["witness"].format(name=key.name, when=iso_from_ticks(seconds * 90_000))
        cosigned = rf"printf 'cosignature/v1\ntime {seconds}\n'; "
    return [
        title,
        f"(printf '{_DER}'; echo {to_base64(key.public)} | base64 -d) > key.der",
        f"({cosigned}head -n 3 rec.checkpoint) > signed",
        f"row=$(head -n {number} rec.checkpoint | tail -n 1); echo ${{row##* }} | base64 -d | tail -c 64 > signature",
        "openssl pkeyutl -verify -pubin -inkey key.der -keyform DER -rawin -in signed -sigfile signature",
    ]


def _clip(clip: ClipPart, rec: Note, say: dict[str, str]) -> list[str]:
    """The first fragment, its segment, its fact."""
    rows = [row.split() for row in clip.rows]
    row = next((row for row in rows if row[1] != "0" and row[2] != "-"), None)
    if row is None:
        return []
    fact, piece, at, length, salt, h = row
    own = [number for number, other in enumerate(rows, 1) if other[0] == fact]
    return [
        say["fragment"].format(fact=fact, piece=piece, name=clip.name, h=h),
        f"(echo {salt} | base64 -d; tail -c +{int(at) + 1} clips/{clip.name}.mp4 | head -c {length}) | {_SHA}",
        say["segment"].format(fact=fact, h=f"head -n {fact} facts/{clip.name}.jsonl | tail -n 1"),
        f"head -n {own[-1]} pieces/{clip.name}.txt | tail -n {len(own)} | {_LAST} | {_SHA}",
        say["leaf"],
        *_path(clip.name, int(fact), clip.facts[int(fact) - 1].proof.entry_index, Checkpoint.parse(rec.text).size),
    ]


def _path(name: str, line: int, entry: int, size: int) -> list[str]:
    """RFC 9162 section 2.1.3.2, as the ledger's page tells it."""
    return [
        f'sha() {{ {_SHA}; }}; bin() {{ echo "$1" | base64 -d; }}',
        rf"h=$( (printf '\000'; head -n {line} facts/{name}.jsonl | tail -n 1 | head -c -1) | sha)",
        f"i={entry}; n={size - 1}; line=3",
        "while [ $n -gt 0 ]; do",
        f"  p=$(head -n $line proofs/{name}/{line}.tlog-proof | tail -n 1)",
        r"  if [ $((i % 2)) = 1 ]; then h=$( (printf '\001'; bin $p; bin $h) | sha); line=$((line + 1))",
        r"  elif [ $i -lt $n ]; then h=$( (printf '\001'; bin $h; bin $p) | sha); line=$((line + 1)); fi",
        "  i=$((i / 2)); n=$((n / 2))",
        "done; echo $h; head -n 3 rec.checkpoint | tail -n 1",
    ]
