// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import type { ListedCamera } from "../../core/api/cameras";
import type { Place } from "../../core/map/places";
import { TextField } from "../../ui/Field";
import { matches, plain } from "../cameras/filter";

/** Where to go. */
export interface Target {
  readonly longitude: number;
  readonly latitude: number;
}

interface Props {
  readonly cameras: readonly ListedCamera[];
  readonly places: readonly Place[];
  readonly onCamera: (id: string) => void;
  readonly onPlace: (target: Target) => void;
}

const MOST = 8;

/** Cameras by name and place, and places of the plan; Enter goes to the first. */
export function Search({ cameras, places, onCamera, onPlace }: Props) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const isEmpty = text.trim() === "";
  const foundCameras = isEmpty ? [] : cameras.filter((camera) => matches(camera, text, "all")).slice(0, MOST);
  const words = plain(text).split(/\s+/);
  const foundPlaces = isEmpty ? [] : places.filter(({ name }) => words.every((word) => plain(name).includes(word))).slice(0, MOST);
  const count = foundCameras.length + foundPlaces.length;

  function go(event: SyntheticEvent): void {
    event.preventDefault();
    const [camera] = foundCameras;
    const [place] = foundPlaces;
    if (camera !== undefined) onCamera(camera.id);
    else if (place !== undefined) onPlace({ ...place });
  }
  return (
    <search>
      <form onSubmit={go}>
        <TextField label={t("map.search")} type="search" value={text} onChange={setText} autoComplete="off" />
      </form>
      <p className="quiet" role="status">{isEmpty ? "" : t("map.found", { count })}</p>
      {count === 0 ? null : (
        <ul className="plain map-found">
          {foundCameras.map(({ id, name }) => (
            <li key={id}>
              <button type="button" className="map-pin" onClick={() => onCamera(id)}>
                <span>{name}</span>
                <small>{t("cameras.camera")}</small>
              </button>
            </li>
          ))}
          {foundPlaces.map((place) => (
            <li key={place.name}>
              <button type="button" className="map-pin" onClick={() => onPlace({ ...place })}>
                <span>{place.name}</span>
                <small>{t("cameras.place")}</small>
              </button>
            </li>
          ))}
        </ul>
      )}
    </search>
  );
}
