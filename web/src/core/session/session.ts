// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { Away, type Client, type Ended, Refused } from "../api/client";
import type { Me, Permission, Shift, Town, Wishes } from "../api/types";
import { Store } from "../store";

/** Where this browser stands. `why`: what ended the session before. */
export type Standing =
  | { readonly phase: "starting" }
  | { readonly phase: "away" }
  | { readonly phase: "first-run"; readonly town: Town }
  | { readonly phase: "signed-out"; readonly town: Town; readonly why: Ended | null }
  | { readonly phase: "locked"; readonly town: Town } // found so at the start: who it is, is not told
  | { readonly phase: "signed-in"; readonly town: Town; readonly me: Me; readonly isLocked: boolean };

/** The session of this browser; the client tells it when the server ended or locked it. */
export class Session {
  #isAsking = false;
  readonly standing = new Store<Standing>({ phase: "starting" });
  /** This window began, locked, unlocked or ended it: others of the station have to ask. */
  onChanged: () => void = () => undefined;

  /** Whoever came in by the provider ends the session there, too. */
  onLeave: (url: string) => void = (url) => location.assign(url);

  constructor(readonly client: Client) {
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
      if (error.problem.code === "SESSION_LOCKED") this.standing.set({ phase: "locked", town: now.town });
    }
  }

  /** What the server says of the person, after whatever changed it. */
  take(me: Me): void {
    const isNews = this.standing.get().phase !== "signed-in";
    this.standing.set({ phase: "signed-in", town: me.town, me, isLocked: false });
    if (isNews) this.onChanged();
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
    else if (now.phase === "signed-in") this.standing.set({ phase: "signed-out", town: now.town, why: ended });
  }
}
