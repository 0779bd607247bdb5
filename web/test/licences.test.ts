// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { described } from "../build/licences";

function packaged(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "package-"));
  const all = { "package.json": JSON.stringify({ name: "@them/thing", version: "1.2.3", license: "MIT" }), ...files };
  for (const [name, text] of Object.entries(all)) writeFileSync(join(folder, name), text);
  return folder;
}

describe("the terms of what is shipped", () => {
  it("are those that a package comes with", () => {
    expect(described(packaged({ "LICENCE.md": "May be used.\n" }))).toMatch(/^=+\n@them\/thing 1\.2\.3 \(MIT\)\n=+\nMay be used\.$/);
  });

  it("keep the page from being built where a package has none, or an empty one", () => {
    const missing = "web/build/terms/@them+thing-1.2.3.txt";
    expect(() => described(packaged({}))).toThrow(missing);
    expect(() => described(packaged({ LICENSE: " \n" }))).toThrow("came without its licence");
  });
});
