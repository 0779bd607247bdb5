// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Language } from "../api/types";

export const LANGUAGES: readonly Language[] = ["it", "en"];
const KEY = "torrazzo-language";

/** What was chosen on this station, else the first of the browser's that is ours, else Italian. */
export function firstLanguage(storage: Storage, wanted: readonly string[]): Language {
  const chosen = storage.getItem(KEY);
  const known = [chosen ?? "", ...wanted].map((tag) => tag.slice(0, 2).toLowerCase());
  return known.find(isLanguage) ?? "it";
}

export function keepLanguage(storage: Storage, language: Language): void {
  storage.setItem(KEY, language);
}

export function isLanguage(text: string): text is Language {
  return (LANGUAGES as readonly string[]).includes(text);
}
