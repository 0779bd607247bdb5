// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

import english from "../src/i18n/en.json";
import italian from "../src/i18n/it.json";

type Tree = { readonly [key: string]: string | Tree };

/** Words that both languages share. */
const SAME = new Set(["masks.area", "sign_in.password"]);
const PLURAL = /_(zero|one|two|few|many|other)$/;
const SHOWN = new Set(["label", "title", "aria-label", "placeholder", "hint", "error", "text", "caption", "legend", "head", "alt"]);

function flat(tree: Tree, before = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === "string") found.set(before + key, value);
    else for (const [name, text] of flat(value, `${before}${key}.`)) found.set(name, text);
  }
  return found;
}

const it_ = flat(italian);
const en = flat(english);
const single = (key: string) => key.replace(PLURAL, "");
const placeholders = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort();

describe("the words", () => {
  it("are the same in both languages, and none is empty", () => {
    expect(new Set([...en.keys()].map(single))).toEqual(new Set([...it_.keys()].map(single)));
    for (const [key, text] of [...it_, ...en]) expect(text.trim(), key).not.toBe("");
  });

  it("have no key twice: the later one would win, in silence", () => {
    for (const name of ["it.json", "en.json"]) {
      const file = ts.parseJsonText(name, readFileSync(join("src/i18n", name), "utf8"));
      const twice: string[] = [];
      const walk = (node: ts.Node) => {
        if (ts.isObjectLiteralExpression(node)) {
          const keys = node.properties.map((each) => each.name?.getText(file) ?? "");
          twice.push(...keys.filter((key, at) => keys.indexOf(key) !== at));
        }
        ts.forEachChild(node, walk);
      };
      walk(file);
      expect(twice, name).toEqual([]);
    }
  });

  it("take the same values", () => {
    for (const [key, text] of en) expect(placeholders(text), key).toEqual(placeholders(it_.get(key) ?? ""));
  });

  it("are translated", () => {
    const same = [...en].filter(([key, text]) => it_.get(key) === text && /[a-z]{3}/i.test(text.replace(/\{\{\w+\}\}/g, "")) && !SAME.has(key));
    expect(same).toEqual([]);
  });

  it("have in each language the plurals that it counts with", () => {
    for (const [language, all] of [["it", it_], ["en", en]] as const) {
      const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
      for (const key of new Set([...all.keys()].filter((name) => PLURAL.test(name)).map(single))) {
        expect([...all.keys()].filter((name) => single(name) === key).map((name) => name.slice(key.length + 1)).sort(), key).toEqual([...forms].sort());
      }
    }
  });

  it("stand in the two files: no part of the page has a text of its own", () => {
    const found = sources("src").filter((file) => file.endsWith(".tsx") && !file.includes("gallery")).flatMap(ownTexts);
    expect(found).toEqual([]);
  });

  it("are all used, or made of parts", () => {
    const code = sources("src").filter((file) => /\.tsx?$/.test(file)).map((file) => readFileSync(file, "utf8")).join("\n");
    const made = [...code.matchAll(/t\(\s*`([\w.-]+)\$\{/g), ...code.matchAll(/`([\w.-]+)\$\{[^`]*`/g)].map(([, start]) => start ?? "");
    const unused = [...it_.keys()].map(single).filter((key) => !code.includes(`"${key}"`) && !made.some((start) => start.includes(".") && key.startsWith(start)));
    expect(unused).toEqual([]);
  });
});

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Texts between tags, and strings of attributes that people read; `Torrazzo` is our name in every language. */
function ownTexts(file: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isJsxText(node)) found.push(node.text);
    if (ts.isJsxAttribute(node) && SHOWN.has(node.name.getText()) && node.initializer !== undefined && ts.isStringLiteral(node.initializer)) {
      found.push(node.initializer.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX));
  return found.filter((text) => /\p{L}{2}/u.test(text.replace("Torrazzo", ""))).map((text) => `${file}: ${text.trim()}`);
}
