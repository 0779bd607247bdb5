// SPDX-FileCopyrightText: 2026 The Torrazzo authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useStanding } from "../../app/session";
import { Button } from "../../ui/Button";
import { Checkbox } from "../../ui/Field";
import { useFormat } from "../../ui/format";
import { useAction } from "../../ui/useAction";
import { StepForm } from "./StepForm";

interface Props {
  readonly name: string;
  readonly codes: readonly string[];
  readonly onKept: () => Promise<void>;
}

/** Shown once. The sheet alone is printed. */
export function RecoverySheet({ name, codes, onKept }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const standing = useStanding();
  const action = useAction();
  const [isKept, setKept] = useState(false);
  const [today] = useState(() => format.date(Date.now()));
  const [isAsked, setAsked] = useState(false);

  function submit(): void {
    setAsked(true);
    if (isKept) action.run(onKept);
  }

  return (
    <StepForm title={t("first_run.step_codes")} text={t("first_run.codes_text")} error={action.error} onSubmit={submit} isBare>
      <section className="sheet" aria-label={t("first_run.step_codes")}>
        <p className="sheet-title">
          {t("first_run.sheet", { town: "town" in standing ? standing.town.name : "", name, date: today })}
        </p>
        <ol className="codes">
          {codes.map((code) => (
            <li key={code}>
              <code>{code}</code>
            </li>
          ))}
        </ol>
      </section>
      <div className="buttons">
        <Button kind="secondary" icon="print" autoFocus onClick={() => window.print()}>
          {t("first_run.print")}
        </Button>
      </div>
      <Checkbox label={t("first_run.kept")} isChecked={isKept} onChange={setKept} />
      {isAsked && !isKept ? <p className="field-error" role="alert">{t("first_run.keep_first")}</p> : null}
      <Button isSubmit isBusy={action.isBusy}>
        {t("sign_in.go_on")}
      </Button>
    </StepForm>
  );
}
