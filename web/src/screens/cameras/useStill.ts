// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";

import { useClient } from "../../app/session";
import { useAction } from "../../ui/useAction";

interface Still {
  /** For an <img>: the CSP lets data in. */
  readonly picture: string | undefined;
  readonly isBusy: boolean;
  readonly error: unknown;
  readonly show: (reason?: string) => void;
}

/** One picture of a camera as it is now, recorded or not (LG-02: with a reason, in the ledger before it comes). */
export function useStill(camera: string): Still {
  const client = useClient();
  const { isBusy, error, run } = useAction();
  const [picture, setPicture] = useState<string | undefined>(undefined);
  function show(reason = ""): void {
    run(async () => {
      const { jpeg } = await client.call("POST /cameras/{id}/view", { reason }, { path: { id: camera } });
      setPicture(`data:image/jpeg;base64,${jpeg}`);
    });
  }
  return { picture, isBusy, error, show };
}
