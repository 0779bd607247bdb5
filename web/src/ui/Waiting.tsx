// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type ReactNode, useEffect, useState } from "react";

const TOLD_S = [3, 5, 10, 15, 20, 30, 45, 60]; // not each second: it is read aloud

/** What is waited for, and for how many seconds, once that is long; nothing before. */
export function Waiting({ isBusy, children }: { readonly isBusy: boolean; readonly children: (seconds: number) => ReactNode }) {
  return isBusy ? <Counting>{children}</Counting> : null;
}

function Counting({ children }: { readonly children: (seconds: number) => ReactNode }) {
  const [told, setTold] = useState<number | undefined>(undefined);
  useEffect(() => {
    const begun = performance.now();
    const timer = setInterval(() => setTold(TOLD_S.findLast((each) => performance.now() - begun >= each * 1000)), 500);
    return () => clearInterval(timer);
  }, []);
  return <div role="status">{told === undefined ? null : <p>{children(told)}</p>}</div>;
}
