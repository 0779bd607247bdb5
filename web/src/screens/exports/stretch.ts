// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { instantsOf, wallAt } from "../../core/time/zone";

/** What another screen wants a copy or a hold of. */
export interface Wish {
  readonly want: "copy" | "hold";
  readonly cameras: readonly string[];
  /** Milliseconds since 1970. */
  readonly from: number | null;
  readonly to: number | null;
}

export function readWish(query: URLSearchParams): Wish | null {
  const want = query.get("want");
  if (want !== "copy" && want !== "hold") return null;
  const at = (name: string) => {
    const ms = Date.parse(query.get(name) ?? "");
    return Number.isNaN(ms) ? null : ms;
  };
  return { want, cameras: (query.get("cameras") ?? "").split(",").filter(Boolean), from: at("from"), to: at("to") };
}

/** What a field of date and time has: `2026-11-26T10:00:00`, by the town's clock. */
export function wallText(ms: number | null, zone: string): string {
  if (ms === null) return "";
  const { date, time } = wallAt(ms, zone);
  return `${date}T${time}`;
}

/** As an instant; of two that the clock showed alike the first begins and the last ends. Null: none. */
export function instantOf(text: string, zone: string, isEnd: boolean): string | null {
  const [date = "", time = ""] = text.split("T");
  const whole = time.length === 5 ? `${time}:00` : time;
  if (!/^\d{4}-\d\d-\d\d$/.test(date) || !/^\d\d:\d\d:\d\d/.test(whole)) return null;
  const found = instantsOf({ date, time: whole }, zone);
  const ms = isEnd ? found.at(-1) : found[0];
  return ms === undefined ? null : new Date(ms).toISOString();
}
