# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page's words, Italian first."""

import re
from collections.abc import Mapping

LANGUAGES = ("it", "en")

_ITALIAN: Mapping[str, str] = {
    "title": "Telecamere",
    "skip": "Vai alle telecamere",
    "camera": "Telecamera",
    "stream": "Flusso",
    "state": "Stato",
    "age": "Ultima immagine",
    "received": "Ricevuti",
    "received_note": "dall’avvio del registratore",
    "gaps": "Lacune di oggi",
    "watch": "Guarda",
    "watch_long": "Guarda gli ultimi minuti di {camera}, flusso {stream}",
    "no_cameras": "Non c’è ancora nessuna telecamera.",
    "no_cameras_next": "Per aggiungerne una, dalla riga di comando:",
    "no_gaps": "nessuna",
    "more_gaps": "e altre {n}",
    "gaps_unknown": "non si sa, finché il registratore non risponde",
    "since": "dalle {start}",
    "until": "{start}–{end}",
    "synthetic": "immagini sintetiche",
    "main": "principale",
    "sub": "secondario",
    "recording": "registra",
    "connecting": "si sta collegando",
    "gap": "non registra: {why}",
    "gap_unknown": "non registra",
    "disabled": "sospesa",
    "starting": "in avvio",
    "unknown": "non si sa: il registratore non risponde",
    "never": "mai",
    "ago": "{age} fa",
    "all_fine": "Tutte le telecamere registrano.",
    "some_wrong": "Non registrano come dovrebbero: {n} su {all}.",
    "recorder_down": (
        "Il registratore non risponde: non si sa se sta registrando. Quello già registrato resta; ogni lacuna sarà "
        "dichiarata quando riparte."
    ),
    "ledger_down": "Il registro dei fatti non risponde. Si registra lo stesso; i fatti aspettano nell'archivio.",
    "ledger_refused": "Il registro dei fatti non accetta nulla: {why}",
    "keyring_down": "Il portachiavi non risponde: nulla si può guardare e nulla viene cancellato.",
    "alarm": "Allarme: {what}.",
    "witness_away": "I testimoni non firmano da più di un minuto: {names}. Si registra lo stesso.",
    "own_witness": "L’ora di cui ci si fida è quella di un testimone che gira qui accanto: solo per dimostrazione.",
    "level_tpm": (
        "Portachiavi di livello tpm: ciò che si cancella non si riapre da nessuna copia, e una copia della cartella "
        "altrove non apre nulla; chi ha questa macchina intera, col suo chip, sì, fino alla prossima cancellazione."
    ),
    "level_file": (
        "Portachiavi di livello file: chi copia l’intera cartella e le immagini le guarda altrove senza che qui ne "
        "resti traccia, e una copia fatta prima riporta ciò che si cancella."
    ),
    "keys_low": "Le chiavi bastano per {n} ore: il portachiavi non ne prepara di nuove.",
    "root_bad": "Disco {id}: {state}.",
    "disk_lasts": "al ritmo di oggi pieno fra circa {days} giorni",
    "disk_free": "spazio libero {free}",
    "stale": "Pagina non aggiornata dalle {time}: la sala operativa non risponde.",
    "updated": "Aggiornata alle {time}",
    "back": "Torna alle telecamere",
    "last_minutes": "Ultimi {n} minuti",
    "minutes_choice": "Quanti minuti",
    "from_to": "dalle {start} alle {end} del {day}",
    "no_footage": "Di questo flusso non c’è ancora nulla da guardare: la prima appare dopo circa venti secondi.",
    "video_of": "Registrazione di {camera}",
    "no_video": "Questo programma non può mostrare il filmato.",
    "cannot_play": "Il filmato non si può mostrare qui ({codec}). L’indirizzo qui sotto lo apre altrove.",
    "look_title": "Perché guardi?",
    "look_as": "Guardi come {name}.",
    "look_note": (
        "Ogni visione sta nel registro: chi, quale telecamera, quale tratto, per quale finalità. Nomi e motivi sono "
        "cifrati; che si è guardato si può dimostrare per sempre."
    ),
    "look_purpose": "Finalità",
    "look_choose": "scegli",
    "look_reason": "Motivo",
    "look_case": "Fascicolo, se c’è",
    "look_open": "Guarda",
    "look_number": "Questa visione è nel registro con il numero {number}; una copia si chiede con evidence ask.",
    "look_close": "Ho finito",
    "look_over": "Questa visione è finita. Per guardare ancora, di’ di nuovo perché.",
    "look_again": "Guarda ancora",
    "no_ledger": (
        "Adesso non si può guardare: il registro non prende nulla, e senza registro non si guarda. Si registra lo "
        "stesso; appena il registro risponde si guarda di nuovo."
    ),
    "purpose_crime": "indagine su un reato",
    "purpose_urban-security": "sicurezza urbana",
    "purpose_road-accident": "incidente stradale",
    "purpose_traffic": "traffico",
    "purpose_environment": "ambiente e rifiuti",
    "purpose_property": "tutela del patrimonio",
    "purpose_civil-protection": "protezione civile",
    "purpose_data-subject": "richiesta di una persona ripresa",
    "purpose_request": "istanza di altri",
    "purpose_check": "controllo dell’impianto",
    "playlist": "Indirizzo per un lettore (HLS)",
    "in_span": "Lacune in questo tratto",
    "other_language": "English",
    "not_found": "Qui non c’è nulla",
    "not_found_text": "La telecamera o la pagina che cercavi non c’è.",
    "trouble": "Qualcosa non va",
    "nosignal": "si raggiunge, ma non manda immagini",
    "auth": "rifiuta utente o password",
    "net": "non si raggiunge",
    "codec": "manda un formato che non si può registrare",
    "hole": "immagini mancanti",
    "disk": "l’archivio non poteva scrivere",
    "clock": "ora non determinabile",
    "restart": "registratore fermo",
    "maintenance": "manutenzione",
    "schedule": "fuori orario",
    "mask": "mascherata",
    "permit": "autorizzazione scaduta",
    "keys": "manca la chiave dell’ora",
}

_ENGLISH: Mapping[str, str] = {
    "title": "Cameras",
    "skip": "Skip to the cameras",
    "camera": "Camera",
    "stream": "Stream",
    "state": "State",
    "age": "Last picture",
    "received": "Received",
    "received_note": "since the recorder started",
    "gaps": "Gaps today",
    "watch": "Watch",
    "watch_long": "Watch the last minutes of {camera}, {stream} stream",
    "no_cameras": "There is no camera yet.",
    "no_cameras_next": "To add one, on the command line:",
    "no_gaps": "none",
    "more_gaps": "and {n} more",
    "gaps_unknown": "not known while the recorder does not answer",
    "since": "since {start}",
    "until": "{start}–{end}",
    "synthetic": "synthetic pictures",
    "main": "main",
    "sub": "sub",
    "recording": "recording",
    "connecting": "connecting",
    "gap": "not recording: {why}",
    "gap_unknown": "not recording",
    "disabled": "disabled",
    "starting": "starting",
    "unknown": "not known: the recorder does not answer",
    "never": "never",
    "ago": "{age} ago",
    "all_fine": "All cameras are recording.",
    "some_wrong": "Not recording as they should: {n} of {all}.",
    "recorder_down": (
        "The recorder does not answer: whether it is recording is not known. What was recorded stays; each gap is "
        "declared when it runs again."
    ),
    "ledger_down": "The ledger does not answer. Recording goes on; its facts wait in the archive.",
    "ledger_refused": "The ledger takes nothing: {why}",
    "keyring_down": "The keyring does not answer: nothing recorded can be looked at, and nothing is erased.",
    "alarm": "Alarm: {what}.",
    "witness_away": "Witnesses have not signed for more than a minute: {names}. Recording goes on.",
    "own_witness": "The time that is trusted is that of a witness running beside the town: for show only.",
    "level_tpm": (
        "Keyring of level tpm: what is erased opens from no copy, and a copy of the home opens nothing elsewhere; who "
        "has this whole machine, with its chip, can open it until the next erasure."
    ),
    "level_file": (
        "Keyring of level file: whoever copies the whole home and the footage can look at it elsewhere without an "
        "entry here, and a copy made before brings back what is erased."
    ),
    "keys_low": "Keys last for {n} more hours: the keyring is not making new ones.",
    "root_bad": "Disk {id}: {state}.",
    "disk_lasts": "full in about {days} days at today's rate",
    "disk_free": "{free} free",
    "stale": "Not up to date since {time}: the control room does not answer.",
    "updated": "Updated at {time}",
    "back": "Back to the cameras",
    "last_minutes": "Last {n} minutes",
    "minutes_choice": "How many minutes",
    "from_to": "from {start} to {end} on {day}",
    "no_footage": "There is nothing to watch of this stream yet: the first appears after about twenty seconds.",
    "video_of": "Recording of {camera}",
    "no_video": "This program cannot show the video.",
    "cannot_play": "The video cannot be shown here ({codec}). The address below opens in another program.",
    "look_title": "Why do you look?",
    "look_as": "You look as {name}.",
    "look_note": (
        "Each look stands in the ledger: who, which camera, which stretch, for which purpose. Names and reasons are "
        "encrypted; that somebody looked can be proven for ever."
    ),
    "look_purpose": "Purpose",
    "look_choose": "choose",
    "look_reason": "Reason",
    "look_case": "Case, if there is one",
    "look_open": "Look",
    "look_number": "This look is in the ledger with the number {number}; a copy is asked for with evidence ask.",
    "look_close": "I am done",
    "look_over": "This look is over. To go on, say again why.",
    "look_again": "Look again",
    "no_ledger": (
        "Nothing can be looked at now: the ledger takes nothing, and without a ledger nobody looks. Recording goes on; "
        "as soon as the ledger answers you can look again."
    ),
    "purpose_crime": "investigation of a crime",
    "purpose_urban-security": "urban security",
    "purpose_road-accident": "road accident",
    "purpose_traffic": "traffic",
    "purpose_environment": "environment and waste",
    "purpose_property": "public property",
    "purpose_civil-protection": "civil protection",
    "purpose_data-subject": "request of somebody who is on it",
    "purpose_request": "request of others",
    "purpose_check": "check of the system",
    "playlist": "Address for a player (HLS)",
    "in_span": "Gaps in this stretch",
    "other_language": "Italiano",
    "not_found": "There is nothing here",
    "not_found_text": "The camera or page that you looked for does not exist.",
    "trouble": "Something is wrong",
    "nosignal": "reached, but sends no pictures",
    "auth": "refuses the user or password",
    "net": "cannot be reached",
    "codec": "sends what cannot be stored",
    "hole": "pictures missing",
    "disk": "the archive could not write",
    "clock": "time could not be told",
    "restart": "recorder not running",
    "maintenance": "maintenance",
    "schedule": "outside its hours",
    "mask": "masked",
    "permit": "permission lapsed",
    "keys": "no key for the hour",
}

WORDS: Mapping[str, Mapping[str, str]] = {"it": _ITALIAN, "en": _ENGLISH}
_RANGE = re.compile(r"\s*([A-Za-z*]{1,8})(?:-[A-Za-z0-9-]+)?\s*(?:;\s*q=([0-9.]{1,5}))?\s*")


def choose_language(wanted: str | None, accepted: str) -> str:
    """`?lang=` if it is one of ours, else the best of Accept-Language, else Italian."""
    if wanted in LANGUAGES:
        return wanted
    best, weight = LANGUAGES[0], 0.0
    for part in accepted[:500].split(","):
        found = _RANGE.fullmatch(part)
        if found is None or found[1].lower() not in LANGUAGES:
            continue
        try:
            q = float(found[2]) if found[2] else 1.0
        except ValueError:
            continue
        if q > weight:
            best, weight = found[1].lower(), q
    return best


def bytes_text(count: int, language: str) -> str:
    """`3,4 GB` or `3.4 GB`."""
    value, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 999.5 or unit == "TB":
            break
        value /= 1000
    text = f"{value:.0f}" if unit == "B" or value >= 99.5 else f"{value:.1f}"
    return f"{text.replace('.', ',') if language == 'it' else text} {unit}"


def age_text(seconds: float, language: str) -> str:
    """`2 s`, `5 min`, `3 h`, `2 giorni`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 36 * 3600:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86400:.0f} {'giorni' if language == 'it' else 'days'}"
