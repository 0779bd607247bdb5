// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { expect, it, vi } from "vitest";

import { Away } from "../src/core/api/client";
import { useResource } from "../src/ui/useResource";

function Reader({ read, everyMs }: { readonly read: () => Promise<string>; readonly everyMs?: number }) {
  return useResource(read, everyMs).value ?? "";
}

const SLOW = new Away(undefined, null, true);

it.each([
  ["what alone is slow, more seldom each time", SLOW, undefined, [5, 10, 20, 40, 80, 160, 160]],
  ["also where it is read every few seconds", SLOW, 8000, [8, 10, 20]],
  ["what nobody answers, every five seconds", new Away(undefined, 1), undefined, [5, 5, 5]],
])("asks again for %s", async (_, error, everyMs, gaps) => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const root = createRoot(document.createElement("div"));
  try {
    const read = vi.fn(() => Promise.reject<string>(error));
    flushSync(() => root.render(<Reader read={read} {...(everyMs === undefined ? {} : { everyMs })} />));
    for (const [at, gap] of gaps.entries()) {
      await vi.advanceTimersByTimeAsync(gap * 1000 - 1);
      expect(read).toHaveBeenCalledTimes(at + 1);
      await vi.advanceTimersByTimeAsync(1);
      expect(read).toHaveBeenCalledTimes(at + 2);
    }
  } finally {
    flushSync(() => root.unmount());
    vi.useRealTimers();
  }
});
