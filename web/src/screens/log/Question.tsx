// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { LOG_GROUPS, LOG_PURPOSES, type LogAsked, type LogGroup, type LogPurpose } from "../../core/api/log";
import type { PersonDetail } from "../../core/api/people";
import { dateAt } from "../../core/time/zone";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { RadioGroup, SelectField, TextField } from "../../ui/Field";
import { DayField } from "../../ui/TimeFields";
import { useFormat } from "../../ui/format";
import { StepForm } from "../sign-in/StepForm";
import { DAY_MS, span } from "./days";

export interface Known {
  readonly people: readonly PersonDetail[];
  readonly cameras: readonly { readonly id: string; readonly name: string }[];
}

interface Props {
  readonly known: Known;
  readonly isBusy: boolean;
  readonly error: unknown;
  readonly onAsk: (asked: LogAsked) => void;
}

/** Why it is read comes first; then when, what, who, which camera, which case. */
export function Question({ known, isBusy, error, onAsk }: Props) {
  const { t } = useTranslation();
  const { zone } = useFormat();
  const [today] = useState(() => dateAt(Date.now(), zone));
  const [yesterday] = useState(() => dateAt(Date.now() - DAY_MS, zone));
  const [purpose, setPurpose] = useState<LogPurpose | "">("");
  const [group, setGroup] = useState<LogGroup>("looks");
  const [said, setSaid] = useState({ first: yesterday, last: today, person: "", camera: "", case: "", note: "" });
  const [isAsked, setAsked] = useState(false);
  const set = (key: keyof typeof said) => (value: string) => setSaid({ ...said, [key]: value });
  const isBackwards = said.first !== "" && said.last !== "" && said.last < said.first;
  const missing = (value: string) => (isAsked && value === "" ? t("errors.field_missing") : undefined);

  function submit(): void {
    setAsked(true);
    if (purpose === "" || said.first === "" || said.last === "" || isBackwards) return;
    onAsk({
      purpose,
      group,
      ...span(said.first, said.last, zone),
      ...(said.person === "" ? {} : { person: said.person }),
      ...(said.camera === "" ? {} : { camera: said.camera }),
      ...(said.case.trim() === "" ? {} : { case: said.case.trim() }),
      ...(said.note.trim() === "" ? {} : { note: said.note.trim() }),
    });
  }

  return (
    <Card title={t("log.question")}>
      <StepForm title="" text={t("log.question_text")} error={error} onSubmit={submit} isBare>
        <RadioGroup
          legend={t("log.purpose")}
          value={purpose}
          options={LOG_PURPOSES.map((value) => ({ value, label: t(`log.purpose_${value}`) }))}
          onChange={setPurpose}
        />
        {isAsked && purpose === "" ? (
          <p className="field-error" role="alert">
            {t("log.purpose_missing")}
          </p>
        ) : null}
        <div className="field-row">
          <DayField label={t("log.first_day")} value={said.first} error={missing(said.first)} onChange={set("first")} />
          <DayField
            label={t("log.last_day")}
            value={said.last}
            error={isBackwards ? t("log.backwards") : missing(said.last)}
            onChange={set("last")}
          />
          <SelectField
            label={t("log.group")}
            value={group}
            options={LOG_GROUPS.map((value) => ({ value, label: t(`log.group_${value}`) }))}
            onChange={setGroup}
          />
        </div>
        <div className="field-row">
          <SelectField
            label={t("log.person")}
            value={said.person}
            options={[{ value: "", label: t("log.anybody") }, ...known.people.map(({ id, name, account }) => ({ value: id, label: `${name} (${account})` }))]}
            onChange={set("person")}
          />
          <SelectField
            label={t("log.camera")}
            value={said.camera}
            options={[{ value: "", label: t("log.any_camera") }, ...known.cameras.map(({ id, name }) => ({ value: id, label: name }))]}
            onChange={set("camera")}
          />
          <TextField label={t("log.case")} autoComplete="off" maxLength={200} value={said.case} onChange={set("case")} />
        </div>
        <TextField label={t("log.note")} hint={t("log.note_hint")} autoComplete="off" maxLength={200} value={said.note} onChange={set("note")} />
        <Button isSubmit isBusy={isBusy} icon="search">
          {t("log.ask")}
        </Button>
      </StepForm>
    </Card>
  );
}
