// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useEffect, useState } from "react";

import { followRounds, roundNow } from "../../core/wall/rounds";
import { useRoom } from "./useLive";

/** Which turn it is while it runs, in step with all other monitors; null: it stands. */
export function useRound(everySeconds: number | null): number {
  const { clock } = useRoom();
  const [round, setRound] = useState(() => (everySeconds === null ? 0 : roundNow(clock, everySeconds)));
  useEffect(() => (everySeconds === null ? undefined : followRounds(clock, everySeconds, setRound)), [clock, everySeconds]);
  return round;
}
