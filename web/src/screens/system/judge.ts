// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { CameraState, DiskState, LedgerState, SystemState } from "../../core/api/types";
import type { Tone } from "../../ui/Status";

/** What needs somebody's eyes. The server says what is; these are the page's colours for it. */

const AWAY_S = 60;
const DAYS_SOON = 3;
const DAYS_LATER = 14;
const KEYS_LOW_HOURS = 24;

/** Cameras of which a stream is not recorded as declared. */
export function notFine(cameras: readonly CameraState[]): readonly CameraState[] {
  return cameras.filter(({ streams }) => streams.some(({ state }) => state !== "recording" && state !== "disabled"));
}

export function cameraTone(camera: CameraState): Tone {
  if (!camera.enabled) return "off";
  const states = camera.streams.map(({ state }) => state);
  if (states.some((state) => state === "gap" || state === "unknown")) return "alarm";
  return states.every((state) => state === "recording" || state === "disabled") ? "fine" : "warning";
}

export const DISK_TONES: Record<DiskState["state"], Tone> = { ok: "fine", away: "alarm", failed: "alarm", unknown: "warning" };

/** How long a disk lasts at today's rate. */
export function daysTone(days: number): Tone {
  return days < DAYS_SOON ? "alarm" : days < DAYS_LATER ? "warning" : "fine";
}

export function ledgerTone({ state }: LedgerState): Tone {
  return state === "running" ? "fine" : state === "starting" ? "warning" : "alarm";
}

export function witnessesAway({ witnesses }: LedgerState): readonly string[] {
  return witnesses.filter(({ away_s }) => away_s === null || away_s >= AWAY_S).map(({ name }) => name);
}

export function recorderTone({ recorder }: SystemState): Tone {
  if (recorder.state !== "running") return recorder.state === "down" ? "alarm" : "warning";
  return recorder.keys_hours_left !== null && recorder.keys_hours_left < KEYS_LOW_HOURS ? "warning" : "fine";
}
