// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

/** What follows # in a one-time link: no request, log or referrer has it; the address forgets it when it is taken. */
let taken: string | null = null;

export function takeToken(): string {
  taken ??= location.hash.slice(1);
  if (location.hash !== "") history.replaceState(null, "", location.pathname);
  return taken;
}
