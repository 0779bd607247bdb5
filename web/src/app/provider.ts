// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { CameBack } from "../core/api/provider";

/** To where the provider sends the browser back. */
export const PROVIDER_PATH = "/oidc";

/** What the address says; null: the provider said no, or nothing. It is read once, and the address forgets it. */
let taken: CameBack | null | undefined;

export function takeAnswer(): CameBack | null {
  if (location.search !== "" || location.hash !== "") {
    const said = new URLSearchParams(location.hash === "" ? location.search : location.hash.slice(1));
    const [state, code, iss] = ["state", "code", "iss"].map((name) => said.get(name));
    taken = state && code ? { state, code, ...(iss ? { iss } : {}) } : null;
    history.replaceState(null, "", location.pathname);
  }
  return taken ?? null;
}

const BACK = "torrazzo.back";

/** To be called before somebody is led to the provider: whoever comes back gets the screen that was asked for. */
export function keepScreen(): void {
  if (location.pathname === PROVIDER_PATH || location.pathname === "/link") return; // on the way in: what was kept stays
  sessionStorage.setItem(BACK, location.pathname + location.search);
}

/** The screen that was kept; the first one where there is none. */
export function takeScreen(): string {
  const kept = sessionStorage.getItem(BACK) ?? "/";
  sessionStorage.removeItem(BACK);
  return /^\/(?!\/)/.test(kept) ? kept : "/";
}

/** The page is left. */
export function goTo(url: string): Promise<never> {
  location.assign(url);
  return new Promise(() => undefined);
}
