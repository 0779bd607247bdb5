// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback } from "react";
import { useTranslation } from "react-i18next";

import type { Format } from "../../core/time/format";
import { lengthOf, MINUTE, SECOND, type View } from "../../core/timeline/view";

/** Causes of a gap in words; those that we have no word for as they stand in the fact. */
export function useSayCauses(): (why: readonly string[]) => string {
  const { t, i18n } = useTranslation();
  return useCallback(
    (why) =>
      why
        .map((each) => (each === "none" ? t("playback.nothing_known") : i18n.exists(`causes.${each}`) ? t(`causes.${each}` as "causes.net") : each))
        .join(", "),
    [t, i18n],
  );
}

/** `22:04:41.250`; the zone's name where the hour comes twice, as the format says it. */
export function fineTime(format: Format, at: number): string {
  const ms = String(Math.floor(at) % 1000).padStart(3, "0");
  return format.seconds(at).replace(/(\d\d:\d\d:\d\d)/, `$1.${ms}`);
}

export function markLabel(format: Format, at: number, size: "small" | "large" | "day", view: View): string {
  if (size === "day") return format.date(at);
  const length = lengthOf(view);
  if (length <= 20 * SECOND && Math.round(at) % 1000 !== 0) return fineTime(format, at);
  return length <= 15 * MINUTE ? format.seconds(at) : format.time(at);
}
