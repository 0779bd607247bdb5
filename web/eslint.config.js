// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import hooks from "eslint-plugin-react-hooks";
import { defineConfig } from "eslint/config";
import typescript from "typescript-eslint";

const CORE_IS_FREE = "core/ knows no React: player, timeline, map and client outlive a change of framework";
const ONE_WAY = "core/ knows neither ui/ nor screens/, and ui/ no screen";

export default defineConfig(
  { ignores: ["node_modules", ".gallery", "eslint.config.js"] },
  {
    files: ["**/*.{ts,tsx}"],
    extends: [typescript.configs.strictTypeChecked, hooks.configs.flat.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
      "@typescript-eslint/consistent-type-imports": "error",
      eqeqeq: "error",
      "max-lines-per-function": ["error", { max: 90, skipBlankLines: true, skipComments: true }],
      "no-restricted-syntax": [
        "error",
        { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: "text is text" },
        { selector: "JSXAttribute[name.name='style']", message: "the CSP has no unsafe-inline: a class, or style by the CSSOM" },
      ],
    },
  },
  {
    files: ["src/core/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            { group: ["react", "react-dom", "react-router", "react-i18next"], message: CORE_IS_FREE },
            { group: ["**/ui/**", "**/screens/**"], message: ONE_WAY },
          ],
        },
      ],
    },
  },
  { files: ["src/ui/**"], rules: { "no-restricted-imports": ["error", { patterns: [{ group: ["**/screens/**"], message: ONE_WAY }] }] } },
  { files: ["test/**"], rules: { "max-lines-per-function": "off" } },
);
