// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useTranslation } from "react-i18next";

import { fieldErrors } from "../../ui/errors";
import { TextArea, TextField } from "../../ui/Field";
import { DayField } from "../../ui/TimeFields";

export const EMPTY_ACT = { number: "", date: "", until: "", tasks: "" };
export type Act = typeof EMPTY_ACT;

export function isWhole({ number, date, until }: Act): boolean {
  return number.trim() !== "" && date !== "" && until !== "";
}

export function actOf({ number, date, until, tasks }: Act) {
  const act = { number: number.trim(), date, until };
  return tasks.trim() === "" ? act : { ...act, tasks: tasks.trim() };
}

interface Props {
  readonly said: Act;
  readonly isAsked: boolean;
  readonly error: unknown;
  readonly onSay: (said: Act) => void;
}

/** The act by which somebody is designated: nobody without one, and none without an end. */
export function ActFields({ said, isAsked, error, onSay }: Props) {
  const { t } = useTranslation();
  const theirs = fieldErrors(error);
  const field = (key: "number" | "date" | "until") => ({
    label: t(`first_run.${key}`),
    value: said[key],
    error: theirs[`designation.${key}`] ?? (isAsked && said[key].trim() === "" ? t("errors.field_missing") : undefined),
    onChange: (value: string) => onSay({ ...said, [key]: value }),
  });
  return (
    <fieldset className="group">
      <legend>{t("first_run.designation")}</legend>
      <div className="field-row">
        <TextField {...field("number")} autoComplete="off" />
        <DayField {...field("date")} />
        <DayField {...field("until")} />
      </div>
      <TextArea label={t("people.tasks")} hint={t("people.tasks_hint")} value={said.tasks} onChange={(tasks) => onSay({ ...said, tasks })} />
    </fieldset>
  );
}
