// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useEffect, useState } from "react";

import { Away, Refused } from "../core/api/client";

const AGAIN_MS = 5000; // where nobody answered
const SELDOM_MS = 160_000; // where this alone took too long, after some times

interface Resource<T> {
  readonly value: T | undefined;
  /** Of the last try; `value` is then that of an earlier one, read at `at`, unless it may not be seen any more. */
  readonly error: unknown;
  /** Milliseconds since 1970 by this station's clock. */
  readonly at: number | undefined;
  readonly retry: () => void;
}

/** Reads something, and again every `everyMs`, or where nobody answers. `read` is kept by useCallback: another one is another thing. */
export function useResource<T>(read: (signal: AbortSignal) => Promise<T>, everyMs?: number): Resource<T> {
  const [got, setGot] = useState<Omit<Resource<T>, "retry">>({ value: undefined, error: undefined, at: undefined });
  const [round, setRound] = useState(0);
  const retry = useCallback(() => setRound((before) => before + 1), []);

  useEffect(() => {
    const aborter = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let slow = 0; // times, one after another: each is work for the server, which nobody saw
    async function once(): Promise<void> {
      let next = everyMs;
      try {
        const value = await read(aborter.signal);
        slow = 0;
        if (!aborter.signal.aborted) setGot({ value, error: undefined, at: Date.now() });
      } catch (error) {
        if (error instanceof Away) next ??= AGAIN_MS;
        slow = error instanceof Away && error.isSlow ? slow + 1 : 0;
        if (slow > 0) next = Math.max(next ?? 0, Math.min(AGAIN_MS * 2 ** (slow - 1), SELDOM_MS));
        const isOver = error instanceof Refused && error.problem.status === 403;
        if (!aborter.signal.aborted) setGot((before) => (isOver ? { value: undefined, error, at: undefined } : { ...before, error }));
      }
      if (next !== undefined && !aborter.signal.aborted) timer = setTimeout(() => void once(), next);
    }
    void once();
    return () => {
      aborter.abort();
      clearTimeout(timer);
    };
  }, [read, everyMs, round]);

  return { ...got, retry };
}
