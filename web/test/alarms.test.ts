// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { describe, expect, it } from "vitest";

import { Sound } from "../src/core/alarms/sound";
import { AlarmWatch } from "../src/core/alarms/watch";
import type { Alarm } from "../src/core/api/alarms";
import { Client } from "../src/core/api/client";

function alarm(id: string, rung: string, more: Partial<Alarm> = {}): Alarm {
  return {
    id, code: "camera-lost", place: id, name: `Via ${id}`, priority: 1, values: {}, text: "", state: "new", began: rung,
    rung, over: null, came: 1, taker: null, taken: null, members: [], notes: [], ...more,
  };
}

function watching(): { readonly watch: AlarmWatch; readonly news: string[][]; say: (items: readonly Alarm[]) => Promise<void> } {
  let items: readonly Alarm[] = [];
  const answer = () => new Response(JSON.stringify({ now: "2026-11-24T21:04:41.250Z", items }), { headers: { "content-type": "application/json" } });
  const news: string[][] = [];
  const watch = new AlarmWatch(new Client(async () => Promise.resolve(answer())), (found) => news.push(found.map(({ id }) => id)));
  const say = async (said: readonly Alarm[]) => {
    items = said;
    await watch.look();
  };
  return { watch, news, say };
}

describe("the watch", () => {
  it("tells what is new at the beginning, and then what rang, each once", async () => {
    const { news, say } = watching();
    await say([alarm("1", "2026-11-24T21:00:00.000Z")]);
    await say([alarm("1", "2026-11-24T21:00:00.000Z")]);
    await say([alarm("2", "2026-11-24T21:01:00.000Z", { priority: 2 }), alarm("3", "2026-11-24T21:01:00.000Z"), alarm("1", "2026-11-24T21:00:00.000Z")]);
    await say([alarm("1", "2026-11-24T21:05:00.000Z")]);
    expect(news).toEqual([["1"], ["3", "2"], ["1"]]);
  });

  it("tells nothing of what somebody took notice of, or what is over", async () => {
    const { news, say } = watching();
    await say([alarm("1", "2026-11-24T21:00:00.000Z", { state: "acknowledged" }), alarm("2", "2026-11-24T21:00:01.000Z", { state: "over" })]);
    expect(news).toEqual([]);
  });

  it("keeps what it read when nobody answers, and says so", async () => {
    const { watch, say } = watching();
    await say([alarm("1", "2026-11-24T21:00:00.000Z")]);
    const away = new AlarmWatch(new Client(async () => Promise.reject(new TypeError("gone"))), () => undefined);
    away.state.set(watch.state.get());
    await away.look();
    expect(away.state.get().items).toHaveLength(1);
    expect(away.state.get().error).toBeDefined();
  });
});

class Page extends EventTarget {
  kept = new Map<string, string>();
  context = { state: "suspended", currentTime: 0, onstatechange: null as (() => void) | null, played: 0, mayRun: false };

  sound(person = "p1"): Sound {
    const { context, kept } = this;
    const node = { frequency: { value: 0 }, gain: new Proxy({}, { get: () => () => undefined }), type: "", connect: (to: unknown) => to, start: () => (context.played += 1), stop: () => undefined };
    const made = {
      get state() { return context.state; },
      currentTime: 0,
      destination: {},
      createOscillator: () => node,
      createGain: () => node,
      resume: async () => {
        if (context.mayRun) context.state = "running";
        return Promise.resolve();
      },
      close: async () => Promise.resolve(),
    };
    return new Sound(
      {
        page: this,
        storage: { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value), removeItem: (key) => void kept.delete(key) },
        context: () => made as unknown as AudioContext,
        locks: undefined,
      },
      person,
    );
  }
}

describe("the sound", () => {
  it("is off without a shift, blocked until a gesture, then on", async () => {
    const page = new Page();
    const sound = page.sound();
    sound.enter();
    expect(sound.state.get()).toBe("off");
    expect(sound.play(1)).toBe(false);
    sound.work(true);
    await Promise.resolve();
    expect(sound.state.get()).toBe("blocked");
    page.context.mayRun = true;
    page.dispatchEvent(new Event("keydown"));
    await new Promise((done) => setTimeout(done));
    expect(sound.state.get()).toBe("on");
    expect(sound.play(1)).toBe(true);
    expect(page.context.played).toBe(3);
    sound.work(false);
    expect(sound.play(1)).toBe(false);
  });

  it("is muted by a person for themselves, and stays so", async () => {
    const page = new Page();
    page.context.mayRun = true;
    const sound = page.sound();
    sound.mute(true);
    sound.work(true);
    await new Promise((done) => setTimeout(done));
    expect(sound.state.get()).toBe("muted");
    expect(sound.play(1)).toBe(false);
    expect(page.sound("p1").isMuted).toBe(true);
    expect(page.sound("p2").isMuted).toBe(false);
    sound.mute(false);
    expect(sound.state.get()).toBe("on");
  });
});
