// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useMemo, useState } from "react";

import { useClient } from "../../app/session";
import type { Timeline } from "../../core/api/playback";
import { spanToAsk } from "../../core/timeline/read";
import type { View } from "../../core/timeline/view";
import { msFromInstant } from "../../core/time/ticks";
import { useResource } from "../../ui/useResource";
import { instant } from "./useLook";

const EVERY_MS = 15_000;
const WIDTH = 1200;

interface Span {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

/**
 * What is known of these cameras' time in a view, and around it; asked again as the view leaves it, and now and then.
 * `small`: of which the sub stream is shown.
 */
export function useTimeline(cameras: readonly string[], view: View, small: readonly string[]) {
  const [asked, setAsked] = useState<Span>(() => spanToAsk(view, WIDTH));
  const wanted = spanToAsk(view, WIDTH);
  const isLeft = view.from < asked.from || view.to > asked.to;
  const isOther = wanted.step < asked.step / 2 || wanted.step > asked.step * 4;
  if (isLeft || isOther) setAsked(wanted);
  return useSpan(cameras, asked, small);
}

/** The same, exact, of one span. */
export function useExact(cameras: readonly string[], from: number, to: number, small: readonly string[]) {
  return useSpan(cameras, useMemo(() => ({ from, to, step: 0 }), [from, to]), small);
}

function useSpan(cameras: readonly string[], asked: Span, small: readonly string[]) {
  const client = useClient();
  const ids = cameras.join(",");
  const others = cameras.filter((camera) => small.includes(camera)).join(",");
  const read = useCallback(
    async (signal: AbortSignal): Promise<Timeline | null> => {
      if (ids === "") return null;
      const query = { cameras: ids, from: instant(asked.from), to: instant(asked.to), step: String(asked.step) };
      const main = await client.call("GET /timeline", undefined, { query, signal });
      if (others === "") return main;
      const sub = await client.call("GET /timeline", undefined, { query: { ...query, cameras: others, stream: "sub" }, signal });
      return { ...main, cameras: main.cameras.map((each) => sub.cameras.find(({ camera }) => camera === each.camera) ?? each) };
    },
    [client, ids, others, asked],
  );
  return useResource(read, EVERY_MS);
}

export function nowOf(timeline: Timeline | null | undefined): number {
  return timeline === null || timeline === undefined ? Date.now() : msFromInstant(timeline.now);
}
