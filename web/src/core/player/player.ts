// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { Store } from "../store";
import type { ServerClock } from "./clock";
import { codecName } from "./codecs";
import { Freshness } from "./fresh";
import { Jitter, Pace } from "./pace";
import type { Picture } from "./picture";
import { type InitSaid, type LiveFrame, parseBinary, parseSaid } from "./wire";

/**
 * What a tile may say. "live": a new frame is on the screen now, and it is young. "late": frames move, and are old.
 * "stale": what is seen stands still. "waiting": nobody answers, it is tried again. "refused": not now, see `why`.
 */
export type Phase = "off" | "connecting" | "live" | "late" | "stale" | "waiting" | "refused" | "unplayable" | "paused";

export interface PlayerState {
  readonly phase: Phase;
  /** A picture is on the screen, be it an old one. */
  readonly hasPicture: boolean;
  /** Of what is seen; null: nothing is. */
  readonly ageMs: number | null;
  /** UTC milliseconds at which the frame that is seen reached the recorder. */
  readonly shownUtc: number | null;
  /** What the server says of the camera, if it does not record: `lost`, and why. */
  readonly camera: string | null;
  readonly why: string | null;
  /** With `why`: since when that is so, in UTC milliseconds, where the server knows. */
  readonly since: number | null;
  /** With "connecting": that somebody notes who looks, or a first picture; and for how long it has been waited for. */
  readonly waitsFor: "look" | "picture" | null;
  readonly waitedMs: number;
  /** With "unplayable": which. */
  readonly codec: string | null;
  /** The stream that is wanted has this codec, which cannot be played here: the camera's other one is shown. */
  readonly fellBackFrom: string | null;
  readonly stream: string | null;
  readonly width: number;
  readonly height: number;
  /** This station is too slow: it shows less than half of what comes. */
  readonly isSlow: boolean;
  /** Frames that the server left out for us. */
  readonly skipped: number;
}

export interface SocketLike {
  binaryType: string;
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  send(text: string): void;
  close(): void;
}

export interface Parts {
  readonly picture: Picture;
  readonly clock: ServerClock;
  /** Where to; may ask the server for a look first. Raises what `refusal` knows. */
  readonly address: (stream: string, isAnew: boolean) => Promise<string>;
  /** A stable code, where the server said no; null: it did not answer. */
  readonly refusal: (error: unknown) => string | null;
  /** Since when what the server says there is so, if it knows. */
  readonly since?: (error: unknown) => number | null;
  readonly open: (address: string) => SocketLike;
}

/** Standing pictures: key frames alone, for what moves more than a station can show. */
export type Motion = "moving" | "stills";

/** What a tile costs, for whoever decides how many may move. */
export interface Load {
  readonly isMoving: boolean;
  readonly isStrained: boolean;
}

const TICK_MS = 100;
const TOLD_MS = 1000;
const ALIVE_MS = 250;
const PAUSES_MS = [500, 1000, 2000, 4000, 8000, 15_000];
const GOOD_AFTER_MS = 10_000;
const SETTLES_MS = 1000; // after a jump a video waits for what it decodes: that says nothing of the way here
const SILENT_MS = 10_000; // nothing came at all: the way here is broken, though nobody said so
const KEPT = 600;
const LATE_MS = 1500; // from the recorder to here: so late the present is not seen any more
const STEADY_MS = 6000; // before that a beginning, or another motion, says nothing of what a station can do
const OTHER: Readonly<Record<string, string>> = { main: "sub", sub: "main" };
const CHANGED_MS = 60_000; // after so long a camera may have been set to another codec
const FAILURES = 3; // of a codec that this browser says it plays, without a picture

/** After these nobody comes back by asking again at once. */
const ENDS: Readonly<Record<number, string>> = { 4401: "SESSION_NONE", 4404: "NOT_FOUND", 4409: "CLOSED", 4429: "TOO_MANY" };
const OVER = 4403;
const CODEC = 4415;
const AWAY = 4503;

const NOTHING: PlayerState = {
  phase: "off", hasPicture: false, ageMs: null, shownUtc: null, camera: null, why: null, since: null, waitsFor: null, waitedMs: 0, codec: null, fellBackFrom: null,
  stream: null, width: 0, height: 0, isSlow: false, skipped: 0,
}; // prettier-ignore

/** One tile's picture, from the socket to the screen. */
export class LivePlayer {
  readonly state = new Store<PlayerState>(NOTHING);
  /** A new frame is on the screen: at most four times a second. `limit`: by when the next one has to be, in milliseconds. */
  onAlive: (limit: number) => void = () => undefined;
  readonly #fresh = new Freshness();
  readonly #jitter = new Jitter();
  readonly #pace = new Pace();
  #phase: "off" | "connecting" | "running" | "waiting" | "refused" | "unplayable" | "paused" = "off";
  #socket: SocketLike | null = null;
  #round = 0;
  #ticker: ReturnType<typeof setInterval> | null = null;
  #retry: ReturnType<typeof setTimeout> | null = null;
  #tries = 0;
  #isOver = false; // the look is over: another one is asked for, once
  #isAnew = false; // the next try begins with another look
  #said: InitSaid | null = null;
  #isPlayable = false;
  #needsKey = true;
  #base: number | null = null; // media time of the time line's beginning
  #next: number | null = null; // where the next frame is due on the time line
  #last: LiveFrame | null = null;
  #lastInterval = 0.04;
  #times: { readonly at: number; readonly utc: number }[] = [];
  #shownAt = -1;
  #isBehind = false; // what came last was sent again, to begin with
  #jumpedAt = Number.NEGATIVE_INFINITY;
  #lags = { frames: 0, late: 0, skipped: 0 }; // since the load was asked for last
  #movedAt = 0;
  #aliveAt = 0;
  #heardAt = 0;
  #openedAt = 0;
  #toldAt = 0;
  #counts = { at: 0, made: 0, dropped: 0 };
  #isSlow = false;
  #skipped = 0;
  #camera: { readonly state: string; readonly why: string | null } | null = null;
  #why: string | null = null;
  #since: number | null = null; // of #why
  #waits: { readonly what: "look" | "picture"; readonly since: number } | null = null;
  #codec: string | null = null;
  #cannot = new Map<string, { readonly codec: string; readonly at: number }>(); // streams, as they were asked for
  #asked = "";
  #failures = 0;

  /** `stream`: which is wanted; the other one is shown where that cannot be played. */
  constructor(
    readonly parts: Parts,
    private stream = "sub",
    private motion: Motion = "moving",
  ) {
    const { picture } = parts;
    picture.onShown = (time) => this.#shown(time);
    picture.onAppended = () => this.#appended();
    picture.onStalled = () => {
      if (this.motion === "moving" && this.#phase === "running" && this.#isSettled()) this.#jitter.stalled(seconds());
    };
    picture.onFailed = () => {
      const mime = this.#said?.mime ?? "";
      this.#failures = this.#fresh.hasPicture ? 0 : this.#failures + 1;
      this.#forgetPicture();
      if (this.#failures >= FAILURES && codecName(mime) !== "H.264") this.#cannotPlay(mime);
      else this.#again();
    };
  }

  start(): void {
    if (this.#phase !== "off" && this.#phase !== "paused") return;
    this.#ticker ??= setInterval(() => this.#tick(), TICK_MS);
    this.parts.picture.hold(this.motion === "stills");
    this.#tries = 0;
    this.#connect();
  }

  /** Nothing is seen any more, at once. */
  stop(): void {
    this.#leave("off");
    this.parts.picture.clear();
    this.#forgetPicture();
    if (this.#ticker !== null) clearInterval(this.#ticker);
    this.#ticker = null;
    this.#tell();
  }

  /** Nobody can see it: what is shown stays, no more comes. `start` goes on. */
  pause(): void {
    if (this.#phase === "off") return;
    this.#leave("paused");
    this.#tell();
  }

  /** After "refused", or to try what could not be played. */
  retry(): void {
    this.#leave("off");
    this.#cannot.clear();
    this.start();
  }

  show(stream: string): void {
    if (stream === this.stream) return;
    this.stream = stream;
    const now = performance.now();
    for (const [each, { at }] of this.#cannot) if (now - at > CHANGED_MS) this.#cannot.delete(each);
    if (this.#phase === "off" || this.#phase === "paused") return;
    const asked = this.#choice();
    if (this.#phase !== "running" || this.#socket === null) {
      this.#leave("off");
      this.start();
      return;
    }
    if (asked !== this.#asked) this.#socket.send(JSON.stringify({ type: "stream", stream: asked }));
    this.#asked = asked;
    this.#tell();
  }

  move(motion: Motion): void {
    if (motion === this.motion) return;
    this.motion = motion;
    this.#movedAt = performance.now();
    this.#needsKey = true;
    if (this.#phase === "running") this.#sayMotion();
    this.parts.picture.hold(motion === "stills");
    this.#fresh.forgetIntervals();
  }

  /** Since it was asked last: whether it moves, and whether this station, or the way here, is too slow for that. */
  load(): Load {
    const { frames, late, skipped } = this.#lags;
    this.#lags = { frames: 0, late: 0, skipped: this.#skipped };
    const isMoving = this.#phase === "running" && this.motion === "moving";
    const isSteady = performance.now() - Math.max(this.#openedAt, this.#movedAt) > STEADY_MS;
    return { isMoving, isStrained: isMoving && isSteady && (late * 2 > frames || this.#skipped > skipped || this.#isSlow) };
  }

  #sayMotion(): void {
    this.#socket?.send(JSON.stringify({ type: "motion", motion: this.motion }));
  }

  // -- the socket

  #connect(isAnew = false): void {
    this.#round += 1;
    const round = this.#round;
    this.#phase = "connecting";
    this.#why = this.#since = null;
    this.#waits = { what: "look", since: performance.now() };
    this.#asked = this.#choice();
    this.#tell();
    this.parts.address(this.#asked, isAnew).then(
      (address) => {
        if (round === this.#round) this.#open(address, round);
      },
      (error: unknown) => {
        if (round !== this.#round) return;
        const code = this.parts.refusal(error);
        this.#since = this.parts.since?.(error) ?? null;
        this.#failed(code);
      },
    );
  }

  #open(address: string, round: number): void {
    const socket = this.parts.open(address);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#heardAt = performance.now();
    this.#waits = { what: "picture", since: this.#heardAt };
    socket.onopen = () => {
      if (round !== this.#round) return;
      this.#heardAt = performance.now();
      if (this.motion === "stills") this.#sayMotion();
    };
    socket.onmessage = ({ data }) => {
      if (round !== this.#round) return;
      this.#heardAt = performance.now();
      if (typeof data === "string") this.#hear(data);
      else if (data instanceof ArrayBuffer) this.#take(data);
    };
    socket.onclose = ({ code, reason }) => {
      if (round === this.#round) this.#closed(code, reason);
    };
  }

  #hear(text: string): void {
    const said = parseSaid(text);
    if (said?.type === "init") this.#said = said;
    if (said?.type === "state") this.#camera = said.state === "recording" ? null : { state: said.state, why: said.why };
    if (said?.type === "dropped") this.#skipped += said.frames;
    if (said !== null) this.#tell();
  }

  #closed(code: number, reason: string): void {
    this.#socket = null;
    this.#isAnew = code === AWAY;
    if (code === CODEC) this.#cannotPlay(reason);
    else if (code === OVER && !this.#isOver) {
      this.#isOver = true;
      this.#connect(true);
    } else if (code === OVER || code in ENDS) this.#failed(ENDS[code] ?? "FORBIDDEN");
    else this.#again();
  }

  /** The server said no, with its code; null: nobody said anything. */
  #failed(code: string | null): void {
    if (code === null || code === "AWAY" || code === "LEDGER_AWAY") {
      this.#again(code);
      return;
    }
    this.#leave("refused");
    this.#why = code;
    this.#tell();
  }

  /** After a pause that grows, and is never quite the same for all tiles. */
  #again(why: string | null = null): void {
    this.#leave("waiting");
    this.#why = why;
    const pause = PAUSES_MS[Math.min(this.#tries, PAUSES_MS.length - 1)] ?? 0;
    this.#tries += 1;
    this.#retry = setTimeout(() => this.#connect(this.#isAnew), pause * (0.8 + 0.4 * Math.random()));
    this.#tell();
  }

  #leave(phase: "off" | "waiting" | "refused" | "unplayable" | "paused"): void {
    this.#round += 1;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#said = null;
    this.#isPlayable = false;
    this.#camera = null;
    this.#waits = null;
    this.#phase = phase;
  }

  // -- frames

  #take(message: ArrayBuffer): void {
    const found = parseBinary(message);
    if (found?.kind === "init") this.#begin(found.data);
    else if (found?.kind === "frame" && this.#isPlayable) this.#frame(found);
  }

  #begin(init: Uint8Array<ArrayBuffer>): void {
    const said = this.#said;
    if (said === null) return;
    if (!this.parts.picture.begin(said.mime, init)) {
      this.#cannotPlay(said.mime);
      return;
    }
    this.#isPlayable = true;
    this.#codec = null;
    this.#needsKey = true;
    this.#base = null;
    this.#last = null;
    if (this.#phase === "connecting") {
      this.#phase = "running";
      this.#openedAt = performance.now();
    }
    this.#fresh.forgetIntervals();
    this.#jitter.forget();
    this.#tell();
  }

  /** What is wanted, or, where that cannot be played, the camera's other stream. */
  #choice(): string {
    const other = OTHER[this.stream];
    return other !== undefined && this.#cannot.has(this.stream) && !this.#cannot.has(other) ? other : this.stream;
  }

  /** The other stream may be another matter; where it is not, both are tried again now and then. */
  #cannotPlay(mime: string): void {
    const codec = codecName(mime);
    this.#failures = 0;
    this.#cannot.set(this.#asked, { codec, at: performance.now() });
    this.#leave("unplayable");
    if (!this.#cannot.has(this.#choice())) {
      this.#connect();
      return;
    }
    this.#codec = codec;
    this.#retry = setTimeout(() => {
      this.#cannot.clear();
      this.#connect();
    }, CHANGED_MS);
    this.#tell();
  }

  #frame(frame: LiveFrame): void {
    if (this.#needsKey && !frame.isKey) return;
    if (this.motion === "stills" && !frame.isKey) return;
    this.#needsKey = false;
    this.#time(frame);
    if (!frame.isCatchingUp) this.#weigh(frame);
    const at = frame.media - (this.#base ?? 0);
    this.#times.push({ at, utc: frame.utc });
    if (this.#times.length > KEPT) this.#times.shift();
    this.parts.clock.atLeast(frame.utc);
    const end = this.parts.picture.ranges.at(-1)?.[1];
    if (end !== undefined && !frame.isCatchingUp && this.motion === "moving") this.#pace.lead(end - this.parts.picture.at);
    if (!frame.isCatchingUp && this.#isSettled()) this.#jitter.add(seconds(), frame.media);
    this.parts.picture.append(frame.data, -(this.#base ?? 0));
    this.#next = at + this.#lastInterval;
    this.#last = frame;
  }

  #weigh(frame: LiveFrame): void {
    const now = this.parts.clock.now();
    this.#lags.frames += 1;
    if (now !== null && now - frame.utc > LATE_MS) this.#lags.late += 1;
  }

  /** Puts the frame on the time line, right behind the one before where media time jumped. */
  #time(frame: LiveFrame): void {
    const last = this.#last;
    const step = last === null ? null : frame.media - last.media;
    if (this.motion === "stills" && last !== null) this.#fresh.interval(frame.utc - last.utc); // the server closes up what is left out
    else if (step !== null && step > 0 && !frame.isDiscontinuity) {
      this.#lastInterval = Math.min(step, 5);
      this.#fresh.interval(step * 1000);
    }
    const isBroken = frame.isDiscontinuity || step === null || step <= 0 || step > 10;
    if (this.#base !== null && !isBroken) return;
    this.#base = frame.media - (this.#next ?? 0);
    this.#jitter.forget();
    this.#pace.forget();
  }

  #appended(): void {
    const { picture } = this.parts;
    if (this.#phase !== "running") return;
    if (this.motion === "stills") {
      const newest = this.#times.at(-1);
      if (newest !== undefined && newest.at + 0.001 > picture.at) this.#jump(newest.at + 0.001);
      return;
    }
    if (this.#last?.isCatchingUp === true) {
      this.#isBehind = true;
      const end = picture.ranges.at(-1)?.[1];
      if (end !== undefined && !this.#fresh.hasPicture) this.#jump(Math.max(0, end - 0.001)); // the newest that there is, now
      return;
    }
    const step = this.#pace.next(picture.at, picture.ranges, this.#jitter.target(seconds()), this.#isBehind ? 0.1 : undefined);
    this.#isBehind = false;
    if (step.jump !== null) this.#jump(step.jump);
    picture.rate(step.rate);
  }

  #jump(to: number): void {
    this.#jumpedAt = performance.now();
    this.parts.picture.jump(to);
  }

  #isSettled(): boolean {
    return this.#fresh.hasPicture && performance.now() - this.#jumpedAt > SETTLES_MS;
  }

  #shown(time: number): void {
    if (time === this.#shownAt || this.#phase === "off") return;
    this.#shownAt = time;
    const was = this.#fresh.hasPicture;
    const now = performance.now();
    this.#fresh.shown(now, this.#utcAt(time));
    if (now - this.#aliveAt >= ALIVE_MS) {
      this.#aliveAt = now;
      this.onAlive(this.#fresh.limit);
    }
    if (!was || this.state.get().phase !== "live") this.#tell();
  }

  /** Of the last frame that is due by then: decoding order, so that a reordered one counts as its neighbour. */
  #utcAt(time: number): number | null {
    for (let at = this.#times.length - 1; at >= 0; at -= 1) {
      const found = this.#times[at];
      if (found !== undefined && found.at <= time + 0.002) return found.utc;
    }
    return null;
  }

  #forgetPicture(): void {
    this.#fresh.cleared();
    this.#times = [];
    this.#next = null;
    this.#base = null;
    this.#last = null;
    this.#shownAt = -1;
    this.#counts = { at: 0, made: 0, dropped: 0 };
    this.#isSlow = false;
    this.#skipped = 0;
  }

  // -- what is said of it

  #tick(): void {
    const now = performance.now();
    if (this.#phase === "running" && now - this.#openedAt > GOOD_AFTER_MS) {
      this.#tries = 0;
      this.#isOver = false;
    }
    const isOpen = this.#phase === "running" || (this.#phase === "connecting" && this.#socket !== null);
    if (isOpen && now - this.#heardAt > SILENT_MS) {
      this.#again();
      return;
    }
    if (now - this.#counts.at >= 5000) this.#measure(now);
    if (now - this.#toldAt >= TOLD_MS || this.#judge(now) !== this.state.get().phase) this.#tell();
  }

  #measure(now: number): void {
    const { made, dropped } = this.parts.picture.counts;
    const fresh = made - this.#counts.made;
    this.#isSlow = fresh > 10 && dropped - this.#counts.dropped > fresh / 2;
    this.#counts = { at: now, made, dropped };
  }

  #judge(now: number): Phase {
    if (this.#phase !== "running") return this.#phase;
    const judged = this.#fresh.judge(now, this.parts.clock.now());
    return judged === "none" ? "connecting" : judged;
  }

  #tell(): void {
    const now = performance.now();
    this.#toldAt = now;
    this.state.set({
      phase: this.#judge(now),
      hasPicture: this.#fresh.hasPicture,
      ageMs: this.#fresh.age(now, this.parts.clock.now()),
      shownUtc: this.#fresh.shownUtc,
      camera: this.#camera?.state ?? null,
      why: this.#why ?? this.#camera?.why ?? null,
      since: this.#why === null ? null : this.#since,
      waitsFor: this.#waits?.what ?? null,
      waitedMs: this.#waits === null ? 0 : now - this.#waits.since,
      codec: this.#codec,
      fellBackFrom: this.#asked === this.stream || this.#phase === "unplayable" ? null : (this.#cannot.get(this.stream)?.codec ?? null),
      stream: this.#said?.stream ?? null,
      width: this.#said?.width ?? 0,
      height: this.#said?.height ?? 0,
      isSlow: this.#isSlow,
      skipped: this.#skipped,
    });
  }
}

function seconds(): number {
  return performance.now() / 1000;
}
