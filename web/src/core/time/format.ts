// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Language } from "../api/types";
import { isAmbiguous } from "./zone";

const LOCALES: Record<Language, string> = { it: "it-IT", en: "en-GB" };
const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/**
 * Times, sizes and ages as people of a language read them, in one zone.
 *
 * A time that the wall clock showed twice comes with its zone's short name: `02:30 CEST`, an hour later `02:30 CET`.
 */
export class Format {
  readonly #locale: string;
  readonly #made = new Map<string, Intl.DateTimeFormat>();

  constructor(
    readonly language: Language,
    readonly zone: string,
  ) {
    this.#locale = LOCALES[language];
  }

  /** `22:04` */
  time(ms: number): string {
    return this.#format(ms, { hour: "2-digit", minute: "2-digit" }, true);
  }

  /** `22:04:41` */
  seconds(ms: number): string {
    return this.#format(ms, { hour: "2-digit", minute: "2-digit", second: "2-digit" }, true);
  }

  /** `24 nov 2026` */
  date(ms: number): string {
    return this.#format(ms, { day: "numeric", month: "short", year: "numeric" }, false);
  }

  /** `martedì 24 novembre 2026` */
  longDate(ms: number): string {
    return this.#format(ms, { weekday: "long", day: "numeric", month: "long", year: "numeric" }, false);
  }

  /** `24 nov 2026, 22:04` */
  dateTime(ms: number): string {
    return `${this.date(ms)}, ${this.time(ms)}`;
  }

  /** `22:04–22:09`; of one that lasts `22:04–`. */
  span(from: number, to: number | null): string {
    if (to !== null && this.time(from) === this.time(to)) return `${this.seconds(from)}–${this.seconds(to)}`;
    return `${this.time(from)}–${to === null ? "" : this.time(to)}`;
  }

  /** `5 min`, in whole units: `90 s`, `2 h`, `3 giorni`. */
  age(seconds: number): string {
    if (seconds < 90) return this.#unit(Math.floor(seconds), "second");
    if (seconds < 90 * 60) return this.#unit(Math.round(seconds / 60), "minute");
    if (seconds < 36 * 3600) return this.#unit(Math.round(seconds / 3600), "hour");
    return this.#unit(Math.round(seconds / 86_400), "day");
  }

  /** `3,4 GB` */
  bytes(count: number): string {
    let value = count;
    let at = 0;
    while (value >= 999.5 && at < UNITS.length - 1) {
      value /= 1000;
      at += 1;
    }
    return new Intl.NumberFormat(this.#locale, {
      style: "unit",
      unit: UNITS[at] ?? "byte",
      maximumFractionDigits: at === 0 || value >= 99.5 ? 0 : 1,
    }).format(value);
  }

  /** `1.234`, `0,4` */
  number(value: number): string {
    return new Intl.NumberFormat(this.#locale, { useGrouping: "always" }).format(value);
  }

  #unit(value: number, unit: "second" | "minute" | "hour" | "day"): string {
    const unitDisplay = unit === "day" ? "long" : "short";
    return new Intl.NumberFormat(this.#locale, { style: "unit", unit, unitDisplay }).format(value);
  }

  #format(ms: number, wanted: Intl.DateTimeFormatOptions, isTime: boolean): string {
    const options: Intl.DateTimeFormatOptions = { ...wanted, timeZone: this.zone };
    if (isTime) options.hourCycle = "h23";
    if (isTime && isAmbiguous(ms, this.zone)) options.timeZoneName = "short";
    const key = JSON.stringify(options);
    let found = this.#made.get(key);
    if (found === undefined) {
      found = new Intl.DateTimeFormat(this.#locale, options);
      this.#made.set(key, found);
    }
    return found.format(ms);
  }
}
