// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Piece, Timeline } from "../api/playback";
import { msFromInstant } from "../time/ticks";
import type { Flag, Row, Stretch } from "./rows";
import { DAY, lengthOf, type View } from "./view";

/** What GET /timeline gives, as a timeline draws it. Pure. */

export function rowsOf(told: Timeline): readonly Row[] {
  const start = msFromInstant(told.from);
  const stretch = ([from, to]: Piece): Stretch => ({ from: start + from, to: start + to });
  return told.cameras.map(({ camera, name, recorded, gaps, holds }) => ({
    camera,
    name,
    recorded: recorded.map(stretch),
    gaps: gaps.map(([from, to, why]) => ({ ...stretch([from, to]), why })),
    holds: holds.map(([from, to]) => stretch([from, to])),
  }));
}

export function flagsOf(told: Timeline): readonly Flag[] {
  return told.cameras.flatMap(({ bookmarks }) => bookmarks.map(({ id, camera, at, note }) => ({ id, camera, at: msFromInstant(at), note })));
}

const LONGEST = 8 * DAY; // of an answer

/** What to ask for a view: a view's length more on both sides, so that moving it finds something. */
export function spanToAsk(view: View, width: number): { readonly from: number; readonly to: number; readonly step: number } {
  const length = lengthOf(view);
  const more = Math.min(length, (LONGEST - length) / 2);
  const step = Math.floor(length / Math.max(1, width));
  return { from: Math.floor(view.from - more), to: Math.ceil(view.to + more), step: step <= 40 ? 0 : step };
}
