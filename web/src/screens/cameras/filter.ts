// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { ListedCamera } from "../../core/api/cameras";
import { cameraTone } from "../system/judge";

export const FILTERS = ["all", "wrong", "recording", "off", "unplaced"] as const;
export type Filter = (typeof FILTERS)[number];

/** Whether a camera is shown: each word of the text stands in its name or place, whatever its accents. */
export function matches(camera: ListedCamera, text: string, filter: Filter): boolean {
  const own = plain(`${camera.name} ${camera.place}`);
  return plain(text).split(/\s+/).every((word) => own.includes(word)) && isOf(camera, filter);
}

function isOf(camera: ListedCamera, filter: Filter): boolean {
  const tone = cameraTone(camera);
  if (filter === "wrong") return tone === "alarm" || tone === "warning" || camera.waits;
  if (filter === "recording") return tone === "fine";
  if (filter === "off") return tone === "off";
  return filter === "all" || camera.position === null;
}

/** Without accents, case and outer spaces: how names are compared. */
export function plain(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();
}
