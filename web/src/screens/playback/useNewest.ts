// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useEffect, useRef, useState } from "react";

import type { Look } from "../../core/api/playback";
import type { Deck } from "../../core/playback/deck";
import { atEdge, newestOf } from "../../core/playback/newest";
import { msFromInstant } from "../../core/time/ticks";
import type { Looking } from "./useLook";

const TICK_MS = 250;
const AGAIN_MS = 5000; // segments come into the ledger every ten seconds
const BACK_MS = 1500; // before the end, so that there is something to see
const AHEAD_MS = 20_000; // asked for beyond what is known to be now
const MOST_MS = 90_000; // of waiting: a camera that sends nothing any more would be waited for without end

/**
 * Where somebody looks at the newest seconds, which are still being written: the look begins at the newest that can be
 * seen, and what runs into them waits there and goes on by itself. Gives whether it waits.
 */
export function useNewest(look: Look | null, deck: Deck, now: number, looking: Looking, onBegun: (at: number) => void): boolean {
  const [waits, setWaits] = useState(false);
  const begun = useRef<string | null>(null);
  const held = useRef<{ readonly newest: number | null; readonly since: number; askedAt: number; isPlaying: boolean } | null>(null);
  useEffect(() => {
    if (look === null) return undefined;
    const newest = newestOf(look.cameras);
    const start = (at: number): void => {
      begun.current = look.key;
      if (newest === null || !atEdge(look.cameras, at, now) || deck.state.get().isPlaying) return;
      deck.seek(newest - BACK_MS);
      onBegun(newest - BACK_MS);
    };
    const tick = (): void => {
      const { at } = deck;
      if (begun.current !== look.key) start(at);
      const known = held.current;
      const time = performance.now();
      if (known !== null && newest !== null && newest > (known.newest ?? 0) + 1000) {
        held.current = null; // more is there
        if (known.newest === null) deck.seek(newest - BACK_MS);
        if (known.isPlaying) deck.play();
      } else if (!atEdge(look.cameras, at, now) || (known !== null && time - known.since > MOST_MS)) {
        held.current = null;
      } else if (known === null && (newest === null || deck.state.get().isPlaying)) {
        held.current = { newest, since: time, askedAt: time - AGAIN_MS / 2, isPlaying: deck.state.get().isPlaying };
        deck.pause();
      }
      setWaits(held.current !== null);
      if (held.current === null || time - held.current.askedAt < AGAIN_MS) return;
      held.current.askedAt = time;
      const to = Math.max(msFromInstant(look.to), now + AHEAD_MS);
      looking.move(Math.max(msFromInstant(look.from), to - 86_400_000), to, at).catch(() => undefined); // in five seconds again
    };
    tick();
    const timer = setInterval(tick, TICK_MS);
    return () => clearInterval(timer);
  }, [look, deck, now, looking, onBegun]);
  return waits && look !== null;
}
