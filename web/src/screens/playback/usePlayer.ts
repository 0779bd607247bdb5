// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { mediaAddress } from "../../core/api/playback";
import type { CameraState } from "../../core/api/types";
import { type Still, takeStill } from "../../core/playback/still";
import { flagsOf, rowsOf } from "../../core/timeline/read";
import { centred, type View } from "../../core/timeline/view";
import { useSayError } from "../../ui/errors";
import { useFormat } from "../../ui/format";
import { useNotify } from "../../ui/Notices";
import { spanAround } from "./Reason";
import { useDeck, useDeckState } from "./useDeck";
import { useFallback } from "./useFallback";
import { useLook, useReach } from "./useLook";
import { useNewest } from "./useNewest";
import { nowOf, useExact, useTimeline } from "./useTimeline";

export interface PlayerProps {
  readonly cameras: readonly CameraState[];
  readonly start: number;
  readonly view: View;
  readonly onView: (view: View) => void;
}

const LOOP_MS = 10_000; // of a loop of which one end is told only

/** Deck, look and timeline of the player, and what hands and keys do with them. */
export function usePlayer({ cameras, start, view, onView }: PlayerProps) {
  const { t } = useTranslation();
  const notify = useNotify();
  const say = useSayError();
  const ids = useMemo(() => cameras.map(({ id }) => id), [cameras]);
  const names = useMemo(() => new Map(cameras.map(({ id, name }) => [id, name])), [cameras]);
  const looking = useLook();
  const { look } = looking;
  const reach = useReach(look);
  const deck = useDeck(start, reach);
  const state = useDeckState(deck);
  const fail = useCallback((error: unknown) => notify("danger", say(error)), [notify, say]);
  const fallen = useFallback(look, state.tiles, looking, () => deck.at, fail);
  const small = useMemo(() => Object.keys(fallen), [fallen]);
  const known = useTimeline(ids, view, small);
  const exact = useExact(look === null ? [] : ids, reach?.span.from ?? 0, reach?.span.to ?? 1, small);
  const [chosen, setChosen] = useState<string | null>(null);
  const [still, setStill] = useState<Still | null>(null);
  const [isTaking, setTaking] = useState(false);
  const rows = useMemo(() => (known.value ? rowsOf(known.value) : []), [known.value]);
  const flags = useMemo(() => (known.value ? flagsOf(known.value) : []), [known.value]);
  const fine = useMemo(() => (exact.value ? rowsOf(exact.value) : rows), [exact.value, rows]);
  const camera = chosen !== null && ids.includes(chosen) ? chosen : (ids[0] ?? "");
  const now = nowOf(known.value);
  const format = useFormat();
  const tellBegun = useCallback((at: number) => notify("info", t("playback.begun_at", { time: format.seconds(at) })), [notify, t, format]);
  const isWriting = useNewest(look, deck, now, looking, tellBegun);

  /** Beyond the look it is moved there, for the same reason; the ledger hears of it. */
  function seek(at: number, isPassing = false): void {
    deck.seek(at, isPassing);
    if (at < view.from || at >= view.to) onView(centred(view, at));
    if (reach === null || (at >= reach.span.from && at < reach.span.to)) return;
    const span = spanAround(at, reach.span.to - reach.span.from, now);
    if (at < span.from || at >= span.to) return;
    deck.pause();
    looking.move(span.from, span.to, at).then(() => notify("info", t("playback.moved")), fail);
  }
  function edge(which: "from" | "to" | null): void {
    const at = deck.at;
    const { loop } = state;
    if (which === null) deck.setLoop(null);
    else if (which === "from") deck.setLoop({ from: at, to: loop !== null && loop.to > at ? loop.to : at + LOOP_MS });
    else deck.setLoop({ from: loop !== null && loop.from < at ? loop.from : at - LOOP_MS, to: at });
  }
  async function take(): Promise<void> {
    if (look === null) return;
    deck.pause();
    setTaking(true);
    try {
      const frame = await deck.frameNow(camera);
      if (frame === undefined) notify("warning", t("playback.no_picture"));
      else setStill(await takeStill(mediaAddress(look.key, camera, "still", { at: frame.ticks })));
    } catch (error) {
      fail(error);
    } finally {
      setTaking(false);
    }
  }
  const step = (direction: 1 | -1) => void deck.step(camera, direction).catch(fail);
  return { ids, names, looking, look, reach, fallen, deck, state, known, rows, flags, fine, camera, now, isWriting, still, isTaking, setChosen, setStill, fail, seek, edge, take, step };
}

export type Playing = ReturnType<typeof usePlayer>;
