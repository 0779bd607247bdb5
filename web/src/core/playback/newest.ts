// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { LookedCamera } from "../api/playback";
import { msFromInstant } from "../time/ticks";

/** The end of what is recorded, as far as a look may show it. Pure; milliseconds. */

const EDGE_MS = 400;
const FRESH_MS = 120_000; // of what ended before nothing more is to be expected

/** The newest moment that any of them shows; null: none shows anything. */
export function newestOf(cameras: readonly LookedCamera[]): number | null {
  const ends = cameras.flatMap(({ state, to }) => (state === "open" && to !== null ? [msFromInstant(to)] : []));
  return ends.length === 0 ? null : Math.max(...ends);
}

/** Whether what comes at that moment is being written now. */
export function atEdge(cameras: readonly LookedCamera[], at: number, now: number): boolean {
  const newest = newestOf(cameras);
  if (newest === null) return cameras.some(({ code }) => code === "NOT_YET") && now - at < FRESH_MS;
  return at >= newest - EDGE_MS && now - newest < FRESH_MS;
}
