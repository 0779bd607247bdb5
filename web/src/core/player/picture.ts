// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { sourceType } from "./codecs";
import type { Ranges } from "./pace";

/** Where frames are shown. Seconds of a time line of its own, on which frames follow each other without holes. */
export interface Picture {
  /** Another kind of stream begins; false: this browser cannot play it. */
  begin(mime: string, init: Uint8Array<ArrayBuffer>): boolean;
  /** `offset`: what takes the frame's media time to the time line. */
  append(data: Uint8Array<ArrayBuffer>, offset: number): void;
  readonly at: number;
  readonly ranges: Ranges;
  jump(to: number): void;
  rate(value: number): void;
  /** Standing pictures: each is jumped to. */
  hold(isHeld: boolean): void;
  /** Frames made, and those of them that came too late to be shown. */
  readonly counts: { readonly made: number; readonly dropped: number };
  /** Nothing is seen any more, at once. */
  clear(): void;
  onShown: (time: number) => void;
  onAppended: () => void;
  onStalled: () => void;
  onFailed: (why: string) => void;
}

interface Waiting {
  readonly data: Uint8Array<ArrayBuffer>;
  readonly offset: number | null; // null: an init
  readonly mime: string | null;
}

const KEPT_S = 4;
const FORGET_AT_S = 10;

/** A video element and its MediaSource. */
export class MediaPicture implements Picture {
  onShown: (time: number) => void = () => undefined;
  onAppended: () => void = () => undefined;
  onStalled: () => void = () => undefined;
  onFailed: (why: string) => void = () => undefined;
  #source: MediaSource | null = null;
  #buffer: SourceBuffer | null = null;
  #mime = "";
  #queue: Waiting[] = [];
  #address = "";
  #round = 0;
  #isHeld = false;

  constructor(readonly video: HTMLVideoElement) {
    video.muted = true;
    video.playsInline = true;
    video.disableRemotePlayback = true; // ManagedMediaSource wants it, and pictures go nowhere else
    video.disablePictureInPicture = true;
    video.addEventListener("waiting", () => this.onStalled());
    video.addEventListener("error", () => {
      if (this.#source !== null) this.#fail(video.error?.message ?? "the video failed");
    });
  }

  begin(mime: string, init: Uint8Array<ArrayBuffer>): boolean {
    const type = sourceType();
    if (type?.isTypeSupported(mime) !== true) return false;
    if (this.#source === null) this.#open(new type());
    this.#queue.push({ data: init, offset: null, mime });
    this.#feed();
    return true;
  }

  append(data: Uint8Array<ArrayBuffer>, offset: number): void {
    this.#queue.push({ data, offset, mime: null });
    this.#feed();
  }

  get at(): number {
    return this.video.currentTime;
  }

  get ranges(): Ranges {
    const buffer = this.#buffer;
    if (buffer === null || this.#source?.readyState !== "open") return [];
    const found = buffer.buffered;
    return Array.from({ length: found.length }, (_, at) => [found.start(at), found.end(at)] as const);
  }

  jump(to: number): void {
    this.video.currentTime = to;
    if (!this.#isHeld) void this.video.play().catch(() => undefined); // a page in the background may not: it comes back
  }

  rate(value: number): void {
    if (this.video.playbackRate !== value) this.video.playbackRate = value;
    if (this.video.paused && !this.#isHeld) void this.video.play().catch(() => undefined);
  }

  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (isHeld) this.video.pause();
  }

  get counts(): { readonly made: number; readonly dropped: number } {
    const found = this.video.getVideoPlaybackQuality();
    return { made: found.totalVideoFrames, dropped: found.droppedVideoFrames };
  }

  clear(): void {
    this.#round += 1;
    this.#queue = [];
    this.#source = null;
    this.#buffer = null;
    this.#mime = "";
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
    if (this.#address !== "") URL.revokeObjectURL(this.#address);
    this.#address = "";
  }

  #open(source: MediaSource): void {
    this.#source = source;
    this.#round += 1;
    source.addEventListener("sourceopen", () => this.#feed(), { once: true });
    this.#address = URL.createObjectURL(source);
    this.video.src = this.#address;
    this.#watch(this.#round);
  }

  /** Tells of each frame that the screen shows. */
  #watch(round: number): void {
    this.video.requestVideoFrameCallback((_, { mediaTime }) => {
      if (round !== this.#round) return;
      this.onShown(mediaTime);
      this.#watch(round);
    });
  }

  #feed(): void {
    const source = this.#source;
    if (source?.readyState !== "open" || this.#buffer?.updating === true || this.#queue.length === 0) return;
    try {
      this.#take(source);
    } catch (error) {
      if (error instanceof DOMException && error.name === "QuotaExceededError") this.#queue = [];
      this.#fail(String(error));
    }
  }

  #take(source: MediaSource): void {
    const [first] = this.#queue;
    if (first === undefined) return;
    if (first.mime !== null) {
      const buffer = this.#bufferFor(source, first.mime);
      this.#queue.shift();
      buffer.appendBuffer(first.data);
      return;
    }
    const buffer = this.#buffer;
    if (buffer === null || first.offset === null) return;
    if (this.#forget(buffer)) return;
    if (buffer.timestampOffset !== first.offset) buffer.timestampOffset = first.offset;
    const together: Uint8Array<ArrayBuffer>[] = [];
    while (this.#queue[0]?.offset === first.offset) {
      const next = this.#queue.shift();
      if (next !== undefined) together.push(next.data);
    }
    buffer.appendBuffer(joined(together));
  }

  #bufferFor(source: MediaSource, mime: string): SourceBuffer {
    if (this.#buffer === null) {
      const buffer = source.addSourceBuffer(mime);
      buffer.mode = "segments";
      buffer.addEventListener("updateend", () => {
        this.onAppended();
        this.#feed();
      });
      buffer.addEventListener("error", () => this.#fail("a frame could not be taken"));
      this.#buffer = buffer;
    } else if (mime !== this.#mime) {
      this.#buffer.changeType(mime);
    }
    this.#mime = mime;
    return this.#buffer;
  }

  /** What was shown long ago; true: it goes now, what waits comes after. */
  #forget(buffer: SourceBuffer): boolean {
    const from = buffer.buffered.length === 0 ? 0 : buffer.buffered.start(0);
    if (buffer.buffered.length === 0 || this.at - from < FORGET_AT_S) return false;
    buffer.remove(from, this.at - KEPT_S);
    return true;
  }

  #fail(why: string): void {
    this.clear();
    this.onFailed(why);
  }
}

function joined(parts: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.byteLength;
  }
  return all;
}
