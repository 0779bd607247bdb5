// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useEffect, useRef, useState } from "react";

import { useClient } from "../../app/session";
import { mediaAddress } from "../../core/api/playback";
import { msFromInstant } from "../../core/time/ticks";
import { useAction } from "../../ui/useAction";

const BACK_MS = 10 * 60_000;
const WIDTH = 640;

interface Still {
  readonly picture: string | undefined;
  /** Nothing was recorded in the last minutes. */
  readonly isNothing: boolean;
  readonly isBusy: boolean;
  readonly error: unknown;
  readonly show: (reason: string) => void;
}

/** The newest recorded picture of a camera, looked at with a reason (LG-02); the look ends with the screen. */
export function useStill(camera: string): Still {
  const client = useClient();
  const { isBusy, error, run } = useAction();
  const [picture, setPicture] = useState<string | undefined>(undefined);
  const [isNothing, setNothing] = useState(false);
  const open = useRef<string | null>(null);
  const close = useCallback(() => {
    const key = open.current;
    open.current = null;
    if (key !== null) client.call("DELETE /looks/{key}", undefined, { path: { key }, isLast: true }).catch(() => undefined);
  }, [client]);
  useEffect(() => close, [close]);

  function show(reason: string): void {
    run(async () => {
      const now = Date.now();
      const [from, to] = [new Date(now - BACK_MS).toISOString(), new Date(now).toISOString()];
      const look = await client.call("POST /looks", { cameras: [camera], from, to, purpose: "check", reason });
      close();
      open.current = look.key;
      const end = look.cameras[0]?.to ?? null;
      setNothing(end === null);
      const at = end === null ? undefined : new Date(msFromInstant(end) - 1000).toISOString();
      setPicture(at === undefined ? undefined : mediaAddress(look.key, camera, "thumbnail", { at, width: WIDTH }));
    });
  }
  return { picture, isNothing, isBusy, error, show };
}
