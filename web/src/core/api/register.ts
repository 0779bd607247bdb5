// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Instant, Person, Route, Shift } from "./types";

/** Shifts of everybody, and the register of the room (AC-08). */
export interface RegisterRoutes {
  "GET /shifts": Route<undefined, { readonly items: readonly OneShift[] }>;
  "POST /room/visitors": Route<Visit, Visitor>;
  "POST /room/visitors/{number}/out": Route<Record<string, never>, Visitor>;
  /** `?days=`; who works in the room sees a week at most. */
  "GET /room/register": Route<undefined, { readonly items: readonly RegisterEntry[]; readonly days: number }>;
}

export interface OneShift extends Shift {
  readonly closed: Instant | null;
  readonly why: "hand-over" | "close" | "forgotten" | null;
  readonly note: string | null;
  readonly takes: string | null;
}

export interface RoomState {
  readonly station: string;
  readonly curtain: { readonly drawn: Instant; readonly person: Person; readonly reason: string } | null;
  readonly visitors: readonly Visitor[];
}

export interface Visit {
  readonly name: string;
  readonly office: string;
  readonly reason: string;
  /** By whom. */
  readonly authorised: string;
  /** Who goes with them. */
  readonly company: string;
}

export interface Visitor extends Visit {
  readonly id: string;
  /** Who wrote it down. */
  readonly person: Person;
  readonly came: Instant;
  readonly left: Instant | null;
}

export interface RegisterEntry {
  readonly kind: "shift" | "visitor" | "curtain" | "supervision";
  readonly id: string;
  readonly start: Instant;
  readonly end: Instant | null;
  /** Whose shift; who wrote the visitor down, who drew the curtain, who supervises. */
  readonly person: Person;
  readonly text: string;
  readonly why: "hand-over" | "close" | "forgotten" | "done" | "left" | null;
  readonly note: string | null;
  readonly takes: string | null;
  readonly station: string | null;
  readonly visitor: Visitor | null;
}
