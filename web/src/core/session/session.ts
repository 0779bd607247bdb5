// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { Away, type Client, type Ended, Refused } from "../api/client";
import type { Me, Permission, Shift, Town, Wishes } from "../api/types";
import { Store } from "../store";
import { msFromInstant } from "../time/ticks";

/** Where this browser stands. `why`: what ended the session before. */
export type Standing =
  | { readonly phase: "starting" }
  | { readonly phase: "away" }
  | { readonly phase: "first-run"; readonly town: Town }
  | { readonly phase: "signed-out"; readonly town: Town; readonly why: Ended | null }
  | { readonly phase: "locked"; readonly town: Town } // found so at the start: who it is, is not told
  | { readonly phase: "signed-in"; readonly town: Town; readonly me: Me; readonly isLocked: boolean };

const WAS = "torrazzo.signed-in";
const SOONEST_MS = 60_000;
const OVER: readonly string[] = ["SESSION_OVER", "SESSION_TAKEN", "ACCOUNT_SUSPENDED"] satisfies Ended[];

/** The session of this browser; the client tells it when the server ended or locked it. */
export class Session {
  #isAsking = false;
  readonly standing = new Store<Standing>({ phase: "starting" });
  /** This window began, locked, unlocked or ended it: others of the station have to ask. */
  onChanged: () => void = () => undefined;

  /** Whoever came in by the provider ends the session there, too. */
  onLeave: (url: string) => void = (url) => location.assign(url);

  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `memory`: of this window, so that one loaded anew knows that somebody was signed in. */
  constructor(
    readonly client: Client,
    readonly memory: Pick<Storage, "getItem" | "setItem" | "removeItem"> | null = null,
  ) {
    client.onEnded = (ended) => this.#ended(ended);
  }

  /** Ask where we stand: at the start, after signing in, and when the control room was away. */
  async begin(): Promise<void> {
    try {
      const town = await this.client.call("GET /town", undefined);
      this.standing.set(town.first_run ? { phase: "first-run", town } : { phase: "signed-out", town, why: null });
      if (!town.first_run) await this.#who();
    } catch (error) {
      if (!(error instanceof Away)) throw error;
      this.standing.set({ phase: "away" });
    }
  }

  /** Another window changed something: what is shown goes on while it is asked. */
  async refresh(): Promise<void> {
    if (this.standing.get().phase !== "signed-in") {
      await this.begin();
      return;
    }
    try {
      this.take(await this.client.call("GET /me", undefined));
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Away)) throw error; // `onEnded` has heard of it
    }
  }

  async #who(): Promise<void> {
    try {
      this.take(await this.client.call("GET /me", undefined));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const now = this.standing.get();
      if (error.problem.status !== 401 || now.phase !== "signed-out") throw error;
      const { code } = error.problem;
      if (code === "SESSION_LOCKED") this.standing.set({ phase: "locked", town: now.town });
      else if (OVER.includes(code)) this.standing.set({ ...now, why: code as Ended });
      else if (this.memory !== null && this.memory.getItem(WAS) !== null) this.standing.set({ ...now, why: "SESSION_OVER" }); // the browser has dropped its cookie
      this.memory?.removeItem(WAS);
    }
  }

  /** What the server says of the person, after whatever changed it. */
  take(me: Me): void {
    const isNews = this.standing.get().phase !== "signed-in";
    this.standing.set({ phase: "signed-in", town: me.town, me, isLocked: false });
    this.memory?.setItem(WAS, "yes");
    this.#watchEnd(me);
    if (isNews) this.onChanged();
  }

  /** At its end it is asked for once more, also where nothing else asks: then whoever sits there sees that it is over. */
  #watchEnd(me: Me): void {
    clearTimeout(this.#timer);
    const left = msFromInstant(me.until) - Date.now(); // a station's clock may be wrong: the server says whether it is over
    this.#timer = setTimeout(() => void this.refresh(), Math.max(SOONEST_MS, left + 1000));
  }

  takeShift(shift: Shift | null): void {
    const now = this.standing.get();
    if (now.phase !== "signed-in") return;
    this.standing.set({ ...now, me: { ...now.me, shift } });
    this.onChanged();
  }

  async wish(wishes: Partial<Wishes>): Promise<void> {
    if (this.standing.get().phase === "signed-in") this.take(await this.client.call("PATCH /me", wishes));
  }

  /** The page locks at once, also when nobody answers. */
  async lock(): Promise<void> {
    this.#ended("SESSION_LOCKED");
    await this.client.call("POST /lock", {});
    this.onChanged();
  }

  async unlock(password: string): Promise<void> {
    this.take(await this.client.call("POST /unlock", { password }));
    this.onChanged();
  }

  /** Nothing of the session stays on the screen, also when nobody answers: then the server's clock ends it. */
  async signOut(): Promise<void> {
    const now = this.standing.get();
    this.memory?.removeItem(WAS);
    clearTimeout(this.#timer);
    try {
      await this.client.call("DELETE /session", undefined);
      if (now.phase === "signed-in" && now.me.leave !== null) this.onLeave(now.me.leave);
    } finally {
      if (now.phase === "signed-in") this.standing.set({ phase: "signed-out", town: now.town, why: null });
      this.onChanged();
    }
  }

  may(permission: Permission): boolean {
    const now = this.standing.get();
    return now.phase === "signed-in" && now.me.permissions.includes(permission);
  }

  /** Another window may have shown who it is while something of ours was under way, by the token before. */
  async #askAnew(): Promise<void> {
    this.#isAsking = true;
    await this.refresh();
    this.#isAsking = false;
  }

  #ended(ended: Ended): void {
    const now = this.standing.get();
    if (now.phase === "signed-in" && ended === "SESSION_NONE" && !this.#isAsking) void this.#askAnew();
    else if (now.phase === "signed-in" && ended === "SESSION_LOCKED") this.standing.set({ ...now, isLocked: true });
    else if (now.phase === "signed-in") {
      clearTimeout(this.#timer);
      this.memory?.removeItem(WAS);
      this.standing.set({ phase: "signed-out", town: now.town, why: ended });
    }
  }
}
