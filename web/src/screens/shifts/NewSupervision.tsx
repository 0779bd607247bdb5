// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { type SyntheticEvent, useCallback, useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { Technician } from "../../core/api/supervisions";
import { Button } from "../../ui/Button";
import { useSayError } from "../../ui/errors";
import { Checkbox, SelectField, TextArea } from "../../ui/Field";
import { Alert, useNotify } from "../../ui/Notices";
import { Empty } from "../../ui/States";
import { useAction } from "../../ui/useAction";
import { useResource } from "../../ui/useResource";

const HOURS = ["1", "2", "3", "4"] as const;

interface Props {
  readonly technicians: readonly Technician[];
  readonly onDone: () => void;
  readonly onCancel: () => void;
}

/** Who, at which of their cameras, for how long, and what is to be done. */
export function NewSupervision({ technicians, onDone, onCancel }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const say = useSayError();
  const notify = useNotify();
  const { isBusy, error, run } = useAction();
  const [who, setWho] = useState(technicians[0]?.id ?? "");
  const [hours, setHours] = useState<(typeof HOURS)[number]>("1");
  const [cameras, setCameras] = useState<readonly string[]>([]);
  const [reason, setReason] = useState("");
  const [isAsked, setAsked] = useState(false);
  const read = useCallback((signal: AbortSignal) => client.call("GET /cameras", undefined, { signal }), [client]);
  const { value } = useResource(read);
  const technician = technicians.find(({ id }) => id === who) ?? technicians[0];
  const offered = (value?.items ?? []).filter(({ id }) => technician?.cameras.includes(id) === true);

  function go(event: SyntheticEvent): void {
    event.preventDefault();
    setAsked(true);
    if (technician === undefined || cameras.length === 0 || reason.trim() === "") return;
    run(async () => {
      await client.call("POST /supervisions", { technician: technician.id, cameras, hours: Number(hours), reason: reason.trim() });
      notify("success", t("supervision.opened", { name: technician.name }));
      onDone();
    });
  }
  if (technicians.length === 0) {
    return (
      <>
        <Empty title={t("supervision.no_technicians")}>{t("supervision.no_technicians_text")}</Empty>
        <Button kind="quiet" onClick={onCancel}>{t("alarms.cancel")}</Button>
      </>
    );
  }
  return (
    <form className="stack" onSubmit={go} noValidate>
      <SelectField
        label={t("supervision.technician")}
        value={technician?.id ?? ""}
        options={technicians.map(({ id, name, firm }) => ({ value: id, label: `${name}, ${firm}` }))}
        onChange={(next) => { setWho(next); setCameras([]); }}
      />
      <fieldset className="group">
        <legend>{t("supervision.cameras")}</legend>
        <div className="check-grid">
          {offered.map(({ id, name }) => (
            <Checkbox key={id} label={name} isChecked={cameras.includes(id)} onChange={(isIn) => setCameras(isIn ? [...cameras, id] : cameras.filter((each) => each !== id))} />
          ))}
        </div>
        {offered.length === 0 ? <p className="quiet">{t("supervision.no_cameras")}</p> : null}
        {isAsked && cameras.length === 0 ? <Alert kind="warning">{t("supervision.choose_cameras")}</Alert> : null}
      </fieldset>
      <SelectField label={t("supervision.hours")} value={hours} options={HOURS.map((each) => ({ value: each, label: t("supervision.hours_of", { count: Number(each) }) }))} onChange={setHours} />
      <TextArea label={t("supervision.work")} hint={t("supervision.work_hint")} value={reason} error={isAsked && reason.trim() === "" ? t("errors.field_missing") : undefined} onChange={setReason} />
      {error === undefined ? null : <Alert kind="danger">{say(error)}</Alert>}
      <div className="buttons">
        <Button isSubmit isBusy={isBusy}>{t("supervision.open")}</Button>
        <Button kind="quiet" onClick={onCancel}>{t("alarms.cancel")}</Button>
      </div>
    </form>
  );
}
