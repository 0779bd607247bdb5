// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

/** What `bench/live.py` plays in the browser: the page's own player, and a reader of the clock that is burned in. */

import { ServerClock } from "../web/src/core/player/clock";
import { playableCodecs } from "../web/src/core/player/codecs";
import { HEADER } from "../web/src/core/player/wire";
import { MediaPicture } from "../web/src/core/player/picture";
import { LivePlayer } from "../web/src/core/player/player";

interface Shown {
  readonly age: number;
  readonly at: number;
}

interface Tile {
  readonly shown: Shown[];
  /** From the recorder's kernel to this page, ms. */
  readonly arrived: number[];
  readonly video: HTMLVideoElement;
  readonly player: LivePlayer;
  readonly begun: number;
  first: number | null;
  stalls: number;
}

const CATCHING_UP = 2;
const CELLS = 20;
const BITS = 16;
const tiles: Tile[] = [];
const clock = new ServerClock();

const here = () => performance.timeOrigin + performance.now();

/** Milliseconds modulo 65,536 as they stand in the picture's first strip; null where they cannot be read. */
function burnedIn(video: HTMLVideoElement, ink: OffscreenCanvasRenderingContext2D): number | null {
  const width = ink.canvas.width;
  const strip = Math.floor(video.videoHeight / 10);
  ink.drawImage(video, 0, strip >> 1, video.videoWidth, 1, 0, 0, width, 1);
  const row = ink.getImageData(0, 0, width, 1).data;
  const cells = Array.from({ length: CELLS }, (_, cell) => (row[4 * Math.floor(((2 * cell + 1) * width) / (2 * CELLS)) + 1] ?? 0) > 126);
  const bits = cells.slice(2, 2 + BITS);
  const parity = bits.filter(Boolean).length % 2 === 1;
  if (!cells[0] || cells[1] || cells[18] !== parity || cells[19] === parity) return null;
  return bits.reduce((value, bit) => (value << 1) | (Number(bit) ^ (value & 1)), 0);
}

function add(path: string, stream: string, width: number): void {
  const video = document.createElement("video");
  video.width = width;
  document.body.append(video);
  const picture = new MediaPicture(video);
  const arrived: number[] = [];
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const player = new LivePlayer(
    {
      picture,
      clock,
      address: (name) =>
        Promise.resolve(`${scheme}://${location.host}/api/v1/live/${path}?stream=${name}&codecs=${playableCodecs().join(",")}`),
      refusal: () => null,
      open: (address) => {
        const socket = new WebSocket(address);
        socket.addEventListener("message", ({ data }) => {
          if (!(data instanceof ArrayBuffer) || data.byteLength <= HEADER) return;
          const view = new DataView(data);
          if (view.getUint8(0) === 1 && (view.getUint8(1) & CATCHING_UP) === 0) {
            arrived.push(here() - Number(view.getBigUint64(8)));
          }
        });
        return socket;
      },
    },
    stream,
  );
  const tile: Tile = { shown: [], arrived, video, player, begun: performance.now(), first: null, stalls: 0 };
  const canvas = new OffscreenCanvas(400, 1);
  const ink = canvas.getContext("2d", { willReadFrequently: true }) as OffscreenCanvasRenderingContext2D;
  video.addEventListener("waiting", () => {
    if (tile.first !== null) tile.stalls += 1;
  });
  const look = () => {
    tile.first ??= performance.now() - tile.begun;
    const said = burnedIn(video, ink);
    if (said !== null) tile.shown.push({ age: (((Math.round(here()) - said) % 65_536) + 65_536) % 65_536, at: performance.now() });
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  tiles.push(tile);
  player.start();
}

function found(): unknown {
  return tiles.map(({ shown, arrived, first, stalls, player, video, begun }) => ({
    shown,
    arrived,
    first,
    stalls,
    begun,
    phase: player.state.get().phase,
    why: player.state.get().why,
    skipped: player.state.get().skipped,
    dropped: video.getVideoPlaybackQuality().droppedVideoFrames,
    made: video.getVideoPlaybackQuality().totalVideoFrames,
  }));
}

function end(): void {
  for (const { player, video } of tiles.splice(0)) {
    player.stop();
    video.remove();
  }
}

/** Milliseconds to the first tile's first picture; null where none comes. */
async function first(): Promise<number | null> {
  for (let round = 0; round < 500 && tiles[0]?.first === null; round += 1) await new Promise((done) => setTimeout(done, 20));
  return tiles[0]?.first ?? null;
}

Object.assign(window, { bench: { add, found, first, end } });
