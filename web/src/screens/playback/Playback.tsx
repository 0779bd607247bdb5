// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";

import { useClient, useMe } from "../../app/session";
import type { CameraState } from "../../core/api/types";
import type { Walls } from "../../core/api/walls";
import { msFromInstant } from "../../core/time/ticks";
import { HOUR, type View } from "../../core/timeline/view";
import { cellsOf, firstArrangement } from "../../core/wall/arrangement";
import { Button } from "../../ui/Button";
import { useFormat, Zone } from "../../ui/format";
import { Screen } from "../../ui/Screen";
import { Empty, Failed, Loading } from "../../ui/States";
import { useResource } from "../../ui/useResource";
import { CameraChoice, MOST } from "./CameraChoice";
import { Player } from "./Player";

const AGO_MS = 60_000;
const AT_FIRST = 4; // cameras
const NONE: readonly string[] = [];

/** Recorded pictures: which cameras, which zone; the rest is the player's. */
export function Playback() {
  const { t } = useTranslation();
  const client = useClient();
  const format = useFormat();
  const [isUtc, setUtc] = useState(false);
  const [isChoosing, setChoosing] = useState(false);
  const { named, start, choose } = useAddress();
  const mayLive = useMe().permissions.includes("live");
  const read = useCallback(
    async (signal: AbortSignal) => {
      const [{ items }, walls] = await Promise.all([
        client.call("GET /cameras", undefined, { signal }),
        mayLive ? client.call("GET /walls", undefined, { signal }).catch(() => null) : null, // without it nothing is chosen yet
      ]);
      return { items, inFront: walls === null ? [] : inFront(walls, items.map(({ id }) => id)) };
    },
    [client, mayLive],
  );
  const { value, error, retry } = useResource(read);
  const cameras = named ?? value?.inFront ?? NONE;
  const [view, setView] = useState<View>(() => ({ from: start - HOUR / 2, to: start + HOUR / 2 }));

  const aside = (
    <div className="play-aside">
      <Button kind="secondary" size="small" icon="camera" onClick={() => setChoosing(true)}>{t("playback.choose_cameras")}</Button>
      <button type="button" className="play-utc" aria-pressed={isUtc} onClick={() => setUtc(!isUtc)}>{t("playback.in_utc")}</button>
    </div>
  );
  return (
    <Zone value={isUtc ? "UTC" : format.zone}>
      <Screen title={t("nav.playback")} aside={aside}>
        {value === undefined ? error === undefined ? <Loading /> : <Failed error={error} onRetry={retry} /> : (
          <Chosen cameras={cameras} all={value.items} start={start} view={view} onView={setView} onChoosing={() => setChoosing(true)} />
        )}
        {isChoosing && value !== undefined ? (
          <CameraChoice
            cameras={value.items}
            chosen={cameras}
            onClose={() => setChoosing(false)}
            onChoose={(chosen) => {
              choose(chosen);
              setChoosing(false);
            }}
          />
        ) : null}
      </Screen>
    </Zone>
  );
}

interface ChosenProps {
  readonly cameras: readonly string[];
  readonly all: readonly CameraState[];
  readonly start: number;
  readonly view: View;
  readonly onView: (view: View) => void;
  readonly onChoosing: () => void;
}

function Chosen({ cameras, all, start, view, onView, onChoosing }: ChosenProps) {
  const { t } = useTranslation();
  const known = useMemo(() => cameras.flatMap((id) => all.filter((camera) => camera.id === id)), [all, cameras]);
  if (known.length === 0) {
    return (
      <Empty title={t("playback.choose_first")} action={<Button icon="camera" onClick={onChoosing}>{t("playback.choose_cameras")}</Button>}>
        <p>{t("playback.choose_text", { most: MOST })}</p>
      </Empty>
    );
  }
  return <Player cameras={known} start={start} view={view} onView={onView} />;
}

/** What whoever comes here had in front of them: the first cameras of their wall. */
function inFront(walls: Walls, known: readonly string[]): readonly string[] {
  const wall = walls.now["1"] ?? firstArrangement(known);
  const shown = cellsOf(wall, 0).flatMap(({ cameras }) => cameras);
  return [...new Set(shown)].filter((id) => known.includes(id)).slice(0, AT_FIRST);
}

/** Cameras and moment stand in the address, so that other screens lead here: `?cameras=a,b&at=2026-11-24T22:04:41Z`. */
function useAddress() {
  const [query, setQuery] = useSearchParams();
  const [start] = useState(() => startOf(query.get("at")));
  const text = query.get("cameras");
  const named = useMemo(() => (text === null ? null : [...new Set(text.split(",").filter(Boolean))].slice(0, MOST)), [text]);
  const choose = (chosen: readonly string[]) =>
    setQuery((before) => {
      before.set("cameras", chosen.join(","));
      return before;
    }, { replace: true });
  return { named, start, choose };
}

function startOf(at: string | null): number {
  try {
    return at === null ? Date.now() - AGO_MS : msFromInstant(at);
  } catch {
    return Date.now() - AGO_MS;
  }
}
