// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import type { ListedCamera } from "../../core/api/cameras";
import type { Under } from "../../core/map/style";
import { type Pin, TownMap } from "../../core/map/town-map";
import { IconButton } from "../../ui/Button";
import { Alert } from "../../ui/Notices";
import { useMark } from "./marks";
import type { Target } from "./Search";

interface Props {
  readonly under: Under;
  readonly cameras: readonly ListedCamera[];
  readonly chosen: string | null;
  readonly target: Target | null;
  readonly onChoose: (id: string) => void;
  /** This browser cannot: it has no WebGL. */
  readonly onUnable: () => void;
}

/** The drawing. Whoever cannot see or point has the list beside it, which says and does the same. */
export function Drawn({ under, cameras, chosen, target, onChoose, onUnable }: Props) {
  const { t } = useTranslation();
  const { markOf, wordOf } = useMark();
  const place = useRef<HTMLDivElement>(null);
  const map = useRef<TownMap | null>(null);
  const label = t("map.drawing");
  const told = useRef({ onChoose, onUnable, label });
  const [error, setError] = useState<string | null>(null);

  useEffect(() => {
    told.current = { onChoose, onUnable, label };
    map.current?.rename(label);
  }, [onChoose, onUnable, label]);

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    try {
      map.current = new TownMap(element, under, told.current.label, { onChoose: (id) => told.current.onChoose(id), onError: setError });
    } catch { // what it says is for nobody who sits here
      told.current.onUnable();
      return undefined;
    }
    return () => {
      map.current?.remove();
      map.current = null;
    };
  }, [under]);

  useEffect(() => {
    const pins = cameras.flatMap((camera): Pin[] => {
      const mark = markOf(camera);
      const name = mark === "fine" ? camera.name : `${camera.name}\n${wordOf(camera)}`;
      return camera.position === null ? [] : [{ id: camera.id, label: name, position: camera.position, mark }];
    });
    map.current?.show(pins, chosen);
  }, [cameras, chosen, markOf, wordOf, under]);

  useEffect(() => {
    if (target !== null) map.current?.go(target.longitude, target.latitude);
  }, [target]);

  return (
    <>
      {error === null ? null : (
        <Alert kind="warning" title={t("map.failed")}>
          <p className="quiet">{error}</p>
        </Alert>
      )}
      <div className="map-frame" data-error={error ?? undefined}>
        <div ref={place} className="map-drawing" />
        <div className="map-buttons" role="group" aria-label={t("map.view")}>
          <IconButton icon="zoom-in" label={t("map.closer")} onClick={() => map.current?.zoom(1)} />
          <IconButton icon="zoom-out" label={t("map.farther")} onClick={() => map.current?.zoom(-1)} />
          <IconButton icon="fullscreen" label={t("map.all")} onClick={() => map.current?.fit()} />
        </div>
      </div>
      {under.kind === "plan" || under.note === "" ? null : <p className="quiet">{under.note}</p>}
    </>
  );
}
