// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type ReactNode, type RefObject, useRef } from "react";
import { useTranslation } from "react-i18next";

import type { CameraState } from "../../core/api/types";
import type { Motion, PlayerState } from "../../core/player/player";
import { Button } from "../../ui/Button";
import { useFormat } from "../../ui/format";
import { Icon } from "../../ui/Icon";
import type { IconName } from "../../ui/icons";
import { type Live, useLive, useRoom } from "./useLive";

interface Props {
  readonly camera: string;
  readonly known: CameraState | undefined;
  readonly isLarge: boolean;
  readonly motion: Motion;
  readonly isOn: boolean;
  /** What may be done with the tile: beside its name. */
  readonly menu: ReactNode;
  /** Over the picture. */
  readonly children: ReactNode;
}

/** A live picture with all that has to be said of it: whose, where, how old, and if it is not live, why. */
export function LivePicture({ camera, known, isLarge, motion, isOn, menu, children }: Props) {
  const { t } = useTranslation();
  const video = useRef<HTMLVideoElement>(null);
  const veil = useRef<HTMLDivElement>(null);
  const live = useLive(video, veil, { camera, stream: isLarge ? "main" : "sub", motion, isOn });
  const { state } = live;
  const name = known?.name ?? camera;
  return (
    <div className={`live live--${state.phase}`} data-phase={state.phase} data-camera={camera} data-stream={state.stream}>
      <div className="live-head">
        <p className="live-name" title={name}>
          {name}
          {known === undefined || known.place === "" ? null : <span className="live-place"> · {known.place}</span>}
        </p>
        <Word state={state} motion={motion} />
        {menu}
      </div>
      <div className="live-body">
        <Video video={video} name={name} />
        <div ref={veil} className="live-guard">
          <span>{t("wall.guard")}</span>
        </div>
        {state.hasPicture && state.phase !== "live" ? <div className="live-veil" /> : null}
        {state.hasPicture ? <Mark state={state} /> : null}
        {state.fellBackFrom === null ? null : (
          <p className="live-note">{t(isLarge ? "wall.fell_back" : "wall.fell_back_sub", { codec: state.fellBackFrom })}</p>
        )}
        {children}
        <Trouble live={live} />
      </div>
    </div>
  );
}

/** Never focused, never a menu of its own: what may be done with a picture is the tile's. */
function Video({ video, name }: { readonly video: RefObject<HTMLVideoElement | null>; readonly name: string }) {
  const { t } = useTranslation();
  return (
    <video
      ref={video}
      className="live-video"
      muted
      playsInline
      tabIndex={-1}
      aria-label={t("wall.picture_of", { name })}
      onContextMenu={(event) => event.preventDefault()}
    />
  );
}

const ICONS: Partial<Record<PlayerState["phase"], IconName>> = {
  live: "check-circle",
  late: "warning-circle",
  stale: "error",
  waiting: "refresh",
  refused: "lock",
  unplayable: "error",
  paused: "minus-circle",
};

/** The state, in words, with the age of the picture: one line that changes in place. */
function Word({ state, motion }: { readonly state: PlayerState; readonly motion: Motion }) {
  const { t } = useTranslation();
  const format = useFormat();
  const seconds = (state.ageMs ?? 0) / 1000;
  const age = seconds < 10 ? t("wall.seconds", { age: format.number(Math.round(seconds * 10) / 10) }) : format.age(seconds);
  const icon = ICONS[state.phase];
  const word = state.phase === "live" && motion === "stills" ? t("wall.phase_stills") : t(`wall.phase_${state.phase}`);
  return (
    <p className="live-word">
      {icon === undefined ? null : <Icon name={icon} size="small" />}
      <span>{word}</span>
      {state.hasPicture ? <span className="live-age">{state.phase === "live" ? age : t("wall.old", { age })}</span> : null}
      {state.camera === "unrecorded" ? <span className="live-warning">{t("wall.camera_unrecorded")}</span> : null}
      {state.isSlow && state.phase === "live" ? <span>{t("wall.slow")}</span> : null}
    </p>
  );
}

/** Who sees this, where and when (EV-05), by the time of the frame itself. */
function Mark({ state }: { readonly state: PlayerState }) {
  const { person, station } = useRoom();
  const format = useFormat();
  const at = state.shownUtc;
  return (
    <p className="live-mark">
      {[person, station, at === null ? null : `${format.date(at)} ${format.seconds(at)}`].filter((each) => each !== null).join(" · ")}
    </p>
  );
}

const PATIENCE_MS = 3000; // then it is said what is waited for

/** In the middle, where there is no picture or an old one: why, and what helps. */
function Trouble({ live }: { readonly live: Live }) {
  const { t } = useTranslation();
  const say = useWhy();
  const { state } = live;
  if (state.phase === "live" || (state.phase === "off" && !state.hasPicture)) return null;
  if (state.phase === "connecting" && !state.hasPicture) {
    return (
      <div className="live-trouble">
        <span className="spinner" aria-hidden="true" />
        {state.waitsFor === null || state.waitedMs < PATIENCE_MS ? null : <p>{t(`wall.waits_${state.waitsFor}`, { n: Math.floor(state.waitedMs / 1000) })}</p>}
      </div>
    );
  }
  const why = say(state);
  const triesAgain = state.phase === "waiting" && why !== null;
  const isStuck = state.phase === "refused" || state.phase === "unplayable" || triesAgain;
  if (why === null && !isStuck) return null;
  return (
    <div className="live-trouble">
      {why === null ? null : <p>{why}</p>}
      {triesAgain ? <p>{t("wall.tries_again")}</p> : null}
      {isStuck ? (
        <Button kind="secondary" size="small" icon="refresh" onClick={live.retry}>
          {t("ui.retry")}
        </Button>
      ) : null}
    </div>
  );
}

/** Words for what stands behind a state. */
function useWhy(): (state: PlayerState) => string | null {
  const { t, i18n } = useTranslation();
  const format = useFormat();
  return ({ phase, why, since, camera, codec }) => {
    if (phase === "unplayable") return t("wall.unplayable", { codec: codec ?? "" });
    if (phase === "paused") return t("wall.paused_text");
    if (why === "LEDGER_AWAY" && since !== null) return t("errors.LEDGER_AWAY_since", { since: format.seconds(since) });
    const keys = [`wall.refused_${why ?? ""}`, `causes.${why ?? ""}`, `errors.${why ?? ""}`, `wall.camera_${camera ?? ""}`];
    const key = keys.find((each) => i18n.exists(each));
    return key === undefined ? (why ?? camera) : t(key as "errors.unexpected");
  };
}
