// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useClient } from "../../app/session";
import type { NewPerson, Role } from "../../core/api/types";
import { Button } from "../../ui/Button";
import { fieldErrors } from "../../ui/errors";
import { TextField } from "../../ui/Field";
import { DayField } from "../../ui/TimeFields";
import { useAction } from "../../ui/useAction";
import { NewPassword, passwordFault } from "../sign-in/NewPassword";
import { StepForm } from "../sign-in/StepForm";

const EMPTY = { name: "", account: "", number: "", date: "", until: "" };
type Said = typeof EMPTY;

interface Props {
  readonly role: Role;
  readonly token: string;
  readonly onMade: (name: string) => void;
}

export function PersonForm({ role, token, onMade }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const action = useAction();
  const [said, setSaid] = useState<Said>(EMPTY);
  const [password, setPassword] = useState({ password: "", again: "" });
  const [isAsked, setAsked] = useState(false);
  const theirs = fieldErrors(action.error);
  const fault = (key: keyof Said): string | undefined =>
    theirs[key] ?? theirs[`designation.${key}`] ?? (isAsked && said[key].trim() === "" ? t("errors.field_missing") : undefined);
  const field = (key: keyof Said) => ({
    label: t(`first_run.${key}`),
    value: said[key],
    error: fault(key),
    onChange: (value: string) => setSaid({ ...said, [key]: value }),
  });

  function submit(): void {
    setAsked(true);
    if (Object.values(said).some((value) => value.trim() === "") || passwordFault(password) !== null) return;
    action.run(async () => {
      await client.call("POST /first-run/person", { ...person(said, password.password), token, role });
      onMade(said.name.trim());
    });
  }

  return (
    <StepForm title={t("first_run.step_person")} error={action.error} onSubmit={submit} isBare>
      <TextField {...field("name")} autoComplete="name" autoFocus />
      <TextField {...field("account")} hint={t("first_run.account_hint")} autoComplete="username" autoCapitalize="none" spellCheck={false} />
      <NewPassword said={password} isAsked={isAsked} error={theirs["password"]} onSay={setPassword} />
      <fieldset className="group">
        <legend>{t("first_run.designation")}</legend>
        <p className="field-hint">{t("first_run.designation_hint")}</p>
        <div className="field-row">
          <TextField {...field("number")} autoComplete="off" />
          <DayField {...field("date")} />
          <DayField {...field("until")} />
        </div>
      </fieldset>
      <Button isSubmit isBusy={action.isBusy}>
        {t("sign_in.go_on")}
      </Button>
    </StepForm>
  );
}

function person({ name, account, number, date, until }: Said, password: string): NewPerson {
  return { name: name.trim(), account: account.trim(), password, designation: { number: number.trim(), date, until } };
}
