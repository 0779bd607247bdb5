// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Purpose } from "./playback";
import type { Instant, Nothing, Route } from "./types";

/** Live pictures (docs/3-formats/live.md). The frames come over a WebSocket of their own: `liveAddress`. */
export interface LiveRoutes {
  /** The facts are in the ledger before it answers. 1 to 64 cameras.
   * Codes: SHIFT_REQUIRED, REASON_REQUIRED, CASE_REQUIRED, OUT_OF_SCOPE, CURTAIN, TOO_MANY. */
  "POST /live": Route<LiveAsked, LiveLook>;
  "POST /live/{key}/stay": Route<Nothing, { readonly until: Instant }>;
  "DELETE /live/{key}": Route<undefined, undefined>; // 204
}

/** Why somebody looks whose shift does not say it. */
export interface LiveReason {
  readonly purpose?: Purpose;
  readonly reason?: string;
  readonly case?: string;
}

export interface LiveAsked extends LiveReason {
  readonly cameras: readonly string[];
}

export interface LiveLook {
  readonly key: string;
  readonly until: Instant;
  readonly cameras: readonly LiveCamera[];
}

export interface LiveCamera {
  readonly camera: string;
  readonly name: string;
  readonly streams: readonly string[];
}

export function liveAddress(here: Location, key: string, camera: string, stream: string, codecs: readonly string[]): string {
  const scheme = here.protocol === "https:" ? "wss:" : "ws:";
  const query = new URLSearchParams({ stream, codecs: codecs.join(",") });
  return `${scheme}//${here.host}/api/v1/live/${encodeURIComponent(key)}/${encodeURIComponent(camera)}?${query}`;
}
