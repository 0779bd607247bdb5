// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import type { ComponentType, ReactNode } from "react";
import { Navigate, type RouteObject } from "react-router";

import { PROVIDER_PATH } from "../app/provider";
import { useMe } from "../app/session";
import { Shell } from "../app/Shell";
import { Fallen } from "./Fallen";
import { firstScreen, type Screen, SCREENS, visibleScreens } from "./list";
import { Loaded } from "./Loaded";
import { NotFound } from "./NotFound";
import { OpenShift } from "./shift/OpenShift";

/** Every screen below the shell. A screen that a person may not see does not exist for them. */
export function routes(): RouteObject[] {
  return [
    {
      element: <Shell />,
      errorElement: <Fallen />,
      children: [
        { index: true, element: <Home /> },
        { path: "/shift", element: <OpenShift /> },
        own(PROVIDER_PATH, async () => (await import("./me/MyProvider")).Bound),
        own("/ways", async () => (await import("./me/Ways")).Ways),
        ...SCREENS.map(route),
        { path: "*", element: <NotFound /> },
      ],
    },
  ];
}

/** Of the account itself: everybody has it. */
function own(path: string, load: () => Promise<ComponentType>): RouteObject {
  return { path, errorElement: <Fallen />, element: <Loaded key={path} load={load} /> };
}

function route(screen: Screen): RouteObject {
  const content = (
    <Guarded screen={screen}>
      <Loaded key={screen.key} load={screen.load} />
    </Guarded>
  );
  return { path: screen.path, errorElement: <Fallen />, element: content };
}

function Guarded({ screen, children }: { readonly screen: Screen; readonly children: ReactNode }) {
  const { permissions } = useMe();
  return visibleScreens(permissions).includes(screen) ? children : <NotFound />;
}

/** Whose work needs an open shift opens it first; others begin with their work. */
function Home() {
  const me = useMe();
  const first = firstScreen(me.permissions);
  if (me.permissions.includes("shift") && me.shift === null) return <Navigate to="/shift" replace />;
  return first === undefined ? <NotFound /> : <Navigate to={first.path} replace />;
}
