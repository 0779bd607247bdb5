// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { CameraState } from "../../core/api/types";
import type { Cell } from "../../core/api/walls";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Checkbox, SelectField, TextField } from "../../ui/Field";

const SECONDS = [5, 10, 20, 30, 60, 120] as const;
const MOST = 32;

interface Props {
  readonly cameras: readonly CameraState[];
  readonly cell: Cell;
  readonly onChosen: (cell: Cell) => void;
  readonly onClose: () => void;
}

/** What a tile shows: one camera, or several one after the other. */
export function Picker({ cameras, cell, onChosen, onClose }: Props) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<readonly string[]>(cell.cameras);
  const [every, setEvery] = useState(String(SECONDS.find((each) => each === cell.every_s) ?? 10));
  const [filter, setFilter] = useState("");
  const shown = cameras.filter((camera) => matches(camera, filter));
  return (
    <Dialog
      title={t("wall.picker_title")}
      onClose={onClose}
      actions={
        <>
          <Button kind="secondary" onClick={onClose}>
            {t("wall.cancel")}
          </Button>
          <Button onClick={() => onChosen({ cameras: chosen.slice(0, MOST), every_s: Number(every) })}>{t("wall.picker_done")}</Button>
        </>
      }
    >
      <div className="step-form">
        <TextField label={t("wall.filter")} value={filter} onChange={setFilter} type="search" />
        <fieldset className="field picker-list">
          <legend>{t("wall.picker_cameras")}</legend>
          {shown.map((camera) => (
            <Checkbox
              key={camera.id}
              label={camera.place === "" ? camera.name : `${camera.name} · ${camera.place}`}
              isChecked={chosen.includes(camera.id)}
              onChange={(isChecked) => setChosen(isChecked ? [...chosen, camera.id] : chosen.filter((each) => each !== camera.id))}
            />
          ))}
        </fieldset>
        {chosen.length > 1 ? (
          <SelectField
            label={t("wall.every")}
            value={every}
            options={SECONDS.map((each) => ({ value: String(each), label: t("wall.every_s", { n: each }) }))}
            onChange={setEvery}
          />
        ) : null}
      </div>
    </Dialog>
  );
}

export function matches({ name, place }: CameraState, filter: string): boolean {
  const wanted = filter.trim().toLocaleLowerCase();
  return `${name} ${place}`.toLocaleLowerCase().includes(wanted);
}
