// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const TERMS = "build/terms"; // of packages that come without: as their authors publish them, by name and version
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

/** Raises where nobody has looked for the terms of this version. */
export function described(folder: string): string {
  const said = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<string, unknown>;
  const [name, version] = [String(said["name"]), String(said["version"])];
  const file = readdirSync(folder).find((each) => /^(licen[cs]e|copying)/i.test(each));
  const terms = file === undefined ? join(TERMS, `${name.replace("/", "+")}-${version}.txt`) : join(folder, file);
  return titled(`${name} ${version} (${String(said["license"])})`, terms);
}

function titled(title: string, file: string): string {
  const text = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
  if (text === "") throw new Error(`${title} came without its licence: find it where it is published, and put it with its source into web/${file}`);
  return `${"=".repeat(80)}\n${title}\n${"=".repeat(80)}\n${text}`;
}
