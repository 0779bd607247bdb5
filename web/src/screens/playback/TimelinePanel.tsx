// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { type Look, mediaAddress } from "../../core/api/playback";
import type { Deck } from "../../core/playback/deck";
import type { Loop } from "../../core/playback/master";
import { ticksFromMs } from "../../core/time/ticks";
import { type Flag, type Row, whatAt } from "../../core/timeline/rows";
import { type Spoken, Timeline } from "../../core/timeline/timeline";
import { centred, following, lengthOf, type View } from "../../core/timeline/view";
import { useFormat } from "../../ui/format";
import { markLabel, useSayCauses } from "./say";

interface Props {
  readonly deck: Deck;
  readonly rows: readonly Row[];
  readonly flags: readonly Flag[];
  readonly view: View;
  readonly loop: Loop | null;
  readonly look: Look | null;
  readonly span: { readonly from: number; readonly to: number } | null;
  /** Whose thumbnails are shown. */
  readonly chosen: string | null;
  readonly onView: (view: View) => void;
  readonly onSeek: (at: number, isPassing: boolean) => void;
}

/** The timeline with its thumbnails. It follows the clock without React: a picture may come sixty times a second. */
export function TimelinePanel(props: Props) {
  const { deck, rows, flags, view, loop, look, span, chosen } = props;
  const host = useRef<HTMLDivElement>(null);
  const timeline = useRef<Timeline | null>(null);
  const spoken = useSpoken(rows);
  const wishes = useRef(props);
  const [over, setOver] = useState<{ readonly at: number; readonly x: number } | null>(null);
  useEffect(() => {
    wishes.current = props;
  });
  useEffect(() => {
    if (host.current === null) return undefined;
    const made = new Timeline(host.current, spoken, {
      seek: (at, isOver) => wishes.current.onSeek(at, !isOver),
      view: (next) => wishes.current.onView(next),
      over: (at, x) => setOver(at === null ? null : { at, x }),
    });
    timeline.current = made;
    return () => made.end();
  }, []); // eslint-disable-line react-hooks/exhaustive-deps -- made once; what it says is changed below
  useEffect(() => timeline.current?.speak(spoken), [spoken]);
  useEffect(() => {
    const show = () => {
      const at = deck.time.get();
      timeline.current?.show({ view, rows, flags, at, loop, look: span, isRunning: deck.state.get().isPlaying });
      if (!deck.state.get().isPlaying) return;
      const next = following(view, at, deck.state.get().rate >= 0);
      if (next !== view) wishes.current.onView(at < view.from - (view.to - view.from) || at > view.to + (view.to - view.from) ? centred(view, at) : next);
    };
    show();
    const leaves = [deck.time.subscribe(show), deck.state.subscribe(show)];
    return () => leaves.forEach((leave) => leave());
  }, [deck, view, rows, flags, loop, span]);
  return (
    <div className="play-line-row">
      <ul className="play-line-names" aria-hidden="true">
        {rows.map(({ camera, name }) => (
          <li key={camera} className={camera === chosen && rows.length > 1 ? "play-line-chosen" : ""}>
            {name}
          </li>
        ))}
      </ul>
      <div className="play-line-box">
        <div ref={host} className="play-line" />
        {over === null || look === null || chosen === null ? null : (
          <Thumbnail look={look} camera={chosen} at={over.at} x={over.x} row={rows.find(({ camera }) => camera === chosen)} />
        )}
      </div>
    </div>
  );
}

function useSpoken(rows: readonly Row[]): Spoken {
  const { t } = useTranslation();
  const format = useFormat();
  const causes = useSayCauses();
  return useMemo(
    () => ({
      zone: format.zone,
      name: t("playback.timeline"),
      label: (at, size, view) => markLabel(format, at, size, view),
      cause: causes,
      jump: (minutes) => t(minutes > 0 ? "playback.jump_forward" : "playback.jump_back", { n: Math.abs(minutes) }),
      seen: (view) => t("playback.seen_told", { length: format.age(lengthOf(view) / 1000) }),
      value: (at) => {
        const gaps = rows.map((row) => whatAt(row, at)).filter(({ kind }) => kind === "gap");
        const told = gaps.map(({ name, why }) => t("playback.gap_of", { camera: name, why: causes(why ?? []) }));
        return [`${format.longDate(at)}, ${format.seconds(at)}`, ...told].join("; ");
      },
    }),
    [t, format, causes, rows],
  );
}

const REST_MS = 80;
const WIDTH = 200;

interface ThumbnailProps {
  readonly look: Look;
  readonly camera: string;
  readonly at: number;
  readonly x: number;
  readonly row: Row | undefined;
}

/** The key frame of the moment under the hand; asked for when the hand rests a little. */
function Thumbnail({ look, camera, at, x, row }: ThumbnailProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const box = useRef<HTMLDivElement>(null);
  const isThere = row !== undefined && whatAt(row, at).kind === "recorded";
  const wanted = mediaAddress(look.key, camera, "thumbnail", { at: ticksFromMs(Math.floor(at / 500) * 500), width: WIDTH });
  const [asked, setAsked] = useState({ camera, address: "" });
  const [loaded, setLoaded] = useState("");
  useEffect(() => {
    if (!isThere) return undefined;
    const timer = setTimeout(() => setAsked({ camera, address: wanted }), REST_MS);
    return () => clearTimeout(timer);
  }, [camera, wanted, isThere]);
  useEffect(() => {
    const wide = box.current?.parentElement?.clientWidth ?? 0;
    if (box.current !== null) box.current.style.left = `${Math.max(0, Math.min(wide - WIDTH, x - WIDTH / 2))}px`;
  }, [x]);
  return (
    <div ref={box} className="play-thumb" aria-hidden="true">
      {asked.address === "" || asked.camera !== camera || !isThere ? null : (
        <img key={camera} src={asked.address} alt="" className={loaded === wanted ? undefined : "play-thumb-old"} onLoad={() => setLoaded(asked.address)} />
      )}
      <p>{isThere ? format.seconds(at) : t("playback.no_picture")}</p>
    </div>
  );
}
