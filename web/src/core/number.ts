// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

/** What a person typed, with a comma or a point; null: nothing; undefined: no number of that range. */
export function numberFrom(text: string, low: number, high: number): number | null | undefined {
  const plain = text.trim().replace(",", ".");
  if (plain === "") return null;
  const value = /^[+-]?\d{1,7}(\.\d{1,15})?$/.test(plain) ? Number(plain) : NaN;
  return value >= low && value <= high ? value : undefined;
}
