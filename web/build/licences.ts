// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Plugin } from "vite";

const FONTS = "node_modules/bootstrap-italia/dist/fonts";
const KIT = "node_modules/bootstrap-italia/"; // its SCSS and icons are in no chunk

/** licences.txt: who made what is shipped, and under which terms; those terms ask for it. */
export function licences(): Plugin {
  return {
    name: "torrazzo:licences",
    apply: "build",
    generateBundle(_options, bundle) {
      const modules = Object.values(bundle).flatMap((part) => (part.type === "chunk" ? Object.keys(part.modules) : []));
      const packages = new Set([KIT, ...modules].map(packageOf).filter((found) => found !== undefined));
      const texts = [...packages].sort().map(described);
      const fonts = ["Titillium_Web/OFL.txt", "Roboto_Mono/LICENSE.txt"].map((file) => titled(`font ${file}`, join(FONTS, file)));
      this.emitFile({ type: "asset", fileName: "licences.txt", source: [...texts, ...fonts].join("\n\n") });
    },
  };
}

/** The folder of the package that a module belongs to; undefined: it is ours. */
function packageOf(id: string): string | undefined {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(id.replace(/^\0/, ""))?.[0];
}

function described(folder: string): string {
  const said = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<string, unknown>;
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  const title = `${String(said["name"])} ${String(said["version"])} (${String(said["license"])})`;
  return file === undefined ? title : titled(title, join(folder, file));
}

function titled(title: string, file: string): string {
  if (!existsSync(file)) throw new Error(`${dirname(file)} came without its licence`);
  return `${"=".repeat(80)}\n${title}\n${"=".repeat(80)}\n${readFileSync(file, "utf8").trim()}`;
}
