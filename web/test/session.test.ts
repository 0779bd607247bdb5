// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { describe, expect, it, vi } from "vitest";

import { Client } from "../src/core/api/client";
import { Session } from "../src/core/session/session";

const town = { name: "Cremona", zone: "Europe/Rome", provider: null, first_run: false, demo: false };
const me = {
  town,
  person: { id: "p1", name: "Anna" },
  roles: ["operator"],
  permissions: ["live"],
  shift: null,
  csrf: "word",
  idle_s: 600,
  until: "2026-11-24T22:00:00.000Z",
  leave: null,
  wishes: { language: null, theme: null },
};

function session(answers: Record<string, [status: number, body: unknown]>, memory: ConstructorParameters<typeof Session>[1] = null) {
  const found = new Session(
    new Client((url, init = {}) => {
      const answer = answers[`${init.method ?? "GET"} ${(url as string).replace("/api/v1", "")}`];
      if (answer === undefined) return Promise.reject(new TypeError("network"));
      const headers = { "content-type": "application/json" };
      return Promise.resolve(new Response(answer[0] === 204 ? null : JSON.stringify(answer[1]), { status: answer[0], headers }));
    }),
    memory,
  );
  return found;
}

const no = (code: string): [number, unknown] => [401, { status: 401, code, title: code }];

describe("the session", () => {
  it("stands where the server says: nobody, somebody, locked, no account yet, no answer", async () => {
    const cases = [
      [{ "GET /town": [200, town], "GET /me": no("SESSION_NONE") }, "signed-out"],
      [{ "GET /town": [200, town], "GET /me": [200, me] }, "signed-in"],
      [{ "GET /town": [200, town], "GET /me": no("SESSION_LOCKED") }, "locked"],
      [{ "GET /town": [200, { ...town, first_run: true }] }, "first-run"],
      [{}, "away"],
    ] as const;
    for (const [answers, phase] of cases) {
      const found = session(answers as unknown as Record<string, [number, unknown]>);
      await found.begin();
      expect(found.standing.get().phase).toBe(phase);
    }
  });

  it("goes on where another window has got another token meanwhile", async () => {
    const answers: Record<string, [number, unknown]> = { "GET /town": [200, town], "GET /me": [200, me] };
    const found = session(answers);
    await found.begin();
    answers["GET /system"] = no("SESSION_NONE");
    const told = new Promise((resolve) => found.standing.subscribe(() => resolve(undefined)));
    await found.client.call("GET /system", undefined).catch(() => undefined);
    await told;
    expect(found.standing.get().phase).toBe("signed-in");
    answers["GET /me"] = no("SESSION_NONE");
    const over = new Promise((resolve) => found.standing.subscribe(() => resolve(undefined)));
    await found.client.call("GET /system", undefined).catch(() => undefined);
    await over;
    expect(found.standing.get()).toMatchObject({ phase: "signed-out", why: "SESSION_NONE" });
  });

  it("is over, with its reason, when any answer says so", async () => {
    const answers: Record<string, [number, unknown]> = { "GET /town": [200, town], "GET /me": [200, me] };
    const found = session(answers);
    await found.begin();
    answers["GET /system"] = no("SESSION_TAKEN");
    await found.client.call("GET /system", undefined).catch(() => undefined);
    expect(found.standing.get()).toMatchObject({ phase: "signed-out", why: "SESSION_TAKEN" });
  });

  it("is asked for at its end, where nothing else asks", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: Date.parse(me.until) - 3_600_000 });
    const answers: Record<string, [number, unknown]> = { "GET /town": [200, town], "GET /me": [200, me] };
    const found = session(answers);
    await found.begin();
    answers["GET /me"] = no("SESSION_OVER");
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(found.standing.get().phase).toBe("signed-in");
    await vi.advanceTimersByTimeAsync(2000);
    expect(found.standing.get()).toMatchObject({ phase: "signed-out", why: "SESSION_OVER" });
    vi.useRealTimers();
  });

  it("is told to be over in a window that is loaded anew, once, and not after signing out", async () => {
    const kept = new Map<string, string>();
    const memory = { getItem: (name: string) => kept.get(name) ?? null, setItem: (name: string, text: string) => void kept.set(name, text), removeItem: (name: string) => void kept.delete(name) };
    const answers: Record<string, [number, unknown]> = { "GET /town": [200, town], "GET /me": [200, me], "DELETE /session": [204, null] };
    const whys: unknown[] = [];
    const load = async () => {
      const found = session(answers, memory);
      await found.begin();
      whys.push(found.standing.get());
      return found;
    };
    await load();
    answers["GET /me"] = no("SESSION_NONE"); // the browser has forgotten its cookie by then
    await load();
    await load();
    answers["GET /me"] = no("SESSION_OVER");
    await load();
    answers["GET /me"] = [200, me];
    await (await load()).signOut();
    answers["GET /me"] = no("SESSION_NONE");
    await load();
    expect(whys.map((each) => (each as { why?: string | null }).why)).toEqual([undefined, "SESSION_OVER", null, "SESSION_OVER", undefined, null]);
  });

  it("locks at once when nobody answers, and unlocks by what the server says", async () => {
    const answers: Record<string, [number, unknown]> = { "GET /town": [200, town], "GET /me": [200, me] };
    const found = session(answers);
    await found.begin();
    await found.lock().catch(() => undefined);
    expect(found.standing.get()).toMatchObject({ phase: "signed-in", isLocked: true });
    answers["POST /unlock"] = [200, me];
    await found.unlock("secret");
    expect(found.standing.get()).toMatchObject({ phase: "signed-in", isLocked: false });
  });

  it("leaves nothing on the screen after signing out, also when nobody answers", async () => {
    const found = session({ "GET /town": [200, town], "GET /me": [200, me] });
    await found.begin();
    await found.signOut().catch(() => undefined);
    expect(found.standing.get()).toMatchObject({ phase: "signed-out", why: null });
  });

  it("tells who listens when it changes, and not when it does not", async () => {
    const found = session({ "GET /town": [200, town], "GET /me": [200, me] });
    let told = 0;
    const leave = found.standing.subscribe(() => (told += 1));
    await found.begin();
    found.standing.set(found.standing.get());
    expect(told).toBe(2); // signed out until it is known who it is
    leave();
    await found.begin();
    expect(told).toBe(2);
  });
});
