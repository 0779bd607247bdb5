// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { describe, expect, it } from "vitest";

import { firstLanguage, keepLanguage } from "../src/core/i18n/language";
import { keptTheme, setTheme } from "../src/core/theme";
import { SCREENS, visibleScreens } from "../src/screens/list";
import { passwordFault } from "../src/screens/sign-in/NewPassword";
import { grouped } from "../src/screens/sign-in/TotpForm";
import { daysTone } from "../src/screens/system/judge";
import { moved } from "../src/ui/Menu";

describe("the language", () => {
  it("is the one chosen, else the browser's, else Italian", () => {
    localStorage.clear();
    expect(firstLanguage(localStorage, ["de-DE", "en-GB", "it"])).toBe("en");
    expect(firstLanguage(localStorage, ["de-DE", "fr"])).toBe("it");
    keepLanguage(localStorage, "it");
    expect(firstLanguage(localStorage, ["en-GB"])).toBe("it");
  });
});

describe("the theme", () => {
  it("lets one stylesheet hold, or both by the system's wish, and is remembered", () => {
    localStorage.clear();
    document.head.innerHTML = '<link data-theme="light" rel="stylesheet"><link data-theme="dark" rel="stylesheet">';
    const media = () => [...document.querySelectorAll("link")].map((link) => link.media);
    expect(keptTheme(localStorage)).toBe("system");
    setTheme("dark", localStorage, document);
    expect(media()).toEqual(["not all", "all"]);
    expect(keptTheme(localStorage)).toBe("dark");
    setTheme("system", localStorage, document);
    expect(media()).toEqual(["(prefers-color-scheme: light)", "(prefers-color-scheme: dark)"]);
  });
});

describe("what a person sees", () => {
  it("are the screens that one of their permissions opens, in one order", () => {
    expect(visibleScreens(["state.see", "live"]).map(({ key }) => key)).toEqual(["wall", "system"]);
    expect(visibleScreens([])).toEqual([]);
  });

  it("has one screen for each path and key", () => {
    expect(new Set(SCREENS.map(({ path }) => path)).size).toBe(SCREENS.length);
    expect(SCREENS.every(({ path, key }) => path === `/${key}`)).toBe(true);
  });
});

describe("small rules", () => {
  it("move in a menu round its ends", () => {
    expect([moved("ArrowDown", 2, 3), moved("ArrowUp", 0, 3), moved("ArrowUp", null, 3), moved("End", 0, 3)]).toEqual([0, 2, 2, 2]);
    expect([moved("Home", null, 3), moved("a", 1, 3)]).toEqual([undefined, undefined]);
  });

  it("see what is wrong with a password before the server does", () => {
    expect(passwordFault({ password: "corta", again: "corta" })).toBe("password_short");
    expect(passwordFault({ password: "una frase lunga", again: "un'altra frase" })).toBe("password_differs");
    expect(passwordFault({ password: "una frase lunga", again: "una frase lunga" })).toBeNull();
  });

  it("write a secret in fours, and colour a disk by how long it lasts", () => {
    expect(grouped("JBSWY3DPE")).toBe("JBSW Y3DP E");
    expect([2.9, 3, 13.9, 14].map(daysTone)).toEqual(["alarm", "warning", "warning", "fine"]);
  });
});
