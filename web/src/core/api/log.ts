// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Instant, Person, Route } from "./types";

/** The log of what people did (LG-05): for the auditor and the DPO. Each question is a fact before it is answered. */
export interface LogRoutes {
  /** A page of a hundred, newest first. The same question gives a table by `logTable`. */
  "POST /log": Route<LogAsked, LogAnswer>;
  /** For who commands: with nobody's name. It is a fact as well. */
  "POST /log/totals": Route<TotalsAsked, LogTotals>;
  "GET /log/reviews": Route<undefined, Reviews>;
  "POST /log/reviews": Route<ReviewAsked, Review>;
}

/** D.Lgs. 51/2018, art. 21 c. 3: for these a log is read, and for nothing else. */
export const LOG_PURPOSES = ["lawfulness", "self-control", "security", "proceedings"] as const;
export type LogPurpose = (typeof LOG_PURPOSES)[number];

export const LOG_GROUPS = ["all", "looks", "copies", "access", "changes", "room", "programs"] as const;
export type LogGroup = (typeof LOG_GROUPS)[number];

export interface LogAsked {
  readonly purpose: LogPurpose;
  readonly note?: string;
  /** At most 366 days. */
  readonly since: Instant;
  readonly until: Instant;
  readonly group?: LogGroup;
  /** Of people and cameras by id; also of those that are no more. */
  readonly person?: string;
  readonly camera?: string;
  readonly case?: string;
  /** `next` of the page before. */
  readonly before?: number;
}

export interface LogAnswer {
  readonly items: readonly LogRow[];
  /** In all, on every page. */
  readonly matched: number;
  /** Of so many it cannot be told whether they answer: whose they are is destroyed or lost. */
  readonly untold: number;
  /** Damaged, or of a later version. */
  readonly unread: number;
  /** Nothing before that is kept, and the question goes further back. */
  readonly oldest: Instant | null;
  /** The log began anew; what was before stands in another one. */
  readonly is_forked: boolean;
  readonly size: number;
  readonly next: number | null;
}

export interface LogRow {
  readonly number: number;
  readonly at: Instant;
  /** docs/3-formats/act.md */
  readonly kind: string;
  readonly what: string | null;
  readonly why: string | null;
  readonly cameras: readonly string[];
  /** Of the footage that it is about. */
  readonly start: Instant | null;
  readonly end: Instant | null;
  readonly purpose: string | null;
  readonly renews: number | null;
  readonly closed: Instant | null;
  /** Seconds of footage whose keys were given. */
  readonly shown_s: number | null;
  /** Whether it can be told who it was; null: of nobody. */
  readonly names: "open" | "destroyed" | "damaged" | "missing" | null;
  readonly person: string | null;
  readonly full_name: string | null;
  readonly station: string | null;
  readonly reason: string | null;
  readonly case: string | null;
  readonly recipient: string | null;
}

export interface TotalsAsked {
  /** Whole days of the town, seven at least, 366 at most. */
  readonly since: Instant;
  readonly until: Instant;
}

export interface LogTotals {
  /** What people did, most often first; a look that is renewed is one. */
  readonly kinds: readonly { readonly kind: string; readonly count: number }[];
  /** Looks at each, live or at what it recorded. */
  readonly cameras: readonly { readonly camera: string; readonly name: string; readonly looks: number }[];
  readonly unread: number;
  readonly oldest: Instant | null;
  readonly is_forked: boolean;
}

export interface ReviewAsked {
  readonly purpose: LogPurpose;
  readonly since: Instant;
  readonly until: Instant;
  readonly sample: number;
  readonly outcome: "in-order" | "findings";
  readonly text: string;
}

export interface Review extends Omit<ReviewAsked, "purpose"> {
  readonly number: number;
  readonly person: Person;
  readonly at: Instant;
}

export interface Reviews {
  readonly items: readonly Review[];
  /** When the next one is; null: none was done yet, one is due. */
  readonly due: Instant | null;
}
