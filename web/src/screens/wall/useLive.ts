// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { createContext, type RefObject, useContext, useEffect, useState, useSyncExternalStore } from "react";

import { Away, Refused } from "../../core/api/client";
import { liveAddress } from "../../core/api/live";
import type { Budget } from "../../core/player/budget";
import type { ServerClock } from "../../core/player/clock";
import { playableCodecs } from "../../core/player/codecs";
import { guard } from "../../core/player/guard";
import type { LookKeeper } from "../../core/player/looks";
import { MediaPicture } from "../../core/player/picture";
import { LivePlayer, type Motion, type PlayerState, type SocketLike } from "../../core/player/player";
import { Store } from "../../core/store";
import { msFromInstant } from "../../core/time/ticks";

/** What all tiles of a wall share. */
export interface Room {
  readonly looks: LookKeeper;
  readonly clock: ServerClock;
  readonly budget: Budget;
  /** As facts call this station; null: not known yet. */
  readonly station: string | null;
  readonly person: string;
}

export const RoomContext = createContext<Room | null>(null);

export function useRoom(): Room {
  const room = useContext(RoomContext);
  if (room === null) throw new Error("no wall above this tile");
  return room;
}

const HIDDEN_MS = 5000;

const OFF = new Store<PlayerState>({
  phase: "off", hasPicture: false, ageMs: null, shownUtc: null, camera: null, why: null, since: null, waitsFor: null, waitedMs: 0, codec: null, fellBackFrom: null,
  stream: null, width: 0, height: 0, isSlow: false, skipped: 0,
}); // prettier-ignore

interface Wanted {
  readonly camera: string;
  readonly stream: "main" | "sub";
  readonly motion: Motion;
  /** False: nothing is shown, at once. */
  readonly isOn: boolean;
}

export interface Live {
  readonly state: PlayerState;
  readonly retry: () => void;
}

/** A camera's live picture in a video element, for as long as both are there. */
export function useLive(video: RefObject<HTMLVideoElement | null>, veil: RefObject<Element | null>, { camera, stream, motion, isOn }: Wanted): Live {
  const { looks, clock, budget } = useRoom();
  const [player, setPlayer] = useState<LivePlayer | null>(null);

  useEffect(() => {
    const element = video.current;
    if (element === null) return undefined;
    const made = makePlayer(element, camera, looks, clock);
    if (veil.current !== null) made.player.onAlive = guard(veil.current);
    setPlayer(made.player); // eslint-disable-line react-hooks/set-state-in-effect -- it lives as long as the element
    const leave = attend(element, made.player);
    const weighed = budget.add(made.player);
    return () => {
      leave();
      weighed();
      made.player.stop();
      made.leave();
      setPlayer(null);
    };
  }, [video, veil, camera, looks, clock, budget]);

  useEffect(() => {
    if (player === null) return;
    player.show(stream);
    player.move(motion);
    if (isOn) player.start();
    else player.stop();
  }, [player, stream, motion, isOn]);

  const { subscribe, get } = (player?.state ?? OFF);
  const state = useSyncExternalStore(subscribe, get);
  const isOut = state.why === "SESSION_NONE";
  useEffect(() => {
    if (isOut) void looks.client.call("GET /me", undefined).catch(() => undefined); // it tells the page that the session ended
  }, [isOut, looks]);
  return { state, retry: () => player?.retry() };
}

function makePlayer(video: HTMLVideoElement, camera: string, looks: LookKeeper, clock: ServerClock) {
  let key: string | null = null;
  let isGone = false;
  const codecs = playableCodecs();
  async function address(stream: string, isAnew: boolean): Promise<string> {
    if (key === null || isAnew || !looks.has(key)) {
      const before = key;
      if (before !== null) looks.leave(before, camera);
      key = null;
      const held = await looks.want(camera, isAnew ? before : null);
      if (isGone) looks.leave(held.key, camera);
      key = held.key;
    }
    return liveAddress(location, key, camera, stream, codecs);
  }
  function refusal(error: unknown): string | null {
    if (error instanceof Refused) return error.problem.code;
    if (!(error instanceof Away)) console.error(error);
    return null;
  }
  function since(error: unknown): number | null {
    return error instanceof Refused && error.problem.since !== undefined ? msFromInstant(error.problem.since) : null;
  }
  const player = new LivePlayer({ picture: new MediaPicture(video), clock, address, refusal, since, open: openSocket });
  function leave(): void {
    isGone = true;
    if (key !== null) looks.leave(key, camera);
  }
  return { player, leave };
}

/** One that is closed before it is open is closed when it is: browsers complain of the other way. */
function openSocket(address: string): SocketLike {
  const socket = new WebSocket(address);
  const close = socket.close.bind(socket);
  socket.close = () => {
    if (socket.readyState === WebSocket.CONNECTING) socket.addEventListener("open", () => close());
    else close();
  };
  return socket;
}

/** Nothing comes for a page in the background, or for a tile that is scrolled out. */
function attend(element: HTMLElement, player: LivePlayer): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isInside = true;
  const look = (): void => {
    clearTimeout(timer);
    const { phase } = player.state.get();
    if (isInside && document.visibilityState === "visible") {
      if (phase === "paused") player.start();
    } else if (phase !== "off") {
      timer = setTimeout(() => player.pause(), HIDDEN_MS);
    }
  };
  const observer = new IntersectionObserver((entries) => {
    isInside = entries.at(-1)?.isIntersecting ?? true;
    look();
  });
  observer.observe(element);
  document.addEventListener("visibilitychange", look);
  return () => {
    clearTimeout(timer);
    observer.disconnect();
    document.removeEventListener("visibilitychange", look);
  };
}
