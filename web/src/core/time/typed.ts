// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

/** Days and times as people type them, `26/11/2026` and `26/11/2026 08:30:05`; a browser's own fields follow its language. */

const DAY = /^(?:(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})|(\d{2})(\d{2})(\d{4}))$/;
const ISO = /^(\d{4})-(\d{1,2})-(\d{1,2})$/;
const TIME = /^(\d{1,2})(?:[:.](\d{2})(?:[:.](\d{2}))?)?$/;

/** `2026-11-26`; null: that is no day. */
export function readDay(text: string): string | null {
  const plain = DAY.exec(text.trim());
  const iso = ISO.exec(text.trim());
  if (plain !== null) return dayOf(plain[3] ?? plain[6], plain[2] ?? plain[5], plain[1] ?? plain[4]);
  return iso === null ? null : dayOf(iso[1], iso[2], iso[3]);
}

/** `26/11/2026`; what is no day stays as it is. */
export function showDay(day: string): string {
  const parts = ISO.exec(day);
  return parts === null ? day : `${parts[3]}/${parts[2]}/${parts[1]}`;
}

/** `2026-11-26T08:30:05`, of `26/11/2026 8:30:05` and of the other forms of both; null: that is no time. */
export function readMoment(text: string): string | null {
  const [, day = "", time = ""] = /^(.*\S)(?:\s+|T)(\S+)$/.exec(text.trim()) ?? [];
  const date = readDay(day.replace(/,$/, ""));
  const parts = TIME.exec(time);
  if (date === null || parts === null) return null;
  const [hours, minutes, seconds] = [parts[1], parts[2], parts[3]].map((each) => (each ?? "00").padStart(2, "0"));
  return Number(hours) < 24 && Number(minutes) < 60 && Number(seconds) < 60 ? `${date}T${hours}:${minutes}:${seconds}` : null;
}

/** `26/11/2026 08:30:05` */
export function showMoment(moment: string): string {
  const [day = "", time = ""] = moment.split("T");
  return `${showDay(day)} ${time}`.trim();
}

function dayOf(year = "", month = "", day = ""): string | null {
  const found = `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
  const at = new Date(`${found}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(found) ? found : null;
}
