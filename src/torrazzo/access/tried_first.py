# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What anybody tries first, by rule: words that passwords are made of, and nothing much beside them.

Lists of known passwords are long, other people's, and older than the day. Those among them that have twelve characters
are nearly all made in a few ways: common words one after another, figures and signs around them, figures for letters,
rows of keys, something again and again. Such a rule has millions of them, and the town's own name too.
"""

import re
import unicodedata
from functools import lru_cache

LEAST_OWN = 5  # letters that are no such word's

_COMMON = """
password passwd passwort parola chiave segreta segreto segretissima accesso entrata login user utente root admin
administrator amministratore default changeme letmein welcome benvenuto benvenuta ciao hello secret access master
test prova demo temp guest ospite superman batman pokemon starwars sunshine princess monkey dragon shadow michael
football baseball iloveyou tiamo amore amoremio tesoro mamma papa bambino stellina angelo
torrazzo comune municipio sindaco citta paese ufficio comando polizia locale municipale police vigile vigili urbana
urbani agente agenti pattuglia centrale sala operativa operatore operativo turno servizio sicurezza security video
sorveglianza videosorveglianza telecamera telecamere camera camere camera cctv onvif server sistema system network
rete windows google facebook instagram whatsapp apple samsung microsoft internet computer
italia italiana roma milano napoli torino juventus juve inter milan forza ferrari lazio palermo bologna firenze
genova venezia verona cagliari fiorentina sempre grande campione
gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre january february
march april june july august september october november december lunedi martedi mercoledi giovedi venerdi sabato
domenica primavera estate autunno inverno summer winter spring autumn monday friday
uno due tre quattro cinque sei sette otto nove dieci one two three four five six seven eight nine
andrea marco luca francesco alessandro giuseppe giovanni antonio mario matteo lorenzo davide simone stefano roberto
paolo maria anna giulia chiara francesca sara laura martina valentina silvia elena federica alessia
qwertyuiop qwerty qwertzuiop qwertz asdfghjkl asdfgh asdf zxcvbnm zxcvbn zxcv qwer wasd qwe asd zxc qaz wsx edc
abcdefghijklmnopqrstuvwxyz abcdefgh abcdef abcd abc xyz aaa
the my is it you love and per il la lo mia mio del della di da non sono
"""
_ROWS = (
    "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "1qaz2wsx3edc4rfv5tgb6yhn", "qazwsxedcrfvtgbyhnujm",
    "zaq12wsxcde34rfv", "1a2b3c4d5e6f7g8h9i0j", "a1b2c3d4e5f6g7h8i9j0", "1234567890" * 3, "0987654321" * 3,
    "qwertyuiopasdfghjklzxcvbnm",
)  # fmt: skip
_FIGURES = str.maketrans("013457@$!", "oieastasi")


def is_tried_first(password: str, town: str = "") -> bool:
    """Whether nothing of it is its person's own."""
    text = _plain("".join(password.split()))
    if any(text in row or text in row[::-1] for row in _ROWS) or _is_again(text):
        return True
    if text.isdigit():
        return False
    names = frozenset(word for word in re.split(r"[^a-z]+", _plain(town)) if len(word) > 2)
    forms = (text, text.strip("0123456789 !?.,;:-_#@*+$&%/()='\""))
    return any(_own(_letters(form.translate(table)), names) < LEAST_OWN for form in forms for table in ({}, _FIGURES))


def _own(text: str, names: frozenset[str]) -> int:
    """Letters that are left where the words are taken away, the longest ones first; figures are nobody's own."""
    return len("".join(_pattern(names).split(text)))


@lru_cache(maxsize=8)
def _pattern(names: frozenset[str]) -> re.Pattern[str]:
    return re.compile("|".join(sorted({*_COMMON.split(), *names}, key=lambda word: (-len(word), word))))


def _letters(text: str) -> str:
    return "".join(letter for letter in text if letter.isalpha())


def _is_again(text: str) -> bool:
    """The same few characters again and again."""
    return any(text == (text[:length] * len(text))[: len(text)] for length in range(1, len(text) // 3 + 1))


def _plain(text: str) -> str:
    """Small letters without accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
