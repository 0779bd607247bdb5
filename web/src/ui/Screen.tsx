// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type ReactNode, useEffect } from "react";

/** A screen's title, which is the page's too, and its content. */
export function Screen({ title, aside, children }: { readonly title: string; readonly aside?: ReactNode; readonly children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Torrazzo`;
  }, [title]);
  return (
    <>
      <div className="screen-head">
        <h1>{title}</h1>
        {aside}
      </div>
      {children}
    </>
  );
}
