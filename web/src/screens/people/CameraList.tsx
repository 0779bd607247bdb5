// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import { Checkbox } from "../../ui/Field";
import type { Town } from "./town";

interface ListProps {
  readonly town: Town;
  readonly legend: string;
  readonly of: readonly string[];
  readonly chosen: readonly string[];
  readonly onChoose: (chosen: readonly string[]) => void;
}

/** Cameras to choose among. */
export function CameraList({ town, legend, of, chosen, onChoose }: ListProps) {
  const { t } = useTranslation();
  const names = new Map(town.cameras.map(({ id, name }) => [id, name]));
  return (
    <fieldset className="group">
      <legend>{legend}</legend>
      <div className="check-grid">
        {of.map((id) => (
          <Checkbox
            key={id}
            label={names.get(id) ?? id}
            isChecked={chosen.includes(id)}
            onChange={(isIn) => onChoose(isIn ? [...chosen, id] : chosen.filter((each) => each !== id))}
          />
        ))}
      </div>
      {of.length === 0 ? <p className="quiet">{t("camera_groups.none")}</p> : null}
    </fieldset>
  );
}
