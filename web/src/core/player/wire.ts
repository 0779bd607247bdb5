// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

/** What comes over the socket of a live picture (docs/3-formats/live.md). */

export const HEADER = 24;
const KEY = 1;
const CATCHING_UP = 2;
const DISCONTINUITY = 4;

export interface InitSaid {
  readonly type: "init";
  readonly mime: string;
  readonly width: number;
  readonly height: number;
  readonly stream: string;
}

export interface StateSaid {
  readonly type: "state";
  readonly state: string;
  readonly why: string | null;
}

export interface DroppedSaid {
  readonly type: "dropped";
  readonly frames: number;
}

export type Said = InitSaid | StateSaid | DroppedSaid;

export interface InitSegment {
  readonly kind: "init";
  readonly data: Uint8Array<ArrayBuffer>;
}

export interface LiveFrame {
  readonly kind: "frame";
  readonly isKey: boolean;
  /** Of the running GOP, sent again at once so that the first picture comes at once. */
  readonly isCatchingUp: boolean;
  /** What came before does not lead here: media time may have jumped. */
  readonly isDiscontinuity: boolean;
  readonly sequence: number;
  /** UTC milliseconds at which it reached the recorder, by the server's clock. */
  readonly utc: number;
  /** Media time, seconds. */
  readonly media: number;
  /** `moof` and `mdat` of this frame alone. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** A text message; null: a word that we do not know, or none of ours. */
export function parseSaid(text: string): Said | null {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof said !== "object" || said === null || !("type" in said)) return null;
  const words = said as Readonly<Record<string, unknown>>;
  switch (words["type"]) {
    case "init":
      if (typeof words["mime"] !== "string") return null;
      return { type: "init", mime: words["mime"], width: count(words["width"]), height: count(words["height"]), stream: text_(words["stream"]) ?? "" };
    case "state":
      return { type: "state", state: text_(words["state"]) ?? "", why: text_(words["why"]) };
    case "dropped":
      return { type: "dropped", frames: count(words["frames"]) };
    default:
      return null;
  }
}

function count(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

function text_(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** A binary message; null where it is too short, or of a kind that we do not know. */
export function parseBinary(message: ArrayBuffer): InitSegment | LiveFrame | null {
  if (message.byteLength <= HEADER) return null;
  const view = new DataView(message);
  const kind = view.getUint8(0);
  const data = new Uint8Array(message, HEADER);
  if (kind === 0) return { kind: "init", data };
  if (kind !== 1) return null;
  const flags = view.getUint8(1);
  return {
    kind: "frame",
    isKey: (flags & KEY) !== 0,
    isCatchingUp: (flags & CATCHING_UP) !== 0,
    isDiscontinuity: (flags & DISCONTINUITY) !== 0,
    sequence: view.getUint32(4),
    utc: Number(view.getBigUint64(8)),
    media: Number(view.getBigUint64(16)) / 90_000,
    data,
  };
}
