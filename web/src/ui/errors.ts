// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import { Away, Refused } from "../core/api/client";
import { msFromInstant } from "../core/time/ticks";
import { useFormat } from "./format";

/** Words for whatever was raised: ours for codes that we know, else the server's. */
export function useSayError(): (error: unknown) => string {
  const { t, i18n } = useTranslation();
  const format = useFormat();
  return (error) => {
    if (error instanceof Away) {
      const { since, isSlow, mayBeDone } = error;
      if (since !== null) return t(mayBeDone ? "ui.away_since_done" : "ui.away_since", { since: format.seconds(since) });
      return t(mayBeDone ? "ui.away_done" : isSlow ? "ui.away_slow" : "ui.away");
    }
    if (!(error instanceof Refused)) return t("errors.unexpected");
    const { code, title, detail, until, since, clause } = error.problem;
    const more = since === undefined ? clause : "since";
    const key = [`errors.${code}_${more}`, `errors.${code}`].find((each) => i18n.exists(each)) ?? `errors.${code}`;
    if (!i18n.exists(key)) return detail ?? title;
    return t(key as "errors.unexpected", { until: until === undefined ? "" : format.time(msFromInstant(until)), since: since === undefined ? "" : format.seconds(msFromInstant(since)) });
  };
}

/** What is wrong with a field, by the server. */
export function fieldErrors(error: unknown): Readonly<Record<string, string>> {
  return error instanceof Refused ? (error.problem.fields ?? {}) : {};
}
