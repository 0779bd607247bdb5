// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useEffect, useRef, useState } from "react";

import type { Look, StreamName } from "../../core/api/playback";
import type { DeckState } from "../../core/playback/deck";
import { msFromInstant } from "../../core/time/ticks";
import type { Looking } from "./useLook";

/** By camera: the codec of the main stream, where the other one is shown in its place. */
export type Fallen = Readonly<Record<string, string>>;

/** A camera whose main stream this browser cannot play goes on with the other one, in the same look; once. */
export function useFallback(look: Look | null, tiles: DeckState["tiles"], looking: Looking, at: () => number, fail: (error: unknown) => void): Fallen {
  const [codecs, setCodecs] = useState<Fallen>({});
  const tried = useRef<{ readonly key: string; readonly cameras: Set<string> }>({ key: "", cameras: new Set() });
  const isBusy = useRef(false);
  useEffect(() => {
    if (look === null || isBusy.current) return;
    if (tried.current.key !== look.key) tried.current = { key: look.key, cameras: new Set() };
    const { cameras } = tried.current;
    const stuck = look.cameras.filter((each) => each.stream === "main" && tiles[each.camera]?.kind === "unplayable" && !cameras.has(each.camera));
    if (stuck.length === 0) return;
    const streams: Record<string, StreamName> = {};
    const found: Record<string, string> = {};
    for (const { camera } of stuck) {
      const tile = tiles[camera];
      cameras.add(camera);
      streams[camera] = "sub";
      if (tile?.kind === "unplayable") found[camera] = tile.codec;
    }
    setCodecs((before) => ({ ...before, ...found }));
    isBusy.current = true;
    looking.move(msFromInstant(look.from), msFromInstant(look.to), at(), streams).catch(fail).finally(() => (isBusy.current = false));
  }, [look, tiles, looking, at, fail]);
  const fallen = look?.cameras.flatMap(({ camera, stream }) => (stream === "sub" && codecs[camera] !== undefined ? [[camera, codecs[camera]] as const] : [])) ?? [];
  return Object.fromEntries(fallen);
}
