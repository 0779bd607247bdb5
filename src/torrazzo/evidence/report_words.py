# SPDX-FileCopyrightText: 2026 The Torrazzo authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The hand-over report's words."""

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "it": {
        "title": "Verbale di consegna di filmati",
        "case": "Fascicolo",
        "who": "Chi",
        "asked": "Richiesta {ask}, di {person}, il {when}, per «{purpose}»",
        "approved": "Approvata da {person} il {when}",
        "made": "Copia preparata da {person}, come dice l'approvazione",
        "recipient": "Destinatario: {recipient} (categoria «{to}»)",
        "no_recipient": "Destinatario: categoria «{to}»",
        "unknown": "persona di cui il nome non è più conservato",
        "what": "Che cosa",
        "file": "Plico: {file}, {bytes} byte, fatto il {made}",
        "encrypted": "Cifrato con age per la chiave {key}",
        "sha256": "SHA-256 del file consegnato",
        "clips": "Filmati",
        "clip": "File nel plico",
        "camera": "Telecamera e flusso",
        "from": "Dal",
        "to": "Al",
        "bytes": "Byte",
        "digest": "SHA-256",
        "gaps": "Lacune e interventi sull’orologio",
        "no_gaps": "Nessuna, secondo i fatti nel registro.",
        "open": "aperta",
        "cause": "Causa",
        "missing": "Non compreso",
        "nothing_missing": "Nulla: tutto ciò che è stato chiesto ed è stato registrato è nel plico.",
        "lost_piece": (
            "{clip}: il frammento {piece} del segmento dal {start} al {end} non è leggibile; è mostrato come lacuna."
        ),
        "erased_stretch": (
            "{clip}: ciò che fu registrato dal {start} al {end} è stato cancellato prima del tempo, per ordine; è "
            "mostrato come lacuna."
        ),
        "gone_stretch": (
            "{clip}: ciò che fu registrato dal {start} al {end} nessuno può più aprirlo: le sue chiavi non ci sono "
            "più; è mostrato come lacuna."
        ),
        "lost_segment": "{clip}: il segmento dal {start} al {end} non è leggibile; è mostrato come lacuna.",
        "unshown": "Una parte di una telecamera non è nel plico; nelle parole del programma: «{what}»",
        "left_out": "Non nel plico: {stream}; nelle parole del programma: «{why}»",
        "keys": "Chi firma",
        "keys_text": "Il registro dei fatti è firmato con queste chiavi, da confrontare con quelle pubblicate:",
        "for_show": (
            "{witness} è un testimone dimostrativo, per sola mostra: sta accanto al registro che firma, e a estranei "
            "non prova nulla."
        ),
        "head": "Testa del registro a cui conducono tutte le prove: {size} voci, radice {root}",
        "verdict": "Esito della verifica prima della consegna",
        "verified": (
            "Chi consegna ha controllato il plico con il verificatore allegato e con le chiavi qui sopra. Non è "
            "stato trovato nulla che non torni: ogni file è come elencato, ogni fatto è nel registro firmato, i "
            "fatti coprono il tempo dei filmati senza salti, ogni frammento dei filmati dà l’impronta registrata, "
            "nessuna immagine è di più."
        ),
        "left_open": "Il verificatore lascia però aperto (ore UTC):",
        "limits": (
            "Il controllo l’ha fatto chi consegna: chi riceve lo ripeta, con chiavi avute per altra via. Non "
            "prova che la telecamera abbia ripreso il vero, né che l’ora sia esatta (è quella degli orologi del "
            "Comune), né che nessuno abbia visto le immagini senza lasciare voce."
        ),
        "signatures": "Consegna",
        "sign_from": "Chi consegna (nome, firma)",
        "sign_to": "Chi riceve (nome, firma)",
        "sign_when": "Luogo e data",
        "local": "Ore locali di {zone}, con lo scarto da UTC.",
        "step": "orologio spostato di {seconds} s",
        "nosignal": "la telecamera non mandava immagini",
        "auth": "la telecamera rifiutava l’accesso",
        "net": "la telecamera non era raggiungibile",
        "codec": "la telecamera mandava ciò che non si può registrare",
        "hole": "immagini mancanti nel flusso della telecamera",
        "disk": "l’archivio non poteva scrivere",
        "restart": "il registratore era fermo o ripartiva",
        "maintenance": "impostazioni della telecamera cambiate",
        "permit": "autorizzazione a registrare scaduta",
        "keys_gap": "mancavano le chiavi dell’ora",
        "purpose_crime": "reato",
        "purpose_urban-security": "sicurezza urbana",
        "purpose_road-accident": "incidente stradale",
        "purpose_traffic": "traffico",
        "purpose_environment": "ambiente",
        "purpose_property": "patrimonio",
        "purpose_civil-protection": "protezione civile",
        "purpose_data-subject": "richiesta di chi è ripreso",
        "purpose_request": "istanza",
        "purpose_check": "controllo dell’impianto",
        "to_police": "forza di polizia",
        "to_judge": "autorità giudiziaria",
        "to_defence": "difesa",
        "to_citizen": "cittadino",
        "to_insurance": "assicurazione",
        "to_office": "ufficio del Comune",
    },
    "en": {
        "title": "Hand-over report of recordings",
        "case": "Case",
        "who": "Who",
        "asked": "Request {ask}, by {person}, on {when}, for “{purpose}”",
        "approved": "Approved by {person} on {when}",
        "made": "Copy made by {person}, as the approval says",
        "recipient": "Recipient: {recipient} (class “{to}”)",
        "no_recipient": "Recipient: class “{to}”",
        "unknown": "a person whose name is no longer kept",
        "what": "What",
        "file": "Package: {file}, {bytes} bytes, made on {made}",
        "encrypted": "Encrypted with age to the key {key}",
        "sha256": "SHA-256 of the file handed over",
        "clips": "Clips",
        "clip": "File in the package",
        "camera": "Camera and stream",
        "from": "From",
        "to": "To",
        "bytes": "Bytes",
        "digest": "SHA-256",
        "gaps": "Gaps, and settings of the clock",
        "no_gaps": "None, by the facts in the log.",
        "open": "open",
        "cause": "Cause",
        "missing": "Not included",
        "nothing_missing": "Nothing: all that was asked for and was recorded is in the package.",
        "lost_piece": (
            "{clip}: fragment {piece} of the segment from {start} to {end} could not be read; it is shown as a gap."
        ),
        "erased_stretch": (
            "{clip}: what was recorded from {start} to {end} was erased before its time, by order; it is shown as a "
            "gap."
        ),
        "gone_stretch": (
            "{clip}: what was recorded from {start} to {end} nobody can open any more: its keys are no more; it is "
            "shown as a gap."
        ),
        "lost_segment": "{clip}: the segment from {start} to {end} could not be read; it is shown as a gap.",
        "unshown": "A stretch of one camera is not in the package; in the program’s words: “{what}”",
        "left_out": "Not in the package: {stream}; in the program’s words: “{why}”",
        "keys": "Who signs",
        "keys_text": "The log of facts is signed with these keys, to be compared with those published:",
        "for_show": (
            "{witness} is a demonstration’s witness, for show: it stands beside the log that it signs, and "
            "proves nothing to strangers."
        ),
        "head": "Head of the log that all proofs lead to: {size} entries, root {root}",
        "verdict": "Outcome of the check before the hand-over",
        "verified": (
            "Whoever hands over has checked the package with the verifier that comes with it and with the keys "
            "above. Nothing was found that does not fit: each file is as listed, each fact is in the signed "
            "log, the facts cover the clips’ time without a jump, each fragment of the clips gives the "
            "recorded hash, no picture is too many."
        ),
        "left_open": "But the verifier leaves open (times in UTC):",
        "limits": (
            "The check was made by whoever hands over: whoever receives should repeat it, with keys that came "
            "by another way. It does not prove that the camera saw the real thing, nor that the time is exact "
            "(it is that of the town’s clocks), nor that nobody saw the pictures without leaving an entry."
        ),
        "signatures": "Hand-over",
        "sign_from": "Handed over by (name, signature)",
        "sign_to": "Received by (name, signature)",
        "sign_when": "Place and date",
        "local": "Local times of {zone}, with their offset from UTC.",
        "step": "clock set by {seconds} s",
        "nosignal": "the camera sent no pictures",
        "auth": "the camera refused access",
        "net": "the camera could not be reached",
        "codec": "the camera sent what cannot be recorded",
        "hole": "pictures missing in the camera’s stream",
        "disk": "the archive could not write",
        "restart": "the recorder was not running, or starting",
        "maintenance": "the camera’s settings were changed",
        "permit": "the permission to record had lapsed",
        "keys_gap": "keys of the hour were missing",
        "purpose_crime": "crime",
        "purpose_urban-security": "urban security",
        "purpose_road-accident": "road accident",
        "purpose_traffic": "traffic",
        "purpose_environment": "environment",
        "purpose_property": "property",
        "purpose_civil-protection": "civil protection",
        "purpose_data-subject": "a data subject’s rights",
        "purpose_request": "an authority’s request",
        "purpose_check": "check of the system",
        "to_police": "police force",
        "to_judge": "court",
        "to_defence": "defence",
        "to_citizen": "citizen",
        "to_insurance": "insurance",
        "to_office": "office of the town",
    },
}
