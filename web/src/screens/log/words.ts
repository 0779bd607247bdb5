// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import type { LogRow } from "../../core/api/log";

interface Says {
  readonly who: (row: LogRow) => string;
  readonly what: (row: LogRow) => string;
  readonly purpose: (purpose: string) => string;
}

/** Words for an entry; a kind or word that has none is shown as it stands in the fact. */
export function useSayRow(): Says {
  const { t, i18n } = useTranslation();
  const word = (key: string, other: string) => (i18n.exists(`log.${key}`) ? t(`log.${key}` as "log.kind_view") : other);
  return {
    who({ names, person, full_name }) {
      if (names === null) return t("log.nobody");
      if (person === null) return t(`log.names_${names}`);
      if (full_name !== null) return full_name;
      if (person === "-") return t("log.unknown_person");
      return person === "torrazzo" ? t("log.program") : person;
    },
    what({ kind, what, why, renews }) {
      const said = [word(`kind_${kind}`, kind)];
      if (renews !== null) said.push(t("log.renewed"));
      if (what !== null) said.push(word(`what_${kind}_${what}`, what));
      if (why !== null) said.push(i18n.exists(`errors.${why.toUpperCase()}`) ? t(`errors.${why.toUpperCase()}` as "errors.FORBIDDEN") : word(`why_${why}`, why));
      return said.join(": ");
    },
    purpose(purpose) {
      const shift = /^shift\/(\d+)$/.exec(purpose)?.[1];
      return shift === undefined ? word(`for_${purpose}`, purpose) : t("log.of_shift", { number: shift });
    },
  };
}
