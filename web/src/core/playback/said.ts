// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

/** Why somebody looks at what was recorded (LG-02): kept in this window, for that person's next look. */

import { type Export, PURPOSES } from "../api/exports";
import type { Purpose } from "../api/playback";

export interface Said {
  readonly purpose: Purpose;
  readonly reason: string;
  readonly event: string;
  readonly case: string;
}

interface Keeps {
  readonly getItem: (key: string) => string | null;
  readonly setItem: (key: string, value: string) => void;
}

const KEY = "torrazzo-look-reason";

/** What that person said last in this window; null: nothing. */
export function keptSaid(keeps: Keeps, person: string): Said | null {
  try {
    const found: unknown = JSON.parse(keeps.getItem(KEY) ?? "null");
    if (typeof found !== "object" || found === null || !("person" in found) || found.person !== person || !("said" in found)) return null;
    return found.said as Said;
  } catch {
    return null;
  }
}

export function keepSaid(keeps: Keeps, person: string, said: Said): void {
  keeps.setItem(KEY, JSON.stringify({ person, said }));
}

/** As it is sent: what is empty is not said. */
export function titlesOf({ event, case: about }: Said): { readonly event?: string; readonly case?: string } {
  return { ...(event.trim() === "" ? {} : { event: event.trim() }), ...(about.trim() === "" ? {} : { case: about.trim() }) };
}

/** Why that person last asked for a copy, where nobody refused it: whoever goes on with a case need not write it anew. */
export function saidInRequest(requests: readonly Export[]): Said | null {
  const known = requests.filter(({ state, case: about, asked }) => state !== "refused" && state !== "withdrawn" && about !== null && asked.reason !== null);
  const last = known.reduce<Export | null>((best, each) => (best === null || each.number > best.number ? each : best), null);
  const purpose = PURPOSES.find((each) => each === last?.purpose);
  return last === null || purpose === undefined ? null : { purpose, reason: last.asked.reason ?? "", event: "", case: last.case ?? "" };
}
