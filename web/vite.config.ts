// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

import { icons } from "./build/icons.ts";
import { licences } from "./build/licences.ts";
import { themes } from "./build/themes.ts";

// `vite build` is what is shipped; `vite build --mode gallery` adds /ui, the page of all parts, for tests.
export default defineConfig(({ mode }) => ({
  plugins: [react(), icons(), themes(), licences()],
  define: { __GALLERY__: JSON.stringify(mode !== "production") },
  css: { preprocessorOptions: { scss: { quietDeps: true, silenceDeprecations: ["import"] } } },
  build: {
    outDir: mode === "gallery" ? ".gallery" : "dist",
    emptyOutDir: true,
    manifest: true,
    assetsInlineLimit: 0, // the CSP lets no data: script, style or font in
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1300, // kB: the map is loaded with its screen alone
    rolldownOptions: {
      checks: { bundlerTimings: false },
      input: { app: "index.html", chiaro: "src/styles/chiaro.scss", scuro: "src/styles/scuro.scss" },
    },
  },
  server: { proxy: { "/api": "http://127.0.0.1:8080" } },
  test: { include: ["test/**/*.test.{ts,tsx}"], environment: "jsdom", isolate: false, testTimeout: 30_000 },
}));
