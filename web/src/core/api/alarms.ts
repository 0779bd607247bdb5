// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Instant, Person, Route } from "./types";

/** The one queue of alarms. */
export interface AlarmRoutes {
  /** What people have to do with now, the most urgent first. */
  "GET /alarms": Route<undefined, { readonly now: Instant; readonly items: readonly Alarm[] }>;
  /** What is over, newest first; `?days=`. */
  "GET /alarms/past": Route<undefined, { readonly items: readonly Alarm[] }>;
  "POST /alarms/{number}/acknowledge": Route<{ note: string }, Alarm>;
  "POST /alarms/{number}/note": Route<{ note: string }, Alarm>;
}

export interface Alarm {
  /** "0": it could not be written down yet. */
  readonly id: string;
  /** Has words below `alarms.codes`; `text` is English, for codes without words. */
  readonly code: string;
  /** A camera's id, a disk's path, a witness's name; empty: the town. */
  readonly place: string;
  readonly name: string;
  /** 1 at once, 2 today, 3 to know. */
  readonly priority: number;
  readonly values: Readonly<Record<string, string | number | null>>;
  readonly text: string;
  readonly state: "new" | "acknowledged" | "over";
  readonly began: Instant;
  /** When it last was news: then it sounds. */
  readonly rung: Instant;
  readonly over: Instant | null;
  /** How often it came. */
  readonly came: number;
  readonly taker: Person | null;
  readonly taken: Instant | null;
  /** Of an alarm of many places: each, and whether it is well again. */
  readonly members: readonly AlarmMember[];
  readonly notes: readonly AlarmNote[];
}

export interface AlarmMember {
  readonly id: string;
  readonly name: string;
  readonly over: boolean;
  /** A cause, as of gaps; empty: it is not known. */
  readonly why: string;
  /** So much is missing there; 0: that is not what it is about. */
  readonly seconds: number;
}

export interface AlarmNote {
  /** "left", "took": by a shift. */
  readonly what: "acknowledged" | "note" | "left" | "took";
  readonly person: Person;
  readonly at: Instant;
  readonly text: string;
  readonly shift: string | null;
}
