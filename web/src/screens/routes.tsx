// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type ReactNode } from "react";
import { Navigate, type RouteObject } from "react-router";

import { PROVIDER_PATH } from "../app/provider";
import { useMe } from "../app/session";
import { Shell } from "../app/Shell";
import { type Screen, SCREENS, visibleScreens } from "./list";
import { NotFound } from "./NotFound";
import { OpenShift } from "./shift/OpenShift";

/** Every screen below the shell. A screen that a person may not see does not exist for them. */
export function routes(): RouteObject[] {
  return [
    {
      element: <Shell />,
      hydrateFallbackElement: <></>,
      children: [
        { index: true, element: <Home /> },
        { path: "/shift", element: <OpenShift /> },
        { path: PROVIDER_PATH, lazy: async () => ({ Component: (await import("./me/MyProvider")).Bound }) },
        { path: "/ways", lazy: async () => ({ Component: (await import("./me/Ways")).Ways }) },
        ...SCREENS.map(route),
        { path: "*", element: <NotFound /> },
      ],
    },
  ];
}

function route(screen: Screen): RouteObject {
  return {
    path: screen.path,
    lazy: async () => {
      const Content = await screen.load();
      return { element: <Guarded screen={screen}>{<Content />}</Guarded> };
    },
  };
}

function Guarded({ screen, children }: { readonly screen: Screen; readonly children: ReactNode }) {
  const { permissions } = useMe();
  return visibleScreens(permissions).includes(screen) ? children : <NotFound />;
}

/** Whose work needs an open shift opens it first; others begin with their first screen. */
function Home() {
  const me = useMe();
  const first = visibleScreens(me.permissions)[0];
  if (me.permissions.includes("shift") && me.shift === null) return <Navigate to="/shift" replace />;
  return first === undefined ? <NotFound /> : <Navigate to={first.path} replace />;
}
