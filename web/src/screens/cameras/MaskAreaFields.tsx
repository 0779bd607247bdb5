// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import { numberFrom } from "../../core/number";
import { Button } from "../../ui/Button";
import { SelectField, TextField } from "../../ui/Field";
import { KINDS, type TypedArea, type TypedCorner } from "./mask";

interface Props {
  readonly number: number;
  readonly value: TypedArea;
  readonly isChecked: boolean;
  readonly onChange: (value: TypedArea) => void;
  readonly onRemove: () => void;
}

/** One area by the numbers of its corners. */
export function MaskAreaFields({ number, value, isChecked, onChange, onRemove }: Props) {
  const { t } = useTranslation();
  const { corners } = value;
  function change(at: number, corner: TypedCorner): void {
    onChange({ ...value, corners: corners.map((each, index) => (index === at ? corner : each)) });
  }
  function error(text: string): string | undefined {
    return isChecked && typeof numberFrom(text, 0, 100) !== "number" ? t("cameras.between", { low: 0, high: 100 }) : undefined;
  }
  return (
    <fieldset className="field">
      <legend>{t("masks.area", { n: number })}</legend>
      <SelectField label={t("masks.kind")} value={value.kind} options={KINDS.map((kind) => ({ value: kind, label: t(`masks.kind_${kind}`) }))} onChange={(kind) => onChange({ ...value, kind })} />
      {corners.map(([left, top], at) => (
        <div key={at} className="mask-corner">
          <TextField label={t("masks.corner_left", { n: at + 1 })} inputMode="decimal" autoComplete="off" value={left} error={error(left)} onChange={(text) => change(at, [text, top])} />
          <TextField label={t("masks.corner_top", { n: at + 1 })} inputMode="decimal" autoComplete="off" value={top} error={error(top)} onChange={(text) => change(at, [left, text])} />
        </div>
      ))}
      <div className="buttons">
        <Button kind="secondary" size="small" onClick={() => onChange({ ...value, corners: [...corners, corners[corners.length - 1] ?? ["50", "50"]] })}>{t("masks.add_corner")}</Button>
        {corners.length > 3 ? (
          <Button kind="secondary" size="small" onClick={() => onChange({ ...value, corners: corners.slice(0, -1) })}>{t("masks.less_corner")}</Button>
        ) : null}
        <Button kind="quiet" size="small" onClick={onRemove}>{t("masks.remove", { n: number })}</Button>
      </div>
    </fieldset>
  );
}
