// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { ComponentType } from "react";

import type { Permission } from "../core/api/types";
import type { IconName } from "../ui/icons";

export type ScreenKey =
  | "wall"
  | "map"
  | "playback"
  | "alarms"
  | "cameras"
  | "people"
  | "shifts"
  | "system"
  | "exports"
  | "log";

export interface Screen {
  readonly key: ScreenKey;
  readonly path: string;
  readonly icon: IconName;
  /** One of these makes it visible; what may be done there, and when, the server says. */
  readonly anyOf: readonly Permission[];
  /** Loaded when it is opened. */
  readonly load: () => Promise<ComponentType>;
}

/** The screens in the order of the navigation. */
export const SCREENS: readonly Screen[] = [
  { key: "wall", path: "/wall", icon: "presentation", anyOf: ["live"], load: async () => (await import("./wall/Wall")).Wall },
  { key: "map", path: "/map", icon: "map-marker", anyOf: ["cameras.see"], load: async () => (await import("./map/TownMap")).MapScreen },
  { key: "playback", path: "/playback", icon: "video", anyOf: ["playback"], load: async () => (await import("./playback/Playback")).Playback },
  { key: "alarms", path: "/alarms", icon: "horn", anyOf: ["alarms.see"], load: async () => (await import("./alarms/Alarms")).Alarms },
  {
    key: "exports",
    path: "/exports",
    icon: "files",
    anyOf: ["copy.ask", "copy.prepare", "copy.approve", "hold.place"],
    load: async () => (await import("./exports/Exports")).Exports,
  },
  { key: "cameras", path: "/cameras", icon: "camera", anyOf: ["cameras.see"], load: async () => (await import("./cameras/Cameras")).Cameras },
  { key: "people", path: "/people", icon: "user", anyOf: ["people.see"], load: async () => (await import("./people/People")).People },
  { key: "shifts", path: "/shifts", icon: "calendar", anyOf: ["shifts.see"], load: async () => (await import("./shifts/Shifts")).Shifts },
  { key: "system", path: "/system", icon: "software", anyOf: ["state.see"], load: async () => (await import("./system/System")).System },
  { key: "log", path: "/log", icon: "search", anyOf: ["logs.read", "logs.totals"], load: async () => (await import("./log/Log")).Log },
];

export function visibleScreens(permissions: readonly Permission[]): readonly Screen[] {
  return SCREENS.filter(({ anyOf }) => anyOf.some((permission) => permissions.includes(permission)));
}

/** Where somebody begins: what only few may do is their work. */
const WORK: readonly ScreenKey[] = ["wall", "log", "exports"];

export function firstScreen(permissions: readonly Permission[]): Screen | undefined {
  const visible = visibleScreens(permissions);
  return WORK.flatMap((key) => visible.filter((screen) => screen.key === key))[0] ?? visible[0];
}
