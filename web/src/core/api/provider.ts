// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Nothing, Route, SignInStep } from "./types";

/** Signing in by the town's provider (OpenID Connect): the browser goes to `url`, and comes back to /oidc. */
export interface ProviderRoutes {
  "POST /sign-in/provider": Route<Nothing, { readonly url: string }>;
  "POST /sign-in/provider/answer": Route<CameBack, SignInStep>;
  /** Signed in: to come in by it from now on. */
  "POST /me/provider": Route<Nothing, { readonly url: string }>;
  "POST /me/provider/answer": Route<CameBack, undefined>; // 204
  "DELETE /me/provider": Route<undefined, undefined>; // 204
}

export interface CameBack {
  readonly state: string;
  readonly code: string;
  readonly iss?: string;
}
