// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

import { ICONS } from "../src/ui/icons.ts";

const MODULE = "virtual:icons";
const SPRITE = "node_modules/bootstrap-italia/dist/svg/sprites.svg";

/** `import sprite from "virtual:icons"`: the kit's sprite, cut down to the icons that ui/icons.ts names. */
export function icons(): Plugin {
  return {
    name: "torrazzo:icons",
    resolveId: (id) => (id === MODULE ? `\0${MODULE}` : undefined),
    load: (id) => (id === `\0${MODULE}` ? `export default ${JSON.stringify(cut(readFileSync(SPRITE, "utf8")))}` : undefined),
  };
}

function cut(sprite: string): string {
  const symbols = ICONS.map((name) => {
    const found = new RegExp(`<(symbol|svg)\\b[^>]*\\bid="it-${name}"[\\s\\S]*?</\\1>`).exec(sprite);
    if (found === null) throw new Error(`the kit has no icon ${name}`);
    return found[0];
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
}
