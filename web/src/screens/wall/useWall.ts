// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useEffect, useRef, useState } from "react";

import { station } from "../../app/station";
import { useClient } from "../../app/session";
import type { Arrangement, Walls } from "../../core/api/walls";
import { firstArrangement, withCamera } from "../../core/wall/arrangement";

const KEPT_AFTER_MS = 400;

/**
 * What this monitor shows: comes back by itself, here and at another station; the other windows of it follow.
 * `opened`: a camera that somebody came for: it is there, and kept with the wall only once that is changed.
 */
export function useWall(monitor: number, walls: Walls, cameras: readonly string[], opened: string | null) {
  const client = useClient();
  const [begun] = useState(() => {
    const kept = walls.now[String(monitor)] ?? first(monitor, cameras);
    return opened === null || !cameras.includes(opened) ? null : withCamera(kept, opened);
  });
  const [chosen, setChosen] = useState<Arrangement | null>(begun?.arrangement ?? null);
  const [error, setError] = useState<unknown>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  const change = useCallback(
    (to: Arrangement) => {
      setChosen(to);
      station.tell({ kind: "wall", monitor, arrangement: to });
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        client.call("PUT /walls/now/{monitor}", to, { path: { monitor: String(monitor) } }).then(() => setError(undefined), setError);
      }, KEPT_AFTER_MS);
    },
    [client, monitor],
  );

  useEffect(
    () =>
      station.hear("wall", (told) => {
        if (told.monitor === monitor) setChosen(told.arrangement);
      }),
    [monitor],
  );

  const arrangement = chosen ?? walls.now[String(monitor)] ?? first(monitor, cameras);
  return { arrangement, change, error, begun };
}

/** The first monitor begins with all cameras; another one is empty until somebody says what it shows. */
function first(monitor: number, cameras: readonly string[]): Arrangement {
  return monitor === 1 ? firstArrangement(cameras) : { layout: "4", cells: [], every_s: null };
}
