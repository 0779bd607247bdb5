// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { PictureCanvas, takePicture } from "./canvas";
import { RATE_MS, steer } from "./master";
import { HlsSource } from "./source";
import type { Picture } from "./stage";
import type { Place } from "./time-map";

/** What a tile shows. "picture" with `isLate`: it is loading, what is seen is not of this moment. */
export type Shown =
  | { readonly kind: "picture"; readonly isLate: boolean }
  | { readonly kind: "gap"; readonly from: number; readonly to: number }
  | { readonly kind: "outside" }
  | { readonly kind: "loading" }
  | { readonly kind: "failed"; readonly status: number | null }
  | { readonly kind: "unplayable"; readonly codec: string };

const ENOUGH = 3; // HAVE_FUTURE_DATA
const HAVE_ONE = 2; // HAVE_CURRENT_DATA
const REST_MS = 300;
const LEAD_MS = 60; // so long a browser takes until a picture moves: behind a gap's end it starts before it is seen
const NEAR_MS = 400;
const STUCK_MS = 300;
const SAME_S = 0.0015;
const RETRY_MS = 2000;
const SLACK_MS = 2;
const OLD_MS = 1000; // of playing
const USUAL_MS = 40; // a frame takes, where nothing is known of it

/** One camera on the deck: keeps its video where the clock is. */
export class Tile {
  readonly source: HlsSource;
  readonly canvas: PictureCanvas;
  /** What is drawn is not of this moment. */
  isBehind = true;
  #last: number | null = null; // the last frame that the video showed, in seconds of its clock
  #drawn: { readonly from: number; readonly to: number } | null = null;
  #place: Place = { kind: "outside" };
  #sought: number | null = null; // where the last seek went to; null after it ran
  #soughtAt = 0;
  #triedAt = -Infinity;
  #isOver = false;
  #isNear = false; // another playlist of the same stretch is on its way

  constructor(
    readonly camera: string,
    readonly video: HTMLVideoElement,
    canvas: HTMLCanvasElement,
    onChange: () => void,
  ) {
    this.canvas = new PictureCanvas(canvas, video);
    this.source = new HlsSource(video, onChange);
    video.addEventListener("seeked", onChange);
    video.addEventListener("canplay", onChange);
    this.#watch();
  }

  get shown(): Shown {
    const { loaded } = this.source;
    if (loaded.state === "failed") return { kind: "failed", status: loaded.status };
    if (loaded.state === "unplayable") return { kind: "unplayable", codec: loaded.codec };
    if (loaded.state === "loading" && !this.#isNear) return { kind: "loading" };
    const place = this.#place;
    if (place.kind === "picture") return { kind: "picture", isLate: this.isBehind };
    return place.kind === "gap" ? { kind: "gap", from: place.from, to: place.to } : { kind: "outside" };
  }

  /** There is a picture of this moment, whether or not it has come. */
  get hasPicture(): boolean {
    const { state } = this.source.loaded;
    return (state === "ready" || (state === "loading" && this.#isNear)) && this.#place.kind === "picture";
  }

  /**
   * What a seek to that moment needs is not there: the playlist is asked for anew, by `url`, in which the part that shows
   * it is small. Else its segment of ten seconds would come whole.
   */
  goTo(utc: number, url: string): void {
    const place = this.source.map.place(utc);
    if (this.source.loaded.state !== "ready" || place.kind !== "picture" || this.#isBuffered(place.media)) return;
    this.#isNear = true;
    void this.source.load(url, utc, true);
  }

  /** Another look, another hour, or another stream: nothing of before holds. */
  load(url: string, utc: number): void {
    this.#isNear = false;
    void this.source.load(url, utc);
  }

  /** What its video shows, to be dropped by who asks; null: nothing. */
  picture(): Picture | null {
    const taken = takePicture(this.video, this.#last);
    const from = taken === null ? undefined : this.source.map.utc(taken.media);
    if (taken === null || from === undefined) {
      taken?.drop();
      return null;
    }
    const end = this.source.times.end(taken.media);
    return { from, to: from + (end === undefined ? USUAL_MS : (end - taken.media) * 1000), taken };
  }

  /** Whether that is the picture of this moment: a player that is busy says that it has sought, and has the one before. */
  isThere(picture: Picture | null, at: number): boolean {
    return picture !== null && !this.video.seeking && picture.from <= at + SLACK_MS && at < picture.to + SLACK_MS;
  }

  /** That is seen from now on. */
  draw({ from, to, taken }: Picture): void {
    this.canvas.draw(taken);
    this.#drawn = { from, to };
  }

  /** What is seen is of another moment than the clock's, though its video runs: a decoder may have stopped. */
  isOld(utc: number, rate: number): boolean {
    const drawn = this.canvas.media === null ? null : this.#drawn;
    return this.hasPicture && drawn !== null && Math.max(drawn.from - utc, utc - drawn.to) > OLD_MS * rate;
  }

  /** Whether it has its picture of that moment, at which it stands, or there is none to wait for. */
  isAt(at: number): boolean {
    if (!this.isReady || !this.hasPicture) return this.isReady;
    const picture = this.picture();
    picture?.taken.drop();
    return this.isThere(picture, at);
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
    this.#reload(utc);
  }

  /** Stand on the picture of that moment; in a gap, wait at its end. */
  stand(utc: number, rate = 0): void {
    this.#place = this.source.map.place(utc);
    if (this.#isLoading()) return;
    this.source.ahead = aheadOf(rate);
    if (!this.video.paused) this.video.pause();
    if (this.#hasToFinish(utc)) return;
    const media = this.#target();
    if (media !== null && (this.#sought === null || Math.abs(this.#sought - media) > SAME_S)) this.#seek(media);
  }

  /** The clock waits for another one: stay about there. */
  hold(utc: number): void {
    this.#place = this.source.map.place(utc);
    if (this.#isLoading()) return;
    if (!this.video.paused) this.video.pause();
    const media = this.#target();
    if (media !== null && !this.video.seeking && Math.abs(this.video.currentTime - media) * 1000 > RATE_MS) this.#seek(media);
  }

  /** Run with the clock, which is at `utc` and runs at `rate` above zero. */
  run(utc: number, rate: number): void {
    this.#place = this.source.map.place(utc);
    if (this.#isLoading()) return;
    this.source.ahead = aheadOf(rate);
    const place = this.#place;
    if (this.source.isFinished) {
      this.#reload(utc);
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

  /** Of what was shown nothing is known until it has come once more. */
  #reload(utc: number): void {
    this.#isNear = false;
    this.source.again(utc);
  }

  /** All up to the end of the run is there, and that is less than a browser waits for: its last picture stands. */
  #hasTheRest(end: number): boolean {
    return this.video.readyState >= HAVE_ONE && this.#isBufferedTo(end);
  }

  /** Where the player has nothing yet there is nothing to seek in; what was sought is over. */
  #isLoading(): boolean {
    if (this.source.loaded.state !== "loading") return false;
    this.#sought = null;
    return true;
  }

  #isBuffered(media: number): boolean {
    return rangeAt(this.video.buffered, media) !== undefined;
  }

  #isBufferedTo(end: number): boolean {
    const range = rangeAt(this.video.buffered, this.video.currentTime);
    const until = range === undefined ? undefined : this.source.map.utc(range[1] - SAME_S);
    return until !== undefined && until >= end - REST_MS;
  }

  /** Where a seek to the last pictures before a gap does not end, the decoder is told that nothing follows. */
  #hasToFinish(utc: number): boolean {
    const place = this.#place;
    const isNear = place.kind === "picture" && place.to - utc < NEAR_MS;
    if (this.source.isFinished && !isNear) {
      this.#sought = null;
      this.#reload(utc);
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
      this.#last = mediaTime;
      if (!this.#isOver) this.#watch();
    });
  }
}

/** Seconds to be fetched. */
function aheadOf(rate: number): number {
  return 10 * Math.max(1, rate);
}

function rangeAt(buffered: TimeRanges, media: number): readonly [number, number] | undefined {
  const ranges = Array.from({ length: buffered.length }, (_, at) => [buffered.start(at), buffered.end(at)] as const);
  return ranges.find(([from, to]) => media >= from - SAME_S && media <= to + SAME_S);
}
