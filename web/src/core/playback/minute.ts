// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { HlsSource } from "./source";

const LOOK_MS = 250;
const STUCK = 3; // looks

/** Lets a stretch run from its beginning: over gaps, each of which is told. What it gives ends it. */
export function runOver(video: HTMLVideoElement, source: HlsSource, onTime: (utc: number | null) => void): () => void {
  let stuck = 0;
  const timer = setInterval(() => {
    const utc = source.map.utc(video.currentTime);
    onTime(utc ?? null);
    stuck = !video.paused && !video.seeking && video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA ? stuck + 1 : 0;
    if (stuck < STUCK || utc === undefined) return;
    stuck = 0;
    const next = source.map.edge(utc, 1);
    const place = next === undefined ? undefined : source.map.place(next);
    if (place?.kind === "picture") video.currentTime = place.media + 0.01;
  }, LOOK_MS);
  return () => clearInterval(timer);
}
