// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useEffect, useState } from "react";

/** Counts up every so many seconds while it runs; null: it stands. */
export function useRound(everySeconds: number | null): number {
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (everySeconds === null) return undefined;
    const timer = setInterval(() => setRound((before) => before + 1), everySeconds * 1000);
    return () => clearInterval(timer);
  }, [everySeconds]);
  return round;
}
