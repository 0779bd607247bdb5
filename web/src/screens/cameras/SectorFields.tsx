// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import type { Pointing, TurningSector } from "../../core/api/sectors";
import { numberFrom } from "../../core/number";
import { Button } from "../../ui/Button";
import { TextField } from "../../ui/Field";
import { Icon } from "../../ui/Icon";
import { low, sectorFrom, SIDES, type Taken, taken, type TypedSector } from "./sector";

interface Props {
  readonly number: number;
  readonly value: TypedSector;
  readonly isChecked: boolean;
  readonly onChange: (value: TypedSector) => void;
  /** Asks where the camera looks, and changes the sector by it. */
  readonly onLook: (then: (sector: TypedSector, found: Pointing) => TypedSector) => void;
  readonly onRemove: () => void;
}

const TAKEN: readonly (readonly [Taken, "corner_low" | "corner_high" | "zoom_here"])[] = [
  ["low", "corner_low"],
  ["high", "corner_high"],
  ["zoom", "zoom_here"],
];

/** One rectangle of pan and tilt, and how close within it. */
export function SectorFields({ number, value, isChecked, onChange, onLook, onRemove }: Props) {
  const { t } = useTranslation();
  function error(side: keyof TurningSector): string | undefined {
    return isChecked && typeof numberFrom(value[side], low(side), 1) !== "number" ? t("cameras.between", { low: low(side), high: 1 }) : undefined;
  }
  const isTurnedOver = isChecked && sectorFrom(value) === undefined && SIDES.every((side) => error(side) === undefined);
  return (
    <fieldset className="field sector">
      <legend>{t("sectors.sector", { n: number })}</legend>
      <div className="camera-position">
        {SIDES.map((side) => (
          <TextField
            key={side}
            label={t(`sectors.${side}`)}
            inputMode="decimal"
            autoComplete="off"
            value={value[side]}
            error={error(side)}
            onChange={(text) => onChange({ ...value, [side]: text })}
          />
        ))}
      </div>
      {isTurnedOver ? (
        <p className="field-error">
          <Icon name="error" size="small" />
          {t("sectors.order")}
        </p>
      ) : null}
      <div className="buttons">
        {TAKEN.map(([which, word]) => (
          <Button key={which} kind="secondary" size="small" onClick={() => onLook((sector, found) => taken(sector, which, found))}>
            {t(`sectors.${word}`)}
          </Button>
        ))}
        <Button kind="quiet" size="small" onClick={onRemove}>{t("sectors.remove", { n: number })}</Button>
      </div>
    </fieldset>
  );
}
