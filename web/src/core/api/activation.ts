// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { CameraProposal } from "./proposal";
import type { Instant, Nothing, Person, Role, Route } from "./types";

/** A camera's purpose file, and its activation by two (LB-01). CAMERA_NOT_LAWFUL names what is missing. */
export interface ActivationRoutes {
  /** What a town lacks before its first real camera may record; none: nothing. */
  "GET /first-steps": Route<undefined, { readonly items: readonly Lacking[] }>;
  "GET /cameras/{id}/file": Route<undefined, Activation>;
  "PUT /cameras/{id}/file": Route<PurposeFile, Activation>;
  /** Of the data protection officer, on the file as it is. */
  "POST /cameras/{id}/file/opinion": Route<{ text: string }, Activation>;
  "POST /cameras/{id}/activation": Route<{ reason: string }, Activation>;
  "POST /activation-proposals/{number}/approve": Route<{ reason: string }, Activation>;
  "POST /activation-proposals/{number}/refuse": Route<{ reason: string }, Activation>;
  "POST /activation-proposals/{number}/withdraw": Route<Nothing, Activation>;
}

/** Empty: not stated. */
export interface PurposeFile {
  readonly purpose: string;
  /** G: GDPR; L: law enforcement. */
  readonly regime: string;
  readonly act: string;
  readonly area: string;
  readonly pact: string;
  /** Its last day: `2027-12-31`. */
  readonly pact_until: string;
  readonly committee: string;
  readonly dpia: string;
  readonly sign: string;
  readonly workers: string;
  readonly view: string;
}

export interface Activation {
  readonly camera: string;
  readonly is_active: boolean;
  readonly is_synthetic: boolean;
  readonly file: PurposeFile;
  readonly opinion: Opinion | null;
  /** Words such as `dpia`, `masks`, `group`. */
  readonly missing: readonly string[];
  /** The same, and `second` where nobody is there who could confirm. */
  readonly todo: readonly Lacking[];
  readonly proposal: CameraProposal | null;
}

export interface Lacking {
  readonly what: string;
  /** Who mends it, in the order in which they act. */
  readonly roles: readonly Role[];
}

export interface Opinion {
  readonly text: string;
  readonly person: Person;
  readonly at: Instant;
  /** Nothing has been stated otherwise since. */
  readonly is_current: boolean;
}
