// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { HtmlTagDescriptor, Plugin } from "vite";

const THEMES = [
  { name: "chiaro", scheme: "light" },
  { name: "scuro", scheme: "dark" },
] as const;

/**
 * Both stylesheets as links of index.html: the system's wish decides until core/theme.ts sets `media`. (A link to
 * x.scss written in index.html would be shipped as raw SCSS.)
 */
export function themes(): Plugin {
  return {
    name: "torrazzo:themes",
    transformIndexHtml: {
      order: "post",
      handler(_html, { bundle }): HtmlTagDescriptor[] {
        return THEMES.map(({ name, scheme }) => ({
          tag: "link",
          injectTo: "head-prepend",
          attrs: {
            rel: "stylesheet",
            href: bundle === undefined ? `/src/styles/${name}.scss` : `/${built(Object.keys(bundle), name)}`,
            media: `(prefers-color-scheme: ${scheme})`,
            "data-theme": scheme,
          },
        }));
      },
    },
  };
}

function built(files: readonly string[], name: string): string {
  const found = files.find((file) => file.startsWith(`assets/${name}-`) && file.endsWith(".css"));
  if (found === undefined) throw new Error(`no stylesheet ${name} among ${files.join(", ")}`);
  return found;
}
