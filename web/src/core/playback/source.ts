// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type Hls from "hls.js/light";
import type { ErrorData, Fragment, HlsConfig, LevelDetails } from "hls.js/light";

import { codecName, sourceType } from "../player/codecs";
import { ShownTimes } from "./shown-times";
import { TimeMap } from "./time-map";

/** Where a source stands with its playlist. */
export type Loaded =
  | { readonly state: "loading" }
  | { readonly state: "ready" }
  /** `status` of HTTP where there was an answer. */
  | { readonly state: "failed"; readonly status: number | null }
  /** Of what was asked for, `codec` cannot be played by this browser. */
  | { readonly state: "unplayable"; readonly codec: string };

const CONFIG: Partial<HlsConfig> = {
  enableWorker: false, // fMP4 is passed on as it is: a worker, begun anew with each playlist, costs more than it saves
  autoStartLoad: false,
  backBufferLength: 20,
  maxBufferLength: 10,
  maxMaxBufferLength: 120,
  maxBufferHole: 0,
  maxFragLookUpTolerance: 0,
  gapController: undefined as never, // gaps are shown, never jumped over: the deck leads
  capLevelToPlayerSize: false,
  startFragPrefetch: false,
};
const AGAIN_MS = 2000;
const TOO_BUSY = 429;

/** One camera's playlist on one video element, by hls.js, which is loaded when the first one is made. */
export class HlsSource {
  map = new TimeMap([]);
  /** Of what was fetched of it. */
  readonly times = new ShownTimes();
  loaded: Loaded = { state: "loading" };
  /** Told that nothing follows: before anything else is shown it has to be loaded again. */
  isFinished = false;
  #hls: Hls | null = null;
  #url = "";
  #finish: (media: number) => void = () => undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  #hasList = false; // of what was loaded last the playlist has come
  #isOver = false;

  /** `onChange`: the map or the state is another one. */
  constructor(
    readonly video: HTMLVideoElement,
    private readonly onChange: () => void,
  ) {
    video.muted = true;
    video.playsInline = true;
    video.disableRemotePlayback = true;
  }

  /**
   * Another playlist in place of the one before; loading begins at `utc` (ms), or where its first picture after that is.
   * `isSame`: it tells the same stretch, in other parts, and what is known of it holds until it has come.
   */
  async load(url: string, utc: number, isSame = false): Promise<void> {
    this.#drop();
    this.#url = url;
    if (!isSame) this.map = new TimeMap([]);
    this.times.clear();
    this.#hasList = false;
    this.loaded = { state: "loading" };
    const library = await import("hls.js/light").catch(() => null);
    if (this.#isOver || url !== this.#url) return;
    if (library === null) {
      this.loaded = { state: "failed", status: null };
      this.onChange();
      return;
    }
    const { default: Player, Events, ErrorTypes } = library;
    this.#drop();
    const hls = new Player(CONFIG);
    this.#hls = hls;
    hls.on(Events.LEVEL_LOADED, (_, { details }) => {
      this.#hasList = true;
      this.#take(details);
      const place = this.map.place(utc);
      const start = place.kind === "outside" ? null : place.media;
      if (start !== null) hls.startLoad(start);
      this.loaded = { state: "ready" };
      this.onChange();
    });
    hls.on(Events.BUFFER_CODECS, (_, { video }) => {
      if (video?.codec !== undefined) this.#expectPlayable(`${video.container}; codecs="${video.codec}"`);
    });
    hls.on(Events.FRAG_LOADED, (_, { frag, payload }) => {
      if (frag.sn !== "initSegment") this.times.take(frag.url, payload);
    });
    hls.on(Events.LEVEL_PTS_UPDATED, (_, { details }) => this.#take(details));
    hls.on(Events.ERROR, (_, data) => {
      if (!data.fatal) return;
      if (this.#hasList) this.#later(() => this.#goOn(data.type === ErrorTypes.MEDIA_ERROR));
      else if (isSame && !isRefused(data)) this.#later(() => void this.load(url, utc, true));
      else this.#fail(data);
    });
    this.#finish = (media) => {
      hls.stopLoad();
      hls.trigger(Events.BUFFER_FLUSHING, { startOffset: media, endOffset: Infinity, type: "video" });
      hls.trigger(Events.BUFFER_EOS, { type: "video" });
    };
    hls.loadSource(url);
    hls.attachMedia(this.video);
  }

  /** How many seconds are fetched ahead: more when it runs fast. */
  set ahead(seconds: number) {
    if (this.#hls !== null && this.#hls.config.maxBufferLength !== seconds) this.#hls.config.maxBufferLength = seconds;
  }

  /**
   * Nothing follows this moment of the player's clock. A decoder keeps its last pictures until more comes, or until it
   * hears that nothing does: before a gap they would never be seen.
   */
  finish(media: number): void {
    if (this.isFinished || this.#hls === null) return;
    this.isFinished = true;
    this.#finish(media);
  }

  /** The same playlist once more. */
  again(utc: number): void {
    void this.load(this.#url, utc);
  }

  end(): void {
    this.#isOver = true;
    this.#drop();
  }

  #take(details: LevelDetails): void {
    this.map = new TimeMap(
      details.fragments.map((each) => ({ start: each.start, duration: each.duration, utc: each.programDateTime ?? NaN, isGap: isGap(each) })),
    );
    this.onChange();
  }

  /** A browser that cannot play it would be asked for ever. */
  #expectPlayable(mime: string): void {
    if (sourceType()?.isTypeSupported(mime) === true) return;
    this.#drop();
    this.loaded = { state: "unplayable", codec: codecName(mime) };
    this.onChange();
  }

  #fail(data: ErrorData): void {
    this.loaded = { state: "failed", status: data.response?.code ?? null };
    this.onChange();
  }

  #later(again: () => void): void {
    clearTimeout(this.#again);
    this.#again = setTimeout(again, AGAIN_MS);
  }

  /** A part that does not come, or cannot be decoded, ends nothing: it is asked for again. */
  #goOn(isMedia: boolean): void {
    if (isMedia) this.#hls?.recoverMediaError();
    else this.#hls?.startLoad(this.video.currentTime);
  }

  #drop(): void {
    clearTimeout(this.#again);
    this.isFinished = false;
    this.#hls?.destroy();
    this.#hls = null;
  }
}

/** Somebody has answered that it is not to be had: asking once more is no help. */
function isRefused({ response }: ErrorData): boolean {
  const status = response?.code ?? 0;
  return status >= 400 && status < 500 && status !== TOO_BUSY;
}

/** By its tag: hls.js calls more than that a gap. */
function isGap(fragment: Fragment): boolean {
  return fragment.tagList.some(([tag]) => tag === "GAP");
}
