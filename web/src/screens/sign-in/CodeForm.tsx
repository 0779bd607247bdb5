// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "../../ui/Button";
import { CodeField } from "../../ui/Field";
import { useAction } from "../../ui/useAction";
import { StepForm } from "./StepForm";

interface Props {
  readonly title: string;
  readonly text: string;
  readonly label: string;
  readonly isNumeric: boolean;
  readonly onCode: (code: string) => Promise<void>;
}

export function CodeForm({ title, text, label, isNumeric, onCode }: Props) {
  const { t } = useTranslation();
  const action = useAction();
  const [code, setCode] = useState("");
  const [isAsked, setAsked] = useState(false);
  const plain = isNumeric ? code.replaceAll(/\s/g, "") : code.trim();

  function submit(): void {
    setAsked(true);
    if (plain === "") return;
    action.run(async () => {
      try {
        await onCode(plain);
      } catch (error) {
        setCode("");
        setAsked(false);
        throw error;
      }
    });
  }

  return (
    <StepForm title={title} text={text} error={action.error} onSubmit={submit}>
      <CodeField
        label={label}
        isNumeric={isNumeric}
        autoFocus
        value={code}
        error={isAsked && plain === "" ? t("errors.field_missing") : undefined}
        onChange={setCode}
      />
      <Button isSubmit isBusy={action.isBusy}>
        {t("sign_in.go_on")}
      </Button>
    </StepForm>
  );
}
