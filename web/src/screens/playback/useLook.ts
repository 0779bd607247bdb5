// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useEffect, useMemo, useRef, useState } from "react";

import { useClient } from "../../app/session";
import { Refused } from "../../core/api/client";
import { type Look, type LookAsked, mediaAddress, type Streams } from "../../core/api/playback";
import type { Reach } from "../../core/playback/deck";
import { FrameCache } from "../../core/playback/frame-cache";
import { FrameTimes } from "../../core/playback/frame-times";
import { instantFromTicks, msFromInstant, ticksFromMs } from "../../core/time/ticks";

const STAY_MS = 20_000;

export interface Looking {
  readonly look: Look | null;
  /** It ended without being closed. */
  readonly isOver: boolean;
  readonly open: (asked: LookAsked) => Promise<void>;
  /** `streams`: of some cameras another one than before. */
  readonly move: (from: number, to: number, at: number, streams?: Streams) => Promise<void>;
  readonly close: () => Promise<void>;
}

export function instant(ms: number): string {
  return instantFromTicks(ticksFromMs(ms));
}

/** One look at a time: opened with its reason, kept while the screen is there, closed with it. */
export function useLook(): Looking {
  const client = useClient();
  const [look, setLook] = useState<Look | null>(null);
  const [isOver, setOver] = useState(false);
  const key = look?.key ?? null;
  const now = useRef<string | null>(null);
  useEffect(() => {
    now.current = key;
  }, [key]);

  const close = useCallback(async () => {
    const open = now.current;
    now.current = null;
    setLook(null);
    if (open !== null) await client.call("DELETE /looks/{key}", undefined, { path: { key: open }, isLast: true });
  }, [client]);

  const open = useCallback(
    async (wanted: LookAsked) => {
      const found = await client.call("POST /looks", wanted);
      const before = now.current;
      if (before !== null) void client.call("DELETE /looks/{key}", undefined, { path: { key: before } }).catch(() => undefined); // it ends by itself
      setOver(false);
      setLook(found);
    },
    [client],
  );

  const move = useCallback(
    async (from: number, to: number, at: number, streams: Streams = {}) => {
      const moved = now.current;
      if (moved === null) return;
      const wanted = { from: instant(from), to: instant(to), at: instant(at), streams };
      const found = await client.call("POST /looks/{key}/move", wanted, { path: { key: moved } });
      if (now.current === moved) setLook(found); // it may have been ended meanwhile
    },
    [client],
  );

  useStay(key, () => {
    setOver(true);
    setLook(null);
  });
  useEffect(() => {
    const leave = () => void close().catch(() => undefined);
    addEventListener("pagehide", leave);
    return () => {
      removeEventListener("pagehide", leave);
      leave();
    };
  }, [close]);

  return { look, isOver, open, move, close };
}

/** Says now and then that somebody still looks; `onOver`: the control room ended it. */
function useStay(key: string | null, onOver: () => void): void {
  const client = useClient();
  const over = useRef(onOver);
  useEffect(() => {
    over.current = onOver;
  });
  useEffect(() => {
    if (key === null) return undefined;
    const timer = setInterval(() => {
      client.call("POST /looks/{key}/stay", {}, { path: { key } }).catch((error: unknown) => {
        if (error instanceof Refused && error.problem.status === 410) over.current();
      });
    }, STAY_MS);
    return () => clearInterval(timer);
  }, [client, key]);
}

/** The way from a deck to the pictures of a look. */
export function useReach(look: Look | null): Reach | null {
  const client = useClient();
  return useMemo(() => {
    if (look === null) return null;
    const frames = new FrameCache(async (camera, from, to) => {
      const query = { from: String(ticksFromMs(from)), to: String(ticksFromMs(to)) };
      return new FrameTimes(await client.call("GET /looks/{key}/{camera}/frames", undefined, { path: { key: look.key, camera }, query }));
    });
    return {
      key: look.key,
      streams: Object.fromEntries(look.cameras.map(({ camera, stream }) => [camera, stream])),
      span: { from: msFromInstant(look.from), to: msFromInstant(look.to) },
      playlist: (camera, from, to, at) => mediaAddress(look.key, camera, "video.m3u8", { from: ticksFromMs(from), to: ticksFromMs(to), at: ticksFromMs(at) }),
      frames: (camera, around) => frames.around(camera, around),
    };
  }, [client, look]);
}
