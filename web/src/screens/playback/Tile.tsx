// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import type { Look, LookedCamera } from "../../core/api/playback";
import type { Deck } from "../../core/playback/deck";
import type { Shown } from "../../core/playback/tile";
import { panned, transformOf, WHOLE, type Zoom, zoomed, zoomKey } from "../../core/playback/zoom";
import { type Row, whatAt } from "../../core/timeline/rows";
import { useFormat } from "../../ui/format";
import { Icon } from "../../ui/Icon";
import { useSayCauses } from "./say";

interface Props {
  readonly deck: Deck;
  readonly look: Look;
  readonly camera: LookedCamera;
  readonly shown: Shown | undefined;
  /** The codec of the main stream, where the other one is shown for it. */
  readonly fellBackFrom: string | null;
  /** What comes now is being written. */
  readonly isWriting: boolean;
  readonly row: Row | undefined;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}

/** One camera: its picture, or why there is none; who looks from where and when, over it (EV-05). */
export function Tile({ deck, look, camera, shown, fellBackFrom, isWriting, row, isChosen, onChoose }: Props) {
  const { t } = useTranslation();
  const video = useRef<HTMLVideoElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const format = useFormat();
  const say = useSayShown(deck, row, camera);
  const { zoom, hands } = useZoom(canvas);
  const isOpen = camera.state === "open";
  useEffect(
    () => (isOpen && video.current !== null && canvas.current !== null ? deck.attach(camera.camera, video.current, canvas.current) : undefined),
    [deck, camera.camera, isOpen],
  );

  const told = isWriting && camera.state !== "refused" ? t("playback.still_written") : say(shown);
  const isSeen = shown?.kind === "picture";
  return (
    <div
      role="group"
      tabIndex={isChosen || look.cameras.length === 1 ? 0 : -1} // Tab passes one picture, so that it stays chosen
      aria-label={told === null ? camera.name : t("playback.tile", { camera: camera.name, state: told })}
      className={`play-tile ${isChosen ? "play-tile--chosen" : ""}`}
      data-camera={camera.camera}
      data-kind={isOpen ? (shown?.kind ?? "loading") : camera.state}
      onFocus={onChoose}
      onPointerDown={onChoose}
      {...hands}
    >
      <video
        ref={video}
        tabIndex={-1}
        aria-hidden="true"
        disablePictureInPicture // which would leave the mark behind, and stay when the curtain is drawn
        onContextMenu={(event) => event.preventDefault()} // as below
      />
      <canvas
        ref={canvas}
        className={isSeen ? "" : "play-hidden"}
        aria-hidden="true"
        onContextMenu={(event) => event.preventDefault()} // whose "save this picture" no ledger knows
      />
      <p className="play-name">
        {camera.name}
        {zoom.scale > 1 ? <span> {t("playback.times", { n: format.number(Math.round(zoom.scale * 10) / 10) })}</span> : null}
      </p>
      {fellBackFrom === null || shown?.kind === "unplayable" ? null : <p className="play-note">{t("wall.fell_back", { codec: fellBackFrom })}</p>}
      {told === null ? null : (
        <div className={isSeen ? "play-late" : "play-cover"}>
          <Icon name={isSeen || shown?.kind === "loading" ? "clock" : "info-circle"} />
          <p>{told}</p>
        </div>
      )}
      <Mark look={look} />
    </div>
  );
}

/** Who looks, from where, now: on the screen only, so that a photograph of it can be told of whom it is. */
function Mark({ look }: { readonly look: Look }) {
  const format = useFormat();
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <p className="play-mark" aria-hidden="true">
      {look.person.name} · {look.station} · {format.date(now)}, {format.seconds(now)}
    </p>
  );
}

/** What stands over a tile; null: nothing, its picture is of this moment. */
function useSayShown(deck: Deck, row: Row | undefined, camera: LookedCamera): (shown: Shown | undefined) => string | null {
  const { t } = useTranslation();
  const format = useFormat();
  const causes = useSayCauses();
  const refusal = useSayRefusal();
  const gap = (from: number, to: number) => {
    const known = row?.gaps.find((each) => each.from < to && each.to > from);
    const times = { from: format.seconds(from), to: format.seconds(to) };
    return known === undefined ? t("playback.gap", times) : t("playback.gap_why", { ...times, why: causes(known.why) });
  };
  return (shown) => {
    if (camera.state === "refused") return refusal(camera.code);
    if (camera.state === "none") return t("playback.nothing_recorded");
    if (shown === undefined || shown.kind === "loading") return t("ui.loading");
    if (shown.kind === "picture") return shown.isLate ? t("ui.loading") : null;
    if (shown.kind === "gap") return gap(shown.from, shown.to);
    if (shown.kind === "unplayable") return t("playback.unplayable", { codec: shown.codec });
    const here = row === undefined ? undefined : whatAt(row, deck.at);
    if (here?.kind === "gap") return gap(here.from, here.to);
    return shown.kind === "failed" && shown.status !== 404 ? t("playback.not_loaded") : t("playback.nothing_recorded");
  };
}

/** Codes of a camera that is refused come without a problem around them. */
function useSayRefusal(): (code: string | null) => string {
  const { t, i18n } = useTranslation();
  return (code) => (code !== null && i18n.exists(`errors.${code}`) ? t(`errors.${code}` as "errors.unexpected", { until: "" }) : (code ?? t("errors.unexpected")));
}

function apply(canvas: HTMLCanvasElement | null, zoom: Zoom): void {
  if (canvas !== null) canvas.style.transform = transformOf(zoom);
}

/** Wheel, drag and keys on a picture; the transform is set by the CSSOM, which the CSP lets. */
function useZoom(canvas: React.RefObject<HTMLCanvasElement | null>) {
  const [zoom, setZoom] = useState<Zoom>(WHOLE);
  const drag = useRef<{ x: number; y: number } | null>(null);
  useEffect(() => {
    apply(canvas.current, zoom);
  }, [canvas, zoom]);
  useEffect(() => {
    const host = canvas.current?.parentElement;
    if (host === null || host === undefined) return undefined;
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const box = host.getBoundingClientRect();
      const factor = Math.exp(-event.deltaY * 0.002);
      setZoom((now) => zoomed(now, factor, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height));
    };
    host.addEventListener("wheel", wheel, { passive: false });
    return () => host.removeEventListener("wheel", wheel);
  }, [canvas]);
  const hands = {
    onKeyDown: (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const next = zoomKey(event.key, zoom);
      if (next === null) return;
      event.preventDefault();
      event.stopPropagation();
      setZoom(next);
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      if ((event.buttons & 1) === 0 || zoom.scale === 1) {
        drag.current = null;
        return;
      }
      const from = drag.current;
      drag.current = { x: event.clientX, y: event.clientY };
      const box = event.currentTarget.getBoundingClientRect();
      if (from !== null) setZoom((now) => panned(now, (from.x - event.clientX) / box.width, (from.y - event.clientY) / box.height));
    },
    onPointerUp: () => {
      drag.current = null;
    },
    onDoubleClick: () => setZoom(WHOLE),
  };
  return { zoom, hands };
}
