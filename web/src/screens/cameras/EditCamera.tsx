// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { CameraChange, CameraDetail } from "../../core/api/cameras";
import { numberFrom } from "../../core/number";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { fieldErrors, useSayError } from "../../ui/errors";
import { Checkbox, TextField } from "../../ui/Field";
import { Alert, useNotify } from "../../ui/Notices";
import { useAction } from "../../ui/useAction";
import { positionFrom, PositionFields, typed } from "./PositionFields";

/** Name, place, field of view, whether it records; while it waits, how long it will keep. */
export function EditCamera({ camera, onChanged }: { readonly camera: CameraDetail; readonly onChanged: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const say = useSayError();
  const notify = useNotify();
  const { isBusy, error, run } = useAction();
  const [name, setName] = useState(camera.name);
  const [place, setPlace] = useState(camera.place);
  const [hours, setHours] = useState(String(camera.retention_hours));
  const [isEnabled, setEnabled] = useState(camera.enabled);
  const [where, setWhere] = useState(typed(camera.position));
  const [isChecked, setChecked] = useState(false);
  const kept = numberFrom(hours, 2, 168);

  function go(event: SyntheticEvent): void {
    event.preventDefault();
    setChecked(true);
    const position = positionFrom(where);
    if (position === undefined || typeof kept !== "number" || !Number.isInteger(kept) || name.trim() === "") return;
    run(async () => {
      const said: CameraChange = { name, place, position, ...(camera.waits ? { retention_hours: kept } : {}), ...(isEnabled === camera.enabled ? {} : { enabled: isEnabled }) };
      await client.call("PATCH /cameras/{id}", said, { path: { id: camera.id } });
      notify("success", t("cameras.saved"));
      onChanged();
    });
  }
  const hoursWrong = isChecked && (typeof kept !== "number" || !Number.isInteger(kept));
  return (
    <Card title={t("cameras.what")}>
      <form className="step-form" onSubmit={go} noValidate>
        {error === undefined ? null : <Alert kind="danger">{say(error)}</Alert>}
        <TextField label={t("cameras.name")} value={name} onChange={setName} error={isChecked && name.trim() === "" ? t("cameras.needed") : fieldErrors(error)["name"]} autoComplete="off" />
        <TextField label={t("cameras.place")} value={place} onChange={setPlace} autoComplete="off" />
        {camera.waits ? <TextField label={t("cameras.hours")} hint={t("cameras.hours_hint")} inputMode="numeric" value={hours} onChange={setHours} error={hoursWrong ? t("cameras.between", { low: 2, high: 168 }) : undefined} /> : null}
        {camera.waits ? null : <Checkbox label={t("cameras.enabled")} isChecked={isEnabled} onChange={setEnabled} />}
        <fieldset className="field">
          <legend>{t("cameras.on_map")}</legend>
          <p className="field-hint">{t("cameras.on_map_hint")}</p>
          <PositionFields value={where} isChecked={isChecked} onChange={setWhere} />
        </fieldset>
        <Button isSubmit isBusy={isBusy}>{t("cameras.save")}</Button>
      </form>
    </Card>
  );
}
