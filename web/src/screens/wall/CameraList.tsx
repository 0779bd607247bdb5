// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { CameraState } from "../../core/api/types";
import type { Arrangement } from "../../core/api/walls";
import { IconButton } from "../../ui/Button";
import { TextField } from "../../ui/Field";
import { CAMERA } from "./Grid";
import { matches } from "./Picker";

interface Props {
  readonly cameras: readonly CameraState[];
  readonly arrangement: Arrangement;
  readonly onAdd: (camera: string) => void;
}

/** All cameras beside the wall: dragged onto a tile, or put on the next empty one. */
export function CameraList({ cameras, arrangement, onAdd }: Props) {
  const { t } = useTranslation();
  const [filter, setFilter] = useState("");
  const there = new Set(arrangement.cells.flatMap((cell) => cell.cameras));
  return (
    <aside className="wall-list" aria-label={t("wall.list")}>
      <TextField label={t("wall.filter")} value={filter} onChange={setFilter} type="search" />
      <ul className="plain">
        {cameras.filter((camera) => matches(camera, filter)).map((camera) => (
          <li
            key={camera.id}
            draggable
            onDragStart={(event) => {
              event.dataTransfer.setData(CAMERA, camera.id);
              event.dataTransfer.effectAllowed = "copy";
            }}
          >
            <span>
              {camera.name}
              <small>{there.has(camera.id) ? t("wall.on_wall") : camera.place}</small>
            </span>
            <IconButton icon="plus" label={t("wall.add", { name: camera.name })} onClick={() => onAdd(camera.id)} />
          </li>
        ))}
      </ul>
    </aside>
  );
}
