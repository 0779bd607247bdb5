// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { createRoot } from "react-dom/client";
import { initReactI18next } from "react-i18next";
import { beforeAll, expect, it } from "vitest";

import { Behind } from "../src/app/Curtains";
import { Inside } from "../src/app/Inside";
import { SessionContext } from "../src/app/session";
import { Client } from "../src/core/api/client";
import type { Me } from "../src/core/api/types";
import { startWords, words } from "../src/core/i18n";
import { Session } from "../src/core/session/session";
import { Dialog, HiddenContext } from "../src/ui/Dialog";

const town = { name: "Cremona", zone: "Europe/Rome", provider: null, first_run: false, demo: false };
const me = {
  town,
  person: { id: "p1", name: "Anna" },
  permissions: [],
  shift: null,
  idle_s: 600,
  until: new Date(Date.now() + 3_600_000).toISOString(),
  leave: null,
  wishes: { language: "it", theme: null },
} as unknown as Me;

beforeAll(async () => {
  HTMLDialogElement.prototype.showModal = function showModal() { this.open = true; }; // jsdom has neither
  HTMLDialogElement.prototype.close = function close() { this.open = false; };
  words.use(initReactI18next);
  await startWords("it");
});

/** Until that holds, asked after each change of the page. */
async function changed(holds: () => boolean): Promise<void> {
  while (!holds()) {
    await new Promise<void>((done) => {
      const watch = new MutationObserver(() => { watch.disconnect(); done(); });
      watch.observe(document.body, { childList: true, subtree: true, attributes: true });
    });
  }
}

const open = () => [...document.querySelectorAll("dialog[open] h2")].map((title) => title.textContent);
const press = (words: string) => [...document.querySelectorAll("button, [role=menuitem]")].find((each) => each.textContent === words);

it("takes every other dialog away while it is locked, and gives it back as it was", async () => {
  document.body.innerHTML = "<div id='place'></div>";
  const session = new Session(new Client(() => Promise.reject(new TypeError("network"))));
  session.take(me);
  const root = createRoot(document.querySelector("#place") ?? document.body);
  root.render(<SessionContext value={session}><Inside /></SessionContext>);
  for (const words of ["Anna", "Lingua e aspetto"]) {
    await changed(() => press(words) !== undefined);
    (press(words) as HTMLElement).click();
  }
  await changed(() => open().length > 0);
  expect(open()).toEqual(["Lingua e aspetto"]);
  (press("English") as HTMLElement).focus();
  session.standing.set({ phase: "signed-in", town: me.town, me, isLocked: true });
  await changed(() => open().includes("Postazione bloccata"));
  expect(open()).toEqual(["Postazione bloccata"]);
  expect(document.activeElement?.tagName).toBe("INPUT");
  session.take(me);
  await changed(() => !open().includes("Postazione bloccata"));
  expect(open()).toEqual(["Lingua e aspetto"]);
  expect(document.activeElement).toBe(press("English"));
  root.unmount();
});

it("lets no dialog out that comes while what is around it is hidden", async () => {
  document.body.innerHTML = "<button id='opener'></button><div id='place'></div>";
  document.querySelector<HTMLElement>("#opener")?.focus();
  const root = createRoot(document.querySelector("#place") ?? document.body);
  const shown = (isLocked: boolean) => <HiddenContext value={isLocked}><Behind><Dialog title="?"><input id="inside" /></Dialog></Behind></HiddenContext>;
  root.render(shown(true));
  await changed(() => document.querySelector("dialog") !== null);
  expect([open(), document.activeElement?.id]).toEqual([[], "opener"]);
  root.render(shown(false));
  await changed(() => open().length > 0);
  expect(document.activeElement?.id).toBe("inside");
  root.render(null);
  await changed(() => document.querySelector("dialog") === null);
  expect(document.activeElement?.id).toBe("opener");
  root.unmount();
});
