// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useEffect, useState } from "react";

interface Running<J> {
  readonly job: J | undefined;
  /** Of the last try to begin it, or to ask. */
  readonly error: unknown;
  readonly begin: () => void;
  readonly cancel: () => void;
}

interface Ways<J> {
  readonly begin: () => Promise<J>;
  readonly see: (id: string) => Promise<J>;
  readonly end: (id: string) => Promise<void>;
}

const EVERY_MS = 400;

/** A job of the server's: begun by hand, asked for until it is over, ended when nobody is here any more. */
export function useJob<J extends { readonly id: string; readonly state: string }>(ways: Ways<J>): Running<J> {
  const [got, setGot] = useState<{ readonly job: J | undefined; readonly error: unknown }>({ job: undefined, error: undefined });
  const { begin, see, end } = ways;
  const running = got.job?.state === "running" ? got.job.id : undefined;

  useEffect(() => {
    if (running === undefined) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    async function once(id: string): Promise<void> {
      try {
        const job = await see(id);
        if (!isOver) setGot({ job, error: undefined });
      } catch (error) {
        if (!isOver) setGot((before) => ({ ...before, error }));
      }
      if (!isOver) timer = setTimeout(() => void once(id), EVERY_MS);
    }
    timer = setTimeout(() => void once(running), EVERY_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [running, see]);

  useEffect(() => {
    if (running === undefined) return undefined;
    const id = running;
    return () => void end(id).catch(() => undefined); // it is over, or ends by itself
  }, [running, end]);

  return {
    ...got,
    begin: useCallback(() => {
      setGot({ job: undefined, error: undefined });
      begin().then(
        (job) => setGot({ job, error: undefined }),
        (error: unknown) => setGot({ job: undefined, error }),
      );
    }, [begin]),
    cancel: useCallback(() => {
      setGot(({ job }) => ({ job: job === undefined ? undefined : { ...job, state: "cancelled" }, error: undefined }));
    }, []),
  };
}
