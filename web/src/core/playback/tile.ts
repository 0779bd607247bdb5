// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { RATE_MS, steer } from "./master";
import { HlsSource } from "./source";
import type { Place } from "./time-map";

/** What a tile shows. "picture" with `isLate`: it is loading, what is seen is not of this moment. */
export type Shown =
  | { readonly kind: "picture"; readonly isLate: boolean }
  | { readonly kind: "gap"; readonly from: number; readonly to: number }
  | { readonly kind: "outside" }
  | { readonly kind: "loading" }
  | { readonly kind: "failed"; readonly status: number | null }
  | { readonly kind: "unplayable"; readonly codec: string };

export interface Frame {
  /** Seconds of the player's clock. */
  readonly media: number;
  /** UTC milliseconds. */
  readonly utc: number;
}

const ENOUGH = 3; // HAVE_FUTURE_DATA
const HAVE_ONE = 2; // HAVE_CURRENT_DATA
const REST_MS = 300;
const LEAD_MS = 60; // so long a browser takes until a picture moves: behind a gap's end it starts before it is seen
const NEAR_MS = 400;
const STUCK_MS = 300;
const SAME_S = 0.0015;
const RETRY_MS = 2000;

/** One camera on the deck: keeps its video where the clock is. */
export class Tile {
  readonly source: HlsSource;
  /** The last frame that was put on the screen. */
  frame: Frame | null = null;
  #place: Place = { kind: "outside" };
  #sought: number | null = null; // where the last seek went to; null after it ran
  #soughtAt = 0;
  #triedAt = -Infinity;
  #isOver = false;

  constructor(
    readonly camera: string,
    readonly video: HTMLVideoElement,
    onChange: () => void,
  ) {
    this.source = new HlsSource(video, onChange);
    video.addEventListener("seeked", onChange);
    video.addEventListener("canplay", onChange);
    this.#watch();
  }

  get shown(): Shown {
    const { loaded } = this.source;
    if (loaded.state === "failed") return { kind: "failed", status: loaded.status };
    if (loaded.state === "unplayable") return { kind: "unplayable", codec: loaded.codec };
    if (loaded.state === "loading") return { kind: "loading" };
    const place = this.#place;
    if (place.kind === "picture") return { kind: "picture", isLate: !this.isReady };
    return place.kind === "gap" ? { kind: "gap", from: place.from, to: place.to } : { kind: "outside" };
  }

  /** Whether the clock need not wait for it. */
  get isReady(): boolean {
    const { loaded } = this.source;
    if (loaded.state === "failed" || loaded.state === "unplayable") return true;
    if (loaded.state === "loading") return false;
    if (this.#place.kind !== "picture") return true;
    return !this.video.seeking && (this.video.readyState >= ENOUGH || this.#hasTheRest(this.#place.to));
  }

  /** What could not be played may be played there, where it is a while since it was tried. */
  retry(utc: number): void {
    if (this.source.loaded.state === "unplayable" && performance.now() - this.#triedAt >= RETRY_MS) this.again(utc);
  }

  /** It is another stream now, whatever has come, or is on its way, of the one before. */
  again(utc: number): void {
    this.#triedAt = performance.now();
    this.source.again(utc);
  }

  /** Stand on the picture of that moment; in a gap, wait at its end. */
  stand(utc: number): void {
    this.#place = this.source.map.place(utc);
    if (!this.video.paused) this.video.pause();
    if (this.#hasToFinish(utc)) return;
    const media = this.#target();
    if (media !== null && (this.#sought === null || Math.abs(this.#sought - media) > SAME_S)) this.#seek(media);
  }

  /** The same while it moves by seeking, as fast as seeks are done. */
  scrub(utc: number): void {
    if (this.video.seeking) this.#place = this.source.map.place(utc);
    else this.stand(utc);
  }

  /** The clock waits for another one: stay about there. */
  hold(utc: number): void {
    this.#place = this.source.map.place(utc);
    if (!this.video.paused) this.video.pause();
    const media = this.#target();
    if (media !== null && !this.video.seeking && Math.abs(this.video.currentTime - media) * 1000 > RATE_MS) this.#seek(media);
  }

  /** Run with the clock, which is at `utc` and runs at `rate` above zero. */
  run(utc: number, rate: number): void {
    this.#place = this.source.map.place(utc);
    this.source.ahead = 10 * Math.max(1, rate);
    const place = this.#place;
    if (this.source.isFinished) {
      this.source.again(utc);
      return;
    }
    if (place.kind !== "picture") {
      if (place.kind === "gap" && place.to - utc < LEAD_MS * rate && this.#isAt(place.media)) this.#start(rate);
      else this.stand(utc);
      return;
    }
    if (this.video.seeking) return;
    const drift = (this.video.currentTime - place.media) * 1000;
    const steering = steer(drift, rate);
    if (steering === "seek") {
      this.#seek(place.media);
      return;
    }
    this.#start(steering.rate);
  }

  end(): void {
    this.#isOver = true;
    this.source.end();
  }

  /** All up to the end of the run is there, and that is less than a browser waits for: its last picture stands. */
  #hasTheRest(end: number): boolean {
    return this.video.readyState >= HAVE_ONE && this.#isBufferedTo(end);
  }

  #isBufferedTo(end: number): boolean {
    const { buffered, currentTime } = this.video;
    const ranges = Array.from({ length: buffered.length }, (_, at) => [buffered.start(at), buffered.end(at)] as const);
    const range = ranges.find(([from, to]) => currentTime >= from - SAME_S && currentTime <= to + SAME_S);
    const until = range === undefined ? undefined : this.source.map.utc(range[1] - SAME_S);
    return until !== undefined && until >= end - REST_MS;
  }

  /** Where a seek to the last pictures before a gap does not end, the decoder is told that nothing follows. */
  #hasToFinish(utc: number): boolean {
    const place = this.#place;
    const isNear = place.kind === "picture" && place.to - utc < NEAR_MS;
    if (this.source.isFinished && !isNear) {
      this.#sought = null;
      this.source.again(utc);
      return true;
    }
    const isStuck = this.video.seeking && performance.now() - this.#soughtAt > STUCK_MS;
    if (isNear && isStuck && this.#isBufferedTo(place.to)) this.source.finish(place.media + (place.to - utc) / 1000 + SAME_S);
    return false;
  }

  #start(rate: number): void {
    if (this.video.playbackRate !== rate) this.video.playbackRate = rate;
    if (!this.video.paused || this.video.readyState < ENOUGH) return;
    this.#sought = null;
    this.video.play().catch(() => undefined); // it was paused meanwhile
  }

  #isAt(media: number | null): boolean {
    return media !== null && !this.video.seeking && this.video.currentTime >= media - SAME_S && this.video.currentTime < media + LEAD_MS / 1000;
  }

  #target(): number | null {
    return this.#place.kind === "outside" ? null : this.#place.media;
  }

  #seek(media: number): void {
    this.#sought = media;
    this.#soughtAt = performance.now();
    this.video.currentTime = media;
  }

  #watch(): void {
    this.video.requestVideoFrameCallback((_, { mediaTime }) => {
      const utc = this.source.map.utc(mediaTime);
      this.frame = utc === undefined ? null : { media: mediaTime, utc };
      if (!this.#isOver) this.#watch();
    });
  }
}
