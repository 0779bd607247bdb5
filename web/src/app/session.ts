// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { createContext, useContext, useSyncExternalStore } from "react";

import type { Client } from "../core/api/client";
import type { Me } from "../core/api/types";
import type { Session, Standing } from "../core/session/session";

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("no session above this component");
  return session;
}

export function useStanding(): Standing {
  const { standing } = useSession();
  return useSyncExternalStore(standing.subscribe, standing.get);
}

/** Who is signed in; only below the shell. */
export function useMe(): Me {
  const standing = useStanding();
  if (standing.phase !== "signed-in") throw new Error("nobody is signed in");
  return standing.me;
}

export function useClient(): Client {
  return useSession().client;
}
