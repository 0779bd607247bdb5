// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { RoomState } from "./register";
import type { Route } from "./types";

/** The room of a station: its curtain. */
export interface CurtainRoutes {
  "GET /room": Route<undefined, RoomState>;
  "POST /room/curtain": Route<{ drawn: boolean; reason?: string }, object>;
}
