// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { initReactI18next } from "react-i18next";
import { beforeAll, expect, it } from "vitest";

import { Away } from "../src/core/api/client";
import { startWords, words } from "../src/core/i18n";
import { useSayError } from "../src/ui/errors";

beforeAll(async () => {
  words.use(initReactI18next);
  await startWords("it");
});

function Said({ error }: { readonly error: unknown }) {
  return useSayError()(error);
}

it.each([
  [new Away(undefined), /^La sala operativa non risponde$/],
  [new Away(undefined, 0), /^La sala operativa non risponde dalle \S+$/],
  [new Away(undefined, null, true), /tarda ad arrivare$/],
  [new Away(undefined, null, true, true), /^Non è arrivata risposta: .* Controlla prima di ripetere\.$/],
  [new Away(undefined, 0, false, true), /^La sala operativa non risponde dalle .* Controlla prima di ripetere\.$/],
])("says of what did not answer what is known of it", (error, told) => {
  const place = document.createElement("div");
  const root = createRoot(place);
  flushSync(() => root.render(<Said error={error} />));
  expect(place.textContent).toMatch(told);
  flushSync(() => root.unmount());
});
