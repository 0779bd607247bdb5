// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { Away, type Client, Refused } from "../api/client";
import type { LiveCamera, LiveLook, LiveReason } from "../api/live";
import { msFromInstant } from "../time/ticks";

const GATHER_MS = 30;
const UNUSED_MS = 10_000;
const STAY_MS = 20_000;
const MOST = 64; // cameras of one look
const LOOKS = 2; // of one window; a person has eight, in all their windows

export interface Held {
  readonly key: string;
  readonly camera: LiveCamera;
}

interface Pending {
  readonly promise: Promise<Held>;
  readonly resolve: (held: Held) => void;
  readonly reject: (error: unknown) => void;
}

interface Kept {
  readonly look: LiveLook;
  readonly users: Map<string, number>;
  timer: ReturnType<typeof setTimeout> | null;
  unusedSince: number | null;
}

/**
 * Looks, so that what tiles want at the same time is one look and one fact. A look that nobody uses is closed, so that
 * the ledger says for how long somebody looked.
 */
export class LookKeeper {
  readonly #pending = new Map<string, Pending>();
  readonly #kept = new Map<string, Kept>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #expected: readonly string[] = [];

  constructor(
    readonly client: Client,
    readonly reason: () => LiveReason = () => ({}),
  ) {}

  /** What is going to be shown, now or in its turn: it comes with the next look, so that this is one. */
  expect(cameras: readonly string[]): void {
    this.#expected = cameras;
  }

  /** A look at a camera; `over`: the key of one that is no good any more. Raises `Refused` or `Away`. */
  async want(camera: string, over: string | null = null): Promise<Held> {
    for (const kept of this.#kept.values()) {
      if (kept.look.key === over) continue;
      const found = kept.look.cameras.find((each) => each.camera === camera);
      if (found !== undefined) return this.#use(kept, found);
    }
    const held = await this.#ask(camera);
    const kept = this.#kept.get(held.key);
    return kept === undefined ? held : this.#use(kept, held.camera);
  }

  has(key: string): boolean {
    return this.#kept.has(key);
  }

  /** Its tile shows it no more. */
  leave(key: string, camera: string): void {
    const kept = this.#kept.get(key);
    if (kept === undefined) return;
    const left = (kept.users.get(camera) ?? 0) - 1;
    if (left > 0) kept.users.set(camera, left);
    else kept.users.delete(camera);
    if (kept.users.size === 0) kept.unusedSince = performance.now();
  }

  /** All of them, at once: the curtain, another screen. */
  close(): void {
    for (const [key, kept] of this.#kept) {
      if (kept.timer !== null) clearTimeout(kept.timer);
      void this.client.call("DELETE /live/{key}", undefined, { path: { key } }).catch(() => undefined); // it ends by itself
    }
    this.#kept.clear();
  }

  #use(kept: Kept, camera: LiveCamera): Held {
    kept.users.set(camera.camera, (kept.users.get(camera.camera) ?? 0) + 1);
    kept.unusedSince = null;
    return { key: kept.look.key, camera };
  }

  #ask(camera: string): Promise<Held> {
    const before = this.#pending.get(camera);
    if (before !== undefined) return before.promise;
    const pending = pending_();
    this.#pending.set(camera, pending);
    this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS);
    return pending.promise;
  }

  #flush(): void {
    this.#timer = null;
    const all = [...this.#pending];
    this.#pending.clear();
    if (this.#kept.size >= LOOKS) this.#merge();
    for (let at = 0; at < all.length; at += MOST) void this.#open(all.slice(at, at + MOST));
  }

  /** Those before end, and what they show comes again by the next one: sockets hear that theirs is over. */
  #merge(): void {
    const shown = [...this.#kept.values()].flatMap(({ users }) => [...users.keys()]);
    this.#expected = [...new Set([...shown, ...this.#expected])];
    this.close();
  }

  /** Those that are wanted, and those that are expected and not seen yet. */
  #together(wanted: readonly string[]): readonly string[] {
    const seen = new Set([...this.#kept.values()].flatMap(({ look }) => look.cameras.map(({ camera }) => camera)));
    return [...new Set([...wanted, ...this.#expected.filter((camera) => !seen.has(camera))])].slice(0, MOST);
  }

  async #open(wanted: readonly (readonly [string, Pending])[], isAlone = false): Promise<void> {
    const names = wanted.map(([camera]) => camera);
    const cameras = isAlone ? names : this.#together(names);
    let look: LiveLook;
    try {
      look = await this.client.call("POST /live", { cameras, ...this.reason() });
    } catch (error) {
      if (cameras.length > 1 && isOfOne(error)) for (const each of wanted) void this.#open([each], true);
      else for (const [, pending] of wanted) pending.reject(error);
      return;
    }
    this.#keep(look);
    for (const [camera, pending] of wanted) {
      const found = look.cameras.find((each) => each.camera === camera);
      if (found === undefined) pending.reject(new Refused({ status: 404, code: "NOT_FOUND", title: camera }));
      else pending.resolve({ key: look.key, camera: found });
    }
  }

  #keep(look: LiveLook): void {
    const kept: Kept = { look, users: new Map(), timer: null, unusedSince: performance.now() };
    this.#kept.set(look.key, kept);
    kept.timer = setTimeout(() => void this.#stay(kept), next(look));
  }

  async #stay(kept: Kept): Promise<void> {
    const path = { key: kept.look.key };
    try {
      if (kept.unusedSince !== null && performance.now() - kept.unusedSince >= UNUSED_MS) {
        this.#kept.delete(path.key);
        await this.client.call("DELETE /live/{key}", undefined, { path });
        return;
      }
      await this.client.call("POST /live/{key}/stay", {}, { path });
    } catch (error) {
      if (!(error instanceof Away) && !(error instanceof Refused)) throw error;
      if (error instanceof Refused && error.problem.status < 500) {
        this.#kept.delete(path.key); // whoever shows it hears so by its socket, and asks anew
        return;
      }
    }
    if (this.#kept.has(path.key)) kept.timer = setTimeout(() => void this.#stay(kept), STAY_MS);
  }
}

function pending_(): Pending {
  let resolve: Pending["resolve"] = () => undefined;
  let reject: Pending["reject"] = () => undefined;
  const promise = new Promise<Held>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** A third of what is left by the server, at most as usual. */
function next(look: LiveLook): number {
  const left = msFromInstant(look.until) - Date.now();
  return Number.isFinite(left) && left > 3000 ? Math.min(STAY_MS, left / 3) : STAY_MS;
}

/** Of one camera of several, as it may be: the others are asked for without it. */
function isOfOne(error: unknown): boolean {
  return error instanceof Refused && ["OUT_OF_SCOPE", "NOT_FOUND", "NOT_VALID"].includes(error.problem.code);
}
