// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Route } from "./types";

/** What lies under the cameras. The tiles themselves are at `TILES`, in ranges. */
export interface MapRoutes {
  "GET /map": Route<undefined, Ground>;
}

export interface Ground {
  /** Version of the town's PMTiles file; null: it has none. */
  readonly tiles: string | null;
  /** Whose map it is, as its licence wants it shown. */
  readonly note: string;
}

export const TILES = "/api/v1/map/tiles";
