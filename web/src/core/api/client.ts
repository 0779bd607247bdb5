// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { Store } from "../store";
import type { Problem, Routes } from "./types";

const ROOT = "/api/v1";

/** A control room that hangs takes requests and answers none: so long is waited for all of an answer, reading, doing, and of a table. */
export const READ_MS = 20_000;
export const DO_MS = 60_000;
const FILE_MS = 180_000;
/** Of what has to wait for a camera first, up to a minute, and then for recorder and ledger. */
const CAMERA_MS = 120_000;
const BY_CAMERA: readonly string[] = ["POST /cameras/{id}/masks/set", "POST /mask-proposals/{number}/approve"] satisfies (keyof Routes)[];

/** What is sent again without a thought, though it is a POST: it reads, looks, or shows who one is. */
const AGAIN = /^\/(active|lock|unlock|first-run|link|enrol\/totp|enrol\/passkey\/options|log|log\/totals)$|^\/(sign-in|demo|live|looks|me\/again)(\/|$)/;

/** The control room answered, and said no. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(`${problem.code}: ${problem.title}`);
    this.name = "Refused";
  }
}

/** Nobody answered, or not in our words: the control room, or the way to it, is away. */
export class Away extends Error {
  /**
   * `since`: when it was asked first without an answer, by this station's clock. `isSlow`: this alone took too long, others
   * were answered. `mayBeDone`: what was to be done may be done, and would be done twice if it were sent again.
   */
  constructor(
    cause: unknown,
    readonly since: number | null = null,
    readonly isSlow = false,
    readonly mayBeDone = false,
  ) {
    super("the control room does not answer", { cause });
    this.name = "Away";
  }
}

/** What ended; on "SESSION_LOCKED" the session goes on after POST /unlock. */
export type Ended = "SESSION_NONE" | "SESSION_OVER" | "SESSION_TAKEN" | "ACCOUNT_SUSPENDED" | "SESSION_LOCKED";
const ENDED: readonly string[] = [
  "SESSION_NONE",
  "SESSION_OVER",
  "SESSION_TAKEN",
  "ACCOUNT_SUSPENDED",
  "SESSION_LOCKED",
] satisfies Ended[];

type Body<R extends keyof Routes> = Routes[R]["body"];
type Answer<R extends keyof Routes> = Routes[R]["answer"];

interface Options {
  /** For `{name}` in a route's path. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** It is sent also when the page is being left. */
  readonly isLast?: boolean;
  /** How long an answer is waited for; else READ_MS or DO_MS. */
  readonly limitMs?: number;
}

interface Asked extends Options {
  readonly mayBeDone?: boolean;
}

/** One session's way to /api/v1: knows the CSRF word, and tells `onEnded` when the session is over or locked. */
export class Client {
  onEnded: (ended: Ended) => void = () => undefined;
  /** Since when nobody answers (ms, by this station's clock); null: as far as is known somebody does. */
  readonly silence = new Store<number | null>(null);
  #csrf: string | null = null;
  #answers = 0;
  readonly #fetch: typeof fetch;

  constructor(fetcher: typeof fetch = (...asked) => fetch(...asked)) {
    this.#fetch = fetcher;
  }

  /** Raises `Refused` or `Away`; an aborted request raises what `fetch` raises. */
  async call<R extends keyof Routes>(route: R, body: Body<R>, options: Options = {}): Promise<Answer<R>> {
    const [method, path] = split(route);
    const asked: Asked = { ...(BY_CAMERA.includes(route) ? { limitMs: CAMERA_MS } : {}), ...options, mayBeDone: method === "POST" && !AGAIN.test(path) };
    return this.#ask(method, place(path, options), body, asked, async (answer) => {
      if (answer.status === 204) return undefined;
      const said = await read(answer);
      if (!answer.ok) throw this.#refused(answer.status, said);
      this.#remember(said);
      return said as Answer<R>;
    });
  }

  /** An answer that is no JSON, as it comes: a table. */
  async file(path: string, body: unknown): Promise<Blob> {
    return this.#ask("POST", path, body, { limitMs: FILE_MS }, async (answer) => {
      if (!answer.ok) throw this.#refused(answer.status, await read(answer));
      return answer.blob();
    });
  }

  /** `take` reads the whole answer, within the same limit. One that is not in our words, as of a proxy before us, is none. */
  async #ask<T>(method: string, path: string, body: unknown, options: Asked, take: (answer: Response) => Promise<T>): Promise<T> {
    const { signal, isLast = false, mayBeDone = false, limitMs = method === "GET" ? READ_MS : DO_MS } = options;
    const headers = new Headers({ accept: "application/json" });
    if (method !== "GET" && this.#csrf !== null) headers.set("x-torrazzo-csrf", this.#csrf);
    if (body !== undefined) headers.set("content-type", "application/json");
    const request: RequestInit = { method, headers, credentials: "same-origin", cache: "no-store", redirect: "error" };
    if (body !== undefined) request.body = JSON.stringify(body);
    const limit = AbortSignal.timeout(limitMs);
    request.signal = signal === undefined ? limit : AbortSignal.any([signal, limit]);
    if (isLast) request.keepalive = true;
    const [asked, before] = [Date.now(), this.#answers];
    try {
      const taken = await take(await this.#fetch(ROOT + path, request));
      this.#answered();
      return taken;
    } catch (error) {
      if (error instanceof Refused) this.#answered();
      if (error instanceof Refused || signal?.aborted === true) throw error;
      if (this.#answers === before) this.silence.set(Math.min(asked, this.silence.get() ?? asked)); // else it answers, not to this
      const since = this.silence.get();
      throw new Away(error, since, since === null && limit.aborted, mayBeDone);
    }
  }

  #answered(): void {
    this.#answers += 1;
    this.silence.set(null);
  }

  #refused(status: number, said: unknown): Error {
    if (!isProblem(said)) return new Error(`${status} without a problem`);
    if (status === 401 && ENDED.includes(said.code)) {
      if (said.code === "SESSION_LOCKED") this.#remember(said);
      else this.#csrf = null;
      this.onEnded(said.code as Ended);
    }
    return new Refused(said);
  }

  #remember(said: unknown): void {
    if (typeof said === "object" && said !== null && "csrf" in said && typeof said.csrf === "string") {
      this.#csrf = said.csrf;
    }
  }
}

function split(route: string): [method: string, path: string] {
  const at = route.indexOf(" ");
  return [route.slice(0, at), route.slice(at + 1)];
}

function place(path: string, { path: names = {}, query }: Options): string {
  const placed = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = names[name];
    if (value === undefined) throw new Error(`${path}: no ${name} was given`);
    return encodeURIComponent(value);
  });
  return query === undefined ? placed : `${placed}?${new URLSearchParams(query)}`;
}

async function read(answer: Response): Promise<unknown> {
  const kind = answer.headers.get("content-type") ?? "";
  if (!/^application\/(problem\+)?json\b/.test(kind)) throw new Error(`${answer.status} ${kind}`);
  return answer.json();
}

/** What an answer without success says, of an address that gives no JSON. */
export async function refusalOf(answer: Response): Promise<Refused | Away> {
  const said: unknown = await answer.json().catch(() => null);
  return isProblem(said) ? new Refused(said) : new Away(new Error(`${answer.status} without a problem`));
}

function isProblem(said: unknown): said is Problem {
  return typeof said === "object" && said !== null && "code" in said && typeof said.code === "string";
}
