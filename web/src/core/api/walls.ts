// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Instant, Person, Route } from "./types";

/** Which cameras stand where; no picture comes by these. */
export interface WallRoutes {
  /** Also while the session is locked: what shows live pictures goes on, and has to know how old they are. */
  "GET /station": Route<undefined, StationState>;
  "GET /walls": Route<undefined, Walls>;
  "PUT /walls/now/{monitor}": Route<Arrangement, undefined>; // 204
  "POST /walls": Route<NewWall, Wall>;
  "PUT /walls/{id}": Route<NewWall, Wall>;
  "DELETE /walls/{id}": Route<undefined, undefined>; // 204
}

export interface StationState {
  /** As facts call it. */
  readonly name: string;
  readonly now: Instant;
}

export type Layout = "1" | "2" | "4" | "6" | "8" | "9" | "12" | "16" | "20" | "25";

/** No camera: empty. Several: one after the other. */
export interface Cell {
  readonly cameras: readonly string[];
  readonly every_s: number;
}

/** More cells than the layout shows are further pages. */
export interface Arrangement {
  readonly layout: Layout;
  readonly cells: readonly Cell[];
  /** Pages follow each other by themselves; null: by hand. */
  readonly every_s: number | null;
}

export interface NewWall {
  readonly name: string;
  /** Seen by everybody; for who commands. */
  readonly shared: boolean;
  readonly arrangement: Arrangement;
}

export interface Wall extends NewWall {
  readonly id: string;
  readonly owner: Person;
  readonly own: boolean;
}

export interface Walls {
  readonly items: readonly Wall[];
  /** What one's monitors showed last, by number. */
  readonly now: Readonly<Record<string, Arrangement>>;
  readonly may_share: boolean;
}
