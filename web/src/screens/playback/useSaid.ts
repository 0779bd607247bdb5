// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useMemo, useState } from "react";

import { useClient, useMe } from "../../app/session";
import { keepSaid, keptSaid, type Said, saidInRequest } from "../../core/playback/said";
import { useResource } from "../../ui/useResource";
import type { Before } from "./Reason";

const NOTHING: Said = { purpose: "crime", reason: "", event: "", case: "" };

/** Why this person looks, as said last: in this window, else in their own request for a copy. They send it, or change it. */
export function useSaid(): { readonly before: Before; readonly keep: (said: Said) => void } {
  const client = useClient();
  const { person, permissions } = useMe();
  const [kept, setKept] = useState(() => keptSaid(sessionStorage, person.id));
  const isAsked = kept === null && permissions.includes("copy.ask");
  const read = useCallback(
    async (signal: AbortSignal) => (isAsked ? saidInRequest((await client.call("GET /exports/asked", undefined, { signal })).items) : null),
    [client, isAsked],
  );
  const { value: requested } = useResource(read);
  const before = useMemo(
    () => ({ said: kept ?? requested ?? NOTHING, isRequest: kept === null && requested !== null && requested !== undefined }),
    [kept, requested],
  );
  const keep = useCallback(
    (said: Said) => {
      keepSaid(sessionStorage, person.id, said);
      setKept(said);
    },
    [person.id],
  );
  return { before, keep };
}
