// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { describe, expect, it, vi } from "vitest";

import { Away, Client, Refused } from "../src/core/api/client";
import { takeStill } from "../src/core/playback/still";

function answering(...answers: readonly Response[]) {
  const asked: { url: string; init: RequestInit }[] = [];
  const left = [...answers];
  const client = new Client((url, init = {}) => {
    asked.push({ url: url as string, init });
    const next = left.shift();
    return next === undefined ? Promise.reject(new TypeError("network")) : Promise.resolve(next);
  });
  return { client, asked };
}

const json = (body: unknown, status = 200, kind = "application/json") =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": kind } });
const problem = (status: number, code: string) => json({ status, code, title: code }, status, "application/problem+json");
const step = { step: "totp", also: [], other: null, csrf: "word", is_told: true };

/** Raises, as `fetch` does, when nobody waits any longer. */
const halting = (init: RequestInit) =>
  new Promise<Response>((_, failed) => init.signal?.addEventListener("abort", () => failed(init.signal?.reason as Error)));
const half = (init: RequestInit, kind: string) => {
  const start = (body: ReadableStreamDefaultController): void => {
    body.enqueue(new TextEncoder().encode("{"));
    init.signal?.addEventListener("abort", () => body.error(init.signal?.reason));
  };
  return new Response(new ReadableStream({ start }), { headers: { "content-type": kind } });
};

describe("the client", () => {
  it("sends the CSRF word that it was given last with whatever changes something, and with no GET", async () => {
    const { client, asked } = answering(json(step), new Response(null, { status: 204 }), json({ name: "Cremona" }));
    await client.call("POST /sign-in", { name: "anna", password: "secret" });
    await client.call("POST /active", {});
    await client.call("GET /town", undefined);
    expect(asked.map(({ init }) => new Headers(init.headers).get("x-torrazzo-csrf"))).toEqual([null, "word", null]);
    expect(asked.map(({ url }) => url)).toEqual(["/api/v1/sign-in", "/api/v1/active", "/api/v1/town"]);
  });

  it("gives what it was asked for, and nothing for 204", async () => {
    const { client } = answering(json({ name: "Cremona" }), new Response(null, { status: 204 }));
    expect(await client.call("GET /town", undefined)).toEqual({ name: "Cremona" });
    await expect(client.call("POST /lock", {})).resolves.toBeUndefined();
  });

  it("raises Refused with the problem, and Away for all that is no answer of ours", async () => {
    const html = new Response("<h1>502</h1>", { status: 502, headers: { "content-type": "text/html" } });
    const broken = new Response("{", { headers: { "content-type": "application/json" } });
    const { client } = answering(problem(400, "REASON_REQUIRED"), html, broken);
    await expect(client.call("POST /shift", { reason: "" })).rejects.toMatchObject({ problem: { code: "REASON_REQUIRED" } });
    await expect(client.call("GET /me", undefined)).rejects.toBeInstanceOf(Away);
    await expect(client.call("GET /me", undefined)).rejects.toBeInstanceOf(Away);
    await expect(client.call("GET /me", undefined)).rejects.toBeInstanceOf(Away);
  });

  it("waits so long for an answer and no longer, and tells since when there is none until there is one", async () => {
    let isDeaf = true;
    const client = new Client((_, init = {}) =>
      isDeaf
        ? new Promise((_done, failed) => init.signal?.addEventListener("abort", () => failed(init.signal?.reason as Error)))
        : Promise.resolve(json({ name: "Cremona" })),
    );
    const begun = Date.now();
    const asked = client.call("GET /town", undefined, { limitMs: 20 });
    await expect(asked).rejects.toBeInstanceOf(Away);
    const since = client.silence.get() ?? 0;
    expect(since).toBeGreaterThanOrEqual(begun);
    await expect(client.call("GET /town", undefined, { limitMs: 20 })).rejects.toMatchObject({ since });
    const left = new AbortController();
    const other = client.call("GET /town", undefined, { signal: left.signal });
    left.abort(new Error("left"));
    await expect(other).rejects.toThrow("left");
    isDeaf = false;
    await client.call("GET /town", undefined);
    expect(client.silence.get()).toBeNull();
  });

  it("waits longer where the control room itself waits for a camera", async () => {
    const limit = vi.spyOn(AbortSignal, "timeout");
    const { client } = answering(...[0, 1, 2].map(() => new Response(null, { status: 204 })));
    await client.call("POST /cameras/{id}/masks/set", {}, { path: { id: "c" } });
    await client.call("POST /mask-proposals/{number}/approve", { reason: "" }, { path: { number: "1" } });
    await client.call("POST /lock", {});
    expect(limit.mock.calls).toEqual([[120_000], [120_000], [60_000]]);
    limit.mockRestore();
  });

  it("tells what may be done although nobody answered, and would be done twice", async () => {
    const { client } = answering();
    const doubt = (asked: Promise<unknown>) => asked.catch((error: unknown) => error instanceof Away && error.mayBeDone);
    expect(await doubt(client.call("POST /holds/{name}/release", { reason: "" }, { path: { name: "h" } }))).toBe(true);
    expect(await doubt(client.call("POST /log/reviews", {} as never))).toBe(true);
    expect(await doubt(client.call("POST /log", {} as never))).toBe(false);
    expect(await doubt(client.call("POST /looks/{key}/move", {} as never, { path: { key: "k" } }))).toBe(false);
    expect(await doubt(client.call("POST /sign-in/totp", { code: "" }))).toBe(false);
    expect(await doubt(client.call("PATCH /me", {}))).toBe(false);
    expect(await doubt(client.call("GET /me", undefined))).toBe(false);
  });

  it("takes one that is slow for no silence while others are answered", async () => {
    const client = new Client((url, init = {}) => (url === "/api/v1/me" ? halting(init) : Promise.resolve(json({ name: "Cremona" }))));
    const slow = client.call("GET /me", undefined, { limitMs: 50 });
    await client.call("GET /town", undefined);
    await expect(slow).rejects.toMatchObject({ name: "Away", since: null, isSlow: true });
    expect(client.silence.get()).toBeNull();
    await expect(client.call("GET /me", undefined, { limitMs: 20 })).rejects.toMatchObject({ isSlow: false });
    expect(client.silence.get()).not.toBeNull();
  });

  it("takes a proxy's word for no answer, and a refusal of ours for one", async () => {
    const proxy = () => new Response("<h1>504</h1>", { status: 504, headers: { "content-type": "text/html" } });
    const { client } = answering(json({ name: "Cremona" }), proxy(), proxy(), problem(403, "FORBIDDEN"), proxy());
    await client.call("GET /town", undefined);
    const failed: unknown = await client.call("GET /me", undefined).catch((error: unknown) => error);
    const since = client.silence.get();
    expect(since).not.toBeNull();
    expect(failed).toMatchObject({ name: "Away", since });
    await expect(client.file("/log/table", {})).rejects.toMatchObject({ name: "Away", since });
    await expect(client.call("GET /me", undefined)).rejects.toBeInstanceOf(Refused);
    expect(client.silence.get()).toBeNull();
    await expect(client.call("GET /me", undefined)).rejects.toBeInstanceOf(Away);
  });

  it("raises Away also where an answer stops half-way", async () => {
    const client = new Client((_, init = {}) => Promise.resolve(half(init, "application/json")));
    await expect(client.call("GET /me", undefined, { limitMs: 20 })).rejects.toBeInstanceOf(Away);
    expect(client.silence.get()).not.toBeNull();
    const left = new AbortController();
    const other = client.call("GET /me", undefined, { signal: left.signal });
    setTimeout(() => left.abort(new Error("left")), 20);
    await expect(other).rejects.toThrow("left");
  });

  it("tells that the session is over or locked, and only by 401", async () => {
    const { client } = answering(problem(401, "SESSION_LOCKED"), problem(403, "SESSION_OVER"), problem(401, "SESSION_OVER"));
    const told: string[] = [];
    client.onEnded = (ended) => void told.push(ended);
    for (let at = 0; at < 3; at += 1) await expect(client.call("GET /me", undefined)).rejects.toBeInstanceOf(Refused);
    expect(told).toEqual(["SESSION_LOCKED", "SESSION_OVER"]);
  });

  it("learns the CSRF word of a locked session, so that a page loaded anew can unlock", async () => {
    const locked = json({ status: 401, code: "SESSION_LOCKED", title: "", csrf: "word" }, 401, "application/problem+json");
    const { client, asked } = answering(locked, json({}));
    await client.call("GET /me", undefined).catch(() => undefined);
    await client.call("POST /unlock", { password: "secret" });
    expect(new Headers(asked[1]?.init.headers).get("x-torrazzo-csrf")).toBe("word");
  });

  it("keeps the CSRF word through a lock, and forgets it with the session", async () => {
    const done = () => new Response(null, { status: 204 });
    const { client, asked } = answering(json(step), problem(401, "SESSION_LOCKED"), done(), problem(401, "SESSION_OVER"), done());
    await client.call("POST /sign-in", { name: "a", password: "b" });
    await client.call("GET /me", undefined).catch(() => undefined);
    await client.call("POST /lock", {});
    await client.call("GET /me", undefined).catch(() => undefined);
    await client.call("POST /lock", {});
    expect(asked.map(({ init }) => new Headers(init.headers).get("x-torrazzo-csrf"))).toEqual([null, null, "word", null, null]);
  });
});

describe("a still", () => {
  it("that stops half-way is away, and no unknown error", async () => {
    const soon = new AbortController();
    vi.spyOn(AbortSignal, "timeout").mockReturnValue(soon.signal);
    vi.stubGlobal("fetch", (_: string, init: RequestInit) => Promise.resolve(half(init, "image/jpeg")));
    try {
      const still = takeStill("/api/v1/looks/k/c/still?at=1");
      setTimeout(() => soon.abort(new DOMException("too long", "TimeoutError")), 20);
      await expect(still).rejects.toMatchObject({ name: "Away", isSlow: true });
    } finally {
      vi.unstubAllGlobals();
      vi.restoreAllMocks();
    }
  });
});
