// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { createRoot } from "react-dom/client";
import { initReactI18next } from "react-i18next";
import { beforeAll, expect, it } from "vitest";

import { startWords, words } from "../src/core/i18n";
import { Dialog } from "../src/ui/Dialog";

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
      watch.observe(document.body, { childList: true, subtree: true });
    });
  }
}

it("gives the focus back as it goes, and takes it from nobody later", async () => {
  document.body.innerHTML = "<button id='opener'></button><input id='other'><div id='place'></div>";
  const [opener, other] = [...document.querySelectorAll<HTMLElement>("#opener, #other")];
  const root = createRoot(document.querySelector("#place") ?? document.body);
  opener?.focus();
  root.render(<Dialog title="?"><input id="inside" /></Dialog>);
  await changed(() => document.querySelector("dialog") !== null);
  expect(document.activeElement?.id).toBe("inside");
  root.render(null); // as after an answer of the server, when nobody has pressed anything
  await changed(() => document.querySelector("dialog") === null);
  expect(document.activeElement).toBe(opener);
  other?.focus();
  await new Promise((done) => setTimeout(done, 50));
  expect(document.activeElement).toBe(other);
  root.unmount();
});
