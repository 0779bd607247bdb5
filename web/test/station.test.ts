// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Client } from "../src/core/api/client";
import { Refused } from "../src/core/api/client";
import { LookKeeper } from "../src/core/player/looks";
import { watchIdle } from "../src/core/session/idle";
import { Station } from "../src/core/station/channel";
import { Curtain } from "../src/core/station/curtain";
import { addCamera, cellsOf, EMPTY, firstArrangement, pages, putCell, swapCells } from "../src/core/wall/arrangement";
import { LAYOUT_NAMES, LAYOUTS, layoutFor, neighbour, placeOf } from "../src/core/wall/layouts";

beforeEach(() => {
  localStorage.clear();
  document.documentElement.removeAttribute("data-curtain");
});
afterEach(() => vi.useRealTimers());

const heard = () => new Promise((done) => setTimeout(done, 20)); // what windows tell each other comes in its own time

describe("the curtain", () => {
  it("hides everything before anybody is told, in all windows, and stays drawn for who comes back", async () => {
    let release: () => void = () => undefined;
    const told: boolean[] = [];
    const [here, there] = [new Station(), new Station()];
    const tell = (isDrawn: boolean) => {
      told.push(isDrawn);
      return new Promise<void>((done) => (release = done));
    };
    const curtain = new Curtain(here, document, localStorage, tell);
    const other = new Curtain(there, document.implementation.createHTMLDocument(), localStorage, tell);
    curtain.draw();
    expect(document.documentElement.hasAttribute("data-curtain")).toBe(true);
    expect(curtain.state.get()).toEqual({ isDrawn: true, isTold: false });
    await heard();
    expect(other.state.get()).toEqual({ isDrawn: true, isTold: true });
    release();
    await heard();
    expect(curtain.state.get().isTold).toBe(true);
    expect(new Curtain(new Station(), document, localStorage, tell).state.get().isDrawn).toBe(true);
    curtain.draw(); // once more: nothing new
    expect(told).toEqual([true]);
    const opening = curtain.open();
    expect(curtain.state.get().isDrawn).toBe(true); // not before the server knows
    release();
    await opening;
    await heard();
    expect([curtain.state.get().isDrawn, other.state.get().isDrawn]).toEqual([false, false]);
    expect(told).toEqual([true, false]);
    [here, there].forEach((each) => each.close());
  });

  it("is told again until somebody hears it, and cannot be opened meanwhile", async () => {
    vi.useFakeTimers();
    let isThere = false;
    let count = 0;
    const tell = () => {
      count += 1;
      return isThere ? Promise.resolve() : Promise.reject(new Error("away"));
    };
    const curtain = new Curtain(new Station(), document, localStorage, tell);
    curtain.draw();
    await vi.advanceTimersByTimeAsync(12_000);
    expect(count).toBe(3);
    expect(curtain.state.get()).toEqual({ isDrawn: true, isTold: false });
    await expect(curtain.open()).rejects.toThrow("away");
    expect(curtain.state.get().isDrawn).toBe(true);
    isThere = true;
    await curtain.open();
    expect(curtain.state.get().isDrawn).toBe(false);
  });
});

describe("a curtain that one side alone knows of", () => {
  it("is drawn: the page follows the server, and tells it what it has not heard", async () => {
    const told: boolean[] = [];
    const tell = (isDrawn: boolean) => {
      told.push(isDrawn);
      return Promise.resolve();
    };
    const curtain = new Curtain(new Station(), document, localStorage, tell);
    curtain.agree(false);
    expect(curtain.state.get().isDrawn).toBe(false);
    curtain.agree(true);
    expect([curtain.state.get(), told]).toEqual([{ isDrawn: true, isTold: true }, []]);
    const again = new Curtain(new Station(), document, localStorage, tell);
    again.agree(false);
    await heard();
    expect([again.state.get(), told]).toEqual([{ isDrawn: true, isTold: true }, [true]]);
  });
});

describe("idleness", () => {
  it("is of the station and not of a window", () => {
    vi.useFakeTimers();
    const told = { idle: 0, hands: 0 };
    let act: () => void = () => undefined;
    const target = new EventTarget();
    watchIdle(target, {
      idleMs: 60_000,
      onActive: () => undefined,
      onIdle: () => (told.idle += 1),
      onHand: () => (told.hands += 1),
      others: (given) => {
        act = given;
        return () => undefined;
      },
    });
    for (let minute = 0; minute < 10; minute += 1) {
      vi.advanceTimersByTime(50_000);
      act();
    }
    expect(told.idle).toBe(0);
    for (let second = 0; second < 10; second += 1) {
      target.dispatchEvent(new Event("keydown"));
      vi.advanceTimersByTime(1000);
    }
    expect(told.hands).toBe(2);
    vi.advanceTimersByTime(60_000);
    expect(told.idle).toBe(1);
  });
});

describe("layouts", () => {
  it("have as many tiles as they say, each at a place of its own", () => {
    for (const name of LAYOUT_NAMES) {
      const { count, columns, rows, first } = LAYOUTS[name];
      expect(count, name).toBe(columns * rows - first * first + 1);
      const places = Array.from({ length: count }, (_, tile) => JSON.stringify(placeOf(name, tile)));
      expect(new Set(places).size, name).toBe(count);
    }
    expect([1, 2, 3, 5, 6, 9, 10, 17, 20].map(layoutFor)).toEqual(["1", "2", "4", "9", "6", "9", "12", "16", "16"]);
  });

  it("lead by arrows to every tile and back, and nowhere at the edge", () => {
    for (const name of LAYOUT_NAMES) {
      const seen = new Set([0]);
      for (const tile of seen) for (const key of ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"]) seen.add(neighbour(name, tile, key));
      expect(seen.size, name).toBe(LAYOUTS[name].count);
      expect(neighbour(name, 0, "ArrowLeft")).toBe(0);
      expect(neighbour(name, 0, "End")).toBe(LAYOUTS[name].count - 1);
    }
    expect(neighbour("6", 0, "ArrowRight")).toBe(1); // around the large one
    expect(neighbour("6", 5, "ArrowUp")).toBe(2);
    expect(neighbour("6", 3, "ArrowUp")).toBe(0);
    expect(neighbour("9", 4, "x")).toBe(4);
  });
});

describe("an arrangement", () => {
  const cameras = Array.from({ length: 20 }, (_, at) => `c${at}`);

  it("begins with all cameras, in pages", () => {
    const first = firstArrangement(cameras);
    expect([first.layout, pages(first), cellsOf(first, 1).filter(({ cameras: [camera] }) => camera !== undefined).length]).toEqual(["16", 2, 4]);
    expect(pages({ ...first, layout: "1" })).toBe(20);
    expect(pages({ layout: "9", cells: [], every_s: null })).toBe(1);
  });

  it("swaps, empties and fills, and forgets nothing else", () => {
    const first = firstArrangement(cameras.slice(0, 3));
    const swapped = swapCells(first, 0, 3);
    expect(swapped.cells.map(({ cameras: [camera] }) => camera)).toEqual([undefined, "c1", "c2", "c0"]);
    expect(addCamera(swapped, 0, "c9").cells[0]?.cameras).toEqual(["c9"]);
    expect(addCamera(first, 0, "c9").cells[3]?.cameras).toEqual(["c9"]);
    expect(addCamera(addCamera(first, 0, "a"), 0, "b").cells[4]?.cameras).toEqual(["b"]); // on the next page
    expect(putCell(first, 2, EMPTY).cells).toHaveLength(2);
  });
});

class FakeServer {
  asked: string[] = [];
  cameras: string[][] = [];
  refused: (cameras: readonly string[]) => string | null = () => null;
  client = { call: (route: string, body: unknown, options?: { path?: { key?: string } }) => this.#answer(route, body, options?.path?.key) } as unknown as Client;

  #answer(route: string, body: unknown, key?: string): Promise<unknown> {
    this.asked.push(key === undefined ? route : route.replace("{key}", key));
    if (route !== "POST /live") return Promise.resolve({ until: new Date(Date.now() + 60_000).toISOString() });
    const { cameras } = body as { cameras: string[] };
    this.cameras.push(cameras);
    const code = this.refused(cameras);
    if (code !== null) return Promise.reject(new Refused({ status: 403, code, title: "" }));
    const until = new Date(Date.now() + 60_000).toISOString();
    return Promise.resolve({ key: `k${this.cameras.length}`, until, cameras: cameras.map((camera) => ({ camera, name: camera, streams: ["sub"] })) });
  }
}

describe("looks", () => {
  async function all(keeper: LookKeeper, ...cameras: string[]) {
    const wanted = cameras.map((camera) => keeper.want(camera));
    await vi.advanceTimersByTimeAsync(40);
    return (await Promise.all(wanted)).map(({ key }) => key);
  }

  it("are one for what is wanted together, and for what comes in its turn", async () => {
    vi.useFakeTimers();
    const server = new FakeServer();
    const keeper = new LookKeeper(server.client);
    keeper.expect(["a", "b", "c"]);
    expect(await all(keeper, "a", "b")).toEqual(["k1", "k1"]);
    expect(await all(keeper, "c")).toEqual(["k1"]);
    expect(server.cameras).toEqual([["a", "b", "c"]]);
  });

  it("are kept while they are used, and closed when nobody uses them", async () => {
    vi.useFakeTimers();
    const server = new FakeServer();
    const keeper = new LookKeeper(server.client);
    await all(keeper, "a");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.asked.filter((each) => each === "POST /live/k1/stay").length).toBeGreaterThan(1);
    keeper.leave("k1", "a");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.asked.at(-1)).toBe("DELETE /live/k1");
    expect(keeper.has("k1")).toBe(false);
  });

  it("stay few: a third one takes the place of those before", async () => {
    vi.useFakeTimers();
    const server = new FakeServer();
    const keeper = new LookKeeper(server.client);
    await all(keeper, "a");
    await all(keeper, "b");
    await all(keeper, "c");
    expect(server.cameras).toEqual([["a"], ["b"], ["c", "a", "b"]]);
    expect(server.asked).toContain("DELETE /live/k1");
    expect(await all(keeper, "a")).toEqual(["k3"]);
  });

  it("are asked for one by one where one camera of several is refused", async () => {
    vi.useFakeTimers();
    const server = new FakeServer();
    server.refused = (cameras) => (cameras.includes("x") ? "OUT_OF_SCOPE" : null);
    const keeper = new LookKeeper(server.client);
    const good = keeper.want("a");
    const bad = keeper.want("x").catch((error: unknown) => (error as Refused).problem.code);
    await vi.advanceTimersByTimeAsync(40);
    expect([(await good).camera.camera, await bad]).toEqual(["a", "OUT_OF_SCOPE"]);
  });

  it("are asked for anew when one is over", async () => {
    vi.useFakeTimers();
    const server = new FakeServer();
    const keeper = new LookKeeper(server.client);
    await all(keeper, "a");
    const again = keeper.want("a", "k1");
    await vi.advanceTimersByTimeAsync(40);
    expect((await again).key).toBe("k2");
  });
});
