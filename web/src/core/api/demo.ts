// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Role, Route, SignInStep } from "./types";

/** The people of a demo, for who has the address that its terminal shows; everywhere else these answer LINK_GONE. */
export interface DemoRoutes {
  "POST /demo": Route<{ token: string }, { readonly items: readonly DemoPerson[] }>;
  "POST /demo/sign-in": Route<{ token: string; person: string }, SignInStep>;
}

export interface DemoPerson {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
}
