// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import type { Position } from "../../core/api/cameras";
import { numberFrom } from "../../core/number";
import { TextField } from "../../ui/Field";

/** As typed. */
export type Typed = Readonly<Record<keyof Position, string>>;

const RANGES: Readonly<Record<keyof Position, readonly [number, number]>> = {
  latitude: [-90, 90],
  longitude: [-180, 180],
  direction: [0, 360],
  angle: [1, 360],
  reach: [1, 2000],
};
const KEYS = ["latitude", "longitude", "direction", "angle", "reach"] as const;

export function typed(position: Position | null): Typed {
  const text = (key: keyof Position) => String(position?.[key] ?? "");
  return { latitude: text("latitude"), longitude: text("longitude"), direction: text("direction"), angle: text("angle"), reach: text("reach") };
}

/** Null: nowhere; undefined: something of it is wrong. */
export function positionFrom(said: Typed): Position | null | undefined {
  const [latitude, longitude, direction, angle, reach] = KEYS.map((key) => numberFrom(said[key], ...RANGES[key]));
  if (latitude === undefined || longitude === undefined) return undefined;
  if (direction === undefined || angle === undefined || reach === undefined) return undefined;
  if (latitude === null || longitude === null) {
    return latitude === null && longitude === null && direction === null && angle === null && reach === null ? null : undefined;
  }
  return { latitude, longitude, direction, angle, reach };
}

interface Props {
  readonly value: Typed;
  readonly isChecked: boolean;
  readonly onChange: (value: Typed) => void;
}

/** Where it stands and where it looks; two coordinates pasted into the first field fill both. */
export function PositionFields({ value, isChecked, onChange }: Props) {
  const { t } = useTranslation();
  function change(key: keyof Position, text: string): void {
    const both = key === "latitude" ? /^\s*(-?\d+\.\d+)\s*[,;\s]\s*(-?\d+\.\d+)\s*$/.exec(text) : null;
    onChange(both === null ? { ...value, [key]: text } : { ...value, latitude: both[1] ?? "", longitude: both[2] ?? "" });
  }
  const isAnywhere = KEYS.some((key) => value[key].trim() !== "");
  function error(key: keyof Position): string | undefined {
    const number = numberFrom(value[key], ...RANGES[key]);
    const isMissing = number === null && isAnywhere && (key === "latitude" || key === "longitude");
    if (!isChecked || (number !== undefined && !isMissing)) return undefined;
    return t("cameras.between", { low: RANGES[key][0], high: RANGES[key][1] });
  }
  return (
    <div className="camera-position">
      {KEYS.map((key) => (
        <TextField
          key={key}
          label={t(`cameras.${key}`)}
          inputMode="decimal"
          autoComplete="off"
          value={value[key]}
          error={error(key)}
          onChange={(text) => change(key, text)}
        />
      ))}
    </div>
  );
}
