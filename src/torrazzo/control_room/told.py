# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Errors that a viewer meets, in the page's language; in English they say themselves."""

from collections.abc import Mapping

from torrazzo.access.people import NoRight
from torrazzo.base.errors import Invalid, KeyGone, Refused, TimeTextError, TorrazzoError, Unavailable
from torrazzo.keyring.answer import Denied
from torrazzo.keyring.gate_refusal import Reason

_ITALIAN: Mapping[str, str] = {
    "reason": "Motivo: scrivi perché guardi, in al massimo {most} caratteri.",
    "purpose": "Finalità: scegline una tra {offered}.",
    "minutes": "Quanti minuti: uno tra {offered}; oppure da quando a quando, al massimo due ore.",
    "span": "Da {start} a {end} non è un tratto di al massimo due ore.",
    "empty": "In quel tratto non è stato registrato nulla.",
    "newest": "Quel tratto non è ancora nel registro: servono circa dieci secondi; riprova.",
    "nothing_yet": "Di questo flusso non è ancora registrato nulla.",
    "other_use": (
        "Queste telecamere registrano per un’altra finalità, scritta nel loro fascicolo: per questa le immagini non si "
        "usano."
    ),
    "held_only": "Quello che resta di quel tratto è conservato per un fascicolo: indica quale.",
    "full": "Sono già aperte {most} visioni: riprova quando una è finita.",
    "own_full": "Hai già {most} visioni aperte: chiudine una, o aspetta un minuto da quando l’hai lasciata.",
    "unopened": (
        "Adesso quelle immagini non si aprono: portachiavi, registro o disco non rispondono. Riprova; se dura, avvisa "
        "chi gestisce il sistema."
    ),
    "who": "Non si riesce a sapere chi sta guardando: riprova, da questa stessa macchina.",
}
_NO_TIME = (
    "Non è un orario, o per il cambio dell’ora ne indica due o nessuno: scrivi per esempio 2026-11-24T22:04:41, con Z "
    "o +01:00 se non è l’ora di qui."
)
_NO_RIGHT = (
    "L’utente {person} qui non ha il diritto “{right}”: chi risponde delle immagini scrive in torrazzo.toml, sotto "
    "[people]: {line}, poi riavvia la sala operativa."
)
_OVER = "Questa visione è finita: di’ di nuovo perché guardi."
_ODD = (
    "Il portachiavi ha rifiutato una richiesta che non torna ({reason}) e lo ha annotato: avvisa chi gestisce il "
    "sistema."
)
_ERASED = "Quelle immagini sono state cancellate prima del tempo, per ordine di due persone: nessuno le può più vedere."
_GONE = "Le chiavi di quelle immagini non ci sono più: nessuno le può più vedere."
_DENIED: Mapping[Reason, str] = {
    Reason.CLOCK: (
        "Il portachiavi adesso non si fida di nessun orologio: finché è così non si guarda nulla. Avvisa chi gestisce "
        "il sistema."
    ),
    Reason.CONTENT: "Quelle immagini sono più vecchie di quanto è permesso conservarle: nessuno le può più vedere.",
    Reason.EARLY: "L’orologio del registro è avanti rispetto a quello del portachiavi: riprova fra poco.",
    Reason.EXPIRED: _OVER,
    Reason.RESTARTED: _OVER,
    Reason.CLOSED: _OVER,
    Reason.PERSON: "Per una copia servono due persone: chi la chiede, e un’altra che approva.",
    Reason.HEAD_UNKNOWN: "Il portachiavi non sa ancora di quale registro fidarsi: avvisa chi gestisce il sistema.",
    Reason.HEAD_STALE: "Il registro è andato avanti nel frattempo: riprova.",
}


class Told(TorrazzoError):
    """Has a word for the page, and what is filled in there."""

    def __init__(self, text: str, word: str, **values: object) -> None:
        super().__init__(text)
        self.word, self.values = word, values


class BadForm(Told, Invalid):
    """Something was not filled in as it has to be."""


class NotAllowed(Told, Refused):
    """By the page's own rules."""


class NotNow(Told, Unavailable):
    """Later, perhaps."""


def tell(error: TorrazzoError, language: str) -> str:
    """The error in words; one that only the system's keeper can mend in its own."""
    if language != "it":
        return str(error)
    match error:
        case Told():
            return _ITALIAN[error.word].format(**error.values)
        case NoRight():
            return _NO_RIGHT.format(person=error.person, right=error.right, line=error.line)
        case TimeTextError():
            return _NO_TIME
        case Denied():
            return _DENIED.get(error.reason, _ODD).format(reason=error.reason)
        case KeyGone():
            return _ERASED if error.why == "erased" else _GONE
    return str(error)
