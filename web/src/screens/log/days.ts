// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { instantsOf } from "../../core/time/zone";

export const DAY_MS = 86_400_000;

/** From the beginning of one day of the town to the end of another, or of the same. */
export function span(first: string, last: string, zone: string): { readonly since: string; readonly until: string } {
  return { since: instantOf(first, zone), until: instantOf(dayAfter(last), zone) };
}

function instantOf(day: string, zone: string): string {
  const [first] = instantsOf({ date: day, time: "00:00:00" }, zone);
  const [second] = instantsOf({ date: day, time: "01:00:00" }, zone); // where midnight is left out
  return new Date(first ?? second ?? Date.parse(`${day}T00:00:00Z`)).toISOString();
}

function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T12:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
}
