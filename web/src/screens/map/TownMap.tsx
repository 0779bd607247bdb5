// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useCallback, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";

import { useClient, useMe } from "../../app/session";
import type { ListedCamera } from "../../core/api/cameras";
import { type Ground, TILES } from "../../core/api/map";
import { gridAround } from "../../core/map/grid";
import { PLAN, placesOf } from "../../core/map/places";
import type { Under } from "../../core/map/style";
import { openTiles } from "../../core/map/town-map";
import { useFormat } from "../../ui/format";
import { Alert } from "../../ui/Notices";
import { Screen } from "../../ui/Screen";
import { Empty, Failed, Loading, Stale } from "../../ui/States";
import { useResource } from "../../ui/useResource";
import { Chosen } from "./Chosen";
import { Drawn } from "./Drawn";
import { Pins } from "./Pins";
import { Search, type Target } from "./Search";

const EVERY_MS = 3000;

/** The town from above: where the cameras are, what each does and sees, and the way to look. */
export function MapScreen() {
  const { t } = useTranslation();
  const client = useClient();
  const format = useFormat();
  const readCameras = useCallback((signal: AbortSignal) => client.call("GET /cameras", undefined, { signal }), [client]);
  const readGround = useCallback((signal: AbortSignal) => client.call("GET /map", undefined, { signal }), [client]);
  const { value, error, at, retry } = useResource(readCameras, EVERY_MS);
  const ground = useResource(readGround);
  const failed = value === undefined ? error : ground.value === undefined ? ground.error : undefined;
  return (
    <Screen title={t("map.title")}>
      {failed === undefined ? null : <Failed error={failed} onRetry={() => { retry(); ground.retry(); }} />}
      {value !== undefined && error !== undefined && at !== undefined ? <Stale since={format.seconds(at)} /> : null}
      {failed === undefined && (value === undefined || ground.value === undefined) ? <Loading /> : null}
      {value === undefined || ground.value === undefined ? null : <Both cameras={value.items} ground={ground.value} />}
    </Screen>
  );
}

function Both({ cameras, ground }: { readonly cameras: readonly ListedCamera[]; readonly ground: Ground }) {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const [target, setTarget] = useState<Target | null>(null);
  const [isUnable, setUnable] = useState(false);
  const { under, error } = useUnder(ground, cameras);
  const placed = cameras.filter(({ position }) => position !== null);
  const chosen = cameras.find(({ id }) => id === params.get("camera"));
  const choose = useCallback((id: string | null) => setParams(id === null ? {} : { camera: id }, { replace: true }), [setParams]);
  const places = useMemo(() => (under?.kind === "plan" && !isUnable ? placesOf(under.plan) : []), [under, isUnable]);
  if (cameras.length === 0) return <Empty title={t("cameras.none")} />;
  return (
    <div className="map-screen">
      <div className="map-side">
        <Search cameras={cameras} places={places} onCamera={choose} onPlace={setTarget} />
        {chosen === undefined ? null : <Chosen camera={chosen} onClose={() => choose(null)} />}
        <Pins cameras={cameras} chosen={chosen?.id ?? null} onChoose={choose} />
      </div>
      <div className="map-main">
        {error === undefined ? null : <Alert kind="warning">{t("map.no_tiles")}</Alert>}
        {placed.length === 0 ? <Alert kind="info">{t("map.none_placed")}</Alert> : null}
        {isUnable ? (
          <Alert kind="warning" title={t("map.failed")}>
            <p>{t("map.no_webgl")}</p>
          </Alert>
        ) : under === undefined ? <Loading /> : (
          <Drawn under={under} cameras={placed} chosen={chosen?.id ?? null} target={target} onChoose={choose} onUnable={() => setUnable(true)} />
        )}
      </div>
    </div>
  );
}

/** What lies under the cameras: the town's own map, the demo's plan, or a grid. */
function useUnder(ground: Ground, cameras: readonly ListedCamera[]): { readonly under: Under | undefined; readonly error: unknown } {
  const { town } = useMe();
  const [tiles, setTiles] = useState<{ readonly under: Under | undefined; readonly error: unknown }>({ under: undefined, error: undefined });
  const [first] = useState(() => cameras.flatMap(({ position }) => (position === null ? [] : [position])));
  const drawn = useMemo<Under>(() => ({ kind: "plan", plan: town.demo ? PLAN : gridAround(first) }), [town.demo, first]);
  const { tiles: version, note } = ground;
  useEffect(() => {
    if (version === null) return undefined;
    let isOver = false;
    openTiles(new URL(`${TILES}?v=${version}`, location.origin).href, note).then(
      (under) => isOver || setTiles({ under, error: undefined }),
      (error: unknown) => isOver || setTiles({ under: undefined, error }),
    );
    return () => {
      isOver = true;
    };
  }, [version, note]);
  if (version === null || tiles.error !== undefined) return { under: drawn, error: tiles.error };
  return tiles;
}
