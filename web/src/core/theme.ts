// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Theme } from "./api/types";

export const THEMES: readonly Theme[] = ["system", "light", "dark"];
const KEY = "torrazzo-theme";

/** What was chosen on this station. */
export function keptTheme(storage: Storage): Theme {
  const kept = storage.getItem(KEY);
  return THEMES.find((theme) => theme === kept) ?? "system";
}

/** Lets one of the two stylesheets hold, or both by the system's wish; remembers it on this station. */
export function setTheme(theme: Theme, storage: Storage, page: Document): void {
  storage.setItem(KEY, theme);
  for (const link of page.querySelectorAll<HTMLLinkElement>("link[data-theme]")) {
    const scheme = link.dataset["theme"] ?? "";
    link.media = theme === "system" ? `(prefers-color-scheme: ${scheme})` : scheme === theme ? "all" : "not all";
  }
  page.querySelector('meta[name="color-scheme"]')?.setAttribute("content", theme === "system" ? "light dark" : theme);
}
