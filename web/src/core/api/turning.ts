// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Route } from "./types";

/** A camera that turns, within its sectors (MN-04). Codes: OUT_OF_SECTOR, TURNING_UNDECLARED, CAMERA_AWAY. */
export interface TurningRoutes {
  "GET /cameras/{id}/turning": Route<undefined, TurningState>;
  "POST /cameras/{id}/turning": Route<{ readonly wanted: Turn }, undefined>; // 204
}

/** Speeds from -1 to 1; at most two seconds: who holds the stick says so again. */
export type Turn =
  | { readonly kind: "move"; readonly pan: number; readonly tilt: number; readonly zoom: number; readonly seconds: number }
  | { readonly kind: "stop" }
  | { readonly kind: "preset"; readonly preset: string };

export interface TurningState {
  /** Null: it does not say. */
  readonly pan: number | null;
  readonly tilt: number | null;
  readonly zoom: number | null;
  readonly sectors: readonly { readonly left: number; readonly right: number; readonly bottom: number; readonly top: number; readonly zoom: number }[];
  readonly presets: readonly { readonly token: string; readonly name: string }[];
  readonly home: string | null;
}
