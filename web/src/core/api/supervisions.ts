// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Instant, Nothing, Person, Route } from "./types";

/** A firm's technicians under an operator's eyes (AC-07), and one picture of a camera as it is now. */
export interface SupervisionRoutes {
  "GET /supervisions": Route<undefined, Supervisions>;
  "POST /supervisions": Route<SupervisionWanted, Supervision>;
  "POST /supervisions/{number}/take": Route<Nothing, Supervision>;
  "POST /supervisions/{number}/close": Route<{ outcome: string }, Supervisions>;
  "GET /me/supervision": Route<undefined, OwnSupervision>;
  "POST /me/supervision/end": Route<Nothing, OwnSupervision>;
  /** Asked of the camera itself, whether it records or not; a technician gives no reason, the session has one. */
  "POST /cameras/{id}/view": Route<{ reason?: string }, View>;
}

export interface SupervisionWanted {
  readonly technician: string;
  readonly cameras: readonly string[];
  /** 1 to 4. */
  readonly hours: number;
  readonly reason: string;
}

export interface Supervision {
  readonly id: string;
  readonly technician: Person;
  readonly firm: string;
  readonly operator: Person;
  readonly cameras: readonly { readonly id: string; readonly name: string }[];
  readonly reason: string;
  readonly opened: Instant;
  readonly until: Instant;
  /** "alone": the shift of who supervises is over; "late": its time is, and nobody has closed it. Nothing may be done then. */
  readonly state: "open" | "alone" | "late";
}

export interface Technician {
  readonly id: string;
  readonly name: string;
  readonly firm: string;
  readonly contract: string;
  readonly until: Instant;
  readonly cameras: readonly string[];
}

export interface Supervisions {
  readonly items: readonly Supervision[];
  readonly technicians: readonly Technician[];
}

export interface OwnSupervision {
  readonly supervision: Supervision | null;
}

export interface View {
  readonly camera: string;
  readonly at: Instant;
  readonly width: number;
  readonly height: number;
  /** So coarse that nobody on it is known. */
  readonly is_test: boolean;
  /** In base64. */
  readonly jpeg: string;
}
