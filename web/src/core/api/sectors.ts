// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Nothing, Route } from "./types";

/** Where a camera may turn (MN-04), for who configures it. Codes: TURNING_NONE, TURNING_UNDECLARED, HOME_OUTSIDE, CAMERA_AWAY. */
export interface SectorRoutes {
  "GET /cameras/{id}/sectors": Route<undefined, TurningBounds>;
  "PUT /cameras/{id}/sectors": Route<TurningBounds, TurningBounds>;
  /** Asks the camera; numbers, no picture. */
  "GET /cameras/{id}/pose": Route<undefined, Pointing>;
  /** Where it looks now becomes its home. */
  "POST /cameras/{id}/home": Route<Nothing, TurningBounds>;
}

/** Pan and tilt from -1 to 1, zoom from 0 to 1. */
export interface TurningSector {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  readonly top: number;
  readonly zoom: number;
}

export interface TurningBounds {
  /** None: nobody turns it. */
  readonly sectors: readonly TurningSector[];
  readonly is_endless: boolean;
  /** Units a second. */
  readonly full_speed: number;
  /** A preset's token. */
  readonly home: string | null;
}

/** Nulls: the camera does not say. */
export interface Pose {
  readonly pan: number | null;
  readonly tilt: number | null;
  readonly zoom: number | null;
}

export interface Pointing extends Pose {
  readonly presets: readonly (Pose & { readonly token: string; readonly name: string })[];
}
