// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Instant, Nothing, Person, Route } from "./types";

/** An hour of one camera that goes before its time (RT-06). */
export interface ErasureRoutes {
  "GET /erasures": Route<undefined, { items: readonly Erasure[] }>;
  "POST /erasures": Route<{ camera: string; hour: Instant; ground: Ground; reference: string; reason: string }, Erasure>;
  "POST /erasures/{number}/opinion": Route<{ favours: boolean; text: string }, Erasure>;
  "POST /erasures/{number}/approve": Route<{ reason: string; opinion: Instant | null }, Erasure>;
  "POST /erasures/{number}/refuse": Route<{ reason: string }, Erasure>;
  "POST /erasures/{number}/withdraw": Route<Nothing, Erasure>;
}

export type Ground = "rights-request" | "unlawful-capture";

export interface Erasure {
  readonly number: number;
  readonly camera: string;
  readonly name: string;
  /** Its start. */
  readonly hour: Instant;
  readonly ground: Ground;
  /** The request's number, or that of the report of what was captured. */
  readonly reference: string;
  /** `approved`: it was decided and could not be done yet; who decided confirms it again. */
  readonly state: "open" | "approved" | "refused" | "withdrawn" | "expired" | "done";
  readonly proposer: Person;
  readonly reason: string;
  readonly proposed: Instant;
  readonly until: Instant;
  /** Of the data protection officer; `at` is sent with an approval, it says which one was read. Nobody decides before it is there. */
  readonly opinion: { readonly text: string; readonly person: Person; readonly at: Instant; readonly favours: boolean } | null;
  readonly decider: Person | null;
  readonly answer: string | null;
  readonly decided: Instant | null;
  /** By which some of it is held: then it cannot go. */
  readonly holds: readonly string[];
  readonly own: boolean;
}
