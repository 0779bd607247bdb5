// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Instant, Nothing, Person, Route } from "./types";

/**
 * Copies that leave the house, and what is held. One asks, another approves and says who makes it, that one prepares
 * and takes it. Beside these: GET /exports/{number}/package and …/report, which give no JSON (`exportAddress`).
 *
 * Codes: REASON_REQUIRED, NO_TITLE (name a case), NOTHING_RECORDED, HELD_ONLY, MAKER_REQUIRED, SAME_PERSON, NOT_NOW,
 * PACKAGE_GONE, OUT_OF_SCOPE, LEDGER_AWAY.
 */
export interface ExportRoutes {
  "GET /exports/asked": Route<undefined, { readonly items: readonly Export[] }>;
  "GET /exports/to-approve": Route<undefined, { readonly items: readonly Export[] }>;
  "GET /exports/to-prepare": Route<undefined, { readonly items: readonly Export[] }>;
  "POST /exports": Route<ExportAsked, { readonly number: number }>;
  "POST /exports/{number}/approve": Route<{ reason: string; maker: string }, undefined>; // 204, as what follows
  "POST /exports/{number}/refuse": Route<{ reason: string }, undefined>;
  "POST /exports/{number}/withdraw": Route<Nothing, undefined>;
  "POST /exports/{number}/prepare": Route<Nothing, undefined>;
  "POST /exports/{number}/cancel": Route<Nothing, undefined>;

  "GET /holds": Route<undefined, { readonly items: readonly Hold[] }>;
  "POST /holds": Route<HoldAsked, HoldPlaced>;
  "POST /holds/{name}/confirm": Route<{ reason: string }, undefined>;
  "POST /holds/{name}/release": Route<{ reason: string }, undefined>;
}

/** Where a browser saves it from; only who prepared it may, and each time is a fact. */
export function exportAddress(number: number, what: "package" | "report"): string {
  return `/api/v1/exports/${number}/${what}`;
}

export const PURPOSES = [
  "crime",
  "urban-security",
  "road-accident",
  "traffic",
  "environment",
  "property",
  "civil-protection",
  "data-subject",
  "request",
  "check",
] as const;
export type Purpose = (typeof PURPOSES)[number];

export const RECIPIENTS = ["police", "judge", "defence", "citizen", "insurance", "office"] as const;
export type RecipientClass = (typeof RECIPIENTS)[number];

export const CAUSES = ["judge", "police", "defence", "citizen", "rights", "office"] as const;
export type Cause = (typeof CAUSES)[number];

interface Stretch {
  readonly cameras: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly reason: string;
  readonly case: string;
}

export interface ExportAsked extends Stretch {
  readonly purpose: Purpose;
  readonly recipient_class: RecipientClass;
  /** By name, or a public key (age1…, ssh-…): then the package is encrypted to it. */
  readonly recipient: string;
}

export interface HoldAsked extends Stretch {
  readonly cause: Cause;
  /** The number of a citizen's request: without one the front desk holds nothing. */
  readonly request?: string;
}

/** A hold is called by the number of its entry; `act-` before it is for programs. */
export function numberOf({ hold }: Pick<Hold, "hold">): string {
  return hold.replace(/^act-/, "");
}

export interface HoldPlaced {
  readonly hold: string;
  readonly ends: Instant;
  readonly ends_confirmed: Instant;
  readonly segments: number;
  readonly lost: readonly string[];
}

export interface Step {
  readonly at: Instant;
  /** Null once nobody can tell any more. */
  readonly by: string | null;
  readonly reason: string | null;
}

export type ExportState =
  | "asked"
  | "refused"
  | "withdrawn"
  | "approved"
  | "waiting"
  | "running"
  | "done"
  | "failed"
  | "cancelled";

export interface Export {
  readonly number: number;
  readonly state: ExportState;
  readonly asked: Step;
  readonly cameras: readonly { readonly id: string; readonly name: string }[];
  readonly from: Instant;
  readonly to: Instant;
  readonly purpose: string;
  readonly recipient_class: string;
  readonly recipient: string | null;
  readonly is_for_key: boolean;
  readonly case: string | null;
  readonly approval: Step | null;
  readonly maker: Person | null;
  readonly rejection: Step | null;
  /** Who could make it, for who answers. */
  readonly makers: readonly Person[];
  readonly job: {
    readonly id: string;
    /** begin, clip NAME, package; empty while it waits or is over. */
    readonly step: string;
    /** For a disk, a process or a fact that is not there yet. */
    readonly waits: boolean;
    readonly done: number;
    readonly error: string | null;
  } | null;
  readonly result: {
    readonly bytes: number;
    readonly sha256: string;
    readonly verified: boolean;
    readonly losses: readonly string[];
    readonly has_report: boolean;
  } | null;
  readonly takings: readonly Step[];
}

export interface Hold {
  readonly hold: string;
  readonly state: "provisional" | "confirmed";
  readonly cause: string;
  readonly cameras: readonly { readonly id: string; readonly name: string }[];
  readonly from: Instant;
  readonly to: Instant;
  readonly placed: Instant;
  readonly ends: Instant;
  readonly ends_soon: boolean;
  readonly by: string | null;
  readonly is_own: boolean;
  readonly case: string | null;
  readonly reason: string | null;
  readonly segments: number | null;
  readonly copied: number | null;
  /** Null once all are copied. */
  readonly volumes: number | null;
  readonly lost: number | null;
}
