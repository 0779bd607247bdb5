// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Instant, Nothing, Person, Route } from "./types";

/** So long the server waits for the ledger at most, until it says that it does not answer; in seconds. */
export const LEDGER_S = 15;

/**
 * Recorded pictures, and what is known of recorded time (docs/3-formats/playback.md).
 *
 * A look is one session's: its key serves no other. Beside these routes a look has addresses that give no JSON, in
 * `mediaAddress`: playlist, still, thumbnail. What they refuse is a `Problem` all the same.
 */
export interface PlaybackRoutes {
  /** Facts are in the ledger before it answers. Codes: REASON_REQUIRED, PURPOSE_NOT_ALLOWED, EVENT_REQUIRED,
   * CASE_REQUIRED, OUT_OF_SCOPE, HELD_ONLY (name its case), FOOTAGE_EXPIRED, FOOTAGE_ERASED, LOOKS_MANY,
   * LEDGER_AWAY. */
  "POST /looks": Route<LookAsked, Look>;
  "GET /looks/{key}": Route<undefined, Look>;
  /** Another span, other cameras or streams, for the same reason: what was open already stays so. */
  "POST /looks/{key}/move": Route<LookMoved, Look>;
  /** Every 20 s while it is looked at: one that nothing comes for in 60 s ends (LOOK_OVER). */
  "POST /looks/{key}/stay": Route<Nothing, Look>;
  "DELETE /looks/{key}": Route<undefined, undefined>; // 204

  /** Query: `from`, `to`, at most 60 s apart, `stream`. */
  "GET /looks/{key}/{camera}/frames": Route<undefined, Frames>;

  /** Query: `cameras` (ids, joined by commas), `from`, `to`, `step` (milliseconds, 0: exact), `stream`. */
  "GET /timeline": Route<undefined, Timeline>;

  /** Query: `cameras`, `from`, `to`. */
  "GET /bookmarks": Route<undefined, { readonly items: readonly Bookmark[] }>;
  "POST /bookmarks": Route<{ camera: string; at: Instant; note: string }, Bookmark>;
  /** One's own; who commands removes anybody's. */
  "DELETE /bookmarks/{id}": Route<undefined, undefined>; // 204
}

/** Of src/torrazzo/law/reason.py. */
export type Purpose =
  | "crime"
  | "urban-security"
  | "road-accident"
  | "traffic"
  | "environment"
  | "property"
  | "civil-protection"
  | "data-subject"
  | "request"
  | "check";

export type StreamName = "main" | "sub";

/** A time that names one frame: UTC ticks (1/90000 s) as `Frames` gives them, or an `Instant`. */
export type At = number | Instant;

export interface Stretch {
  /** `to` is after `from`, by at most 24 h. */
  readonly from: Instant;
  readonly to: Instant;
}

export interface LookAsked extends Stretch {
  /** 1 to 9, none twice. */
  readonly cameras: readonly string[];
  readonly purpose: Purpose;
  readonly reason: string;
  /** An officer of judicial police and who prepares copies need a case; an operator an event or a case. */
  readonly case?: string;
  readonly event?: string;
  /** What is shown first: its keys are there when this answers. */
  readonly at?: Instant;
  /** "main" if nothing is said; a camera that has not this one shows what it has. */
  readonly stream?: StreamName;
  /** Of some cameras another one. */
  readonly streams?: Streams;
}

export interface LookMoved extends Stretch {
  readonly at?: Instant;
  /** The same ones if nothing is said. */
  readonly cameras?: readonly string[];
  /** Of some cameras another one than before. */
  readonly streams?: Streams;
}

/** By camera. */
export type Streams = Readonly<Record<string, StreamName>>;

export interface Look {
  readonly key: string;
  /** As asked. */
  readonly from: Instant;
  readonly to: Instant;
  /** It ends then unless something comes before. */
  readonly until: Instant;
  readonly purpose: Purpose;
  readonly cameras: readonly LookedCamera[];
  /** For the overlay (EV-05): who looks, and from where. */
  readonly person: Person;
  readonly station: string;
}

export interface LookedCamera {
  readonly camera: string;
  readonly name: string;
  readonly stream: StreamName;
  /** "none": nothing was recorded there, or nothing that is left. "refused": `code` says why its keys are not given. */
  readonly state: "open" | "none" | "refused";
  readonly code: string | null;
  /** What may be shown, whole segments: a little wider than asked; less where nothing was recorded at its ends. */
  readonly from: Instant | null;
  readonly to: Instant | null;
}

// ------------------------------------------------------------------------------------------------------------- frames

/**
 * Times of frames, in the order in which they are shown. A segment is named as in its part's name in the playlist,
 * `seg_<segment>_<base>.m4s`: its frame at `ticks[i]` stands on the player's clock at
 * (base + ticks[i] - start) / 90000 seconds.
 */
export interface Frames {
  readonly segments: readonly {
    /** `<term>_<n>` */
    readonly segment: string;
    /** UTC ticks. */
    readonly start: number;
    readonly end: number;
    /** UTC ticks at which each frame begins to be shown; it is shown until the next one. */
    readonly ticks: readonly number[];
    /** Which of them are key frames: places in `ticks`. */
    readonly keys: readonly number[];
  }[];
}

// ----------------------------------------------------------------------------------------------------------- timeline

/** Milliseconds after `Timeline.from`, the end excluded. */
export type Piece = readonly [from: number, to: number];

/**
 * What is known of recorded time, at most 15 s old. No picture: it needs no look.
 *
 * Everything less than `step` apart is told as one: recorded time is joined over holes that are shorter, and gaps over
 * recorded time that is shorter. No gap is ever left out: where `recorded` and `gaps` overlap, draw the gap on top.
 */
export interface Timeline {
  readonly from: Instant;
  readonly to: Instant;
  readonly step: number;
  readonly now: Instant;
  readonly cameras: readonly CameraTime[];
}

export interface CameraTime {
  readonly camera: string;
  readonly name: string;
  readonly stream: StreamName;
  /** Up to where it is known what was: what comes after is neither recorded nor absent yet. */
  readonly known: number;
  readonly recorded: readonly Piece[];
  readonly gaps: readonly GapTime[];
  readonly holds: readonly HoldTime[];
  readonly bookmarks: readonly Bookmark[];
}

/** `why`: its causes, most of the time first; "none": nothing is known (before the camera, after its life). */
export type GapTime = readonly [from: number, to: number, why: readonly string[], count: number];

export type HoldTime = readonly [from: number, to: number, hold: string];

export interface Bookmark {
  readonly id: string;
  readonly camera: string;
  readonly at: Instant;
  readonly note: string;
  readonly person: Person;
  readonly made: Instant;
  /** Whether this person may remove it. */
  readonly own: boolean;
}

// ------------------------------------------------------------------------------------------------------ what is no JSON

export interface MediaAddresses {
  /** HLS (fMP4) of a stretch of at most 2 h within the look; begins at the segment that holds `from`. `at`: where it
   * will be played from; what lies there comes in smaller parts. */
  "video.m3u8": { readonly from: At; readonly to: At; readonly at: At };
  /** image/jpeg of exactly the frame that is shown then, its own size; a fact of its own. Needs `still`.
   * Headers: x-torrazzo-camera, x-torrazzo-at (Instant), x-torrazzo-ticks, x-torrazzo-sha256, content-disposition. */
  still: { readonly at: At };
  /** image/jpeg of the key frame at or before, in the same segment; 409 NOTHING_RECORDED in a gap. 80 to 640 wide. */
  thumbnail: { readonly at: At; readonly width: number };
}

/** An address of a look that gives pictures: for `src`, hls.js or fetch. */
export function mediaAddress<What extends keyof MediaAddresses>(
  key: string,
  camera: string,
  what: What,
  query: MediaAddresses[What],
): string {
  const said = Object.entries(query).map(([name, value]) => [name, String(value)] as [string, string]);
  return `/api/v1/looks/${encodeURIComponent(key)}/${encodeURIComponent(camera)}/${what}?${new URLSearchParams(said)}`;
}
