// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import type { ListedCamera } from "../../core/api/cameras";
import { Status } from "../../ui/Status";
import { useMark } from "./marks";

interface Props {
  readonly cameras: readonly ListedCamera[];
  readonly chosen: string | null;
  readonly onChoose: (id: string | null) => void;
}

/** The same as the drawing, for keyboard and screen reader: each camera with its state; pressed, it is looked at. */
export function Pins({ cameras, chosen, onChoose }: Props) {
  const { t } = useTranslation();
  const { markOf, wordOf } = useMark();
  return (
    <section aria-label={t("map.list")} className="map-list">
      <ul className="plain">
        {cameras.map((camera) => (
          <li key={camera.id}>
            <button type="button" className="map-pin" aria-pressed={camera.id === chosen} onClick={() => onChoose(camera.id === chosen ? null : camera.id)}>
              <span>{camera.name}</span>
              <Status tone={markOf(camera)}>{wordOf(camera)}</Status>
              {camera.position === null ? <small>{t("map.unplaced")}</small> : null}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
