// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import type { AlarmNote } from "../../core/api/alarms";
import { msFromInstant } from "../../core/time/ticks";
import { useFormat } from "../../ui/format";

/** Who took notice, what was said, from which shift to which it went. */
export function Notes({ notes }: { readonly notes: readonly AlarmNote[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (notes.length === 0) return null;
  return (
    <ul className="alarm-notes" aria-label={t("alarms.notes")}>
      {notes.map(({ what, person, at, text }) => (
        <li key={`${at} ${what}`}>
          <time dateTime={at}>{format.dateTime(msFromInstant(at))}</time> {t(`alarms.did_${what}`, { name: person.name })}
          {text === "" ? null : <q className="alarm-note">{text}</q>}
        </li>
      ))}
    </ul>
  );
}
